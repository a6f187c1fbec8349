"""A point at which two functions differ."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, final

import numpy as np

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
        gap: |f − g| in the norm of the comparison; rounded down where it is irrational.
        float32_point: the nearest float32 point; in a box the nearest one inside, if there is one.
        survives_float32: whether the functions still differ beyond atol at that point, which then
            lies in the domain too.
    """

    point: tuple[Fraction, ...]
    f: tuple[Fraction, ...]
    g: tuple[Fraction, ...]
    gap: Fraction
    float32_point: tuple[float, ...]
    survives_float32: bool

    def __str__(self) -> str:
        return (
            f"x = {_vector(self.point)}: f = {_vector(self.f)}, g = {_vector(self.g)}, "
            f"|f-g| = {decimal_text(self.gap)}"
        )


def witness_at(problem: Problem, point: tuple[Fraction, ...]) -> Witness:
    """Return the witness at a point, with the exact values of both functions."""
    row = RationalMatrix.of([list(point)])
    near = _float32_point(problem, row)
    survives = False
    if np.isfinite(near).all():
        rounded = tuple(Fraction(float(v)) for v in near)
        survives = problem.contains(rounded) and problem.gap(rounded) > problem.atol
    return Witness(
        point,
        tuple(problem.a.exact(row).to_fractions()[0]),
        tuple(problem.b.exact(row).to_fractions()[0]),
        problem.gap(point),
        tuple(float(v) for v in near),
        survives,
    )


def _float32_point(problem: Problem, row: RationalMatrix) -> NDArray[np.float32]:
    """Return the nearest float32 point; in a box one step inward where that would leave it."""
    with np.errstate(over="ignore"):
        near: NDArray[np.float32] = row.to_floats()[0].astype(np.float32)
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
