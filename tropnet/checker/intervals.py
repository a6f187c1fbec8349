"""Intervals around the difference of two networks, layer by layer, over matched units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np

from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix, as_fraction
from tropnet.exact.fraction import fraction_text, shortened
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.affine import Affine
from tropnet.network.linear import Linear
from tropnet.network.network import Network

if TYPE_CHECKING:
    from tropnet.typing import BoolArray

#: Called before a piece of work; raises to stop.
Watch: TypeAlias = Callable[[], None]


@final
@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs of units of two layers that are taken to compute nearly the same, up to a scale.

    Any pairing with positive scales is sound; a good one gives narrow bounds. Units without a
    partner are bounded on their own.

    Attributes:
        first: for each pair the unit of `a`.
        second: for each pair the unit of `b`.
        scales: for each pair s > 0; the pair is followed through v_a − s · v_b.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    scales: tuple[Fraction, ...]

    @staticmethod
    def identity(size: int) -> Matching:
        """Return the pairing of each unit with the one of the same index, at scale 1."""
        return Matching(tuple(range(size)), tuple(range(size)), (Fraction(1),) * size)

    def to_json(self) -> Any:
        """Return the matching as plain data: a list of [unit of a, unit of b, scale]."""
        pairs = zip(self.first, self.second, self.scales, strict=True)
        return [[i, j, fraction_text(s)] for i, j, s in pairs]

    @staticmethod
    def from_json(data: Any, width_a: int, width_b: int) -> Matching:
        """Return the matching that `to_json` wrote, for layers of these widths.

        Raises:
            CertificateError: an index out of range or used twice, or a scale that is not positive.
        """
        pairs: list[tuple[int, int, Fraction]] = []
        for item in data if isinstance(data, list) else [data]:
            match item:
                case [int(i), int(j), str(scale)]:
                    pairs.append((i, j, as_fraction(scale, "scale")))
                case _:
                    raise CertificateError(
                        f"a matching is a list of [unit, unit, scale], not {shortened(repr(item))}"
                    )
        first, second = [p[0] for p in pairs], [p[1] for p in pairs]
        for side, width in ((first, width_a), (second, width_b)):
            if len(set(side)) != len(side) or not all(0 <= i < width for i in side):
                raise CertificateError("a matching uses a unit twice or one that is not there")
        if any(s <= 0 for _, _, s in pairs):
            raise CertificateError("a matching has a scale that is not positive")
        return Matching(tuple(first), tuple(second), tuple(s for _, _, s in pairs))


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
        value, matched = values[source], values[source].matching
        size_a, size_b, pairs_before = len(value.a), len(value.b), len(matched.first)
        from_a = _weights(terms_a, source, first, size_a)
        from_b = _weights(terms_b, source, second, size_b).scale_rows(scales)
        # W_a v_a − s W_b v_b = W_a[:,p] δ + (W_a[:,p] t − s W_b)[:,q] v_b + W_a[:,rest] v_a
        if size_a == pairs_before and matched == Matching.identity(size_b):
            columns_a, on_b = from_a, from_a - from_b
        else:
            pair_of = np.full(size_a, -1)
            pair_of[list(matched.first)] = np.arange(pairs_before)
            columns_a = from_a @ SharedMatrix.choice(pair_of, pairs_before)
            partners = zip(matched.first, matched.second, matched.scales, strict=True)
            on_b = from_a @ SharedMatrix.selection(size_a, size_b, partners) - from_b
            rest = np.where(pair_of < 0, np.arange(size_a), -1)
            if (rest >= 0).any():
                delta = delta + value.a.image(from_a @ SharedMatrix.choice(rest, size_a))
        delta = delta + value.delta.image(columns_a) + value.b.image(on_b)
    plain = bound_a.take(first) - bound_b.take(second).scale(scales)
    return _Values(bound_a, bound_b, pairs, delta.meet(plain))


def _weights(
    terms: Mapping[int, Linear], source: int, rows: Sequence[int], width: int
) -> SharedMatrix:
    """Return these rows of the weights for a source, zero where it is not read."""
    if source not in terms:
        return SharedMatrix.selection(len(rows), width, [])
    return terms[source].matrix.take(rows)


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
