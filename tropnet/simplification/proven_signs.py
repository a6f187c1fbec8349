"""Signs of units that are proven so far, with what the checker needs to see them as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

import numpy as np

from tropnet.checker.linear_bounds import linear_bounds
from tropnet.checker.sign_evidence import narrowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tropnet.exact import IntervalVector
    from tropnet.network import Network
    from tropnet.typing import BoolArray

#: The sign of a unit.
SignKind: TypeAlias = Literal["dead", "active"]


@final
class ProvenSigns:
    """Signs of units, how they were found, and the evidence.

    Args:
        network: the network.
        box: intervals around the inputs on the domain.

    Attributes:
        kinds: (layer, unit) → `dead` or `active`; layers are counted from 1.
        how: (layer, unit) → what told.
        bounds: the intervals around pre-activations that the checker has, after the slopes and
            cases added so far, once `settle` was called; empty before there are any.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.linear_bounds import linear_bounds
        >>> from tropnet.exact import IntervalVector
        >>> from tropnet.simplification.proven_signs import ProvenSigns
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 3], [-9], [0]])
        >>> box = IntervalVector.of([-1], [2])
        >>> known = ProvenSigns(f, box)
        >>> known.use(linear_bounds(f, box), "linear bounds")
        >>> known.kinds
        {(1, 1): 'active', (2, 0): 'dead'}
    """

    def __init__(self, network: Network, box: IntervalVector) -> None:
        self.network, self.box = network, box
        self.kinds: dict[tuple[int, int], SignKind] = {}
        self.how: dict[tuple[int, int], str] = {}
        self.bounds: list[IntervalVector] = []
        self.proofs: list[list[Any]] = []
        self._slopes: list[list[Any]] = []
        self._stages: list[list[list[Any]]] = []
        self._has_slopes = False  # whether the bounds have them
        self._pending: list[tuple[int, int, SignKind, Any]] = []  # by cases, not in the bounds

    def note(self, bounds: Sequence[IntervalVector], way: str) -> None:
        """Read signs from intervals around the pre-activations."""
        for k, own in enumerate(bounds, start=1):
            relu = self.network.layers[k - 1].relu
            masks: tuple[tuple[SignKind, BoolArray], ...] = (
                ("dead", own.at_most_zero()), ("active", own.at_least_zero()),
            )  # fmt: skip
            for kind, mask in masks:
                for i in np.flatnonzero(mask & relu).tolist():
                    if (k, i) not in self.kinds:
                        self.kinds[k, i], self.how[k, i] = kind, way

    def use(self, bounds: list[IntervalVector], way: str) -> None:
        """Read signs from intervals, and take these for what the checker has."""
        self.bounds = bounds
        self.note(bounds, way)

    def add_slopes(self, k: int, unit: int, side: str, rows: list[list[int]]) -> None:
        """Add slopes whose linear bound shows the sign of a unit: "upper" that it is dead."""
        self._learn(k, unit, "dead" if side == "upper" else "active", "linear program")
        self._slopes.append([k, unit, side, rows])

    def add_cases(self, k: int, unit: int, kind: SignKind, tree: Any) -> None:
        """Add a tree of cases, found from `bounds`."""
        self._learn(k, unit, kind, "cases")
        self._pending.append((k, unit, kind, tree))

    def add_proof(self, k: int, unit: int, kind: SignKind, certificate: Any) -> None:
        """Add the plain data of a certificate."""
        self._learn(k, unit, kind, "search")
        self.proofs.append([k, unit, kind, certificate])

    def _learn(self, k: int, unit: int, kind: SignKind, way: str) -> None:
        self.kinds[k, unit], self.how[k, unit] = kind, way

    def settle(self) -> None:
        """Make the bounds those that the checker has after the slopes and cases added so far."""
        if self._slopes and not self._has_slopes:
            slopes = {(k, i, side): rows for k, i, side, rows in self._slopes}
            self._has_slopes = True
            self.use(linear_bounds(self.network, self.box, slopes), "linear bounds")
        if self._pending:
            signs = [(k, unit, kind) for k, unit, kind, _ in self._pending]
            self._stages.append([list(item) for item in self._pending])
            self._pending.clear()
            self.use(narrowed(self.network, self.box, self.bounds, signs), "linear bounds")

    def with_proofs(self) -> list[IntervalVector]:
        """Return the bounds, narrowed by what certificates prove, and read signs from them."""
        if not self.proofs:
            return self.bounds
        signs = [(k, i, kind) for k, i, kind, _ in self.proofs]
        bounds = narrowed(self.network, self.box, self.bounds, signs)
        self.note(bounds, "linear bounds")
        return bounds

    def evidence(self) -> tuple[Any, list[IntervalVector]]:
        """Return the evidence, and the bounds that it proves; None and nothing if none is needed.

        Signs that these bounds do not show are forgotten: with narrower intervals of earlier units
        a linear bound further on may be wider.
        """
        if all(self.how[place] == "intervals" for place in self.kinds):
            return None, []
        self.settle()
        bounds = self.with_proofs()
        shown = {"dead": [b.at_most_zero() for b in bounds],
                 "active": [b.at_least_zero() for b in bounds]}  # fmt: skip
        for (k, i), kind in list(self.kinds.items()):
            if not shown[kind][k - 1][i]:
                del self.kinds[k, i], self.how[k, i]
        return {"slopes": self._slopes, "cases": self._stages, "proofs": self.proofs}, bounds
