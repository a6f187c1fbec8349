from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import tropnet
from tests.hard_pairs import two_norms
from tropnet import (
    Box,
    CertificateError,
    Different,
    DomainError,
    Equivalent,
    FormatError,
    Network,
    ShapeError,
)
from tropnet.algebra import TropicalMap, TropicalPolynomial
from tropnet.equivalence import Argmax, Argmin, UndecidedError

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])


def test_examples_paths_and_live_models_may_be_mixed(tmp_path: Path) -> None:
    import torch

    a = tropnet.load("examples:moons_a")
    tropnet.save(a, tmp_path / "a.json")
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 8), torch.nn.ReLU(),
        torch.nn.Linear(8, 8), torch.nn.ReLU(),
        torch.nn.Linear(8, 1),
    )  # fmt: skip
    state = torch.load(tropnet.examples.path("moons_a"), weights_only=True)
    module.load_state_dict(dict(zip(module.state_dict(), state.values(), strict=True)))
    for other in (tmp_path / "a.json", str(tmp_path / "a.json"), module, a):
        assert isinstance(tropnet.compare("examples:moons_a", other), Equivalent)


def test_arguments_reach_the_comparison() -> None:
    box = Box([0, 0], [1, 1])
    verdict = tropnet.compare(
        "examples:moons_a", "examples:moons_b", box, atol="1/3", norm="1", time_limit=20, seed=3
    )
    assert isinstance(verdict, Different)
    assert (verdict.domain, str(verdict.atol), verdict.norm) == (box, "1/3", "1")
    assert box.contains(verdict.witness.point)


def test_a_tropical_map_may_stand_on_either_side() -> None:
    x = TropicalPolynomial.variable(0)
    absolute = TropicalMap([x + 0 / x])
    assert isinstance(tropnet.compare(ABSOLUTE, absolute), Equivalent)
    assert isinstance(tropnet.compare(absolute, ABSOLUTE), Equivalent)
    assert isinstance(tropnet.compare(ABSOLUTE, x + "1/7"), Different)


def test_undecided_has_no_truth_value() -> None:
    verdict = tropnet.compare(*two_norms(), Box.cube(7), time_limit=2)
    with pytest.raises(UndecidedError, match="neither true nor false"):
        bool(verdict)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"relation": "similar"}, DomainError, "unknown relation 'similar'; known: equal"),
        ({"norm": "3"}, DomainError, "unknown norm '3'; known: "),
        ({"atol": -1}, DomainError, "atol is -1; a tolerance is zero or positive"),
        ({"time_limit": 0}, DomainError, "time_limit is 0; give seconds above zero"),
        ({"domain": Box.cube(3)}, ShapeError, "the domain has 3 coordinates"),
        ({"domain": [0, 1]}, DomainError, "the domain is a list; give Box"),
    ],
)
def test_questions_that_make_no_sense(options: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        tropnet.compare(ABSOLUTE, ABSOLUTE, **options)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("relation", "word"),
    [
        ("at_most", "Different"),
        ("up_to_constant", "Equivalent"),
        ("argmax", "Different"),
        (Argmax("0.1"), "Different"),
        (Argmax("0.25"), "Equivalent"),
        (Argmin("0.1"), "Different"),
        (Argmin(1), "Equivalent"),
    ],
)
def test_relations_reach_the_comparison(relation: Any, word: str) -> None:
    f = Network.from_dense([[[1], [-1]]])
    g = Network.from_dense([[[1], [-1]]], [["-1/8", "1/8"]])
    verdict = tropnet.compare(f, g, Box.ball([0], "1/2"), relation=relation)
    assert verdict.word == word
    assert tropnet.check(verdict.certificate, f, g)


def test_tolerances_reach_the_comparison() -> None:
    f = Network.from_dense([[[1], [4]]])
    box = Box([0], [1])
    assert tropnet.compare(f, f, box, atol=[1, "1/3"]).tolerances == (Fraction(1), Fraction(1, 3))
    verdict = tropnet.compare(f, f, box, rtol="1/2")
    assert verdict.tolerances == (Fraction(1, 2), Fraction(2))


def test_a_domain_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "box.vnnlib"
    path.write_text("(declare-const X_0 Real) (assert (<= X_0 0.1)) (assert (>= X_0 -3))")
    for given in (path, str(path)):
        verdict = tropnet.compare(ABSOLUTE, Network.from_dense([[[-1]]]), given)
        assert verdict.domain == Box([-3], ["0.1"])
        assert verdict.upper == Fraction(2, 10)
    path.write_text("(declare-const X_0 Real) (assert (or (<= X_0 0) (>= X_0 1)))")
    with pytest.raises(DomainError, match="2 cases, each a domain of its own"):
        tropnet.compare(ABSOLUTE, ABSOLUTE, path)
    with pytest.raises(FormatError, match=r"there is no file .*nowhere\.vnnlib"):
        tropnet.compare(ABSOLUTE, ABSOLUTE, "nowhere.vnnlib")


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"cannot compare a function R\^1 -> R\^1 with one R\^2"):
        tropnet.compare(ABSOLUTE, "examples:moons_a")


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(FormatError, match=r"there is no file nowhere\.onnx"):
        tropnet.compare(ABSOLUTE, "nowhere.onnx")
    with pytest.raises(FormatError, match="an object of type int"):
        tropnet.compare(ABSOLUTE, 7)


def test_precision_may_be_a_text_and_evidence_is_a_certificate() -> None:
    a, b, box = "examples:moons_a", "examples:moons_b", tropnet.Box.cube(2, 0, 1)
    verdict = tropnet.compare(a, b, box, atol=9, precision="1/10")
    assert verdict.upper <= verdict.lower * 11 / 10
    with pytest.raises(DomainError, match="precision is 'much'; give a share"):
        tropnet.compare(a, b, box, precision="much")
    others: list[tuple[Any, str]] = [(verdict, "Equivalent"), ({}, "dict"), (5, "int")]
    for wrong, name in others:
        with pytest.raises(CertificateError, match=f"evidence is a {name}; give the certificate"):
            tropnet.compare(a, b, box, evidence=wrong)
    again = tropnet.compare(a, b, box, atol=9, evidence=verdict.certificate)
    assert again.upper <= verdict.upper
