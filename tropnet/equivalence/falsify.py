"""Searching for a point where two networks differ: floats propose, exact evaluation decides."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.equivalence.aim import Aim
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.heights import heights
from tropnet.equivalence.linear_cell import farthest
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.equivalence.switch import switch_points
from tropnet.exact.fraction import decimal_text

if TYPE_CHECKING:
    from tropnet.network import Network
    from tropnet.typing import FloatArray

#: Points of one float sweep.
_SWEEP: Final = 2048
#: Points of a first look.
_GLANCE: Final = 512
#: Points from which gradients climb, and their steps.
_CLIMBERS: Final = 32
_STEPS: Final = 40
#: Points of a sweep evaluated exactly because they look best.
_BEST: Final = 4
#: Points evaluated exactly because they switch units on that no other point did.
_COVER: Final = 48
#: Cells in which a linear program looks for the farthest point.
_CELLS: Final = 3
#: Shares of the way back from a vertex at which outputs may be equal.
_BACK: Final = (2.0**-8, 2.0**-20, 2.0**-32)
#: Rounds without progress after which a search gives up.
_PATIENCE: Final = 16


@final
class Falsifier:
    """Looks for points where the gap of f and g is large, on a budget.

    Sampling (corners, uniform, kinks of units), gradient ascent, linear programs inside the linear
    cell, and driving units that never changed sign (`switch_points`) propose float points; each
    offered point is rational, lies in the domain, and is evaluated exactly by the bracket.

    Args:
        problem: the comparison.
        bracket: receives the points.
    """

    def __init__(self, problem: Problem, bracket: Bracket) -> None:
        self.problem = problem
        self.bracket = bracket
        self.until = problem.deadline
        self.sampler = Sampler(problem)
        self.aim = Aim(problem, bracket)
        self.rounds = 0

    def run(self, seconds: float) -> str:
        """Search for about so many seconds, one round at least; return what came of it.

        Each call goes on where the one before ended, with other random points. A search ends early
        when many rounds in a row bring nothing, and where a difference beyond atol is known, after
        one round.
        """
        self.until = min(self.problem.deadline, time.monotonic() + seconds)
        idle = 0
        with np.errstate(all="ignore"):
            while idle < _PATIENCE:
                before = self.bracket.lower.value
                self._round()
                idle = idle + 1 if self.bracket.lower.value == before else 0
                if self.bracket.different or time.monotonic() > self.until:
                    break
        return self._found()

    def glance(self) -> str:
        """Look at random points only, in a few milliseconds; large gaps show at once."""
        points = self.sampler.pull(self.sampler.scatter(self.problem.batch(_GLANCE)))
        with np.errstate(all="ignore"):
            self._offer(points[int(np.argmax(self.aim.heights(points)))])
        return self._found()

    def _found(self) -> str:
        shown = self.bracket.lower.value
        value = "inf" if shown is None else decimal_text(shown)
        return f"largest {self.problem.relation.at_points} found: {value}"

    def _round(self) -> None:
        points = self._sweep()
        points = np.vstack([points, self._climb(points)])
        self._offer_best(points)
        if self.problem.has_small_cells:
            if time.monotonic() < self.until:
                self._walk_cells(points)
            if time.monotonic() < self.until and not self.bracket.different:
                self._switch(points)
        self.rounds += 1

    # ---- sampling ---------------------------------------------------------------------------

    def _sweep(self) -> FloatArray:
        """Sample, and evaluate exactly the points that look best or show something new."""
        if self.rounds == 0:
            for vertex in self.problem.vertices:
                self.problem.require_time()
                self.bracket.offer_point(vertex)
        points = self.sampler.draw(self.problem.batch(_SWEEP))
        self._offer_best(points)
        if self.problem.atol == 0 and not self.bracket.different:
            # one weight may matter on a few cells only: visit points that switch every unit on
            for point in points[self._cover(points)]:
                self._offer(point)
                if time.monotonic() > self.until or self.bracket.different:
                    break
        return points

    def _cover(self, points: FloatArray) -> list[int]:
        """Return indices of points which together switch on every unit that any of them does."""
        active = np.hstack(
            [
                np.zeros((len(points), 0), dtype=np.bool_),
                *(value > 0 for net in self._networks for value in heights(net, points)[:-1]),
            ]
        )
        chosen: list[int] = []
        missing = active.any(axis=0)
        while missing.any() and len(chosen) < _COVER:
            gains = active[:, missing].sum(axis=1)
            best = int(np.argmax(gains))
            chosen.append(best)
            missing = missing & ~active[best]
        return chosen

    @property
    def _networks(self) -> tuple[Network, Network]:
        return self.problem.a, self.problem.b

    # ---- ascent -----------------------------------------------------------------------------

    def _gaps(self, points: FloatArray) -> FloatArray:
        return self.aim.heights(points)

    def _climb(self, points: FloatArray) -> FloatArray:
        """Follow the gradient of the gap from the best points."""
        gaps = self._gaps(points)
        order = np.argsort(gaps)[::-1][: self.problem.batch(_CLIMBERS, 3)]
        here, best = points[order], gaps[order]
        kept = here.copy()
        width = self.sampler.widths(here)
        for step in range(_STEPS):
            if time.monotonic() > self.until:
                break
            slope = self.aim.slope(here)
            size = np.abs(slope).max(axis=1, keepdims=True)
            direction = np.sign(slope) if step % 2 else slope / np.where(size > 0, size, 1)
            here = self.sampler.pull(here + direction * width * 0.5 * 0.85**step)
            gaps = self._gaps(here)
            better = gaps > best
            kept[better], best[better] = here[better], gaps[better]
            here = np.where(better[:, None], here, kept)
        return kept

    # ---- linear programs --------------------------------------------------------------------

    def _walk_cells(self, points: FloatArray) -> None:
        """From the best points, move to the best vertex of the joint linear cell."""
        order = np.argsort(self._gaps(points))[::-1][:_CELLS]
        for start in points[order]:
            here = start
            for _ in range(3):
                if time.monotonic() > self.until:
                    return
                vertex = self._best_vertex(here)
                if vertex is None:
                    break
                vertex = self.sampler.pull(vertex[None, :])[0]
                if not self.aim.is_choice and (
                    self._gaps(vertex[None, :])[0] <= self._gaps(here[None, :])[0]
                ):
                    break
                for share in _BACK if self.aim.is_choice else ():
                    # at the vertex itself g may be undecided
                    self._offer(vertex + share * (here - vertex))
                here = vertex
                self._offer(here)

    def _best_vertex(self, point: FloatArray) -> FloatArray | None:
        """Maximise the linear difference over the joint cell around a point, within the domain."""
        slope = self.aim.slope(point[None, :])[0]
        return farthest(self.sampler, point, slope, self.aim.bounding(point), self.until)

    def _switch(self, points: FloatArray) -> None:
        """Visit points where units change sign that had one sign on all points."""
        for network in self._networks:
            for point in switch_points(network, points, self.sampler, self.until):
                self._offer(point)
                if self.bracket.different:
                    return

    # ---- deciding ---------------------------------------------------------------------------

    def _offer_best(self, points: FloatArray) -> None:
        for index in np.argsort(self._gaps(points))[::-1][:_BEST]:
            self.problem.require_time()
            self._offer(points[index])

    def _offer(self, point: FloatArray) -> None:
        self.bracket.offer_point(self.sampler.rational(point))


def falsify(problem: Problem, bracket: Bracket, seconds: float) -> str:
    """Search for a point where f and g differ; see `Falsifier`."""
    return Falsifier(problem, bracket).run(seconds)
