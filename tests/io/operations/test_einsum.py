"""Einstein sums against torch's, for many equations; what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import FormatError, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.einsum import einsum
from tropnet.io.tensor import Constant

_SIZES = {"i": 2, "j": 3, "k": 2, "l": 2, "b": 2}


def _integers(shape: Any, seed: int) -> Any:
    return np.random.default_rng(seed).integers(-3, 4, size=shape).astype(np.float64)


def _check(equation: str, shapes: list[Any], place: int = 0) -> None:
    """Compare with torch, the operand at `place` being the input."""
    arrays = [_integers(s, k) for k, s in enumerate(shapes)]

    def build(do: Operations, x: Any) -> Any:
        values = [x if k == place else stored(a) for k, a in enumerate(arrays)]
        return einsum(do, equation, values)

    def oracle(x: Any) -> Any:
        values = [x if k == place else torch.tensor(a).to(x.dtype) for k, a in enumerate(arrays)]
        return torch.einsum(equation, *values)

    agree([shapes[place]], build, oracle, count=2)


@pytest.mark.parametrize(
    "equation",
    [
        "ij,jk->ik", "ij,jk", "ij,kj->ik", "bij,bjk->bik", "bij,jk->bki", "ij->ji", "ij->", "ij->i",
        "ii->i", "ii", "iij->j", "ij,ij->", "ij,ij->ij", "ij,k->ijk", "ij,j->i", "ij,kl->ik",
        "ij,jk,kl->il", "ij,jk,kl->jl", "ij,ii->j", "ijk,kji->", "i,j,k->kji", "ij , jk -> ki",
    ],
)  # fmt: skip
def test_equations(equation: str) -> None:
    left = equation.replace(" ", "").split("->")[0]
    sizes = dict.fromkeys("ik", 2) | _SIZES
    shapes = [tuple(sizes[k] for k in term) for term in left.split(",")]
    for place in range(len(shapes)):
        _check(equation, shapes, place)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("...ij,jk->...ik", [(2, 2, 2, 3), (3, 2)]),
        ("...ij,...jk->...ik", [(2, 2, 3), (1, 3, 2)]),
        ("...ij,...jk->...ik", [(2, 3), (2, 3, 2)]),
        ("...ij,...jk", [(2, 1, 2, 3), (2, 3, 2)]),
        ("i...->...i", [(2, 3, 2)]),
        ("i...j->i...", [(2, 3, 2)]),
        ("ij...,j->i...", [(2, 3, 2), (3,)]),
        ("...,...->...", [(2, 3), (3,)]),
        ("...,...", [(2, 1), (3,)]),
    ],
)
def test_broadcast_axes(equation: str, shapes: list[Any]) -> None:
    for place in range(len(shapes)):
        _check(equation, shapes, place)


@settings(max_examples=60)
@given(st.data())
def test_random_equations(data: st.DataObject) -> None:
    letters = st.text("ijkl", min_size=1, max_size=3)
    terms = data.draw(st.lists(letters, min_size=1, max_size=3))
    known = sorted({k for term in terms for k in term})
    result = "".join(data.draw(st.lists(st.sampled_from(known), unique=True)))
    shapes = [tuple(_SIZES[k] for k in term) for term in terms]
    place = data.draw(st.integers(0, len(terms) - 1))
    _check(f"{','.join(terms)}->{result}", shapes, place)


def test_constants_fold_exactly() -> None:
    tenth = stored(np.array([0.1]))
    found = einsum(Operations("float32"), "i,i->", [tenth, tenth])
    assert isinstance(found, Constant)
    assert found.values[()] == Fraction(0.1) ** 2


def test_no_matrix_is_made() -> None:
    w = np.random.default_rng(0).standard_normal((16, 16))
    f = read([(1, 4096, 16)], lambda do, x: einsum(do, "btc,dc->btd", [x, stored(w)]))
    assert f.n_parameters == 256


@pytest.mark.parametrize(
    ("equation", "constants", "error", "text"),
    [
        ("ij,jk->ik", 0, FormatError, "has 2 terms for 1 values"),
        ("ij,jk->iz", 1, FormatError, "has one that no term has"),
        ("ij,jk->ii", 1, FormatError, "repeats a letter"),
        ("i1,jk->ij", 1, FormatError, "cannot be read"),
        ("ij...j...,jk", 1, FormatError, "cannot be read"),
        ("ijk,jk->i", 1, ShapeError, "the term 'ijk' for values of shape"),
        ("i,jk->i", 1, ShapeError, "the term 'i' for values of shape"),
        ("ij,ik->jk", 1, ShapeError, "has length 2 and 3"),
        ("ii,jk->jk", 1, ShapeError, "the diagonal 'i' of axes of length 2 and 3"),
    ],
)
def test_refusals(equation: str, constants: int, error: Any, text: str) -> None:
    w = stored(np.ones((3, 2)))
    with pytest.raises(error, match=text):
        read([(2, 3)], lambda do, x: einsum(do, equation, [x, *[w] * constants], "einsum1"))


def test_a_product_of_two_values_is_refused() -> None:
    with pytest.raises(UnsupportedLayerError, match=r"'einsum1' \(Einsum\)"):
        read([(2, 3)], lambda do, x: einsum(do, "ij,ij->i", [x, x], "einsum1"))
