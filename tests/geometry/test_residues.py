"""Integers from their residues."""

from __future__ import annotations

import numpy as np
import pytest

from tropnet.geometry.residues import integers_of, prime_up_to


def _primes(bits: int, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found.append(prime_up_to((found[-1] if found else 1 << bits) - 1))
    return found


@pytest.mark.parametrize("bits", [4, 20, 30])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 12])
def test_integers_come_back_up_to_both_ends(bits: int, count: int) -> None:
    primes = _primes(bits, count) if bits > 4 else [13, 11, 7, 5, 3, 2][:count]
    half = (int(np.prod(np.array(primes, object))) - 1) // 2
    given = [0, 1, -1, half, -half, half // 3, -(half // 7), half - 1]
    residues = np.array([[v % p for p in primes] for v in given], np.int64)
    found = integers_of(residues, primes)
    assert found.tolist() == given
    assert all(type(v) is int for v in found)


def test_no_primes_are_zero_and_the_residues_stay() -> None:
    assert integers_of(np.zeros((2, 3, 0), np.int64), ()).tolist() == [[0] * 3] * 2
    residues = np.array([[[5, 6, 7]]], np.int64)
    integers_of(residues, (11, 13, 17))
    assert residues.tolist() == [[[5, 6, 7]]]
