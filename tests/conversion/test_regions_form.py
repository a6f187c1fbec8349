"""P ⊘ Q from the cells is the network, P and Q are convex, and the proof notices when not."""

from __future__ import annotations

import os
import pickle
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversion.test_tropicalize import (
    assert_pruned,
    assert_same_at,
    quotients,
    random_network,
)
from tests.oracles.cells import equals_on_cells
from tropnet.algebra import TropicalMap, from_json, to_json
from tropnet.conversion import RegionsForm, regions_form, tropicalize
from tropnet.conversion.convex_split import ConvexSplit
from tropnet.conversion.regions_form import NotProvedError
from tropnet.domains import Box, Polyhedron
from tropnet.errors import BudgetExceeded, DomainError, ShapeError, TropnetError
from tropnet.network import Network
from tropnet.testing.strategies import networks, points


def from_regions(network: Network) -> TropicalMap:
    form = regions_form(network)
    form.check()
    return form.to_map()


def nodes(form: RegionsForm) -> list[list[Fraction]]:
    rows = form.cells.exact_vertices().tolist()
    return [[Fraction(v, row[-1]) for v in row[:-1]] for row in rows if row[-1]]


# ---- traps: the proof must be able to say no -----------------------------------------------------


def test_the_proof_notices_every_changed_number() -> None:
    form = regions_form(random_network([2, 3, 2, 1], 0))
    form.check()
    forms, denominator = form.convex[0]
    for cell in range(len(forms)):
        for place in range(3):
            for step in (1, -1):
                changed = forms.copy()
                changed[cell, place] += step
                with pytest.raises(NotProvedError, match=r"P of output 0 is not convex across fac"):
                    RegionsForm(form.cells, ((changed, denominator),)).check()


def test_a_continuous_function_that_is_not_convex_is_no_p() -> None:
    form = regions_form(random_network([2, 3, 2, 1], 0))
    maps, denominator = form.cells.exact_maps()
    for candidate, name in ((maps[:, 0], "P"), (-maps[:, 0], "P"), (maps[:, 0] * 0, "Q")):
        with pytest.raises(NotProvedError, match=f"{name} of output 0"):
            RegionsForm(form.cells, ((candidate, denominator),)).check()
    with pytest.raises(NotProvedError, match="another denominator"):
        RegionsForm(form.cells, ((maps[:, 0], 3 * denominator + 1),)).check()


def test_less_bend_than_needed_is_noticed_and_layers_step_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = random_network([2, 4, 4, 1], 0)
    right = ConvexSplit.convex_part

    def flat(self: ConvexSplit, output: int) -> tuple[Any, int]:
        forms, denominator = right(self, output)
        return forms * 0, denominator

    monkeypatch.setattr(sys.modules[tropicalize.__module__], "_SMALL", 0)
    monkeypatch.setattr(ConvexSplit, "convex_part", flat)
    with pytest.raises(NotProvedError, match="take method='layers'"):
        tropicalize(network, method="regions")
    assert tropicalize(network) == tropicalize(network, method="layers")


# ---- as a function -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sizes", [[1, 5, 1], [1, 3, 3, 2], [2, 4, 1], [2, 3, 3, 1], [2, 2, 2, 2, 1]]
)
def test_equals_the_network_as_a_function(sizes: list[int]) -> None:
    for seed in range(2):
        network = random_network(sizes, seed)
        f = from_regions(network)
        assert equals_on_cells(network, quotients(f))
        assert_pruned(f)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(n_inputs=2, max_layers=3, max_width=3))
def test_degenerate_networks_as_functions_of_two_inputs(network: Network) -> None:
    f = from_regions(network)
    assert equals_on_cells(network, quotients(f))
    assert_pruned(f)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(n_inputs=1, max_layers=3, max_width=3))
def test_degenerate_networks_as_functions_of_one_input(network: Network) -> None:
    f = from_regions(network)
    assert equals_on_cells(network, quotients(f))
    assert_pruned(f)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(max_layers=2, max_width=4), st.data())
def test_degenerate_networks_at_points_and_vertices(network: Network, data: st.DataObject) -> None:
    form = regions_form(network)
    form.check()
    where = data.draw(st.lists(points(network.n_inputs), min_size=1, max_size=5))
    corners = nodes(form) if form.cells.f_vector[0] else []
    assert_same_at(form.to_map(), network, [*where, *corners[:20]])


