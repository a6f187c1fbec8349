"""Essential terms: time a term, against a matmul, qhull (which is not exact) and a bare LP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tests.bench.measure import Measurement, Reference, measure
from tropnet.algebra import TropicalPolynomial
from tropnet.algebra.essential import essential_terms
from tropnet.exact import RationalMatrix
from tropnet.simplification.dual_subdivision import dual_subdivision

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: 180 µs a term where the unit takes .04 s
_PROMISED = 180e-6 / 0.04


def gauss(n: int, k: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(k, n)), rng.normal(size=(k, 1))


def zonotope(n: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Subset sums: the terms of a network with one hidden layer."""
    rng = np.random.default_rng(0)
    bits = (np.arange(k)[:, None] >> np.arange(int(np.ceil(np.log2(k))))) & 1
    return bits @ rng.normal(size=(bits.shape[1], n)), bits @ rng.normal(size=(bits.shape[1], 1))


def lattice(n: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Integer points under a concave paraboloid: ties everywhere."""
    rng = np.random.default_rng(0)
    side = round((1.3 * k) ** (1 / n))
    points = np.unique(rng.integers(0, side, (3 * k, n)), axis=0)[:k].astype(np.float64)
    return points, -(points**2).sum(axis=1, keepdims=True) - rng.integers(0, 3, (len(points), 1))


_CASES = [
    ("gauss", gauss, 5, 1000),
    ("zonotope", zonotope, 5, 1000),
    ("lattice", lattice, 5, 1000),
    ("gauss", gauss, 2, 10_000),
    ("zonotope", zonotope, 2, 10_000),
    ("lattice", lattice, 2, 1000),
    ("gauss", gauss, 1, 10_000),
    ("gauss", gauss, 10, 1000),
]


def measurements() -> Iterator[Measurement]:
    for name, family, n, k in _CASES:
        a, b = (RationalMatrix.of(v) for v in family(n, k))
        promised = _PROMISED if n <= 5 else 3 * _PROMISED
        yield measure(
            f"{name} n={n}, {len(a)} terms, each",
            lambda a=a, b=b: essential_terms(a, b),  # type: ignore[misc]
            per=len(a),
            at_most=promised,
            repeats=3,
        )
    yield from _evidence()
    yield from _dual_cells()
    yield from _peers()


def _evidence() -> Iterator[Measurement]:
    # asked, at .045 s a unit: 70 µs, 180 µs and 300 µs a term
    for name, family, n, k, asked in (
        ("gauss", gauss, 2, 10_000, 0.0016),
        ("zonotope", zonotope, 2, 10_000, 0.0016),
        ("gauss", gauss, 5, 1000, 0.004),
        ("gauss", gauss, 10, 1000, 0.0067),
    ):
        a, b = (RationalMatrix.of(v) for v in family(n, k))
        yield measure(
            f"{name} n={n}, {len(a)} terms, with evidence (asked {asked}), each",
            lambda a=a, b=b: essential_terms(a, b).evidence,  # type: ignore[misc]
            per=len(a),
            at_most=3 * asked,
            repeats=3,
        )
    for name, family in [("gauss", gauss), ("lattice", lattice)]:
        a, b = (RationalMatrix.of(v) for v in family(5, 1000))

        def run(a: RationalMatrix = a, b: RationalMatrix = b) -> None:
            essential_terms(a, b).check()

        yield measure(
            f"{name} n=5, {len(a)} terms, decided, proved and checked, each",
            run,
            per=len(a),
            at_most=6 * _PROMISED,
            repeats=3,
        )


def _dual_cells() -> Iterator[Measurement]:
    rng = np.random.default_rng(0)
    p = TropicalPolynomial(rng.integers(0, 12, (200, 3)), rng.normal(size=200))
    yield measure(
        "dual cells of 200 terms, n=3 (asked .11)",
        lambda: dual_subdivision(p),
        at_most=0.2,
    )


def _peers() -> Iterator[Measurement]:
    from scipy.optimize import linprog
    from scipy.spatial import ConvexHull

    for n in (2, 3, 5):
        points = np.hstack(gauss(n, 1000))
        a, b = RationalMatrix.of(points[:, :n]), RationalMatrix.of(points[:, n:])
        hull = Reference("qhull", lambda points=points: ConvexHull(points))  # type: ignore[misc]
        yield measure(
            f"gauss n={n}, 1000 terms",
            lambda a=a, b=b: essential_terms(a, b),  # type: ignore[misc]
            reference=hull,
            at_most=30,
            repeats=3,
        )
    points = np.hstack(gauss(5, 1000))
    a, b = RationalMatrix.of(points[:, :5]), RationalMatrix.of(points[:, 5:])
    rows = np.hstack([points[1:, :5] - points[0, :5], np.ones((999, 1))])
    cost = np.array([0.0] * 5 + [-1.0])
    bounds = [(None, None)] * 5 + [(None, 1.0)]
    single = Reference(
        "one linprog over all terms",
        lambda: linprog(cost, A_ub=rows, b_ub=points[0, 5] - points[1:, 5], bounds=bounds),
    )
    yield measure(
        "gauss n=5, 1000 terms, each",
        lambda: essential_terms(a, b),
        reference=single,
        per=1000,
        at_most=0.1,
        repeats=3,
    )
