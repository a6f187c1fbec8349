from __future__ import annotations

import math
import os
import time
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversion.planar_complex import PlanarComplex
from tropnet import Box, Network
from tropnet.conversion import LatticeForm, lattice_form
from tropnet.conversion.base_regions import BaseRegions
from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.geometry import enumerate_cells
from tropnet.testing.strategies import networks, small_integers

#: Networks whose cells do not make a lattice form: the maximum of minima, or the minimum of maxima,
#: is off by 16/3, 17/6 and 1/6 at points of the plane.
WRONG_FROM_CELLS = [
    (
        [[[0, 1], [0, 1], [2, 1]], [[-1, -1, -2], [1, 0, 2], [-1, 0, 2]], [[2, -1, 2]]],
        [[0, -1, -1], [2, 0, -2], [-1]],
        False,
    ),
    (
        [[[-2, -2], [1, 0], [2, 0]], [[-1, 1, 1], [-2, 1, 2], [0, -2, -2]], [[1, -2, 0]]],
        [[2, 2, -2], [2, 0, -2], [0]],
        True,
    ),
    (
        [[[0, 2], [1, 0], [2, 1]], [[2, -2, 2], [1, 2, 1]], [[-1, 1]]],
        [[-1, 1, 0], [-1, -2], [1]],
        True,
    ),
]


def _cells(network: Network, domain: Domain = None) -> Any:
    return PlanarComplex(network, domain)


def _random(*widths: int, seed: int = 0, scale: float = 1) -> Network:
    generator = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Network.from_dense(
        [scale * generator.standard_normal(shape) for shape in shapes],
        [generator.standard_normal(shape[0]) for shape in shapes],
    )


def _grid(n: int, domain: Domain) -> RationalMatrix:
    """Points on which ties are frequent, inside the domain."""
    sides = [Fraction(v, 6) for v in range(-6, 7)]
    rows = [list(x) for x in product(sides, repeat=n)]
    if domain is None:
        rows += [[9 * v + k for k, v in enumerate(x)] for x in rows]
    return RationalMatrix.of(rows)


def _slow(form: LatticeForm, x: list[Fraction]) -> Fraction:
    """The definition, in Fractions."""
    rows = form.pieces.to_fractions()
    values = [sum((a * b for a, b in zip(row, x, strict=False)), row[-1]) for row in rows]
    inner, outer = (max, min) if form.dual else (min, max)
    return outer(inner(values[j] for j in own) for own in form.sets)


@settings(max_examples=60)
@given(
    networks(n_outputs=1, max_layers=2, max_width=3, n_inputs=1)
    | networks(n_outputs=1, max_layers=2, max_width=3, n_inputs=2),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["irredundant", "minimal", "none"]),
)
def test_the_form_is_the_network(network: Network, boxed: bool, dual: bool, reduce: Any) -> None:
    n = network.n_inputs
    domain = Box.cube(n, -1, 1) if boxed else None
    cells = _cells(network, domain)
    form = lattice_form(cells, dual=dual, reduce=reduce)
    points = _grid(n, domain)
    corners = [
        [Fraction(v, row[-1]) for v in row[:-1]] for row in cells.exact_vertices() if row[-1]
    ]
    points = RationalMatrix.stack_rows([points, RationalMatrix.of(corners)])
    values = form.exact(points)
    assert values == network.exact(points)
    assert form.check()
    x = points.to_fractions()[7]
    assert _slow(form, x) == values[7, 0]
    assert np.allclose(form(points.to_floats()), values.to_floats()[:, 0])


@settings(max_examples=40)
@given(
    networks(n_inputs=2, n_outputs=1, max_layers=2, max_width=3, entries=small_integers(3)),
    st.booleans(),
)
def test_reduced_forms_have_nothing_to_spare(network: Network, dual: bool) -> None:
    cells = _cells(network)
    form = lattice_form(cells, dual=dual)
    full, least = (lattice_form(cells, dual=dual, reduce=r) for r in ("none", "minimal"))
    assert len(form.sets) <= len(least.sets) <= len(full.sets)
    assert form.n_literals <= least.n_literals <= full.n_literals
    assert not any(set(a) < set(b) for a in least.sets for b in least.sets)
    for k, own in enumerate(form.sets):
        rest = (*form.sets[:k], *form.sets[k + 1 :])
        assert not replace(form, sets=rest).check()
        for j in own:
            smaller = tuple(i for i in own if i != j)
            assert not replace(form, sets=(*rest, smaller)).check()


