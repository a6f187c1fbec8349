"""A point at which two functions differ."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, final

import numpy as np

from tropnet.checker.relation import EQUAL, Relation
from tropnet.domains import Box
from tropnet.equivalence.problem import Problem
from tropnet.exact import RationalMatrix
from tropnet.exact.fraction import decimal_text

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True)
class Witness:
    """A point at which two functions differ, with both exact values.

    Attributes:
        point: n rationals.
        f: the m exact values of the first function there.
        g: the m exact values of the second.
        gap: the gap of the relation, such as |f − g| in the norm of the comparison; rounded down
            where it is irrational.
        float32_point: the nearest float32 point; in a box the nearest one inside, if there is one.
        survives_float32: whether the functions still differ beyond atol at that point, which then
            lies in the domain too.
        relation: the relation whose gap it shows.
        other: where a gap takes two points, the second one; else None.
        f_other: the values of the first function there, or None.
        g_other: those of the second, or None.
    """

    point: tuple[Fraction, ...]
    f: tuple[Fraction, ...]
    g: tuple[Fraction, ...]
    gap: Fraction
    float32_point: tuple[float, ...]
    survives_float32: bool
    relation: Relation = EQUAL
    other: tuple[Fraction, ...] | None = None
    f_other: tuple[Fraction, ...] | None = None
    g_other: tuple[Fraction, ...] | None = None

    def __str__(self) -> str:
        shown = f"x = {_vector(self.point)}: f = {_vector(self.f)}, g = {_vector(self.g)}"
        if self.other is not None and self.f_other is not None and self.g_other is not None:
            shown += (
                f"; y = {_vector(self.other)}: f = {_vector(self.f_other)}, "
                f"g = {_vector(self.g_other)}"
            )
        return f"{shown}, {self._gap_text()}"

    def _gap_text(self) -> str:
        gap = decimal_text(self.gap)
        match self.relation.kind:
            case "at_most":
                return f"f exceeds g by {gap}"
            case "up_to_constant":
                return f"f-g changes by 2 * {gap}"
            case "argmax" | "argmin":
                best = max if self.relation.kind == "argmax" else min
                first, second = (v.index(best(v)) for v in (self.f, self.g))
                return f"f's output {first} leads by {gap}, g prefers output {second}"
        return f"|f-g|{'' if self.relation.scales is None else '/tolerance'} = {gap}"


def witness_at(
    problem: Problem, point: tuple[Fraction, ...], other: tuple[Fraction, ...] | None = None
) -> Witness:
    """Return the witness at a point, with the exact values of both functions.

    Args:
        problem: the comparison.
        point: a point of the domain.
        other: the second point, where a gap takes two.
    """
    f, g = _values(problem, point)
    f_other, g_other = (None, None) if other is None else _values(problem, other)
    rounded = [_float32_point(problem, p) for p in (point, other) if p is not None]
    survives = bool(np.isfinite(rounded).all()) and _is_beyond(
        problem, [tuple(Fraction(float(v)) for v in p) for p in rounded]
    )
    return Witness(
        point,
        f,
        g,
        _gap(problem, point, other),
        tuple(float(v) for v in rounded[0]),
        survives,
        problem.relation,
        other,
        f_other,
        g_other,
    )


def _values(
    problem: Problem, point: tuple[Fraction, ...]
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    f, g = (tuple(net.exact([list(point)]).to_fractions()[0]) for net in (problem.a, problem.b))
    return f, g


def _gap(
    problem: Problem, point: tuple[Fraction, ...], other: tuple[Fraction, ...] | None
) -> Fraction:
    if other is None:
        return problem.gap(point)
    first, second = problem.difference(point), problem.difference(other)
    return problem.relation.gap_between(first, second)


def _is_beyond(problem: Problem, points: list[tuple[Fraction, ...]]) -> bool:
    """Tell whether points, one or two as the gap takes, lie in the domain and show a difference."""
    if not all(problem.contains(point) for point in points):
        return False
    return _gap(problem, points[0], points[1] if len(points) > 1 else None) > problem.atol


def _float32_point(problem: Problem, point: tuple[Fraction, ...]) -> NDArray[np.float32]:
    """Return the nearest float32 point; in a box one step inward where that would leave it."""
    with np.errstate(over="ignore"):
        near: NDArray[np.float32] = (
            RationalMatrix.of([list(point)]).to_floats()[0].astype(np.float32)
        )
    if isinstance(problem.domain, Box) and np.isfinite(near).all():
        for i, (low, high) in enumerate(
            zip(problem.domain.lower, problem.domain.upper, strict=True)
        ):
            value = Fraction(float(near[i]))
            if not low <= value <= high:
                inward = np.float32(np.inf if value < low else -np.inf)
                near[i] = np.nextafter(near[i], inward)
    return near


def _vector(values: tuple[Fraction, ...], most: int = 8) -> str:
    shown = [decimal_text(v) for v in values[:most]]
    more = [f"… {len(values) - most} more"] if len(values) > most else []
    return "(" + ", ".join(shown + more) + ")"
