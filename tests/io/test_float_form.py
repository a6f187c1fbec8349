"""Float forms are exact, or there is none."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io.exports import all_kinds
from tropnet.errors import DomainError
from tropnet.io.float_form import FloatDtype, FloatForm, float_form, misfits, tiles_of
from tropnet.io.in_floats import in_floats
from tropnet.network import linear
from tropnet.network.shared_linear import SharedLinear
from tropnet.testing.strategies import nasty_floats

_NUMBERS = st.one_of(
    st.fractions(max_denominator=10**9),
    nasty_floats().map(Fraction),
    st.integers(-(10**20), 10**20).map(Fraction),
)
_DTYPES = st.sampled_from(["float32", "float64"])


@given(st.lists(st.lists(_NUMBERS, min_size=2, max_size=2), min_size=1, max_size=3), _DTYPES)
def test_a_form_is_exact(rows: Any, dtype: FloatDtype) -> None:
    entries = linear(rows)
    form = float_form(entries, dtype)
    if form is None:
        return
    assert form.numerators.dtype == dtype
    assert form.linear().exact == entries.exact
    if form.divisors is not None:
        assert form.divisors.dtype == dtype
        assert ((form.divisors > 0.5) & (form.divisors <= 1)).all()
        again = float_form(form.linear(), dtype)  # what is read back is written as it was
        assert again is not None
        assert np.array_equal(again.numerators, form.numerators)


@given(st.fractions(min_value=0, max_denominator=2**24 - 1), _DTYPES)
def test_fractions_that_fit_have_a_form(value: Fraction, dtype: FloatDtype) -> None:
    if value.numerator < 2**24:
        assert float_form(linear([[value]]), dtype) is not None


@given(nasty_floats())
def test_misfits_are_those_that_change(value: float) -> None:
    with np.errstate(over="ignore"):
        assert bool(misfits(np.array([value]), "float32")[0]) == (float(np.float32(value)) != value)
    assert not misfits(np.array([value]), "float64")[0]


def test_divisors_count() -> None:
    form = FloatForm(np.array([[1.0], [1.0]]), np.array([0.75, 1.0]))
    assert form.linear().exact.to_fractions() == [[Fraction(4, 3)], [Fraction(1)]]


@pytest.mark.parametrize("kind", all_kinds())
def test_tiles_hold_each_pair_once(kind: str) -> None:
    for affine in all_kinds()[kind].affines:
        for _, weights in affine.terms:
            if isinstance(weights, SharedLinear):
                share = weights.sharing
                patch, kernel = share.pairs
                found = [
                    (int(places[g, s, t]), int(patches[g, s]), int(kernels[g, t]))
                    for patches, kernels, places in tiles_of(share)
                    for g, s, t in np.ndindex(places.shape)
                ]
                assert sorted(found) == list(
                    zip(range(share.n_pairs), patch.tolist(), kernel.tolist(), strict=True)
                )


def test_what_is_rounded_is_counted() -> None:
    f = all_kinds()["float64"]
    same, dtype, count = in_floats(f)
    assert (same, dtype, count) == (f, "float64", 0)
    near, dtype, count = in_floats(f, "float32", rounded=True)
    assert (near.dtype, dtype) == ("float32", "float32")
    weights = f.layers[0].affine.terms[0][1].values
    assert count == int((weights != weights.astype(np.float32)).sum()) > 0
    assert near.notes[-1].startswith(f"{count} of ")
    assert in_floats(near) == (near, "float32", 0)
    with pytest.raises(DomainError, match="which is no float32"):
        in_floats(f, "float32")
