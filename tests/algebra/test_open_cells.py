"""Choices of terms that win together: exact, whatever the floats say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.cells import is_open
from tropnet.algebra import open_cells as module
from tropnet.algebra.cell_search import MAYBE_ESSENTIAL, MAYBE_REDUNDANT, UNDECIDED
from tropnet.algebra.essential import essential_terms
from tropnet.algebra.open_cells import open_cells
from tropnet.errors import ShapeError
from tropnet.exact import RationalMatrix

Rows = list[tuple[int, ...]]


def exponents(row: tuple[int, ...]) -> tuple[int, ...]:
    return row[:-1]


@st.composite
def families(draw: st.DrawFn) -> list[Rows]:
    n = draw(st.integers(1, 2))
    row = st.tuples(*[st.integers(-2, 2)] * (n + 1))
    distinct = st.lists(row, min_size=1, max_size=5, unique_by=exponents)
    return draw(st.lists(distinct, min_size=1, max_size=3))


def all_choices(family: list[Rows]) -> np.ndarray:
    grid = np.meshgrid(*[np.arange(len(rows)) for rows in family], indexing="ij")
    return np.stack([axis.ravel() for axis in grid], axis=1)


def expected(family: list[Rows], choice: list[int]) -> bool:
    sides = []
    for rows, chosen in zip(family, choice, strict=True):
        own = rows[chosen]
        for j, row in enumerate(rows):
            if j != chosen:
                difference = [Fraction(a - b) for a, b in zip(row, own, strict=True)]
                sides.append((tuple(difference[:-1]), difference[-1]))
    return is_open(sides)


@settings(max_examples=150)
@given(families())
def test_agrees_with_elimination(family: list[Rows]) -> None:
    choices = all_choices(family)
    found = open_cells([RationalMatrix.of([list(r) for r in rows]) for rows in family], choices)
    assert found.tolist() == [expected(family, choice) for choice in choices.tolist()]


@pytest.mark.parametrize("status", [MAYBE_ESSENTIAL, MAYBE_REDUNDANT, UNDECIDED])
def test_a_float_search_that_lies_changes_nothing(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    polynomials = [RationalMatrix.of(rng.integers(-2, 3, (6, 3))) for _ in range(2)]
    polynomials = [
        p.rows(essential_terms(p.columns([0, 1]), p.columns([2])).kept) for p in polynomials
    ]
    choices = all_choices([[(0,)] * len(p) for p in polynomials])
    honest = open_cells(polynomials, choices)
    for fill in (0.0, np.nan, np.inf):
        lie = (
            np.full(len(choices), status),
            np.full((len(choices), 2), fill),
            rng.integers(-2, sum(map(len, polynomials)), (len(choices), 3)),
        )
        monkeypatch.setattr(module, "scan_choices", lambda *_, lie=lie, **__: lie)
        assert open_cells(polynomials, choices).tolist() == honest.tolist()


@pytest.mark.parametrize("scale", ["1e-400", "1e-310", "1e-300", "1e-70", "1e50", "1e300", "1e400"])
def test_positive_factors_move_no_cells(scale: str) -> None:
    rng = np.random.default_rng(2)
    left, right = (RationalMatrix.of(rng.normal(size=(7, 3))) for _ in range(2))
    choices = np.array([[i, j] for i in range(7) for j in range(7)])
    plain = open_cells([left, right], choices)
    assert open_cells([left, right * Fraction(scale)], choices).tolist() == plain.tolist()


@pytest.mark.parametrize("scale", ["1e-400", "1e-320", "1e-310", "1e-200", "1e200", "1e310"])
def test_near_ties_of_a_tiny_polynomial_are_not_lost(scale: str) -> None:
    # the middle term lies a hair below or above the chord, at a size where floats lose digits
    line = RationalMatrix.of([[0, 0], [1, 0]])
    for hair, wins in (
        (Fraction(-1, 2**40), False),
        (Fraction(0), False),
        (Fraction(1, 2**40), True),
    ):
        bent = RationalMatrix.of([[0, 0], [1, hair], [2, 0]]) * Fraction(scale)
        choices = np.array([[i, j] for i in range(2) for j in range(3)])
        found = open_cells([line, bent], choices)
        assert bool(found[1] or found[4]) is wins


def test_pairs_are_the_terms_of_the_product() -> None:
    rng = np.random.default_rng(3)
    left, right = (RationalMatrix.of(rng.normal(size=(12, 4))) for _ in range(2))
    left, right = (
        p.rows(essential_terms(p.columns(range(3)), p.columns([3])).kept) for p in (left, right)
    )
    pairs = np.array([[i, j] for i in range(len(left)) for j in range(len(right))])
    product = left.rows(pairs[:, 0].tolist()) + right.rows(pairs[:, 1].tolist())
    kept = essential_terms(product.columns(range(3)), product.columns([3])).kept
    assert np.flatnonzero(open_cells([left, right], pairs)).tolist() == list(kept)


def test_edges() -> None:
    one = RationalMatrix.of([[1, 2]])
    assert open_cells([one, one], np.array([[0, 0]])).tolist() == [True]
    assert open_cells([one], np.zeros((0, 1), dtype=np.int64)).tolist() == []
    with pytest.raises(ShapeError, match="all in the same variables"):
        open_cells([one, RationalMatrix.of([[1, 2, 3]])], np.array([[0, 0]]))
