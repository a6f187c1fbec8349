"""One comparison: the two functions, the question, and the time left to answer it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, final

import numpy as np

from tropnet.checker.gap import Norm
from tropnet.checker.hull import hull
from tropnet.checker.relation import EQUAL, KINDS, Relation
from tropnet.checker.spread import Spread
from tropnet.domains import Box, Domain, Polyhedron, require_dimension
from tropnet.equivalence.asked_relation import asked_relation
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.polyhedron_hull import (
    polyhedron_hull,
    polyhedron_point,
    polyhedron_vertices,
)
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import IntervalVector
from tropnet.network import Network

#: The relations that can be compared.
RELATIONS: Final = KINDS
#: Vertices of a polyhedron found by linear programs.
_VERTICES: Final = 24
#: The share of the time left that linear programs on a polyhedron may take.
_SHARE: Final = 0.3
#: Values of units held at a time (128 MiB), and entries of all their gradients (64 MiB).
_VALUES: Final = 2**24
_PRODUCTS: Final = 2**27
_GRADIENTS: Final = 2**23


@final
@dataclass(frozen=True, eq=False)
class Problem:
    """Two networks, a domain, a relation and a tolerance.

    Attributes:
        a: the first network f.
        b: the second network g.
        domain: where they are compared.
        relation: what is asked.
        atol: the largest gap at which the relation still holds, at least zero.
        deadline: `time.monotonic()` at which to stop.
        seed: of all random choices.
        box: intervals around the domain.
        hull: for a polyhedron the multipliers that prove the box, as plain data; else None.
        start: a point of the domain.
        spread: where tolerances relative to the ranges of outputs come from, or None.
        stop: set to end the comparison early.
        executor: bounds boxes elsewhere, or None.
    """

    a: Network
    b: Network
    domain: Domain
    relation: Relation
    atol: Fraction
    deadline: float
    seed: int
    box: IntervalVector
    hull: Any
    start: tuple[Fraction, ...]
    spread: Spread | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    executor: Executor | None = None

    @staticmethod
    def of(
        a: Network,
        b: Network,
        domain: Domain,
        *,
        relation: Any = "equal",
        atol: Any = 0,
        norm: Norm = "inf",
        time_limit: float = 60,
        seed: int = 0,
        executor: Executor | None = None,
    ) -> Problem:
        """Return the problem, after checking that it is one.

        Raises:
            ShapeError: different numbers of inputs or outputs, or a domain of another dimension.
            DomainError: an empty domain, a negative tolerance, an unknown norm or relation, what
                does not go together, a time limit that is not positive.
            OutOfTime: before a point of a polyhedron was found.
        """
        deadline = time.monotonic() + _positive(time_limit)
        if (a.n_inputs, a.n_outputs) != (b.n_inputs, b.n_outputs):
            raise ShapeError(
                f"cannot compare a function R^{a.n_inputs} -> R^{a.n_outputs} with one "
                f"R^{b.n_inputs} -> R^{b.n_outputs}; their inputs and outputs must agree in number"
            )
        require_dimension(domain, a.n_inputs)
        asked, tolerance = asked_relation(relation, atol, norm, a.n_outputs)
        start, box, hull = _enclose(domain, a.n_inputs, deadline)
        return Problem(
            a, b, domain, asked, tolerance, deadline, seed, box, hull, start, executor=executor
        )

    @property
    def norm(self) -> str:
        """The norm on R^m."""
        return self.relation.norm

    @property
    def remaining(self) -> float:
        """Seconds left; not below zero."""
        return 0.0 if self.stop.is_set() else max(0.0, self.deadline - time.monotonic())

    def require_time(self) -> None:
        """Stop the stage when the time is up, or the comparison was stopped.

        Raises:
            OutOfTime: it is.
        """
        if self.stop.is_set():
            raise OutOfTime("the comparison was stopped")
        _watch(self.deadline)()

    @property
    def bounded(self) -> bool:
        """Whether the domain is bounded."""
        return not bool((self.box.no_lower | self.box.no_upper).any())

    @property
    def bounds_prove(self) -> bool:
        """Whether a bound can prove what is asked; of equality each is too large."""
        return self.atol > 0 or self.relation.kind in ("at_most", "argmax", "argmin")

    @cached_property
    def n_values(self) -> int:
        """The values of all units of the larger network."""
        return max(sum(f.widths) + f.n_inputs + f.n_outputs for f in (self.a, self.b))

    @cached_property
    def _products(self) -> int:
        """The products of a forward pass of the larger network."""
        return max(
            sum(m.products for affine in f.affines for _, m in affine.terms)
            for f in (self.a, self.b)
        )

    def batch(self, count: int, passes: int = 1) -> int:
        """Return how many points of so many are followed through all layers in about a second.

        Args:
            count: the points that small networks are searched with.
            passes: forward passes for each point.
        """
        by_time = _PRODUCTS // max(1, self._products * passes)
        return max(1, min(count, _VALUES // self.n_values, by_time))

    @property
    def has_small_cells(self) -> bool:
        """Whether the gradients of all units at a point can be written down."""
        return self.n_values * self.a.n_inputs <= _GRADIENTS

    def rng(self, stage: int) -> np.random.Generator:
        """Return the random generator of a stage."""
        return np.random.default_rng([self.seed, stage])

    def contains(self, point: tuple[Fraction, ...]) -> bool:
        """Tell exactly whether a point lies in the domain."""
        return self.domain is None or self.domain.contains(point)

    @cached_property
    def vertices(self) -> list[tuple[Fraction, ...]]:
        """Points spread over a polyhedral domain, vertices and points on rays; else the start."""
        if not isinstance(self.domain, Polyhedron):
            return [self.start]
        watch = _watch(time.monotonic() + _SHARE * self.remaining)
        return polyhedron_vertices(self.domain, self.start, _VERTICES, self.rng(4), watch)

    def gap(self, point: tuple[Fraction, ...]) -> Fraction:
        """Return the gap at a rational point, rounded down where it is irrational.

        It is 0 where a gap takes two points; see `difference`.
        """
        relation = self.relation
        if relation == EQUAL:  # without a Fraction for each output
            difference = self.a.exact([list(point)]) - self.b.exact([list(point)])
            largest = max(abs(v) for v in difference.numerators.entries())
            return Fraction(int(largest), difference.denominator)
        values = (f.exact([list(point)]).to_fractions()[0] for f in (self.a, self.b))
        return relation.gap(*values)

    def difference(self, point: tuple[Fraction, ...]) -> list[Fraction]:
        """Return f − g at a rational point."""
        return (self.a.exact([list(point)]) - self.b.exact([list(point)])).to_fractions()[0]


def _positive(time_limit: Any) -> float:
    try:
        seconds = float(time_limit)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise DomainError(f"time_limit is {time_limit!r}; give seconds above zero, and finite")
    return seconds


def _watch(deadline: float) -> Callable[[], None]:
    """Return what raises `OutOfTime` when it is called after the deadline."""

    def require() -> None:
        if time.monotonic() > deadline:
            raise OutOfTime("the time limit was reached; raise time_limit")

    return require


def _enclose(
    domain: Domain, dimension: int, deadline: float
) -> tuple[tuple[Fraction, ...], IntervalVector, Any]:
    """Return a point of the domain, intervals around it, and what proves them."""
    if domain is None:
        return (Fraction(0),) * dimension, IntervalVector.line(dimension), None
    if isinstance(domain, Box):
        return domain.center, IntervalVector.of(domain.lower, domain.upper), None
    point = polyhedron_point(domain, _watch(deadline))
    now = time.monotonic()
    proof = polyhedron_hull(domain, _watch(now + _SHARE * (deadline - now)))
    return point, hull(domain, domain.dimension, proof), proof
