from __future__ import annotations

import json
import os
import signal
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.hard_pairs import two_norms
from tropnet import Network, save
from tropnet.checker import Certificate
from tropnet.checker.gap import NORMS
from tropnet.cli.compare import compare
from tropnet.equivalence.problem import RELATIONS

A, COPY, B = "examples:moons_a", "examples:moons_a_permuted", "examples:moons_b"


def test_the_same_function(tropnet: Run) -> None:
    done = tropnet("compare", A, COPY)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Equivalent\n  relation:   equal, atol 0, norm inf\n")
    assert done.lines["domain"] == "all of R^n"
    assert done.lines["bracket"] == "0 <= sup|f-g| <= 0"


def test_different_functions(tropnet: Run) -> None:
    done = tropnet("compare", A, B, "--box", "-1", "2")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("Different\n")
    assert done.lines["domain"] == "Box.cube(2, '-1', '2')"
    assert "|f-g| = " in done.lines["witness"]


def test_undecided(tropnet: Run, tmp_path: Path) -> None:
    for name, network in zip("ab", two_norms(), strict=True):
        save(network, tmp_path / f"{name}.json")
    done = tropnet("compare", tmp_path / "a.json", tmp_path / "b.json", "--box", 0, 1,
                   "--time-limit", 2)  # fmt: skip
    assert (done.code, done.err) == (2, "")
    assert done.out.startswith("Undecided\n")
    assert done.lines["reason"]


def test_a_pipe_gets_no_colours_and_no_wrapping(tropnet: Run, tmp_path: Path) -> None:
    long = tmp_path / ("deep" * 30) / "certificate of the comparison.json"
    long.parent.mkdir()
    done = tropnet("compare", A, B, "--box", 0, 1, "--certificate", long)
    assert "\x1b" not in done.out
    assert f"  certificate: {long}\n" in done.out


def test_json_is_exact(tropnet: Run, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    done = tropnet(
        "compare", A, B, "--box", "0.1", "1/3", "--atol", "0.1", "--json", "--certificate", path
    )
    data = done.json
    assert (done.code, data["exit_code"], data["verdict"]) == (1, 1, "Different")
    assert data["a"]["source"] == A
    assert len(data["b"]["sha256"]) == 64
    (result,) = data["results"]
    assert result["domain"] == {
        "type": "box", "lower": ["1/10", "1/10"], "upper": ["1/3", "1/3"]
    }  # fmt: skip
    assert result["atol"] == {"exact": "1/10", "float": 0.1}
    witness = result["witness"]
    gap = Fraction(witness["f"]["exact"][0]) - Fraction(witness["g"]["exact"][0])
    assert abs(gap) == Fraction(witness["gap"]["exact"]) > Fraction(1, 10)
    assert witness["gap"]["float"] == pytest.approx(float(abs(gap)))
    assert Certificate.load(result["certificate"]).claim == "different"


def test_other_relations(tropnet: Run, tmp_path: Path) -> None:
    files = tmp_path / "f.json", tmp_path / "g.json"
    save(Network.from_dense([[[1], [-1]]]), files[0])
    save(Network.from_dense([[[1], [-1]]], [["-1/8", "1/8"]]), files[1])
    box = ("--box", "-1", "1")
    order = tropnet("compare", *files, *box, "--relation", "at_most", "--atol", "0.1")
    assert (order.code, order.lines["relation"]) == (1, "at_most, atol 0.1")
    assert order.lines["bracket"].startswith("0.125 <= sup max(f-g, 0) <= 0.125")
    assert "f exceeds g by 0.125" in order.lines["witness"]
    apart = tropnet("compare", *files, *box, "--relation", "up_to_constant", "--json")
    assert (apart.code, apart.json["results"][0]["bounded"]) == (0, "sup|f-g-c|")
    for margin, code in (("0.2", 1), ("0.25", 0)):
        path = tmp_path / f"{margin}.json"
        done = tropnet("compare", *files, *box, "--relation", "argmax", "--margin", margin,
                       "--certificate", path)  # fmt: skip
        assert (done.code, done.lines["relation"]) == (code, f"argmax, margin {margin}")
        assert tropnet("check", path, *files).code == 0


def test_tolerances_of_outputs(tropnet: Run, tmp_path: Path) -> None:
    files = tmp_path / "f.json", tmp_path / "g.json"
    save(Network.from_dense([[[1], [10]]]), files[0])
    save(Network.from_dense([[[1], [10]]], [["0.1", 2]]), files[1])
    done = tropnet("compare", *files, "--atol", "0.1,2", "--json")
    (result,) = done.json["results"]
    assert (done.code, result["tolerances"]["exact"], result["rtol"]) == (0, ["1/10", "2"], None)
    relative = tropnet("compare", *files, "--box", "-1", "1", "--rtol", "0.1", "--json")
    (result,) = relative.json["results"]
    assert (relative.code, result["tolerances"]["exact"]) == (0, ["1/5", "2"])
    assert result["rtol"]["exact"] == "1/10"
    assert tropnet("compare", *files, "--box", "-1", "1", "--rtol", "0.09").code == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--margin", "1"), "--margin goes with --relation argmax or argmin"),
        (("--relation", "argmax", "--margin", "1", "--atol", "1"), "give one of them"),
        (("--relation", "argmax"), "argmax of 1 output"),
        (("--relation", "argmin", "--margin", "-1"), "margin is -1; a margin is zero or positive"),
        (("--relation", "at_most", "--norm", "1"), "norm '1' goes with the relation 'equal'"),
        (("--relation", "at_most", "--rtol", "1"), "rtol goes with the relation 'equal'"),
        (("--rtol", "1"), "unbounded domain"),
        (("--atol", "1,0"), "atol has 2 tolerances for 1 outputs"),
        (("--atol", "1,,"), "atol[1]"),
    ],
)
def test_relations_that_are_none(tropnet: Run, options: tuple[str, ...], said: str) -> None:
    done = tropnet("compare", A, B, *options)
    assert done.code == 3
    assert said in done.err


