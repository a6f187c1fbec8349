"""Pairings of units, and the weights with which their differences are followed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.bounds.joint_pairs import random_matching, random_pair
from tropnet.checker.matching import DifferenceWeights, Matching
from tropnet.errors import CertificateError, DomainError
from tropnet.exact import RationalMatrix
from tropnet.network import Network


def column(rng: np.random.Generator, size: int) -> RationalMatrix:
    """Random rationals, some of them zero."""
    numbers = [Fraction(int(v), int(rng.integers(1, 99))) for v in rng.integers(-50, 51, size)]
    return RationalMatrix.from_rows([[v] for v in numbers]) if size else RationalMatrix.zeros(0, 1)


def test_plain_data_and_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b = (int(v) for v in rng.integers(1, 8, 2))
        matching = random_matching(rng, a, b)
        assert Matching.from_json(matching.to_json(), a, b) == matching
    large = Matching((0,), (0,), (Fraction(10**5000 + 1, 3),))
    assert Matching.from_json(large.to_json(), 1, 1) == large


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[0, 2, "1"]], "one that is not there"),
        ([[2, 0, "1"]], "one that is not there"),
        ([[-1, 0, "1"]], "one that is not there"),
        ([[0, -1, "1"]], "one that is not there"),
        ([[0, 0, "1"], [0, 1, "1"]], "uses a unit twice"),
        ([[0, 1, "1"], [1, 1, "1"]], "uses a unit twice"),
        ([[False, 0, "1"], [0, 1, "1"]], "uses a unit twice"),
        ([[0, 0, "0"]], "not positive"),
        ([[0, 0, "-1/3"]], "not positive"),
        ([[0, 0]], "a matching is a list"),
        ([[0, 0, "1", "1"]], "a matching is a list"),
        ([[0, 0, 1]], "a matching is a list"),
        ([["0", 0, "1"]], "a matching is a list"),
        ([[0.0, 0, "1"]], "a matching is a list"),
        ([None], "a matching is a list"),
        (None, "a matching is a list"),
        ({"0": 0}, "a matching is a list"),
        ("001", "a matching is a list"),
    ],
    ids=str,
)
def test_garbage_is_refused(data: Any, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        Matching.from_json(data, 2, 2)


@pytest.mark.parametrize("scale", ["", "nan", "inf", "1/0", "one", "1e99999999"])
def test_a_scale_that_is_no_number_is_refused(scale: str) -> None:
    with pytest.raises(DomainError, match="scale"):
        Matching.from_json([[0, 0, scale]], 2, 2)


def _differences(v_a: RationalMatrix, v_b: RationalMatrix, pairs: Matching) -> RationalMatrix:
    if not pairs.first:
        return RationalMatrix.zeros(0, 1)
    return v_a.rows(pairs.first) - v_b.rows(pairs.second).scale_rows(list(pairs.scales))


def _check(f: Network, g: Network, sources: list[Matching], rng: np.random.Generator) -> int:
    """Check the identity for each layer and source of a pair of networks."""
    sizes = [(f.n_inputs, g.n_inputs), *zip(f.widths, g.widths, strict=False)]
    layers = [*zip(f.layers, g.layers, strict=False)]
    known = 0
    for k, (x, y) in enumerate(layers):
        terms = dict(x.affine.terms), dict(y.affine.terms)
        pairs = random_matching(rng, x.width, y.width)
        for source in range(k + 1):
            matched, (size_a, size_b) = sources[source], sizes[source]
            found = DifferenceWeights.of(terms, source, pairs, matched, (size_a, size_b))
            v_a, v_b = column(rng, size_a), column(rng, size_b)
            w_a, w_b = (
                t[source].matrix.dense() @ v if source in t else RationalMatrix.zeros(width, 1)
                for t, v, width in zip(terms, (v_a, v_b), (x.width, y.width), strict=True)
            )
            expected = _differences(w_a, w_b, pairs)
            if not pairs.first:
                assert found.on_b.shape[0] == 0
                continue
            value = found.on_b.dense() @ v_b
            if matched.first:
                value = value + found.on_pairs.dense() @ _differences(v_a, v_b, matched)
            if found.on_a is not None:
                on_a = found.on_a.dense()
                value = value + on_a @ v_a
                assert not any(on_a[i, j] for i in range(len(on_a)) for j in matched.first)
            else:
                assert len(matched.first) == size_a
            assert value == expected
            known += 1
    return known


def test_what_differences_read_is_exactly_the_difference() -> None:
    rng = np.random.default_rng(2)
    known = 0
    for _ in range(80):
        f, g, pairs = random_pair(rng)
        sources = [Matching.identity(f.n_inputs), *pairs]
        known += _check(f, g, sources, rng)
    assert known > 80


def test_equal_rows_leave_nothing_to_the_values_themselves() -> None:
    rng = np.random.default_rng(3)
    f = Network.from_dense([rng.standard_normal((3, 2)), rng.standard_normal((4, 3))])
    terms = dict(f.output.terms)
    found = DifferenceWeights.of(
        (terms, terms), 1, Matching.identity(4), Matching.identity(3), (3, 3)
    )
    assert found.on_b.is_zero()
    assert found.on_a is None
