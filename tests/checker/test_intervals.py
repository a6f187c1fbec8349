from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward
from tropnet.checker.intervals import difference_bounds, plain_bounds
from tropnet.checker.matching import Matching
from tropnet.errors import CertificateError, DomainError
from tropnet.exact import IntervalVector
from tropnet.network import Affine, Layer, Network
from tropnet.testing.strategies import networks, points, rationals

ZERO = Fraction(0)
ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])


def holds(bounds: IntervalVector, values: list[Fraction]) -> bool:
    return all(
        (low is None or low <= v) and (high is None or v <= high)
        for v, (low, high) in zip(values, bounds.ends(), strict=True)
    )


@st.composite
def boxes_with_points(draw: st.DrawFn, dimension: int) -> tuple[IntervalVector, list[Fraction]]:
    """Draw intervals, infinite ends among them, and a point in them."""
    point = draw(points(dimension))
    below = draw(st.lists(rationals().map(abs) | st.none(), min_size=dimension, max_size=dimension))
    above = draw(st.lists(rationals().map(abs) | st.none(), min_size=dimension, max_size=dimension))
    lower = [None if d is None else v - d for v, d in zip(point, below, strict=True)]
    upper = [None if d is None else v + d for v, d in zip(point, above, strict=True)]
    return IntervalVector.of(lower, upper), point


@st.composite
def matchings(draw: st.DrawFn, a: Network, b: Network) -> list[Matching]:
    """Draw any pairing of ReLUs with ReLUs and others with others, good or not."""
    found = []
    for first, second in zip(a.layers, b.layers, strict=True):
        pairs = [
            (i, j)
            for i in range(first.width)
            for j in range(second.width)
            if first.relu[i] == second.relu[j]
        ]
        chosen: list[tuple[int, int, Fraction]] = []
        for i, j in draw(st.permutations(pairs)):
            if draw(st.booleans()) and all(i != p and j != q for p, q, _ in chosen):
                scale = draw(st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(4)]))
                chosen.append((i, j, scale))
        first_of, second_of, scales = zip(*chosen, strict=True) if chosen else ((), (), ())
        found.append(Matching(tuple(first_of), tuple(second_of), tuple(scales)))
    return found


@given(st.data())
@settings(max_examples=80)
def test_plain_bounds_hold_at_every_point(data: st.DataObject) -> None:
    network = data.draw(networks())
    box, point = data.draw(boxes_with_points(network.n_inputs))
    assert holds(plain_bounds(network, box), forward(network, point)[-1])


@given(st.data())
@settings(max_examples=80)
def test_differences_hold_for_any_matching(data: st.DataObject) -> None:
    a = data.draw(networks(n_outputs=1))
    b = (
        data.draw(
            networks(n_inputs=a.n_inputs, n_outputs=1).filter(
                lambda n: len(n.layers) == len(a.layers)
            )
        )
        if data.draw(st.booleans())
        else a
    )
    box, point = data.draw(boxes_with_points(a.n_inputs))
    bounds = difference_bounds(a, b, box, data.draw(matchings(a, b)))
    gap = [u - v for u, v in zip(forward(a, point)[-1], forward(b, point)[-1], strict=True)]
    assert holds(bounds, gap)


def test_scaled_copies_differ_by_nothing_on_all_of_space() -> None:
    copy = Network.from_dense([[[-4], ["1/3"]], [["1/4", 3]]])
    pairs = Matching((0, 1), (1, 0), (Fraction(3), Fraction(1, 4)))
    assert difference_bounds(ABSOLUTE, copy, IntervalVector.line(1), [pairs]).ends() == [
        (ZERO, ZERO)
    ]


def test_a_shifted_unit_gives_a_finite_bound_on_all_of_space() -> None:
    shifted = Network.from_dense([[[1], [-1]], [[1, 1]]], [[0, "1/8"], [0]])
    bounds = difference_bounds(ABSOLUTE, shifted, IntervalVector.line(1), [Matching.identity(2)])
    assert bounds.ends() == [(Fraction(-1, 8), ZERO)]


