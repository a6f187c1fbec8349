"""Cells that were once wrong, or crashed: floats out of range, sums of residues, far vertices."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tropnet import Box, Network, Polyhedron
from tropnet.errors import DomainError
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.face_lattice import NotSimple
from tropnet.geometry.float_certificate import doubtful_vertices
from tropnet.geometry.quick_certificate import open_vertices
from tropnet.geometry.settle import signs_hold
from tropnet.geometry.start import Start
from tropnet.geometry.subdivision import subdivide
from tropnet.network import Affine, Layer

TINY = Fraction(1, 2**1074)


def patterns(cells: PolyhedralComplex) -> set[tuple[int, ...]]:
    return {tuple(row) for row in cells.signs.tolist()}


@pytest.mark.parametrize(
    "network",
    [
        Network.from_dense(
            [[[TINY * 3 / 2, TINY], [TINY, TINY * 5 / 4]], [[1, 1]]], [[TINY / 3, -TINY / 4], [0]]
        ),
        Network.from_dense([[[1e-310, -1e-310], [-3e-320, 1e-320]], [[1, 1]]]),
        Network.from_dense(
            [
                [[1e-200, 2e-200], [1e-200, -1e-200]],
                [[1e-120, -1e-120], [1e-120, -3e-120]],
                [[1, 1]],
            ],
            [[1e-201, -2e-201], [1.5e-322, -1e-321], [0]],
        ),
        Network.from_dense([[[1e300, 2e300], [1e308, -1e308]], [[1, 1]]], [[1e300, 1e306], [0]]),
        Network.from_dense([[[1e200, 2e200], [3e200, 1e200]], [[1e120, -1e120]], [[1]]]),
        Network.from_dense([[[10**400, 2], [1, -(10**400)]], [[1, 1]]], [[1, 10**399], [0]]),
    ],
)
def test_weights_beyond_the_range_of_floats_are_left_to_integers(network: Network) -> None:
    cells = enumerate_cells(network, Box.cube(2))
    assert cells.certified == "integers"
    assert patterns(cells) == patterns(enumerate_cells(network, Box.cube(2), engine="tree"))


@pytest.mark.parametrize("engine", ["auto", "exact", "tree"])
def test_boxes_beyond_the_range_of_floats_are_refused(engine: str) -> None:
    network = Network.from_dense([[[1, 2]], [[1]]])
    for side in (10**400, 1.7e308):
        with pytest.raises(DomainError, match=r"beyond 2\^900.*measure the inputs in other units"):
            enumerate_cells(network, Box([-side, -1], [side, 1]), engine=engine)  # type: ignore[arg-type]


@pytest.mark.parametrize("slope", [2.0**-600, 1e-300, Fraction(1, 10**400)])
def test_vertices_too_far_out_for_floats_are_vertices(slope: float | Fraction) -> None:
    lines = Network.from_dense([[[slope, 1], [0, 1], [1, 0]], [[1, 1, 1]]], [[2.0**430, 0, 0], [0]])
    for engine in ("auto", "exact"):
        cells = enumerate_cells(lines, engine=engine)
        assert (cells.n_cells, cells.f_vector) == (7, (3, 9, 7))
        far = -Fraction(2**430) / Fraction(slope)
        assert far in {Fraction(x, t) for x, _, t in cells.exact_vertices().tolist() if t}


def test_directions_that_nearly_cancel_are_not_trusted() -> None:
    # between two nearly parallel lines lie directions that are nearly opposite; what unit 3 makes
    # of them is known to 2^-53 over their angle only, and unit 4 is parallel to unit 3 up to less
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(60):
        angle, tilt = 2.0 ** -rng.integers(15, 26), 2.0 ** -rng.integers(28, 42)
        a, b = rng.normal(size=2)
        rows = [[0, 1], [angle, 0.7], [a, b], [0.7 * a, 0.7 * b * (1 + tilt * rng.normal())]]
        network = Network.from_dense([rows, [[1] * 4]], [rng.normal(size=4), [0]])
        circuit = Circuit.of(network)
        start = Start.of(circuit, None)
        try:
            record = subdivide(circuit, start, 100)
            doubtful = doubtful_vertices(
                circuit, start, record, open_vertices(circuit, start, record)
            )
        except NotSimple:
            continue
        every = range(record.lattice.n_vertices)
        wrong = (v for v in every if not signs_hold(circuit, start, record, np.array([v])))
        first = next(wrong, None)  # those after it may only follow from it
        assert first is None or first in doubtful
        seen += first is not None
    assert seen


def test_a_wide_block_read_in_parts_has_the_right_forms() -> None:
    # sums of residues run over all 6000 units of the first layer, though no layer reads 101
    width, part = 6000, 100
    rng = np.random.default_rng(0)
    weights = rng.integers(2**40, 2**41, (width, 1)).tolist()
    layers = [Layer(Affine({0: weights}, [1] * width), [True] * width)]
    for first in range(0, width, part):
        row = [0] * width
        row[first : first + part] = rng.integers(2**40, 2**41, part).tolist()
        layers.append(Layer(Affine({1: [row]}, [1]), [True]))
    last = Affine({k: [[2**40 + k]] for k in range(2, len(layers) + 1)}, [0])
    network = Network(1, tuple(layers), last)
    cells = enumerate_cells(network, Box([0], [1]))
    assert cells.exact_map(0) == network.affine_map([Fraction(1, 2)])


@pytest.mark.parametrize("engine", ["auto", "exact", "tree"])
def test_a_row_that_says_nothing_leaves_the_domain_as_it_is(engine: str) -> None:
    network = Network.from_dense([[[1]], [[1]]])
    for limit in (0, 1):
        segment = Polyhedron([[1], [-1], [0]], [1, 1, limit])
        assert enumerate_cells(network, segment, engine=engine).n_cells == 2  # type: ignore[arg-type]
