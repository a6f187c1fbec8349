"""Points of a polyhedron, and the box around it with the multipliers that prove it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np

from tropnet.domains import Polyhedron
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.exact.fraction import fraction_text
from tropnet.exact.linear_program import Optimal, Unbounded, interior_point, maximize

#: Called often; raises `OutOfTime` to stop.
Watch: TypeAlias = Callable[[], None]

#: From this dimension on a float solver is asked for an interior point first.
_MANY: Final = 8
#: Bits of the coordinates of a point, from the shortest to the longest tried.
_SHORT: Final = (0, 4, 12, 24, 52)


def polyhedron_point(domain: Polyhedron, watch: Watch | None = None) -> tuple[Fraction, ...]:
    """Return a point of the relative interior, with short coordinates where there are such.

    Raises:
        DomainError: the polyhedron is empty.
        OutOfTime: by `watch`, before a point was found.

    Cost: in many dimensions a float LP; where that fails, an exact one.

    Example:
        >>> from tropnet.domains import Polyhedron
        >>> from tropnet.equivalence.polyhedron_hull import polyhedron_point
        >>> segment = Polyhedron([[1], [-1]], [1, 0])
        >>> 0 < polyhedron_point(segment)[0] < 1
        True
    """
    guess = _interior_guess(domain) if domain.dimension >= _MANY else None
    if guess is not None:
        return guess
    found = interior_point(domain.A, domain.b, watch=watch)
    if found is None:
        raise DomainError(
            f"the polyhedron is empty: its {domain.A.shape[0]} inequalities contradict each other"
        )
    point = tuple(found.point.to_fractions()[0])
    return point if found.equalities else _shortened(domain, point) or point


def polyhedron_hull(domain: Polyhedron, watch: Watch | None = None) -> list[Any]:
    """Return, for each coordinate, multipliers that prove its lower and its upper bound.

    Args:
        domain: a polyhedron that is not empty.
        watch: when it raises `OutOfTime`, the bounds still missing are read off inequalities of
            one variable, or left out.

    Returns:
        n pairs [below, above] of lists of texts, or None where the coordinate is unbounded; the
        form that `tropnet.checker.hull` replays.

    Cost: 2n exact LPs.
    """
    flat: list[Any] = []
    sides = [(i, sign) for i in range(domain.dimension) for sign in (-1, 1)]
    try:
        for i, sign in sides:
            objective = RationalMatrix.of([_unit(domain, i, sign)])
            found = maximize(objective, domain.A, domain.b, watch=watch)
            flat.append(_texts(found.multipliers) if isinstance(found, Optimal) else None)
    except OutOfTime:
        single = _single_variable_bounds(domain)
        flat += [single.get(side) for side in sides[len(flat) :]]
    return [flat[i : i + 2] for i in range(0, len(flat), 2)]


def polyhedron_vertices(
    domain: Polyhedron,
    start: tuple[Fraction, ...],
    count: int,
    rng: np.random.Generator,
    watch: Watch | None = None,
) -> list[tuple[Fraction, ...]]:
    """Return points of a polyhedron: optima of random objectives, and steps along its rays.

    Args:
        domain: the polyhedron.
        start: a point of it, which comes first.
        count: how many objectives to try.
        rng: draws the objectives.
        watch: when it raises `OutOfTime`, those found so far are returned.

    Cost: `count` exact LPs.
    """
    found = [start]
    try:
        for _ in range(count):
            objective = RationalMatrix.of(rng.integers(-9, 10, size=(1, domain.dimension)))
            match maximize(objective, domain.A, domain.b, watch=watch):
                case Optimal(point=point):
                    found.append(tuple(point.to_fractions()[0]))
                case Unbounded(point=point, ray=ray):
                    far = point + ray * Fraction(int(rng.choice([1, 16, 256])))
                    found.append(tuple(far.to_fractions()[0]))
    except OutOfTime:
        pass
    return list(dict.fromkeys(found))


def _interior_guess(domain: Polyhedron) -> tuple[Fraction, ...] | None:
    """Return a point strictly inside every inequality if a float LP leads to one."""
    from scipy.optimize import linprog

    rows, columns = domain.A.shape
    table = RationalMatrix.stack_columns([domain.A, domain.b]).to_floats()
    sizes = np.abs(table[:, :-1]).max(axis=1, initial=0, keepdims=True)
    with np.errstate(all="ignore"):
        table = table / np.where(sizes > 0, sizes, 1.0)
    if not np.isfinite(table).all():
        return None
    norms = np.linalg.norm(table[:, :-1], axis=1, keepdims=True)
    # the centre of a ball inside, of radius at most 1
    found = linprog(
        [0.0] * columns + [-1.0],
        A_ub=np.hstack([table[:, :-1], norms]),
        b_ub=table[:, -1],
        bounds=[(None, None)] * columns + [(0.0, 1.0)],
        method="highs",
    )
    if rows == 0 or found.status != 0 or found.x is None:
        return None
    return _shortened(domain, tuple(Fraction(float(v)) for v in found.x[:-1]))


def _shortened(domain: Polyhedron, point: tuple[Fraction, ...]) -> tuple[Fraction, ...] | None:
    """Return a point strictly inside every inequality near this one, or None."""
    for bits in _SHORT:
        near = tuple(Fraction(round(v * 2**bits), 2**bits) for v in point)
        if bool((_slack(domain, near).signs() > 0).all()):
            return near
    return None


def _slack(domain: Polyhedron, point: tuple[Fraction, ...]) -> RationalMatrix:
    return domain.b - domain.A @ RationalMatrix.of([list(point)]).T


def _single_variable_bounds(domain: Polyhedron) -> dict[tuple[int, int], list[str]]:
    """Return the multipliers of the best inequality of one variable alone, by (index, sign)."""
    best: dict[tuple[int, int], tuple[Fraction, int, Fraction]] = {}
    for r, (row, (limit,)) in enumerate(zip(domain.A, domain.b, strict=True)):
        nonzero = [i for i, v in enumerate(row) if v]
        if len(nonzero) != 1:
            continue
        size = row[nonzero[0]]
        side = (nonzero[0], 1 if size > 0 else -1)
        bound = (limit / abs(size), r, 1 / abs(size))
        best[side] = min(best.get(side, bound), bound)
    rows = domain.A.shape[0]
    return {
        side: [fraction_text(factor) if k == r else "0" for k in range(rows)]
        for side, (_, r, factor) in best.items()
    }


def _unit(domain: Polyhedron, index: int, sign: int) -> list[int]:
    return [sign * int(i == index) for i in range(domain.dimension)]


def _texts(multipliers: RationalMatrix) -> list[str]:
    return [fraction_text(v) for v in multipliers.to_fractions()[0]]
