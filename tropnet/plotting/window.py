"""The part of the input space that a picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.domains import Box
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import PolyhedralComplex

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Vertices farther out than this many times the spread of the middle ones are not waited for.
_FAR: Final = 1.6
#: Windows are at least this wide, as a share of how far they are from 0.
_THIN: Final = 1e-9
#: Share of the width that is added on each side, and when the domain itself ends there.
_MARGIN, _THIN_MARGIN = 0.12, 0.02


def window_of(complex_: PolyhedralComplex, window: Any = None) -> FloatArray:
    """Return the window `(n, 2)`, a lower and an upper end for each axis.

    Args:
        complex_: the complex to be seen.
        window: a `Box`, a pair (lo, hi) for all axes, or a pair for each axis. Left out: the domain
            if that is a box, else the vertices and a margin; vertices far from nearly all others
            are left out of an unbounded complex.

    Raises:
        DomainError: an empty window, or numbers that are not finite.
        ShapeError: not one pair for each axis.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.plotting.window import window_of
        >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
        >>> window_of(enumerate_cells(corner, Box.cube(2))).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """
    n = complex_.n_inputs
    if window is not None:
        return _given(window, n)
    if isinstance(complex_.domain, Box):
        return _given(complex_.domain, n)
    finite = complex_.generators[complex_.generators[:, -1] > 0, :n]
    unbounded = not bool(complex_.bounded.all())
    if not len(finite):
        return np.tile([-1.0, 1.0], (n, 1))
    low, high = finite.min(axis=0), finite.max(axis=0)
    if unbounded:
        inner_low, inner_high = np.quantile(finite, [0.1, 0.9], axis=0)
        spread = inner_high - inner_low
        reach = _FAR * np.where(spread > 0, spread, high - low) / 2
        middle = (inner_low + inner_high) / 2
        low, high = np.maximum(low, middle - reach), np.minimum(high, middle + reach)
    least = _THIN * np.maximum(np.abs(low), np.abs(high))
    wide = high - low > least
    side = np.where(wide, high - low, np.maximum(np.max(high - low, where=wide, initial=0), least))
    side[side == 0] = 2.0
    margin = np.where(wide, _MARGIN if unbounded else _THIN_MARGIN, 0.5) * side
    return np.column_stack([low - margin, high + margin])


def _given(window: Any, n: int) -> FloatArray:
    if isinstance(window, Box):
        window = np.column_stack(
            [np.array(window.lower, np.float64), np.array(window.upper, np.float64)]
        )
    try:
        ends = np.array(window, np.float64)
    except (TypeError, ValueError):
        ends = np.zeros(0)
    if ends.shape == (2,):
        ends = np.tile(ends, (n, 1))
    if ends.shape != (n, 2):
        raise ShapeError(
            f"window={window!r} for {n} axes; give a Box, a pair (lo, hi), or a pair for each axis"
        )
    if not (np.isfinite(ends).all() and (ends[:, 0] < ends[:, 1]).all()):
        raise DomainError(f"window={window!r} is empty or infinite; give lo < hi for each axis")
    return ends
