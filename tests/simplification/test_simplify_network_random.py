"""Random networks, simplified; more with `python -m tests.simplification.random_networks`."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simplification.random_networks import simplify_convolution, simplify_dense


@settings(max_examples=6)
@given(st.integers(0, 2**32))
def test_random_networks(seed: int) -> None:
    simplify_dense(seed)


@settings(max_examples=2)
@given(st.integers(0, 2**32))
def test_random_convolutions(seed: int) -> None:
    simplify_convolution(seed)
