"""Cells near special position: where floats may be zero by chance, integers decide."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Box, Network
from tropnet.errors import BudgetExceeded
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.geometry.volume import exact_volumes
from tropnet.geometry.whole_complex import whole_complex
from tropnet.network import Affine, Layer


def checked(f: Network) -> PolyhedralComplex:
    return enumerate_cells(f, Box.cube(f.n_inputs))


def patterns(cells: PolyhedralComplex) -> set[bytes]:
    return {row.tobytes() for row in cells.signs}


def test_kinks_that_floats_merge() -> None:
    """Three kinks within 2^-59 of zero: interpolation between −1 and 1 cannot tell them apart."""
    tiny = Fraction(1, 2**60)
    spike = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[0, -tiny, -2 * tiny], [0]])
    cells = checked(spike)
    assert cells.n_cells == 4
    assert sorted(v for v in exact_volumes(cells) if v)[:2] == [tiny, tiny]


def test_a_corner_that_three_planes_nearly_share() -> None:
    low, high = 1 - 2.0**-40, 1 + 2.0**-40
    one = Layer(Affine({0: [[1, 0, 0]]}, [-(2.0**-44)]), True)
    two = Layer(Affine({0: [[-low, -high, 0], [0, low, 0]]}, [2.0**-45] * 2), True)
    f = Network(3, (one, two), Affine({1: [[1]], 2: [[1, 1]]}))
    cells = checked(f)
    assert patterns(cells) == patterns(enumerate_cells(f, Box.cube(3), engine="exact"))
    assert cells.n_cells == 7
    assert sum(v for v in exact_volumes(cells) if v is not None) == 8


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]))
def test_nearly_degenerate_networks(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    width = int(rng.integers(2, 5))
    weights = rng.integers(-1, 2, (width, n)) * (1 + 2.0**-40 * rng.integers(-1, 2, (width, n)))
    f = Network.from_dense(
        [weights, np.ones((1, width))], [2.0**-45 * rng.integers(-2, 3, width), [0]]
    )
    assert patterns(checked(f)) == patterns(enumerate_cells(f, Box.cube(n), engine="exact"))


def test_generic_networks_stay_in_floats() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 4):
        f = Network.from_dense(
            [rng.normal(size=(6, n)), rng.normal(size=(1, 6))], [rng.normal(size=6) / 4, [0]]
        )
        for domain in (None, Box.cube(n)):
            cells = enumerate_cells(f, domain)
            assert cells.engine == "subdivision"


def test_budget() -> None:
    with pytest.raises(BudgetExceeded, match="cells"):
        whole_complex(Network.from_dense([[[1]], [[1]]]), Box.cube(1), 1, None)
