"""The operations of models on tensors: what ONNX nodes and torch calls are read into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.io.operations.addition import is_biased, signed_sum
from tropnet.io.operations.axis import axis_of, places_of
from tropnet.io.operations.combination import combine
from tropnet.io.operations.matmul import matmul
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
from tropnet.network.shared_linear import shared

if TYPE_CHECKING:
    from tropnet.network.network import Dtype
    from tropnet.typing import AnyArray, IntArray


#: Numbers that a network holds for each value: source, index, bias, and where it is read.
_COPIES: Final = 4


@final
class Operations:
    """Operations with the shapes of tensors and the exactness of a `NetworkBuilder`.

    Constants are folded in rationals. Sums that a runtime rounds one after the other stay apart
    (a layer of identity units between them), so that `Network.enclosure` bounds its roundings.

    Args:
        dtype: the arithmetic that the model itself runs in.

    Attributes:
        dtype: that arithmetic.
        builder: what collects the network's layers.
    """

    def __init__(self, dtype: Dtype) -> None:
        self.dtype = dtype
        self.builder = NetworkBuilder(dtype)
        self._input: Wire | None = None
        self._notes: dict[str, list[str]] = {}

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
        require_room(_COPIES * sum(sizes), "the input")
        whole = self._input = self.builder.input(sum(sizes))
        starts = np.cumsum([0, *sizes])
        return [
            Tensor(self.builder.take(whole, range(start, start + size)), shape)
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
        output = wires[0] if len(wires) == 1 else self.builder.concatenate(wires)
        own = [f"{text}: {_listed(names)}" for text, names in self._notes.items()]
        return self.builder.build(
            output, input_names=input_names, output_names=output_names, notes=[*notes, *own]
        )

    def note(self, text: str, name: str) -> None:
        """Have the network say in its notes what was done at a node; nodes of one text are joined.

        Example:
            >>> from tropnet.io.operations import Operations
            >>> do = Operations("float32")
            >>> [x] = do.inputs([(1,)])
            >>> for name in "abcde":
            ...     do.note("rounded", name)
            >>> do.build([x]).notes
            ('rounded: a, b, c and 2 more nodes',)
        """
        names = self._notes.setdefault(text, [])
        if name not in names:
            names.append(name)

    def scalar(self, number: float | Fraction, name: str = "") -> Fraction:
        """Return a number that a model gives to an operation, as its runtime holds it.

        Floats and integers are rounded to the model's arithmetic; a Fraction stands for itself.

        Raises:
            DomainError: NaN, or infinite in that arithmetic.

        Example:
            >>> from tropnet.io.operations import Operations
            >>> float(Operations("float32").scalar(0.1))
            0.10000000149011612
        """
        if isinstance(number, Fraction):
            return number
        with np.errstate(over="ignore"):
            held = float(np.dtype(self.dtype).type(number))
        if not np.isfinite(held):
            raise DomainError(f"{name or 'a node'} is given {number}, in {self.dtype} {held}")
        return Fraction(held)

    def settle(self, tensor: Tensor) -> Tensor:
        """Return the tensor as values of a layer, so that what follows is not merged into it."""
        return Tensor(self._settled(tensor.wire), tensor.shape)

    def _wire(self, value: Value) -> Wire:
        if isinstance(value, Tensor):
            return value.wire
        if self._input is None:
            raise ShapeError("a network needs an input; this one computes constants alone")
        entries = value.numbers().reshape(-1)
        none = np.zeros(len(entries), dtype=np.int64)
        nothing = shared(np.zeros((1, 1)), none[:1, None] - 1, none, none, self._input.size)
        return self.builder.linear(self._input, nothing, entries)

    def held(self, tensor: Tensor) -> Tensor:
        """Return the tensor as values of a layer where one holds it already, else as it is."""
        return Tensor(self.builder.held(tensor.wire), tensor.shape)

    def unbiased(self, tensor: Tensor) -> Tensor:
        """Return the tensor settled where it has a bias, so that no second one is merged into it.

        The bias of a sum may be smaller than what a runtime adds one after the other.
        """
        return self.settle(tensor) if is_biased(tensor.wire) else tensor

    # ---- affine -------------------------------------------------------------------------------

    def combine(
        self,
        value: Value,
        kernel: AnyArray,
        patches: IntArray,
        kernel_of: IntArray,
        patch_of: IntArray,
        shape: Shape,
        name: str = "",
    ) -> Value:
        """Return sums of entries, whose weights and choices of entries are shared (`combine`)."""
        return combine(self, value, kernel, patches, kernel_of, patch_of, shape, name)

    def matmul(self, a: Value, b: Value, name: str = "", op: str = "MatMul") -> Value:
        """Return the product of two tensors of which one is constant, as numpy's `a @ b`.

        Raises:
            UnsupportedLayerError: both depend on the input.
            ShapeError: the shapes do not fit.
        """
        return matmul(self, a, b, name, op)

    def scale(self, value: Value, factor: float | Fraction, name: str = "") -> Value:
        """Return value · factor, exactly."""
        if factor == 1:
            return value
        if isinstance(value, Constant):
            return Constant(scaled(value.values, factor))
        places = np.arange(size_of(value.shape))
        kernel = np.array([[Fraction(factor)]], dtype=object)
        return self.combine(
            value, kernel, places[:, None], np.zeros_like(places), places, value.shape, name
        )

    def add(self, a: Value, b: Value, name: str = "") -> Value:
        """Return a + b, broadcast as numpy does.

        Raises:
            ShapeError: the shapes do not fit.
        """
        return signed_sum(self, a, b, 1, name)

    def subtract(self, a: Value, b: Value, name: str = "") -> Value:
        """Return a − b, broadcast as numpy does.

        Raises:
            ShapeError: the shapes do not fit.
        """
        return signed_sum(self, a, b, -1, name)

    def negate(self, value: Value) -> Value:
        """Return −value."""
        if isinstance(value, Constant):
            return Constant(-value.values)
        return Tensor(self.builder.negate(value.wire), value.shape)

    # ---- piecewise linear ---------------------------------------------------------------------

    def relu(self, value: Value, name: str = "") -> Value:
        """Return max(value, 0)."""
        if isinstance(value, Constant):
            return Constant(np.maximum(value.values, 0))
        require_room(_COPIES * size_of(value.shape), f"the units of {name or 'a layer'}")
        return Tensor(self.builder.relu(value.wire, name), value.shape)

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
        return self.pick(value, places_of(value.shape).transpose(axes))

    def broadcast(self, value: Tensor, shape: Shape) -> Tensor:
        """Return the tensor repeated to a larger shape, as numpy broadcasts."""
        if value.shape == shape:
            return value
        return self._picked(value, np.broadcast_to(places_of(value.shape), shape))

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
        total = sum(size_of(v.shape) for v in values)
        if all(isinstance(v, Constant) for v in values):
            require_room(total, name or "a concatenation")
            stored = [v for v in values if isinstance(v, Constant)]
            same = len({v.values.dtype for v in stored}) == 1
            # floats among Fractions, or integers turned into floats, would not be exact
            arrays = [v.values if same else v.fractions() for v in stored]
            return Constant(np.concatenate(arrays, axis=place))
        require_room(total, name or "a concatenation", MOST_VALUES)
        wire = self.builder.concatenate([self._wire(v) for v in values])
        starts = np.cumsum([0, *(size_of(v.shape) for v in values)])
        places = np.concatenate(
            [places_of(v.shape) + start for v, start in zip(values, starts, strict=False)],
            axis=place,
        )
        return self._picked(Tensor(wire, (wire.size,)), places)

    def gather(self, value: Value, indices: AnyArray, axis: int, name: str = "") -> Value:
        """Return the slices at constant indices along an axis, as numpy's `take`.

        Raises:
            ShapeError: an index out of range.
        """
        place = axis_of(axis, len(value.shape), name)
        size = value.shape[place]
        if indices.size and not (indices.min() >= -size and indices.max() < size):
            raise ShapeError(f"{name}: indices {indices.min()} to {indices.max()} into {size}")
        rest = size_of((*value.shape[:place], *value.shape[place + 1 :]))
        require_room(indices.size * rest, f"{name or 'a gather'}", MOST_VALUES)
        return self.pick(value, np.take(places_of(value.shape), indices, axis=place))

    def pick(self, value: Value, places: IntArray) -> Value:
        """Return the entries at these places, counted in row-major order, in this shape."""
        if isinstance(value, Constant):
            return Constant(np.asarray(value.values.reshape(-1)[places]))
        return self._picked(value, places)

    # ---- inside -------------------------------------------------------------------------------

    def _picked(self, value: Tensor, places: IntArray) -> Tensor:
        shape = tuple(int(d) for d in places.shape)
        flat = places.reshape(-1)
        if np.array_equal(flat, np.arange(size_of(value.shape))):
            return Tensor(value.wire, shape)
        require_room(_COPIES * places.size, "entries chosen from a tensor")
        return Tensor(self.builder.take(value.wire, flat), shape)

    def _settled(self, wire: Wire) -> Wire:
        """Return the wire as values of a layer, so that what follows is not merged into it."""
        return self.builder.concatenate([wire])


def _listed(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:3]), len(names) - 3
    return shown if more <= 0 else f"{shown} and {more} more node{'s' * (more > 1)}"
