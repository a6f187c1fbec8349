from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random

import pytest

from tests.checker.mutants import is_true, mutants
from tests.simplification.proven_bounds import gap
from tropnet.checker import Certificate
from tropnet.domains import Box, Polyhedron
from tropnet.equivalence import Different, Equivalent
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError, DomainError, ShapeError
from tropnet.network import Network
from tropnet.simplification.approximation import Approximation, Question
from tropnet.simplification.merge_units import merge_units
from tropnet.simplification.prune import prune

dense = Network.from_dense
SQUARE = Box.cube(2)
WIDE = dense([[[4, 0], [4, 0.5], [-1, 1]], [[1, 1, 1]]])


@cache
def merged() -> Approximation:
    return merge_units(WIDE, SQUARE, units=2)


def test_what_is_told() -> None:
    found = prune(WIDE, SQUARE, threshold=0.75)
    text = str(found)
    assert text.startswith("3 → 3 ReLU units, 0 → 0 affine units, 8 → 7 parameters")
    assert "; 0.5 <= sup|f-g| <= 0.5 on Box" in text
    assert "layer 1 (dense 0): prune: 1 removed (of 5 weights; weights below 0.75)" in text
    assert "on Box.cube(2, '-1', '1')" in text
    assert repr(found).startswith("Approximation(Network(2-3-1")
    assert (found.before["parameters"], found.after["parameters"]) == (8, 7)
    page = found._repr_html_()
    assert page.startswith("<div><strong>Approximation</strong>")
    assert "<script" not in page
    assert isinstance(found.verdict, Different)
    assert found.verdict.witness.gap == found.attained == found.bound == Fraction(1, 2)


def test_a_certificate_without_its_networks_is_refused() -> None:
    found = merged()
    assert found.replay()
    assert found.near != found.result
    assert not replace(found, original=found.result).replay()
    assert not replace(found, result=WIDE).replay()
    bare = replace(found, equality=None)
    assert bare.replay().reason == "nothing proves that the result is what was compared"
    other = replace(found, domain=Box.cube(2, -9, 9))
    assert other.replay().reason == "the bounds are those of another domain"


def test_an_equality_of_another_kind_is_refused() -> None:
    found = merged()
    assert found.equality is not None
    near = compare_networks(found.near, found.result, SQUARE, atol=1).certificate
    below = compare_networks(found.near, found.result, SQUARE, relation="at_most").certificate
    for certificate in (near, below):
        report = replace(found, equality=certificate).replay()
        assert report.reason == "the certificate of the result does not claim equality"
    point = compare_networks(found.near, found.result, Box([0, 0], [0, 0])).certificate
    assert replace(found, equality=point).replay().reason == (
        "the result is proven equal on another domain"
    )
    swapped = compare_networks(found.result, found.near, SQUARE)
    assert isinstance(swapped, Equivalent)
    assert not replace(found, equality=swapped.certificate).replay()


def test_mutated_proofs_are_rejected_or_true() -> None:
    found = merged()
    assert found.equality is not None
    rng, refused = Random(6), 0
    for first in (True, False):
        whole = found.verdict.certificate if first else found.equality
        pair = (found.original, found.near) if first else (found.near, found.result)
        for data in mutants(whole.to_json(), rng, 60):
            try:
                mutant = Certificate.from_json(data)
            except CertificateError:
                refused += 1
                continue
            if first:
                changed = replace(found, verdict=replace(found.verdict, certificate=mutant))
            else:
                changed = replace(found, equality=mutant)
            if not changed.replay():
                refused += 1
            else:
                assert is_true(mutant, *pair)
    assert refused > 60


def test_without_a_domain_there_is_mostly_no_bound() -> None:
    found = prune(WIDE, threshold=0.75)
    assert found.bound is None
    assert found.attained is None  # it grows without bound along a ray
    assert "on all of Rⁿ" in str(found)
    assert found.replay()
    flat = prune(dense([[[1], [-1]], [[1, 0.5]]], [[0, -1], [0]]), threshold="0.75")
    assert (flat.bound, flat.attained) == (None, None)


def test_an_unbounded_polyhedron_has_bounds_where_they_are_proven() -> None:
    half = Polyhedron([[-1, 0], [0, 1], [0, -1]], [0, 1, 1])  # x >= 0, |y| <= 1
    found = prune(WIDE, half, threshold=0.75, time_limit=4)
    assert found.attained is not None
    assert found.attained >= Fraction(1, 2)
    assert found.replay()


def test_a_tolerance_ends_the_work() -> None:
    found = prune(WIDE, SQUARE, threshold=0.75, atol="0.6")
    assert isinstance(found.verdict, Equivalent)
    assert found.bound is not None
    assert found.bound <= Fraction(3, 5)
    assert isinstance(prune(WIDE, SQUARE, threshold=0.75, atol="0.4").verdict, Different)


@pytest.mark.parametrize("norm", ["inf", "1", "2"])
def test_norms(norm: str) -> None:
    f = dense([[[1, 0], [0, 0.25], [0.25, 0]], [[1, 0, 1], [0, 1, 1]]])
    verdict = Question(SQUARE, norm, time_limit=3).measured(f, prune(f, threshold="0.5").result)  # type: ignore[arg-type]
    assert verdict.norm == norm
    largest = {"inf": Fraction(1, 2), "1": Fraction(3, 4), "2": None}[norm]
    if largest is not None:
        assert verdict.lower == verdict.upper == largest


def test_wrong_domains() -> None:
    with pytest.raises(ShapeError, match="the domain has 3 coordinates, the function has 2 inputs"):
        prune(WIDE, Box.cube(3), fraction=0)
    with pytest.raises(DomainError, match="norm"):
        prune(WIDE, SQUARE, fraction=0.5, norm="3")  # type: ignore[arg-type]


def test_the_gap_of_the_result_is_that_of_what_was_compared() -> None:
    found = merged()
    assert gap(found.near, found.result, found.point) == 0
    assert gap(found.original, found.result, found.point) == found.attained
