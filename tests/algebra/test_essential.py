"""Essential terms: nothing but exact arithmetic may have the last word."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.essential import essential_by_programs, essential_by_simplices
from tropnet.algebra import essential_decision
from tropnet.algebra.cell_search import MAYBE_ESSENTIAL, MAYBE_REDUNDANT, UNDECIDED
from tropnet.algebra.essential import EssentialTerms, essential_terms
from tropnet.algebra.term_evidence import Domination, Witness
from tropnet.domains import Box, Polyhedron
from tropnet.errors import CertificateError, DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import interior_point


def column(values: list[object]) -> RationalMatrix:
    return RationalMatrix.of([[v] for v in values])


def lattice_polynomial(
    seed: int, n: int, size: int, count: int, spread: int
) -> tuple[RationalMatrix, RationalMatrix]:
    """Integer points under a concave paraboloid, pushed down a little: many ties."""
    rng = np.random.default_rng(seed)
    points = np.unique(rng.integers(0, size, (count, n)), axis=0)
    values = -(points**2).sum(axis=1) - rng.integers(0, spread + 1, len(points))
    return RationalMatrix.of(points), column(values.tolist())


@st.composite
def tiny_polynomials(draw: st.DrawFn) -> tuple[RationalMatrix, RationalMatrix]:
    n = draw(st.integers(1, 3))
    k = draw(st.integers(1, 8))
    small = st.integers(-2, 2)
    rows = draw(
        st.lists(st.tuples(*[small] * n), min_size=k, max_size=k, unique=True)
        if 5**n >= k
        else st.just([(v,) for v in range(k)])
    )
    nudge = st.sampled_from([Fraction(0), Fraction(1, 2**60), Fraction(-1, 2**60)])
    values = [draw(small) + draw(nudge) for _ in rows]
    return RationalMatrix.of([list(row) for row in rows]), column(list(values))


# ---- traps: evidence that must not pass ----------------------------------------------------------


def example() -> EssentialTerms:
    exponents = RationalMatrix.of([[0, 0], [4, 0], [0, 4], [1, 1], [2, 2], [3, 0]])
    return essential_terms(exponents, column([0, 0, 0, 1, -1, -1]))


def test_evidence_of_a_small_polynomial() -> None:
    found = example()
    assert found.kept == (0, 1, 2, 3)
    found.check()
    assert isinstance(found.evidence[4], Domination)


@pytest.mark.parametrize(
    ("index", "piece", "reason"),
    [
        (3, Witness((Fraction(9), Fraction(9))), "not the strict maximum"),
        (0, Witness((Fraction(0), Fraction(0))), "not the strict maximum"),
        (0, Domination((1, 2), (Fraction(1, 2), Fraction(1, 2))), "not of the kind"),
        (4, Witness((Fraction(0), Fraction(0))), "not of the kind"),
        (4, Domination((1, 2), (Fraction(1, 2),)), "weights are missing"),
        (4, Domination((1, 2), (Fraction(1, 3), Fraction(2, 3))), "do not add up"),
        (4, Domination((1, 2), (Fraction(1, 2), Fraction(1, 3))), "not those of a mean"),
        (4, Domination((0, 1, 2), (Fraction(-1), Fraction(1), Fraction(1))), "not those of a mean"),
        (4, Domination((4,), (Fraction(1),)), "not kept"),
        (4, Domination((), ()), "not those of a mean"),
        (5, Domination((0, 1), (Fraction(1, 4), Fraction(3, 4)), (0,), (Fraction(1),)), "unknown"),
    ],
)
def test_false_evidence_is_refused(index: int, piece: Witness | Domination, reason: str) -> None:
    found = example()
    pieces = list(found.evidence)
    pieces[index] = piece
    with pytest.raises(CertificateError, match=f"term {index}: .*{reason}"):
        dataclasses.replace(found, given=tuple(pieces)).check()


def test_false_claims_are_refused() -> None:
    found = example()
    lower = dataclasses.replace(found, coefficients=column([0, 0, 0, 1, "1/1000", -1]))
    with pytest.raises(CertificateError, match="term 4"):
        dataclasses.replace(lower, given=found.evidence).check()
    for kept in [(0, 1, 2), (0, 1, 2, 3, 4), (1, 2, 3)]:
        with pytest.raises(CertificateError):
            dataclasses.replace(found, kept=kept, given=found.evidence).check()
    with pytest.raises(CertificateError, match="5 pieces for 6 terms"):
        dataclasses.replace(found, given=found.evidence[:5]).check()


def test_a_witness_outside_the_domain_is_refused() -> None:
    exponents, coefficients = RationalMatrix.of([[0], [1]]), column([0, -5])
    everywhere = essential_terms(exponents, coefficients)
    assert everywhere.kept == (0, 1)
    with pytest.raises(CertificateError, match="the witness lies outside"):
        dataclasses.replace(everywhere, domain=Box([0], [1]), given=everywhere.evidence).check()
    assert essential_terms(exponents, coefficients, Box([0], [1])).kept == (0,)


@pytest.mark.parametrize("status", [MAYBE_ESSENTIAL, MAYBE_REDUNDANT, UNDECIDED])
def test_a_float_search_that_lies_changes_nothing(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exponents, coefficients = lattice_polynomial(5, 2, 6, 40, 2)
    honest = essential_terms(exponents, coefficients)
    k = len(exponents)
    rng = np.random.default_rng(0)
    for fill in (0.0, np.nan, np.inf, 1e300):
        lie = (
            np.full(k, status),
            np.full((k, 2), fill),
            rng.integers(-3, k, (k, 3)),
        )
        monkeypatch.setattr(essential_decision, "scan_terms", lambda *_, lie=lie: lie)
        found = essential_terms(exponents, coefficients)
        assert found.kept == honest.kept
        found.check()


# ---- against slower deciders ---------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(tiny_polynomials())
def test_agrees_with_all_simplices(case: tuple[RationalMatrix, RationalMatrix]) -> None:
    exponents, coefficients = case
    found = essential_terms(exponents, coefficients)
    values = [row[0] for row in coefficients.to_fractions()]
    assert list(found.kept) == essential_by_simplices(exponents.to_fractions(), values)
    found.check()


@settings(max_examples=100, deadline=None)
@given(tiny_polynomials(), st.integers(0, 3))
def test_agrees_with_programs_on_a_domain(
    case: tuple[RationalMatrix, RationalMatrix], seed: int
) -> None:
    exponents, coefficients = case
    n = exponents.shape[1]
    rng = np.random.default_rng(seed)
    domain: Box | Polyhedron = Box.cube(n, "-1/2", 2)
    if seed:
        rows = rng.integers(-2, 3, (3, n))
        domain = Polyhedron(RationalMatrix.of(rows), [1, 1, 0] if rows[2].any() else [1, 1, 1])
    inside = interior_point(*domain.inequalities())
    if inside is None or inside.interior_is_empty:
        with pytest.raises(DomainError, match=r"is flat|is empty"):
            essential_terms(exponents, coefficients, domain)
        return
    found = essential_terms(exponents, coefficients, domain)
    assert found.kept == essential_by_programs(exponents, coefficients, domain)
    found.check()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n", "size", "count"), [(2, 9, 90), (3, 4, 70), (5, 2, 40)])
def test_integer_polynomials_with_many_ties(seed: int, n: int, size: int, count: int) -> None:
    exponents, coefficients = lattice_polynomial(seed, n, size, count, spread=seed)
    found = essential_terms(exponents, coefficients)
    assert found.kept == essential_by_programs(exponents, coefficients)
    found.check()


@pytest.mark.parametrize("n", [2, 3, 5])
def test_random_polynomials(n: int) -> None:
    rng = np.random.default_rng(n)
    exponents = RationalMatrix.of(rng.normal(size=(60, n)))
    coefficients = RationalMatrix.of(rng.normal(size=(60, 1)))
    found = essential_terms(exponents, coefficients)
    assert found.kept == essential_by_programs(exponents, coefficients)
    found.check()
    box = Box.cube(n)
    inside = essential_terms(exponents, coefficients, box)
    assert inside.kept == essential_by_programs(exponents, coefficients, box)
    inside.check()


# ---- near ties, far breakpoints, odd sizes -------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 6])
@pytest.mark.parametrize("bits", [20, 52, 60, 200, 1000])
def test_a_hair_above_a_facet_is_essential_and_below_is_not(n: int, bits: int) -> None:
    # the corners of a simplex under a generic affine function; the centroid within 2^-bits of it
    rng = np.random.default_rng(n)
    slope = RationalMatrix.of(rng.normal(size=(n, 1)))
    corners = RationalMatrix.stack_rows(
        [RationalMatrix.zeros(1, n), RationalMatrix.of(rng.normal(size=(n, n)))]
    )
    mean = RationalMatrix.of([[Fraction(1, n + 1)] * (n + 1)])
    exponents = RationalMatrix.stack_rows([corners, mean @ corners])
    for sign, expected in ((1, n + 2), (0, n + 1), (-1, n + 1)):
        hair = RationalMatrix.of([[0]] * (n + 1) + [[Fraction(sign, 2**bits)]])
        found = essential_terms(exponents, exponents @ slope + hair)
        assert len(found.kept) == expected
        found.check()


@pytest.mark.parametrize("far", [1e6, 1e12, 1e30, 1e200])
def test_far_breakpoints(far: float) -> None:
    # max(0, x − far, y − far, x + y − 3 far): each term wins somewhere, the last one beyond 2 far
    exponents = RationalMatrix.of([[0, 0], [1, 0], [0, 1], [1, 1]])
    found = essential_terms(exponents, column([0.0, -far, -far, -3 * far]))
    assert found.kept == (0, 1, 2, 3)
    found.check()
    near = essential_terms(exponents, column([0.0, -far, -far, -3 * far]), Box.cube(2, 0, far))
    assert near.kept == (0,)
    near.check()


def test_breakpoints_at_many_scales() -> None:
    # kinks of x ↦ max_i (i x − c_i) at 1, 10^3, …, 10^18, and each term needed
    kinks = [10 ** (3 * e) for e in range(7)]
    values = [-sum(kinks[:i]) for i in range(8)]
    exponents = RationalMatrix.of([[i, 0] for i in range(8)] + [[0, 1]])
    found = essential_terms(exponents, column([*values, -(10**40)]))
    assert found.kept == tuple(range(9))
    found.check()


@pytest.mark.parametrize("size", ["1e-300", "1e300", "1e-600", "1e600"])
def test_huge_and_tiny_numbers(size: str) -> None:
    scale = Fraction(size)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 2)), rng.normal(size=(20, 1))
    exponents, coefficients = RationalMatrix.of(a), RationalMatrix.of(b)
    expected = essential_terms(exponents, coefficients).kept
    stretch = RationalMatrix.diagonal([scale, 1 / scale])
    for e, c in [
        (exponents @ stretch, coefficients),
        (exponents, coefficients * scale),
        (exponents * scale, coefficients),
    ]:
        found = essential_terms(e, c)
        assert found.kept == expected
        found.check()


@pytest.mark.parametrize("size", ["1e-250", "1e-290", "1e-305", "1e-318", "1e-330"])
def test_near_ties_where_floats_are_subnormal(size: str) -> None:
    scale = Fraction(size)
    for hair in (-Fraction(1, 2**30), Fraction(0), Fraction(1, 2**30)):
        corners = [[0, 0], [1, 0], [0, 1], [Fraction(1, 3), Fraction(1, 3)]]
        exponents = RationalMatrix.of(corners) @ RationalMatrix.diagonal([scale, 1])
        found = essential_terms(exponents, column([0, 0, 0, hair]))
        assert len(found.kept) == (4 if hair > 0 else 3)
        low = essential_terms(RationalMatrix.of(corners), column([0, 0, 0, hair * scale]))
        assert low.kept == found.kept
        # beside a term of another size, whose coefficient sets the scale
        more = RationalMatrix.stack_rows([RationalMatrix.of(corners), RationalMatrix.of([[5, 5]])])
        beside = essential_terms(more, column([0, 0, 0, hair * scale, -1]))
        assert beside.kept == (*found.kept, 4)


def test_mixed_magnitudes_in_one_column() -> None:
    exponents = RationalMatrix.of([[1e300, 0], [1e-300, 1], [-1e-300, 1], [0, -1e300], [0, 1]])
    coefficients = column([0.0, 1e-300, 1e-300, 0.0, 1e-300])
    found = essential_terms(exponents, coefficients)
    assert found.kept == essential_by_programs(exponents, coefficients)
    found.check()


def test_duplicates_and_facet_points() -> None:
    square = [[0, 0], [2, 0], [0, 2], [2, 2], [1, 0], [1, 1], [0, 0], [1, 1]]
    found = essential_terms(RationalMatrix.of(square), column([0, 0, 0, 0, 0, 0, 0, -1]))
    assert found.kept == (0, 1, 2, 3)
    found.check()
    # of equal terms the first of the largest coefficient stays
    late = essential_terms(RationalMatrix.of(square), column([-9, 0, 0, 0, 0, 0, 0, -1]))
    assert late.kept == (1, 2, 3, 6)
    late.check()
    inside = essential_terms(
        RationalMatrix.of(square), column([-9, 0, 0, 0, 0, 0, 0, -1]), Box.cube(2)
    )
    assert inside.kept == (1, 2, 3, 6)
    inside.check()


@pytest.mark.parametrize("dimension", [0, 1, 2, 3])
def test_exponents_in_a_lower_dimensional_space(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    plane = RationalMatrix.of(rng.normal(size=(dimension, 4))) if dimension else None
    points = RationalMatrix.of(rng.integers(-9, 9, (40, max(dimension, 1))))
    exponents = points @ plane if plane else RationalMatrix.zeros(40, 4)
    exponents = exponents + RationalMatrix.of([["1/3", 0.1, -7, 0]])
    coefficients = RationalMatrix.of(rng.normal(size=(40, 1)))
    found = essential_terms(exponents, coefficients)
    found.check()
    if dimension:
        flat = essential_terms(points, coefficients)
        assert found.kept == flat.kept
    else:
        assert len(found.kept) == 1


def test_a_zonotope_has_as_many_terms_as_its_lines_have_cells() -> None:
    rng = np.random.default_rng(0)
    w, c = rng.normal(size=(13, 2)), rng.normal(size=(13, 1))
    bits = RationalMatrix.of((np.arange(2**13)[:, None] >> np.arange(13)) & 1)
    found = essential_terms(bits @ RationalMatrix.of(w), bits @ RationalMatrix.of(c))
    assert len(found.kept) == 1 + 13 + 13 * 12 // 2
    found.check()


# ---- edges ---------------------------------------------------------------------------------------


def test_none_and_one_term() -> None:
    nothing = essential_terms(RationalMatrix.zeros(0, 2), RationalMatrix.zeros(0, 1))
    assert nothing.kept == ()
    nothing.check()
    one = essential_terms(RationalMatrix.of([[1, 2]]), column([3]), Box.cube(2, 5, 6))
    assert one.kept == (0,)
    one.check()


def test_refusals() -> None:
    exponents, coefficients = RationalMatrix.of([[0, 1], [1, 0]]), column([0, 0])
    with pytest.raises(ShapeError, match=r"coefficients have shape \(1, 2\) for 2 rows"):
        essential_terms(exponents, coefficients.T)
    with pytest.raises(ShapeError, match="the domain has 3 coordinates"):
        essential_terms(exponents, coefficients, Box.cube(3))
    with pytest.raises(DomainError, match="is flat: it has no interior points"):
        essential_terms(exponents, coefficients, Box([0, 0], [1, 0]))
    with pytest.raises(DomainError, match="is empty"):
        essential_terms(exponents, coefficients, Polyhedron([[1, 0], [-1, 0]], [0, -1]))


def test_trivial_inequalities_do_not_matter() -> None:
    exponents, coefficients = RationalMatrix.of([[0, 1], [1, 0], [0, 0]]), column([0, 0, -5])
    domain = Polyhedron([[0, 0], [-1, 0], [0, 0], [0, -1]], [0, 0, 3, 0])
    found = essential_terms(exponents, coefficients, domain)
    assert found.kept == (0, 1)
    found.check()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_domain_of_trivial_inequalities_is_the_whole_space(n: int) -> None:
    everything = Polyhedron([[0] * n] * 2, [0, 3])
    rows = [[k, *(0 for _ in range(n - 1))] for k in range(4)]  # in one line, for n > 1 a flat one
    exponents, coefficients = RationalMatrix.of(rows), RationalMatrix.of([[0], [1], [-5], [0]])
    found = essential_terms(exponents, coefficients, everything)
    assert found.kept == essential_terms(exponents, coefficients).kept == (0, 1, 3)
    found.check()
    with pytest.raises(DomainError, match="empty"):
        essential_terms(exponents, coefficients, Polyhedron([[0] * n], [-1]))
