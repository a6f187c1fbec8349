"""`tropnet simplify`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tropnet
from tropnet.cli import main

MODEL = "examples:moons_sparse"
BOX = ["--box", "-2", "3"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["simplify", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_result_is_written_and_its_proof_replays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for ending in (".onnx", ".json"):
        out, proof = str(tmp_path / f"small{ending}"), str(tmp_path / "proof.json")
        page = tmp_path / "page.html"
        code, text, _ = run(
            capsys, MODEL, *BOX, "-o", out, "--certificate", proof, "--report", str(page)
        )
        assert code == 0
        assert "48 → 20" in text
        assert "to replay the proof: tropnet check" in text
        assert main(["check", proof, MODEL, out]) == 0
        assert tropnet.compare(MODEL, out, tropnet.Box.cube(2, -2, 3))
        html = page.read_text("utf-8")
        assert "valid: equivalent" in html
        assert "<script" not in html
        assert 'class="dead"' in html
        capsys.readouterr()


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, MODEL, "--json")
    data = json.loads(text)
    assert code == 0
    assert data["before"]["ReLU units"] == 48 > data["after"]["ReLU units"]
    assert data["complete"]
    assert data["changed"]
    assert {"where", "rule", "removed", "detail"} == set(data["steps"][0])


def test_nothing_to_remove(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, "examples:moons_a")
    assert code == 0
    assert "nothing to remove" in text


def test_some_rules(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, MODEL, *BOX, "--rules", "dead, unused", "--json")
    assert code == 0
    assert {step["rule"] for step in json.loads(text)["steps"]} <= {"dead", "unused"}


def test_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = tropnet.TropicalPolynomial.variable(0)
    source, out = tmp_path / "f.json", tmp_path / "g.json"
    tropnet.save(tropnet.TropicalMap([(0 + x) * (1 + x) / (1 + x)]), source)
    code, text, _ = run(capsys, str(source), "-o", str(out))
    assert code == 0
    assert "terms of P" in text
    assert tropnet.load_map(out).k == ((2, 1),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([MODEL, "-o", "small.pt"], "does not end in .onnx or .json"),
        ([MODEL, "-o", "nowhere/small.onnx"], "which is no folder"),
        ([MODEL, "--report", "nowhere/page.html"], "which is no folder"),
        ([MODEL, "--rules", "ded"], "rule 'ded' is unknown for networks; there are inputs, dead"),
        ([MODEL, "--time-limit", "0"], "time_limit is 0.0; give seconds above zero"),
        ([MODEL, "--time-limit", "nan"], "time_limit is nan; give seconds above zero"),
        ([MODEL, "--box", "3", "-2"], "lower"),
        (["missing.onnx"], "missing.onnx"),
    ],
)
def test_one_line_tells_what_is_wrong(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text, error = run(capsys, *arguments)
    assert code == 3
    assert text == ""
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_map_has_no_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "f.json"
    tropnet.save(tropnet.TropicalMap.identity(1), source)
    code, _, error = run(capsys, str(source), "--certificate", str(tmp_path / "c.json"))
    assert code == 3
    assert "--certificate is for networks" in error


def test_no_file_is_written_twice_and_the_model_never(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.json"
    assert main(["convert", "examples:moons_sparse", "-o", str(model)]) == 0
    before = model.read_bytes()
    same, twice = str(tmp_path / "." / "m.json"), str(tmp_path / "x.json")
    for arguments, other in (
        (["-o", same], "MODEL"),
        (["--report", same], "MODEL"),
        (["-o", twice, "--certificate", twice], "-o"),
        (["--certificate", twice, "--report", twice], "--certificate"),
    ):
        code, _, message = run(capsys, str(model), *arguments)
        assert code == 3
        assert f"is the file of {other} too" in message
    assert model.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["m.json"]


def test_a_proof_without_its_result_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, _ = run(capsys, MODEL, "--certificate", str(tmp_path / "c.json"))
    assert code == 0
    assert "write it with -o" in text


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf"])
def test_time_limits_that_are_none(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, message = run(capsys, MODEL, "--time-limit", limit)
    assert code == 3
    assert "finite" in message
