"""Networks with fewer units: what becomes of each unit, and the exact network that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer
from tropnet.network.linear import Linear, linear
from tropnet.network.shared_linear import from_matrix

if TYPE_CHECKING:
    from tropnet.network.network import Network
    from tropnet.typing import BoolArray


@final
@dataclass(frozen=True, slots=True)
class Sum:
    """The value of a unit as a constant and multiples of the values of other units.

    Attributes:
        terms: (source, index) → coefficient; the units named are of this layer, where they stay or
            are folded, or before it. A unit whose sum names itself stays as well.
        constant: what is added.
    """

    terms: Mapping[tuple[int, int], Fraction] = field(default_factory=dict)
    constant: Fraction = Fraction(0)


#: The value 0, as that of a unit that is never active.
ZERO: Final = Sum()


@final
@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What becomes of the units of a layer; those not named in `folded` or `sums` stay.

    Attributes:
        relu: for each unit whether ReLU follows from now on.
        folded: units without ReLU whose affine function is multiplied into what reads them.
        sums: units that are written as sums of others.
    """

    relu: BoolArray
    folded: frozenset[int] = frozenset()
    sums: Mapping[int, Sum] = field(default_factory=dict)

    @staticmethod
    def of(layer: Layer) -> LayerPlan:
        """Return the plan that leaves all as it is."""
        return LayerPlan(layer.relu)


#: An affine function of the new network's sources: weights by source, and the bias `(size, 1)`.
_Map: TypeAlias = tuple[dict[int, SharedMatrix], RationalMatrix]


def rewritten(
    network: Network,
    plans: Sequence[LayerPlan],
    inputs: Mapping[int, Fraction] | None = None,
) -> Network:
    """Return the network that the plans describe, all products made exactly.

    Nothing is proved here: the result is the same function where what the plans say of the units
    holds. Layers without units vanish.

    Args:
        network: the network.
        plans: one for each layer.
        inputs: inputs that are constant, which the result does not read.

    Raises:
        BudgetExceeded: the products are too large.

    Cost: one product of rational matrices for each weight matrix that reads a unit that goes.

    Example:
        >>> from dataclasses import replace
        >>> from fractions import Fraction
        >>> from tropnet import Network
        >>> from tropnet.network.rewriting import LayerPlan, Sum, rewritten
        >>> f = Network.from_dense([[[1], [2]], [[1, 1]]])  # max(x, 0) + max(2x, 0)
        >>> second = {1: Sum({(1, 0): Fraction(2)})}  # max(2x, 0) is twice max(x, 0)
        >>> g = rewritten(f, [replace(LayerPlan.of(f.layers[0]), sums=second)])
        >>> g.widths, g.output.terms[0][1].values.tolist()
        ((1,), [[3.0]])
    """
    values = [_inputs(network.n_inputs, inputs or {})]
    layers: list[Layer] = []
    for layer, plan in zip(network.layers, plans, strict=True):
        gone = plan.folded | {i for i, y in plan.sums.items() if (len(values), i) not in y.terms}
        units = np.array([i for i in range(layer.width) if i not in gone], dtype=np.int64)
        read = _composed(layer.affine, values)
        if len(units):
            affine = _affine((read[0], read[1]), units)
            layers.append(Layer(affine, plan.relu[units], layer.name))
        values.append(_after(layer.width, units, read, plan, values, len(layers)))
    output = _affine(_composed(network.output, values), np.arange(network.n_outputs))
    return type(network)(
        network.n_inputs, tuple(layers), output, network.dtype, network.input_names,
        network.output_names, network.notes,
    )  # fmt: skip


def _inputs(size: int, fixed: Mapping[int, Fraction]) -> _Map:
    free = [-1 if i in fixed else i for i in range(size)]
    bias = [[fixed.get(i, Fraction(0))] for i in range(size)]
    return {0: SharedMatrix.choice(free, size)}, RationalMatrix.from_rows(bias)


