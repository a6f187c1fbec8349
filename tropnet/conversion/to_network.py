"""From a tropical map back to a network in ReLU normal form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

import flint

from tropnet.algebra import TropicalMap, TropicalPolynomial
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Network

if TYPE_CHECKING:
    from typing import Any

#: Dense weights that the network may hold: some hundred MiB.
_MAX_WEIGHTS: Final = 10_000_000


def to_network(tropical_map: TropicalMap) -> Network:
    """Convert a tropical map to a network that computes the same function, exactly.

    The maximum of the terms of P, and of Q, is taken by a balanced tree of max(a, b) =
    b + relu(a − b); each output is the difference of two trees. All weights are differences of
    exponents and coefficients, or ±1, so nothing is rounded.

    Args:
        tropical_map: m outputs P ⊘ Q on R^n.

    Returns:
        A network with one ReLU unit for each term of each polynomial but one, in ⌈log₂ k⌉ layers.

    Raises:
        DomainError: a P or Q without terms: −∞ is no value of a network; or the map has a domain.
        BudgetExceeded: the layers would need more than 10⁷ weights (some 5000 terms in all).

    Cost: quadratic in the number of terms, as the layers are stored densely.

    Source: Arora, Basu, Mianjy, Mukherjee, "Understanding deep neural networks with rectified
        linear units" (2018), Lemma D.3.

    Example:
        >>> from tropnet.algebra import TropicalMap, TropicalPolynomial
        >>> from tropnet.conversion import to_network
        >>> x, y = TropicalPolynomial.variables(2)
        >>> f = to_network(TropicalMap([(x + y + 1) / x]))
        >>> f.widths, f.exact([2, 5])
        ((1, 1), RationalMatrix([['3']]))
    """
    if tropical_map.domain is not None:
        raise DomainError(
            f"a map that stands for its function on {tropical_map.domain} only, and a network has "
            "values everywhere; compare maps with f.equals(g, f.domain), or convert "
            "TropicalMap(f.outputs), whose terms go on outside"
        )
    trees = []
    for index, output in enumerate(tropical_map):
        for name, polynomial in (("P", output.numerator), ("Q", output.denominator)):
            if not polynomial.k:
                raise DomainError(
                    f"{name} of output {index} has no terms: it is −∞, which no network computes"
                )
            trees.append(polynomial)
    _require_affordable(trees)
    values = [[_Value(terms.rows([i])) for i in range(len(terms))] for terms in map(_lifted, trees)]
    layers: list[Layer] = []
    while any(len(level) > 1 for level in values):
        differences: list[_Value] = []
        source = len(layers) + 1
        widths = [layer.width for layer in layers]
        for tree, level in enumerate(values):
            halved = level[:1] if len(level) % 2 else []
            for left, right in zip(
                level[len(halved) :: 2], level[len(halved) + 1 :: 2], strict=True
            ):
                unit = {(source, len(differences)): 1}
                differences.append(left - right)
                halved.append(_Value(right.form, {**right.units, **unit}))
            values[tree] = halved
        layers.append(Layer(_affine(differences, widths), True, f"maximum {source}"))
    roots = [level[0] for level in values]
    outputs = [p - q for p, q in zip(roots[::2], roots[1::2], strict=True)]
    affine = _affine(outputs, [layer.width for layer in layers])
    return Network(tropical_map.n, tuple(layers), affine)


@final
@dataclass(frozen=True, eq=False, slots=True)
class _Value:
    """form · (x, 1) + Σ weight · unit, a unit named by its layer (from 1) and its place there."""

    form: RationalMatrix
    units: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def __sub__(self, other: _Value) -> _Value:
        units = dict(self.units)
        for unit, weight in other.units.items():
            units[unit] = units.get(unit, 0) - weight
        return _Value(self.form - other.form, units)


def _affine(values: list[_Value], widths: list[int]) -> Affine:
    forms = RationalMatrix.stack_rows([value.form for value in values])
    n = forms.shape[1] - 1
    parts: dict[int, Any] = {0: forms.columns(range(n))}
    matrices = {k: flint.fmpz_mat(len(values), width) for k, width in enumerate(widths, start=1)}
    for row, value in enumerate(values):
        for (source, place), weight in value.units.items():
            matrices[source][row, place] = weight
    parts |= {source: RationalMatrix(matrix) for source, matrix in matrices.items()}
    return Affine(parts, forms.columns([n]))


def _lifted(polynomial: TropicalPolynomial) -> RationalMatrix:
    return RationalMatrix.stack_columns([polynomial.exponents, polynomial.coefficients])


def _require_affordable(trees: list[TropicalPolynomial]) -> None:
    weights, sizes, earlier = 0, [tree.k for tree in trees], trees[0].n
    while max(sizes) > 1:
        units = sum(size // 2 for size in sizes)
        weights += units * earlier
        sizes, earlier = [math.ceil(size / 2) for size in sizes], earlier + units
    if weights > _MAX_WEIGHTS:
        raise BudgetExceeded(
            f"weights of the network of {sum(tree.k for tree in trees)} terms",
            weights,
            _MAX_WEIGHTS,
            "take the essential() terms first, or convert the outputs one by one",
        )
