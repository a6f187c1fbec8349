from __future__ import annotations

import subprocess
import sys

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


def test_flushed_subnormals_are_noticed() -> None:
    assert not subnormals_are_flushed()
    code = """if True:
        import torch
        from tropnet.exact.arithmetic import subnormals_are_flushed
        can_flush = torch.set_flush_denormal(True)
        assert subnormals_are_flushed() == can_flush
        torch.set_flush_denormal(False)
        assert not subnormals_are_flushed()
    """
    known = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert known.returncode == 0, known.stderr
