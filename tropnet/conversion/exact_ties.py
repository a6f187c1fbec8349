"""Which pairs of integer forms agree at integer vectors, for millions of pairs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import flint
import numpy as np

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, IntArray

#: Primes lie below 2^30, so that eight products of residues fit into 63 bits.
_BITS: Final = 30
_SUMMED: Final = 8
#: Pairs worked on at a time, few enough for a processor's cache.
_PAIRS: Final = 2**15


def exact_ties(
    forms: Any, vectors: Any, first: IntArray, second: IntArray, where: IntArray
) -> BoolArray:
    """Tell for which pairs forms[first] and forms[second] have one value at vectors[where].

    A difference that vanishes modulo primes whose product exceeds every possible difference is
    zero; one that does not is not. Both are proofs.

    Args:
        forms: object `(k, d)` of integers.
        vectors: object `(v, d)` of integers.
        first: `(p,)` rows of forms.
        second: `(p,)` rows of forms.
        where: `(p,)` rows of vectors.

    Cost: about 1 ns for each pair, column and prime; there is a prime for every 30 bits of a value.

    Example:
        >>> import numpy as np
        >>> from tropnet.conversion.exact_ties import exact_ties
        >>> forms = np.array([[10**30, 1], [10**30, 0], [0, 1]], dtype=object)
        >>> vectors = np.array([[1, 0], [1, 10**30]], dtype=object)
        >>> exact_ties(forms, vectors, *np.array([[0, 1, 1], [1, 2, 2], [0, 0, 1]])).tolist()
        [True, False, True]
    """
    result = np.ones(len(first), np.bool_)
    if not len(first):
        return result
    largest = 2 * len(forms[0]) * _largest(forms) * _largest(vectors)
    left = np.arange(len(first))
    product, candidate = 1, 1 << _BITS
    while product <= largest and len(left):
        candidate -= 1
        if not _is_prime(candidate):
            continue
        product *= candidate
        a, b = (np.asarray(table % candidate, dtype=np.int64) for table in (forms, vectors))
        unequal = np.empty(len(left), np.bool_)
        for begin in range(0, len(left), _PAIRS):
            some = left[begin : begin + _PAIRS]
            difference = a[first[some]] - a[second[some]]
            unequal[begin : begin + _PAIRS] = _product(difference, b[where[some]], candidate) != 0
        result[left[unequal]] = False
        left = left[~unequal]
    return result


def _product(left: IntArray, right: IntArray, prime: int) -> IntArray:
    """Return Σ left · right by rows, modulo the prime."""
    total = np.zeros(len(left), np.int64)
    for begin in range(0, left.shape[1], _SUMMED):
        some = slice(begin, begin + _SUMMED)
        total += np.einsum("pd,pd->p", left[:, some], right[:, some]) % prime
    return total % prime


def _largest(table: Any) -> int:
    return max((abs(v) for row in table.tolist() for v in row), default=0)


def _is_prime(number: int) -> bool:
    return bool(flint.fmpz(number).is_prime())
