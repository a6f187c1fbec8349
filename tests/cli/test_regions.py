from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tropnet import Network, load, save
from tropnet.geometry import enumerate_cells


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A network whose cells take longer than no time at all."""
    rng = np.random.default_rng(0)
    shapes = [(40, 2), (40, 40), (1, 40)]
    path = tmp_path / "wide.json"
    save(Network.from_dense([rng.standard_normal(s).round(3) for s in shapes]), path)
    return path


def test_counts_of_the_whole_plane(tropnet: Run) -> None:
    done = tropnet("regions", "examples:moons_a")
    found = enumerate_cells(load("examples:moons_a"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("examples:moons_a, 2-8-8-1\n")
    assert done.lines["domain"] == "all of R^n"
    assert done.lines["cells"] == str(found.n_cells)
    assert done.lines["regions"] == f"{found.n_regions} linear regions"
    assert done.lines["maps"] == f"{found.n_affine_maps} affine maps"
    assert done.lines["f-vector"] == ", ".join(map(str, found.f_vector))
    assert done.lines["unbounded"] == f"{(~found.bounded).sum()} cells"


def test_json_on_a_box(tropnet: Run) -> None:
    done = tropnet("regions", "examples:moons_a", "--box", "-1", "1/2", "--json")
    assert done.code == 0
    data = done.json
    cells, edges, vertices = data["cells"], data["f_vector"][1], data["f_vector"][0]
    assert vertices - edges + cells == 1
    assert data["f_vector"][2] == cells >= data["linear_regions"] >= data["affine_maps"] > 20
    assert data["domain"] == {"type": "box", "lower": ["-1", "-1"], "upper": ["1/2", "1/2"]}
    assert (data["complete"], data["exit_code"], data["unbounded_cells"]) == (True, 0, 0)
    assert (data["units_done"], data["units"]) == (16, 16)
    assert data["certified"]
    assert data["engine"] == "subdivision"
    assert data["seconds"] >= 0
    assert data["sha256"] == load("examples:moons_a").sha256


def test_engines_agree(tropnet: Run) -> None:
    one = tropnet("regions", "examples:moons_b", "--box", 0, 1, "--json")
    two = tropnet("regions", "examples:moons_b", "--box", 0, 1, "--json", "--engine", "exact")
    assert two.json["engine"] == "exact"
    for key in ("cells", "linear_regions", "affine_maps", "f_vector"):
        assert one.json[key] == two.json[key]


def test_tree_search_has_cells_and_no_faces(tropnet: Run) -> None:
    box = ["--box", 0, 1]
    one = tropnet("regions", "examples:moons_b", *box, "--json")
    two = tropnet("regions", "examples:moons_b", *box, "--json", "--engine", "tree")
    assert (two.code, two.json["engine"]) == (0, "tree")
    for key in ("cells", "linear_regions", "affine_maps"):
        assert one.json[key] == two.json[key]
    assert two.json["f_vector"] is two.json["unbounded_cells"] is None
    shown = tropnet("regions", "examples:moons_b", *box, "--engine", "tree")
    assert "f-vector" not in shown.lines
    short = tropnet("regions", "examples:moons_b", "--engine", "tree", "--time-limit", "1e-9")
    assert (short.code, short.lines["partial"]) == (2, "the time limit came first")


def test_a_partial_result_says_so(tropnet: Run, wide: Path, tmp_path: Path) -> None:
    picture = tmp_path / "p.html"
    short = ["--box", "-1", "1", "--time-limit", "1e-9"]
    done = tropnet("regions", wide, *short, "--plot", picture)
    assert (done.code, done.err) == (2, "")
    assert "of 80 units" in done.lines["partial"]
    assert done.lines["cells"].startswith("at least ")
    assert "regions" not in done.lines
    assert done.lines["plot"] == "none: an .html picture needs all cells"
    assert not picture.exists()
    data = tropnet("regions", wide, *short, "--json", "--plot", tmp_path / "p.png").json
    assert (data["complete"], data["exit_code"]) == (False, 2)
    assert data["linear_regions"] is data["affine_maps"] is None
    assert data["units_done"] < data["units"] == 80
    assert (tmp_path / "p.png").exists()


def test_too_many_inputs_are_refused_unless_time_is_limited(tropnet: Run, tmp_path: Path) -> None:
    path = tmp_path / "orthants.json"
    save(Network.from_dense([np.eye(40), [[1] * 40]]), path)
    done = tropnet("regions", path, "--box", -1, 1)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert ", budget 1e+06; try: a smaller domain, a slice of the network" in done.err
    part = tropnet("regions", path, "--box", -1, 1, "--time-limit", "0.05")
    assert (part.code, part.err) == (2, "")
    assert part.lines["partial"] == "the time limit came first"
    assert part.lines["cells"].startswith("at least ")
    few = tropnet("regions", path, "--box", -1, 1, "--time-limit", 60, "--max-cells", 9)
    assert (few.code, few.lines["cells"]) == (2, "at least 9")
    assert few.lines["partial"] == "the limit of 9 cells came first"


@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("SVG", b"<?xml"), ("html", b"<")]
)
def test_pictures(tropnet: Run, tmp_path: Path, ending: str, start: bytes) -> None:
    target = tmp_path / f"moons.{ending}"
    target.write_text("old")
    done = tropnet("regions", "examples:moons_a", "--box", -1, 1, "--plot", target)
    assert (done.code, done.lines["plot"]) == (0, str(target))
    assert target.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]  # no temporary file is left


def test_one_of_a_kind(tropnet: Run, tmp_path: Path) -> None:
    save(Network.from_dense([[[1], [-1]], [[1, -1]]]), tmp_path / "line.json")
    lines = tropnet("regions", tmp_path / "line.json").lines
    assert (lines["cells"], lines["unbounded"]) == ("2", "2 cells")
    assert (lines["regions"], lines["maps"]) == ("1 linear region", "1 affine map")


def test_several_boxes(tropnet: Run, tmp_path: Path) -> None:
    file = tmp_path / "two.vnnlib"
    names = "".join(f"(declare-const {n} Real)\n" for n in ("X_0", "X_1", "Y_0"))
    boxes = " ".join(f"(and (>= X_0 {a}) (<= X_0 {a + 1}) (>= X_1 0) (<= X_1 1))" for a in (0, 1))
    file.write_text(f"{names}(assert (or {boxes}))\n(assert (>= Y_0 0))\n")
    picture = tmp_path / "m.png"
    done = tropnet("regions", "examples:moons_a", "--vnnlib", file, "--json", "--plot", picture)
    assert (done.code, done.json["domains"]) == (0, 2)
    assert [r["plot"] for r in done.json["results"]] == [
        str(tmp_path / "m-1.png"), str(tmp_path / "m-2.png")
    ]  # fmt: skip
    shown = tropnet("regions", "examples:moons_a", "--vnnlib", file, "--time-limit", 60)
    assert "examples:moons_a, 2-8-8-1, box 2 of 2\n" in shown.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plot", "a.pdf"], "--plot a.pdf ends in none of .png, .svg, .html; see"),
        (["--plot", "nowhere/a.png"], "--plot nowhere/a.png lies in nowhere, which is no folder"),
        (["--max-cells", "5"], "budget 5"),
        (["--time-limit", "0"], "--time-limit 0: give a positive number of seconds"),
        (["--time-limit", "nan"], "--time-limit nan: give a positive number"),
        (
            ["--engine", "tree", "--plot", "a.png"],
            "--plot needs vertices, which --engine tree does",
        ),
        (["--engine", "magic"], "'magic' is not one of"),
        (["--box", "1", "1"], "flat"),
        (["--box", "0"], "--box takes two numbers LO HI"),
        (["--box", "nan", "1"], "--box takes two finite numbers LO HI, or one file, not 'nan'"),
        (["--box", "-inf", "inf"], "not '-inf'; without --box the domain is all of R^n"),
        (["--box", "."], "--box: . is a folder; give a file of a box, or two numbers"),
        (["--box", "0", "1", "--vnnlib", "x"], "both name a domain"),
    ],
)
def test_wrong_usage(tropnet: Run, arguments: list[str], said: str) -> None:
    done = tropnet("regions", "examples:moons_a", *arguments)
    assert (done.code, done.out) == (3, "")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"lower": [0, 0]}', "lacks or garbles the field 'upper'"),
        ('{"lower": [0, "x"], "upper": [1, 1]}', "lower[1] is the text 'x'"),
        ('{"lower": [1, 0], "upper": [0, 1]}', "the box is empty: lower[0] = 1 exceeds"),
        ('{"type": "sphere"}', "unknown domain type 'sphere'"),
    ],
)
def test_a_wrong_file_of_a_box_is_named(
    tropnet: Run, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "box.json").write_text(content)
    done = tropnet("regions", "examples:moons_a", "--box", tmp_path / "box.json")
    assert (done.code, done.out) == (3, "")
    assert f"--box {tmp_path / 'box.json'}: " in done.err
    assert said in done.err


@pytest.mark.parametrize(
    ("n", "name", "said"),
    [
        (4, "a.png", "functions of 4 inputs cannot be drawn; draw a slice of it along a plane"),
        (3, "a.png", "are drawn to .html, not to .png"),
        (3, "a.html", "on a box or a bounded polyhedron, not on all of R^3"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_the_work(
    tropnet: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int, name: str, said: str
) -> None:
    verb = import_module("tropnet.api.linear_regions")

    def work(*_: object, **__: object) -> None:
        raise AssertionError("the work was begun")

    monkeypatch.setattr(verb, "enumerate_cells", work)
    save(Network.from_dense([[[1] * n], [[1]]]), tmp_path / "f.json")
    done = tropnet("regions", tmp_path / "f.json", "--plot", tmp_path / name)
    assert done.code == 3
    assert said in done.err
