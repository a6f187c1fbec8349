"""Facts of other systems on arithmetic, evaluation and functional equality."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tropnet.algebra import (
    MaxPlus,
    TropicalMap,
    TropicalPolynomial,
    TropicalRational,
    newton_vertices,
    parse,
    roots,
    split_form,
)

#: Facts about dual subdivisions, hypersurfaces, curves or linear regions: not the algebra's.
GEOMETRY = {
    "dual_conic", "curve_line", "curve_conic_vertices", "curve_min_smooth", "polymake_conic",
    "tn_area1", "znl_fig1", "arrangement", "poly3_200_random",
}  # fmt: skip
#: The recorded input does not say which functions were composed.
INCOMPLETE = {"tn_comp"}


@pytest.fixture(scope="module")
def facts(tropnet_data: Path) -> dict[str, dict[str, Any]]:
    text = (tropnet_data / "facts" / "tropical_algebra.json").read_text(encoding="utf-8")
    return {fact["id"]: fact for fact in json.loads(text)}


def read(terms: Any) -> TropicalPolynomial:
    return TropicalPolynomial.from_terms((exponents, value) for exponents, value in terms)


def test_every_fact_is_tested_or_belongs_to_geometry(facts: dict[str, dict[str, Any]]) -> None:
    here = {name.removeprefix("test_fact_") for name in globals() if name.startswith("test_fact_")}
    assert here | GEOMETRY | INCOMPLETE == set(facts)
    assert not here & (GEOMETRY | INCOMPLETE)


def test_fact_uni_mul1(facts: dict[str, dict[str, Any]]) -> None:
    p = parse("(x + 3*x) * (x^2 + x)", syntax="tropical")
    assert p == read(facts["uni_mul1"]["expected"])


def test_fact_uni_sq(facts: dict[str, dict[str, Any]]) -> None:
    assert parse("(x^2 + 1*x + -1)^2", syntax="tropical") == read(facts["uni_sq"]["expected"])


def check_sum(fact: dict[str, Any]) -> None:
    p, q = map(read, fact["input"])
    assert p + q == read(fact["expected"])


def test_fact_uni_add(facts: dict[str, dict[str, Any]]) -> None:
    check_sum(facts["uni_add"])


def test_fact_bi_add(facts: dict[str, dict[str, Any]]) -> None:
    check_sum(facts["bi_add"])


def check_value(fact: dict[str, Any]) -> None:
    terms, point = fact["input"]
    expected = Fraction(fact["expected"])
    assert read(terms)(point) == expected
    floats = np.atleast_2d(np.array(point, dtype=np.float64))
    assert read(terms).evaluate(floats).tolist() == [float(expected)]


def test_fact_uni_eval(facts: dict[str, dict[str, Any]]) -> None:
    check_value(facts["uni_eval"])


def test_fact_bi_eval(facts: dict[str, dict[str, Any]]) -> None:
    check_value(facts["bi_eval"])


def test_fact_tn_eval(facts: dict[str, dict[str, Any]]) -> None:
    check_value(facts["tn_eval"])


def check_roots(fact: dict[str, Any]) -> None:
    found = [(root.point, root.multiplicity) for root in roots(read(fact["input"][0]))]
    assert found == [(Fraction(point), times) for point, times in fact["expected"]]


def test_fact_uni_roots1(facts: dict[str, dict[str, Any]]) -> None:
    check_roots(facts["uni_roots1"])


def test_fact_uni_piecewise(facts: dict[str, dict[str, Any]]) -> None:
    check_roots(facts["uni_piecewise"])


def test_fact_uni_split_max1(facts: dict[str, dict[str, Any]]) -> None:
    fact = facts["uni_split_max1"]
    assert split_form(read(fact["input"][0])) == read(fact["expected"])


def test_fact_uni_split_min(facts: dict[str, dict[str, Any]]) -> None:
    """Min-plus polynomials come in with `from_min_plus` and go out with `to_min_plus`."""
    fact = facts["uni_split_min"]
    terms = fact["input"][0]
    p = TropicalPolynomial.from_min_plus([row for row, _ in terms], [value for _, value in terms])
    exponents, coefficients = split_form(p).to_min_plus()
    found = zip(exponents.to_fractions(), coefficients.to_fractions(), strict=True)
    assert [([int(e) for e in row], str(c[0])) for row, c in found] == [
        (row, value) for row, value in fact["expected"]
    ]


def test_fact_tdet(facts: dict[str, dict[str, Any]]) -> None:
    (matrix,) = facts["tdet"]["input"]
    assert MaxPlus(matrix).determinant() == facts["tdet"]["expected"]
    assert MaxPlus(matrix).to_floats().determinant() == facts["tdet"]["expected"]


def test_fact_matvec(facts: dict[str, dict[str, Any]]) -> None:
    (matrix,) = facts["tdet"]["input"]
    assert MaxPlus(matrix) @ [1, 1, 2] == MaxPlus(facts["matvec"]["expected"])


def test_fact_formal_square(facts: dict[str, dict[str, Any]]) -> None:
    p = parse("max(0, x, 2*y)")
    assert isinstance(p, TropicalPolynomial)
    assert (p**2).k == facts["formal_square"]["expected"]
    assert (p**2).essential().k == p.power(2).k == 3
    assert p**2 != p.power(2)
    assert (p**2).equals(p.power(2))


def test_fact_freshman_dream(facts: dict[str, dict[str, Any]]) -> None:
    terms, exponent = facts["freshman_dream"]["input"]
    p = read(terms)
    powers = [TropicalPolynomial.from_terms([term]) ** exponent for term in terms]
    assert (p**exponent).equals(TropicalPolynomial.sum_of(powers))
    assert p**exponent != TropicalPolynomial.sum_of(powers)


def test_fact_tn_merge(facts: dict[str, dict[str, Any]]) -> None:
    p = parse("max(1 + x1, 2 + x2)") * parse("max(3 + x1, 4 + x2)")
    assert isinstance(p, TropicalPolynomial)
    count, middle = facts["tn_merge"]["expected"]
    found = {term.exponents: term.coefficient for term in p.terms()}
    assert (p.k, found[(Fraction(1), Fraction(1))]) == (count, Fraction(middle))


def test_fact_tn_relu_net(facts: dict[str, dict[str, Any]]) -> None:
    first = TropicalMap.affine([[1.5]], [0.25])
    threshold = TropicalMap([parse("max(1/2, x1)")])
    second = TropicalMap.affine([[2]], [0.125])
    network = second(threshold(first))
    assert network(1) == (Fraction(facts["tn_relu_net"]["expected"]),)


def test_fact_tn_ratio_one(facts: dict[str, dict[str, Any]]) -> None:
    p = parse("max(0, -1 + x, -4 + 2*x, -9 + 3*x, -16 + 4*x, -25 + 5*x)")
    quotient = p / p
    assert isinstance(quotient, TropicalRational)
    # one linear region: it is the constant 0 as a function, though not formally
    assert facts["tn_ratio_one"]["expected"] == 1
    assert quotient.equals(0)
    assert quotient != TropicalRational.of(0, 1)
    assert p.essential().k == 6


def test_fact_tn_vertices1d(facts: dict[str, dict[str, Any]]) -> None:
    p = parse("max(0, 1 + x, 1 + 2*x)")
    assert isinstance(p, TropicalPolynomial)
    expected = [Fraction(value) for value in facts["tn_vertices1d"]["expected"]]
    assert [root.point for root in roots(p)] == expected
    assert p.active_terms(Fraction(-1, 2)) == (1,)


def test_newton_polytope_of_the_recorded_conics(facts: dict[str, dict[str, Any]]) -> None:
    p = read(facts["dual_conic"]["input"][0])
    corners = {(0, 0), (0, 2), (2, 0)}
    assert {tuple(map(int, vertex)) for vertex in newton_vertices(p)} == corners
    assert all(p(point) == p(list(map(float, point))) for point in product(range(-3, 4), repeat=2))
