from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np

from tropnet.network import Affine, Layer, Network
from tropnet.network.fold import folded
from tropnet.network.rewriting import ZERO, LayerPlan, Sum, rewritten

dense = Network.from_dense


def plans(network: Network) -> list[LayerPlan]:
    return [LayerPlan.of(layer) for layer in network.layers]


def test_nothing_planned_changes_nothing() -> None:
    f = dense([[[1, 2], [3, "1/3"]], [[1, -1]]], [[1, 0], [2]])
    assert rewritten(f, plans(f)) == f


def test_units_become_sums_of_earlier_units_and_of_their_own_layer() -> None:
    f = dense([[[1], [-1], [1]], [[1, 2, 3], [0, 1, 0]], [[1, 5]]], [[0, 0, 1], [0, 0], [0]])
    first, second = plans(f)
    # of no consequence here whether it is true: relu(x + 1) = relu(x) − relu(−x) + 1 on x ≥ −1
    total = Sum({(1, 0): Fraction(1), (1, 1): Fraction(-1)}, Fraction(1))
    one = {1: Sum({(1, 1): Fraction(1)})}
    g = rewritten(f, [replace(first, sums={2: total}), replace(second, sums=one)])
    assert g.widths == (2, 1)
    points = [[Fraction(k, 4)] for k in range(-4, 9)]
    assert g.exact(points) == f.exact(points)


def test_a_unit_may_stay_as_part_of_its_own_value() -> None:
    f = dense([[[1], [-2]], [[3, 5]]])  # relu(−2x) = 2 relu(x) − 2x
    relu = np.array([True, False])
    both = {1: Sum({(1, 1): Fraction(1), (1, 0): Fraction(2)})}
    g = rewritten(f, [LayerPlan(relu, sums=both)])
    assert (g.n_relu, g.widths) == (1, (2,))
    assert g.exact([[-3], [2]]) == f.exact([[-3], [2]])


def test_layers_without_units_vanish_and_constants_remain() -> None:
    f = dense([[[1]], [[1]], [[2]]], [[0], [3], [1]])
    gone = [replace(p, sums={0: ZERO}) for p in plans(f)]
    assert rewritten(f, [gone[0], plans(f)[1]]).widths == (1,)
    g = rewritten(f, [gone[0], replace(gone[1], sums={0: Sum({}, Fraction(3))})])
    assert g.layers == ()
    assert g.exact([[5]])[0, 0] == 7


def test_fixed_inputs_are_not_read() -> None:
    f = dense([[[1, 2]], [[1]]], [[1], [0]])
    g = rewritten(f, plans(f), {1: Fraction(1, 2)})
    assert g.n_inputs == 2
    assert g.layers[0].affine.terms[0][1].values.tolist() == [[1, 0]]
    assert g.exact([[3, 9]]) == f.exact([[3, "1/2"]])


def test_folding_is_exact_through_skips() -> None:
    rng = Random(0)
    rows = [[Fraction(rng.randint(-9, 9), 7) for _ in range(2)] for _ in range(3)]
    first = Layer(Affine({0: rows}, [1, 2, 3]), [False, True, False])
    second = Layer(Affine({0: [[1, 1]], 1: [[1, 2, 3]]}), True)
    f = Network(2, (first, second), Affine({1: [[1, 1, 1]], 2: [[1]]}))
    g = folded(f)
    assert g.widths == (1, 1)
    points = [[Fraction(rng.randint(-9, 9), 5) for _ in range(2)] for _ in range(9)]
    assert g.exact(points) == f.exact(points)
