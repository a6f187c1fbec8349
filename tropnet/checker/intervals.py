"""Intervals around the difference of two networks, layer by layer, over matched units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np

from tropnet.checker.matching import DifferenceWeights, Matching
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.network.affine import Affine
from tropnet.network.network import Network

if TYPE_CHECKING:
    from tropnet.typing import BoolArray

#: Called before a piece of work; raises to stop.
Watch: TypeAlias = Callable[[], None]


@final
@dataclass(frozen=True, eq=False, slots=True)
class _Values:
    """Intervals around the values of one source in both networks and around their differences."""

    a: IntervalVector
    b: IntervalVector
    matching: Matching
    delta: IntervalVector  # v_a[first] − scales · v_b[second]


def plain_bounds(
    network: Network, box: IntervalVector, watch: Watch | None = None
) -> IntervalVector:
    """Return intervals around the outputs of one network, by interval arithmetic.

    Args:
        network: the network.
        box: intervals around the inputs.
        watch: called before each layer; what it raises ends the work.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.intervals import plain_bounds
        >>> from tropnet.exact import IntervalVector
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> plain_bounds(f, IntervalVector.of([-1], [1])).ends()
        [(Fraction(0, 1), Fraction(2, 1))]
    """
    sources = [box]
    for layer in network.layers:
        if watch is not None:
            watch()
        before = _affine_bounds(layer.affine, sources)
        sources.append(before.relu().where(layer.relu, before).outward())
    return _affine_bounds(network.output, sources)


def difference_bounds(
    a: Network,
    b: Network,
    box: IntervalVector,
    matchings: Sequence[Matching],
    watch: Watch | None = None,
) -> IntervalVector:
    """Return intervals around a − b on a box, from differences of matched units.

    With z_a − s·z_b of matched units written over the differences, the values of b and the
    unmatched units of the layers before, near copies give narrow intervals where the intervals of
    each network alone are wide. Across ReLU, relu(z_a) − s·relu(z_b) lies between 0 and z_a −
    s·z_b, as ReLU is monotone and 1-Lipschitz; where signs are known it is exact. All arithmetic is
    in rationals, with the ends moved outward to 80 bits after each layer.

    Args:
        a: the first network.
        b: the second network, of as many layers.
        box: intervals around the inputs.
        matchings: one for each layer.
        watch: called before each layer; what it raises ends the work.

    Returns:
        `m` intervals, never wider than the difference of the plain ones.

    Raises:
        CertificateError: the networks have different numbers of layers, or a matching pairs a ReLU
            unit with an identity unit.

    Cost: three products of the shape of each weight matrix, in integers.
    """
    if not len(a.layers) == len(b.layers) == len(matchings):
        raise CertificateError("differences of units need networks of as many layers")
    zero = IntervalVector.point(RationalMatrix.zeros(a.n_inputs, 1))
    values = [_Values(box, box, Matching.identity(a.n_inputs), zero)]
    for layer_a, layer_b, matching in zip(a.layers, b.layers, matchings, strict=True):
        if watch is not None:
            watch()
        relu = layer_a.relu[list(matching.first)]
        if not np.array_equal(relu, layer_b.relu[list(matching.second)]):
            raise CertificateError("a matching pairs a ReLU unit with an identity unit")
        before = _before(layer_a.affine, layer_b.affine, values, matching)
        values.append(_after(before, layer_a.relu, layer_b.relu, relu))
    return _before(a.output, b.output, values, Matching.identity(a.n_outputs)).delta


def _affine_bounds(affine: Affine, sources: Sequence[IntervalVector]) -> IntervalVector:
    total = IntervalVector.point(affine.bias.exact)
    for source, weights in affine.terms:
        total = total + sources[source].image(weights.matrix)
    return total


def _before(
    affine_a: Affine, affine_b: Affine, values: Sequence[_Values], pairs: Matching
) -> _Values:
    """Return intervals around pre-activations in both networks and their differences."""
    first, second, scales = list(pairs.first), list(pairs.second), list(pairs.scales)
    bound_a = _affine_bounds(affine_a, [v.a for v in values])
    bound_b = _affine_bounds(affine_b, [v.b for v in values])
    bias_b = affine_b.bias.exact.rows(second).scale_rows(scales)
    delta = IntervalVector.point(affine_a.bias.exact.rows(first) - bias_b)
    terms_a, terms_b = dict(affine_a.terms), dict(affine_b.terms)
    for source in sorted(terms_a.keys() | terms_b.keys()):
        value = values[source]
        sizes = len(value.a), len(value.b)
        parts = DifferenceWeights.of((terms_a, terms_b), source, pairs, value.matching, sizes)
        if parts.on_a is not None:
            delta = delta + value.a.image(parts.on_a)
        delta = delta + value.delta.image(parts.on_pairs) + value.b.image(parts.on_b)
    plain = bound_a.take(first) - bound_b.take(second).scale(scales)
    return _Values(bound_a, bound_b, pairs, delta.meet(plain))


def _after(before: _Values, relu_a: BoolArray, relu_b: BoolArray, relu: BoolArray) -> _Values:
    """Return intervals after the activations."""
    pairs = before.matching
    after_a = before.a.relu().where(relu_a, before.a).outward()
    after_b = before.b.relu().where(relu_b, before.b).outward()
    scaled = before.b.take(list(pairs.second)).scale(list(pairs.scales))
    own = before.a.take(list(pairs.first))
    active = own.at_least_zero() & scaled.at_least_zero()
    # between 0 and the difference before, and between the plain bounds after
    hull = IntervalVector(
        -((-before.delta.lower).relu()),
        before.delta.upper.relu(),
        before.delta.no_lower,
        before.delta.no_upper,
    )
    plain = own.relu() - scaled.relu()
    delta = before.delta.where(active | ~relu, hull.meet(plain))
    return _Values(after_a, after_b, pairs, delta.outward())
