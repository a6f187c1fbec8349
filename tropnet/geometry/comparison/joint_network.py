"""Two networks computed side by side over common units, and further units that only cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, final

import flint
import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Network
from tropnet.network.fold import folded

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray, SignArray

#: Where further units cut; see `joint_network`.
Cuts = Literal["none", "equal", "level", "norm", "argmax"]

_KINDS: Final = ("none", "equal", "level", "norm", "argmax")


@final
@dataclass(frozen=True, eq=False)
class JointNetwork:
    """Two networks f and g with m outputs each as one.

    Attributes:
        first: f.
        second: g.
        network: outputs f_1 … f_m, g_1 … g_m; units of f and g of which one is a multiple of the
            other are one unit here, and units that are constant are none.
        difference: the same layers with the outputs f − g.
        columns: `(r,)` for each cut the unit that makes it (a column of `PolyhedralComplex.signs`),
            −1 where the cut is constant.
        orientation: `(r,)` 1 or −1, the sign of the cut where that unit is positive; for constant
            cuts their sign.
    """

    first: Network
    second: Network
    network: Network
    difference: Network
    columns: IntArray
    orientation: SignArray

    @property
    def size(self) -> int:
        """The number m of outputs of f, and of g."""
        return self.first.n_outputs

    def cut_signs(self, complex_: PolyhedralComplex) -> SignArray:
        """Return the signs of the cuts on the cells of a complex of `network`, `(C, r)`."""
        signs = np.empty((complex_.n_cells, len(self.columns)), np.int8)
        constant = self.columns < 0
        signs[:, constant] = 1
        signs[:, ~constant] = complex_.signs[:, self.columns[~constant]]
        result: SignArray = signs * self.orientation
        return result

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of outputs i < j, in the order of the cuts along f_i = f_j."""
        return _pairs(self.size)


def joint_network(
    first: Network, second: Network, cuts: Cuts = "none", level: Fraction = Fraction(0)
) -> JointNetwork:
    """Return two networks as one, so that the cells of both can be enumerated together.

    Every unit is written over the units before it; one that is a multiple of an earlier one
    (relu(−t) = relu(t) − t) is not repeated. What they share, near copies and permuted copies above
    all, is then enumerated once, and in general position.

    Args:
        first: f, with m outputs.
        second: g, with as many inputs and outputs.
        cuts: units that no output reads and that cut cells all the same. "equal": where f_i = g_i
            (m cuts); "level": where f_i − g_i = level, then where f_i − g_i = −level (2 m); "norm":
            where f_i = g_i, then for i < j where f_i − g_i is f_j − g_j, then where it is minus
            that (m²); "argmax": for i < j where f_i = f_j, then where g_i = g_j (m (m − 1)).
        level: for "level".

    Raises:
        ShapeError: another number of inputs or outputs.
        DomainError: unknown cuts.

    Cost: a product of integer matrices for each layer.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.geometry.comparison.joint_network import joint_network
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[3]], [[2]]])
        >>> joint = joint_network(f, g, "equal")
        >>> joint.network.widths  # relu(-x) is relu(x) - x, relu(3 x) is 3 relu(x)
        (1, 1)
        >>> joint.network.exact([-5]), joint.difference.exact([-5])
        (RationalMatrix([['5', '0']]), RationalMatrix([['5']]))
    """
    if first.n_inputs != second.n_inputs or first.n_outputs != second.n_outputs:
        raise ShapeError(
            f"networks of shapes {first.n_inputs} → {first.n_outputs} and {second.n_inputs} → "
            f"{second.n_outputs} cannot be compared; they need the same inputs and outputs"
        )
    if cuts not in _KINDS:
        raise DomainError(f"unknown cuts {cuts!r}; known: {', '.join(_KINDS)}")
    atoms = _Atoms(first.n_inputs)
    left, right = (atoms.add(folded(network)) for network in (first, second))
    forms = _cut_forms(atoms, left, right, cuts, level)
    values = atoms.rectified(forms) if forms.shape[0] else []
    outputs = RationalMatrix.stack_rows([atoms.wide(left), atoms.wide(right)])
    gaps = atoms.wide(left) - atoms.wide(right)
    return JointNetwork(
        first,
        second,
        Network(first.n_inputs, tuple(atoms.layers), atoms.affine(outputs)),
        Network(first.n_inputs, tuple(atoms.layers), atoms.affine(gaps)),
        np.array([value.atom for value in values], np.int64),
        np.array([value.sign for value in values], np.int8),
    )


def _pairs(size: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(size) for j in range(i + 1, size)]


def _cut_forms(
    atoms: _Atoms, left: RationalMatrix, right: RationalMatrix, cuts: Cuts, level: Fraction
) -> RationalMatrix:
    left, right = atoms.wide(left), atoms.wide(right)
    gaps, pairs = left - right, _pairs(left.shape[0])
    one, other = [i for i, _ in pairs], [j for _, j in pairs]
    if cuts == "equal":
        return gaps
    if cuts == "level":
        shift = RationalMatrix.from_rows(
            [[level if k == atoms.n else 0 for k in range(gaps.shape[1])]] * gaps.shape[0]
        )
        return RationalMatrix.stack_rows([gaps - shift, gaps + shift])
    if cuts == "norm":
        parts = [gaps, gaps.rows(one) - gaps.rows(other), gaps.rows(one) + gaps.rows(other)]
        return RationalMatrix.stack_rows(parts if pairs else parts[:1])
    if cuts == "argmax" and pairs:
        return RationalMatrix.stack_rows(
            [table.rows(one) - table.rows(other) for table in (left, right)]
        )
    return RationalMatrix.zeros(0, gaps.shape[1])


