"""The comparison of two networks: a portfolio of stages, each of which may end it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

from tropnet.checker import Certificate
from tropnet.checker.cells import MAX_INPUTS
from tropnet.checker.certificate import Claimed
from tropnet.checker.gap import Norm
from tropnet.checker.intervals import difference_bounds, plain_bounds
from tropnet.domains import Domain, Polyhedron
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.falsify import Falsifier
from tropnet.equivalence.infinity import grow
from tropnet.equivalence.match import match_units
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import Related, offer, relate
from tropnet.equivalence.relative import relative
from tropnet.equivalence.separate import separate, shallow
from tropnet.equivalence.verdict import Bound, Different, Equivalent, Undecided, Verdict
from tropnet.equivalence.visit_cells import (
    MORE_TIME,
    has_few_cells,
    visit_cells,
    visit_few_cells,
)
from tropnet.equivalence.witness import witness_at
from tropnet.errors import BudgetExceeded
from tropnet.exact.fraction import decimal_text
from tropnet.network import Network
from tropnet.network.fold import folded

#: Seconds that the search may take before bounds are tried.
_QUICK: Final = 0.5


def compare_networks(
    a: Network,
    b: Network,
    domain: Domain = None,
    *,
    relation: Any = "equal",
    atol: Any = 0,
    rtol: Any = None,
    norm: Norm = "inf",
    time_limit: float = 60,
    seed: int = 0,
) -> Verdict:
    """Decide whether two networks compute the same function on a domain, within atol.

    The front door is `tropnet.compare`, which also takes files. Stages, in order: shapes; equal
    normal forms; units related over common atoms (on R^n this needs no search and settles permuted,
    rescaled, duplicated and dead units at any size); slopes at infinity; exact enumeration of the
    joint cells if they are few; a search for differences; for one hidden layer a point read off the
    forms; intervals around differences of matched units; exact enumeration for up to six inputs as
    far as the time allows; a longer search.

    Args:
        a: the first network f.
        b: the second network g.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        relation: `"equal"`, `"at_most"`, `"up_to_constant"`, `"argmax"`, `"argmin"`, an `Argmax` or
            an `Argmin`; see `tropnet.compare`.
        atol: the largest gap at which the relation still holds, exact; for `"equal"` also one
            positive number for each output.
        rtol: for `"equal"`, a share of the range of each output that is added to its atol.
        norm: the norm on R^m: `"inf"`, `"1"` or `"2"`.
        time_limit: seconds after which the answer is Undecided with the bounds so far.
        seed: of the random searches.

    Returns:
        `Equivalent`, `Different` or `Undecided`.

    Raises:
        ShapeError: different numbers of inputs or outputs, or a domain of another dimension.
        DomainError: an empty domain, a negative atol, an unknown norm or relation.

    Example:
        >>> import tropnet
        >>> from tropnet.equivalence.compare import compare_networks
        >>> f = tropnet.Network.from_dense([[[1]], [[1]]])           # max(x, 0)
        >>> g = tropnet.Network.from_dense([[[-1]], [[-1]]])         # min(x, 0)
        >>> type(compare_networks(f, g)).__name__
        'Different'
    """
    start = time.perf_counter()
    problem = Problem.of(
        a, b, domain, relation=relation, atol=atol, norm=norm, time_limit=time_limit, seed=seed
    )
    return _Portfolio(relative(problem, rtol), start).run()


class _Portfolio:
    """Runs the stages and writes the verdict."""

    def __init__(self, problem: Problem, start: float) -> None:
        self.problem = problem
        self.bracket = Bracket(problem)
        self.start = start
        self.log: list[str] = []
        self.method = "exact values at one point"
        self.timed_out = False
        self.exact = False  # the bracket is as narrow as it can be
        self.more_time_helps = False  # a stage was left out for want of time

    def run(self) -> Verdict:
        problem = self.problem
        if problem.a.sha256 == problem.b.sha256:
            self.bracket.offer_upper(Fraction(0), "identical")
            self.method = "equal normal forms"
            return self.verdict()
        related: list[Related] = []
        self.stage("relations between units", lambda: self.relate(related))
        if problem.domain is None and not self.bracket.equivalent:
            self.stage("slopes at infinity", lambda: grow(problem, self.bracket))
            # nothing is left to narrow once the supremum is known to be infinite
            self.exact = self.bracket.lower.value is None and self.bracket.different
        small = problem.a.n_inputs <= MAX_INPUTS
        few = small and has_few_cells(problem)
        if few:
            self.stage("exact enumeration of cells", lambda: self.enumerate(visit_few_cells))
        self.stage("search", lambda: self.falsifier.run(_QUICK))
        if self.separable(related):
            self.stage("kinks", lambda: separate(problem, related[0], self.bracket))
        self.stage("intervals", lambda: self.intervals(related))
        if small and not few and not self.bracket.decided:
            name = "exact enumeration of cells"
            self.stage(name, lambda: self.enumerate(visit_cells))
        if not self.bracket.decided:
            seconds = problem.remaining / 4
            self.stage("longer search", lambda: self.falsifier.run(seconds))
        return self.verdict()

    def stage(self, name: str, work: Callable[[], str]) -> None:
        """Run a stage unless there is nothing left to learn; note what came of it."""
        if self.exact or self.bracket.equivalent or self.timed_out:
            return
        before, begun = self.bracket.decided, time.perf_counter()
        try:
            self.problem.require_time()
            outcome = work()
        except OutOfTime:
            self.timed_out, outcome = True, "out of time"
        except BudgetExceeded as error:
            self.more_time_helps |= error.advice == MORE_TIME
            outcome = f"left out: {error}"
        self.log.append(f"{name}: {outcome} ({time.perf_counter() - begun:.2f} s)")
        if self.bracket.decided and not before:
            self.method = name

    @cached_property
    def falsifier(self) -> Falsifier:
        """The search for differences; it goes on where it was left."""
        return Falsifier(self.problem, self.bracket)

    def separable(self, related: list[Related]) -> bool:
        """Tell whether a point is missing that `separate` can find."""
        if not related or self.bracket.decided or self.problem.atol != 0:
            return False
        if self.problem.relation.kind not in ("equal", "up_to_constant"):
            return False
        return shallow(related[0]) and not isinstance(self.problem.domain, Polyhedron)

    def relate(self, related: list[Related]) -> str:
        found = relate(self.problem)
        related.append(found)
        return offer(found, self.bracket)

    def enumerate(self, visit: Callable[[Problem, Bracket], str]) -> str:
        outcome = visit(self.problem, self.bracket)
        self.exact = True
        return outcome

    def intervals(self, related: list[Related]) -> str:
        # an exporter multiplies a normalisation into the convolution before it: both networks
        # have as many layers only once the one that keeps them apart is multiplied out too
        problem, watch = self.problem, self.problem.require_time
        a, b = folded(problem.a), folded(problem.b)
        problem = replace(problem, a=a, b=b)
        matchings = match_units(problem, related[0].pairs() if related else None)
        if matchings is None:
            first, second = (plain_bounds(f, problem.box, watch) for f in (a, b))
            self.bracket.offer_intervals(first - second, "intervals", {"matchings": None})
        else:
            bounds = difference_bounds(a, b, problem.box, matchings, watch)
            data = {"matchings": [m.to_json() for m in matchings]}
            self.bracket.offer_intervals(bounds, "intervals", data)
        value = self.bracket.upper.value
        return f"{problem.relation.at_points} <= {'inf' if value is None else decimal_text(value)}"

    # ---- the verdict ------------------------------------------------------------------------

    def verdict(self) -> Verdict:
        bracket, problem = self.bracket, self.problem
        bracket.require_consistent()
        claim: Claimed = "bracket"
        if bracket.equivalent:
            claim = "equivalent"
        elif bracket.different:
            claim = "different"
        certificate = Certificate(
            problem.a.sha256,
            problem.b.sha256,
            problem.domain,
            problem.atol,
            problem.norm,
            claim,
            bracket.lower,
            bracket.upper,
            problem.relation.kind,
            problem.relation.scales,
            problem.spread,
        )
        lower, upper = bracket.lower.value, bracket.upper.value
        parts: dict[str, Any] = {
            "relation": problem.relation.kind,
            "domain": problem.domain,
            "atol": problem.atol,
            "norm": problem.norm,
            "scales": problem.relation.scales,
            "rtol": None if problem.spread is None else problem.spread.rtol,
            "lower": _bound(lower),
            "upper": _bound(upper),
            "certificate": certificate,
            "method": self.method,
            "seconds": time.perf_counter() - self.start,
            "stages": tuple(self.log),
            "notes": tuple(
                f"{name}: {note}"
                for name, network in (("a", problem.a), ("b", problem.b))
                for note in network.notes
            ),
        }
        if claim == "equivalent":
            return Equivalent(**parts)
        if bracket.witness is not None:
            return Different(**parts, witness=witness_at(problem, bracket.witness, bracket.other))
        return Undecided(**{**parts, "method": "nothing"}, reason=self.reason())

    def reason(self) -> str:
        """Say what was missing, and what may help."""
        problem, upper = self.problem, self.bracket.upper.value
        if self.timed_out:
            return "the time limit was reached; raise time_limit"
        longer = "a longer time_limit, " if self.more_time_helps else ""
        if upper is None:
            return (
                "no difference was found, and no bound can be given on an unbounded domain; "
                f"give {longer and longer + 'or '}a Box, such as the range of your data"
            )
        if problem.atol < upper:
            bound = f"{problem.relation.at_points} <= {decimal_text(upper, 3)}"
            return (
                f"no point beyond atol was found, but only {bound} is proven; "
                f"give a smaller domain, {longer}or an atol above that bound"
            )
        return "the bounds do not meet"


def _bound(value: Fraction | None) -> Bound:
    return math.inf if value is None else value
