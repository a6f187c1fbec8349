"""Best-first search for the largest gap between two networks, over a tree of boxes."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from tropnet.bounds.joint_bounds import BoxBounds, JointBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tropnet.checker.joint_program import JointProgram
    from tropnet.typing import BoolArray, FloatArray, SignArray

#: Steps after which a probe of what is left gives up.
_PROBE: Final = 64


#: Takes `(B, 2, n)` boxes.
Outside: TypeAlias = "Callable[[FloatArray], BoolArray]"


@final
class BranchAndBound:
    """A tree of boxes whose leaves cover the root, each with a proven upper bound of the gap.

    Leaves with the largest bound are split first, so that the bound of the whole falls as fast as
    it can. A box is halved along the input that moves the gap most, by itself or by the units of
    unknown sign that it moves; where no input can be halved any more, by the sign of the unit whose
    noise matters most. (Splitting by signs earlier was measured to be worse, for 64 inputs too: the
    zonotope of a half holds as many points as that of the whole.)

    Args:
        bounds: how to bound a box.
        root: `(2, n)` its ends.
        outside: tells of boxes which of them have no point of the domain, for certain.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.bounds import BranchAndBound, JointBounds
        >>> from tropnet.checker.joint_program import JointProgram
        >>> from tropnet.checker.matching import Matching
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[2], [-1]], [[0.5, 1.125]]])
        >>> program = JointProgram.of(f, g, [Matching.identity(2)])
        >>> tree = BranchAndBound(JointBounds(program, "inf"), np.array([[-1.0], [1.0]]))
        >>> while tree.upper > 0.13:
        ...     corners = tree.step(0.13)
        >>> tree.n_leaves > 1
        True
    """

    def __init__(
        self, bounds: JointBounds, root: FloatArray, outside: Outside | None = None
    ) -> None:
        self._bounds = bounds
        self._outside = outside
        #: by which input a part is split, n + unit for a unit's sign, −1 for a leaf
        self.splits: list[int] = []
        #: the first of both halves of a part that is split; the second follows it
        self.children: list[int] = []
        self._parts: list[tuple[FloatArray, SignArray | None] | None] = []
        self._next: list[int] = []  # how a leaf would be split; −1 if it cannot be
        self._margins: list[float] = []
        self._heap: list[tuple[float, int]] = []
        #: the largest bound of a leaf that cannot be split any more
        self._stuck = -np.inf
        #: corners of the root where the gap may be large
        self.corners = self._grow([(root, None)])

    @property
    def program(self) -> JointProgram:
        """Both networks and the pairs of their units."""
        return self._bounds.program

    @property
    def upper(self) -> float:
        """A proven upper bound of the gap on the root."""
        return max(self._stuck, -self._heap[0][0] if self._heap else -np.inf)

    @property
    def margin(self) -> float:
        """The least distance by which anything was ruled out on a leaf.

        Whoever follows the bounds with roundings of their own comes to the same conclusions only
        with roundings that are smaller.
        """
        leaves = zip(self._margins, self.splits, strict=True)
        return min((margin for margin, split in leaves if split < 0), default=np.inf)

    @property
    def n_boxes(self) -> int:
        """The boxes bounded so far."""
        return len(self.splits)

    @property
    def n_leaves(self) -> int:
        """The leaves of the tree."""
        return (len(self.splits) + 1) // 2

    @property
    def stuck(self) -> bool:
        """Whether the bound cannot fall any further: its leaf cannot be split."""
        return not self._heap or -self._heap[0][0] <= self._stuck

    def step(self, aim: float, batch: int | None = None) -> FloatArray:
        """Split the leaves with the largest bounds above `aim`.

        Args:
            aim: leaves with a bound of at most this are left alone.
            batch: how many leaves at most; as many as it pays to bound together if left out.

        Returns:
            `(B, n)` corners of the new boxes where the gap may be large; none if nothing was split.
        """
        batch = batch or self._bounds.batch
        halves: list[tuple[FloatArray, SignArray | None]] = []
        while self._heap and len(halves) < 2 * batch and -self._heap[0][0] > aim:
            _, index = heapq.heappop(self._heap)
            part = self._parts[index]
            if part is None:
                continue
            self.splits[index] = self._next[index]
            self.children[index] = len(self.splits) + len(halves)
            self._parts[index] = None
            halves += self._halves(part, self._next[index])
        if not halves:
            return np.empty((0, self._bounds.n_inputs))
        return self._grow(halves)

    def preorder(self) -> Iterator[tuple[int, int]]:
        """Iterate over the tree, each part before its halves: index and split (−1 for a leaf)."""
        waiting = [0]
        while waiting:
            index = waiting.pop()
            yield index, self.splits[index]
            if self.splits[index] >= 0:
                waiting += [self.children[index] + 1, self.children[index]]

    def resume(self, splits: Iterator[int], watch: Callable[[], object] | None = None) -> None:
        """Split the root again as a tree in this order says, and bound its leaves.

        Args:
            splits: inputs, n + units, −1 for leaves, each part before its halves.
            watch: called now and then; what it raises ends the work, and the tree is of no use.
        """
        waiting, leaves = [0], []
        for split in splits:
            index = waiting.pop()
            part = self._parts[index]
            if split < 0 or part is None:
                leaves.append(index)
                continue
            self.splits[index], self.children[index] = split, len(self.splits)
            self._parts[index] = None
            for half in self._halves(part, split):
                self._parts.append(half)
                self.splits.append(-1)
                self.children.append(-1)
                self._next.append(-1)
                self._margins.append(np.inf)
            waiting += [self.children[index] + 1, self.children[index]]
        self._heap, self._stuck = [], -np.inf
        batch = 2 * self._bounds.batch
        for start in range(0, len(leaves), batch):
            if watch is not None:
                watch()
            some = leaves[start : start + batch]
            self._look(some, self._bound([p for p in map(self._parts.__getitem__, some) if p]))

    def boxes_left(self, aim: float, probes: int, rng: np.random.Generator) -> float:
        """Estimate how many more boxes a proof of `aim` takes.

        Knuth's estimator (*Estimating the efficiency of backtrack programs*, 1975): random ways
        down from random leaves, each step weighted by how many there are of its kind. Unbiased, of
        large variance.

        Args:
            aim: the bound to be proven.
            probes: how many ways down.
            rng: of the random choices.
        """
        leaves = [index for value, index in self._heap if -value > aim]
        if not leaves:
            return 0.0
        total = 0.0
        for index in rng.choice(leaves, size=probes):
            part, split, weight = self._parts[index], self._next[index], 1.0
            for _ in range(_PROBE):
                if part is None or split < 0:
                    break
                halves = self._halves(part, split)
                found = self._bound(halves)
                weight *= 2.0
                total += weight
                side = int(rng.integers(0, 2))
                if found.upper[side] <= aim:
                    break
                part, split = halves[side], self._split(found, side)
        return total * len(leaves) / probes

    # ---- parts ------------------------------------------------------------------------------

    def _grow(self, parts: list[tuple[FloatArray, SignArray | None]]) -> FloatArray:
        found = self._bound(parts)
        indices = list(range(len(self.splits), len(self.splits) + len(parts)))
        self._parts += parts
        self.splits += [-1] * len(parts)
        self.children += [-1] * len(parts)
        self._next += [-1] * len(parts)
        self._margins += [np.inf] * len(parts)
        self._look(indices, found)
        corners: FloatArray = found.points[found.upper > -np.inf]
        return corners

    def _look(self, indices: list[int], found: BoxBounds) -> None:
        """Note the bounds of leaves."""
        for row, index in enumerate(indices):
            bound = float(found.upper[row])
            self._margins[index] = float(found.margin[row])
            self._next[index] = split = self._split(found, row)
            if split < 0:
                self._stuck = max(self._stuck, bound)
            else:
                heapq.heappush(self._heap, (-bound, index))

    def _split(self, found: BoxBounds, row: int) -> int:
        """Return how to split a box: an input, n + a unit, or −1."""
        dimension, unit = int(found.dimension[row]), int(found.unit[row])
        return dimension if dimension >= 0 or unit < 0 else self._bounds.n_inputs + unit

    def _halves(
        self, part: tuple[FloatArray, SignArray | None], split: int
    ) -> list[tuple[FloatArray, SignArray | None]]:
        box, signs = part
        n = self._bounds.n_inputs
        if split < n:
            middle = 0.5 * box[0, split] + 0.5 * box[1, split]
            first, second = box.copy(), box.copy()
            first[1, split] = second[0, split] = middle
            return [(first, signs), (second, signs)]
        found: list[tuple[FloatArray, SignArray | None]] = []
        for sign in (-1, 1):
            own = np.zeros(self._bounds.n_values, dtype=np.int8) if signs is None else signs.copy()
            own[split - n] = sign
            found.append((box, own))
        return found

    def _bound(self, parts: list[tuple[FloatArray, SignArray | None]]) -> BoxBounds:
        boxes = np.array([box for box, _ in parts])
        signs = None
        if any(s is not None for _, s in parts):
            none = np.zeros(self._bounds.n_values, dtype=np.int8)
            signs = np.array([none if s is None else s for _, s in parts])
        found = self._bounds(boxes, signs)
        if self._outside is not None:
            found.upper[self._outside(boxes)] = -np.inf
        return found
