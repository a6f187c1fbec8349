from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tropnet import Network, load, save


def test_to_onnx_and_back(tropnet: Run, tmp_path: Path) -> None:
    target = tmp_path / "a.onnx"
    done = tropnet("convert", "examples:moons_a", "-o", target)
    assert (done.code, done.err) == (0, "")
    f = load("examples:moons_a")
    assert done.out.startswith("examples:moons_a, 2-8-8-1\n")
    assert done.lines["written to"] == str(target)
    assert done.lines["weights"] == "float32"
    assert done.lines["rounded"] == "0"
    assert done.lines["bytes"] == str(target.stat().st_size)
    assert done.lines["sha256"] == f.sha256
    assert load(target) == f
    assert tropnet("compare", target, "examples:moons_a").code == 0


def test_to_json_as_json(tropnet: Run, tmp_path: Path) -> None:
    target = tmp_path / "a.JSON"
    data = tropnet("convert", "examples:moons_a", "-o", target, "--json").json
    assert data["weights"] == "exact"
    assert data["bytes"] == target.stat().st_size
    assert load(target).sha256 == data["sha256"]


def test_the_format_can_be_chosen(tropnet: Run, tmp_path: Path) -> None:
    target = tmp_path / "a.onnx"
    done = tropnet("convert", "examples:moons_a", "-o", target, "--dtype", "float64")
    assert done.lines["weights"] == "float64"
    assert load(target) == load("examples:moons_a")


def test_rounding_is_refused_unless_asked_for(tropnet: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "f.json", tmp_path / "f.onnx"
    save(Network.from_dense([[["1/3", 0.1]]]), source)
    done = tropnet("convert", source, "-o", target)
    assert (done.code, done.out, target.exists()) == (3, "", False)
    assert "have 1/3 at [0, 0], which is no float64" in done.err
    assert done.err.count("\n") == 1
    done = tropnet("convert", source, "-o", target, "--rounded")
    assert (done.code, done.lines["rounded"]) == (0, "1")
    assert done.lines["sha256"] == load(target).sha256 != load(source).sha256


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.pt"], "-o a.pt ends in neither .onnx nor .json"),
        ([], "Missing option '-o'"),
        (["-o", "nowhere/a.onnx"], "lies in nowhere, which is no folder"),
        (["-o", "a.json", "--rounded"], "--dtype and --rounded are for .onnx"),
        (["-o", "a.onnx", "--dtype", "float16"], "'float16' is not one of"),
    ],
)
def test_wrong_usage(
    tropnet: Run, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    done = tropnet("convert", "examples:moons_a", *arguments)
    assert (done.code, done.out) == (3, "")
    assert message in done.err
    assert list(tmp_path.iterdir()) == []
