"""The units of networks as affine forms over a common basis of atoms.

An atom is max(t, 0) for an affine form t over earlier atoms. Writing every unit of two networks
over the same atoms makes equality of functions visible: permuted, rescaled, duplicated, dead, split
and always-active units all come out as the same forms. What is written here is only the algebra;
who may claim what about a unit, and how it is checked, stands in `tropnet.checker.relations`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np

from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.exact.factors import row_ids
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.affine import Affine

if TYPE_CHECKING:
    from tropnet.network.network import Network

#: A group of basis functions: ("one", 0) is the constant 1, ("input", 0) are the coordinates, and
#: (name of a network, k) are the ReLU units of its layer k, counted from 1.
Block: TypeAlias = tuple[str, int]
#: Called now and then; what it raises ends the work.
Watch: TypeAlias = Callable[[], object]

ONE: Block = ("one", 0)
INPUT: Block = ("input", 0)

#: The primitive integer vector of a form: for each block the names of its columns and entries.
Key: TypeAlias = tuple[tuple[Block, int, int], ...]


@final
class Names:
    """Short names for column sets and integer vectors: equal ones have equal names.

    Units of a convolution share both, so that a key costs a unit a few numbers.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, thing: Hashable) -> int:
        """Return the name of a thing."""
        return self._known.setdefault(thing, len(self._known))


@final
@dataclass(frozen=True, eq=False, slots=True)
class Forms:
    """A column of affine forms over blocks of basis functions.

    Attributes:
        count: the number of forms.
        parts: for each block the coefficients `(count, size of the block)`. Blocks that are absent
            have coefficient zero.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.exact.shared_matrix import SharedMatrix
        >>> from tropnet.network.forms import INPUT, Forms, Names
        >>> x = Forms.identity(INPUT, 2)
        >>> y = x.image(SharedMatrix.from_dense(RationalMatrix.of([[2, 4], [-1, -2]])))
        >>> (first, scale), (second, other) = y.normalised(Names())
        >>> first == second, scale, other
        (True, Fraction(2, 1), Fraction(-1, 1))
    """

    count: int
    parts: Mapping[Block, SharedMatrix]

    @staticmethod
    def identity(block: Block, size: int) -> Forms:
        """Return the basis functions of a block themselves."""
        return Forms(size, {block: SharedMatrix.identity(size)})

    @staticmethod
    def constant(column: RationalMatrix) -> Forms:
        """Return constant forms; the column is `(count, 1)`."""
        if column.is_zero():
            return Forms(column.shape[0], {})
        known: dict[int, int] = {}
        kernel_of = [known.setdefault(int(v), len(known)) for v in column.numerators.entries()]
        values = RationalMatrix.of([[v] for v in known])
        kernel = RationalMatrix(values.numerators, column.denominator)
        one = np.zeros(len(kernel_of), dtype=np.int64)
        return Forms(len(kernel_of), {ONE: SharedMatrix.of(kernel, [[0]], kernel_of, one, 1)})

    def part(self, block: Block, size: int) -> SharedMatrix:
        """Return the coefficients on a block of this size."""
        found = self.parts.get(block)
        return SharedMatrix.selection(self.count, size, []) if found is None else found

    def image(self, matrix: SharedMatrix, watch: Watch | None = None) -> Forms:
        """Return the forms matrix · self; the matrix is `(r, count)`.

        Args:
            matrix: what they are multiplied by.
            watch: called between products; what it raises ends the work.
        """
        products = {}
        for block, part in self.parts.items():
            if watch is not None:
                watch()
            products[block] = matrix @ part
        return _without_zeros(matrix.shape[0], products)

    def __add__(self, other: Forms) -> Forms:
        parts = dict(self.parts)
        for block, theirs in other.parts.items():
            parts[block] = parts[block] + theirs if block in parts else theirs
        joint = self.parts.keys() & other.parts.keys()
        kept = {b: p for b, p in parts.items() if b not in joint or not p.is_zero()}
        return Forms(self.count, kept)

    def __neg__(self) -> Forms:
        return Forms(self.count, {b: -p for b, p in self.parts.items()})

    def __sub__(self, other: Forms) -> Forms:
        return self + -other

    def take(self, rows: Sequence[int]) -> Forms:
        """Return the forms of these indices, in this order."""
        return _without_zeros(len(rows), {b: p.take(rows) for b, p in self.parts.items()})

    def scale(self, factors: Sequence[Fraction]) -> Forms:
        """Return each form times its own rational number."""
        scaled = {b: p.scale_rows(factors) for b, p in self.parts.items()}
        return _without_zeros(self.count, scaled)

    def same(self, other: Forms) -> bool:
        """Tell whether the forms have equal coefficients; then they are equal as functions."""
        return self.count == other.count and not (self - other).parts

    def bounds(self, ranges: Mapping[Block, IntervalVector]) -> IntervalVector:
        """Return intervals around the forms, from intervals around the basis functions."""
        total = IntervalVector.point(RationalMatrix.zeros(self.count, 1))
        for block, matrix in self.parts.items():
            total = total + ranges[block].image(matrix)
        return total

    def normalised(self, names: Names) -> list[tuple[Key, Fraction]]:
        """Return for each form its key and the nonzero scale with form = scale · key.

        The key stands for the primitive integer vector whose first nonzero entry is positive, so
        forms that are proportional, by a negative number too, have one key. The zero form has the
        empty key.

        Args:
            names: the same for all keys that shall be compared.
        """
        blocks = sorted(self.parts)
        denominator = math.lcm(*(self.parts[b].kernel.denominator for b in blocks))
        found = [self.parts[b].factors() for b in blocks]
        patches = [
            [names.of((b"columns", p.tobytes())) if len(p) else None for p in f.patches]
            for f in found
        ]
        kernels: list[list[tuple[int, ...]]] = []
        for block, part in zip(blocks, found, strict=True):
            factor = denominator // self.parts[block].kernel.denominator
            kernels.append(
                [tuple((k * factor if factor > 1 else k).tolist()) for k in part.kernels]
            )
        table = np.array([f.kernel_of for f in found], dtype=np.int64).T.reshape(
            self.count, len(blocks)
        )
        which, combinations = row_ids(table)
        vectors = []
        for row in combinations.tolist():
            entries, divisor = _primitive([kernels[b][k] for b, k in enumerate(row)], names)
            vectors.append((entries, Fraction(divisor, denominator)))
        places = [f.patch_of.tolist() for f in found]
        result: list[tuple[Key, Fraction]] = []
        for i, combination in enumerate(which.tolist()):
            entries, scale = vectors[combination]
            key = tuple(
                (blocks[b], patches[b][places[b][i]], name)
                for b, name in enumerate(entries)
                if name is not None
            )
            result.append((key, scale))
        return result


