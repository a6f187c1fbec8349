from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.checker.relations import replay_relations
from tropnet.domains import Box, Domain
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import offer, relate
from tropnet.exact.sharing import Sharing
from tropnet.network import Affine, Layer, Network
from tropnet.network.linear import linear
from tropnet.network.shared_linear import SharedLinear
from tropnet.testing.strategies import disguised, networks

dense = Network.from_dense
ABSOLUTE = dense([[[1], [-1]], [[1, 1]]])


def kinds(a: Network, b: Network, domain: Domain = None) -> dict[str, list[list[str]]]:
    found = relate(Problem.of(a, b, domain))
    return {name: [[c.kind for c in y] for y in layers] for name, layers in found.claims.items()}


def test_every_kind_of_claim() -> None:
    units = Affine({0: [[1], [-3], [2], [0], [0], [5], [-1]]}, [0, 0, 0, 5, -5, 9, -9])
    network = Network(1, (Layer(units, [True] * 5 + [False, True]),), Affine({1: [[1] * 7]}))
    assert kinds(network, dense([[[1]]]))["a"] == [
        ["new", "opposite", "same", "active", "dead", "affine", "new"]
    ]
    box = Box([-9], [9])
    assert kinds(network, dense([[[1]]]), box)["a"][0][-1] == "dead"


def test_scales_are_exact() -> None:
    found = relate(Problem.of(ABSOLUTE, dense([[["1/3"], ["-7/2"]], [[3, "2/7"]]]), None))
    assert found.equal
    assert [c.scale for c in found.claims["b"][0]] == [Fraction(1, 3), Fraction(7, 2)]
    assert found.claims["b"][0][0].unit == ("a", 1, 0)


def test_a_difference_stays_when_the_constants_differ() -> None:
    found = relate(Problem.of(ABSOLUTE, dense([[[1], [-1]], [[1, 1]]], [None, ["1/8"]]), None))
    assert not found.equal
    assert found.bounds().ends() == [(Fraction(-1, 8), Fraction(-1, 8))]
    bracket = Bracket(Problem.of(ABSOLUTE, dense([[[1], [-1]], [[1, 1]]], [None, ["1/8"]]), None))
    offer(found, bracket)
    assert bracket.upper.value == Fraction(1, 8)


def test_one_ulp_in_a_hidden_weight_is_a_new_atom() -> None:
    a = dense([[[0.1, 0.2]], [[1]]], [[0.3], [0]])
    b = dense([[[0.1, 0.2]], [[1]]], [[0.30000000000000004], [0]])
    assert kinds(a, b)["b"] == [["new"]]


def test_fixed_coordinates_are_constants() -> None:
    a, b = dense([[[1, 2]], [[1]]]), dense([[[1, 5]], [[1]]], [[-6], [0]])
    assert not relate(Problem.of(a, b, None)).equal
    assert relate(Problem.of(a, b, Box([0, 2], [9, 2]))).equal


@given(disguised(networks()))
@settings(max_examples=60)
def test_disguised_copies_are_related(pair: tuple[Network, Network]) -> None:
    assert relate(Problem.of(*pair, None)).equal


@given(networks(n_inputs=2, n_outputs=1), networks(n_inputs=2, n_outputs=1), st.booleans())
@settings(max_examples=60)
def test_equal_forms_mean_equal_values(a: Network, b: Network, boxed: bool) -> None:
    domain = Box.cube(2) if boxed else None
    if relate(Problem.of(a, b, domain)).equal:
        points = [[0, 0], [1, 1], [-1, 1], ["1/3", "-1/2"], [1, "-1/7"]]
        assert a.exact(points) == b.exact(points)


def test_active_units_of_convolutions_are_written_out_where_that_is_cheap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = Sharing(np.array([[0, 1], [1, 2], [2, 3]]), np.zeros(3, int), np.arange(3), 4)
    convolution = SharedLinear(linear([[1, 2]]), where)
    layers = [Layer(Affine({0: convolution}, [9, 9, 9]), True)]
    f, g = (Network(4, tuple(layers), Affine({1: [[1, 1, k]]}, [0])) for k in (1, 2))
    box = Box([-1, -1, -1, -9], [1, 1, 1, 1])

    def kinds(network: Network, domain: Box) -> list[str]:
        return [c.kind for c in relate(Problem.of(network, g, domain)).claims["a"][0]]

    assert kinds(f, box) == ["active", "active", "new"]
    monkeypatch.setitem(relate.__globals__, "_BROKEN_UP", 0)
    assert kinds(f, box) == ["new"] * 3
    problem = Problem.of(f, g, box)
    bounds = replay_relations(f, g, problem.box, relate(problem).data)
    assert bounds.ends() == [(Fraction(-12), Fraction(0))]  # -max(x2 + 2 x3 + 9, 0)
    written = Layer(Affine({0: convolution.exact}, [9, 9, 9]), True)
    dense, other = (Network(4, (written,), h.output) for h in (f, g))
    claims = relate(Problem.of(dense, other, box)).claims["a"][0]
    assert [c.kind for c in claims] == ["active", "active", "new"]


def test_out_of_time_between_layers() -> None:
    problem = Problem.of(ABSOLUTE, ABSOLUTE, None, time_limit=1e-9)
    with pytest.raises(OutOfTime):
        relate(problem)
