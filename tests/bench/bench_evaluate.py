"""Evaluating a tropical polynomial against the bare matrix product of the same shapes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tests.bench.measure import Measurement, Reference, measure
from tropnet.algebra import TropicalPolynomial

TERMS, VARIABLES, POINTS = 10_000, 10, 100_000
#: Rows of the bare product at a time: the whole of it would be 8 GB. Measured to be its best size.
ROWS = 64


def bare_product(points: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
    """Multiply as fast as possible and look at nothing."""
    values = np.empty((ROWS, weights.shape[1]))
    for start in range(0, len(points), ROWS):
        rows = points[start : start + ROWS]
        np.matmul(rows, weights, out=values[: len(rows)])


def measurements() -> Iterator[Measurement]:
    rng = np.random.default_rng(0)
    polynomial = TropicalPolynomial(rng.normal(size=(TERMS, VARIABLES)), rng.normal(size=TERMS))
    points = rng.normal(size=(POINTS, VARIABLES))
    weights = np.ascontiguousarray(polynomial.float_exponents.T)
    bare = Reference("bare matmul", lambda: bare_product(points, weights))
    yield measure(
        f"{TERMS} terms, {VARIABLES} variables, {POINTS} points",
        lambda: polynomial.evaluate(points),
        reference=bare,
        at_most=1.8,
        repeats=5,
    )
    few = points[:2000]
    yield measure(
        f"gradient at {len(few)} points, terms chosen exactly",
        lambda: polynomial.gradient(few),
        reference=Reference("bare matmul", lambda: bare_product(few, weights)),
        at_most=40,
        repeats=5,
    )
