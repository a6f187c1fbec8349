from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tropnet import Box, Network, TropicalMap, load, save
from tropnet.algebra import from_json, parse


@pytest.fixture
def absolute(tmp_path: Path) -> Path:
    path = tmp_path / "absolute.json"
    save(Network.from_dense([[[1], [-1]], [[1, 1], ["1/3", 0]]]), path)
    return path


def test_a_short_expression_is_printed_after_its_plan(tropnet: Run, absolute: Path) -> None:
    done = tropnet("tropicalize", absolute)
    assert (done.code, done.err) == (0, "")
    plan, _, result = done.out.partition("\n\n")
    assert plan.startswith(f"plan of {absolute}, 1-2-2\nlayer")
    assert result.startswith("P ⊘ Q\n  y1:         max(")
    value = parse(done.lines["y2"], syntax="classical")
    assert (value(-6), value(6)) == (0, 2)


def test_a_long_one_is_told_by_its_size(tropnet: Run) -> None:
    done = tropnet("tropicalize", "examples:moons_a")
    assert done.code == 0
    above, _, below = done.lines["y1"].removesuffix(" terms").partition(" ⊘ ")
    assert int(above) > 10 < int(below)
    assert done.lines["too long"] == "--latex, --json and -o FILE give all terms"


def test_latex_alone(tropnet: Run, absolute: Path) -> None:
    done = tropnet("tropicalize", absolute, "--latex")
    first, second = done.out.splitlines()
    assert first.startswith(r"\max\left(")
    assert r"\tfrac{1}{3}\,x_{1}" in second


def test_json_and_file_hold_every_term(tropnet: Run, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    printed = tropnet("tropicalize", "examples:moons_b", "--json", "-o", path)
    found = from_json(json.loads(path.read_text()))
    assert isinstance(found, TropicalMap)
    assert from_json(printed.json) == found
    points = np.random.default_rng(0).uniform(-2, 2, (5, 2))
    exact = load("examples:moons_b").exact(points).to_fractions()
    assert [list(row) for row in found.exact(points)] == exact


def test_too_large_is_refused_in_one_line(tropnet: Run) -> None:
    done = tropnet("tropicalize", "examples:moons_a", "--max-terms", "5")
    assert (done.code, done.err.count("\n")) == (3, 1)
    assert "predicted" in done.err
    assert "budget 5; try: " in done.err
    assert done.out.startswith("plan of examples:moons_a")


def test_acas_xu_is_refused_at_once(tropnet: Run, tropnet_data: Path) -> None:
    file = tropnet_data / "nets/acasxu/ACASXU_run2a_1_1_batch_2000.onnx"
    done = tropnet("tropicalize", file)
    assert (done.code, done.err.count("\n")) == (3, 1)
    assert "budget 100000" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--latex", "--json"], "--latex and --json exclude each other; see"),
        (["-o", "nowhere/map.json"], "-o nowhere/map.json lies in nowhere, which is no folder"),
        (["--max-terms", "many"], "'many' is not a valid integer"),
        (["--time-limit", "1e-9"], "the time limit of 1e-09 s was reached"),
    ],
)
def test_wrong_usage(tropnet: Run, arguments: list[str], said: str) -> None:
    done = tropnet("tropicalize", "examples:moons_a", *arguments)
    assert done.code == 3
    assert said in done.err
    assert done.err.count("\n") == 1


def test_methods_and_a_box(tropnet: Run, absolute: Path, tmp_path: Path) -> None:
    path = tmp_path / "here.json"
    done = tropnet("tropicalize", absolute, "--method", "regions", "--box", "1/2", "2", "-o", path)
    assert (done.code, done.err) == (0, "")
    assert "from the cells: at most" in done.out
    assert (done.lines["y1"], done.lines["y2"]) == ("x₁", "1/3*x₁")
    assert done.lines["only on"] == "Box(['1/2'], ['2'])"
    assert from_json(json.loads(path.read_text())).domain == Box(["1/2"], [2])  # type: ignore[union-attr]
    assert tropnet("tropicalize", absolute, "--method", "cells").code != 0


def test_a_time_limit_that_is_none_is_refused_before_the_plan(tropnet: Run) -> None:
    for limit in ("nan", "0", "-1"):
        done = tropnet("tropicalize", "examples:moons_a", "--time-limit", limit)
        assert done.code != 0
        assert done.out == ""
        assert f"--time-limit {limit}: give a positive number of seconds" in done.err