def test_json_of_what_has_no_end(tropnet: Run) -> None:
    (result,) = tropnet("compare", A, B, "--json").json["results"]
    assert result["domain"] == {"type": "space"}
    assert result["upper"] == {"exact": "inf", "float": None}
    assert result["certificate"] is None


def test_undecided_json_says_why(tropnet: Run, tmp_path: Path) -> None:
    for name, network in zip("ab", two_norms(), strict=True):
        save(network, tmp_path / f"{name}.json")
    done = tropnet("compare", tmp_path / "a.json", tmp_path / "b.json", "--box", 0, 1, "--json",
                   "--time-limit", 2)  # fmt: skip
    assert done.json["results"][0]["reason"]


@pytest.mark.parametrize(
    "text",
    [
        '{"lower": [0, 0.1], "upper": [1, "1/3"]}',
        '{"type": "box", "lower": ["0", "1/10"], "upper": ["1", "1/3"]}',
    ],
)
def test_a_box_from_a_file_has_the_decimals_that_stand_there(
    tropnet: Run, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "box.json"
    path.write_text(text)
    done = tropnet("compare", A, B, "--box", path)
    assert done.lines["domain"] == "Box(['0', '1/10'], ['1', '1/3'])"


def test_a_polyhedron_from_a_file(tropnet: Run, tmp_path: Path) -> None:
    path = tmp_path / "triangle.json"
    rows = [[-1, 0], [0, -1], [1, 1]]
    path.write_text(json.dumps({"type": "polyhedron", "A": rows, "b": [0, 0, 1]}))
    done = tropnet("compare", A, B, "--box", path)
    assert (done.code, done.lines["domain"]) == (1, "Polyhedron(3 inequalities in 2 variables)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[0, 1]", "holds no JSON object"),
        ("{0", "is no sound JSON"),
        ('{"lower": [0, 0], "uper": [1, 1]}', "has a field 'uper'; known: lower, upper"),
        ('{"lower": [0, 0]}', "lacks or garbles the field 'upper'"),
        ('{"lower": [2, 0], "upper": [1, 1]}', "the box is empty: lower[0] = 2"),
        ('{"lower": [NaN, 0], "upper": [1, 1]}', "NaN is no number"),
        ('{"lower": [0], "upper": [1]}', "the domain has 1 coordinates"),
        ('{"type": "ball"}', "unknown domain type 'ball'"),
    ],
)
def test_files_that_are_no_domain(tropnet: Run, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "box.json"
    path.write_text(text)
    done = tropnet("compare", A, B, "--box", path)
    assert (done.code, done.out) == (3, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def _vnnlib(path: Path, *boxes: tuple[float, float]) -> Path:
    cases = " ".join(
        f"(and (>= X_0 {lo}) (<= X_0 {hi}) (>= X_1 {lo}) (<= X_1 {hi}))" for lo, hi in boxes
    )
    names = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "Y_0"))
    path.write_text(f"{names}(assert (or {cases}))\n(assert (<= Y_0 0))\n")
    return path


