"""Sheets of units: pieces of zero sets that bend on their own, and circles that bend as one."""

from __future__ import annotations

import numpy as np

from tests.conversion.test_tropicalize import random_network
from tropnet.conversion.sheets import Sheets
from tropnet.domains import Box
from tropnet.geometry import enumerate_cells
from tropnet.network import Network

#: The absolute values of two inputs as four units.
ABSOLUTES = [[1, 0], [-1, 0], [0, 1], [0, -1]]


def test_a_zero_set_in_two_pieces_has_two_sheets() -> None:
    network = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [-1], [0]])
    sheets = Sheets.of(enumerate_cells(network))
    assert sheets.n_sheets == 4  # x, −x, and both zeros of |x| − 1
    assert set(sheets.parts) == {2}
    parts = sheets.parts[2]
    below, above = sorted(set(sheets.sheet[sheets.unit == 2].tolist()))
    jumps = [0] * 4
    jumps[below], jumps[above] = 5, 7
    assert sorted(parts.factors(jumps)) == [0, 5, 7]


def test_parts_in_a_circle_share_one_sheet() -> None:
    # |x| − |y| is positive on two wedges and negative on two, all around the origin
    network = Network.from_dense([ABSOLUTES, [[1, 1, -1, -1]], [[1]]])
    sheets = Sheets.of(enumerate_cells(network, Box.cube(2)))
    crossing = sheets.sheet[sheets.unit == 4]
    assert len(crossing) == 4
    assert len(set(crossing.tolist())) == 1
    assert sorted(sheets.parts[4].factors([0] * crossing[0] + [3])) in (
        [-3, -3, 0, 0],
        [0, 0, 3, 3],
    )


def test_lines_in_general_position_are_a_sheet_each() -> None:
    cells = enumerate_cells(random_network([2, 6, 1], 0))
    sheets = Sheets.of(cells)
    assert sheets.n_sheets == 6
    assert not sheets.parts
    assert sheets.alone.all()
    assert (cells.signs[sheets.cell, sheets.unit] == 1).all()
    assert (cells.signs[sheets.other, sheets.unit] == -1).all()


def test_several_units_at_a_facet() -> None:
    network = Network.from_dense([[[1, 1], [-2, -2], [1, 0]], [[1, 1, 1]]])
    sheets = Sheets.of(enumerate_cells(network))
    shared = ~sheets.alone
    assert set(sheets.unit[shared].tolist()) == {0, 1}
    assert sheets.unit[shared & sheets.first].tolist() == [0, 0]
    assert np.array_equal(np.sort(sheets.cell[shared]), np.sort(sheets.other[shared]))


def test_factors_fit_around_every_facet() -> None:
    network = random_network([2, 6, 6, 6, 1], 3)
    cells = enumerate_cells(network)
    sheets = Sheets.of(cells)
    assert sheets.parts, "some unit has several zero sets"
    jumps = np.random.default_rng(0).integers(-9, 9, sheets.n_sheets).tolist()
    for unit, parts in sheets.parts.items():
        factors = np.array(parts.factors(jumps))[parts.labels]
        own = sheets.unit == unit
        rise = factors[sheets.cell[own]] - factors[sheets.other[own]]
        assert rise.tolist() == [jumps[s] for s in sheets.sheet[own].tolist()]
        pairs = cells.facet_cells[cells.facet_cells[:, 1] >= 0]
        still = (cells.active[pairs[:, 0], unit]) == (cells.active[pairs[:, 1], unit])
        assert (factors[pairs[still, 0]] == factors[pairs[still, 1]]).all()
