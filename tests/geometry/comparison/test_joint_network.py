"""Two networks over common units: the functions stay, what they share is there once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Box, Network
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import enumerate_cells
from tropnet.geometry.comparison.joint_network import Cuts, joint_network
from tropnet.network import Affine, Layer
from tropnet.testing.strategies import dense_networks, disguised, networks, points

RELU = Network.from_dense([[[1]], [[1]]])
ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])


@settings(max_examples=30)
@given(st.data())
def test_both_functions_come_out(data: st.DataObject) -> None:
    f = data.draw(networks(n_inputs=2, n_outputs=2))
    g = data.draw(networks(n_inputs=2, n_outputs=2))
    x = data.draw(points(2))
    cuts: Cuts = data.draw(st.sampled_from(["none", "equal", "level", "norm", "argmax"]))
    joint = joint_network(f, g, cuts, Fraction(1, 3))
    (fx,), (gx,) = f.exact(x).to_fractions(), g.exact(x).to_fractions()
    assert joint.network.exact(x).to_fractions() == [[*fx, *gx]]
    assert joint.difference.exact(x).to_fractions() == [
        [u - v for u, v in zip(fx, gx, strict=True)]
    ]


@settings(max_examples=20)
@given(disguised(dense_networks(n_inputs=2)))
def test_a_disguised_copy_adds_no_unit(pair: tuple[Network, Network]) -> None:
    f, g = pair
    alone = joint_network(f, f).network.widths
    assert joint_network(f, g).network.widths == alone
    assert sum(alone) <= sum(f.widths)


def test_multiples_of_a_unit_are_one_unit() -> None:
    f = Network.from_dense(
        [[[2, 4], [-1, -2], [3, 6], [1, 2]], [[1, 1, 1, 1]]], [[2, -1, 3, 2], [0]]
    )
    joint = joint_network(f, f)
    assert joint.network.widths == (2,)  # 2x + 4y + 2 and its multiples; x + 2y + 2


def test_constant_units_are_none() -> None:
    f = Network.from_dense([[[0], [0], [1]], [[1, 1, 1]]], [[3, -5, 0], [0]])
    joint = joint_network(f, RELU)
    assert joint.network.widths == (1,)
    assert joint.difference.exact([7]).to_fractions() == [[3]]


def test_two_affine_functions_need_no_unit() -> None:
    f, g = Network.from_dense([[[1, 2]]]), Network.from_dense([[[1, 2]]], [[1]])
    joint = joint_network(f, g, "equal")
    assert joint.network.widths == ()
    assert (joint.columns.tolist(), joint.orientation.tolist()) == ([-1], [-1])


def test_a_cut_along_a_unit_is_that_unit() -> None:
    zero = Network.from_dense([[[0]]])
    line = Network.from_dense([[[-3]]])
    joint = joint_network(line, Network.from_dense([[[1]], [[0]]]), "equal")
    assert joint.network.widths == (1,)  # -3x is zero where x is
    assert (joint.columns.tolist(), joint.orientation.tolist()) == ([0], [-1])
    assert joint_network(zero, zero, "equal").orientation.tolist() == [0]


@settings(max_examples=20)
@given(st.data())
def test_signs_of_cuts_are_those_of_the_difference(data: st.DataObject) -> None:
    f = data.draw(dense_networks(n_inputs=1, n_outputs=2))
    g = data.draw(dense_networks(n_inputs=1, n_outputs=2))
    kind: Cuts = data.draw(st.sampled_from(["equal", "level", "norm", "argmax"]))
    level = Fraction(1, 2)
    joint = joint_network(f, g, kind, level)
    cells = enumerate_cells(joint.network, Box([-3], ["7/2"]))
    rows = cells.exact_vertices()
    indptr, members = cells.cell_vertices
    for cell, signs in enumerate(joint.cut_signs(cells)):
        ends = [Fraction(int(x), int(t)) for x, t in rows[members[indptr[cell] : indptr[cell + 1]]]]
        middle = sum(ends) / 2
        (f0, f1), (g0, g1) = (h.exact([middle]).to_fractions()[0] for h in (f, g))
        h0, h1 = f0 - g0, f1 - g1
        wanted = {
            "equal": [h0, h1],
            "level": [h0 - level, h1 - level, h0 + level, h1 + level],
            "norm": [h0, h1, h0 - h1, h0 + h1],
            "argmax": [f0 - f1, g0 - g1],
        }[kind]
        assert signs.tolist() == [(v > 0) - (v < 0) for v in wanted]


def test_skips_and_identity_units() -> None:
    double = Layer(Affine({0: [["1/3"]]}, [1]), False)
    f = Network(
        1, (double, Layer(Affine({0: [[1]], 1: [[3]]}), True)), Affine({0: [[1]], 2: [[1]]})
    )
    joint = joint_network(f, RELU)
    for x in (-4, Fraction(-3, 2), 0, 5):
        assert joint.difference.exact([x])[0, 0] == f.exact([x])[0, 0] - max(x, 0)


def test_other_architectures() -> None:
    deep = Network.from_dense([[[1], [-1]], [[1, 0], [0, 1]], [[1, 1]]])
    joint = joint_network(deep, ABSOLUTE)
    assert joint.network.widths == (1, 2)  # the second layer rectifies what is not negative
    assert joint.difference.exact([-4]).is_zero()


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="1 → 1 and 2 → 1 cannot be compared; they need the same"):
        joint_network(RELU, Network.from_dense([[[1, 1]]]))
    with pytest.raises(DomainError, match="unknown cuts 'nowhere'; known: none, equal"):
        joint_network(RELU, RELU, "nowhere")  # type: ignore[arg-type]


def test_a_copy_off_by_an_ulp_has_units_of_its_own() -> None:
    off = Network.from_dense([[[np.nextafter(1.0, 2.0)]], [[1]]], [[1.0], [0.0]])
    on = Network.from_dense([[[1.0]], [[1]]], [[1.0], [0.0]])
    assert joint_network(on, off).network.widths == (1, 1)
