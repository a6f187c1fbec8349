"""Entries of tensors as exact affine functions, to prove what they have to do with each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.io.operations.axis import places_of
from tropnet.io.tensor import Constant, Shape, Value

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.network import Affine

#: A value of a layer, or None for the constant term.
Key: TypeAlias = tuple[int, int] | None

#: The most weights that are looked at for one tensor.
MOST_WEIGHTS: Final = 2**19


@final
@dataclass(frozen=True, slots=True)
class EntryForm:
    """An affine function of values of layers.

    Attributes:
        weights: the weight of each value, the constant term under None; none of them zero.
        sizes: the weights' absolute values, added up over all ways from the entry to the value, so
            that they tell of rounded numbers that cancel.
    """

    weights: dict[Key, Fraction] = field(default_factory=dict)
    sizes: dict[Key, Fraction] = field(default_factory=dict)

    def minus(self, other: EntryForm) -> EntryForm:
        """Return the difference.

        Example:
            >>> from fractions import Fraction
            >>> from tropnet.io.operations.entry_form import EntryForm
            >>> one = EntryForm({None: Fraction(1)}, {None: Fraction(1)})
            >>> one.minus(one)
            EntryForm(weights={}, sizes={None: Fraction(2, 1)})
        """
        result = EntryForm(dict(self.weights), dict(self.sizes))
        result.add(other, Fraction(-1))
        return result

    def multiple_of(self, other: EntryForm) -> Fraction | None:
        """Return the factor by which this function is the other; None where it is no multiple."""
        if not self.weights:
            return Fraction(0)
        key = next(iter(self.weights))
        if self.weights.keys() != other.weights.keys():
            return None
        factor = self.weights[key] / other.weights[key]
        same = all(number == factor * other.weights[k] for k, number in self.weights.items())
        return factor if same else None

    def add(self, other: EntryForm, factor: Fraction, size: Fraction | None = None) -> None:
        """Add factor times another function, in place; its sizes count `size` times."""
        for key, number in other.weights.items():
            total = self.weights.pop(key, Fraction(0)) + factor * number
            if total:
                self.weights[key] = total
        size = abs(factor) if size is None else size
        for key, number in other.sizes.items():
            self.sizes[key] = self.sizes.get(key, Fraction(0)) + size * number


def entry_forms(
    do: Operations, value: Value, shape: Shape, *, through: bool = False
) -> list[EntryForm]:
    """Return each entry of a value, broadcast to a shape, as a function of values of layers.

    Args:
        do: the operations of the model being read.
        value: any value.
        shape: what it is broadcast to.
        through: whether to go on through layers of identity units, back to the input and to ReLU
            units.

    Raises:
        BudgetExceeded: more than `MOST_WEIGHTS` weights.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.entry_form import entry_forms
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2,)])
        >>> twice = do.scale(do.scale(x, 2), -1)
        >>> [form.weights for form in entry_forms(do, twice, (2,), through=True)]
        [{(0, 0): Fraction(-2, 1)}, {(0, 1): Fraction(-2, 1)}]
    """
    places = np.broadcast_to(places_of(value.shape), shape).reshape(-1).tolist()
    forms: list[EntryForm]
    if isinstance(value, Constant):
        forms = [_constant(v) for v in value.fractions().reshape(-1)]
        return [forms[place] for place in places]
    wire = do.held(value).wire
    if wire.affine is None:
        assert wire.source is not None
        assert wire.index is not None
        pairs = zip(wire.source.tolist(), wire.index.tolist(), strict=True)
        one = Fraction(1)
        forms = [EntryForm({pair: one}, {pair: one}) for pair in pairs]
    else:
        forms = _rows(wire.affine)
    if through:
        rows: dict[Key, EntryForm] = {}
        forms = [_through(do, form, rows) for form in forms]
    return [forms[place] for place in places]


def _constant(number: Fraction) -> EntryForm:
    return EntryForm({None: number}, {None: abs(number)}) if number else EntryForm()


def _rows(affine: Affine) -> list[EntryForm]:
    _require_few(sum(len(m.sharing) * m.sharing.width for _, m in affine.terms))
    forms = [_constant(bias) for (bias,) in affine.bias.exact.to_fractions()]
    for source, weight in affine.terms:
        kernels, sharing = weight.matrix.kernel.to_fractions(), weight.matrix.sharing
        rows = zip(forms, sharing.kernel_of.tolist(), sharing.patch_of.tolist(), strict=True)
        for form, kernel, patch in rows:
            columns = sharing.patches[patch].tolist()
            for column, number in zip(columns, kernels[kernel], strict=True):
                if column >= 0 and number:
                    form.weights[source, column] = number
                    form.sizes[source, column] = abs(number)
    return forms


def _through(do: Operations, form: EntryForm, rows: dict[Key, EntryForm]) -> EntryForm:
    """Replace values of identity units by what they are, the latest ones first."""
    result = EntryForm(dict(form.weights), dict(form.sizes))
    while True:
        inner = [key for key in result.sizes if key and do.builder.identity(key[0]) is not None]
        if not inner:
            return result
        key = max(inner)
        if key not in rows:
            affine = do.builder.identity(key[0])
            assert affine is not None
            [rows[key]] = _rows(affine.take([key[1]]))
            _require_few(sum(len(row.sizes) for row in rows.values()))
        weight, size = result.weights.pop(key, Fraction(0)), result.sizes.pop(key)
        result.add(rows[key], weight, size)


def _require_few(weights: int) -> None:
    if weights > MOST_WEIGHTS:
        raise BudgetExceeded(
            "weights of a condition", weights, MOST_WEIGHTS, "max, min or relu instead of it"
        )
