from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cli.conftest import Run
from tropnet import Box, Network, load, save
from tropnet.api.canonical_hash import canonical_hash


def test_one_line_of_64_digits(tropnet: Run) -> None:
    done = tropnet("hash", "examples:moons_a")
    assert (done.code, done.err) == (0, "")
    assert done.out == canonical_hash(load("examples:moons_a")) + "\n"
    assert len(done.out) == 65
    assert set(done.out[:-1]) <= set("0123456789abcdef")


def test_copies_share_it(tropnet: Run) -> None:
    box = ("--box", "-1", "1/2")
    first = tropnet("hash", "examples:moons_a", *box).out
    assert first == canonical_hash("examples:moons_a", Box.cube(2, -1, "1/2")) + "\n"
    assert tropnet("hash", "examples:moons_a_permuted", *box).out == first
    assert tropnet("hash", "examples:moons_b", *box).out != first
    assert tropnet("hash", "examples:moons_a", "--box", "-1", "1").out != first


def test_one_line_a_box(tropnet: Run, tmp_path: Path) -> None:
    file = tmp_path / "two.vnnlib"
    file.write_text(
        "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n"
        "(assert (and (>= X_1 0) (<= X_1 1)))\n"
        "(assert (or (and (>= X_0 0) (<= X_0 1)) (and (>= X_0 1) (<= X_0 2))))\n"
    )
    done = tropnet("hash", "examples:moons_a", "--vnnlib", file)
    assert done.code == 0
    boxes = Box([0, 0], [1, 1]), Box([1, 0], [2, 1])
    assert done.out.split() == [canonical_hash("examples:moons_a", box) for box in boxes]


def test_refusals(tropnet: Run, tmp_path: Path) -> None:
    done = tropnet("hash", "examples:moons_a", "--max-cells", "3")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("tropnet: cells of the complex: found ")
    assert tropnet("hash", "examples:moons_a", "--time-limit", "0").code == 3
    wide = tmp_path / "wide.json"
    rng = np.random.default_rng(0)
    shapes = [(40, 2), (40, 40), (1, 40)]
    save(Network.from_dense([rng.standard_normal(s).round(3) for s in shapes]), wide)
    done = tropnet("hash", wide, "--time-limit", "1e-9")
    assert (done.code, done.out) == (3, "")
    assert "the canonical form needs all of them: allow more time" in done.err
