from __future__ import annotations

import tropnet as library
from tests.cli.conftest import Run


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
