"""Windows that slide over the spatial axes of a tensor: which entries each one covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import ShapeError
from tropnet.io.tensor import MOST_PLACES, require_room, size_of

if TYPE_CHECKING:
    from tropnet.typing import IntArray


def positions(
    size: int,
    window: int,
    *,
    stride: int = 1,
    padding: tuple[int, int] = (0, 0),
    dilation: int = 1,
    ceil_mode: bool = False,
    name: str = "",
) -> IntArray:
    """Return the positions that windows cover along one axis.

    Args:
        size: the length of the axis.
        window: entries in a window.
        stride: the step from one window to the next.
        padding: entries added before and after the axis; negative ones are cut off.
        dilation: the step from one entry of a window to the next.
        ceil_mode: whether a last window may reach beyond the padding; it must still start inside
            the axis or the padding before it.
        name: the node, for messages.

    Returns:
        `(windows, window)`, counted from the first entry of the axis; below 0, or from `size` on,
        is padding.

    Raises:
        ShapeError: no window fits, or a size that is not positive.

    Example:
        >>> from tropnet.io.operations.window import positions
        >>> positions(4, 3, stride=2, padding=(1, 0), ceil_mode=True).tolist()
        [[-1, 0, 1], [1, 2, 3]]
    """
    low, high = padding
    what = name or "a window"
    if min(window, stride, dilation) < 1:
        raise ShapeError(
            f"{what}: a window of {window} with stride {stride} and dilation {dilation}; "
            "each is at least 1"
        )
    reach = dilation * (window - 1) + 1
    room = size + low + high - reach
    if size < 1 or room < (1 - stride if ceil_mode else 0):
        raise ShapeError(
            f"{what}: a window that reaches over {reach} entries does not fit into {size} with "
            f"{low} before and {high} after"
        )
    count = room // stride + 1
    if ceil_mode:
        count = -(-room // stride) + 1
        if count > 1 and (count - 1) * stride >= size + low:
            count -= 1
    require_room(count * window, f"the windows of {what}", MOST_PLACES)
    starts = np.arange(count) * stride - low
    return starts[:, None] + np.arange(window) * dilation


def inside(places: IntArray, size: int) -> IntArray:
    """Return positions with −1 for those in the padding.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations.window import inside
        >>> inside(np.array([-1, 0, 4]), 3).tolist()
        [-1, 0, -1]
    """
    return np.where((places >= 0) & (places < size), places, -1)


def grid(places: Sequence[IntArray], sizes: Sequence[int], name: str = "") -> IntArray:
    """Return the entries of the windows that are products of windows along each axis.

    Args:
        places: for each axis `(windows, window)` positions, −1 for padding.
        sizes: the lengths of the axes.
        name: the node, for messages.

    Returns:
        `(windows, entries of a window)` indices in row-major order, −1 where any axis has it.

    Raises:
        BudgetExceeded: more than memory should hold.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations.window import grid
        >>> grid([np.array([[0, 1]]), np.array([[-1, 0], [0, 1]])], [2, 2]).tolist()
        [[-1, 0, -1, 2], [0, 1, 2, 3]]
    """
    require_room(size_of(tuple(p.size for p in places)), f"the windows of {name}", MOST_PLACES)
    rank = len(places)
    flat, padded = np.zeros((1,) * (2 * rank), np.int64), np.zeros((1,) * (2 * rank), np.bool_)
    for axis, (along, size) in enumerate(zip(places, sizes, strict=True)):
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = along.shape
        flat = flat * size + along.reshape(shape)
        padded = padded | (along.reshape(shape) < 0)
    windows = size_of(tuple(p.shape[0] for p in places))
    return np.where(padded, -1, flat).reshape(windows, -1)
