"""Proofs of signs of units by cases: which earlier units to split, and what shows each case."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tropnet.checker.case_bounds import MOST_SPLITS, Split, case_least, split_bounds
from tropnet.simplification.triangle_program import Relaxed, relaxed

if TYPE_CHECKING:
    from tropnet.exact import IntervalVector
    from tropnet.network import Network
    from tropnet.typing import FloatArray


class _NoProof(Exception):  # noqa: N818 - it is an outcome, and never leaves this module
    """No proof within the budget, or a point shows that there is none."""


def sign_cases(
    network: Network,
    box: IntervalVector,
    bounds: Sequence[IntervalVector],
    target: tuple[int, int, str],
    *,
    programs: int,
    until: float,
    offer: Callable[[FloatArray], bool],
) -> Any | None:
    """Look for a tree of cases that shows that a unit is dead, or active.

    A case whose linear program is positive is tried in exact arithmetic; another one is split at an
    earlier unit: the one whose value in the program is farthest above its ReLU's, times what that
    counts for. The worse case comes first, since its solution may be a point with the other sign.

    Args:
        network: the network.
        box: intervals around the inputs, bounded.
        bounds: proven intervals around the pre-activations of all layers.
        target: layer counted from 1, unit, "dead" or "active".
        programs: linear programs, at most.
        until: when to stop, on the monotonic clock.
        offer: called with the solutions of programs; true if one shows that the unit has the other
            sign there, which ends the search.

    Returns:
        A tree as `tropnet.checker.case_bounds.verify_cases` takes it, or None.

    Cost: two linear programs for each split, and an exact product of a row with each weight matrix
        for each case.

    Source: Bunel, Lu, Turkaslan, Torr, Kohli and Kumar, *Branch and bound for piecewise linear
        neural network verification* (2020).

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.linear_bounds import linear_bounds
        >>> from tropnet.exact import IntervalVector
        >>> from tropnet.simplification.sign_cases import sign_cases
        >>> hat = [[[1], [1], [1]], [[2, -4, 2]], [[1]]]  # its top is 1, at 0
        >>> f = Network.from_dense(hat, [["1/2", 0, "-1/2"], ["-5/4"], [0]])
        >>> box = IntervalVector.of([-1], [1])
        >>> bounds = linear_bounds(f, box)
        >>> tree = sign_cases(
        ...     f, box, bounds, (2, 0, "dead"), programs=99, until=1e9, offer=lambda x: False
        ... )
        >>> len(tree)  # a split of a unit of layer 1, and two cases
        4
    """
    search = _Search(network, box, target, programs, until, offer)
    try:
        return search.tree((), list(bounds), search.solve((), bounds))
    except _NoProof:
        return None


class _Search:
    def __init__(
        self,
        network: Network,
        box: IntervalVector,
        target: tuple[int, int, str],
        programs: int,
        until: float,
        offer: Callable[[FloatArray], bool],
    ) -> None:
        self.network, self.box, self.target = network, box, target
        self.programs, self.until, self.offer = programs, until, offer

    def solve(self, path: tuple[Split, ...], bounds: Sequence[IntervalVector]) -> Relaxed:
        k, unit, kind = self.target
        if self.programs <= 0 or time.monotonic() > self.until:
            raise _NoProof
        self.programs -= 1
        side = "lower" if kind == "active" else "upper"
        found = relaxed(self.network, self.box, bounds, (k, unit, side), path)
        if found is None or (found.least < 0 and self.offer(found.point)):
            raise _NoProof
        return found

    def tree(
        self, path: tuple[Split, ...], bounds: list[IntervalVector], found: Relaxed
    ) -> dict[str, Any] | list[Any]:
        """Return the tree below one case; its depth is bounded, and so is the recursion's."""
        if found.least >= 0 and max(found.multipliers, default=0).bit_length() <= 64:
            leaf = (found.slopes, found.multipliers)
            least = case_least(self.network, self.target, bounds, self.box, path, leaf)
            if least is not None and least >= 0:
                return {"slopes": found.slopes, "multipliers": found.multipliers}
        if len(path) == MOST_SPLITS or not found.gaps:
            raise _NoProof
        _, s, j = found.gaps[0]
        cases = self._cases(path, bounds, (s, j))
        subtrees: dict[int, Any] = {}
        for sign in sorted(cases, key=lambda v: cases[v][2].least):
            split, own, solution = cases[sign]
            subtrees[sign] = self.tree((*path, split), own, solution)
        return [s, j, subtrees[-1], subtrees[1]]

    def _cases(
        self, path: tuple[Split, ...], bounds: list[IntervalVector], unit: tuple[int, int]
    ) -> dict[int, tuple[Split, list[IntervalVector], Relaxed]]:
        """Return both cases of a unit by their signs: split, intervals and solution."""
        found = {}
        for sign in (-1, 1):
            split = (*unit, sign)
            own = split_bounds(self.network, bounds, split)
            found[sign] = (split, own, self.solve((*path, split), own))
        return found
