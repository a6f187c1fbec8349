"""Cells in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.geometry import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex
from tropnet.plotting.axes import counted
from tropnet.plotting.colours import EVERY_NORMAL, map_heights, soft_colours
from tropnet.plotting.libraries import library

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from tropnet.typing import FloatArray, IntArray


def plot_cells(
    x: Network | PolyhedralComplex,
    domain: Domain = None,
    *,
    apart: float = 0.4,
    cmap: Any = None,
) -> Figure:
    """Draw the cells of a function of three inputs, moved apart, to be turned by hand.

    Args:
        x: a complex, or a network, whose cells on the domain are enumerated.
        domain: for a network: a box or a bounded polyhedron.
        apart: how far the cells are moved from the middle, as a share of their distance from it;
            only with 0 the axes bear numbers.
        cmap: a colour map of matplotlib; each affine map has its colour, as in `plot_regions`.

    Returns:
        The Figure; `write_html` saves it.

    Raises:
        ShapeError: not a function of three inputs.
        DomainError: an unbounded domain, no network or complex, or a negative distance.

    Cost: about 2 kB in the figure for each cell; some thousand cells are what a browser can turn.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.plotting import plot_cells
        >>> octants = Network.from_dense([[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 2, 3]]])
        >>> plot_cells(octants, Box.cube(3)).layout.title.text
        '8 cells'
    """
    found = as_complex(x, domain, "plot_cells", (3,))
    if not found.bounded.all():
        raise DomainError("plot_cells draws bounded cells; give a box or a bounded polyhedron")
    if not apart >= 0:
        raise DomainError(f"apart={apart}; give 0 or more")
    corners, triangles, owner = _hulls(found)
    centres = found.interior_points
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    corners = corners + apart * (centres - middle)[np.repeat(owner, 3)]
    chosen = library("matplotlib").colormaps[cmap] if isinstance(cmap, str) else cmap
    colours = np.round(255 * (chosen or soft_colours())(map_heights(found))[:, :3]).astype(int)
    names = [f"rgb({r}, {g}, {b})" for r, g, b in colours.tolist()]
    graph = library("plotly.graph_objects")
    x0, y0, z0 = corners.T
    i, j, k = triangles.T
    mesh = graph.Mesh3d(
        x=x0, y=y0, z=z0, i=i, j=j, k=k, facecolor=[names[c] for c in owner], flatshading=True,
        lighting={"ambient": 0.7, "diffuse": 0.6, "specular": 0.05, **EVERY_NORMAL},
        hoverinfo="skip",
    )  # fmt: skip
    figure = graph.Figure([mesh])
    axes = {
        # cells that were moved do not lie where the numbers would say
        f"{axis}axis": {"title": name, "showticklabels": apart == 0}
        for axis, name in zip("xyz", ("x₁", "x₂", "x₃"), strict=True)
    }
    eye = dict.fromkeys("xyz", 1.5)  # a little further away than usual, to see all corners
    figure.update_layout(
        scene={**axes, "aspectmode": "data", "camera": {"eye": eye}},
        title=counted(found.n_cells, "cell"), margin={"l": 0, "r": 0, "b": 0, "t": 50},
    )  # fmt: skip
    return figure


def _hulls(found: PolyhedralComplex) -> tuple[FloatArray, IntArray, IntArray]:
    """Return corners `(3 T, 3)`, triangles `(T, 3)` and their cells: facets as fans of edges."""
    starts, facets = found.faces(3)
    facet_starts, edges = found.faces(2)
    ends = found.generators[found.edges[edges], :3]  # the two ends of each edge of each facet
    centres = np.add.reduceat(ends.mean(axis=1), facet_starts[:-1], axis=0)
    sizes = np.diff(facet_starts)
    centres = centres / sizes[:, None]
    cell = np.repeat(np.arange(found.n_cells), np.diff(starts))
    lengths = sizes[facets]
    first = facet_starts[facets]
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    place = place + np.repeat(first, lengths)
    fans = np.concatenate([np.repeat(centres[facets], lengths, axis=0)[:, None], ends[place]], 1)
    owner = np.repeat(cell, lengths)
    return fans.reshape(-1, 3), np.arange(3 * len(owner)).reshape(-1, 3), owner
