"""Trees of boxes: as text and back, and that their leaves cover the root."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet.checker.split_tree import (
    MAX_DEPTH,
    Part,
    Unit,
    leaves,
    outward_box,
    splits_of,
    tree_text,
)
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector

WIDTHS = [(3, 2), (0, 12)]
UNITS: list[Unit] = [
    (1, "a", 0), (1, "a", 2), (1, "b", 1), (2, "b", 0), (2, "b", 11)
]  # fmt: skip


def random_tree(
    rng: np.random.Generator, inputs: int, depth: int, units: bool = True
) -> list[int | Unit | None]:
    """Return splits, each part before its halves."""
    if depth == 0 or rng.random() < 0.2:
        return [None]
    split: int | Unit = int(rng.integers(0, inputs))
    if units and rng.random() < 0.5:
        split = UNITS[rng.integers(0, len(UNITS))]
    first, second = (random_tree(rng, inputs, depth - 1, units) for _ in range(2))
    return [split, *first, *second]


def volume(part: Part) -> Fraction:
    return math.prod((Fraction(v) - Fraction(u) for u, v in part.box), start=Fraction(1))


def test_text_and_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        splits = random_tree(rng, 12, 6)
        assert list(splits_of(tree_text(splits), 12, WIDTHS)) == splits


def test_leaves_are_there_in_the_order_of_the_text() -> None:
    root = Part(((0.0, 8.0),), {})
    found = list(leaves("0 0 . 1b1 . . .", root, WIDTHS))
    unit = (1, "b", 1)
    assert [(part.box[0], part.signs) for part in found] == [
        ((0.0, 2.0), {}), ((2.0, 4.0), {unit: -1}), ((2.0, 4.0), {unit: 1}), ((4.0, 8.0), {}),
    ]  # fmt: skip


def test_leaves_cover_the_root_and_do_not_overlap() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        low = rng.standard_normal(3)
        root = Part(tuple((float(v), float(v + abs(v) + 0.3)) for v in low), {})
        found = list(leaves(tree_text(random_tree(rng, 3, 6, False)), root, WIDTHS))
        assert sum(map(volume, found)) == volume(root)
        for _ in range(20):
            shares = [Fraction(int(t), 1000) for t in rng.integers(0, 1001, 3)]
            ends = [(Fraction(u), Fraction(v)) for u, v in root.box]
            point = [u + t * (v - u) for t, (u, v) in zip(shares, ends, strict=True)]
            inside = [
                all(u <= x <= v for x, (u, v) in zip(point, part.box, strict=True))
                for part in found
            ]
            assert any(inside)


def test_leaves_cover_all_points_whatever_their_signs() -> None:
    rng = np.random.default_rng(3)
    for _ in range(100):
        root = Part(((-1.0, 1.0), (0.0, 3.0)), {})
        found = list(leaves(tree_text(random_tree(rng, 2, 7)), root, WIDTHS))
        # any signs that a point may have: 0 goes with both
        signs = {unit: int(rng.integers(-1, 2)) for unit in UNITS}
        point = [float(rng.uniform(u, v)) for u, v in root.box]
        assert any(
            all(u <= x <= v for x, (u, v) in zip(point, part.box, strict=True))
            and all(signs[unit] * sign >= 0 for unit, sign in part.signs.items())
            for part in found
        )


def test_a_sign_split_twice_still_covers() -> None:
    found = list(leaves("1a0 1a0 . . .", Part(((0.0, 1.0),), {}), WIDTHS))
    unit = (1, "a", 0)
    assert [part.signs for part in found] == [{unit: -1}, {unit: 1}, {unit: 1}]


@pytest.mark.parametrize(
    "word",
    [
        "2", "-1", "+1", "1.0", "1e0", "0x0", "²", "١", "1_0", "9" * 30, "1" * 5000,
        "0a0", "3a0", "1a3", "1b2", "2a0", "2b12", "1c0", "1A0", "a0", "1a", "1a-1", "-1a0",
        "1ab0", "1a0b0", "1a+1", "1a1_0", "1a" + "0" * 30, "..", ",", "\t", "\n", "", "None", "١a0",
    ],
)  # fmt: skip
def test_words_of_nothing_are_refused(word: str) -> None:
    with pytest.raises(CertificateError, match="no such input or unit"):
        list(splits_of(f"{word} . .", 2, WIDTHS))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends before"),
        ("0", "ends before"),
        ("0 .", "ends before"),
        ("0 0 . .", "ends before"),
        (". .", "goes on after"),
        ("0 . . 0 . .", "goes on after"),
        (". ", None),
        (".  .", "goes on after"),
        (" .", "no such input"),
        (".\n", "no such input"),
    ],
)
def test_one_tree_and_nothing_else(text: str, message: str | None) -> None:
    root = Part(((0.0, 1.0), (0.0, 1.0)), {})
    if message is None:
        assert list(leaves(text, root, WIDTHS)) == [root]
        return
    with pytest.raises(CertificateError, match=message):
        list(leaves(text, root, WIDTHS))


@pytest.mark.parametrize(
    "ends",
    [(1.0, 1.0), (0.0, 5e-324), (1.0, math.nextafter(1, 2)), (-5e-324, 0.0), (0.0, 0.0)],
)
def test_flat_sides_are_not_split(ends: tuple[float, float]) -> None:
    with pytest.raises(CertificateError, match="input 1 cannot be split between"):
        list(leaves("1 . .", Part(((0.0, 1.0), ends), {}), WIDTHS))


def test_the_largest_boxes_are_split() -> None:
    most = 1.7976931348623157e308
    found = list(leaves("0 . .", Part(((-most, most),), {}), WIDTHS))
    assert [part.box for part in found] == [((-most, 0.0),), ((0.0, most),)]
    half, _ = Part(((most / 2, most),), {}).halves(0)
    assert half.box[0][1] < most


def test_too_deep() -> None:
    root = Part(((0.0, 1.0),), {})
    chain = "1a0 " * MAX_DEPTH + ". " * (MAX_DEPTH + 1)
    assert sum(1 for _ in leaves(chain, root, WIDTHS)) == MAX_DEPTH + 1
    deeper = "1a0 " * (MAX_DEPTH + 1) + ". " * (MAX_DEPTH + 2)
    with pytest.raises(CertificateError, match=f"deeper than {MAX_DEPTH}"):
        list(leaves(deeper, root, WIDTHS))


@pytest.mark.parametrize("value", ["1/3", "-1/3", "1/10", "-7", "1e-400", "-1e-400", "1e308", "0"])
def test_boxes_grow_outward_to_the_next_floats(value: str) -> None:
    exact = Fraction(value)
    found = outward_box(IntervalVector.of([exact], [exact]))
    assert found is not None
    ((low, high),) = found
    assert Fraction(low) <= exact <= Fraction(high)
    assert high <= math.nextafter(low, math.inf)
    if Fraction(float(exact)) == exact:
        assert low == high


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ([None], [1]),
        ([1], [None]),
        ([0], ["1e309"]),
        (["-1e309"], [0]),
        ([0], [Fraction(2) ** 1024]),
        ([0], [Fraction(2) ** 1024 - Fraction(2) ** 900]),
        ([Fraction(2) ** 1024 * -1 + 1], [0]),
    ],
    ids=str,
)
def test_no_box_beyond_floats(low: list[Any], high: list[Any]) -> None:
    assert outward_box(IntervalVector.of(low, high)) is None
