"""The stages of a comparison, each of which may end it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, Final, final

from tropnet.checker import Certificate, check_networks
from tropnet.checker.cells import MAX_INPUTS
from tropnet.checker.certificate import Claimed
from tropnet.checker.intervals import difference_bounds, plain_bounds
from tropnet.domains import Polyhedron
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.falsify import Falsifier
from tropnet.equivalence.infinity import grow
from tropnet.equivalence.match import match_units
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import Related, offer, relate
from tropnet.equivalence.separate import separate, shallow
from tropnet.equivalence.split_boxes import BoxSearch, Told
from tropnet.equivalence.split_signs import CaseSearch
from tropnet.equivalence.verdict import Bound, Different, Equivalent, Undecided, Verdict
from tropnet.equivalence.visit_cells import (
    MORE_TIME,
    has_few_cells,
    visit_cells,
    visit_few_cells,
)
from tropnet.equivalence.witness import witness_at
from tropnet.errors import BudgetExceeded, CertificateError
from tropnet.exact.fraction import decimal_text
from tropnet.network.fold import folded

#: Seconds that boxes and a search may take before more costly stages.
_BOXES: Final = 1.5
_QUICK: Final = 0.5
#: Where there are more inputs than this, halving them one by one leads nowhere soon.
_FEW_INPUTS: Final = 8
#: The share of the time left in which cases prove a tolerance, or narrow the bracket.
_CASES: Final = 0.5
#: The shares of the time left in which cases and boxes try to narrow the bracket.
_TRIES: Final = (0.25, 0.1)
#: Shares of the time left in which boxes prove a tolerance, or narrow the bracket if there is none.
_PROVING: Final = 0.9
_NARROWING: Final = 0.25


@final
class Portfolio:
    """Runs the stages and writes the verdict."""

    def __init__(
        self,
        problem: Problem,
        start: float,
        precision: float | None = None,
        evidence: Any = None,
        told: Told | None = None,
    ) -> None:
        self.problem = problem
        self.bracket = Bracket(problem)
        self.start = start
        self.precision = precision
        self.evidence = evidence
        self.told = told
        self.log: list[str] = []
        self.method = "exact values at one point"
        self.timed_out = False
        self.exact = False  # the bracket is as narrow as it can be
        self.more_time_helps = False  # a stage was left out for want of time
        self.related: list[Related] = []
        self.boxes: BoxSearch | None = None
        self.signs: CaseSearch | None = None

    def run(self) -> Verdict:
        """Run the stages and return the verdict."""
        problem = self.problem
        if problem.a.sha256 == problem.b.sha256:
            self.bracket.offer_upper(Fraction(0), "identical")
            self.method = "equal normal forms"
            return self.verdict()
        if self.evidence is not None:
            self.stage("earlier bounds", self.take_up)
        # a tolerance is mostly proven sooner by boxes than by what holds on the domain alone
        quick = problem.bounds_prove and problem.bounded
        if quick:
            self.stage("a first look", self.falsifier.glance)
        if quick and self.bracket.different:
            self.enumerate_if_few()
            self.stage("boxes", lambda: self.split(_BOXES))
        else:
            self.settle(quick)
        if self.precision is not None and problem.bounded:
            self.narrow(self.precision)
        return self.verdict()

    def settle(self, quick: bool) -> None:
        """Look for a proof and for a difference until one of them is found.

        Args:
            quick: whether there is a tolerance on a bounded domain, which boxes may prove soon.
        """
        problem = self.problem
        self.stage("relations between units", lambda: self.relate(everywhere=quick))
        if problem.domain is None and not self.bracket.equivalent:
            self.stage("slopes at infinity", lambda: grow(problem, self.bracket))
            # nothing is left to narrow once the supremum is known to be infinite
            self.exact = self.bracket.lower.value is None and self.bracket.different
        cells = problem.a.n_inputs <= MAX_INPUTS and not self.enumerate_if_few()
        if quick:
            self.stage("boxes", lambda: self.split(_BOXES))
        if not (quick and self.bracket.different):
            self.stage("search", lambda: self.falsifier.run(_QUICK))
        if self.separable():
            self.stage("kinks", lambda: separate(problem, self.related[0], self.bracket))
        if problem.atol == 0 or self.bracket.upper.value is None:
            self.stage("intervals", self.intervals)
        if not self.bracket.decided:
            self.insist(quick, cells)

    def enumerate_if_few(self) -> bool:
        """Visit all joint cells if they are few; tell whether they are."""
        few = self.problem.a.n_inputs <= MAX_INPUTS and has_few_cells(self.problem)
        if few:
            self.stage("exact enumeration of cells", lambda: self.enumerate(visit_few_cells))
        return few

    def insist(self, quick: bool, cells: bool) -> None:
        """Spend the rest of the time.

        Args:
            quick: whether boxes were tried before what holds on the domain alone.
            cells: whether cells may be enumerated.
        """
        problem = self.problem
        if cells:
            name = "exact enumeration of cells"
            self.stage(name, lambda: self.enumerate(visit_cells))
        if self.has_cases and not self.bracket.decided:
            self.stage("cases", lambda: self.split_signs(_CASES * problem.remaining))
        if quick and not self.bracket.decided:
            self.stage("relations on the domain", lambda: self.relate())
        if problem.bounded and not self.bracket.decided:
            # no bound proves equality: with no tolerance boxes only narrow the bracket
            share = _PROVING if problem.bounds_prove else _NARROWING
            self.stage(*self.go_on(share * problem.remaining))
        if not self.bracket.decided:
            seconds = problem.remaining / 4
            self.stage("longer search", lambda: self.falsifier.run(seconds))

    def narrow(self, precision: float) -> None:
        """Go on until the ends are as near as the precision asks, or the time is up."""
        if self.has_cases:
            # both have a try, for it depends on the networks which is better
            tries = (("cases", self.split_signs), ("boxes", self.split))
            for (name, work), share in zip(tries, _TRIES, strict=True):
                if not self.narrow_enough(precision):
                    some = partial(work, share * self.problem.remaining, precision)
                    self.stage(f"narrowing by {name}", some, True)
        if not self.narrow_enough(precision):
            name, rest = self.go_on(self.problem.remaining, precision)
            self.stage(f"narrowing by {name}", rest, True)

    def narrow_enough(self, precision: float) -> bool:
        """Tell whether the ends are as near as the precision asks."""
        lower, upper = self.bracket.lower.value, self.bracket.upper.value
        if lower is None or upper is None:
            return False
        return upper <= lower * (1 + Fraction(precision))

    @property
    def has_cases(self) -> bool:
        """Whether cases by units' signs may do better than boxes."""
        problem = self.problem
        asked = problem.bounds_prove or self.precision is not None
        return asked and problem.bounded and problem.a.n_inputs > _FEW_INPUTS

    def go_on(
        self, seconds: float, precision: float | None = None
    ) -> tuple[str, Callable[[], str]]:
        """Return the name and the work of what did better so far: cases or boxes."""
        signs = self.signs
        if signs is not None and not signs.stuck and signs.upper < signs.boxes.tree.upper:
            return "cases", lambda: self.split_signs(seconds, precision)
        return "boxes", lambda: self.split(seconds, precision)

    def split_signs(self, seconds: float, precision: float | None = None) -> str:
        """Split cases for so long, going on where it was left."""
        left = self.problem.remaining - seconds  # for others, after this
        if self.boxes is None or self.boxes.constant_is_old:
            self.split(_QUICK)
        if self.signs is None or self.signs.boxes is not self.boxes:
            assert self.boxes is not None
            self.signs = CaseSearch(self.problem, self.bracket, self.boxes)
        return self.signs.run(max(0.0, self.problem.remaining - left), precision, self.told)

    def split(self, seconds: float, precision: float | None = None) -> str:
        """Split boxes for so long, going on where it was left."""
        if self.boxes is None or self.boxes.constant_is_old:
            known = self.related[0].pairs() if self.related else None
            self.boxes = BoxSearch(self.problem, self.bracket, known)
        return self.boxes.run(seconds, precision, self.told)

    def take_up(self) -> str:
        """Go on from the certificate of an earlier comparison."""
        problem, evidence = self.problem, self.evidence
        ours = (problem.a.sha256, problem.b.sha256, problem.domain, problem.relation)
        if (evidence.a, evidence.b, evidence.domain, evidence.asked) != ours:
            raise CertificateError(
                "the evidence is of other networks, another domain or another relation; "
                "take the certificate of the same question"
            )
        for point in (evidence.lower.point, evidence.lower.other):
            if point is not None:
                self.bracket.offer_point(point)
        if evidence.upper.method == "relations":
            report = check_networks(evidence, problem.a, problem.b)
            if not report:
                raise CertificateError(f"the evidence does not hold: {report.reason}")
            self.bracket.offer_upper(evidence.upper.value, "relations", evidence.upper.data)
            return "claims about units, replayed"
        data = evidence.upper.data
        if evidence.upper.method in ("boxes", "cases") and not isinstance(data, dict):
            raise CertificateError("the evidence has no trees to go on from")
        if evidence.upper.method == "cases":
            self.boxes = BoxSearch(problem, self.bracket, evidence={**data, "tree": "."})
            self.signs = CaseSearch(problem, self.bracket, self.boxes, data)
            self.signs.offer()
            return f"{self.signs.n_cases} cases"
        if evidence.upper.method != "boxes":
            return f"a point; bounds by {evidence.upper.method} are found anew"
        self.boxes = BoxSearch(problem, self.bracket, evidence=evidence.upper.data)
        self.boxes.offer()
        return f"{self.boxes.tree.n_leaves} boxes"

    def stage(self, name: str, work: Callable[[], str], narrows: bool = False) -> None:
        """Run a stage unless there is nothing left to learn; note what came of it."""
        if self.exact or self.timed_out or (self.bracket.equivalent and not narrows):
            return
        if self.told is not None:
            self.told(name, None)
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

    def separable(self) -> bool:
        """Tell whether a point is missing that `separate` can find."""
        if not self.related or self.bracket.decided or self.problem.atol != 0:
            return False
        if self.problem.relation.kind not in ("equal", "up_to_constant"):
            return False
        return shallow(self.related[0]) and not isinstance(self.problem.domain, Polyhedron)

    def relate(self, everywhere: bool = False) -> str:
        """Relate the units of both networks."""
        found = relate(self.problem, everywhere)
        self.related.append(found)
        return offer(found, self.bracket)

    def enumerate(self, visit: Callable[[Problem, Bracket], str]) -> str:
        """Visit all joint cells; nothing is left to learn after that."""
        outcome = visit(self.problem, self.bracket)
        self.exact = True
        return outcome

    def intervals(self) -> str:
        """Bound differences of matched units by exact intervals."""
        # an exporter multiplies a normalisation into the convolution before it: both networks
        # have as many layers only once the one that keeps them apart is multiplied out too
        problem, watch = self.problem, self.problem.require_time
        a, b = folded(problem.a), folded(problem.b)
        problem = replace(problem, a=a, b=b)
        matchings = match_units(problem, self.related[0].pairs() if self.related else None)
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
        """Return what is known by now."""
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
            "interrupted": problem.stop.is_set(),
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
        if problem.stop.is_set():
            return "it was interrupted; its certificate takes it up again (evidence=, --resume)"
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