def integer_network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    n, outputs = 1 + seed % 3, 1 + seed % 2
    widths = [n, *rng.integers(2, 5, rng.integers(1, 4)).tolist(), outputs]
    weights = [rng.integers(-2, 3, (b, a)) for a, b in pairwise(widths)]
    biases = [rng.integers(-1, 2, b) * (seed % 4 > 1) for b in widths[1:]]
    weights[0][1] = weights[0][0] * [-1, 1, 2, 5][seed % 4]
    return Network.from_dense([w.tolist() for w in weights], [b.tolist() for b in biases])


@pytest.mark.parametrize("seed", range(16))
def test_integer_networks_as_by_layers(seed: int) -> None:
    network = integer_network(seed)
    f, g = from_regions(network), tropicalize(network, method="layers")
    assert f.equals(g)
    assert_pruned(f)
    box = Box.cube(network.n_inputs, "-1/3", 2)
    assert regions_form(network, box).to_map().equals(g, box)


# ---- shapes --------------------------------------------------------------------------------------


def test_equal_negated_and_scaled_units_leave_no_terms() -> None:
    weights = [[1, 2], [-1, -2], [2, 4]]
    straight = Network.from_dense([weights, [[1, -1, 0]]], [[1, -1, 2], [0]])
    assert from_regions(straight).k == ((1, 1),)
    doubled = Network.from_dense([weights, [[-6, 0, 3]]], [[1, -1, 2], [7]])
    assert from_regions(doubled).k == ((1, 1),)
    # slopes 3 and 5: the bend of one unit is 5/3 of what the other has
    odd = Network.from_dense([[[3, 0], [5, 0], [0, 1]], [[1, 1, -1]]])
    assert from_regions(odd).k == ((2, 2),)
    assert str(from_regions(odd)[0]) == "max(0, 8*x₁) ⊘ max(0, x₂)"


def test_affine_convex_and_concave_functions() -> None:
    kinks = [[[1, 2], [-1, 1], [3, 1]]]
    convex = Network.from_dense([*kinks, [[1, 2, 1]]], [[1, 0, 2], [0]])
    assert from_regions(convex).k == ((7, 1),)
    assert str(from_regions(convex)[0].denominator) == "0"
    concave = Network.from_dense([*kinks, [[-1, -2, -1]]], [[1, 0, 2], [0]])
    assert from_regions(concave).k == ((1, 7),)
    assert str(from_regions(concave)[0].numerator) == "0"
    nothing = Network.from_dense([*kinks, [[0, 0, 0]]], [[1, 0, 2], [5]])
    assert from_regions(nothing).k == ((1, 1),)
    assert from_regions(Network.from_dense([[[1, -2]]], [["1/2"]])).to_text() == (
        "1/2 + x₁ - 2*x₂",
    )


def test_trees_of_maxima_and_minima() -> None:
    # min(max(a, b), max(c, d)) = min(m, m') with m = b + relu(a − b)
    a, b, c, d = np.array([[1, 2, 0], [3, -1, 1], [-2, 1, 0], [0, 1, 2]], object)
    first = np.array([a - b, c - d, b, -b, d, -d])
    m = np.array([1, 0, 1, -1, 0, 0])
    other = np.array([0, 1, 0, 0, 1, -1])
    second = np.array([m - other, m, -m])
    network = Network.from_dense(
        [first[:, :2].tolist(), second.tolist(), [[-1, 1, -1]]],
        [first[:, 2].tolist(), [0, 0, 0], [0]],
    )
    f = from_regions(network)
    assert f.equals(tropicalize(network, method="layers"))
    assert sum(f.k[0]) <= 8


def test_vector_outputs_share_one_complex() -> None:
    network = random_network([2, 6, 5, 3], 4)
    f = from_regions(network)
    assert f.m == 3
    assert f.equals(tropicalize(network, method="layers"))


def test_a_zero_set_in_several_pieces_bends_piece_by_piece() -> None:
    # relu(||x| − 1| − 1/2) in one input has four zeros
    network = Network.from_dense(
        [[[1], [-1]], [[1, 1], [-1, -1]], [[1, 1]], [[3]]],
        [[0, 0], [-1, 1], ["-1/2"], [0]],
    )
    f = from_regions(network)
    assert equals_on_cells(network, quotients(f))
    assert sum(f.k[0]) <= sum(tropicalize(network, method="layers").k[0])


def test_far_cells_of_space_are_not_lost() -> None:
    # the lines x = 0 and x + y/3,000,000 = 2 meet at y = 6,000,000
    network = Network.from_dense(
        [[[1, 0], [1, "1/3000000"], [0, 1]], [[1, 1, -1]]], [[0, -2, 0], [0]]
    )
    form = regions_form(network)
    assert [Fraction(0), Fraction(6_000_000)] in nodes(form)
    assert form.to_map().equals(tropicalize(network, method="layers"))


