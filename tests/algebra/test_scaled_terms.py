"""Scaled floats stay within the bounds that the compiled search relies on."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tropnet.algebra.scaled_terms import ScaledTerms
from tropnet.domains import Box
from tropnet.exact import RationalMatrix

SIZES = ["1e-500", "1e-320", "1e-305", "1e-100", "1", "1e100", "1e307", "1e500"]


@pytest.mark.parametrize("left", SIZES)
@pytest.mark.parametrize("right", SIZES)
def test_entries_are_near_the_exact_ones_up_to_one_factor(left: str, right: str) -> None:
    rng = np.random.default_rng(0)
    table = RationalMatrix.of(rng.normal(size=(5, 3)) * 10.0 ** rng.integers(-30, 30, (5, 3)))
    pairs = [
        (table.columns([0, 1]) * Fraction(left), table.columns([2]) * Fraction(left)),
        (table.columns([1, 0]) * Fraction(right), table.columns([2]) * Fraction(right)),
    ]
    scaled = ScaledTerms.of(pairs)
    assert scaled.usable
    assert np.abs(scaled.a).max() < 2
    for group, (a, b) in enumerate(pairs):
        part = slice(5 * group, 5 * group + 5)
        rows = np.concatenate([scaled.a[:, part], scaled.b[None, part]]).T
        exact = RationalMatrix.stack_columns([a, b]).to_fractions()
        powers = [*(Fraction(2) ** int(k) for k in scaled.column), Fraction(2) ** scaled.value]
        exact = [[v / p for v, p in zip(row, powers, strict=True)] for row in exact]
        # the polynomial's own power of two, from its largest entry
        i, j = np.unravel_index(int(np.abs(rows).argmax()), rows.shape)
        ratio = Fraction(float(rows[i, j])) / exact[int(i)][int(j)]
        factor = Fraction(2) ** round(np.log2(float(ratio)) if 0 < ratio < 10**300 else log2(ratio))
        for floats, row in zip(rows.tolist(), exact, strict=True):
            for near, v in zip(floats, row, strict=True):
                assert (
                    abs(Fraction(near) - v * factor)
                    <= abs(v * factor) / 2**53 + Fraction(2) ** -875
                )


def log2(ratio: Fraction) -> int:
    return ratio.numerator.bit_length() - ratio.denominator.bit_length()


def test_points_scale_back() -> None:
    terms = RationalMatrix.of([[4.0, 0.0], [0.0, "1e-400"]])
    scaled = ScaledTerms.of([(terms, RationalMatrix.of([[8], [0]]))])
    x = np.array([0.5, -0.25])
    point = scaled.point(x)
    for row in range(2):
        value = sum(terms[row, k] * point[k] for k in range(2))
        near = Fraction(float(scaled.a[:, row] @ x)) * Fraction(2) ** scaled.value
        assert near == pytest.approx(value, rel=1e-15)


def test_a_domain_becomes_terms_below_zero_inside() -> None:
    terms = RationalMatrix.of([[1.0, 0.0], [0.0, 1e-200]])
    scaled = ScaledTerms.of(
        [(terms, RationalMatrix.of([[1], [2]]))], Box([0, 0], [1, 2]).inequalities()
    )
    assert scaled.a.shape == (2, 6)
    inside = [Fraction(1, 2), Fraction(1)]
    unit = [Fraction(2) ** (int(k) - scaled.value) for k in scaled.column]
    x = np.array([float(v * u) for v, u in zip(inside, unit, strict=True)])
    assert (scaled.a[:, 2:].T @ x + scaled.b[2:] < 0).all()
