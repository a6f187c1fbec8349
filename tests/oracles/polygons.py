"""The activation cells of a network on a polygon or a segment, by splitting in Fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tests.oracles.fractions_forward import pre_activations
from tropnet.network import Network

Point = tuple[Fraction, ...]
Polygon = list[Point]


def activation_cells(
    network: Network, corners: Sequence[Sequence[int | Fraction]]
) -> dict[tuple[int, ...], Polygon]:
    """Return the cells by the signs of all ReLU units; 0 is for units that vanish on the cell.

    A unit is affine on what all earlier units have cut, so its values at the corners tell all.
    """
    pieces: list[Polygon] = [[tuple(Fraction(v) for v in corner) for corner in corners]]
    names = [
        (k, i)
        for k, layer in enumerate(network.layers)
        for i in range(layer.width)
        if layer.relu[i]
    ]
    for k, i in names:
        split: list[Polygon] = []
        for piece in pieces:
            heights = [pre_activations(network, corner)[k][i] for corner in piece]
            if min(heights) < 0 < max(heights):
                split.append(_side(piece, heights))
                split.append(_side(piece, [-h for h in heights]))
            else:
                split.append(piece)
        pieces = split
    cells = {}
    for piece in pieces:
        values = [[pre_activations(network, corner)[k][i] for k, i in names] for corner in piece]
        key = tuple(_sign(column) for column in zip(*values, strict=True))
        assert key not in cells, "two cells with the same signs"
        cells[key] = piece
    return cells


def area(polygon: Polygon) -> Fraction:
    """The area of a polygon, or the length of a segment."""
    if len(polygon[0]) == 1:
        return abs(polygon[1][0] - polygon[0][0])
    shifted = [*polygon[1:], polygon[0]]
    pairs = zip(polygon, shifted, strict=True)
    return abs(sum((a[0] * b[1] - a[1] * b[0] for a, b in pairs), Fraction(0))) / 2


def _side(piece: Polygon, heights: Sequence[Fraction]) -> Polygon:
    """The part where the heights are not negative; at least three corners in the plane."""
    kept: Polygon = []
    count = len(piece)
    for a in range(count):
        b = (a + 1) % count
        if heights[a] >= 0:
            kept.append(piece[a])
        if heights[a] < 0 < heights[b] or heights[b] < 0 < heights[a]:
            t = heights[a] / (heights[a] - heights[b])
            point = tuple(u + t * (v - u) for u, v in zip(piece[a], piece[b], strict=True))
            if point not in kept:
                kept.append(point)
    return kept


def _sign(column: Sequence[Fraction]) -> int:
    return 1 if max(column) > 0 else -1 if min(column) < 0 else 0
