"""Tropical products, exact, against the unit matmul."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.bench.measure import Measurement, measure
from tropnet.algebra import TropicalPolynomial


def measurements() -> Iterator[Measurement]:
    rng = np.random.default_rng(0)
    for size, at_most in ((100, 0.1), (1000, 1.5)):
        p, q = (
            TropicalPolynomial(rng.integers(0, 100, (size, 2)), rng.integers(-99, 99, size))
            for _ in range(2)
        )
        yield measure(
            f"product of {size} by {size} terms, small integers",
            lambda p=p, q=q: p * q,  # type: ignore[misc]
            at_most=at_most,
        )
        if size == 1000:
            yield measure(
                "product of 1000 by 1000 terms, essential terms only (asked .067)",
                lambda p=p, q=q: (p.essential() * q.essential()).essential(),  # type: ignore[misc]
                at_most=0.1,
            )
    p, q = (TropicalPolynomial(rng.normal(size=(100, 3)), rng.normal(size=100)) for _ in range(2))
    yield measure("product of 100 by 100 terms, any floats, exact", lambda: p * q, at_most=0.5)
