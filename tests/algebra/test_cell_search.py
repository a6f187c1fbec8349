"""The compiled search: what it calls proven must be true, however close the call."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.oracles.essential import essential_by_simplices
from tropnet.algebra.cell_search import (
    ESSENTIAL,
    REDUNDANT,
    scan_choices,
    scan_terms,
    split_cells,
)
from tropnet.algebra.open_cells import open_cells
from tropnet.exact import RationalMatrix

LIMITS = np.array([300.0, 4.0])


def nearly_tied(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Terms on, or some 2^-40 to 2^-56 off, a few common affine functions."""
    rng = np.random.default_rng(seed)
    a = rng.integers(-3, 4, (9, n)) / 4 + rng.choice([0.0, 2.0**-30, 2.0**-52], (9, n))
    slope = rng.integers(-2, 3, n) / 2
    hairs = rng.choice([0.0, 2.0**-40, -(2.0**-48), 2.0**-54, -(2.0**-56), -0.25], 9)
    return np.unique(a, axis=0), (np.unique(a, axis=0) @ slope + hairs[: len(np.unique(a, axis=0))])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_proven_answers_are_true(n: int) -> None:
    proven, seeds = 0, 60 if n < 3 else 12  # the oracle tries all simplices
    for seed in range(seeds):
        a, b = nearly_tied(seed, n)
        status, points, bases = scan_terms(np.ascontiguousarray(a.T), b, LIMITS, len(b))
        rows = [[Fraction(v) for v in row] for row in a.tolist()]
        values = [Fraction(v) for v in b.tolist()]
        true = set(essential_by_simplices(rows, values))
        for i in range(len(b)):
            if status[i] == ESSENTIAL:
                assert i in true
                at = [Fraction(v) for v in points[i].tolist()]
                reached = [
                    c + sum(x * y for x, y in zip(row, at, strict=True))
                    for row, c in zip(rows, values, strict=True)
                ]
                assert all(v < reached[i] for j, v in enumerate(reached) if j != i)
            elif status[i] == REDUNDANT:
                assert i not in true
                assert (bases[i] >= 0).all()
        proven += int(np.isin(status, (ESSENTIAL, REDUNDANT)).sum())
    assert proven > 2 * seeds


@pytest.mark.parametrize("n", [1, 2, 3])
def test_proven_answers_about_pairs_are_true(n: int) -> None:
    for seed in range(25):
        left, right = nearly_tied(seed, n), nearly_tied(seed + 1000, n)
        # the right one is a slight deformation of the left one: facets almost coincide
        a = np.concatenate([left[0], left[0] + 2.0**-50 * right[0][:1]])
        b = np.concatenate([left[1], left[1] * (1 + 2.0**-50)])
        k = len(left[1])
        pairs = np.array([[i, k + j] for i in range(k) for j in range(k)])
        status, _, _ = scan_choices(
            np.ascontiguousarray(a.T), b, np.array([0, k, 2 * k]), pairs, LIMITS
        )
        polynomials = [
            RationalMatrix.of(np.column_stack([a[part], b[part]]))
            for part in (slice(0, k), slice(k, 2 * k))
        ]
        true = open_cells(polynomials, pairs - np.array([0, k]))
        assert true[status == ESSENTIAL].all()
        assert not true[status == REDUNDANT].any()


def test_a_long_run_can_be_ended() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5000)), rng.normal(size=5000)
    beats = []

    def pulse() -> None:
        beats.append(1)
        if len(beats) == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        scan_terms(a, b, LIMITS, 5000, pulse)


def test_points_on_the_hyperplane_belong_to_neither_side() -> None:
    # the half-lines x < 0 and x > 0, each with the witness 0, cut at 0; the second time at 1
    a = np.zeros((2, 1, 4))
    a[0, 0, 0], a[1, 0, 0] = 1.0, -1.0
    count, b = np.array([1, 1]), np.zeros((2, 4))
    crossed, _, own = split_cells(a, b, count, np.array([[1.0, 0.0], [1.0, 0.0]]), np.zeros((2, 1)))
    assert crossed.tolist() == [False, False]
    assert own[0, 0] < 0 < own[1, 0]
    crossed, others, own = split_cells(a, b, count, np.array([[1.0, -1.0], [1.0, -1.0]]), own)
    assert crossed.tolist() == [False, True]
    assert (others[1, 0] - 1) * (own[1, 0] - 1) < 0
