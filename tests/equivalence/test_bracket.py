from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.errors import CertificateError
from tropnet.network import Network

dense = Network.from_dense
ABSOLUTE = dense([[[1], [-1]], [[1, 1]]])
HALF = dense([[[1], [-1]], [[1, "1/2"]]])


def bracket(domain: Any = None, atol: Any = 0) -> Bracket:
    return Bracket(Problem.of(ABSOLUTE, HALF, domain, atol=atol))


def test_only_improvements_are_kept() -> None:
    found = bracket(Box([-4], [4]))
    assert found.lower.value == 0
    assert found.offer_point([Fraction(-2)]) == 1
    assert found.offer_point([Fraction(-1)]) == Fraction(1, 2)
    assert found.witness == (Fraction(-2),)
    assert found.lower.value == 1
    found.offer_upper(Fraction(3), "intervals")
    found.offer_upper(Fraction(5), "cells")
    found.offer_upper(None, "none")
    assert found.upper.value == 3
    assert found.upper.method == "intervals"


def test_points_outside_the_domain_are_refused() -> None:
    found = bracket(Box([0], [4]))
    assert found.offer_point([Fraction(-1)]) is None
    assert not found.different


def test_atol_parts_witnesses_from_mere_bounds() -> None:
    found = bracket(Box([-4], [4]), atol=1)
    found.offer_point([Fraction(-2)])
    assert not found.decided
    found.offer_point([Fraction(-2) - Fraction(1, 2**100)])
    assert found.different
    other = bracket(Box([-4], [4]), atol=1)
    other.offer_upper(Fraction(1), "intervals")
    assert other.equivalent


def test_directions() -> None:
    found = bracket()
    found.offer_direction((Fraction(-1),))
    assert found.lower.value is None
    found.offer_point([Fraction(-9)])
    assert found.lower.value is None


def test_the_hull_goes_into_the_certificate() -> None:
    found = bracket(Polyhedron([[1], [-1]], [1, 1]))
    found.offer_upper(Fraction(1), "intervals", {"matchings": None})
    assert found.upper.data["hull"] == [[["0", "1"], ["1", "0"]]]


def test_contradictions_are_refused() -> None:
    found = bracket(Box([-4], [4]))
    found.offer_point([Fraction(-4)])
    found.offer_upper(Fraction(2), "intervals")
    found.require_consistent()
    found.offer_upper(Fraction(1), "intervals")
    with pytest.raises(CertificateError, match="at least 2 and at most 1 by intervals"):
        found.require_consistent()
    far = bracket()
    far.offer_upper(Fraction(1), "relations", {})
    far.offer_direction((Fraction(-1),))
    with pytest.raises(CertificateError, match="at least inf and at most 1"):
        far.require_consistent()
