from __future__ import annotations

from pathlib import Path

from onnx import helper

import tropnet as library
from tests.cli.conftest import Run
from tests.io.models import onnx_model


def test_what_an_example_is(tropnet: Run) -> None:
    done = tropnet("info", "examples:moons_a")
    assert (done.code, done.err) == (0, "")
    assert done.lines["widths"] == "2-8-8-1"
    assert done.lines["units"] == "16 ReLU in 2 layers"
    assert done.lines["runs in"] == "float32"
    assert done.lines["sha256"] == library.load("examples:moons_a").sha256
    assert " ⊘ " in done.lines["P ⊘ Q"]
    assert done.lines["file"] == str(library.examples.path("moons_a"))
    assert "\nlayer\tunits\treads\tnonzero weights\n" in done.out


def test_notes_are_shown(tropnet: Run) -> None:
    assert "the file holds weights alone" in tropnet("info", "examples:moons_a").lines["note"]


def test_json(tropnet: Run) -> None:
    data = tropnet("info", "examples:moons_a_permuted", "--json").json
    network = library.load("examples:moons_a_permuted")
    assert data["sha256"] == network.sha256
    assert data["n_parameters"] == network.n_parameters
    assert [layer["nonzero_weights"] for layer in data["layers"]] == [16, 64, 8]
    assert data["plan"]["outputs"][0]["p"] > 1
    assert data["plan"]["layers"][-1]["name"] == "output"


def test_no_such_file(tropnet: Run) -> None:
    done = tropnet("info", "nowhere.onnx")
    assert (done.code, done.out) == (3, "")
    assert done.err == "tropnet: there is no file nowhere.onnx; check the path\n"


def test_names_in_files_do_not_reach_the_terminal_as_they_are(tropnet: Run, tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["\x1b[2J"], name="\x1b]0;mine\x07\nrelu\x9b2J")]
    model = onnx_model(nodes, inputs={"x": ["N", 2]}, outputs=["\x1b[2J"])
    path = tmp_path / "\x1b[31mred.onnx"
    path.write_bytes(model.SerializeToString())
    for command in ("info", "tropicalize"):
        done = tropnet(command, path)
        assert (done.code, done.err) == (0, "")
        assert all(line.replace("\t", "").isprintable() for line in done.out.split("\n"))
        assert r"\x1b[31mred.onnx" in done.out
    assert r"\x1b]0;mine\x07\nrelu\x9b2J" in tropnet("info", path).out
