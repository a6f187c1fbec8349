"""Colours of affine maps: one each, and never alike on two sides of a facet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.geometry import PolyhedralComplex
from tropnet.plotting.libraries import library

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

#: Two of the colours of Okabe and Ito, told apart by all eyes: for bends, signs and classes.
BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
#: Lighting of plotly: small triangles have a direction too, else they are drawn black.
EVERY_NORMAL: Final = {"facenormalsepsilon": 0, "vertexnormalsepsilon": 0}
#: How much white is mixed into the default colours of maps, so that edges stand out on them.
_WHITE: Final = 0.35
#: The empty part of the colour scale between two classes of maps, together.
_GAP: Final = 0.3
#: Successive multiples of it spread evenly over the unit interval, without ever repeating.
_GOLDEN: Final = (np.sqrt(5) - 1) / 2


def map_heights(complex_: PolyhedralComplex) -> FloatArray:
    """Return a number in [0, 1] for each cell, to be coloured.

    Cells have equal numbers iff their affine maps are equal; where the maps are not known yet, each
    cell has its own. Maps that meet at a facet belong to different classes (a greedy colouring),
    and classes lie apart on the scale.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.plotting.colours import map_heights
        >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
        >>> len(set(map_heights(enumerate_cells(corner, Box.cube(2))).tolist()))
        4
    """
    ids, owners = colour_ids(complex_), complex_.facet_cells
    pairs = ids[owners[owners[:, 1] >= 0]]
    classes = greedy_classes(int(ids.max()) + 1, pairs[pairs[:, 0] != pairs[:, 1]])
    k = int(classes.max(initial=0)) + 1
    heights = np.zeros(len(classes))
    for c in range(k):
        own = np.flatnonzero(classes == c)
        within = (np.arange(1, len(own) + 1) * _GOLDEN) % 1 if len(own) > 1 else np.full(1, 0.5)
        gap = _GAP / (k - 1) if k > 1 else 0.0
        width = (1 - gap * (k - 1)) / k
        heights[own] = c * (width + gap) + within * width
    result: FloatArray = heights[ids]
    return result


def colour_ids(complex_: PolyhedralComplex) -> IntArray:
    """Return the affine map of each cell, or the cell itself while some units have not cut yet."""
    return complex_.map_ids if complex_.complete else np.arange(complex_.n_cells)


def soft_colours() -> Any:
    """Return the default colour map of maps: viridis with white in it."""
    colours = library("matplotlib").colormaps["viridis"](np.linspace(0, 1, 256))[:, :3]
    mixed = (1 - _WHITE) * colours + _WHITE
    return library("matplotlib.colors").ListedColormap(mixed, name="soft viridis")


def greedy_classes(count: int, pairs: IntArray) -> IntArray:
    """Return a class for each of `count` items such that no pair is in one class; few classes.

    Example:
        >>> import numpy as np
        >>> from tropnet.plotting.colours import greedy_classes
        >>> greedy_classes(4, np.array([[0, 1], [1, 2], [2, 3]])).tolist()
        [0, 1, 0, 1]
    """
    near: list[set[int]] = [set() for _ in range(count)]
    for a, b in pairs.tolist():
        near[a].add(b)
        near[b].add(a)
    classes = [-1] * count
    for start in range(count):  # in breadth-first order, which needs two classes if two suffice
        queue = [start] if classes[start] < 0 else []
        for item in queue:
            if classes[item] >= 0:
                continue
            taken = {classes[other] for other in near[item]}
            classes[item] = next(c for c in range(count) if c not in taken)
            queue += [other for other in near[item] if classes[other] < 0]
    return np.array(classes, np.int64)
