"""The extreme rays of a pointed cone, in integers: the double description method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import flint
import numpy as np

from tropnet.errors import BudgetExceeded, DomainError

#: Signs of float products are trusted beyond this part of the sum of magnitudes: far above the
#: rounding of a product of so few factors, each rounded once.
_SURE: Final = 2.0**-44
#: A prime below 2^31, so that products of two residues fit into 63 bits.
_PRIME: Final = 2147483629

Row = tuple[int, ...]


def extreme_rays(
    rows: Sequence[Row],
    *,
    seed: int = 0,
    max_rays: int = 50_000,
    pulse: Callable[[], None] = lambda: None,
) -> tuple[list[Row], list[int]]:
    """Return the extreme rays of {x : row · x ≥ 0 for all rows}, and the rows tight at each.

    Args:
        rows: integers, of full rank: the cone contains no line.
        seed: of the order in which the rows cut.
        max_rays: refuse more rays than this at any time.
        pulse: called after each cut; it may raise.

    Returns:
        Primitive integer vectors, and for each the rows that vanish there, as bits of an integer.

    Raises:
        BudgetExceeded: more rays.
        DomainError: the cone contains a line.

    Cost: about 1 ms a row for a thousand rays in four dimensions. Floats only sort out signs that
        rounding cannot touch; everything else is in integers.

    Source: Motzkin, Raiffa, Thompson, Thrall, "The double description method" (1953); Fukuda,
        Prodon, "Double description method revisited" (1996), for the rank test of adjacency.

    Example:
        >>> from tropnet.simplification.double_description import extreme_rays
        >>> rays, tight = extreme_rays([(1, 0), (-1, 2), (0, 1)])
        >>> sorted(zip(rays, tight))
        [((0, 1), 1), ((2, 1), 2)]
    """
    order = list(range(len(rows)))
    Random(seed).shuffle(order)
    first = _independent(rows, order)
    cone = _Cone(rows, first)
    chosen = set(first)
    for index in order:
        if index not in chosen:
            cone.cut(index)
            pulse()
            if len(cone.rays) > max_rays:
                raise BudgetExceeded(
                    "vertices of the cells on which P and Q are affine",
                    len(cone.rays), max_rays, "simplify on a smaller domain",
                )  # fmt: skip
    bits = [int.from_bytes(words.tobytes(), "little") for words in cone.tight]
    return [tuple(ray) for ray in cone.rays.tolist()], bits


def _independent(rows: Sequence[Row], order: Sequence[int]) -> list[int]:
    """Return the first rows in an order that are linearly independent, as many as columns."""
    chosen: list[int] = []
    size = len(rows[0])
    for index in order:
        if flint.fmpz_mat([list(rows[k]) for k in [*chosen, index]]).rank() > len(chosen):
            chosen.append(index)
            if len(chosen) == size:
                return chosen
    raise DomainError("the cone contains a line, so that it has no extreme rays")


class _Cone:
    def __init__(self, rows: Sequence[Row], first: list[int]) -> None:
        self.rows = rows
        self.dimension = len(rows[0])
        self.residues = np.array([[v % _PRIME for v in row] for row in rows], np.int64)
        inverse: Any = flint.fmpz_mat([list(rows[k]) for k in first]).inv()
        solved = inverse.numer_denom()
        sign = 1 if solved[1] > 0 else -1
        table: list[list[Any]] = solved[0].tolist()
        rays = [[sign * int(line[k]) for line in table] for k in range(self.dimension)]
        self.rays = _objects([_primitive(ray) for ray in rays], self.dimension)
        self.floats = _floats(self.rays)
        self.tight = np.zeros((self.dimension, -(-len(rows) // 64)), np.uint64)
        for k in range(self.dimension):
            for other, index in enumerate(first):
                if other != k:
                    self.tight[k, index // 64] |= np.uint64(1 << (index % 64))

    def cut(self, index: int) -> None:
        """Keep the part of the cone where a row is not negative."""
        signs = self._signs(index)
        bit = np.uint64(1 << (index % 64))
        self.tight[signs == 0, index // 64] |= bit
        below = np.flatnonzero(signs < 0)
        if not len(below):
            return
        above = np.flatnonzero(signs > 0)
        pairs, common = self._adjacent(above, below)
        common[:, index // 64] |= bit
        row = np.array(self.rows[index], object)
        high, low = self.rays[pairs[:, 0]], self.rays[pairs[:, 1]]
        left, right = high @ row, low @ row
        mixed = (low * left[:, None] - high * right[:, None]).tolist()
        fresh = _objects([_primitive(ray) for ray in mixed], self.dimension)
        kept = signs >= 0
        self.rays = np.concatenate([self.rays[kept], fresh])
        self.floats = np.concatenate([self.floats[kept], _floats(fresh)])
        self.tight = np.concatenate([self.tight[kept], common])

    def _signs(self, index: int) -> Any:
        row = self.rows[index]
        largest = max(map(abs, row)) or 1
        line = np.array([v / largest for v in row])
        values = self.floats @ line
        sizes = np.abs(self.floats) @ np.abs(line)
        signs = np.sign(values).astype(np.int64)
        # products below all normal floats round absolutely
        doubtful = np.flatnonzero(~(np.abs(values) > sizes * _SURE + 1e-290))
        exact = self.rays[doubtful] @ np.array(row, object)
        signs[doubtful] = [(v > 0) - (v < 0) for v in exact.tolist()]
        return signs

    def _adjacent(self, above: Any, below: Any) -> tuple[Any, Any]:
        """Return the pairs of rays above and below that span a face, and what is tight on it."""
        need = self.dimension - 2
        union = np.bitwise_or.reduce(self.tight[below], axis=0)
        near = above[np.bitwise_count(self.tight[above] & union).sum(axis=1) >= need]
        rivals = self.tight[near]
        pairs, commons = [np.zeros((0, 2), np.int64)], [self.tight[:0]]
        for ray in below.tolist():
            common = rivals & self.tight[ray]
            enough = np.bitwise_count(common).sum(axis=1) >= need
            pairs.append(np.column_stack([near[enough], np.full(int(enough.sum()), ray)]))
            commons.append(common[enough])
        found, shared = np.concatenate(pairs), np.concatenate(commons)
        keep = np.array([self._spans_face(words) for words in shared], np.bool_)
        return (found[keep], shared[keep]) if len(keep) else (found, shared)

    def _spans_face(self, words: Any) -> bool:
        number = int.from_bytes(words.tobytes(), "little")
        members = bits_of(number)
        need = self.dimension - 2
        residues = flint.nmod_mat(
            len(members), self.dimension, self.residues[members].ravel().tolist(), _PRIME
        )
        if residues.rank() >= need:
            return True
        return bool(flint.fmpz_mat([list(self.rows[k]) for k in members]).rank() >= need)


def bits_of(number: int) -> list[int]:
    """Return the places of the bits of an integer, ascending.

    Example:
        >>> from tropnet.simplification.double_description import bits_of
        >>> bits_of(0b1011)
        [0, 1, 3]
    """
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found


def _primitive(ray: list[int]) -> list[int]:
    divisor = math.gcd(*ray)
    return [v // divisor for v in ray]


def _objects(rays: list[list[int]], width: int) -> Any:
    table = np.empty((len(rays), width), object)
    for k, ray in enumerate(rays):
        table[k] = ray
    return table


def _floats(rays: Any) -> Any:
    found = np.empty(rays.shape)
    for k, ray in enumerate(rays.tolist()):
        largest = max(map(abs, ray))
        found[k] = [v / largest for v in ray]
    return found