@dataclass(frozen=True)
class _Value:
    """What ReLU makes of a form: scale · (atom − (form, when opposite)), or a constant.

    Attributes:
        atom: the unit, −1 for a constant.
        sign: 1, or −1 where the form is a negative multiple; for a constant its sign.
        scale: the multiple, positive.
    """

    atom: int
    sign: int
    scale: Fraction


@final
class _Atoms:
    """The units so far; a form is a row over (x_1 … x_n, t = 1, atom_0, atom_1, …)."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.layers: list[Layer] = []
        self.starts: list[int] = []  # the first atom of each layer
        self.count = 0
        self._known: dict[tuple[int, ...], tuple[int, Fraction]] = {}

    @property
    def width(self) -> int:
        return self.n + 1 + self.count

    def wide(self, forms: RationalMatrix) -> RationalMatrix:
        """Return forms over fewer atoms as forms over all."""
        rows, columns = forms.shape
        if columns == self.width:
            return forms
        nothing = RationalMatrix.zeros(rows, self.width - columns)
        return RationalMatrix.stack_columns([forms, nothing])

    def add(self, network: Network) -> RationalMatrix:
        """Add the units of a network of ReLUs; return its outputs as forms."""
        values = [RationalMatrix.stack_columns([
            RationalMatrix.identity(self.n), RationalMatrix.zeros(self.n, 1 + self.count)
        ])]  # fmt: skip
        for layer in network.layers:
            forms = self._forms(layer.affine, values)
            values.append(self._rows(self.rectified(forms, layer.name), forms))
        return self._forms(network.output, values)

    def _forms(self, affine: Affine, values: Sequence[RationalMatrix]) -> RationalMatrix:
        bias = affine.bias.exact
        total = RationalMatrix.stack_columns(
            [
                RationalMatrix.zeros(affine.size, self.n),
                bias,
                RationalMatrix.zeros(affine.size, self.count),
            ]
        )
        for source, weights in affine.terms:
            total = total + weights.exact @ self.wide(values[source])
        return total.reduced()

    def rectified(self, forms: RationalMatrix, name: str = "") -> list[_Value]:
        """Return what ReLU makes of forms; those that are new become a layer of atoms."""
        found: list[_Value] = []
        new: list[int] = []
        for i, row in enumerate(forms.numerators.tolist()):
            entries = list(map(int, row))
            while len(entries) > self.n + 1 and not entries[-1]:
                entries.pop()  # the same form, however many atoms there are
            if not any(v for k, v in enumerate(entries) if k != self.n):
                constant = entries[self.n]
                sign = (constant > 0) - (constant < 0)
                found.append(_Value(-1, sign, Fraction(abs(constant), forms.denominator)))
                continue
            divisor = math.gcd(*entries)
            sign = 1 if next(v for v in entries if v) > 0 else -1
            key = tuple(sign * v // divisor for v in entries)
            size = sign * Fraction(divisor, forms.denominator)
            if key not in self._known:
                self._known[key] = (self.count + len(new), size)
                new.append(i)
            atom, other = self._known[key]
            ratio = size / other
            found.append(_Value(atom, 1 if ratio > 0 else -1, abs(ratio)))
        if new:
            self.layers.append(Layer(self.affine(forms.rows(new)), True, name))
            self.starts.append(self.count)
            self.count += len(new)
        return found

    def _rows(self, values: Sequence[_Value], forms: RationalMatrix) -> RationalMatrix:
        """Return the values of rectified forms as forms over all atoms."""
        denominator = math.lcm(*(value.scale.denominator for value in values))
        table = flint.fmpz_mat(len(values), self.width)
        for i, value in enumerate(values):
            entry = value.scale.numerator * (denominator // value.scale.denominator)
            if value.atom >= 0:
                table[i, self.n + 1 + value.atom] = entry
            elif value.sign > 0:
                table[i, self.n] = entry
        found = RationalMatrix(table, denominator)
        plain = all(value.sign > 0 or value.atom < 0 for value in values)
        if plain:
            return found
        # relu(−s t) = s relu(t) + (−s t), which is the form itself
        opposite = [int(value.sign < 0 and value.atom >= 0) for value in values]
        return found + self.wide(forms).scale_rows(opposite)

    def affine(self, forms: RationalMatrix) -> Affine:
        """Return forms as an affine function of the layers so far."""
        columns = forms.T.numerators.tolist()

        def part(start: int, end: int) -> RationalMatrix:
            flat = [v for column in columns[start:end] for v in column]
            table = flint.fmpz_mat(end - start, forms.shape[0], flat)
            return RationalMatrix(table.transpose(), forms.denominator)

        sources = [(0, self.n)]
        sources += pairwise(self.n + 1 + start for start in [*self.starts, self.count])
        weights = {
            source: part(start, end)
            for source, (start, end) in enumerate(sources)
            if any(any(column) for column in columns[start:end])
        }
        return Affine(weights, part(self.n, self.n + 1))
