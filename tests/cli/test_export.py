from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tropnet import Box, load, read_vnnlib

A, B = "examples:moons_a", "examples:moons_b"


def test_a_query_about_two_networks(tropnet: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    done = tropnet("export", A, B, "--box", "-1/4", "1", "--atol", "0.1", "-o", folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("VNN-LIB 2 query\n")
    assert done.lines["networks"] == f"{folder / 'a.onnx'}, {folder / 'b.onnx'}"
    assert done.lines["rounded"] == "0"
    assert (load(folder / "a.onnx"), load(folder / "b.onnx")) == (load(A), load(B))
    assert list(read_vnnlib(folder / "query.vnnlib")) == [Box.cube(2, "-1/4", 1)]


def test_the_question_can_be_asked_of_the_files(tropnet: Run, tmp_path: Path) -> None:
    tropnet("export", A, "examples:moons_a_permuted", "--box", "-1", "1", "-o", tmp_path)
    files = [tmp_path / "a.onnx", tmp_path / "b.onnx", "--vnnlib", tmp_path / "query.vnnlib"]
    assert tropnet("compare", *files).code == 0


def test_one_network_for_older_tools(tropnet: Run, tmp_path: Path) -> None:
    asked = ["--format", "1", "--atol", "1/3", "--json", "--relation", "at_most"]
    (found,) = tropnet("export", A, B, "-o", tmp_path, *asked).json["queries"]
    assert found["networks"] == [str(tmp_path / "product.onnx")]
    assert (found["version"], found["weights"], found["rounded"]) == (1, "float32", 1)


def test_one_folder_for_each_box(tropnet: Run, tmp_path: Path) -> None:
    source = tmp_path / "two.vnnlib"
    either = "".join(f"(and (>= X_0 {k}) (<= X_0 {k}.5) (>= X_1 0) (<= X_1 1))" for k in (0, 2))
    source.write_text(f"(declare-const X_0 Real)(declare-const X_1 Real)(assert (or {either}))")
    folder = tmp_path / "new"
    done = tropnet("export", A, B, "--vnnlib", source, "-o", folder, "--atol", "1")
    assert done.code == 0
    boxes = [read_vnnlib(folder / name / "query.vnnlib")[0] for name in ("1", "2")]
    assert boxes == list(read_vnnlib(source))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '-o'"),
        (["-o", "no/where/at/all"], "which is no folder"),
        (["-o", ".", "--norm", "2"], "norm '2' is no linear formula"),
        (["-o", ".", "--format", "1"], "give an atol above 0, or export version 2"),
        (["-o", ".", "--relation", "argmax"], "argmax of 1 output"),
        (["-o", ".", "--atol", "1,2"], "2 tolerances for 1 outputs"),
        (["-o", ".", "--atol", "x"], "atol is the text 'x'"),
        (["-o", ".", "--format", "3"], "'3' is not one of"),
    ],
)
def test_wrong_usage(
    tropnet: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
    message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    done = tropnet("export", A, B, *arguments)
    assert (done.code, done.out) == (3, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
