from __future__ import annotations

import numpy as np

from tropnet import Box, Network
from tropnet.geometry import enumerate_cells
from tropnet.plotting.colours import greedy_classes, map_heights


def test_equal_iff_the_maps_are(generic: Network, flat_half: Network) -> None:
    repeated = Network.from_dense([[[1, 0], [0, 1], [1, 1]], [[1, 1, 0]]])
    for network in (generic, flat_half, repeated):
        found = enumerate_cells(network, Box.cube(2, -2, 2))
        heights, ids = map_heights(found), found.map_ids
        assert heights.min() >= 0
        assert heights.max() <= 1
        assert len(np.unique(heights)) == found.n_affine_maps
        assert len(np.unique(np.column_stack([heights, ids]), axis=0)) == found.n_affine_maps


def test_neighbours_lie_apart(generic: Network) -> None:
    found = enumerate_cells(generic, Box.cube(2, -2, 2))
    heights, owners = map_heights(found), found.facet_cells
    a, b = owners[owners[:, 1] >= 0].T
    differ = found.map_ids[a] != found.map_ids[b]
    assert differ.sum() > 20
    assert np.abs(heights[a] - heights[b])[differ].min() > 0.05


def test_odd_circles_need_three_classes() -> None:
    ring = np.array([[k, (k + 1) % 5] for k in range(5)])
    classes = greedy_classes(5, ring)
    assert classes.max() == 2
    assert (classes[ring[:, 0]] != classes[ring[:, 1]]).all()


def test_a_partial_complex_has_a_colour_for_each_cell(generic: Network) -> None:
    found = enumerate_cells(generic, Box.cube(2), time_limit=1e-9)
    assert not found.complete
    assert len(set(map_heights(found).tolist())) == found.n_cells
