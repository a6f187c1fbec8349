"""What folding constants may cost: a small file can ask for large numbers and for many of them."""

from __future__ import annotations

import math
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.io.onnx_operators.registry import Call, Result
from tropnet.io.tensor import Constant, Value, size_of

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

#: Products and sums of rationals for one node: seconds, and a hundred megabytes.
MOST_RATIONALS: Final = 2**18
#: Entries of a constant that is made, not stored.
MOST_MADE: Final = 2**22
#: Entries of a value that depends on the input, after it was repeated.
_MOST_MOVED: Final = 2**23
#: Bits of one number that is calculated; a float64 and its reciprocal have at most 1075.
_MOST_BITS: Final = 2**14
#: Operators that add up many products.
_MANY: Final = frozenset({
    "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "CumSum", "Einsum", "Gemm",
    "GlobalAveragePool", "MatMul", "Mean", "ReduceL1", "ReduceMean", "ReduceSum", "Sum",
})  # fmt: skip
#: Operators that round nothing.
_CHOOSING: Final = frozenset({
    "Abs", "Clip", "GlobalMaxPool", "Max", "MaxPool", "Min", "Neg", "ReduceMax", "ReduceMin",
    "Relu",
})  # fmt: skip
_NOTE: Final = "constants are folded exactly; roundings of them by a runtime are not enclosed"
#: Operators that float64 can calculate without rounding, of float32 numbers.
_LIGHT: Final = frozenset({"Add", "Sub", "Mul"})
#: Operators that calculate nothing with floats.
_FREE: Final = frozenset({
    "And", "Cast", "CastLike", "Concat", "Constant", "ConstantOfShape", "DepthToSpace",
    "DequantizeLinear", "Dropout", "Expand", "Flatten", "Gather", "GatherElements", "GatherND",
    "Identity", "NonZero", "Not", "Or", "Pad", "Range", "Reshape", "Resize", "Shape", "Size",
    "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Trilu", "Unsqueeze",
    "Upsample", "Where", "Xor",
})  # fmt: skip


def require_foldable(call: Call) -> None:
    """Refuse a node that would calculate too much with constants alone.

    Raises:
        BudgetExceeded: more than `MOST_RATIONALS` operations.
    """
    arrays = [v.values for v in call.inputs if isinstance(v, Constant)]
    count = sum(v is not None for v in call.inputs)
    if call.op in _FREE or not arrays or len(arrays) != count:
        return
    light = call.op in _LIGHT and all(map(_is_light, arrays))
    _require(call, _operations(call, arrays), MOST_MADE if light else MOST_RATIONALS)


def require_rationals(call: Call, *values: Value) -> None:
    """Refuse a node that would make a rational of each entry of these values, broadcast.

    Raises:
        BudgetExceeded: more than `MOST_RATIONALS` entries.
    """
    with suppress(ValueError):  # shapes that do not fit are refused elsewhere
        shape = np.broadcast_shapes(*(v.shape for v in values))
        _require(call, size_of(shape), MOST_RATIONALS)


def _require(call: Call, work: int, most: int) -> None:
    if work > most:
        raise BudgetExceeded(
            f"operations on constants at node {call.name!r} ({call.op})", work, most,
            "a file whose constants are folded",
        )  # fmt: skip


def require_short(call: Call, result: Result) -> None:
    """Refuse constants with numbers that grow from node to node.

    Raises:
        BudgetExceeded: a numerator or a denominator has more than `_MOST_BITS` bits.
    """
    for found in result if isinstance(result, tuple) else (result,):
        if isinstance(found, Constant) and found.values.dtype == object:
            bits = max((_bits(v) for v in found.values.reshape(-1)), default=0)
            if bits > _MOST_BITS:
                raise BudgetExceeded(
                    f"bits of a constant at node {call.name!r} ({call.op})", bits, _MOST_BITS,
                    "a file whose constants are folded",
                )  # fmt: skip


