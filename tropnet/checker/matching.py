"""Pairs of units of two layers, followed through their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

from tropnet.errors import CertificateError, TropnetError
from tropnet.exact import as_fraction
from tropnet.exact.fraction import fraction_text, shortened
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.linear import Linear
from tropnet.network.network import Network


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


def matchings_from_json(data: Any, a: Network, b: Network) -> list[Matching]:
    """Return the pairings of the layers that both networks have; none where data is None.

    Raises:
        CertificateError: not one for each layer that both have, or a garbled one.
    """
    if data is None:
        return []
    common = min(len(a.layers), len(b.layers))
    if not isinstance(data, list) or len(data) != common:
        raise CertificateError(f"the evidence needs a matching for each of {common} layers")
    layers = zip(data, a.layers, b.layers, strict=False)
    try:
        return [Matching.from_json(item, x.width, y.width) for item, x, y in layers]
    except CertificateError:
        raise
    except TropnetError as error:
        raise CertificateError(f"a matching is garbled: {error}") from None


@final
@dataclass(frozen=True, slots=True)
class DifferenceWeights:
    """What the differences of pairs of units read from one source.

    With δ = v_a[first] − t · v_b[second] of the pairs of the source,
    W_a v_a − s W_b v_b = on_pairs · δ + on_b · v_b + on_a · v_a.

    Attributes:
        on_pairs: the weights for the differences of the source's pairs.
        on_b: the weights for all values of b; small where the networks are near copies.
        on_a: the weights for all values of a, zero at paired units; None where all are.
    """

    on_pairs: SharedMatrix
    on_b: SharedMatrix
    on_a: SharedMatrix | None

    @staticmethod
    def of(
        terms: tuple[Mapping[int, Linear], Mapping[int, Linear]],
        source: int,
        pairs: Matching,
        matched: Matching,
        sizes: tuple[int, int],
    ) -> DifferenceWeights:
        """Return the weights of the differences of `pairs` for a source.

        Args:
            terms: the weights of both networks by source.
            source: the source.
            pairs: the units whose pre-activations are subtracted.
            matched: the pairing of the source's values.
            sizes: the numbers of the source's values in both networks.
        """
        size_a, size_b = sizes
        count = len(matched.first)
        from_a = _rows(terms[0], source, pairs.first, size_a)
        from_b = _rows(terms[1], source, pairs.second, size_b).scale_rows(list(pairs.scales))
        if size_a == count and matched == Matching.identity(size_b):
            return DifferenceWeights(from_a, from_a - from_b, None)
        pair_of = np.full(size_a, -1)
        pair_of[list(matched.first)] = np.arange(count)
        on_pairs = from_a @ SharedMatrix.choice(pair_of, count)
        partners = zip(matched.first, matched.second, matched.scales, strict=True)
        on_b = from_a @ SharedMatrix.selection(size_a, size_b, partners) - from_b
        if count == size_a:
            return DifferenceWeights(on_pairs, on_b, None)
        rest = np.where(pair_of < 0, np.arange(size_a), -1)
        return DifferenceWeights(on_pairs, on_b, from_a @ SharedMatrix.choice(rest, size_a))


def _rows(
    terms: Mapping[int, Linear], source: int, rows: Sequence[int], width: int
) -> SharedMatrix:
    """Return these rows of the weights for a source, zero where it is not read."""
    if source not in terms:
        return SharedMatrix.selection(len(rows), width, [])
    return terms[source].matrix.take(rows)
