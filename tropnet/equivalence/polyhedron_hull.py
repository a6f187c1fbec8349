"""Points of a polyhedron, and the box around it with the multipliers that prove it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tropnet.domains import Polyhedron
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, interior_point, maximize


def polyhedron_point(domain: Polyhedron) -> tuple[Fraction, ...]:
    """Return a point of the relative interior.

    Raises:
        DomainError: the polyhedron is empty.

    Cost: one exact LP.

    Example:
        >>> from tropnet.domains import Polyhedron
        >>> from tropnet.equivalence.polyhedron_hull import polyhedron_point
        >>> segment = Polyhedron([[1], [-1]], [1, 0])
        >>> 0 < polyhedron_point(segment)[0] < 1
        True
    """
    found = interior_point(domain.A, domain.b)
    if found is None:
        raise DomainError(
            f"the polyhedron is empty: its {domain.A.shape[0]} inequalities contradict each other"
        )
    return tuple(found.point.to_fractions()[0])


def polyhedron_hull(domain: Polyhedron) -> list[Any]:
    """Return, for each coordinate, multipliers that prove its lower and its upper bound.

    Returns:
        n pairs [below, above] of lists of texts, or None where the coordinate is unbounded; the
        form that `tropnet.checker.hull` replays.

    Cost: 2n exact LPs.
    """
    pairs = []
    for i in range(domain.dimension):
        pair = []
        for sign in (-1, 1):
            objective = [[sign * int(i == j) for j in range(domain.dimension)]]
            found = maximize(RationalMatrix.of(objective), domain.A, domain.b)
            pair.append(
                [str(v) for v in found.multipliers.to_fractions()[0]]
                if isinstance(found, Optimal)
                else None
            )
        pairs.append(pair)
    return pairs
