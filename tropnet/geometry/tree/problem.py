"""What the tree search reads: units up to proportionality, and coordinates of size one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.domains import Box, require_dimension
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, interior_point, maximize

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.geometry.circuit import Block, Circuit
    from tropnet.typing import FloatArray, IntArray, SignArray

#: What a float of the smallest positive size stands for: a weight that would round to zero.
_LEAST: Final = 2.0**-1074
#: Sides within which products of floats neither overflow nor lose digits to underflow.
_SMALL: Final = Fraction(1, 2**900)
_LARGE: Final = Fraction(2**900)


@final
@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates y of size one in which the search works.

    On a bounded domain x_k = shift_k + scale_k·y_k with |y_k| ≤ 1. Otherwise the search looks at
    the cone over the domain: y = (x, t), and a row that reads x and t is positive at (x, 1) just
    where it is positive at all multiples.

    Attributes:
        dimension: D, the number of coordinates y.
        cone: whether y = (x, t).
        walls: whether |y_k| ≤ 1 are the domain's own inequalities.
        shift, scale: n rationals each; 0 and 1 in a cone.
        rows: `(P, D + 1)` inequalities row·(y, 1) ≥ 0 of the domain, none of them twice.
        names: `(P,)` which of `domain.inequalities()` each is.
        start: D rationals, an interior point.
    """

    dimension: int
    cone: bool
    walls: bool
    shift: tuple[Fraction, ...]
    scale: tuple[Fraction, ...]
    rows: RationalMatrix
    names: IntArray
    start: tuple[Fraction, ...]

    @property
    def one(self) -> int:
        """The column that holds constants."""
        return self.dimension - 1 if self.cone else self.dimension

    @property
    def change(self) -> RationalMatrix:
        """`(n + 1, D + 1)`, what x_1 … x_n and 1 are in (y, 1)."""
        n = len(self.shift)
        table = [[Fraction(0)] * (self.dimension + 1) for _ in range(n + 1)]
        for k in range(n):
            table[k][k] = self.scale[k]
            table[k][self.one] += self.shift[k]
        table[n][self.one] = Fraction(1)
        return RationalMatrix.from_rows(table)

    def point(self, y: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        """Return the point x of exact coordinates y."""
        if self.cone:
            return tuple(v / y[-1] for v in y[:-1])
        return tuple(a + b * v for a, b, v in zip(self.shift, self.scale, y, strict=True))

    def points(self, y: FloatArray) -> FloatArray:
        """Return points x of rows y, rounded."""
        if self.cone:
            return y[:, :-1] / y[:, -1:]
        shift, scale = (np.array([float(v) for v in part]) for part in (self.shift, self.scale))
        return shift + scale * y

    @property
    def displacement(self) -> float:
        """Bound how far, in y, rounding moves a point of `points`."""
        if self.cone:
            return 2.0**-50
        pairs = list(zip(self.shift, self.scale, strict=True))
        if any(b < _SMALL or abs(a) + b > _LARGE for a, b in pairs):
            raise DomainError(
                "a side of the domain is narrower than 2^-900 or reaches beyond 2^900; measure the "
                "inputs in other units"
            )
        return min(2.0**40, float(1 + max([abs(a) / b for a, b in pairs]))) * 2.0**-49

    @staticmethod
    def of(domain: Domain, dimension: int) -> Frame:
        """Return the coordinates for a domain.

        Raises:
            DomainError: the domain is empty, or has no interior.
            ShapeError: it has another dimension.
        """
        require_dimension(domain, dimension)
        if domain is None:
            return _cone_frame(dimension, None, None)
        a, b = domain.inequalities()
        if isinstance(domain, Box):
            shift = domain.center
            scale = tuple((v - u) / 2 for u, v in zip(domain.lower, domain.upper, strict=True))
            if not all(scale):
                raise _flat(scale.index(Fraction(0)))
            return _box_frame(shift, scale, None, None)
        inside = interior_point(a, b)
        if inside is None:
            raise DomainError("the domain is empty: it has no cells; check its inequalities")
        if inside.interior_is_empty:
            raise _flat(None)
        bounds = _bounding_box(a, b)
        if bounds is None:
            return _cone_frame(dimension, (a, b), next(iter(inside.point)))
        shift = tuple((low + high) / 2 for low, high in bounds)
        # twice as large, so that its walls touch no cell
        scale = tuple(high - low for low, high in bounds)
        return _box_frame(shift, scale, (a, b), next(iter(inside.point)))


def _flat(coordinate: int | None) -> DomainError:
    why = "" if coordinate is None else f" (coordinate {coordinate} has width 0)"
    return DomainError(
        f"the domain is flat{why}: no cell has an interior; restrict the network to the "
        "coordinates that vary"
    )


_Sides = tuple[RationalMatrix, RationalMatrix]


def _box_frame(
    shift: tuple[Fraction, ...],
    scale: tuple[Fraction, ...],
    sides: _Sides | None,
    inside: tuple[Fraction, ...] | None,
) -> Frame:
    n = len(shift)
    empty = RationalMatrix.zeros(0, n + 1)
    frame = Frame(n, False, sides is None, shift, scale, empty, np.zeros(0, np.int64), ())
    rows, names = _domain_rows(frame, sides)
    if inside is None:
        start = tuple(Fraction(v) for v in np.random.default_rng(0).uniform(-0.25, 0.25, n))
    else:
        start = tuple((v - a) / b for v, a, b in zip(inside, shift, scale, strict=True))
    return Frame(n, False, sides is None, shift, scale, rows, names, start)


def _cone_frame(n: int, sides: _Sides | None, inside: tuple[Fraction, ...] | None) -> Frame:
    shift, scale = (Fraction(0),) * n, (Fraction(1),) * n
    empty = RationalMatrix.zeros(0, n + 2)
    frame = Frame(n + 1, True, False, shift, scale, empty, np.zeros(0, np.int64), ())
    rows, names = _domain_rows(frame, sides)
    if inside is None:
        inside = tuple(Fraction(v) for v in np.random.default_rng(0).uniform(-1, 1, n))
    size = 2 * max(Fraction(1), *[abs(v) for v in inside])
    start = tuple(v / size for v in (*inside, Fraction(1)))
    return Frame(n + 1, True, False, shift, scale, rows, names, start)


def _domain_rows(frame: Frame, sides: _Sides | None) -> tuple[RationalMatrix, IntArray]:
    """Return b − A x ≥ 0 in the new coordinates, rows that repeat or say nothing left out."""
    if sides is None:
        return RationalMatrix.zeros(0, frame.dimension + 1), np.zeros(0, np.int64)
    a, b = sides
    joint = RationalMatrix.stack_columns([-a, b]) @ frame.change
    found: dict[tuple[int, ...], int] = {}
    for name, row in enumerate(joint.numerators.tolist()):
        entries = [int(v) for v in row]
        if any(v for k, v in enumerate(entries) if k != frame.one):
            common = math.gcd(*entries)
            found.setdefault(tuple(v // common for v in entries), name)
    if not found:
        return RationalMatrix.zeros(0, frame.dimension + 1), np.zeros(0, np.int64)
    rows = [_scaled(row) for row in found]
    return RationalMatrix.from_rows(rows), np.array([*found.values()], np.int64)


def _bounding_box(a: RationalMatrix, b: RationalMatrix) -> list[tuple[Fraction, Fraction]] | None:
    unit = RationalMatrix.identity(a.shape[1])
    bounds = []
    for k in range(a.shape[1]):
        high, low = maximize(unit.rows([k]), a, b), maximize(-unit.rows([k]), a, b)
        if not (isinstance(high, Optimal) and isinstance(low, Optimal)):
            return None
        bounds.append((-low.value, high.value))
    return bounds


@final
@dataclass(frozen=True, eq=False)
class UnitLayer:
    """Units of one layer, no two of which are proportional.

    Attributes:
        start: the index of the first.
        base: `(w, D + 1)`, what they read of (y, 1).
        weights: `(w, r)`, what they read of earlier units, each of these ReLU(polarity·unit).
        reads, polarity: `(r,)`.
    """

    start: int
    base: RationalMatrix
    weights: RationalMatrix
    reads: IntArray
    polarity: SignArray


@final
@dataclass(frozen=True, eq=False)
class TreeProblem:
    """A circuit on a domain, made ready for the search.

    Units with proportional rows have proportional values wherever they are, so that one stands for
    all; a unit that reads nothing but its bias has one sign.

    Attributes:
        circuit: the circuit.
        domain: the domain.
        frame: the coordinates.
        layers: the U units that are left.
        stands_for: `(N,)` for each unit of the circuit the one that stands for it, −1 for none.
        turn: `(N,)` the sign of the factor between them; for units without one their own sign.
        first: `(U,)` for each unit that is left, the unit of the circuit that it was.
    """

    circuit: Circuit
    domain: Domain
    frame: Frame
    layers: tuple[UnitLayer, ...]
    stands_for: IntArray
    turn: SignArray
    first: IntArray

    @staticmethod
    def of(circuit: Circuit, domain: Domain) -> TreeProblem:
        """Prepare the search; cost: one pass over the weights in rationals."""
        frame = Frame.of(domain, circuit.n_inputs)
        reader = _Reader(frame, circuit.n_units)
        layers = tuple(layer for block in circuit.blocks if (layer := reader.read(block)))
        first = np.array(reader.first, np.int64)
        return TreeProblem(circuit, domain, frame, layers, reader.stands_for, reader.turn, first)

    @property
    def n_units(self) -> int:
        """U."""
        return len(self.first)

    def signs(self, found: SignArray) -> SignArray:
        """Return the signs of all units, `(C, N)`, from those of the units left, `(C, U)`."""
        known = np.sign(found).astype(np.int8)
        if not known.shape[1]:
            return np.tile(self.turn, (len(found), 1))
        spread: SignArray = known[:, np.maximum(self.stands_for, 0)] * self.turn
        spread[:, self.stands_for < 0] = self.turn[self.stands_for < 0]
        return spread


class _Reader:
    """Reads blocks in order and keeps one unit of each class of proportional ones."""

    def __init__(self, frame: Frame, n_units: int) -> None:
        self.frame = frame
        self.stands_for = np.full(n_units, -1, np.int64)
        self.turn = np.zeros(n_units, np.int8)
        self.first: list[int] = []
        self.known: dict[tuple[tuple[int, int], ...], tuple[int, Fraction]] = {}
        # what a unit's value is: a multiple of a column, or of the constant
        self.columns: list[tuple[int, int]] = []
        self.column_of: dict[tuple[int, int], int] = {}
        self.values: list[tuple[int, Fraction]] = []
        self.change = frame.change

    def read(self, block: Block) -> UnitLayer | None:
        start, size = len(self.first), self.frame.dimension + 1
        table = block.exact @ self._translation(block)
        kept = []
        for name, row in enumerate(table.numerators.tolist(), block.start):
            if self._settle(name, [int(v) for v in row], table.denominator):
                kept.append(_scaled(row))
        if not kept:
            return None
        joint = RationalMatrix.from_rows(kept)
        weights = joint.columns(range(size, joint.shape[1]))
        used = np.flatnonzero((weights.signs() != 0).any(axis=0))
        chosen = [self.columns[k] for k in used.tolist()]
        return UnitLayer(
            start,
            joint.columns(range(size)),
            weights.columns(used.tolist()),
            np.array([rep for rep, _ in chosen], np.int64),
            np.array([sign for _, sign in chosen], np.int8),
        )

    def _translation(self, block: Block) -> RationalMatrix:
        """What the columns of a block are in (y, 1) and the values of the units kept."""
        n, size = len(self.frame.shift), self.frame.dimension + 1
        width = size + len(self.columns)
        rows = []
        change = self.change.to_fractions()
        for column in block.reads.tolist():
            row = [Fraction(0)] * width
            if column <= n:
                row[:size] = change[column]
            else:
                place, factor = self.values[column - n - 1]
                row[place] = factor
            rows.append(row)
        return RationalMatrix.from_rows(rows)

    def _settle(self, name: int, row: list[int], denominator: int) -> bool:
        """Record what a unit is; tell whether it is new."""
        entries = [(k, v) for k, v in enumerate(row) if v]
        one = self.frame.one
        if all(k == one for k, _ in entries):
            bias = Fraction(row[one], denominator)
            self.turn[name] = (bias > 0) - (bias < 0)
            self.values.append((one, max(bias, Fraction(0))))
            return False
        common = math.gcd(*row) * (1 if entries[0][1] > 0 else -1)
        key = tuple((k, v // common) for k, v in entries)
        new = key not in self.known
        if new:
            self.known[key] = len(self.first), Fraction(_scaled(row)[entries[0][0]])
            self.first.append(name)
        rep, leading = self.known[key]
        factor = Fraction(entries[0][1], denominator) / leading
        sign = 1 if factor > 0 else -1
        self.stands_for[name], self.turn[name] = rep, sign
        place = self.column_of.setdefault((rep, sign), len(self.columns))
        if place == len(self.columns):
            self.columns.append((rep, sign))
        self.values.append((self.frame.dimension + 1 + place, abs(factor)))
        return new


def _scaled(row: Sequence[Any]) -> list[Fraction]:
    """Return a row over a power of two, its largest entry between 1 and 2."""
    entries = [int(v) for v in row]
    size = 1 << (max(abs(v) for v in entries).bit_length() - 1)
    return [Fraction(v, size) for v in entries]


def nearest_nonzero(matrix: RationalMatrix) -> FloatArray:
    """Return nearest floats of which none is zero for a number that is not."""
    values = np.array(matrix.to_floats())
    lost = (values == 0) & (matrix.signs() != 0)
    values[lost] = matrix.signs()[lost] * _LEAST
    return values


def rational_rows(rows: list[list[int]]) -> RationalMatrix:
    """Return the matrix of integer rows."""
    flat: list[Any] = [v for row in rows for v in row]
    return RationalMatrix(flint.fmpz_mat(len(rows), len(rows[0]), flat))
