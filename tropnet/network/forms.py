"""The units of networks as affine forms over a common basis of atoms.

An atom is max(t, 0) for an affine form t over earlier atoms. Writing every unit of two networks
over the same atoms makes equality of functions visible: permuted, rescaled, duplicated, dead, split
and always-active units all come out as the same forms. What is written here is only the algebra;
who may claim what about a unit, and how it is checked, stands in `tropnet.checker.relations`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias, final

import flint

from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.network.affine import Affine

if TYPE_CHECKING:
    from tropnet.network.network import Network

#: A group of basis functions: ("one", 0) is the constant 1, ("input", 0) are the coordinates, and
#: (name of a network, k) are the ReLU units of its layer k, counted from 1.
Block: TypeAlias = tuple[str, int]

ONE: Block = ("one", 0)
INPUT: Block = ("input", 0)

#: The primitive integer vector of a form, block by block.
Key: TypeAlias = tuple[tuple[Block, tuple[int, ...]], ...]


@final
@dataclass(frozen=True, eq=False, slots=True)
class Forms:
    """A column of affine forms over blocks of basis functions.

    Attributes:
        count: the number of forms.
        parts: for each block the coefficients `(count, size of the block)`; None stands for the
            identity matrix. Blocks that are absent have coefficient zero.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.network.forms import INPUT, Forms
        >>> x = Forms.identity(INPUT, 2)
        >>> y = x.image(RationalMatrix.of([[2, 4], [-1, -2]]))
        >>> y.keys()
        [((('input', 0), (1, 2)),), ((('input', 0), (1, 2)),)]
        >>> y.scales()
        [Fraction(2, 1), Fraction(-1, 1)]
    """

    count: int
    parts: Mapping[Block, RationalMatrix | None]

    @staticmethod
    def identity(block: Block, size: int) -> Forms:
        """Return the basis functions of a block themselves."""
        return Forms(size, {block: None})

    @staticmethod
    def constant(column: RationalMatrix) -> Forms:
        """Return constant forms; the column is `(count, 1)`."""
        return Forms(column.shape[0], {} if column.is_zero() else {ONE: column})

    def part(self, block: Block) -> RationalMatrix | None:
        """Return the coefficients on a block as a matrix; None where they are all zero."""
        if block not in self.parts:
            return None
        matrix = self.parts[block]
        return RationalMatrix.identity(self.count) if matrix is None else matrix

    def image(self, matrix: RationalMatrix) -> Forms:
        """Return the forms matrix · self; the matrix is `(r, count)`."""
        images = {b: matrix if p is None else matrix @ p for b, p in self.parts.items()}
        return Forms(matrix.shape[0], {b: p for b, p in images.items() if not p.is_zero()})

    def __add__(self, other: Forms) -> Forms:
        parts: dict[Block, RationalMatrix | None] = dict(self.parts)
        for block, theirs in other.parts.items():
            mine = self.part(block)
            if mine is None:
                parts[block] = theirs
            else:
                whole = RationalMatrix.identity(other.count) if theirs is None else theirs
                parts[block] = mine + whole
        kept = {b: p for b, p in parts.items() if p is None or not p.is_zero()}
        return Forms(self.count, kept)

    def __neg__(self) -> Forms:
        parts = {b: -p for b in self.parts if (p := self.part(b)) is not None}
        return Forms(self.count, parts)

    def __sub__(self, other: Forms) -> Forms:
        return self + -other

    def take(self, rows: Sequence[int]) -> Forms:
        """Return the forms of these indices, in this order."""
        parts = {b: p.rows(rows) for b in self.parts if (p := self.part(b)) is not None}
        return Forms(len(rows), {b: p for b, p in parts.items() if not p.is_zero()})

    def scale(self, factors: Sequence[Fraction]) -> Forms:
        """Return each form times its own rational number."""
        parts = {b: p.scale_rows(factors) for b in self.parts if (p := self.part(b)) is not None}
        return Forms(self.count, {b: p for b, p in parts.items() if not p.is_zero()})

    @staticmethod
    def stack(many: Sequence[Forms], sizes: Mapping[Block, int]) -> Forms:
        """Return the forms one below the other; `sizes` gives the width of each block."""
        blocks = {b for forms in many for b in forms.parts}
        parts: dict[Block, RationalMatrix | None] = {}
        for block in blocks:
            pieces = []
            for forms in many:
                piece = forms.part(block)
                if piece is None:
                    piece = RationalMatrix.zeros(forms.count, sizes[block])
                pieces.append(piece)
            parts[block] = RationalMatrix.stack_rows(pieces)
        return Forms(sum(forms.count for forms in many), parts)

    def same(self, other: Forms) -> bool:
        """Tell whether the forms have equal coefficients; then they are equal as functions."""
        return self.count == other.count and not (self - other).parts

    def bounds(self, ranges: Mapping[Block, IntervalVector]) -> IntervalVector:
        """Return intervals around the forms, from intervals around the basis functions."""
        total = IntervalVector.point(RationalMatrix.zeros(self.count, 1))
        for block, matrix in self.parts.items():
            total = total + (ranges[block] if matrix is None else ranges[block].image(matrix))
        return total

    def integer_rows(self) -> tuple[list[list[tuple[Block, list[int]]]], int]:
        """Return for each form its nonzero parts as integers over one common denominator."""
        matrices = {b: p for b in sorted(self.parts) if (p := self.part(b)) is not None}
        denominator = math.lcm(*(p.denominator for p in matrices.values()))
        rows: list[list[tuple[Block, list[int]]]] = [[] for _ in range(self.count)]
        for block, matrix in matrices.items():
            width = matrix.shape[1]
            entries = list(map(int, matrix.over(denominator).entries()))
            for i, row in enumerate(rows):
                piece = entries[i * width : (i + 1) * width]
                if any(piece):
                    row.append((block, piece))
        return rows, denominator

    def normalised(self) -> list[tuple[Key, Fraction]]:
        """Return for each form its key and the nonzero scale with form = scale · key.

        The key is the primitive integer vector whose first nonzero entry is positive, so forms that
        are proportional, by a negative number too, have one key. The zero form has the empty key.
        """
        rows, denominator = self.integer_rows()
        found: list[tuple[Key, Fraction]] = []
        for row in rows:
            divisor = math.gcd(*(math.gcd(*piece) for _, piece in row))
            if not divisor:
                found.append(((), Fraction(1)))
                continue
            if next(filter(None, row[0][1])) < 0:
                divisor = -divisor
            if divisor != 1:
                row = [(block, [v // divisor for v in piece]) for block, piece in row]
            key = tuple((block, tuple(piece)) for block, piece in row)
            found.append((key, Fraction(divisor, denominator)))
        return found

    def keys(self) -> list[Key]:
        """Return the key of each form (`normalised`)."""
        return [key for key, _ in self.normalised()]

    def scales(self) -> list[Fraction]:
        """Return the scale of each form (`normalised`)."""
        return [scale for _, scale in self.normalised()]


def input_forms(network: Network, fixed: Mapping[int, Fraction]) -> Forms:
    """Return the inputs as forms; coordinates that the domain fixes are constants.

    Args:
        network: gives the number of inputs.
        fixed: coordinate → its only value on the domain.
    """
    size = network.n_inputs
    if not fixed:
        return Forms.identity(INPUT, size)
    free = RationalMatrix.diagonal([int(i not in fixed) for i in range(size)])
    constants = RationalMatrix.from_rows([[fixed.get(i, Fraction(0))] for i in range(size)])
    return Forms.identity(INPUT, size).image(free) + Forms.constant(constants)


def affine_forms(affine: Affine, values: Sequence[Forms]) -> Forms:
    """Return the forms of an affine function of sources whose values are forms."""
    total = Forms.constant(affine.bias.exact)
    for source, weights in affine.terms:
        total = total + values[source].image(weights.exact)
    return total


def block_sizes(networks: Mapping[str, Network]) -> dict[Block, int]:
    """Return the width of every block that units of these networks can give rise to."""
    sizes: dict[Block, int] = {ONE: 1}
    for name, network in networks.items():
        sizes[INPUT] = network.n_inputs
        sizes.update({(name, k): w for k, w in enumerate(network.widths, start=1)})
    return sizes


def selection(count: int, size: int, rows: Iterable[tuple[int, int, Fraction]]) -> RationalMatrix:
    """Return the `(count, size)` matrix with the given (row, column, value) entries, else zero."""
    chosen = list(rows)
    denominator = math.lcm(*(value.denominator for _, _, value in chosen))
    matrix = flint.fmpz_mat(count, size)
    for row, column, value in chosen:
        matrix[row, column] = value.numerator * (denominator // value.denominator)
    return RationalMatrix(matrix, denominator)
