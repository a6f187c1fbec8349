"""Choices of entries: slices, pads, tiles, gathers. They cost nothing, but for constant fills."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations.axis import axis_of, places_of
from tropnet.io.tensor import MOST_VALUES, Constant, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray, IntArray

#: How numpy's `pad` calls the ways to continue a tensor.
PadMode = Literal["constant", "reflect", "edge", "wrap"]


#: Numbers that are held for each value that is chosen or filled in: places, weights, Fractions.
_COPIES: Final = 8


def take_slice(
    do: Operations,
    x: Value,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None = None,
    steps: Sequence[int] | None = None,
    name: str = "",
) -> Value:
    """Return every step-th entry from start to before end along some axes, as Python slices do.

    Args:
        do: the operations of the model being read.
        x: any value.
        starts: one for each axis; counted from the end where negative, clamped where too large.
        ends: the same; with a negative step, anything below −length means "to the front".
        axes: the axes; the first ones where left out.
        steps: not zero; 1 where left out.
        name: the node, for messages.

    Raises:
        ShapeError: an axis that is not there or given twice, a step of zero, lists of different
            lengths.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import take_slice
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 4)])
        >>> y = take_slice(do, x, [-1], [-9], axes=[1], steps=[-2])
        >>> do.build([y]).exact([1, 2, 3, 4]).to_floats().tolist()
        [[4.0, 2.0]]
    """
    rank, what = len(x.shape), name or "a slice"
    chosen = list(range(len(starts))) if axes is None else [axis_of(a, rank, what) for a in axes]
    strides = [1] * len(chosen) if steps is None else list(steps)
    lengths = {len(starts), len(ends), len(chosen), len(strides)}
    if len(lengths) > 1 or len(set(chosen)) < len(chosen) or len(chosen) > rank or 0 in strides:
        raise ShapeError(
            f"{what}: starts {list(starts)}, ends {list(ends)}, axes {chosen} and steps {strides} "
            f"of shape {x.shape}"
        )
    cut = [slice(None)] * rank
    for axis, start, end, step in zip(chosen, starts, ends, strides, strict=True):
        first, last, _ = slice(start, end, step).indices(x.shape[axis])
        cut[axis] = slice(first, None if last < 0 else last, step)
    return do.pick(x, places_of(x.shape)[tuple(cut)])


def split(do: Operations, x: Value, sizes: Sequence[int], axis: int, name: str = "") -> list[Value]:
    """Return consecutive pieces of these sizes along an axis.

    Raises:
        ShapeError: the sizes do not add up to the length of the axis.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import split
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 4)])
        >>> [piece.shape for piece in split(do, x, [1, 3], 1)]
        [(1, 1), (1, 3)]
    """
    place = axis_of(axis, len(x.shape), name)
    if sum(sizes) != x.shape[place] or any(size < 0 for size in sizes):
        raise ShapeError(
            f"{name or 'a split'}: sizes {list(sizes)} of axis {axis} of shape {x.shape}"
        )
    ends = np.cumsum([0, *sizes]).tolist()
    front = (slice(None),) * place
    return [do.pick(x, places_of(x.shape)[(*front, slice(a, b))]) for a, b in pairwise(ends)]


def pad(
    do: Operations,
    x: Value,
    widths: Sequence[tuple[int, int]],
    mode: PadMode = "constant",
    fill: float | Fraction = 0,
    name: str = "",
) -> Value:
    """Return the value with entries added before and after each axis.

    Args:
        do: the operations of the model being read.
        x: any value.
        widths: entries added before and after each axis; negative ones are cut off, first.
        mode: what is added: `fill`, or the value continued as numpy's `pad` does.
        fill: rounded to the model's arithmetic unless a Fraction.
        name: the node, for messages.

    Raises:
        ShapeError: not one pair for each axis, more cut off than there is, or more reflected than
            there is.
        UnsupportedLayerError: an unknown mode.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import pad
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(3,)])
        >>> do.build([pad(do, x, [(2, -1)], fill=7)]).exact([1, 2, 3]).to_floats().tolist()
        [[7.0, 7.0, 1.0, 2.0]]
    """
    what = name or "a pad"
    if mode not in ("constant", "reflect", "edge", "wrap"):
        raise UnsupportedLayerError(
            what, "Pad", f"its mode {mode!r} is not read", "constant, reflect, edge or wrap"
        )
    if len(widths) != len(x.shape):
        raise ShapeError(f"{what}: {len(widths)} pairs of widths for values of shape {x.shape}")
    pairs = [(int(a), int(b)) for a, b in widths]
    if not pairs:
        return x  # a scalar
    kept = [slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(pairs, x.shape, strict=True)]
    added = [(max(a, 0), max(b, 0)) for a, b in pairs]
    lengths = [s.stop - s.start for s in kept]
    for length, pair in zip(lengths, added, strict=True):
        short = length < 1 if mode in ("edge", "wrap") else length <= max(pair)
        if length < 0 or (mode != "constant" and any(pair) and short):
            raise ShapeError(f"{what}: widths {pairs} for values of shape {x.shape} ({mode})")
    sizes = tuple(n + before + after for n, (before, after) in zip(lengths, added, strict=True))
    require_room(size_of(sizes), f"the values of {what}", MOST_VALUES)
    inner = places_of(x.shape)[tuple(kept)]
    if mode != "constant" or not any(map(any, added)):
        return do.pick(x, np.pad(inner, added, mode=mode))
    number = do.scalar(fill, name)
    places = np.pad(inner, added, constant_values=-1)
    if isinstance(x, Constant) and x.is_integer and number.denominator == 1:
        return Constant(np.where(places < 0, int(number), x.values.reshape(-1)[places]))
    return pick_or_fill(do, x, places, np.full(sizes, number, dtype=object), name)


def expand(do: Operations, x: Value, shape: Sequence[int], name: str = "") -> Value:
    """Return the value repeated along axes of length one, to the joint shape of both.

    Args:
        do: the operations of the model being read.
        x: any value.
        shape: what to broadcast with; −1 keeps an axis of x.
        name: the node, for messages.

    Raises:
        ShapeError: the shapes do not fit together.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import expand
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2, 1)])
        >>> expand(do, x, [3, -1, 2]).shape
        (3, 2, 2)
    """
    wanted = [int(d) for d in shape]
    for back, size in enumerate(reversed(x.shape), start=1):
        if back <= len(wanted) and wanted[-back] == -1:
            wanted[-back] = size
    try:
        if min(wanted, default=0) < 0:
            raise ValueError
        joint = np.broadcast_shapes(x.shape, tuple(wanted))
    except ValueError:
        raise ShapeError(
            f"{name or 'an expansion'}: shape {x.shape} does not expand to {list(shape)}"
        ) from None
    require_room(size_of(joint), f"the values of {name or 'an expansion'}", MOST_VALUES)
    return do.pick(x, np.broadcast_to(places_of(x.shape), joint))


def tile(do: Operations, x: Value, repeats: Sequence[int], name: str = "") -> Value:
    """Return the value repeated as a whole along each axis, as numpy's `tile` does.

    Raises:
        ShapeError: a negative number of repeats.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import tile
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 2)])
        >>> do.build([tile(do, x, [1, 2])]).exact([1, 2]).to_floats().tolist()
        [[1.0, 2.0, 1.0, 2.0]]
    """
    counts = [int(r) for r in repeats]
    if any(r < 0 for r in counts):
        raise ShapeError(f"{name or 'a tile'}: {counts} repeats")
    room = size_of(x.shape) * size_of(tuple(counts))
    require_room(room, f"the values of {name or 'a tile'}", MOST_VALUES)
    return do.pick(x, np.tile(places_of(x.shape), counts))


def stack(do: Operations, values: Sequence[Value], axis: int, name: str = "") -> Value:
    """Return the values side by side along a new axis, at this place of the result.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import stack
        >>> do = Operations("float32")
        >>> a, b = do.inputs([(1, 2), (1, 2)])
        >>> y = stack(do, [a, b], -1)
        >>> y.shape, do.build([y]).exact([1, 2, 3, 4]).to_floats().tolist()
        ((1, 2, 2), [[1.0, 3.0, 2.0, 4.0]])
    """
    return do.concatenate([do.unsqueeze(v, [axis], name) for v in values], axis, name)


def gather_elements(
    do: Operations, x: Value, indices: IntArray, axis: int, name: str = ""
) -> Value:
    """Return entries whose place along one axis is given, and along the others is their own.

    Args:
        do: the operations of the model being read.
        x: any value.
        indices: as many axes as x, nowhere longer but along the axis; negative ones count from the
            end.
        axis: along which the indices count.
        name: the node, for messages.

    Raises:
        ShapeError: indices that do not fit.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import gather_elements
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2, 2)])
        >>> y = gather_elements(do, x, np.array([[1], [0]]), 1)
        >>> do.build([y]).exact([1, 2, 3, 4]).to_floats().tolist()
        [[2.0, 3.0]]
    """
    place, what = axis_of(axis, len(x.shape), name), name or "a gather"
    size = x.shape[place]
    pairs = enumerate(zip(indices.shape, x.shape, strict=False))
    longer = [m > n for k, (m, n) in pairs if k != place]
    if indices.ndim != len(x.shape) or any(longer):
        raise ShapeError(f"{what}: indices of shape {indices.shape} into shape {x.shape}")
    if indices.size and not (indices.min() >= -size and indices.max() < size):
        raise ShapeError(f"{what}: indices {indices.min()} to {indices.max()} into {size}")
    require_room(indices.size, f"the values of {what}", MOST_VALUES)
    own = list(np.ix_(*(np.arange(n) for n in indices.shape)))
    own[place] = indices % size if size else indices
    return do.pick(x, places_of(x.shape)[tuple(own)])


def resize_nearest(
    do: Operations, x: Value, indices: Sequence[IntArray | Sequence[int] | None], name: str = ""
) -> Value:
    """Return the value resized by choosing entries along each axis.

    Args:
        do: the operations of the model being read.
        x: any value.
        indices: for each axis the places that are taken, None for all.
        name: the node, for messages.

    Raises:
        ShapeError: not one list for each axis, or an index that is not there.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import resize_nearest
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 2)])
        >>> y = resize_nearest(do, x, [None, None, [0, 0, 1, 1]])
        >>> do.build([y]).exact([1, 2]).to_floats().tolist()
        [[1.0, 1.0, 2.0, 2.0]]
    """
    what = name or "a resize"
    if len(indices) != len(x.shape):
        raise ShapeError(f"{what}: {len(indices)} lists of indices for values of shape {x.shape}")
    chosen = [
        np.arange(n) if along is None else np.asarray(along, dtype=np.int64).reshape(-1)
        for along, n in zip(indices, x.shape, strict=True)
    ]
    for along, n in zip(chosen, x.shape, strict=True):
        if along.size and not (along.min() >= 0 and along.max() < n):
            raise ShapeError(f"{what}: indices {along.min()} to {along.max()} into {n}")
    require_room(size_of(tuple(len(a) for a in chosen)), f"the values of {what}", MOST_VALUES)
    return do.pick(x, places_of(x.shape)[np.ix_(*chosen)])


def pick_or_fill(
    do: Operations, x: Value, places: IntArray, fill: AnyArray, name: str = ""
) -> Value:
    """Return the entries at these places, and others where a place is −1.

    Args:
        do: the operations of the model being read.
        x: any value; its entries are counted in row-major order.
        places: of the shape of the result.
        fill: exact numbers of that shape, used where the place is −1.
        name: the node, for messages.

    Example:
        >>> import numpy as np
        >>> from fractions import Fraction
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.choice import pick_or_fill
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(2,)])
        >>> y = pick_or_fill(do, x, np.array([1, -1]), np.array([Fraction(3)] * 2))
        >>> do.build([y]).exact([1, 2]).to_floats().tolist()
        [[2.0, 3.0]]
    """
    outside = places < 0
    if not outside.any():
        return do.pick(x, places)
    require_room(_COPIES * places.size, f"the values of {name or 'a choice'}")
    shape, rows = tuple(int(d) for d in places.shape), np.arange(places.size)
    ones, patches = np.ones((1, 1)), places.reshape(-1, 1)
    moved = do.combine(x, ones, patches, np.zeros_like(rows), rows, shape, name)
    others = np.full(shape, Fraction(0), dtype=object)
    others[outside] = fill[outside]
    return do.add(moved, Constant(others), name)
