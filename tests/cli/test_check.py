from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tropnet import Network, save
from tropnet.checker.certificate import seal

A, COPY, B = "examples:moons_a", "examples:moons_a_permuted", "examples:moons_b"


@pytest.fixture
def certificate(tropnet: Run, tmp_path: Path) -> Path:
    path = tmp_path / "c.json"
    assert tropnet("compare", A, COPY, "--certificate", path).code == 0
    return path


def test_valid(tropnet: Run, certificate: Path) -> None:
    done = tropnet("check", certificate, A, COPY)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Valid\n  claim:      equivalent\n")


def test_invalid_for_other_models(tropnet: Run, certificate: Path) -> None:
    done = tropnet("check", certificate, A, B)
    assert done.code == 1
    assert done.out.startswith("Invalid\n")
    assert "network b has sha256" in done.lines["reason"]


def test_json(tropnet: Run, certificate: Path) -> None:
    data = tropnet("check", certificate, A, COPY, "--json").json
    assert (data["valid"], data["claim"]) == (True, "equivalent")
    assert data["seconds"] > 0


def test_a_resealed_lie_is_invalid_and_a_broken_seal_an_error(
    tropnet: Run, certificate: Path
) -> None:
    data = json.loads(certificate.read_text())
    data["domain"] = {"type": "box", "lower": ["0", "0"], "upper": ["1", "1"]}
    data["upper"] = {"value": "0", "method": "identical", "data": None}
    certificate.write_text(json.dumps(data))
    done = tropnet("check", certificate, A, COPY)
    assert (done.code, "the seal does not match" in done.err) == (3, True)
    del data["seal"]
    certificate.write_text(json.dumps({**data, "seal": seal(data)}))
    done = tropnet("check", certificate, A, COPY)
    assert (done.code, done.lines["reason"]) == (
        1, "the networks are claimed identical and are not"
    )  # fmt: skip


@pytest.mark.parametrize("text", [None, "", "{}", "[1", '"text"'])
def test_what_is_no_certificate(tropnet: Run, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "c.json"
    if text is not None:
        path.write_text(text)
    done = tropnet("check", path, A, B)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)


@pytest.mark.parametrize(("b", "method"), [("examples:moons_b", "cells"), (COPY, "relations")])
def test_progress_of_a_replay_is_told(
    tropnet: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, b: str, method: str
) -> None:
    seen: list[tuple[int, int]] = []

    @contextmanager
    def bar(text: str, noun: str) -> Iterator[Callable[[int, int, int], None]]:
        assert (text, noun) == ("replaying", "cells")
        yield lambda done, total, _: seen.append((done, total))

    path = tmp_path / "c.json"
    tropnet("compare", A, b, "--box", "-1", "1", "--atol", "40", "--certificate", path)
    assert json.loads(path.read_text())["upper"]["method"] == method
    monkeypatch.setattr("tropnet.cli.check.progress_bar", bar)
    assert tropnet("check", path, A, b).code == 0
    assert (len(seen) > 1) == (method == "cells")
    assert all(done <= total for done, total in seen)
    assert not seen or seen[-1][0] == seen[-1][1]


def test_a_sample_proves_nothing_and_says_so(tropnet: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    weights = [rng.normal(0, (2 / n) ** 0.5, (m, n)) for n, m in ((8, 12), (12, 12), (12, 1))]
    files = tmp_path / "f.json", tmp_path / "g.json"
    save(Network.from_dense(weights), files[0])
    save(Network.from_dense([w.astype(np.float16).astype(float) for w in weights]), files[1])
    path = tmp_path / "boxes.json"
    asked = (*files, "--box", -1, 1, "--atol", "0.006", "--certificate", path)
    assert tropnet("compare", *asked).code == 0
    assert json.loads(path.read_text())["upper"]["method"] == "boxes"
    sampled = tropnet("check", path, *files, "--sample", 1)
    assert (sampled.code, sampled.err) == (2, "")
    assert sampled.out.startswith("1 of ")
    assert "leaves, not a proof\n" in sampled.out
    assert "without --sample all are replayed" in sampled.lines["reason"]
    assert "replayed, upper end" not in sampled.out
    assert tropnet("check", path, *files, "--sample", 10**6).code == 0
    assert tropnet("check", path, A, COPY, "--sample", 1).code == 1
    assert tropnet("check", path, *files, "--sample", 0).code == 3