def test_one_vnnlib_box(tropnet: Run, tmp_path: Path) -> None:
    done = tropnet("compare", A, B, "--vnnlib", _vnnlib(tmp_path / "p.vnnlib", (0, 0.1)))
    assert (done.code, done.lines["domain"]) == (1, "Box.cube(2, '0', '1/10')")


def test_several_boxes_all_equal(tropnet: Run, tmp_path: Path) -> None:
    path = _vnnlib(tmp_path / "p.vnnlib", (0, 1), (2, 3), (4, 5))
    done = tropnet("compare", A, COPY, "--vnnlib", path, "--certificate", tmp_path / "c.json")
    assert done.code == 0
    assert "box 2 of 3: Equivalent\n" in done.out
    assert done.out.endswith("All boxes: Equivalent\n  compared:   3 of 3 boxes\n")
    names = sorted(file.name for file in tmp_path.glob("*.json"))
    assert names == ["c-1.json", "c-2.json", "c-3.json"]


def test_the_first_difference_ends_several_boxes(tropnet: Run, tmp_path: Path) -> None:
    path = _vnnlib(tmp_path / "p.vnnlib", (0, 1), (2, 3))
    done = tropnet("compare", A, B, "--vnnlib", path, "--json")
    assert done.code == 1
    assert (done.json["domains"], done.json["compared"]) == (2, 1)


