"""The operations of models on tensors: what ONNX nodes and torch calls are read into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, final

import numpy as np

from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.tensor import (
    MOST_VALUES,
    Constant,
    Shape,
    Tensor,
    Value,
    require_room,
    scaled,
    size_of,
)
from tropnet.network import Network, NetworkBuilder, Wire

if TYPE_CHECKING:
    from tropnet.network.network import Dtype
    from tropnet.typing import AnyArray, IntArray


@final
class Operations:
    """Operations with the shapes of tensors and the exactness of a `NetworkBuilder`.

    Constants are folded in rationals. Sums that a runtime rounds one after the other stay apart
    (a layer of identity units between them), so that `Network.enclosure` bounds its roundings.

    Args:
        dtype: the arithmetic that the model itself runs in.
    """

    def __init__(self, dtype: Dtype) -> None:
        self._builder = NetworkBuilder(dtype)
        self._input: Wire | None = None

    # ---- the ends -----------------------------------------------------------------------------

    def inputs(self, shapes: Sequence[Shape]) -> list[Tensor]:
        """Return the inputs: consecutive pieces of the network's one input.

        Raises:
            ShapeError: there is no input, or one without values.
        """
        sizes = [size_of(shape) for shape in shapes]
        if not sizes or 0 in sizes:
            raise ShapeError(
                f"a network needs inputs with values, these have shapes {list(shapes)}"
            )
        require_room(sum(sizes), "the input", MOST_VALUES)
        whole = self._input = self._builder.input(sum(sizes))
        starts = np.cumsum([0, *sizes])
        return [
            Tensor(self._builder.take(whole, range(start, start + size)), shape)
            for start, size, shape in zip(starts.tolist(), sizes, shapes, strict=False)
        ]

    def build(
        self,
        outputs: Sequence[Value],
        *,
        input_names: Sequence[str] = (),
        output_names: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Network:
        """Return the network whose outputs are these, flattened, one after the other.

        Raises:
            ShapeError: there is no output value.
        """
        wires = [self._wire(value) for value in outputs]
        if not sum(wire.size for wire in wires):
            raise ShapeError("the model has no output values")
        output = wires[0] if len(wires) == 1 else self._builder.concatenate(wires)
        return self._builder.build(
            output, input_names=input_names, output_names=output_names, notes=notes
        )

    def _wire(self, value: Value) -> Wire:
        if isinstance(value, Tensor):
            return value.wire
        if self._input is None:
            raise ShapeError("a network needs an input; this one computes constants alone")
        entries = value.numbers().reshape(-1)
        nothing = np.zeros((len(entries), self._input.size))
        return self._builder.linear(self._input, nothing, entries)

    # ---- affine -------------------------------------------------------------------------------

    def matmul(self, a: Value, b: Value, name: str = "", op: str = "MatMul") -> Value:
        """Return the product of two tensors of which one is constant, as numpy's `a @ b`.

        Raises:
            UnsupportedLayerError: both depend on the input, or constants are stacked.
            ShapeError: the shapes do not fit.
        """
        if not a.shape or not b.shape:
            raise ShapeError(f"{name or op}: {op} of a scalar; shapes {a.shape} and {b.shape}")
        inner = (a.shape[-1], b.shape[-2] if len(b.shape) > 1 else b.shape[0])
        if inner[0] != inner[1]:
            raise ShapeError(
                f"{name or op}: cannot multiply shapes {a.shape} and {b.shape}: "
                f"{inner[0]} columns meet {inner[1]} rows"
            )
        if isinstance(a, Constant) and isinstance(b, Constant):
            return Constant(np.asarray(a.fractions() @ b.fractions(), dtype=object))
        if isinstance(a, Tensor) and isinstance(b, Constant):
            return self._times_right(a, b, name, op)
        if isinstance(a, Constant) and isinstance(b, Tensor):
            return self._times_left(a, b, name, op)
        raise UnsupportedLayerError(
            name or op, op, "it multiplies two values that depend on the input",
            "a model that is piecewise linear",
        )  # fmt: skip

    def _times_right(self, a: Tensor, b: Constant, name: str, op: str) -> Tensor:
        weights = b.numbers()
        if weights.ndim > 2:
            raise _stacked(name, op)
        matrix = weights.T if weights.ndim == 2 else weights[None, :]
        rows = size_of(a.shape[:-1])
        shape = a.shape[:-1] + weights.shape[1:]
        return Tensor(self._linear(a.wire, self._blocks(rows, matrix, 1), name), shape)

    def _times_left(self, a: Constant, b: Tensor, name: str, op: str) -> Tensor:
        weights = a.numbers()
        if weights.ndim > 2:
            raise _stacked(name, op)
        matrix = weights if weights.ndim == 2 else weights[None, :]
        columns = b.shape[-1] if len(b.shape) > 1 else 1
        stack = b.shape[:-2]
        shape = (*stack, *weights.shape[:-1], *b.shape[-1:]) if len(b.shape) > 1 else (
            weights.shape[:-1]
        )  # fmt: skip
        return Tensor(
            self._linear(b.wire, self._blocks(size_of(stack), matrix, columns), name), shape
        )

    def scale(self, value: Value, factor: float | Fraction, name: str = "") -> Value:
        """Return value · factor, exactly."""
        if factor == 1:
            return value
        if isinstance(value, Constant):
            return Constant(scaled(value.values, factor))
        size = size_of(value.shape)
        require_room(size * size, f"the matrix of {name or 'a scaling'}")
        matrix = scaled(np.eye(size), factor)
        return Tensor(self._linear(value.wire, matrix, name), value.shape)

    def add(self, a: Value, b: Value, name: str = "") -> Value:
        """Return a + b, broadcast as numpy does.

        Raises:
            ShapeError: the shapes do not fit.
        """
        return self._sum(a, b, 1, name)

    def subtract(self, a: Value, b: Value, name: str = "") -> Value:
        """Return a − b, broadcast as numpy does.

        Raises:
            ShapeError: the shapes do not fit.
        """
        return self._sum(a, b, -1, name)

    def _sum(self, a: Value, b: Value, sign: int, name: str) -> Value:
        try:
            shape = tuple(int(d) for d in np.broadcast_shapes(a.shape, b.shape))
        except ValueError:
            raise ShapeError(
                f"{name or 'a sum'}: shapes {a.shape} and {b.shape} do not fit together"
            ) from None
        require_room(size_of(shape), f"the sum {name}", MOST_VALUES)
        if isinstance(a, Constant) and isinstance(b, Constant):
            if a.is_integer and b.is_integer:
                return Constant(a.values + sign * b.values)
            return Constant(np.asarray(a.fractions() + sign * b.fractions(), dtype=object))
        if isinstance(a, Constant):
            negated = b if sign > 0 else self.negate(b)
            return self._shift(negated, a, 1, shape)
        if isinstance(b, Constant):
            return self._shift(a, b, sign, shape)
        first, second = self.broadcast(a, shape).wire, self.broadcast(b, shape).wire
        first, second = self._kept_apart(first, second)
        combine = self._builder.add if sign > 0 else self._builder.subtract
        return Tensor(combine(first, second), shape)

    def negate(self, value: Value) -> Value:
        """Return −value."""
        if isinstance(value, Constant):
            return Constant(-value.values)
        return Tensor(self._builder.negate(value.wire), value.shape)

    def _shift(self, a: Value, b: Constant, sign: int, shape: Shape) -> Tensor:
        assert isinstance(a, Tensor)
        wire = self.broadcast(a, shape).wire
        offsets = np.broadcast_to(b.numbers(), shape).reshape(-1)
        if not offsets.any():
            return Tensor(wire, shape)  # x + 0 is x in every arithmetic
        if wire.affine is not None and wire.affine.bias.values.any():
            wire = self._settled(wire)
        return Tensor(self._builder.shift(wire, offsets if sign > 0 else -offsets), shape)

    # ---- piecewise linear ---------------------------------------------------------------------

    def relu(self, value: Value, name: str = "") -> Value:
        """Return max(value, 0)."""
        if isinstance(value, Constant):
            return Constant(np.maximum(value.values, 0))
        return Tensor(self._builder.relu(value.wire, name), value.shape)

    # ---- choices of entries -------------------------------------------------------------------

    def reshape(self, value: Value, shape: Sequence[int], name: str = "") -> Value:
        """Return the same values in another shape; one entry may be −1.

        Raises:
            ShapeError: the numbers of values differ.
        """
        sizes, total = [int(d) for d in shape], size_of(value.shape)
        known = size_of(tuple(d for d in sizes if d != -1))
        if sizes.count(-1) == 1 and known > 0 and total % known == 0:
            sizes[sizes.index(-1)] = total // known
        if any(d < 0 for d in sizes) or size_of(tuple(sizes)) != total:
            raise ShapeError(
                f"{name or 'a reshape'}: {total} values of shape {value.shape} do not take the "
                f"shape {tuple(int(d) for d in shape)} (for a batch of one)"
            )
        if isinstance(value, Constant):
            return Constant(value.values.reshape(sizes))
        return Tensor(value.wire, tuple(sizes))

    def flatten(self, value: Value, start: int = 0, end: int = -1, name: str = "") -> Value:
        """Return the value with the axes `start` to `end` (included) made one."""
        rank = len(value.shape)
        first, last = axis_of(start, max(rank, 1), name), axis_of(end, max(rank, 1), name)
        middle = size_of(value.shape[first : last + 1])
        return self.reshape(value, [*value.shape[:first], middle, *value.shape[last + 1 :]], name)

    def squeeze(self, value: Value, axes: Iterable[int] | None, name: str = "") -> Value:
        """Return the value without these axes of length one; None: without all of them."""
        rank = len(value.shape)
        if axes is None:
            dropped = {k for k, d in enumerate(value.shape) if d == 1}
        else:
            dropped = {axis_of(a, rank, name) for a in axes}
        if any(value.shape[k] != 1 for k in dropped):
            raise ShapeError(f"{name}: cannot squeeze axes {sorted(dropped)} of {value.shape}")
        kept = [d for k, d in enumerate(value.shape) if k not in dropped]
        return self.reshape(value, kept, name)

    def unsqueeze(self, value: Value, axes: Iterable[int], name: str = "") -> Value:
        """Return the value with axes of length one at these places of the result."""
        chosen = list(axes)
        rank = len(value.shape) + len(chosen)
        places = {axis_of(a, rank, name) for a in chosen}
        if len(places) != len(chosen):
            raise ShapeError(f"{name}: axes {chosen} repeat")
        rest = iter(value.shape)
        return self.reshape(value, [1 if k in places else next(rest) for k in range(rank)], name)

    def transpose(self, value: Value, order: Sequence[int], name: str = "") -> Value:
        """Return the value with its axes in another order.

        Raises:
            ShapeError: not a permutation of the axes.
        """
        rank = len(value.shape)
        axes = [axis_of(a, rank, name) for a in order]
        if sorted(axes) != list(range(rank)):
            raise ShapeError(f"{name}: {list(order)} is no permutation of {rank} axes")
        if isinstance(value, Constant):
            return Constant(value.values.transpose(axes))
        return self._gather(value, _places(value.shape).transpose(axes))

    def broadcast(self, value: Tensor, shape: Shape) -> Tensor:
        """Return the tensor repeated to a larger shape, as numpy broadcasts."""
        if value.shape == shape:
            return value
        return self._gather(value, np.broadcast_to(_places(value.shape), shape))

    def concatenate(self, values: Sequence[Value], axis: int, name: str = "") -> Value:
        """Return the values one after the other along an axis.

        Raises:
            ShapeError: the shapes do not fit.
        """
        rank = len(values[0].shape) if values else 0
        place = axis_of(axis, rank, name)
        stumps = {(*v.shape[:place], *v.shape[place + 1 :]) for v in values}
        if len(stumps) != 1 or any(len(v.shape) != rank for v in values):
            raise ShapeError(
                f"{name or 'a concatenation'}: shapes {[v.shape for v in values]} do not fit "
                f"together along axis {axis}"
            )
        if all(isinstance(v, Constant) for v in values):
            arrays = [v.values for v in values if isinstance(v, Constant)]
            return Constant(np.concatenate(arrays, axis=place))
        require_room(sum(size_of(v.shape) for v in values), f"{name}", MOST_VALUES)
        wire = self._builder.concatenate([self._wire(v) for v in values])
        starts = np.cumsum([0, *(size_of(v.shape) for v in values)])
        places = np.concatenate(
            [_places(v.shape) + start for v, start in zip(values, starts, strict=False)],
            axis=place,
        )
        return self._gather(Tensor(wire, (wire.size,)), places)

    def gather(self, value: Value, indices: AnyArray, axis: int, name: str = "") -> Value:
        """Return the slices at constant indices along an axis, as numpy's `take`.

        Raises:
            ShapeError: an index out of range.
        """
        place = axis_of(axis, len(value.shape), name)
        size = value.shape[place]
        if indices.size and not (indices.min() >= -size and indices.max() < size):
            raise ShapeError(f"{name}: indices {indices.min()} to {indices.max()} into {size}")
        if isinstance(value, Constant):
            return Constant(np.asarray(np.take(value.values, indices, axis=place)))
        require_room(indices.size * size_of(value.shape), f"{name}", MOST_VALUES)
        return self._gather(value, np.take(_places(value.shape), indices, axis=place))

    # ---- inside -------------------------------------------------------------------------------

    def _gather(self, value: Tensor, places: IntArray) -> Tensor:
        shape = tuple(int(d) for d in places.shape)
        flat = places.reshape(-1)
        if np.array_equal(flat, np.arange(size_of(value.shape))):
            return Tensor(value.wire, shape)
        return Tensor(self._builder.take(value.wire, flat.tolist()), shape)

    def _linear(self, wire: Wire, matrix: AnyArray, name: str) -> Wire:
        return self._builder.linear(wire, matrix, name=name)

    def _blocks(self, left: int, matrix: AnyArray, right: int) -> AnyArray:
        """Return identity(left) ⊗ matrix ⊗ identity(right)."""
        if left == right == 1:
            return matrix
        rows, columns = matrix.shape
        require_room(left * left * right * right * rows * columns, "a matrix with several items")
        blocks = np.zeros((left, rows, right, left, columns, right), dtype=matrix.dtype)
        blocks[...] = 0
        for i in range(left):
            for k in range(right):
                blocks[i, :, k, i, :, k] = matrix
        return blocks.reshape(left * rows * right, left * columns * right)

    def _settled(self, wire: Wire) -> Wire:
        """Return the wire as values of a layer, so that what follows is not merged into it."""
        return self._builder.concatenate([wire])

    def _kept_apart(self, first: Wire, second: Wire) -> tuple[Wire, Wire]:
        """Return two wires whose terms do not merge when they are added."""
        sources = [_sources(w) for w in (first, second)]
        biased = [
            w.affine is not None and bool(w.affine.bias.values.any()) for w in (first, second)
        ]
        if sources[0] & sources[1] or all(biased):
            return self._settled(first), self._settled(second)
        return first, second


def axis_of(axis: int, rank: int, name: str) -> int:
    """Return an axis counted from the front; negative ones count from the end.

    Raises:
        ShapeError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise ShapeError(f"{name or 'a node'}: axis {axis} of a tensor with {rank} axes")
    return axis % rank


def _places(shape: Shape) -> IntArray:
    return np.arange(size_of(shape)).reshape(shape)


def _sources(wire: Wire) -> set[int]:
    if wire.affine is not None:
        return set(wire.affine.sources)
    assert wire.source is not None
    return {int(s) for s in np.unique(wire.source)}


def _stacked(name: str, op: str) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        name or op, op, "it multiplies by a stack of matrices", "one matrix for each product"
    )
