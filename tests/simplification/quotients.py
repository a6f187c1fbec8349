"""Quotients to simplify, and what has to hold of the result."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

from tropnet import Box
from tropnet.algebra import TropicalPolynomial, TropicalRational, parse
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, maximize
from tropnet.simplification import Simplification
from tropnet.simplification.common_cells import CommonCells
from tropnet.simplification.simplify_rational import simplify_rational


def polynomial(text: str, n: int = 2) -> TropicalPolynomial:
    found = parse(text, syntax="classical", n=n)
    assert isinstance(found, TropicalPolynomial)
    return found


def quotient(p: str, q: str, n: int = 2) -> TropicalRational:
    return TropicalRational(polynomial(p, n), polynomial(q, n))


def random_polynomial(random: Random, n: int, k: int, size: int = 4) -> TropicalPolynomial:
    terms = [
        (
            [Fraction(random.randint(-size, size), random.choice([1, 1, 2, 3])) for _ in range(n)],
            Fraction(random.randint(-size, size), random.choice([1, 2])),
        )
        for _ in range(k)
    ]
    return TropicalPolynomial.from_terms({tuple(a): c for a, c in terms}, n)


def points(
    random: Random, n: int, domain: Box | None = None, count: int = 40
) -> Iterator[list[Fraction]]:
    for _ in range(count):
        if domain is None:
            yield [Fraction(random.randint(-400, 400), random.randint(1, 60)) for _ in range(n)]
        else:
            sides = zip(domain.lower, domain.upper, strict=True)
            yield [low + (high - low) * Fraction(random.randint(0, 97), 97) for low, high in sides]


def assert_sound(found: Simplification[TropicalRational], domain: Box | None = None) -> None:
    """The result is the same function, no larger, the evidence replays, nothing more happens."""
    f, g = found.original, found.result
    assert sum(g.k) <= sum(f.k)
    probes = list(points(Random(1), f.n, domain))
    assert f.exact(probes) == g.exact(probes)
    assert found.replay()
    assert f.difference_point(g, domain, max_terms=10**6) is None
    assert found.complete
    again = simplify_rational(g, domain)
    assert again.result == g
    assert not again.steps


def subtractable(f: TropicalRational, domain: Box | None = None) -> bool:
    """Tell by one exact linear program whether something convex can be taken from both P and Q.

    The unknowns are the values of that function's affine pieces on all common cells, and it has to
    leave convex functions behind; nothing is known here of bends that balance, nor of classes.
    """
    f = f.essential(domain)
    cells = CommonCells.of(f.numerator, f.denominator, domain)
    width, count = f.n + 1, len(cells.cells)
    rows: list[list[Any]] = []
    for facet in cells.facets:
        a, b = facet.cells
        pivot = next(k for k, v in enumerate(facet.form) if v)
        jump: list[list[Any]] = [[0] * (width * count) for _ in range(width)]
        for k in range(width):
            jump[k][a * width + k], jump[k][b * width + k] = 1, -1
        # the jump is a multiple of the form of the facet …
        for k in range(width):
            if k != pivot:
                row = [
                    facet.form[pivot] * u - facet.form[k] * v
                    for u, v in zip(jump[k], jump[pivot], strict=True)
                ]
                rows += [[*row, 0], [*(-v for v in row), 0]]
        # … between 0 and what P bends, and Q
        share = [Fraction(v, facet.form[pivot]) for v in jump[pivot]]
        rows.append([*(-v for v in share), 0])
        rows.append([*share, min(facet.bend_p, facet.bend_q)])
    # the first piece is 0: a convex function is sought up to an affine one
    for k in range(width):
        unit: list[Any] = [0] * (width * count)
        unit[k] = 1
        rows += [[*unit, 0], [*(-v for v in unit), 0]]
    program = RationalMatrix.of(rows)
    size = width * count
    total = [Fraction(0)] * size
    for facet in cells.facets:
        pivot = next(k for k, v in enumerate(facet.form) if v)
        for cell, sign in zip(facet.cells, (1, -1), strict=True):
            total[cell * width + pivot] += Fraction(sign, facet.form[pivot])
    best = maximize(
        RationalMatrix.of([total]), program.columns(range(size)), program.columns([size])
    )
    assert isinstance(best, Optimal)
    return best.value > 0
