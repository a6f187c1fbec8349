"""Which units of a network are dead, always on, or neither, on a domain."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

import numpy as np

from tropnet.checker.case_bounds import case_least
from tropnet.checker.cells import MAX_INPUTS
from tropnet.checker.linear_bounds import linear_bounds
from tropnet.checker.sign_evidence import unit_network, zero_network
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.verdict import Different, Equivalent
from tropnet.errors import BudgetExceeded
from tropnet.exact import IntervalVector
from tropnet.network import Network
from tropnet.simplification.proven_signs import ProvenSigns, SignKind
from tropnet.simplification.sign_cases import sign_cases
from tropnet.simplification.sign_witnesses import SignWitnesses
from tropnet.simplification.triangle_program import best_slopes

if TYPE_CHECKING:
    from tropnet.domains import Domain

#: What is known of a unit; `affine` has no ReLU.
UnitKind: TypeAlias = Literal["dead", "active", "unstable", "undecided", "affine"]
#: A point of the domain.
Point: TypeAlias = tuple[Fraction, ...]
#: Called with a word on what goes on, and the share of the work that is done, if known.
Told: TypeAlias = Callable[[str, float | None], object]

_FOREVER: Final = 1e6
#: Units whose slopes linear programs look for.
_PROGRAMS: Final = 400
#: Seconds that a search for one unit takes at most, and at least.
_SEARCH: Final = (20.0, 0.3)
#: Seconds of climbing for one unit and sign, at first and once linear programs did not help.
_SHORT: Final = 0.25
_LONG: Final = 3.0
#: Seconds of ascents, where there is no limit.
_ASCENT: Final = 20.0
#: Shares of the time left for first ascents, for linear programs, for longer ascents, and for
#: proofs by cases of many inputs and of few, where a search is faster.
_SHARES: Final = (0.25, 0.3, 0.4, 0.6, 0.15)
#: Linear programs for the cases of one unit and end, first and then.
_CASES: Final = (60, 600)


@final
@dataclass(frozen=True, eq=False)
class UnitSigns:
    """What is known of the sign of each unit's pre-activation on a domain.

    Attributes:
        network: the network.
        domain: where.
        kinds: for each layer, for each unit: `dead`: never positive. `active`: never negative.
            `unstable`: positive at one point of the domain and negative at another. `undecided`.
            `affine`: it has no ReLU.
        witnesses: (layer, unit) → a point where it is positive, and one where it is negative, for
            unstable units; layers are counted from 1.
        how: (layer, unit) → what told: `intervals`, `linear bounds`, `linear program`, `points`,
            `cases` or `search`.
        evidence: what `tropnet.checker.sign_evidence` replays for units that intervals alone do not
            show; None if there are none.
        bounds: intervals around the pre-activations of all layers that the evidence proves; empty
            where there is none.
        seconds: the time it took.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.unit_signs import unit_signs
        >>> f = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 3], [-9], [0]])
        >>> found = unit_signs(f, tropnet.Box([-1], [2]))
        >>> found.kinds
        (('unstable', 'active'), ('dead',))
        >>> [x[0] > 0 for x in found.witnesses[1, 0]]
        [True, False]
    """

    network: Network
    domain: Domain
    kinds: tuple[tuple[UnitKind, ...], ...]
    witnesses: Mapping[tuple[int, int], tuple[Point, Point]]
    how: Mapping[tuple[int, int], str]
    evidence: Any
    bounds: tuple[IntervalVector, ...]
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every unit is decided."""
        return "undecided" not in self.counts()

    def counts(self) -> dict[str, int]:
        """Return how many units there are of each kind."""
        return dict(Counter(kind for layer in self.kinds for kind in layer))

    def check(self) -> bool:
        """Tell whether every witness is one, in exact arithmetic.

        Cost: one exact forward pass for each witness.
        """
        for (k, i), points in self.witnesses.items():
            own = unit_network(self.network, k, i, 1)
            values = own.exact([list(point) for point in points])
            if not (values[0, 0] > 0 > values[1, 0]):
                return False
            if self.domain is not None and not all(map(self.domain.contains, points)):
                return False
        return True

    def __str__(self) -> str:
        place = "Rⁿ" if self.domain is None else repr(self.domain)
        lines = [f"signs of {sum(map(len, self.kinds))} units on {place} ({self.seconds:.2f} s)"]
        for k, kinds in enumerate(self.kinds, start=1):
            told = ", ".join(f"{n} {kind}" for kind, n in Counter(kinds).most_common())
            lines.append(f"  {self.network.layers[k - 1].name or f'layer {k}'}: {told}")
        ways = Counter(self.how.values())
        lines.append("  by " + ", ".join(f"{way} {n}" for way, n in ways.most_common()))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def unit_signs(
    network: Network,
    domain: Domain = None,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Told | None = None,
) -> UnitSigns:
    """Tell of each ReLU unit whether it is dead, always on, or neither, on a domain.

    In this order, as far as units are left: rational intervals; linear bounds followed backward;
    points, drawn and climbed to, where a unit is positive and where it is negative; linear bounds
    with the slopes that a linear program finds best; cases where earlier units are positive or
    negative; a search by branch and bound or over cells.
    Floats propose; each answer is proved in rationals, or shown by two rational points.

    Args:
        network: the network.
        domain: a `Box`, a `Polyhedron`, or None for R^n.
        time_limit: seconds, after which the units that are left are undecided. Without one, units
            are searched for some seconds each.
        seed: of all random choices.
        progress: called with a word on what goes on.

    Returns:
        The signs with their evidence.

    Raises:
        ShapeError: a domain of another dimension.
        DomainError: an empty domain, or a time limit that is not positive.

    Cost: intervals and linear bounds .1 s for 200 units of 64 inputs; points for all of them about
        a second; linear programs 10 ms a unit.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.unit_signs import unit_signs
        >>> f = tropnet.load("examples:moons_sparse")
        >>> unit_signs(f, tropnet.Box.cube(2, -1, 1)).complete
        True
    """
    return _Signs(network, domain, time_limit, seed, progress).run()


