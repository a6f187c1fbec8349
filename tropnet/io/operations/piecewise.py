"""Entrywise piecewise-linear functions: what is made of ReLU units and affine maps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from tropnet.errors import DomainError, ShapeError, UnsupportedLayerError
from tropnet.io.operations.comparisons import Comparisons
from tropnet.io.tensor import MOST_VALUES, Constant, Shape, Tensor, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray

#: A number that a model gives to an operation, or a tensor of them.
Bound: TypeAlias = float | Fraction | Value

#: Numbers that are held for each entry with two bounds, Fractions among them.
_COPIES: Final = 16


def maximum(do: Operations, values: Sequence[Value], name: str = "") -> Value:
    """Return the entrywise largest of several values, broadcast as numpy does.

    Args:
        do: the operations of the model being read.
        values: at least one.
        name: the node, for messages.

    Raises:
        ShapeError: no value, or shapes that do not fit.

    Cost: a ReLU unit for each entry and each value but one.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import maximum
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> a, b = do.inputs([(1,), (1,)])
        >>> f = do.build([maximum(do, [a, b, constant(np.zeros(1), "c")])])
        >>> f.exact([[-1, -2], [3, 4]]).to_floats().tolist()
        [[0.0], [4.0]]
    """
    return _extreme(do, values, name, largest=True)


def minimum(do: Operations, values: Sequence[Value], name: str = "") -> Value:
    """Return the entrywise smallest of several values, broadcast as numpy does.

    Args:
        do: the operations of the model being read.
        values: at least one.
        name: the node, for messages.

    Raises:
        ShapeError: no value, or shapes that do not fit.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import minimum
        >>> do = Operations("float32")
        >>> a, b = do.inputs([(1,), (1,)])
        >>> do.build([minimum(do, [a, b])]).exact([3, 4]).to_floats().tolist()
        [[3.0]]
    """
    return _extreme(do, values, name, largest=False)


def leaky_relu(do: Operations, x: Value, slope: float | Fraction, name: str = "") -> Value:
    """Return x where it is positive and slope · x elsewhere; any slope.

    Args:
        do: the operations of the model being read.
        x: any value.
        slope: rounded to the model's arithmetic unless a Fraction.
        name: the node, for messages.

    Raises:
        DomainError: the slope is not finite.

    Cost: one ReLU unit an entry, since the function is slope·x + (1 − slope)·relu(x).

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import leaky_relu
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> do.build([leaky_relu(do, x, 0.5)]).exact([[-4], [3]]).to_floats().tolist()
        [[-2.0], [3.0]]
    """
    return _bent(do, x, np.array(do.scalar(slope, name), dtype=object), name)


def prelu(do: Operations, x: Value, slopes: Value, name: str = "") -> Value:
    """Return x where it is positive and slopes · x elsewhere, the slopes broadcast as numpy does.

    Raises:
        UnsupportedLayerError: the slopes depend on the input.
        ShapeError: the slopes do not broadcast to the shape of x.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import prelu
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 2)])
        >>> y = prelu(do, x, constant(np.array([0.5, -1.0]), "slopes"))
        >>> do.build([y]).exact([-4, -4]).to_floats().tolist()
        [[-2.0, 4.0]]
    """
    if not isinstance(slopes, Constant):
        raise UnsupportedLayerError(
            name or "a prelu", "PRelu", "its slopes depend on the input",
            "a model that is piecewise linear",
        )  # fmt: skip
    if _joint([x, slopes], name) != x.shape:
        raise ShapeError(
            f"{name or 'a prelu'}: slopes of shape {slopes.shape} for values of shape {x.shape}"
        )
    return _bent(do, x, slopes.numbers(), name)


def absolute(do: Operations, x: Value, name: str = "") -> Value:
    """Return |x|, as 2·relu(x) − x.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import absolute
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> do.build([absolute(do, x)]).exact([[-4], [3]]).to_floats().tolist()
        [[4.0], [3.0]]
    """
    if isinstance(x, Constant):
        return Constant(np.abs(x.values))
    return _bent(do, x, np.array(-1.0), name)


def clip(do: Operations, x: Value, low: Bound | None, high: Bound | None, name: str = "") -> Value:
    """Return min(max(x, low), high), so that `high` wins where `low` is larger.

    Args:
        do: the operations of the model being read.
        x: any value.
        low: a number, rounded to the model's arithmetic unless a Fraction, or a tensor that is
            broadcast; None or −∞ for no bound.
        high: the same; None or ∞ for no bound. The largest float, which stands for none in many
            files, is none.
        name: the node, for messages.

    Raises:
        DomainError: a bound is NaN.
        ShapeError: the shapes do not fit.

    Cost: one ReLU unit for each entry and bound: low + relu(x − low) − relu(x − high).

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import clip
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> f = do.build([clip(do, x, 0.0, 6.0)])
        >>> f.exact([[-4], [3], [7]]).to_floats().tolist(), f.n_relu
        ([[0.0], [3.0], [6.0]], 2)
    """
    lower, upper = _bound(do, low, -np.inf, name), _bound(do, high, np.inf, name)
    if lower is None and upper is None:
        return x
    if isinstance(lower, Tensor) or isinstance(upper, Tensor) or isinstance(x, Constant):
        above = x if lower is None else maximum(do, [x, lower], name)
        return above if upper is None else minimum(do, [above, upper], name)
    if upper is None:
        assert lower is not None
        return do.add(do.relu(do.subtract(x, lower, name), name), lower, name)
    if lower is None:
        return do.subtract(upper, do.relu(do.subtract(upper, x, name), name), name)
    shape = _joint([x, lower, upper], name)
    require_room(_COPIES * size_of(shape), f"the bounds of {name or 'a clip'}")
    ends = np.broadcast_to(upper.fractions(), shape)
    starts = np.asarray(np.minimum(np.broadcast_to(lower.fractions(), shape), ends), dtype=object)
    if np.all(starts == ends):
        return Constant(ends)
    whole = do.broadcast(x, shape)
    if starts.any():
        whole = do.unbiased(whole)
    above, beyond = _units(do, whole, [1, 1], [-starts, -ends], name)
    middle = do.subtract(above, beyond, name)
    return do.add(middle, Constant(starts), name) if starts.any() else middle


def soft_shrink(do: Operations, x: Value, bound: float | Fraction, name: str = "") -> Value:
    """Return x moved by `bound` towards zero, and zero where it is nearer than that.

    Args:
        do: the operations of the model being read.
        x: any value.
        bound: not negative; rounded to the model's arithmetic unless a Fraction.
        name: the node, for messages.

    Raises:
        UnsupportedLayerError: the bound is negative, where the function jumps.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import soft_shrink
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> do.build([soft_shrink(do, x, 0.5)]).exact([[-4], [0.25], [1]]).to_floats().tolist()
        [[-3.5], [0.0], [0.5]]
    """
    limit = do.scalar(bound, name)
    if limit < 0:
        raise UnsupportedLayerError(
            name or "a shrink", "Softshrink", f"its bound {float(limit):g} is negative, so that it "
            "is not continuous", "a bound that is not negative",
        )  # fmt: skip
    if isinstance(x, Constant):
        exact = x.fractions()
        return Constant(np.maximum(exact - limit, 0) + np.minimum(exact + limit, 0))
    offsets = np.full(x.shape, -limit, dtype=object)
    above, below = _units(do, do.unbiased(x), [1, -1], [offsets, offsets], name)
    return do.subtract(above, below, name)


def hard_sigmoid(
    do: Operations, x: Value, slope: float | Fraction, offset: float | Fraction, name: str = ""
) -> Value:
    """Return slope · x + offset, clipped to [0, 1].

    Args:
        do: the operations of the model being read.
        x: any value.
        slope: rounded to the model's arithmetic unless a Fraction (torch's sixth is one).
        offset: the same.
        name: the node, for messages.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.piecewise import hard_sigmoid
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1,)])
        >>> do.build([hard_sigmoid(do, x, 0.25, 0.5)]).exact([[-9], [1]]).to_floats().tolist()
        [[0.0], [0.75]]
    """
    line = do.scale(x, do.scalar(slope, name), name)
    start = Constant(np.array(do.scalar(offset, name), dtype=object))
    return clip(do, do.add(line, start, name), Fraction(0), Fraction(1), name)


# ---- inside -------------------------------------------------------------------------------------


def _extreme(do: Operations, values: Sequence[Value], name: str, *, largest: bool) -> Value:
    if not values:
        raise ShapeError(f"{name or 'a maximum'} of no values")
    shape = _joint(values, name)
    require_room(size_of(shape) * len(values), f"the maximum {name}", MOST_VALUES)
    stored = [v for v in values if isinstance(v, Constant)]
    found_once = {(id(v.wire), v.shape): v for v in values if isinstance(v, Tensor)}
    tensors = list(found_once.values())
    limit = None
    if stored:
        pick = np.maximum if largest else np.minimum
        limit = Constant(np.broadcast_to(_folded(pick, stored), shape))
    if not tensors:
        assert limit is not None
        return limit
    whole = [do.broadcast(v, shape) for v in tensors]
    found: Value = whole[0]
    if len(whole) > 1:
        rows = [Tensor(v.wire, (1, size_of(shape))) for v in whole]
        joined = do.concatenate(rows, 0, name)
        assert isinstance(joined, Tensor)
        pairs = Comparisons(do, joined, name)
        entries = pairs.extreme(pairs.entries.T, largest=largest)
        found = pairs.tensor(entries.reshape(shape))
    if limit is None:
        return found
    if largest:
        return do.add(do.relu(do.subtract(found, limit, name), name), limit, name)
    return do.subtract(limit, do.relu(do.subtract(limit, found, name), name), name)


def _folded(pick: np.ufunc, stored: Sequence[Constant]) -> AnyArray:
    if all(v.is_integer for v in stored):
        arrays = [v.values for v in stored]
    else:
        arrays = [v.fractions() for v in stored]
    result = arrays[0]
    for array in arrays[1:]:
        result = pick(result, array)
    return np.asarray(result)


def _bent(do: Operations, x: Value, slopes: AnyArray, name: str) -> Value:
    """Return slopes·x + (1 − slopes)·relu(x)."""
    if isinstance(x, Constant):
        exact = x.fractions()
        slopes = Constant(slopes).fractions()
        return Constant(np.asarray(np.maximum(exact, 0) + slopes * np.minimum(exact, 0)))
    if (slopes == 1).all():
        return x
    if (slopes == 0).all():
        return do.relu(x, name)
    size = size_of(x.shape)
    flat = Tensor(do.settle(x).wire, (size,))
    joined = do.concatenate([flat, do.relu(flat, name)], 0, name)
    exact = Constant(slopes).fractions().reshape(-1)
    kernel = np.stack([exact, 1 - exact], axis=1)
    places = np.arange(size)
    patches = np.stack([places, size + places], axis=1)
    kernel_of = np.broadcast_to(np.arange(slopes.size).reshape(slopes.shape), x.shape)
    return do.combine(joined, kernel, patches, kernel_of.reshape(-1), places, x.shape, name)


def _units(
    do: Operations, x: Tensor, signs: Sequence[int], offsets: Sequence[AnyArray], name: str
) -> list[Tensor]:
    """Return relu(sign · x + offset) for each sign and offset, all in one layer.

    Where x is an affine function with a bias of its own, the offsets are added to that.
    """
    size, pieces = size_of(x.shape), len(signs)
    places = np.tile(np.arange(size), pieces)
    if all(sign == 1 for sign in signs):
        several = do.pick(x, places)
    else:
        kernel_of, once = np.repeat(np.arange(pieces), size), np.arange(size)[:, None]
        kernel = np.array(signs, dtype=np.float64)[:, None]
        several = do.combine(x, kernel, once, kernel_of, places, (pieces * size,), name)
    assert isinstance(several, Tensor)
    shifted = do.builder.shift(several.wire, np.concatenate([np.reshape(v, -1) for v in offsets]))
    units = do.builder.relu(shifted, name)
    starts = range(0, pieces * size, size)
    return [Tensor(do.builder.take(units, range(k, k + size)), x.shape) for k in starts]


def _bound(do: Operations, bound: Bound | None, end: float, name: str) -> Value | None:
    """Return a bound as a value; None for one at this end of the floats, which never binds."""
    if bound is None or isinstance(bound, Tensor):
        return bound
    largest = float(np.finfo(do.dtype).max)
    if isinstance(bound, Constant):
        exact = bound.fractions()
        free = exact <= -largest if end < 0 else exact >= largest
        return None if bound.values.size and free.all() else bound
    if not isinstance(bound, Fraction):
        with np.errstate(over="ignore"):
            held = float(np.dtype(do.dtype).type(bound))
        if held == end or (abs(held) == largest and held * end > 0):
            return None
        if not np.isfinite(held):
            raise DomainError(
                f"{name or 'a clip'} is given the bound {bound}, in {do.dtype} {held}"
            )
    return Constant(np.array(do.scalar(bound, name), dtype=object))


def _joint(values: Sequence[Value], name: str) -> Shape:
    try:
        shape = np.broadcast_shapes(*(v.shape for v in values))
    except ValueError:
        raise ShapeError(
            f"{name or 'a maximum'}: shapes {[v.shape for v in values]} do not fit together"
        ) from None
    return tuple(int(d) for d in shape)