def test_the_worst_verdict_counts(tropnet: Run, tmp_path: Path) -> None:
    # equal where both are zero, different above
    hinge = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
    steep = Network.from_dense([[[1, 0], [0, 1]], [[1, 2]]])
    save(hinge, tmp_path / "a.json")
    save(steep, tmp_path / "b.json")
    path = _vnnlib(tmp_path / "p.vnnlib", (-2, -1), (1, 2))
    done = tropnet("compare", tmp_path / "a.json", tmp_path / "b.json", "--vnnlib", path)
    assert done.code == 1
    assert "box 1 of 2: Equivalent" in done.out
    assert "box 2 of 2: Different" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare"], "Missing argument 'A'; see tropnet compare --help"),
        (["compare", A], "Missing argument 'B'; see tropnet compare --help"),
        (["compare", A, B, "more"], "Got unexpected extra argument (more); see"),
        (["compare", A, B, "--bx", "0", "1"], "No such option '--bx'. Did you mean '--box'?"),
        (
            ["compare", A, B, "--box", "0"],
            "after 0 comes a second number, and nothing follows; see",
        ),
        (["compare", "--box", "0", A, B], f"a second number, not '{A}'; see"),
        (["compare", A, B, "--box", "1", "0"], "the box is empty: lower[0] = 1 exceeds"),
        (["compare", A, B, "--box", "none.json"], "no file none.json; check the path; or"),
        (["compare", A, B, "--box"], "Option '--box' requires an argument."),
        (["compare", A, B, "--box", "0", "1", "--vnnlib", "x"], "--box and --vnnlib both name"),
        (["compare", A, B, "--vnnlib", "none.vnnlib"], "there is no file none.vnnlib"),
        (["compare", A, B, "--atol", "x"], "atol is the text 'x', not a finite number"),
        (["compare", A, B, "--atol", "-1"], "a tolerance is zero or positive"),
        (["compare", A, B, "--norm", "3"], "'3' is not one of 'inf', '1', '2'; see"),
        (["compare", A, B, "--relation", "like"], "Invalid value for '--relation'"),
        (["compare", A, B, "--time-limit", "0"], "time_limit is 0.0; give seconds above zero"),
        (["compare", A, B, "--time-limit", "nan"], "give seconds above zero"),
        (["compare", A, B, "--time-limit", "soon"], "'soon' is not a valid float; see"),
        (
            ["compare", A, B, "--certificate", "none/c.json"],
            "lies in none, which is no folder; see",
        ),
        (["compare", A, "none.onnx"], "there is no file none.onnx; check the path"),
        (["compare", A, "examples:none"], "no example is called 'none'; there are: moons_a"),
        (["compare", A, B, "--key", "model"], "has nothing at key='model'"),
        (["compare", A, B, "-a", "keys=model"], "-a keys=model: give one of key=PATH"),
        (["compare", A, B, "-b", "normalise=1"], "-b normalise=1: give one of"),
        (["compare", A, B, "-b", "key"], "-b key: give one of"),
    ],
)
def test_wrong_usage_is_one_line_and_code_3(
    tropnet: Run, arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = tropnet(*arguments)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("tropnet: ")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_box_may_stand_before_the_models_and_be_negative(tropnet: Run) -> None:
    done = tropnet("compare", "--box", "-1/3", "-1e-1", A, COPY)
    assert (done.code, done.lines["domain"]) == (0, "Box.cube(2, '-1/3', '-1/10')")


def test_options_of_one_model_alone(tropnet: Run, tmp_path: Path) -> None:
    import torch

    from tropnet import examples

    state = torch.load(examples.path("moons_a"), weights_only=True)
    torch.save({"trained": {"model": state}}, tmp_path / "checkpoint.pt")
    checkpoint = tmp_path / "checkpoint.pt"
    assert tropnet("compare", checkpoint, COPY, "-a", "key=trained.model").code == 0
    assert tropnet("compare", COPY, checkpoint, "-b", "key=trained.model").code == 0
    both = tropnet("compare", checkpoint, checkpoint, "--key", "trained.model")
    assert both.code == 0
    done = tropnet("compare", checkpoint, COPY, "--key", "trained.model")
    assert (done.code, "has no use for key=" in done.err) == (3, True)


def test_a_saved_map_is_a_model_too(tropnet: Run, tmp_path: Path) -> None:
    save(Network.from_dense([[[1], [-1]], [[1, 1]]]), tmp_path / "absolute.json")
    files = (tmp_path / "absolute.json", tmp_path / "map.json")
    assert tropnet("tropicalize", files[0], "-o", files[1]).code == 0
    assert tropnet("compare", *files).code == 0
    assert tropnet("compare", *files[::-1]).code == 0


def test_an_architecture_is_a_list_of_words(tropnet: Run) -> None:
    words = "linear,relu,linear,relu,linear"
    assert tropnet("compare", A, COPY, "-a", f"architecture={words}").code == 0
    done = tropnet("compare", A, COPY, "-a", "architecture=linear,linear,linear")
    assert done.code == 1


def test_the_choices_are_those_of_the_library() -> None:
    choices = {option.name: getattr(option.type, "choices", None) for option in compare.params}
    assert tuple(choices["relation"] or ()) == RELATIONS
    assert set(choices["norm"] or ()) == set(NORMS)


@pytest.fixture
def long_pair(tmp_path: Path) -> tuple[Path, Path]:
    """Files of a network and of its rounded copy, whose difference is never bounded to the last."""
    rng = np.random.default_rng(3)
    weights = [rng.normal(0, (2 / n) ** 0.5, (m, n)) for n, m in ((5, 24), (24, 24), (24, 2))]
    rounded = [w.astype(np.float16).astype(float) for w in weights]
    files = tmp_path / "f.json", tmp_path / "g.json"
    for layers, file in zip((weights, rounded), files, strict=True):
        save(Network.from_dense(layers), file)
    return files


def test_a_comparison_goes_on_from_its_certificate(
    tropnet: Run, tmp_path: Path, long_pair: tuple[Path, Path]
) -> None:
    asked = (*long_pair, "--box", -1, 1, "--relation", "argmax", "--margin", "1e-9")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    tropnet("compare", *asked, "--time-limit", 1, "--certificate", first)
    again = tropnet("compare", *asked, "--time-limit", 1, "--precision", "0.01",
                    "--resume", first, "--certificate", second)  # fmt: skip
    ends = [Certificate.load(file) for file in (first, second)]
    assert again.code in (1, 2)
    (lower, upper), (better, best) = ((c.lower.value, c.upper.value) for c in ends)
    assert lower is not None and upper is not None  # noqa: PT018
    assert better is not None and best is not None  # noqa: PT018
    assert best < upper
    assert better >= lower
    other = tropnet("compare", *asked[:2], "--box", 0, 1, "--resume", first)
    assert (other.code, other.out) == (3, "")
    assert "another domain or another relation" in other.err
    lost = tropnet("compare", *asked, "--resume", tmp_path / "none.json")
    assert (lost.code, "there is no file" in lost.err) == (3, True)


def test_ctrl_c_leaves_the_bracket_and_the_certificate(
    tropnet: Run, tmp_path: Path, long_pair: tuple[Path, Path]
) -> None:
    path = tmp_path / "c.json"
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    done = tropnet("compare", *long_pair, "--box", -1, 1, "--atol", "0.004", "--precision",
                   "1e-6", "--certificate", path)  # fmt: skip
    timer.join()
    assert (done.code, done.err) == (130, "")
    assert "<= sup|f-g| <=" in done.lines["bracket"]
    assert done.lines["to go on"] == f"the same command with --resume {path}"
    assert Certificate.load(path).upper.value is not None
    assert tropnet("check", path, *long_pair, "--sample", 2).code in (0, 2)


@pytest.mark.parametrize("share", ["-1", "nan", "inf", "10%"])
def test_precision_is_a_share(tropnet: Run, share: str) -> None:
    done = tropnet("compare", A, B, "--box", 0, 1, "--precision", share)
    assert (done.code, done.out) == (3, "")
    assert "precision" in done.err


def test_several_boxes_go_on_from_as_many_certificates(tropnet: Run, tmp_path: Path) -> None:
    boxes = tmp_path / "two.vnnlib"
    boxes.write_text(
        "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
        "(assert (or (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1))"
        " (and (>= X_0 -1) (<= X_0 0) (>= X_1 -1) (<= X_1 0))))"
    )
    file = tmp_path / "c.json"
    asked = ("compare", A, B, "--vnnlib", boxes, "--atol", "30")
    assert tropnet(*asked, "--certificate", file).code == 0
    again = tropnet(*asked, "--resume", file, "--json")
    assert again.code == 0
    for result in again.json["results"]:
        assert any(stage.startswith("earlier bounds") for stage in result["stages"])
        assert result["interrupted"] is False
    (tmp_path / "c-2.json").unlink()
    assert tropnet(*asked, "--resume", file).code == 0
    (tmp_path / "c-1.json").unlink()
    lost = tropnet(*asked, "--resume", file)
    assert (lost.code, "there is no file" in lost.err) == (3, True)


def test_a_known_supremum_is_not_narrowed(tropnet: Run) -> None:
    done = tropnet("compare", A, COPY, "--box", 0, 1, "--precision", "0.1", "--json")
    assert done.code == 0
    assert not any(stage.startswith("narrowing") for stage in done.json["results"][0]["stages"])
