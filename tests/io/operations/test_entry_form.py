"""Entries as affine functions: exact weights, sizes that remember what cancelled, a cap."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.io.operations.oracle import stored
from tropnet.errors import BudgetExceeded
from tropnet.io.operations import Operations, entry_form
from tropnet.io.operations.entry_form import EntryForm, entry_forms

_TENTH = Fraction(0.1)


def _form(constant: Any = 0, **weights: Any) -> EntryForm:
    keys: Any = {(0, int(k[1:])): Fraction(v) for k, v in weights.items()}
    keys |= {None: Fraction(constant)} if constant else {}
    return EntryForm(keys, {k: abs(v) for k, v in keys.items()})


def test_choices_affine_maps_and_constants() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1, 2)])
    y = do.add(do.matmul(x, stored(np.array([[0.1, 0.0], [2.0, -3.0]]))), stored(np.ones(2)))
    assert entry_forms(do, x, (1, 2)) == [_form(x0=1), _form(x1=1)]
    assert entry_forms(do, y, (2, 2)) == [_form(1, x0=_TENTH, x1=2), _form(1, x1=-3)] * 2
    assert entry_forms(do, stored(np.array([0.0, 0.1])), (2,)) == [_form(), _form(_TENTH)]


def test_what_cancels_is_remembered() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1,)])
    million = stored(np.array([1e6]))
    there = do.subtract(do.add(x, million), million)
    [near] = entry_forms(do, there, (1,))
    assert near.weights == {(1, 0): 1, None: -(10**6)}
    [through] = entry_forms(do, there, (1,), through=True)
    assert through.weights == {(0, 0): 1}
    assert through.sizes == {(0, 0): 1, None: 2 * 10**6}


def test_it_goes_no_further_than_relu_units() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1,)])
    y = do.scale(do.scale(do.relu(do.scale(do.scale(x, 2), 3)), 5), 7)
    [form] = entry_forms(do, y, (1,), through=True)
    assert list(form.weights.values()) == [35]
    [(source, _)] = [key for key in form.weights if key]
    assert do.builder.identity(source) is None


def test_multiples() -> None:
    a, b = _form(2, x0=4, x1=-6), _form(1, x0=2, x1=-3)
    assert a.multiple_of(b) == 2
    assert b.multiple_of(a) == Fraction(1, 2)
    assert _form().multiple_of(b) == 0
    for other in (_form(), _form(x0=2, x1=-3), _form(1, x0=2, x1=-3 + 2**-50), _form(1, x0=2)):
        assert a.multiple_of(other) is None
    assert a.minus(a).weights == {}
    assert a.minus(a).sizes == {(0, 0): 8, (0, 1): 12, None: 4}


@pytest.mark.parametrize("through", [False, True])
def test_a_tensor_of_many_weights_is_refused(
    through: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_form, "MOST_WEIGHTS", 10)
    do = Operations("float32")
    [x] = do.inputs([(1, 4)])
    y = do.matmul(x, stored(np.ones((4, 4))))
    y = do.scale(y, 2) if through else y
    with pytest.raises(BudgetExceeded, match="weights of a condition"):
        entry_forms(do, y, (1, 4), through=through)