def _after(
    width: int,
    units: np.ndarray[tuple[int], np.dtype[np.int64]],
    read: _Map,
    plan: LayerPlan,
    values: Sequence[_Map],
    number: int,
) -> _Map:
    """Return the values of a layer's units over the new sources; `number` is the new layer's."""
    terms: dict[int, SharedMatrix] = {}
    bias = RationalMatrix.zeros(width, 1)
    place = np.full(width, -1)
    place[units] = np.arange(len(units))
    if plan.folded:
        own = np.array([i if i in plan.folded else -1 for i in range(width)])
        choice = SharedMatrix.choice(own, width)
        for source, part in read[0].items():
            _add(terms, source, choice @ part)
        bias = bias + read[1].T.keep_columns(own >= 0).T
    here: _Map = (dict(terms), bias)
    if len(units):
        here[0][number] = SharedMatrix.choice(place, len(units))
        plain = np.array([-1 if i in plan.sums else p for i, p in enumerate(place.tolist())])
        terms[number] = SharedMatrix.choice(plain, len(units))
    rows: dict[int, dict[int, dict[int, Fraction]]] = {}
    for i, total in plan.sums.items():
        for (source, unit), factor in total.terms.items():
            rows.setdefault(source, {}).setdefault(i, {})[unit] = factor
    for source, entries in rows.items():
        from_terms, from_bias = here if source == len(values) else values[source]
        weights = _sparse(entries, width, from_bias.shape[0])
        for origin, part in from_terms.items():
            _add(terms, origin, weights @ part)
        if not from_bias.is_zero():
            bias = bias + weights.apply(from_bias.T).T
    constants = {i: total.constant for i, total in plan.sums.items() if total.constant}
    if constants:
        column = [[constants.get(i, Fraction(0))] for i in range(width)]
        bias = bias + RationalMatrix.from_rows(column)
    return terms, bias


def _add(terms: dict[int, SharedMatrix], source: int, part: SharedMatrix) -> None:
    terms[source] = terms[source] + part if source in terms else part


def _sparse(rows: Mapping[int, Mapping[int, Fraction]], count: int, columns: int) -> SharedMatrix:
    """Return the matrix with these entries, zero elsewhere."""
    if all(len(row) == 1 for row in rows.values()):
        entries = [(i, *next(iter(row.items()))) for i, row in rows.items()]
        return SharedMatrix.selection(count, columns, entries)
    width = max(len(row) for row in rows.values())
    patches, kernel = [[-1] * width], [[Fraction(0)] * width]
    place = np.zeros(count, dtype=np.int64)
    for i, row in rows.items():
        place[i] = len(patches)
        rest = width - len(row)
        patches.append([*sorted(row), *[-1] * rest])
        kernel.append([*(row[c] for c in sorted(row)), *[Fraction(0)] * rest])
    return SharedMatrix.of(RationalMatrix.from_rows(kernel), patches, place, place, columns)


def _affine(found: _Map, units: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Affine:
    terms, bias = found
    kept = {s: _stored(m if len(units) == m.shape[0] else m.take(units)) for s, m in terms.items()}
    return Affine(kept, bias.rows(units.tolist()))


def _stored(matrix: SharedMatrix) -> Linear:
    """Return a matrix in its best storage: dense where there is one patch alone."""
    if len(matrix.sharing.patches) == 1:
        return linear(matrix.dense())
    return from_matrix(matrix)


def _composed(affine: Affine, values: Sequence[_Map]) -> _Map:
    terms: dict[int, SharedMatrix] = {}
    bias = affine.bias.exact
    for source, weights in affine.terms:
        parts, offset = values[source]
        if not offset.is_zero():
            bias = bias + weights.apply_exact(offset.T).T
        for origin, part in parts.items():
            _add(terms, origin, weights.matrix @ part)
    return terms, bias
