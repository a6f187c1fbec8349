"""Building a normal form step by step, as readers of model files do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer
from tropnet.network.linear import Linear, linear
from tropnet.network.network import Dtype, Network
from tropnet.network.shared_linear import SharedLinear, shared

if TYPE_CHECKING:
    from tropnet.typing import IntArray


@final
@dataclass(frozen=True, eq=False)
class Wire:
    """A vector-valued point of a network under construction.

    Either a choice of existing values (`source` and `index` give, entry by entry, which) or an
    affine function of them that no layer holds yet. Made by a `NetworkBuilder`, not by hand.
    """

    size: int
    source: IntArray | None = None
    index: IntArray | None = None
    affine: Affine | None = None


@final
class NetworkBuilder:
    """Collects operations and ends in a `Network`, without ever multiplying two weights.

    Affine operations stay pending until a ReLU follows, which makes a layer; an affine operation on
    a pending one first gives that a layer of identity units, so that all weights in the result are
    the stored ones. Choices of coordinates (reshape, flatten, gather) cost nothing.

    Args:
        dtype: the arithmetic that the model itself runs in.

    Example:
        >>> from tropnet.network import NetworkBuilder
        >>> b = NetworkBuilder()
        >>> x = b.input(2)
        >>> y = b.relu(b.linear(x, [[1, -1]], [0]))
        >>> f = b.build(b.concatenate([y, b.take(x, [1])]))
        >>> f.exact([3, 1])
        RationalMatrix([['2', '1']])
    """

    def __init__(self, dtype: Dtype = "float64") -> None:
        self._dtype: Dtype = dtype
        self._layers: list[Layer] = []
        self._widths: list[int] = []
        self._held: dict[Wire, Wire] = {}

    def input(self, size: int) -> Wire:
        """Return the input wire; call it once, first.

        Raises:
            ShapeError: called twice, or with a size below 1.
        """
        if self._widths or size < 1:
            raise ShapeError(f"a network has one input of at least one coordinate, not {size}")
        self._widths.append(size)
        return self._whole(0)

    def linear(self, wire: Wire, weights: Any, bias: Any = None, name: str = "") -> Wire:
        """Return weights · wire + bias.

        Args:
            wire: `k` values.
            weights: `(r, k)` anything that `tropnet.network.linear` takes.
            bias: `r` numbers, zero when left out.
            name: the layer's name, should a layer of identity units be needed before it.

        Raises:
            ShapeError: the weights do not fit the wire.
            DomainError: NaN or infinite weights.
        """
        matrix = linear(weights, f"weights of {name}" if name else "weights")
        if matrix.shape[1] != wire.size:
            raise ShapeError(
                f"{name or 'a layer'} has weights of shape {matrix.shape} for {wire.size} values"
            )
        bias = np.zeros(matrix.shape[0]) if bias is None else bias
        values = self._values(wire)
        parts: dict[int, Any] = {}
        assert values.source is not None
        assert values.index is not None
        for source in np.unique(values.source).tolist():
            places = np.flatnonzero(values.source == source)
            parts[source] = self._scattered(matrix, places, values.index[places], source)
        return self._pending(Affine(parts, bias))

    def shift(self, wire: Wire, constants: Any) -> Wire:
        """Return wire + constants, exactly.

        Raises:
            ShapeError: not one constant for each value.
        """
        affine = self._affine(wire)
        return self._pending(affine + Affine({}, constants))

    def add(self, first: Wire, second: Wire) -> Wire:
        """Return first + second, exactly (a residual connection).

        Raises:
            ShapeError: the wires have different sizes.
        """
        if first.size != second.size:
            raise ShapeError(f"cannot add {first.size} values to {second.size}")
        return self._pending(self._affine(first) + self._affine(second))

    def negate(self, wire: Wire) -> Wire:
        """Return −wire."""
        return self._pending(-self._affine(wire))

    def subtract(self, first: Wire, second: Wire) -> Wire:
        """Return first − second, exactly."""
        return self.add(first, self.negate(second))

    def relu(self, wire: Wire, name: str = "") -> Wire:
        """Return max(wire, 0); this makes a layer."""
        return self._layer(self._affine(wire), relu=True, name=name)

    def maximum(self, first: Wire, second: Wire, name: str = "") -> Wire:
        """Return the entrywise maximum, as second + relu(first − second)."""
        return self.add(second, self.relu(self.subtract(first, second), name))

    def take(self, wire: Wire, indices: Iterable[int] | IntArray) -> Wire:
        """Return the entries of these indices, in this order; they may repeat.

        Raises:
            ShapeError: an index out of range.
        """
        whole = isinstance(indices, np.ndarray)
        chosen = np.asarray(indices, np.int64) if whole else np.fromiter(indices, dtype=np.int64)
        if chosen.size and not (chosen.min() >= 0 and chosen.max() < wire.size):
            raise ShapeError(
                f"indices from {chosen.min()} to {chosen.max()} into {wire.size} values; "
                f"they count from 0 to {wire.size - 1}"
            )
        if wire.affine is not None:
            return self._pending(wire.affine.take(chosen.tolist()))
        assert wire.source is not None
        assert wire.index is not None
        return Wire(len(chosen), wire.source[chosen], wire.index[chosen])

    def concatenate(self, wires: Sequence[Wire]) -> Wire:
        """Return the wires one after the other.

        Raises:
            ShapeError: no wire at all.
        """
        if not wires:
            raise ShapeError("cannot concatenate no wires")
        values = [self._values(wire) for wire in wires]
        return Wire(
            sum(v.size for v in values),
            np.concatenate([v.source for v in values if v.source is not None]),
            np.concatenate([v.index for v in values if v.index is not None]),
        )

    def held(self, wire: Wire) -> Wire:
        """Return the wire as a choice of values where a layer holds it already, else as it is."""
        return self._held.get(wire, wire)

    def identity(self, source: int) -> Affine | None:
        """Return what a layer of identity units holds; None for the input and for other layers."""
        layer = self._layers[source - 1] if source else None
        return None if layer is None or layer.relu.any() else layer.affine

    def build(
        self,
        output: Wire,
        *,
        input_names: Sequence[str] = (),
        output_names: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Network:
        """Return the network whose output is this wire."""
        if not self._widths:
            raise ShapeError("a network needs an input")
        return Network(
            self._widths[0],
            tuple(self._layers),
            self._affine(output),
            self._dtype,
            tuple(input_names),
            tuple(output_names),
            tuple(notes),
        )

    # ---- inside -----------------------------------------------------------------------------

    def _whole(self, source: int) -> Wire:
        size = self._widths[source]
        return Wire(size, np.full(size, source), np.arange(size))

    def _pending(self, affine: Affine) -> Wire:
        return Wire(affine.size, affine=affine)

    def _layer(self, affine: Affine, *, relu: bool, name: str) -> Wire:
        self._layers.append(Layer(affine, relu, name))
        self._widths.append(affine.size)
        return self._whole(len(self._widths) - 1)

    def _values(self, wire: Wire) -> Wire:
        """Return the wire as a choice of values, giving it a layer of identity units if needed."""
        if wire.affine is None:
            return wire
        if wire not in self._held:
            self._held[wire] = self._layer(wire.affine, relu=False, name="affine")
        return self._held[wire]

    def _affine(self, wire: Wire) -> Affine:
        """Return the wire as an affine function of existing values."""
        if wire.affine is not None:
            return wire.affine
        assert wire.source is not None
        assert wire.index is not None
        parts = {}
        for source in np.unique(wire.source).tolist():
            places = np.flatnonzero(wire.source == source)
            chosen = np.full((wire.size, 1), -1)
            chosen[places, 0] = wire.index[places]
            parts[source] = shared(
                np.ones((1, 1)), chosen, np.zeros(wire.size, np.int64), np.arange(wire.size),
                self._widths[source],
            )  # fmt: skip
        return Affine(parts, np.zeros(wire.size))

    def _scattered(self, matrix: Linear, places: Any, index: Any, source: int) -> Linear:
        """Return the columns `places` of the matrix, added up at the positions `index`."""
        width = self._widths[source]
        if np.array_equal(index, np.arange(width)) and len(places) == matrix.shape[1]:
            return matrix
        place_of = np.full(matrix.shape[1] + 1, -1)  # the last one is what −1 reads
        place_of[places] = index
        share = matrix.sharing
        kernel = matrix.kernel if isinstance(matrix, SharedLinear) else matrix
        return shared(kernel, place_of[share.patches], share.kernel_of, share.patch_of, width)