def test_more_inputs_than_a_lattice_takes() -> None:
    network = random_network([7, 4, 2], 0)
    f = from_regions(network)
    assert_same_at(f, network, np.random.default_rng(0).normal(size=(8, 7)))
    assert [max(k) for k in f.k] <= [16, 16]


# ---- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "terms"), [("A", (320, 473)), ("C", (961, 406)), ("B", (4961, 3958))]
)
def test_sizes_of_listed_networks(name: str, terms: tuple[int, int]) -> None:
    folder = os.environ.get("TROPNET_DATA")
    if folder is None:
        pytest.skip("TROPNET_DATA is not set")
    path = Path(folder) / "regions" / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    held = np.load(path)
    layers = sorted({int(key.split(".")[0]) for key in held})
    network = Network.from_dense(
        [held[f"{k}.weight"] for k in layers], [held[f"{k}.bias"] for k in layers]
    )
    box = Box.cube(network.n_inputs)
    f = tropicalize(network, box)
    assert f.k == (terms,)
    assert_same_at(f, network, np.random.default_rng(0).uniform(-1, 1, (3, network.n_inputs)))


def test_no_more_terms_than_by_layers() -> None:
    for sizes in ([2, 8, 8, 1], [3, 5, 5, 1]):
        network = random_network(sizes, 0)
        mine, theirs = from_regions(network).k[0], tropicalize(network, method="layers").k[0]
        assert sum(mine) <= sum(theirs)


# ---- a map on a domain ---------------------------------------------------------------------------


def test_a_map_on_a_domain_says_so() -> None:
    network, box = random_network([2, 4, 4, 1], 0), Box.cube(2)
    everywhere, here = tropicalize(network), tropicalize(network, box, method="regions")
    assert (everywhere.domain, here.domain) == (None, box)
    assert str(here).endswith("on Box.cube(2, '-1', '1') only")
    assert "on Box.cube(2, '-1', '1') only" in repr(here)
    assert "Box.cube" in here._repr_html_()
    assert here[:1].domain == box
    assert pickle.loads(pickle.dumps(here)) == here == from_json(to_json(here))
    bare = TropicalMap(here.outputs)
    assert here != bare
    assert "domain" not in to_json(bare)
    with pytest.raises(
        DomainError, match=r"on Box.cube\(2, '-1', '1'\) only is compared on all of"
    ):
        here.equals(everywhere)
    with pytest.raises(DomainError, match="is compared on Box"):
        everywhere.equals(here, Box.cube(2, -1, 2))
    corner = Polyhedron([[1, 1], [-1, 0], [0, -1]], ["1/2", 0, 0])
    assert here.equals(everywhere, box)
    assert here.equals(everywhere, corner)
    with pytest.raises(DomainError, match="not composed"):
        here.compose(TropicalMap.identity(2))
    assert TropicalMap.identity(1).compose(here).domain == box


def test_on_polyhedra_with_and_without_vertices() -> None:
    network = random_network([2, 4, 4, 1], 1)
    everywhere = tropicalize(network)
    for domain in (Polyhedron([[1, 1], [-1, 0], [0, -1]], [2, 1, 1]), Polyhedron([[1, -1]], [1])):
        here = tropicalize(network, domain, method="regions")
        assert here.domain == domain
        assert here.equals(everywhere, domain)


def test_layers_take_a_domain_too() -> None:
    network, box = random_network([2, 3, 1], 0), Box.cube(2, "1/10", "1/5")
    small = tropicalize(network, box)
    assert small.domain == box
    assert sum(small.k[0]) < sum(tropicalize(network).k[0])
    assert_same_at(small, network, [["1/10", "1/5"], ["1/7", "1/6"]])


# ---- refusals ------------------------------------------------------------------------------------


def test_refusals_tell_both_predictions() -> None:
    network = random_network([5, 50, 50, 50, 1], 0)
    with pytest.raises(
        BudgetExceeded, match=r"by layers \(.*\), or cells \(about .* at most 400000"
    ):
        tropicalize(network)
    with pytest.raises(BudgetExceeded, match="cells, of which P and Q are read off"):
        tropicalize(network, method="regions")


def test_budgets_time_and_arguments() -> None:
    network = random_network([2, 8, 8, 1], 0)
    with pytest.raises(BudgetExceeded, match=r"terms of . of output 0"):
        regions_form(network, max_terms=60)
    with pytest.raises(TropnetError, match="the time limit of 0 s was reached"):
        regions_form(network, time_limit=0)
    with pytest.raises(DomainError, match="method='cells' is unknown"):
        tropicalize(network, method="cells")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="the domain has 3 coordinates"):
        tropicalize(network, Box.cube(3))