@final
class _Signs:
    """The signs that are known so far."""

    def __init__(
        self,
        network: Network,
        domain: Domain,
        time_limit: float | None,
        seed: int,
        progress: Told | None,
    ) -> None:
        self.start = time.perf_counter()
        limit = _FOREVER if time_limit is None else time_limit
        self.limited = time_limit is not None
        self.problem = Problem.of(network, network, domain, time_limit=limit, seed=seed)
        self.network, self.told = network, progress or _untold
        self.known = ProvenSigns(network, self.problem.box)
        self.witnesses = SignWitnesses(self.problem)

    def run(self) -> UnitSigns:
        """Go through all ways, until no unit is left or the time is up."""
        try:
            self._bound()
            self._find_points(_SHORT, _SHARES[0])
            self._program()
            if self.network.n_inputs > MAX_INPUTS:  # else boxes and cells are sooner visited
                self._by_cases(_CASES[0], _SHARES[3])
                self._find_points(_LONG, _SHARES[2])
                self._by_cases(_CASES[1], _SHARES[3])
            else:
                self._by_cases(_CASES[0], _SHARES[4])
            self._search()
        except OutOfTime:
            pass
        return self._result()

    # ---- one way after the other --------------------------------------------------------------

    def _left(self) -> list[tuple[int, int]]:
        """Return the units of which neither the sign nor both witnesses are known."""
        return [
            (k, i)
            for k, layer in enumerate(self.network.layers, start=1)
            for i in np.flatnonzero(layer.relu).tolist()
            if (k, i) not in self.known.kinds and (k, i) not in self.witnesses.complete
        ]

    def _bound(self) -> None:
        self.told("bounds", None)
        plain = _intervals(self.network, self.problem.box)
        self.known.use(plain, "intervals")
        if not all(self._decided(k, plain) for k in range(1, len(plain) + 1)):
            watch = self.problem.require_time
            found = linear_bounds(self.network, self.problem.box, watch=watch)
            self.known.use(found, "linear bounds")

    def _decided(self, k: int, bounds: list[IntervalVector]) -> bool:
        relu = self.network.layers[k - 1].relu
        known = bounds[k - 1].at_most_zero() | bounds[k - 1].at_least_zero()
        return bool((known | ~relu).all())

    def _find_points(self, each: float, share: float) -> None:
        """Look for points, climbing for so many seconds for each unit and sign."""
        left = self._left()
        if not left:
            return
        self.told(f"points for {len(left)} units", None)
        seconds = self.problem.remaining * share if self.limited else _ASCENT
        self.witnesses.find(left, seconds, min(each, max(0.01, seconds / (2 * len(left)))))
        for place in left:
            if place in self.witnesses.complete:
                self.known.how[place] = "points"

    def _program(self) -> None:
        """Ask linear programs for the slopes that bound units best."""
        left = [place for place in self._left() if place[0] > 1][:_PROGRAMS]
        until = time.monotonic() + _SHARES[1] * self.problem.remaining
        for number, (k, i) in enumerate(left):
            if time.monotonic() > until:
                return
            self.told("linear programs", number / len(left))
            for side in self._open_sides(k, i):
                rows = best_slopes(self.network, self.problem.box, self.known.bounds, (k, i, side))
                if rows is not None:
                    self._try_slopes(k, i, side, rows)

    def _open_sides(self, k: int, i: int) -> list[str]:
        """Return the ends of a unit's interval that may come to lie beyond zero."""
        positive, negative = self.witnesses.found(k, i)
        return ["upper"] * (positive is None) + ["lower"] * (negative is None)

    def _try_slopes(self, k: int, i: int, side: str, rows: list[list[int]]) -> None:
        target = (k, i, "dead" if side == "upper" else "active")
        least = case_least(
            self.network, target, self.known.bounds, self.problem.box, (), (rows, [])
        )
        if least is not None and least >= 0 and (k, i) not in self.known.kinds:
            self.known.add_slopes(k, i, side, rows)

    def _by_cases(self, programs: int, share: float) -> None:
        """Split earlier units, layer by layer, each with the bounds that the checker will have."""
        self.known.settle()
        until = time.monotonic() + share * self.problem.remaining
        for layer in range(2, len(self.network.layers) + 1):
            left = [place for place in self._left() if place[0] == layer]
            for number, (k, i) in enumerate(left):
                self.told(f"cases of layer {k}", number / len(left))
                for side in self._open_sides(k, i):
                    if (k, i) not in self.known.kinds and time.monotonic() < until:
                        kind: SignKind = "dead" if side == "upper" else "active"
                        self._split(k, i, kind, programs, until)
                if (k, i) in self.witnesses.complete:
                    self.known.how[k, i] = "cases"
            self.known.settle()

    def _split(self, k: int, i: int, kind: SignKind, programs: int, until: float) -> None:
        sign = 1 if kind == "dead" else -1
        tree = sign_cases(
            self.network, self.problem.box, self.known.bounds, (k, i, kind),
            programs=programs, until=until,
            offer=lambda point: self.witnesses.offer_floats(k, i, sign, point),
        )  # fmt: skip
        if tree is not None:
            self.known.add_cases(k, i, kind, tree)

    def _search(self) -> None:
        """Compare the units that are left with 0: branch and bound, or all cells."""
        zero = zero_network(self.network.n_inputs)
        waiting, proved = self._left(), 0
        while waiting:
            k, i = waiting.pop(0)
            self.problem.require_time()
            self.told(f"search for {len(waiting) + 1} units", None)
            share = self.problem.remaining / (len(waiting) + 1)
            for side in self._open_sides(k, i):
                if (k, i) in self.known.kinds:
                    break
                seconds = max(_SEARCH[1], min(_SEARCH[0], share / 2))
                self._settle(k, i, side, zero, seconds)
            if (k, i) in self.witnesses.complete:
                self.known.how[k, i] = "search"
            if len(self.known.proofs) > proved and waiting and waiting[0][0] > k:
                # what was proven of this layer makes the bounds of later ones narrower
                proved = len(self.known.proofs)
                self.known.with_proofs()
                waiting = [place for place in waiting if place not in self.known.kinds]

    def _settle(self, k: int, i: int, side: str, zero: Network, seconds: float) -> None:
        sign = 1 if side == "upper" else -1
        own = unit_network(self.network, k, i, sign)
        try:
            verdict = compare_networks(
                own, zero, self.problem.domain, relation="at_most",
                time_limit=min(seconds, max(self.problem.remaining, 1e-3)),
                seed=self.problem.seed,
            )  # fmt: skip
        except (OutOfTime, BudgetExceeded):
            return
        if isinstance(verdict, Different):
            self.witnesses.offer(k, i, sign, verdict.witness.point)
        elif isinstance(verdict, Equivalent):
            kind: SignKind = "dead" if side == "upper" else "active"
            self.known.add_proof(k, i, kind, verdict.certificate.to_json())

    # ---- the result ---------------------------------------------------------------------------

    def _result(self) -> UnitSigns:
        evidence, bounds = self.known.evidence()
        kinds = tuple(
            tuple(self._kind(k, i) for i in range(layer.width))
            for k, layer in enumerate(self.network.layers, start=1)
        )
        return UnitSigns(
            self.network, self.problem.domain, kinds, dict(self.witnesses.complete), self.known.how,
            evidence, tuple(bounds), time.perf_counter() - self.start,
        )  # fmt: skip

    def _kind(self, k: int, i: int) -> UnitKind:
        if not self.network.layers[k - 1].relu[i]:
            return "affine"
        if (k, i) in self.known.kinds:
            return self.known.kinds[k, i]
        return "unstable" if (k, i) in self.witnesses.complete else "undecided"


def _intervals(network: Network, box: IntervalVector) -> list[IntervalVector]:
    """Return intervals around the pre-activations of all layers, followed forward."""
    found, values = [], [box]
    for layer in network.layers:
        bounds = IntervalVector.point(layer.affine.bias.exact)
        for source, weights in layer.affine.terms:
            bounds = bounds + values[source].image(weights.matrix)
        found.append(bounds)
        values.append(bounds.relu().where(layer.relu, bounds).outward())
    return found


def _untold(word: str, share: float | None) -> None:
    """Tell nobody."""