def note_roundings(call: Call) -> None:
    """Have the network say where a runtime rounds more often than `Network.enclosure` knows.

    The enclosure covers one rounding of each constant. What is calculated exactly from constants
    that a runtime has rounded before, or added up from several, may differ by more.
    """
    constants = [v for v in call.inputs if isinstance(v, Constant)]
    if call.op in _FREE or call.op in _CHOOSING:
        return
    if len(constants) != sum(v is not None for v in call.inputs):
        return
    floats = [v for v in constants if not v.is_integer]
    if floats and (call.op in _MANY or not all(_is_held(call, v) for v in floats)):
        call.operations.note(_NOTE, call.name)


def require_made(call: Call, entries: int, *values: Value) -> None:
    """Refuse a tensor that a node would make, far larger than the constants that it is made of.

    Raises:
        BudgetExceeded: more than `MOST_MADE` entries and more than the constants have together, or
            more than `_MOST_MOVED` of what depends on the input.
    """
    stored = {id(v): size_of(v.shape) for v in values if isinstance(v, Constant)}
    most = max(MOST_MADE, sum(stored.values()))
    if any(not isinstance(v, Constant) for v in values):
        most = _MOST_MOVED
    if entries > most:
        raise BudgetExceeded(
            f"entries of node {call.name!r} ({call.op})", entries, most, "a smaller model"
        )


def folded_in_floats(call: Call, a: Value, b: Value) -> Constant | None:
    """Return the sum, difference or product of constants where float64 holds it exactly.

    Returns:
        None where one of them is no constant of float32 numbers, or something would be rounded.

    Raises:
        BudgetExceeded: something would be rounded, and there are too many for rationals.
    """
    if not (isinstance(a, Constant) and isinstance(b, Constant)):
        return None
    left, right = a.values, b.values
    if not (_is_light(left) and _is_light(right)):
        return None
    try:
        left, right = np.broadcast_arrays(left, right)
    except ValueError:
        return None  # the sum or product itself says what is wrong
    if call.op == "Mul":  # of 24 bits each, and no exponent leaves the range
        return Constant(np.asarray(left * right))
    right = -right if call.op == "Sub" else right
    total = np.asarray(left + right)
    rest = total - left
    if ((left - (total - rest)) + (right - rest)).any():  # Knuth's exact error of the sum
        _require(call, total.size, MOST_RATIONALS)
        return None
    return Constant(total)


def integer_arrays(*values: Value) -> list[AnyArray] | None:
    """Return the arrays of constants of integers, broadcast; None if these are others."""
    arrays = [v.values for v in values if isinstance(v, Constant) and v.is_integer]
    if len(arrays) != len(values):
        return None
    try:
        return list(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = [a.shape for a in arrays]
        raise ShapeError(f"constants of shapes {shapes} do not fit together") from None


def _is_held(call: Call, value: Constant) -> bool:
    """Tell whether the model's arithmetic has these numbers."""
    with np.errstate(over="ignore", under="ignore"):
        held = value.values.astype(np.float64).astype(call.operations.dtype)
    return bool((held.astype(np.float64) == value.values).all())


def _is_light(array: AnyArray) -> bool:
    """Tell whether these are float32 numbers, held as float64."""
    if array.dtype != np.float64:
        return False
    with np.errstate(over="ignore", under="ignore"):
        return bool((array.astype(np.float32) == array).all())


def _operations(call: Call, arrays: list[AnyArray]) -> int:
    sizes = [array.size for array in arrays]
    if call.op == "MatMul" and len(arrays) == 2 and arrays[1].ndim:
        return sizes[0] * int(arrays[1].shape[-1])
    if call.op in ("Gemm", "Einsum", "Conv", "ConvTranspose"):
        inner = 1
        if call.op == "Gemm" and arrays[0].ndim == 2:
            inner = arrays[0].shape[0 if call.integer("transA", 0) else 1]
        return math.prod(sizes[:2] if call.op != "Einsum" else sizes) // max(1, inner)
    if call.op in ("AveragePool", "MaxPool"):
        return sizes[0] * math.prod(call.integers("kernel_shape") or [1])
    if call.op == "CumSum":
        return sizes[0] * max(arrays[0].shape, default=1)
    try:
        return size_of(np.broadcast_shapes(*(array.shape for array in arrays)))
    except ValueError:  # no operator of entries, or shapes that it will refuse
        return max(sizes, default=0)


def _bits(number: Fraction) -> int:
    return max(abs(number.numerator).bit_length(), number.denominator.bit_length())
