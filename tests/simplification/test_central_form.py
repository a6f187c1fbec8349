"""Bends along rays from one point: one more ray closes both P and Q."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from tropnet import Box
from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.simplification.central_form import central_form
from tropnet.simplification.common_cells import CommonCells
from tropnet.simplification.simplify_rational import simplify_rational

x, y = TropicalPolynomial.variables(2)


def centred(random: Random, at: tuple[Fraction, Fraction]) -> TropicalPolynomial:
    terms = []
    for _ in range(random.randint(2, 5)):
        a, b = random.randint(-3, 3), random.randint(-3, 3)
        terms.append(([a, b], -a * at[0] - b * at[1]))
    return TropicalPolynomial.from_terms(terms).essential()


def test_random_centres() -> None:
    random = Random(7)
    found = 0
    for _ in range(60):
        at = (Fraction(random.randint(-5, 5), 3), Fraction(random.randint(-5, 5), 7))
        f = TropicalRational(centred(random, at), centred(random, at))
        cells = CommonCells.of(f.numerator, f.denominator)
        form = central_form(cells)
        if form is None:
            continue
        found += 1
        assert f.equals(form)
        assert form.essential().k == form.k
        jumps = [facet.bend_p - facet.bend_q for facet in cells.facets]
        convex, concave = sum(v > 0 for v in jumps), sum(v < 0 for v in jumps)
        # one ray more than f bends along, unless it lies on one of those
        assert form.k[0] in (convex, convex + 1)
        assert form.k[1] in (concave, concave + 1)
        # and nothing convex is left to subtract: both bend along that ray alone
        again = CommonCells.of(form.numerator, form.denominator)
        assert sum(bool(facet.bend_p and facet.bend_q) for facet in again.facets) <= 1
        simpler = simplify_rational(f).result
        assert sum(simpler.k) <= sum(form.k)
    assert found > 15


def test_none_where_bends_start_at_several_points_or_close_up() -> None:
    several = TropicalRational(0 + x + y, 1 + x + y * 2)
    assert central_form(CommonCells.of(several.numerator, several.denominator)) is None
    closed = CommonCells.of(0 + x + y, 0 + x * y)
    assert central_form(closed) is None
    line = CommonCells.of(0 + x * y, 0 + x * y * x * y)
    assert central_form(line) is None


def test_the_centre_lies_inside_the_domain() -> None:
    f = TropicalRational((0 + x) * (0 + y), 0 + x + y)
    inside, corner = Box.cube(2), Box([0, 0], [1, 1])
    assert simplify_rational(f, inside).result.k == (3, 2)
    found = simplify_rational(f, corner)
    assert found.result.k == (1, 2)  # min(x, y)
    assert found.replay()


def test_modulo_lines() -> None:
    # the same in three variables, constant along (1, 1, 1)
    u, v, w = TropicalPolynomial.variables(3)
    p, q = (w + u) * (w + v), (w + u + v) * w
    found = simplify_rational(TropicalRational(p, q))
    assert found.result.k == (3, 2)
    assert found.replay()
