"""What the first proof does not leave open must be true, and doubts must be handed on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.face_lattice import NotSimple
from tropnet.geometry.quick_certificate import open_vertices
from tropnet.geometry.settle import signs_hold
from tropnet.geometry.start import Start
from tropnet.geometry.subdivision import Subdivision, subdivide


def cut(network: Network) -> tuple[Circuit, Start, Subdivision]:
    circuit = Circuit.of(network)
    start = Start.of(circuit, Box.cube(network.n_inputs, -1, 1))
    return circuit, start, subdivide(circuit, start, 20_000)


def generic(n: int, seed: int, widths: tuple[int, ...] = (7, 6, 6)) -> Network:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(b, a)) for a, b in pairwise([n, *widths, 1])]
    return Network.from_dense(weights, [rng.normal(size=len(w)) / 2 for w in weights])


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_generic_networks_are_proved_and_the_proof_is_true(n: int, seed: int) -> None:
    made = cut(generic(n, seed))
    every = np.arange(made[2].lattice.n_vertices)
    left = open_vertices(*made)
    assert len(left) < len(every) / 10
    assert signs_hold(*made, np.setdiff1d(every, left))


def test_deep_networks_are_proved() -> None:
    # sums over all paths are 100 times the norms of the forms here, and prove few vertices
    made = cut(generic(2, 1, (24, 24, 24, 24)))
    assert len(open_vertices(*made)) < made[2].lattice.n_vertices / 250


@pytest.mark.parametrize("size", [1e-9, 1e-11, 1e-13, 1e-14, 1e-15, 1e-16])
def test_nearly_concurrent_lines_are_proved_only_where_it_is_true(size: float) -> None:
    rng = np.random.default_rng(8)
    opened = 0
    for turn in (1, -1) * 6:
        rows = rng.normal(size=(3, 2))
        bias = -rows @ np.array([1 / 3, 1 / 7])
        layers = [[*rows, [1, 1]], rng.normal(size=(3, 4)), [[1] * 3]]
        shifted = [[*bias, -1], [*(rng.normal(size=3) / 4)], [0]]
        shifted[0][2] += turn * size
        try:
            made = cut(Network.from_dense(layers, shifted))
        except NotSimple:
            opened += 1
            continue
        left = open_vertices(*made)
        opened += len(left) > 0
        assert signs_hold(*made, np.setdiff1d(np.arange(made[2].lattice.n_vertices), left))
    assert opened > 0 or size > 1e-13


def test_doubt_of_a_vertex_goes_to_what_was_made_from_it() -> None:
    made = cut(generic(2, 4))
    lattice = made[2].lattice
    n = lattice.n_vertices
    before = set(open_vertices(*made).tolist())
    source = int(np.bincount(lattice.parents[4:n].ravel()).argmax())
    lattice.near[source] = True
    heirs = {source}
    for v in range(4, n):
        if heirs & set(lattice.parents[v].tolist()):
            heirs.add(v)
    assert len(heirs) > 2
    assert set(open_vertices(*made).tolist()) == before | heirs


def test_values_near_zero_in_a_forward_run_are_noted() -> None:
    made = cut(generic(2, 4))
    lattice, start = made[2].lattice, made[1]
    n = lattice.n_vertices
    carried = lattice.support[:n, :, None] == start.n_constraints + np.arange(7)
    values = np.where(carried.any(axis=1), 0.0, 1.0)  # zero where it should be is no doubt
    assert (values == 0).any()
    made[2].note(0, values, slice(None), start.n_constraints)
    assert not lattice.near[:n].any()
    values[3, 5] = -1e-11
    made[2].note(0, values, slice(None), start.n_constraints)
    assert np.flatnonzero(lattice.near[:n]).tolist() == [3]


@pytest.mark.parametrize("spoil", ["residual", "top", "margin"])
def test_large_errors_prove_nothing(spoil: str) -> None:
    made = cut(generic(2, 4))
    record = made[2]
    n = record.lattice.n_vertices
    if spoil == "residual":
        record.residuals[0] = 1e-3
    elif spoil == "top":
        record.tops[0][:] = 1e12
    else:
        record.lattice.margin[:4] = 1e-16  # everything is made from the corners
    assert len(open_vertices(*made)) == n