@settings(max_examples=60)
@given(
    st.integers(1, 3).flatmap(
        lambda n: networks(
            n_inputs=n, n_outputs=1, max_layers=2, max_width=4, entries=small_integers(3)
        )
    ),
    st.booleans(),
    st.booleans(),
)
def test_complexes_of_the_engines_serve_as_well(network: Network, boxed: bool, dual: bool) -> None:
    n = network.n_inputs
    form = lattice_form(enumerate_cells(network, Box.cube(n) if boxed else None), dual=dual)
    points = RationalMatrix.of(np.random.default_rng(0).integers(-6, 7, (200, n)))
    points = points * ("1/6" if boxed else "1/2")
    assert form.exact(points) == network.exact(points)
    assert form.check()


@pytest.mark.parametrize(("weights", "biases", "dual"), WRONG_FROM_CELLS)
def test_cells_that_do_not_make_a_lattice_form_are_cut(
    weights: Any, biases: Any, dual: bool
) -> None:
    network = Network.from_dense(weights, biases)
    cells = _cells(network)
    whole = RationalMatrix.of(np.random.default_rng(0).integers(-60, 61, (3000, 2)))
    points = RationalMatrix.stack_rows([whole * "1/6", whole * "1/30"])
    base = BaseRegions.of(cells, 0)
    plain = LatticeForm(
        RationalMatrix.of(base.pieces) * Fraction(1, base.denominator),
        tuple(tuple(np.flatnonzero(own).tolist()) for own in (base.below if dual else base.above)),
        dual, None, lattice_form(cells).proof,
    )  # fmt: skip
    assert plain.exact(points) != network.exact(points)
    assert not plain.check()
    form = lattice_form(cells, dual=dual)
    assert form.exact(points) == network.exact(points)
    assert form.check()
    assert cells.n_cells < form.n_regions <= cells.n_cells + 6


@pytest.mark.parametrize(
    ("widths", "seed", "cells", "cuts"), [((3, 5, 4, 1), 41, 103, 20), ((4, 5, 4, 1), 16, 180, 80)]
)
def test_cells_of_more_dimensions_are_cut(
    widths: tuple[int, ...], seed: int, cells: int, cuts: int
) -> None:
    generator = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    network = Network.from_dense(
        [generator.integers(-2, 3, shape).tolist() for shape in shapes],
        [generator.integers(-2, 3, shape[0]).tolist() for shape in shapes],
    )
    complex_ = enumerate_cells(network)
    form = lattice_form(complex_)
    assert complex_.n_cells == cells < form.n_regions < cells + cuts
    # facets are known, so that cuts make no superfluous generators
    assert max(map(len, form.proof.members)) < 40
    points = RationalMatrix.of(generator.integers(-6, 7, (200, widths[0]))) * "1/2"
    assert form.exact(points) == network.exact(points)
    assert form.check()


def test_forms_that_were_tampered_with_are_found_out() -> None:
    network = _random(2, 5, 4, 1, seed=3)
    domain = Box.cube(2)
    form = lattice_form(_cells(network, domain))
    assert form.check()
    points = [[Fraction(v, row[-1]) for v in row[:-1]] for row in form.proof.generators]
    values = network.exact(points)
    rows = form.pieces.to_fractions()
    rejected = 0
    for i, j in product(range(len(rows)), range(3)):
        for sign in (-1, 1):
            changed = [list(row) for row in rows]
            near = float(changed[i][j])
            changed[i][j] = Fraction(math.nextafter(near, sign * math.inf))
            mutant = replace(form, pieces=RationalMatrix.of(changed))
            if mutant.check():  # a piece that lies above all along, and still does
                assert mutant.exact(points) == values
            else:
                rejected += 1
    assert rejected > 2 * len(rows)
    assert not replace(form, sets=()).check()
    assert not replace(form, sets=((), *form.sets)).check()
    assert not replace(form, sets=((len(form.pieces),), *form.sets)).check()
    assert not replace(form, sets=((-1,), *form.sets)).check()
    assert not replace(form, dual=True).check()
    assert not replace(form, proof=replace(form.proof, members=())).check()


def test_a_needle_is_not_overlooked() -> None:
    # a tent of height 2^-80 on a base of width 2^-79, on a slope of 1
    tiny = 2.0**-80
    network = Network.from_dense(
        [[[1], [1], [1], [1], [-1]], [[1, -2, 1, 1, -1]]], [[0, -tiny, -2 * tiny, 0, 0], [0]]
    )
    form = lattice_form(_cells(network))
    assert form.exact([tiny])[0, 0] == 2 * Fraction(tiny)
    assert form.check()
    flat = Network.from_dense([[[1], [-1]], [[1, -1]]])
    assert not replace(form, proof=lattice_form(_cells(flat)).proof).check()


