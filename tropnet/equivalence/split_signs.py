"""Bounding the gap by cases: units positive or negative, a linear program in each."""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.bounds.joint_triangles import JointTriangles
from tropnet.checker.boxes import BITS
from tropnet.checker.joint_cases import (
    MOST_CASES,
    MOST_SPLITS,
    CaseReader,
    gap_targets,
    joint_ends,
)
from tropnet.checker.joint_lines import most
from tropnet.checker.joint_program import JointProgram
from tropnet.equivalence.visit_cells import MORE_TIME
from tropnet.errors import BudgetExceeded, CertificateError
from tropnet.exact.fraction import decimal_text, finite_float, fraction_text
from tropnet.network.fold import folded

if TYPE_CHECKING:
    from tropnet.checker.joint_lines import Sign
    from tropnet.equivalence.bracket import Bracket
    from tropnet.equivalence.problem import Problem
    from tropnet.equivalence.split_boxes import BoxSearch, Told

#: What floats of a program may be off, as a share of the bound and of the largest one.
_SLACK: Final = 2.0**-20
#: Seconds for each weight for one exact bound, rounded up.
_SECONDS: Final = 2e-6
#: Seconds that the exact bounds at the end may take beyond their time, and at most.
_GRACE: Final = 0.5
_LONGEST: Final = 10.0
#: Seconds between two words on the progress.
_LOOK: Final = 2.0


@final
@dataclass(eq=False, slots=True)
class _Case:
    """One case of one target.

    Attributes:
        target: its place among the targets.
        signs: of units.
        bound: an upper bound, in floats; proven once `exact` is there.
        exact: the proven bound that the choices give.
        choices: plain data for the checker.
        unit: by whose sign to split it.
        solved: whether a program was solved for it.
        halves: the cases that it is split into.
    """

    target: int
    signs: tuple[Sign, ...]
    bound: float
    exact: Fraction | None = None
    choices: dict[str, Any] | None = None
    unit: Any = None
    solved: bool = False
    halves: tuple[_Case, _Case] | None = None