def test_nothing_finite_survives_behind_an_infinite_end() -> None:
    # relu cuts the lower end off; what stood behind it must not come back as an upper bound
    f = Network.from_dense([[[1], [-1]], [[1, -1]], [[1]]], [[5, -7], [3], [0]])
    for low, high in ((None, 1), (-1, None), (None, None)):
        ends = plain_bounds(f, IntervalVector.of([low], [high])).ends()
        for x in (-100, -1, 0, 1, 100):
            if (low is None or x >= low) and (high is None or x <= high):
                value = forward(f, [Fraction(x)])[-1][0]
                assert ends[0][0] is None or ends[0][0] <= value
                assert ends[0][1] is None or ends[0][1] >= value


def test_never_wider_than_the_plain_bounds() -> None:
    f = Network.from_dense([[[1, 2], [-1, 1]], [[1, -1]]], [[1, 0], [0]])
    g = Network.from_dense([[[5, -3], [0, 1]], [[2, 7]]], [[-1, 0], [1]])
    box = IntervalVector.of([-1, 0], [1, 3])
    ((low, high),) = difference_bounds(f, g, box, [Matching.identity(2)]).ends()
    ((plain_low, plain_high),) = (plain_bounds(f, box) - plain_bounds(g, box)).ends()
    assert None not in (low, high, plain_low, plain_high)
    assert low >= plain_low and high <= plain_high  # type: ignore[operator]  # noqa: PT018


def test_layers_without_units() -> None:
    empty = Network(1, (Layer(Affine({}, []), True),), Affine({0: [[2]]}, [1]))
    one = difference_bounds(empty, empty, IntervalVector.line(1), [Matching((), (), ())])
    assert one.ends() == [(ZERO, ZERO)]


def test_a_relu_is_not_paired_with_an_identity_unit() -> None:
    identity = Network(1, (Layer(Affine({0: [[1]]}), False),), Affine({1: [[1]]}))
    relu = Network(1, (Layer(Affine({0: [[1]]}), True),), Affine({1: [[1]]}))
    with pytest.raises(CertificateError, match="pairs a ReLU unit with an identity unit"):
        difference_bounds(identity, relu, IntervalVector.line(1), [Matching.identity(1)])


def test_different_depths_are_refused() -> None:
    flat = Network.from_dense([[[1]]])
    for pairs in ([], [Matching.identity(1)]):
        with pytest.raises(CertificateError, match="networks of as many layers"):
            difference_bounds(ABSOLUTE, flat, IntervalVector.line(1), pairs)


def test_the_watch_ends_the_work() -> None:
    class EnoughError(Exception):
        pass

    def watch() -> None:
        raise EnoughError

    line = IntervalVector.line(1)
    with pytest.raises(EnoughError):
        plain_bounds(ABSOLUTE, line, watch)
    with pytest.raises(EnoughError):
        difference_bounds(ABSOLUTE, ABSOLUTE, line, [Matching.identity(2)], watch)


def test_matchings_as_plain_data() -> None:
    pairs = Matching((0, 2), (1, 0), (Fraction(1, 3), Fraction(10**5000)))
    assert Matching.from_json(pairs.to_json(), 3, 2) == pairs
    assert Matching.from_json([], 3, 2) == Matching((), (), ())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, r"a list of \[unit, unit, scale\], not 7"),
        ({}, "a list of"),
        ([[0, 0]], "a list of"),
        ([[0, 0, 1.5]], "a list of"),
        ([[float("inf"), 0, "1"]], "a list of"),
        ([["0", 0, "1"]], "a list of"),
        ([[0, 0, "1"], [0, 1, "1"]], "uses a unit twice or one that is not there"),
        ([[0, 1, "1"], [1, 1, "1"]], "uses a unit twice or one that is not there"),
        ([[0, 2, "1"]], "uses a unit twice or one that is not there"),
        ([[-1, 0, "1"]], "uses a unit twice or one that is not there"),
        ([[0, 0, "0"]], "scale that is not positive"),
        ([[0, 0, "-1"]], "scale that is not positive"),
    ],
)
def test_garbled_matchings_are_refused(data: Any, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        Matching.from_json(data, 2, 2)


def test_a_scale_that_is_no_number_is_refused() -> None:
    with pytest.raises(DomainError, match="scale is the text 'x'"):
        Matching.from_json([[0, 0, "x"]], 2, 2)
