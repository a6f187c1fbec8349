"""Canonical forms: the same for one function, whatever computes it; different for any other."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Box, Network, Polyhedron
from tropnet.checker.cells import supremum
from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded, DomainError, FormatError
from tropnet.geometry import enumerate_cells
from tropnet.geometry.canonical_form import (
    CanonicalForm,
    canonical_form,
    canonical_hash,
    equal_on,
)
from tropnet.testing.strategies import disguised, networks

ONE = [[1]]


def form(network: Network, domain: Domain = None, engine: Any = "auto") -> CanonicalForm:
    return canonical_form(enumerate_cells(network, domain, engine=engine))


def dense(*layers: tuple[Any, Any]) -> Network:
    """A dense network from its (weights, biases)."""
    return Network.from_dense([w for w, _ in layers], [b for _, b in layers])


# ---- one function, many networks ----------------------------------------------------------------


@st.composite
def rows_of_units(draw: st.DrawFn, n: int) -> tuple[list[list[int]], list[int]]:
    """Draw hidden units (weights, bias) and their output weights: small integers, many ties."""
    small = st.integers(-2, 2)
    count = draw(st.integers(1, 4))
    units = [draw(st.lists(small, min_size=n + 1, max_size=n + 1)) for _ in range(count)]
    return units, draw(st.lists(small, min_size=count, max_size=count))


def shallow(units: list[list[Any]], weights: list[Any], slope: list[Any]) -> Network:
    """Σ weight · relu(unit) + slope · (x, 1), the slope as a difference of two units."""
    n = len(slope) - 1
    hidden = [*units, slope, [-v for v in slope]]
    return dense(([u[:n] for u in hidden], [u[n] for u in hidden]), ([[*weights, 1, -1]], [0]))


@st.composite
def rewritten(
    draw: st.DrawFn, units: list[list[int]], weights: list[int], slope: list[int]
) -> Network:
    """Draw another network of the same function."""
    new: list[tuple[list[Any], Any]] = []
    affine = [Fraction(v) for v in slope]
    for unit, weight in zip(units, weights, strict=True):
        scale = draw(st.sampled_from([Fraction(1, 3), Fraction(1), Fraction(5, 2)]))
        scaled = [scale * v for v in unit]
        how = draw(st.sampled_from(["plain", "split", "negated", "doubled"]))
        if how == "negated":  # relu(z) = z + relu(-z)
            affine = [a + weight * v for a, v in zip(affine, unit, strict=True)]
            new.append(([-v for v in scaled], weight / scale))
        elif how == "split":
            share = draw(st.sampled_from([Fraction(1, 4), Fraction(-1), Fraction(3)]))
            new += [(scaled, share * weight / scale), (unit, (1 - share) * weight)]
        elif how == "doubled":
            new += [([2 * v for v in scaled], weight / scale), (scaled, -weight / scale)]
        else:
            new.append((scaled, weight / scale))
    if draw(st.booleans()):
        new.append(([*[0] * (len(slope) - 1), -1], 7))  # dead
    if draw(st.booleans()):
        new.append(([3] * len(slope), 0))  # not read
    if draw(st.booleans()):
        spare = [1, *[0] * (len(slope) - 2), 1]
        new += [(spare, 2), ([-v for v in spare], -2)]  # relu(z) - relu(-z) = z
        affine = [a - 2 * v for a, v in zip(affine, spare, strict=True)]
    order = draw(st.permutations(new))
    return shallow([u for u, _ in order], [w for _, w in order], affine)


def domains(n: int) -> st.SearchStrategy[Domain]:
    cube = Box.cube(n, -1, 2)
    matrix, bound = cube.inequalities()
    corner = Polyhedron([[-1] * n, *np.eye(n, dtype=int).tolist()], [3, *[2] * n])
    half = Polyhedron([[1, *[2] * (n - 1)]], [1])
    return st.sampled_from([None, cube, Polyhedron(matrix, bound), corner, half])


@settings(max_examples=60)
@given(st.data())
def test_one_function_has_one_form(data: st.DataObject) -> None:
    n = data.draw(st.sampled_from([1, 2, 2, 3]))
    units, weights = data.draw(rows_of_units(n))
    slope = data.draw(st.lists(st.integers(-1, 1), min_size=n + 1, max_size=n + 1))
    domain = data.draw(domains(n))
    engine = data.draw(st.sampled_from(["auto", "exact"]))
    first = form(shallow(units, weights, slope), domain)
    second = form(data.draw(rewritten(units, weights, slope)), domain, engine)
    assert first == second
    assert first.sha256 == second.sha256
    assert first.to_json() == second.to_json()


@settings(max_examples=30)
@given(disguised(networks(max_layers=2, max_width=3)), st.data())
def test_permuted_and_rescaled_deep_networks(
    pair: tuple[Network, Network], data: st.DataObject
) -> None:
    domain = data.draw(domains(pair[0].n_inputs))
    assert form(pair[0], domain) == form(pair[1], domain)


@settings(max_examples=50)
@given(st.data())
def test_equal_forms_are_equal_functions(data: st.DataObject) -> None:
    """Against joint enumeration in rationals, on pairs that often are equal or differ little."""
    n = data.draw(st.integers(1, 2))
    units, weights = data.draw(rows_of_units(n))
    slope = data.draw(st.lists(st.integers(-1, 1), min_size=n + 1, max_size=n + 1))
    f = shallow(units, weights, slope)
    if data.draw(st.booleans()):
        changed = [list(u) for u in units]
        which = data.draw(st.integers(0, len(units) - 1))
        changed[which][data.draw(st.integers(0, n))] += data.draw(st.sampled_from([-1, 1]))
        g = data.draw(rewritten(changed, weights, slope))
    else:
        g = data.draw(rewritten(units, weights, slope))
    domain = data.draw(domains(n))
    found = supremum(f, g, domain)
    assert (form(f, domain) == form(g, domain)) == (found.upper == 0)


@pytest.mark.parametrize("domain", [None, Box.cube(3, -1, 1)])
def test_another_order_of_maxima(domain: Domain) -> None:
    def largest(order: list[int]) -> Network:
        a, b, c = ([int(k == i) for k in range(3)] for i in order)
        less = [u - v for u, v in zip(a, b, strict=True)]
        first = [less, b, [-v for v in b], c, [-v for v in c]]
        second = [[1, 1, -1, -1, 1], [0, 0, 0, 1, -1], [0, 0, 0, -1, 1]]
        return Network.from_dense([first, second, [[1, 1, -1]]])

    forms = {form(largest(order), domain).sha256 for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1])}
    assert len(forms) == 1
    assert len(form(largest([0, 1, 2]), domain).maps) == 3


@pytest.mark.parametrize("n", [4, 5])
def test_four_and_five_inputs(n: int) -> None:
    rng = np.random.default_rng(n)
    weights = [rng.integers(-3, 4, s) for s in ((4, n), (3, 4), (1, 3))]
    biases = [rng.integers(-2, 3, s) for s in (4, 3, 1)]
    order, scale = [2, 0, 3, 1], np.array([2, 1, 4, 1])
    readers = [[Fraction(int(row[k]), int(scale[k])) for k in order] for row in weights[1]]
    first = (weights[0] * scale[:, None])[order], (biases[0] * scale)[order]
    f = Network.from_dense(weights, biases)
    g = Network.from_dense([first[0], readers, weights[2]], [first[1], *biases[1:]])
    cube = Box.cube(n)
    before = form(f, cube)
    assert before == form(g, cube)
    assert [s.dimension for s in before.strata] == [*range(n - 1, -1, -1)]
    biases[2][0] += 1
    assert form(Network.from_dense(weights, biases), cube) != before


@settings(max_examples=30)
@given(st.data())
def test_equal_forms_in_space(data: st.DataObject) -> None:
    """Against the maps of the difference on all its cells, for three inputs."""
    units, weights = data.draw(rows_of_units(3))
    changed = [list(u) for u in units]
    if data.draw(st.booleans()):
        which = data.draw(st.integers(0, len(units) - 1))
        changed[which][data.draw(st.integers(0, 3))] += data.draw(st.sampled_from([-1, 1]))
    domain = data.draw(domains(3))
    slope = [1, 0, -1, 0]
    g = data.draw(rewritten(changed, weights, slope))
    difference = shallow([*units, *changed], [*weights, *(-w for w in weights)], [0] * 4)
    zero = not enumerate_cells(difference, domain).exact_maps()[0].any()
    assert (form(shallow(units, weights, slope), domain) == form(g, domain)) == zero


def test_storage_does_not_count() -> None:
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=s).astype(np.float32) for s in ((6, 2), (4, 6), (1, 4))]
    biases = [rng.normal(size=s).astype(np.float32) for s in (6, 4, 1)]
    wide = [[w.astype(np.float64) for w in part] for part in (weights, biases)]
    single, double = Network.from_dense(weights, biases), Network.from_dense(*wide)
    for domain in (None, Box.cube(2)):
        assert form(single, domain) == form(double, domain)
    assert form(double, Box.cube(2), "exact") == form(single, Box.cube(2), "subdivision")


def test_the_domain_is_a_set() -> None:
    net = Network.from_dense([[[1, 1], [1, -2]], [[1, 1]]], [["1/3", 0], [0]])
    square = form(net, Box.cube(2))
    matrix = [[1, 0], [-1, 0], [0, 2], [0, -1], [1, 1], [1, 0], [0, 0]]
    assert form(net, Polyhedron(matrix, [1, 1, 2, 1, 2, 5, 1])) == square
    assert form(net, Polyhedron(matrix, [1, 1, 2, 1, "15/8", 5, 1])) != square
    assert form(net, Box.cube(2, -1, Fraction(2**60 + 1, 2**60))) != square
    assert form(net) != square


# ---- different functions ------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
def test_pieces_that_are_swapped(n: int) -> None:
    """max(x, 0) and min(x, 0) have the same maps, and on R^n the same ends at infinity."""
    row = [[1, *[0] * (n - 1)]]
    up, down = dense((row, [0]), (ONE, [0])), dense((-np.array(row), [0]), ([[-1]], [0]))
    slab = Polyhedron([*row, (-np.array(row[0])).tolist()], [1, 1])
    for domain in (None, Box.cube(n), slab):
        one, other = form(up, domain), form(down, domain)
        assert one.maps == other.maps
        assert one.sha256 != other.sha256
        assert form(up, domain) == one


@pytest.mark.parametrize("domain", [None, Box.cube(1, -8, 8)])
def test_two_kinks_of_which_one_moves(domain: Domain) -> None:
    """Slopes 0, 1, 0: the middle piece stays, the kinks are elsewhere."""

    def ramp(at: Any) -> CanonicalForm:
        return form(dense(([[1], [1]], [-at, -at - 1]), ([[1, -1]], [0])), domain)

    assert ramp(Fraction(0)).sha256 != ramp(Fraction(1, 2**200)).sha256


def test_holes_and_islands() -> None:
    """A pyramid on a plane: positions, sizes and a frame around a hole are all told apart."""

    def pyramid(x: int, y: int, size: int, hole: int) -> CanonicalForm:
        # max(0, s - |x| - |y|), from which the smaller one is taken away
        absolute = [[1, 0], [-1, 0], [0, 1], [0, -1]]
        bias = [-x, x, -y, y]
        second = [[-1] * 4, [-1] * 4]
        net = dense((absolute, bias), (second, [size, hole]), ([[1, -1]], [0]))
        return form(net, Box.cube(2, -10, 10))

    forms = [pyramid(*args) for args in product((0, 3), (0, 3), (3, 4), (1, 2))]
    assert len({f.sha256 for f in forms}) == len(forms)
    frame = forms[0]
    flat = next(i for i, row in enumerate(frame.maps) if [*row] == [0, 0, 2])
    # the top of the frame bounds on four slopes and never on the outside
    assert {w.neighbour for w in frame.pieces[flat].walls}.isdisjoint({None})
    assert len(frame.pieces[flat].walls) == 4


@settings(max_examples=30)
@given(st.data())
def test_one_ulp_is_another_function(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    weights = [rng.normal(size=s) for s in ((4, 2), (3, 4), (1, 3))]
    biases = [rng.normal(size=s) / 4 for s in (4, 3, 1)]
    before = Network.from_dense(weights, biases)
    table = data.draw(st.sampled_from([*weights, *biases]))
    at = data.draw(st.integers(0, table.size - 1))
    table.flat[at] = np.nextafter(table.flat[at], data.draw(st.sampled_from([-math.inf, math.inf])))
    after = Network.from_dense(weights, biases)
    box = Box.cube(2, -4, 4)
    assert (form(before, box) == form(after, box)) == (supremum(before, after, box).upper == 0)


def test_needles() -> None:
    """Two kinks 2^-300 apart, or three lines that nearly meet in a point."""
    for gap in (Fraction(0), Fraction(1, 2**300)):
        f = dense(([[1, 0], [1, 0], [1, 1]], [0, gap, 0]), ([[1, -1, 1]], [0]))
        g = dense(([[1, 1], [-1, 0], [-1, 0]], [0, 0, -gap]), ([[1, 1, -1]], [-gap]))
        for domain in (None, Box.cube(2)):
            one = form(f, domain)
            assert one == form(g, domain)
            assert len(one.maps) == (2 if gap == 0 else 6)
            assert len(one.strata[0].subspaces) >= (2 if gap == 0 else 3)


def test_several_outputs() -> None:
    box = Box.cube(2)
    units = ([[1, 0], [0, 1]], [0, 0])
    assert form(dense(units, ([[1, 0], [0, 1]], [0, 0])), box) != form(
        dense(units, ([[0, 1], [1, 0]], [0, 0])), box
    )
    same = dense(units, ([[1, 1]], [0]))
    assert form(same, box) != form(dense(units, ([[1, 1], [1, 1]], [0, 0])), box)


# ---- the object ---------------------------------------------------------------------------------


def test_maps_and_pieces() -> None:
    found = form(Network.from_dense([[[1], [-1]], [[1, 1]]]), Box([-1], [2]))
    assert [list(row) for row in found.maps] == [[-1, 0], [1, 0]]
    left, right = found.pieces
    assert [(w.form, w.side, w.neighbour) for w in left.walls] == [
        ((1, 1), 1, None), ((1, 0), -1, 1),
    ]  # fmt: skip
    assert [(w.form, w.side, w.neighbour) for w in right.walls] == [
        ((1, 0), 1, 0), ((1, -2), -1, None),
    ]  # fmt: skip
    assert right.map.matrix.to_fractions() == [[1]]
    assert found.strata[0].subspaces == (((-1, 1),), ((0, 1),), ((2, 1),))
    assert repr(found).startswith("CanonicalForm(1 → 1; 2 maps; germs: 3 of dimension 0; sha256 ")
    assert len(found.sha256) == 64
    assert hash(found) == hash(CanonicalForm.from_json(found.to_json()))


def test_save_and_load(tmp_path: Path) -> None:
    net = Network.from_dense([[[1, 1], [1, -2]], [[1, 1]]], [["1/3", 0], [0]])
    for domain in (None, Box.cube(2)):
        found = form(net, domain)
        found.save(tmp_path / "form.json")
        assert CanonicalForm.load(tmp_path / "form.json") == found


def test_files_that_are_no_form(tmp_path: Path) -> None:
    data = form(Network.from_dense([[[1]], [[1]]]), Box.cube(1)).to_json()
    path = tmp_path / "form.json"
    (points,) = data["strata"]
    changes: list[tuple[dict[str, Any], str]] = [
        ({"format": "other"}, "written by CanonicalForm.save"),
        ({"version": 2}, "of version 2; this tropnet reads 1"),
        ({"maps": [["0", "0"], ["2", "0"]]}, "was changed: its digest is"),
        ({"maps": ["00", "10"]}, "'00' where a list of 2 belongs"),
        ({"maps": [[0, 0], [1, 0]]}, "a number where a text such as '1/3' belongs"),
        ({"maps": [["0", "nan"], ["1", "0"]]}, "has no rational value"),
        ({"n_inputs": -1}, "-1 where a count belongs"),
        ({"strata": []}, "where a list of 1 belongs"),
        ({"strata": [{"dimension": 1}]}, "the stratum of dimension 0 is missing"),
        ({"strata": [{"dimension": 0}]}, "garbles a field: 'subspaces'"),
        ({"strata": [{**points, "subspaces": [[["1/2", "1"]]]}]}, "a fraction where an integer"),
        ({"strata": [{**points, "germs": [[9, 1, 0]]}]}, "of numbers that are none"),
        ({"strata": [{**points, "germs": [[0, 3, 0]]}]}, "of numbers that are none"),
        ({"strata": [{**points, "germs": [[0, 1]]}]}, "of numbers that are none"),
    ]
    for change, text in changes:
        path.write_text(json.dumps({**data, **change}))
        with pytest.raises(FormatError, match=text):
            CanonicalForm.load(path)
    path.write_text("[" * 100_000)
    with pytest.raises(FormatError, match="no JSON file"):
        CanonicalForm.load(path)


def test_equal_on() -> None:
    f = enumerate_cells(Network.from_dense([[[1], [-1]], [[1, 1]]]))
    g = enumerate_cells(Network.from_dense([[[-2], [2]], [["1/2", "1/2"]]]))
    assert equal_on(f, g)
    assert not equal_on(f, enumerate_cells(g.network, Box.cube(1)))
    assert not equal_on(f, enumerate_cells(Network.from_dense([[[1]], [[1]]])))
    assert not equal_on(f, enumerate_cells(Network.from_dense([[[1, 0], [-1, 0]], [[1, 1]]])))


def test_refusals() -> None:
    cells = enumerate_cells(Network.from_dense([[[1], [-1]], [[1, 1]]]))
    with pytest.raises(BudgetExceeded, match="raise max_incidences"):
        canonical_hash(cells, max_incidences=3)
    tree = enumerate_cells(cells.network, engine="tree")
    with pytest.raises(DomainError, match="engine='tree'"):
        canonical_hash(tree)
    deep = Network.from_dense([np.eye(2, dtype=int)] * 4 + [[[1, 1]]])
    part = enumerate_cells(deep, Box.cube(2), time_limit=0.0)
    assert not part.complete
    with pytest.raises(DomainError, match="allow more time"):
        canonical_hash(part)