def test_degenerate_networks() -> None:
    constant = lattice_form(_cells(Network.from_dense([[[0, 0]], [[1]]], [[2], ["1/3"]])))
    assert str(constant) == "y = l1\nl1 = 7/3"
    assert constant.to_latex().count(r"\tfrac{7}{3}") == 1
    convex = Network.from_dense([[[1, 0], [1, 0], [-1, 0], [2, 0]], [[1, 1, 2, "1/2"]]])
    form = lattice_form(_cells(convex))
    assert (len(form.sets), form.n_literals) == (2, 2)
    assert str(form).startswith("y = max(l1, l2)\n")
    dual = lattice_form(_cells(convex), dual=True)
    assert (len(dual.sets), dual.n_literals) == (1, 2)
    assert form([[1.0, 5.0]]).tolist() == [3.0]
    assert float(form([1.0, 5.0])) == 3.0
    assert form.exact(np.zeros((0, 2))).shape == (0, 1)


def test_outputs_are_counted() -> None:
    network = Network.from_dense([[[1], [-1]], [[1, 1], [1, -1]]])
    cells = _cells(network)
    assert lattice_form(cells, output=1).exact([-3])[0, 0] == -3
    with pytest.raises(DomainError, match="output 2 of a network of 2 outputs, counted from 0"):
        lattice_form(cells, output=2)


def test_what_is_refused() -> None:
    cells = _cells(_random(2, 8, 8, 1), Box.cube(2))
    with pytest.raises(
        BudgetExceeded, match=r"cells of a complex to be written in lattice form: pred"
    ):
        lattice_form(cells, max_regions=3)
    with pytest.raises(
        DomainError, match="reduce is 'all'; known: 'irredundant', 'minimal', 'none'"
    ):
        lattice_form(cells, reduce="all")  # type: ignore[arg-type]
    form = lattice_form(cells)
    with pytest.raises(ShapeError, match=r"points of shape \(1, 3\) for a lattice form in 2 var"):
        form.exact([[1, 2, 3]])
    with pytest.raises(
        ShapeError, match=r"points of shape \(3,\) for a lattice form in 2 variables"
    ):
        form([1.0, 2.0, 3.0])
    with pytest.raises(BudgetExceeded, match="literals of a lattice form in LaTeX"):
        form.to_latex(max_literals=5)
    cells.complete = False
    with pytest.raises(DomainError, match="the complex stopped at"):
        lattice_form(cells)


def test_cuts_count_against_the_budget() -> None:
    weights, biases, _ = WRONG_FROM_CELLS[0]
    cells = _cells(Network.from_dense(weights, biases))
    with pytest.raises(BudgetExceeded, match=r"\(17 cells and the cuts that its proof needs"):
        lattice_form(cells, max_regions=17)


def test_cells_of_no_continuous_function_are_refused() -> None:
    cells = _cells(Network.from_dense([[[1]], [[1]]], [[0], [0]]), Box([-1], [1]))
    _, denominator = cells.exact_maps()
    assert cells.n_cells == 2
    step = np.array([[[0, 1]], [[0, 0]]], dtype=object)  # 1 on one side, 0 on the other
    cells._maps = step, denominator
    with pytest.raises(DomainError, match="do not cover a convex domain, or the function is not"):
        lattice_form(cells)


def test_a_notebook_shows_a_short_form() -> None:
    form = lattice_form(_cells(_random(2, 12, 12, 1), Box.cube(2)))
    shown = form._repr_latex_()
    assert len(shown) < 6_000
    assert "more pieces" in shown
    assert r"\approx" in shown
    assert repr(form).startswith("LatticeForm(max of min, 2 inputs, ")


def test_sizes_of_a_network_of_800_cells() -> None:
    data = os.environ.get("TROPNET_DATA")
    if data is None or not (Path(data) / "regions/A.npz").exists():
        pytest.skip("regions/A.npz is not in $TROPNET_DATA")
    arrays = np.load(Path(data) / "regions/A.npz")
    network = Network.from_dense(
        [arrays[f"{k}.weight"] for k in (0, 2, 4)], [arrays[f"{k}.bias"] for k in (0, 2, 4)]
    )
    cells = _cells(network, Box.cube(2))
    started = time.perf_counter()
    form, dual = lattice_form(cells), lattice_form(cells, dual=True)
    assert time.perf_counter() - started < 10
    # other programs count 485 and 413 inclusion-minimal sets
    assert len(lattice_form(cells, reduce="minimal").sets) == 485
    assert len(lattice_form(cells, reduce="minimal", dual=True).sets) == 413
    assert form.n_literals < 4205
    assert dual.n_literals < 2910
    assert form.check()
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    assert form.exact(points) == network.exact(points) == dual.exact(points)
