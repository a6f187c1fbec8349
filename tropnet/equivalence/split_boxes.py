"""Bounding the gap by a tree of boxes: differential zonotopes, branch and bound."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

import numpy as np

from tropnet.bounds import BranchAndBound, JointBounds
from tropnet.bounds.joint_bounds import SCALES, Goal
from tropnet.checker.boxes import shifted
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.matching import Matching, matchings_from_json
from tropnet.checker.relation import Relation
from tropnet.checker.split_tree import outward_box, splits_of, tree_text
from tropnet.domains import Domain, Polyhedron
from tropnet.equivalence.aim import Aim
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.match import Known, match_units
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.equivalence.visit_cells import MORE_TIME
from tropnet.errors import BudgetExceeded, CertificateError
from tropnet.exact import as_fractions
from tropnet.exact.fraction import decimal_text, finite_float, fraction_text
from tropnet.network import Network
from tropnet.network.affine import Affine
from tropnet.network.fold import folded

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray

#: Called with a word on what goes on, and the share of the work that is done, if it is known.
Told: TypeAlias = Callable[[str, float | None], object]

#: What the checker's rounding may add to a bound, as a share of it.
_SLACK: Final = 2.0**-16
#: Without a tolerance to prove, the bound is narrowed until it is this much above the best point.
_NARROW: Final = 1.25
#: Bits of the grid beyond the last one that matters: for its roundings, and `_SLACK`.
_MORE_BITS: Final = 28
#: The size that a coefficient of a polyhedron and a margin are taken for, at least.
_LEAST: Final = 1e-290
_ZERO: Final = Fraction(0)
#: The smallest bound that is claimed, unless a smaller one is asked for.
_SMALLEST: Final = Fraction(1, 2**160)
#: Seconds for each weight that it takes to match units and to write differences, rounded up.
_SECONDS: Final = 4e-6
#: Leaves of a tree that only narrows the bracket of an undecided equality.
_UNASKED: Final = 4
#: Fractional bits of the checker's grid for bounds of size 1, and at most.
_BITS: Final = (64, 4096)
#: Seconds between two looks at how much is left, and ways down the tree for each.
_LOOK: Final = 2.0
_PROBES: Final = 8


@final
class BoxSearch:
    """A branch and bound that offers what it finds to a bracket, and can go on later.

    Args:
        problem: the comparison, on a bounded domain.
        bracket: receives points and bounds.
        known: pairs of units that are known to be multiples of each other.
        evidence: what an earlier search offered, to be taken up again.

    Raises:
        BudgetExceeded: the domain is unbounded, or the networks are too large for dense matrices.
        CertificateError: evidence of other networks.
    """

    def __init__(
        self, problem: Problem, bracket: Bracket, known: Known | None = None, evidence: Any = None
    ) -> None:
        self.problem, self.bracket = problem, bracket
        root = outward_box(problem.box)
        if root is None:
            raise BudgetExceeded("boxes", math.inf, 0, "give a bounded domain")
        a, b = folded(problem.a), folded(problem.b)
        weights = sum(math.prod(m.shape) for f in (a, b) for y in f.affines for _, m in y.terms)
        if weights * _SECONDS > problem.remaining:
            raise BudgetExceeded(
                "seconds before the first box", weights * _SECONDS, problem.remaining, MORE_TIME
            )
        if evidence is None:
            matchings = match_units(replace(problem, a=a, b=b), known) or []
            self.constant = bracket.middles
        else:
            matchings = matchings_from_json(evidence.get("matchings"), a, b)
            constant = evidence.get("constant")
            self.constant = None if constant is None else list(as_fractions(constant, "constant"))
        self.matchings: list[Matching] = [_moderate(m) for m in matchings]
        problem.require_time()
        kind = problem.relation.kind
        if self.constant is not None:
            b = shifted(b, self.constant)
        if kind == "argmin":  # the largest output of −f, where −g prefers another
            a, b = _negated(a), _negated(b)
        scales = problem.relation.scales
        # factors are rounded up: a tolerance is never taken for a larger one
        above = [math.nextafter(finite_float(v), math.inf) for v in scales or ()]
        bounds = JointBounds(
            JointProgram.of(a, b, self.matchings),
            _goal(problem.relation),
            np.array(above) if above else None,
            executor=problem.executor,
        )
        self.units = bounds.units
        self.tree = BranchAndBound(bounds, np.array(root).T.copy(), _outside(problem.domain))
        if evidence is not None:
            self.tree.resume(self._codes(evidence.get("tree")), problem.require_time)
        problem.require_time()
        self._sampler, self._aim = Sampler(problem), Aim(problem, bracket)
        self.look(self.tree.corners)

    def run(self, seconds: float, precision: float | None = None, told: Told | None = None) -> str:
        """Split boxes for about so many seconds, or until the question is settled.

        Args:
            seconds: the time to take.
            precision: go on until upper ≤ (1 + precision) · lower, whatever is settled before.
            told: is told of the progress.
        """
        until = min(self.problem.deadline, time.monotonic() + seconds)
        next_look = time.monotonic() + _LOOK
        rng = self.problem.rng(9)
        while time.monotonic() < until and not self.problem.stop.is_set():
            aim = self.wanted(precision)
            if self.tree.upper <= aim or self.tree.stuck:
                break
            if precision is None and (self.bracket.different or self._enough()):
                break
            self.look(self.tree.step(aim))
            if told is not None and time.monotonic() > next_look:
                left = self.tree.boxes_left(aim, _PROBES, rng)
                told(self._bracket_text(), self.tree.n_boxes / (self.tree.n_boxes + left))
                next_look = time.monotonic() + _LOOK
        self.offer()
        return f"{self._bracket_text()}, {self.tree.n_leaves} boxes"

    @property
    def constant_is_old(self) -> bool:
        """Whether points found since tell of a better constant, for a relation up to one."""
        return self.constant is not None and self.constant != self.bracket.middles

    @cached_property
    def growth(self) -> int:
        """Bits by which an error in a layer may grow on its way to the outputs."""
        return _growth(self.tree.program)

    def _enough(self) -> bool:
        """Tell whether a bracket that nobody asked for has cost enough, to find and to replay."""
        return not self.problem.bounds_prove and self.tree.n_leaves >= _UNASKED

    def bits(self, fine: float) -> int:
        """Return the fractional bits of a grid on which so small a number is proven.

        One step of the grid, grown by the layers behind it, is a small share of the bound, and of
        the least distance by which another output, or a part, was ruled out.
        """
        exponent = math.frexp(min(max(fine, _LEAST), sys.float_info.max))[1]
        return max(_BITS[0], _MORE_BITS + self.growth - exponent)

    def offer(self) -> None:
        """Offer the upper bound so far, with the tree as its evidence."""
        upper = self.tree.upper
        if not math.isfinite(upper):
            return
        value = Fraction(upper) * (1 + Fraction(_SLACK))
        if self.tree.upper <= self.wanted(None) and self.problem.atol > 0:
            value = min(value, self.problem.atol)
        # what is smaller is within the roundings of the checker's grid; but 0 is a matter of signs
        if upper > 0:
            value = max(value, min(_SMALLEST, self.problem.atol or _SMALLEST))
        if self.bracket.upper.value is not None and self.bracket.upper.value <= value:
            return
        bits = self.bits(min(upper or math.inf, self.tree.margin))
        if bits > _BITS[1]:
            return  # a bound so small that the checker's grid would be too fine
        data: dict[str, Any] = {
            "matchings": [m.to_json() for m in self.matchings] or None,
            "tree": tree_text([self._word(split) for _, split in self.tree.preorder()]),
            "bits": bits,
        }
        if self.constant is not None:
            data["constant"] = [fraction_text(v) for v in self.constant]
        self.bracket.offer_upper(value, "boxes", data)

    def wanted(self, precision: float | None) -> float:
        """Return the bound below which boxes need not be split any more."""
        lower = finite_float(self.bracket.lower.value or _ZERO)
        if precision is not None:
            return lower * (1 + precision) * (1 - 2 * _SLACK)
        atol = self.problem.atol
        if atol == 0:
            return lower * (1.0 if self.problem.bounds_prove else _NARROW)
        return math.nextafter(finite_float(atol) * (1 - _SLACK), 0)

    def look(self, corners: FloatArray) -> None:
        """Evaluate floats at corners, and exactly where they promise a larger gap."""
        if not len(corners):
            return
        with np.errstate(all="ignore"):
            points = self._sampler.pull(corners)
            heights = self._aim.heights(points)
            best = int(np.argmax(heights))
            known = finite_float(self.bracket.lower.value or _ZERO)
            if heights[best] > known * (1 + 1e-9):
                self.bracket.offer_point(self._sampler.rational(points[best]))

    def _word(self, split: int) -> int | tuple[int, str, int] | None:
        if split < 0:
            return None
        n = self.problem.a.n_inputs
        return split if split < n else self.units[split - n]

    def _codes(self, tree: Any) -> Iterator[int]:
        if not isinstance(tree, str):
            raise CertificateError("there is no tree in the evidence to go on from")
        codes = {unit: code for code, unit in self.units.items()}
        n = self.problem.a.n_inputs
        widths = [layer.widths[:2] for layer in self.tree.program.layers]
        for split in splits_of(tree, n, widths):
            if split is None:
                yield -1
            else:
                yield n + codes[split] if isinstance(split, tuple) else split

    def _bracket_text(self) -> str:
        lower = self.bracket.lower.value
        shown = "inf" if lower is None else decimal_text(lower, 3)
        bounded = self.problem.relation.bounded
        return f"{shown} <= {bounded} <= {self.tree.upper:.4g}"


def _outside(domain: Domain) -> Callable[[FloatArray], BoolArray] | None:
    """Return what tells of boxes whether one inequality of a polyhedron fails on all of each."""
    if not isinstance(domain, Polyhedron):
        return None
    A, b = domain.A.to_floats(), domain.b.to_floats()[:, 0]
    positive, negative = np.maximum(A, 0.0), np.minimum(A, 0.0)
    # a coefficient below all normal floats loses more than a share of itself
    own = np.where(domain.A.signs() != 0, np.maximum(np.abs(A), _LEAST), 0.0)

    def outside(boxes: FloatArray) -> BoolArray:
        with np.errstate(all="ignore"):
            low, high = boxes[:, 0], boxes[:, 1]
            least = low @ positive.T + high @ negative.T
            size = np.abs(boxes).max(axis=1) @ own.T + np.abs(b)
            # far more than what is rounded in sums of up to a hundred thousand products
            return np.asarray((least - b > 1e-9 * size + 1e-280).any(axis=1))

    return outside


def _growth(program: JointProgram) -> int:
    """Return a power of two by which an error in the values of any layer may grow to the outputs.

    The product of the layers' norms; skipping layers costs no more. A guess in floats: the checker
    decides what its grid is good for.
    """
    total = 0.0
    for layer in (*program.layers, program.output):
        terms = (*layer.a, *layer.b, *layer.pairs, *layer.pairs_on_b, *layer.pairs_on_a)
        sums = [np.abs(matrix.to_floats()).sum(axis=1).max(initial=0.0) for _, matrix in terms]
        total += math.log2(1 + min(sum(sums), sys.float_info.max))
    return math.ceil(total)


def _moderate(matching: Matching) -> Matching:
    """Leave units unmatched whose scales floats are not made for."""
    low, high = SCALES
    kept = [
        pair
        for pair in zip(matching.first, matching.second, matching.scales, strict=True)
        if low <= pair[2] <= high
    ]
    return Matching(*map(tuple, zip(*kept, strict=True))) if kept else Matching((), (), ())


def _goal(relation: Relation) -> Goal:
    if relation.kind in ("argmax", "argmin"):
        return "argmax"
    if relation.kind == "at_most":
        return "at_most"
    return cast("Goal", relation.norm)


def _negated(network: Network) -> Network:
    output = network.output
    terms = {source: -weights for source, weights in output.terms}
    return type(network)(network.n_inputs, network.layers, Affine(terms, -output.bias))
