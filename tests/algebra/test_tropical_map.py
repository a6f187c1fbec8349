from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests.strategies.tropical import tropical_maps
from tropnet.algebra import TropicalMap, TropicalPolynomial
from tropnet.errors import ShapeError
from tropnet.testing.strategies import points


@settings(max_examples=40)
@given(tropical_maps(2, 2, most=2), tropical_maps(1, 2, most=2), points(1))
def test_composition_is_composition(g: TropicalMap, f: TropicalMap, x: Any) -> None:
    assert g(f)(x) == g(f(x))
    assert g(f).n == 1


@given(tropical_maps(2, 3), points(2))
def test_batches_agree_with_points(f: TropicalMap, x: Any) -> None:
    assert f.exact([x, x]) == [f(x), f(x)]
    floats = f.evaluate([[float(v) for v in x]])
    exact = f.exact([[float(v) for v in x]])[0]
    assert floats.shape == (1, 3)
    assert np.allclose(floats[0], [float(v) for v in exact], rtol=1e-12, atol=1e-9)


def test_identity_and_affine() -> None:
    f = TropicalMap.affine([[1, 2], ["1/2", -1]], [0, 3])
    assert f(2, 4) == (10, 0)
    assert TropicalMap.identity(2)(f) == f
    assert f(TropicalMap.identity(2)).equals(f)
    assert f.jacobian([[0.0, 0.0]]).tolist() == [[[1.0, 2.0], [0.5, -1.0]]]
    assert f.exact_jacobian([0, 0])[1] == (Fraction(1, 2), Fraction(-1))


def test_it_is_a_sequence_of_its_outputs() -> None:
    f = TropicalMap.identity(3)
    assert (len(f), f.m, f.n) == (3, 3, 3)
    assert f[0](5, 6, 7) == 5
    assert f[1:](5, 6, 7) == (6, 7)
    assert [output(1, 2, 3) for output in f] == [1, 2, 3]
    assert TropicalMap([1, 2], n=2)(0, 0) == (1, 2)


def test_shapes_are_checked() -> None:
    x, y = TropicalPolynomial.variables(2)
    with pytest.raises(ShapeError, match="a tropical map of 0 outputs"):
        TropicalMap([])
    with pytest.raises(ShapeError, match=r"spaces of dimensions \[1, 2\]"):
        TropicalMap([x, TropicalPolynomial.one()])
    with pytest.raises(ShapeError, match=r"R\^2 → R\^1 compared with one R\^2 → R\^2"):
        TropicalMap([x]).equals(TropicalMap([x, y]))
    with pytest.raises(ShapeError, match="a function of 2 variables composed with 3 functions"):
        TropicalMap([x])(TropicalMap.identity(3))


def test_one_different_output_is_found() -> None:
    x, y = TropicalPolynomial.variables(2)
    f, g = TropicalMap([x + y, x * y]), TropicalMap([x + y, x * y + -1000])
    point = f.difference_point(g)
    assert point is not None
    assert f(point) != g(point)
    assert not f.equals(g)


def test_it_pickles_hashes_and_shows_itself() -> None:
    x, y = TropicalPolynomial.variables(2)
    f = TropicalMap([x / (y + 0)] * 12)
    assert pickle.loads(pickle.dumps(f)) == f
    assert hash(f) == hash(TropicalMap([x / (y + 0)] * 12))
    assert str(f).splitlines()[0] == "y1 = x₁ ⊘ max(0, x₂)"
    assert str(f).splitlines()[-1] == "… = 2 more outputs"
    assert repr(f) == "TropicalMap(R^2 → R^12, 12 terms in P, 24 in Q)"
    assert "<table>" in f._repr_html_()
    assert f._repr_latex_().count(r"\oslash") == 10
