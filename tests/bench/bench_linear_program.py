"""Certified exact linear programs against HiGHS, which certifies nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.bench.measure import Measurement, Reference, measure
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import maximize


def measurements() -> Iterator[Measurement]:
    from scipy.optimize import linprog

    rng = np.random.default_rng(0)
    for n, rows, at_most in [(5, 100, 3), (5, 1000, 10), (10, 200, 8), (20, 200, 20)]:
        a = rng.normal(size=(rows, n))
        b = 1 + np.abs(rng.normal(size=(rows, 1)))
        c = rng.normal(size=(1, n))
        exact = [RationalMatrix.of(v) for v in (c, a, b)]
        highs = Reference(
            "scipy linprog",
            lambda a=a, b=b, c=c: linprog(-c[0], A_ub=a, b_ub=b[:, 0], bounds=(None, None)),  # type: ignore[misc]
        )
        yield measure(
            f"exact LP, n={n}, {rows} rows",
            lambda exact=exact: maximize(*exact),  # type: ignore[misc]
            reference=highs,
            at_most=at_most,
        )