def _primitive(parts: list[tuple[int, ...]], names: Names) -> tuple[list[int | None], int]:
    """Return the names of the integer vectors over their common divisor, and that divisor."""
    divisor = math.gcd(*(math.gcd(*part) for part in parts))
    if not divisor:
        return [None] * len(parts), 1
    if next(v for part in parts for v in part) < 0:
        divisor = -divisor
    return [
        names.of((b"entries", part if divisor == 1 else tuple(v // divisor for v in part)))
        if part
        else None
        for part in parts
    ], divisor


def _without_zeros(count: int, parts: Mapping[Block, SharedMatrix]) -> Forms:
    return Forms(count, {b: p for b, p in parts.items() if not p.is_zero()})


def input_forms(network: Network, fixed: Mapping[int, Fraction]) -> Forms:
    """Return the inputs as forms; coordinates that the domain fixes are constants.

    Args:
        network: gives the number of inputs.
        fixed: coordinate → its only value on the domain.
    """
    size = network.n_inputs
    if not fixed:
        return Forms.identity(INPUT, size)
    free = SharedMatrix.choice([-1 if i in fixed else i for i in range(size)], size)
    constants = RationalMatrix.from_rows([[fixed.get(i, Fraction(0))] for i in range(size)])
    return _without_zeros(size, {INPUT: free}) + Forms.constant(constants)


def affine_forms(affine: Affine, values: Sequence[Forms], watch: Watch | None = None) -> Forms:
    """Return the forms of an affine function of sources whose values are forms.

    Args:
        affine: the function.
        values: the forms of all sources.
        watch: called between products; what it raises ends the work.
    """
    total = Forms.constant(affine.bias.exact)
    for source, weights in affine.terms:
        total = total + values[source].image(weights.matrix, watch)
    return total


def block_sizes(networks: Mapping[str, Network]) -> dict[Block, int]:
    """Return the width of every block that units of these networks can give rise to."""
    sizes: dict[Block, int] = {ONE: 1}
    for name, network in networks.items():
        sizes[INPUT] = network.n_inputs
        sizes.update({(name, k): w for k, w in enumerate(network.widths, start=1)})
    return sizes
