"""Linear regions in the plane, coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.geometry import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex, chosen_output
from tropnet.plotting.axes import add_colour_bar, axes_for, counted, frame
from tropnet.plotting.colours import colour_ids, map_heights, soft_colours
from tropnet.plotting.flat_cells import FlatCells, segments_of
from tropnet.plotting.libraries import library

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tropnet.typing import FloatArray, IntArray

#: More polygons than this become pixels in vector graphics, whose viewers would choke on them.
MANY: Final = 5000


def plot_regions(
    x: Network | PolyhedralComplex,
    domain: Domain = None,
    *,
    ax: Axes | None = None,
    window: Any = None,
    by: Literal["map", "slope"] = "map",
    output: int = 0,
    cmap: Any = None,
    edges: bool = True,
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Draw the linear regions of a function of two inputs.

    Args:
        x: a complex, or a network, whose cells on the domain are enumerated.
        domain: for a network: a box, a polyhedron, or None for all of R².
        ax: where to draw; new Axes if left out.
        window: the part to be seen, as a `Box`, (lo, hi), or ((lo, hi), (lo, hi)). Left out: the
            domain if it is bounded, else nearly all vertices. Unbounded cells end at it.
        by: "map" gives each affine map a colour of its own, so that regions with one map share it
            and regions that meet at an edge differ; "slope" colours by the length of the gradient
            and adds a colour bar.
        output: whose gradient, for "slope".
        cmap: a colour map of matplotlib.
        edges: whether the boundaries of regions are drawn.
        limits: the slopes at the ends of the colour bar, for pictures that are to be compared.

    Returns:
        The Axes; their first collection has a polygon for each cell that is seen.

    Raises:
        ShapeError: not a function of two inputs, or no such output.
        DomainError: no network or complex, or an empty window.

    Cost: 1–2 s for 30,000 cells.

    Example:
        >>> from tropnet import Box, load
        >>> from tropnet.plotting import plot_regions
        >>> ax = plot_regions(load("examples:moons_a"), Box.cube(2, -2, 3))
        >>> ax.get_title()
        '134 linear regions'
    """
    if by not in ("map", "slope"):
        raise DomainError(f"by={by!r} is unknown; take 'map' or 'slope'")
    found = as_complex(x, domain, "plot_regions", (2,))
    output = chosen_output(found, output)
    flat = FlatCells.of(found, window)
    ax = axes_for(ax)
    if by == "map":
        heights, limits = map_heights(found), (0.0, 1.0)
    else:
        heights = np.linalg.norm(found.maps[:, output, :2], axis=1)
        limits = limits or (0.0, float(heights.max(initial=0)) or 1.0)
    filled = fill(
        ax,
        flat,
        heights[flat.cells],
        cmap or (soft_colours() if by == "map" else "cividis"),
        limits,
    )
    if edges:
        draw_edges(ax, flat, light=by == "slope")
    if by == "slope":
        add_colour_bar(ax, filled, "length of the gradient")
    frame(ax, flat.window, title_of(flat))
    return ax


def fill(
    ax: Any, flat: FlatCells, heights: FloatArray, cmap: Any, limits: tuple[float, float]
) -> Any:
    """Fill the polygons of cells by a number each."""
    collection = library("matplotlib.collections").PolyCollection(
        flat.polygons(), array=heights, cmap=cmap, linewidths=0, antialiaseds=False,
        rasterized=len(flat.cells) > MANY, zorder=1,
    )  # fmt: skip
    collection.set_clim(*limits)
    return ax.add_collection(collection, autolim=False)


def draw_edges(
    ax: Any, flat: FlatCells, *, light: bool = False, ids: IntArray | None = None
) -> Any:
    """Draw the facets between cells with different numbers; thinner, the more there are.

    Args:
        ax: where to draw.
        flat: the cells.
        light: whether they are white.
        ids: `(C,)` a number for each cell; that of its affine map if left out.
    """
    found = flat.complex
    owners = found.pieces.facet_cells
    ids = (colour_ids(found) if ids is None else ids)[found.piece_cells]
    segments = segments_of(found, flat.window)
    seen = (segments.max(axis=1) >= flat.window[:, 0]) & (segments.min(axis=1) <= flat.window[:, 1])
    kept = (owners[:, 1] >= 0) & seen.all(axis=1)
    kept[kept] = ids[owners[kept, 0]] != ids[owners[kept, 1]]
    lines = library("matplotlib.collections").LineCollection(
        segments[kept],
        colors="white" if light else "black",
        linewidths=line_width(len(flat.cells)),
        alpha=0.8, rasterized=len(flat.cells) > MANY, zorder=2,
    )  # fmt: skip
    return ax.add_collection(lines, autolim=False)


def line_width(count: int) -> float:
    """Return a width in points that leaves room between so many cells.

    Example:
        >>> from tropnet.plotting.plot_regions import line_width
        >>> line_width(10), line_width(30_000)
        (0.8, 0.1)
    """
    return float(np.clip(10 / np.sqrt(max(count, 1)), 0.1, 0.8))


def title_of(flat: FlatCells) -> str:
    """Say how many regions there are, and how many are seen."""
    found = flat.complex
    if not found.complete:
        text = f"at least {counted(found.n_cells, 'cell')}"
    else:
        text = counted(found.n_regions, "linear region")
        if found.n_regions != found.n_cells:
            text = f"{counted(found.n_cells, 'cell')} in {text}"
        if found.n_affine_maps != found.n_regions:
            text += f", {counted(found.n_affine_maps, 'affine map')}"
    seen = len(np.unique(flat.cells))
    if seen < found.n_cells:
        text += f"; {counted(seen, 'cell')} seen"
    return text
