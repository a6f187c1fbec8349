from __future__ import annotations

import numpy as np
import pytest

from tropnet.errors import DomainError
from tropnet.exact.arithmetic import Arithmetic, subnormals_are_flushed


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_figures_are_those_of_the_format(dtype: str) -> None:
    facts, found = np.finfo(dtype), Arithmetic.of(dtype)
    assert found.dtype == dtype
    assert found.unit_roundoff == float(facts.eps) / 2
    assert found.largest == float(facts.max)
    assert float(facts.tiny) < found.underflow < 4 * float(facts.tiny)


def test_unknown_formats_are_refused() -> None:
    with pytest.raises(DomainError) as caught:
        Arithmetic.of("bfloat16")
    assert str(caught.value) == "dtype is 'bfloat16'; known: float16, float32, float64"


def test_this_processor_keeps_subnormals_unless_told_otherwise() -> None:
    # what happens when told otherwise: tests/network/test_flushed_subnormals.py
    assert not subnormals_are_flushed()
