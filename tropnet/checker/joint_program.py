"""Two networks and the differences of their matched units, as dense exact matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, final

from tropnet.checker.matching import DifferenceWeights, Matching
from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix
from tropnet.network.affine import Affine
from tropnet.network.network import Network

#: Entries of all matrices, written out (512 MiB of floats and sizes).
MAX_ENTRIES: Final = 2**25


@final
@dataclass(frozen=True, eq=False, slots=True)
class JointLayer:
    """One layer of both networks: what its values, and the differences of its pairs, read.

    Terms are pairs (source, weights), weights `(size, width of the source)`; source 0 is the input.

    Attributes:
        a: of the first network.
        b: of the second network.
        pairs: of the differences, on the differences of the source's pairs.
        pairs_on_b: of the differences, on the values of the second network.
        pairs_on_a: of the differences, on the values of the first network.
        bias_a: `(size of a, 1)`.
        bias_b: `(size of b, 1)`.
        bias: of the differences, `(pairs, 1)`.
        matching: the pairs.
    """

    a: tuple[tuple[int, RationalMatrix], ...]
    b: tuple[tuple[int, RationalMatrix], ...]
    pairs: tuple[tuple[int, RationalMatrix], ...]
    pairs_on_b: tuple[tuple[int, RationalMatrix], ...]
    pairs_on_a: tuple[tuple[int, RationalMatrix], ...]
    bias_a: RationalMatrix
    bias_b: RationalMatrix
    bias: RationalMatrix
    matching: Matching

    @property
    def widths(self) -> tuple[int, int, int]:
        """The sizes of a's values, of b's, and of their differences."""
        return self.bias_a.shape[0], self.bias_b.shape[0], self.bias.shape[0]


@final
@dataclass(frozen=True, eq=False, slots=True)
class JointProgram:
    """Two networks of ReLU units, layer by layer, with the differences of matched units.

    A network of fewer layers has layers of no units at its end.

    Attributes:
        n_inputs: the number of inputs.
        layers: the hidden layers.
        output: the outputs, and the differences of all of them.
    """

    n_inputs: int
    layers: tuple[JointLayer, ...]
    output: JointLayer

    @staticmethod
    def of(a: Network, b: Network, matchings: Sequence[Matching]) -> JointProgram:
        """Return the program of two networks without identity units.

        Args:
            a: the first network, as `folded` returns it.
            b: the second network, likewise.
            matchings: a pairing of units for each layer that both have; layers beyond are unpaired.

        Raises:
            BudgetExceeded: too many entries for dense matrices.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.checker.joint_program import JointProgram
            >>> from tropnet.checker.matching import Matching
            >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
            >>> JointProgram.of(f, f, [Matching.identity(2)]).layers[0].widths
            (2, 2, 2)
        """
        entries = sum(
            m.shape[0] * m.shape[1] for f in (a, b) for y in f.affines for _, m in y.terms
        )
        if entries > MAX_ENTRIES:
            raise BudgetExceeded(
                "entries of dense weight matrices", entries, MAX_ENTRIES,
                "compare smaller networks"
            )  # fmt: skip
        depth = max(len(a.layers), len(b.layers))
        pairings = [*matchings, *(Matching((), (), ()),) * (depth - len(matchings))]
        sources = [Matching.identity(a.n_inputs)]
        widths = [(a.n_inputs, b.n_inputs)]
        layers = []
        for k, pairing in enumerate(pairings):
            affines = [f.layers[k].affine if k < len(f.layers) else _nothing() for f in (a, b)]
            layers.append(_layer(affines, pairing, sources, widths))
            sources.append(pairing)
            widths.append((affines[0].size, affines[1].size))
        every = Matching.identity(a.n_outputs)
        return JointProgram(
            a.n_inputs, tuple(layers), _layer([a.output, b.output], every, sources, widths)
        )


def _nothing() -> Affine:
    return Affine({}, RationalMatrix.zeros(0, 1))


def _layer(
    affines: Sequence[Affine],
    pairs: Matching,
    sources: Sequence[Matching],
    widths: Sequence[tuple[int, int]],
) -> JointLayer:
    terms = [dict(affine.terms) for affine in affines]
    on_pairs: list[tuple[int, RationalMatrix]] = []
    on_b: list[tuple[int, RationalMatrix]] = []
    on_a: list[tuple[int, RationalMatrix]] = []
    for source in sorted(terms[0].keys() | terms[1].keys()) if pairs.first else ():
        parts = DifferenceWeights.of(
            (terms[0], terms[1]), source, pairs, sources[source], widths[source]
        )
        # both networks have the same input: its differences are zero
        found = (None if source == 0 else parts.on_pairs, parts.on_b, parts.on_a)
        for place, matrix in zip((on_pairs, on_b, on_a), found, strict=True):
            if matrix is not None and not matrix.is_zero():
                place.append((source, matrix.dense()))
    own = [tuple((s, m.exact) for s, m in affine.terms) for affine in affines]
    first, second = (affine.bias.exact for affine in affines)
    scaled = second.rows(pairs.second).scale_rows([Fraction(s) for s in pairs.scales])
    return JointLayer(
        own[0], own[1], tuple(on_pairs), tuple(on_b), tuple(on_a),
        first, second, first.rows(pairs.first) - scaled, pairs,
    )  # fmt: skip