@final
class CaseSearch:
    """A best-first search over signs of units that offers what it finds to a bracket.

    Where inputs are many, halving them one by one leads nowhere, and the units of unknown sign on
    a small ball are few. Each case is a linear program of triangles around units and of chords
    around the differences of pairs; the worst case is split by the unit that the program is most
    wrong about.

    Args:
        problem: the comparison, on a bounded domain.
        bracket: receives points and bounds.
        boxes: a search by boxes: its pairs of units, and what it makes of points.
        evidence: what an earlier search offered, for the same pairs of units, to go on from.

    Raises:
        BudgetExceeded: the norm is not the largest of a few combinations of outputs, the networks
            are too large, or there is not enough time.
        CertificateError: evidence that is none.
    """

    def __init__(
        self, problem: Problem, bracket: Bracket, boxes: BoxSearch, evidence: Any = None
    ) -> None:
        self.problem, self.bracket, self.boxes = problem, bracket, boxes
        targets = gap_targets(problem.relation, problem.a.n_outputs)
        if targets is None:
            raise BudgetExceeded(
                "combinations of outputs in this norm", math.inf, 0, "compare in norm inf"
            )
        self.targets = targets
        program = boxes.tree.program
        if problem.relation.kind == "argmin":  # of networks as they are, not of their negatives
            a, b = folded(problem.a), folded(problem.b)
            program = JointProgram.of(a, b, boxes.matchings)
        self.program = program
        weights = sum(
            math.prod(m.shape) for y in (*program.layers, program.output) for _, m in (*y.a, *y.b)
        )
        least = weights * _SECONDS * len(targets)
        if least > problem.remaining / 2:
            raise BudgetExceeded("seconds to begin with cases", least, problem.remaining, MORE_TIME)
        self.bits = boxes.bits(boxes.tree.upper) if evidence is None else evidence.get("bits")
        if not isinstance(self.bits, int):
            raise CertificateError("the evidence does not say on which grid its cases were bounded")
        if not BITS[0] <= self.bits <= BITS[1]:
            raise BudgetExceeded("bits of a grid", self.bits, BITS[1], "compare by boxes")
        self.ends = joint_ends(program, problem.box, self.bits)
        problem.require_time()
        self.reader = CaseReader(program, self.ends)
        box = np.array([[float(u or 0), float(v or 0)] for u, v in problem.box.ends()]).T.copy()
        self.triangles = JointTriangles(program, box, self.ends)
        self.roots: list[_Case] = []
        self._heap: list[tuple[float, int, _Case]] = []
        self._count = 0
        self._seconds = 0.0  # for one exact bound
        #: whether the worst case cannot be bounded any better
        self.stuck = False
        trees = [{}] * len(targets) if evidence is None else evidence.get("trees")
        if not isinstance(trees, list) or len(trees) != len(targets):
            raise CertificateError("there are no trees of cases in the evidence to go on from")
        self.reader.count(trees)
        for place, tree in enumerate(trees):
            self.roots.append(self._grown(place, (), tree))

    @property
    def upper(self) -> float:
        """The largest bound of a case, proven or not."""
        return max(0.0, -self._heap[0][0]) if self._heap else 0.0

    @property
    def n_cases(self) -> int:
        """The cases that nothing splits."""
        return len(self._heap)

    def run(self, seconds: float, precision: float | None = None, told: Told | None = None) -> str:
        """Split cases for about so many seconds, or until the question is settled.

        Args:
            seconds: the time to take, with the exact bounds at its end.
            precision: go on until upper ≤ (1 + precision) · lower, whatever is settled before.
            told: is told of the progress.
        """
        until = min(self.problem.deadline, time.monotonic() + seconds)
        next_look = time.monotonic() + _LOOK
        while not self.problem.stop.is_set():
            aim = self.boxes.wanted(precision) * (1 - _SLACK)
            if precision is None and self.bracket.different:
                break
            if self.upper <= aim:
                if not self._prove_all(aim):
                    break
                continue
            unproven = sum(case.exact is None for _, _, case in self._heap)
            if time.monotonic() + self._seconds * (unproven + 2) > until:
                break
            if self.n_cases >= MOST_CASES or not self._step(until):
                self.stuck = time.monotonic() < until
                break
            if told is not None and time.monotonic() > next_look:
                told(self._bracket_text(), None)
                next_look = time.monotonic() + _LOOK
        self._prove_all(math.inf)
        self.offer()
        return f"{self._bracket_text()}, {self.n_cases} cases"

    def offer(self) -> None:
        """Offer the upper bound so far, with its trees as evidence."""
        exact = [case.exact for _, _, case in self._heap]
        proven = [v for v in exact if v is not None]
        if len(proven) < len(exact):
            return
        value = max([*proven, Fraction(0)])
        rounded = Fraction(math.nextafter(finite_float(value), math.inf)) if value else value
        if value <= self.problem.atol < rounded:
            rounded = self.problem.atol
        known = self.bracket.upper.value
        if rounded < value or (known is not None and known <= rounded):
            return
        data: dict[str, Any] = {
            "matchings": [m.to_json() for m in self.boxes.matchings] or None,
            "bits": self.bits,
            "trees": [_tree(case) for case in self.roots],
        }
        if self.boxes.constant is not None:
            data["constant"] = [fraction_text(v) for v in self.boxes.constant]
        self.bracket.offer_upper(rounded, "cases", data)

    # ---- cases ------------------------------------------------------------------------------

    def _grown(self, target: int, signs: tuple[Sign, ...], tree: Any) -> _Case:
        """Return the case of a tree, with its halves; what nothing splits is proven anew."""
        case = _Case(target, signs, math.inf)
        if isinstance(tree, list):
            k, name, j, *halves = tree
            case.unit, case.solved = (k, name, j), True
            below, above = (
                self._grown(target, (*signs, (case.unit, sign)), half)
                for sign, half in zip((-1, 1), halves, strict=True)
            )
            case.halves = below, above
            return case
        self.problem.require_time()
        begin = time.perf_counter()
        case.choices = tree
        self._prove(case)
        self._seconds = max(self._seconds, time.perf_counter() - begin)
        self._push(case)
        return case

    def _step(self, until: float) -> bool:
        """Solve or split the worst case; tell whether that was possible."""
        _, _, case = self._heap[0]
        left = until - time.monotonic()
        if not case.solved:
            found = self.triangles.solve(self.targets[case.target], case.signs, left)
            if found is None:
                return False
            heapq.heappop(self._heap)
            case.solved, case.unit = True, found.unit
            if found.most < case.bound:
                case.bound, case.choices, case.exact = found.most, found.choices, None
            self._push(case)
            self.boxes.look(found.point[None, :])
            return True
        if case.unit is None or len(case.signs) == MOST_SPLITS:
            return False
        halves = []
        for sign in (-1, 1):
            signs = (*case.signs, (case.unit, sign))
            found = self.triangles.solve(self.targets[case.target], signs, left)
            if found is None:
                return False
            halves.append(
                _Case(case.target, signs, found.most, None, found.choices, found.unit, True)
            )
            self.boxes.look(found.point[None, :])
        heapq.heappop(self._heap)
        case.halves = halves[0], halves[1]
        case.choices = case.exact = None
        for half in halves:
            self._push(half)
        return True

    def _push(self, case: _Case) -> None:
        self._count += 1
        heapq.heappush(self._heap, (-case.bound, self._count, case))

    def _prove(self, case: _Case) -> None:
        choices = self.reader.choices(case.choices)
        target = self.targets[case.target]
        case.exact = most(self.program, self.problem.box, self.ends, target, case.signs, choices)
        case.bound = math.nextafter(finite_float(case.exact), math.inf)

    def _prove_all(self, aim: float) -> bool:
        """Prove the bounds of all cases; tell whether one of them turned out larger than the aim.

        The time for it was left. An interrupt waits for it as well, since nothing is proven
        without it.
        """
        cases = [case for _, _, case in self._heap]
        missing = [case for case in cases if case.exact is None]
        until = time.monotonic() + min(_GRACE + 2 * self._seconds * len(missing), _LONGEST)
        for case in missing:
            if time.monotonic() > until:
                break
            self._prove(case)
        self._heap = []
        for case in cases:
            self._push(case)
        return any(case.bound > aim for case in missing)

    def _bracket_text(self) -> str:
        lower = self.bracket.lower.value
        shown = "inf" if lower is None else decimal_text(lower, 3)
        return f"{shown} <= {self.problem.relation.bounded} <= {self.upper:.4g}"


def _tree(case: _Case) -> Any:
    """Return a tree as plain data; it is not deep."""
    if case.halves is None:
        return case.choices
    k, name, j = case.unit
    return [k, name, j, *map(_tree, case.halves)]
