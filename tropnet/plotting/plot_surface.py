"""The graph of a function of two inputs as a surface in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.geometry import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex, chosen_output
from tropnet.plotting.colours import EVERY_NORMAL, colour_ids, map_heights, soft_colours
from tropnet.plotting.flat_cells import FlatCells, segments_of, within
from tropnet.plotting.libraries import library
from tropnet.plotting.plot_regions import title_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from tropnet.typing import FloatArray


def plot_surface(
    x: Network | PolyhedralComplex,
    domain: Domain = None,
    *,
    window: Any = None,
    output: int = 0,
    by: Literal["value", "map"] = "value",
    cmap: Any = None,
    edges: bool = True,
) -> Figure:
    """Draw the graph of a function of two inputs, to be turned by hand.

    Each cell is filled with triangles that lie in the graph itself, so that the surface has the
    function's own faces and ridges and no others.

    Args:
        x: a complex, or a network, whose cells on the domain are enumerated.
        domain: for a network: a box, a polyhedron, or None for all of R².
        window: the part to be seen, as in `plot_regions`; the surface ends at it.
        output: which output.
        by: "value" colours by height, with a colour bar; "map" gives regions the colours of
            `plot_regions`.
        cmap: for "value" a colour scale of plotly, for "map" a colour map of matplotlib.
        edges: whether the boundaries of regions are drawn.

    Returns:
        The Figure; `write_html` saves it.

    Raises:
        ShapeError: not a function of two inputs, or no such output.
        DomainError: no network or complex, or an empty window.

    Cost: 1 s for 30,000 cells, which make a file of about 20 MB.

    Example:
        >>> from tropnet import Box, load
        >>> from tropnet.plotting import plot_surface
        >>> figure = plot_surface(load("examples:moons_a"), Box.cube(2))
        >>> [trace.type for trace in figure.data]
        ['mesh3d', 'scatter3d']
    """
    if by not in ("value", "map"):
        raise DomainError(f"by={by!r} is unknown; take 'value' or 'map'")
    found = as_complex(x, domain, "plot_surface", (2,))
    output = chosen_output(found, output)
    flat = FlatCells.of(found, window, cut=True)
    heights = flat.values(found.maps[:, [output]])[:, 0]
    graph = library("plotly.graph_objects")
    triangles, owner = flat.triangles()
    look: dict[str, Any]
    if by == "value":
        look = {"intensity": heights, "colorscale": cmap or "Viridis", "colorbar": {"title": "f"}}
    else:
        chosen = library("matplotlib").colormaps[cmap] if isinstance(cmap, str) else cmap
        colours = (chosen or soft_colours())(map_heights(found)[flat.cells])
        look = {"facecolor": [_css(colours[k]) for k in owner]}
    i, j, k = triangles.T
    surface = graph.Mesh3d(
        x=flat.corners[:, 0], y=flat.corners[:, 1], z=heights, i=i, j=j, k=k, flatshading=True,
        lighting={"ambient": 0.75, "diffuse": 0.5, "specular": 0.05, **EVERY_NORMAL},
        name="f", **look,
        hovertemplate="x = (%{x:.4g}, %{y:.4g})<br>f = %{z:.4g}<extra></extra>",
    )  # fmt: skip
    traces = [surface]
    if edges:
        lines = _ridges(flat, output)
        traces.append(
            graph.Scatter3d(
                x=lines[:, 0], y=lines[:, 1], z=lines[:, 2], mode="lines", hoverinfo="skip",
                showlegend=False, line={"color": "rgba(0, 0, 0, 0.7)", "width": 3},
            )
        )  # fmt: skip
    axes = {"xaxis_title": "x₁", "yaxis_title": "x₂", "zaxis_title": "f(x)"}
    figure = graph.Figure(traces)
    figure.update_layout(
        scene={**axes, "aspectmode": "manual", "aspectratio": {"x": 1, "y": 1, "z": 0.7}},
        title=title_of(flat), margin={"l": 0, "r": 0, "b": 0, "t": 50},
    )  # fmt: skip
    return figure


def _ridges(flat: FlatCells, output: int) -> FloatArray:
    """Return the borders of regions on the graph, inside the window, parted by NaN."""
    found = flat.complex
    pieces, ids = found.pieces, colour_ids(found)[found.piece_cells]
    owners = pieces.facet_cells
    shown = (owners[:, 1] < 0) | (ids[owners[:, 0]] != ids[owners[:, 1]])
    ends, inside = within(segments_of(found, flat.window)[shown], flat.window)
    maps = found.maps[found.piece_cells[owners[shown, 0][inside]], output]
    heights = np.einsum("fek,fk->fe", ends, maps[:, :2]) + maps[:, 2:]
    lines = np.full((len(ends), 3, 3), np.nan)
    lines[:, :2] = np.concatenate([ends, heights[:, :, None]], axis=2)
    result: FloatArray = lines.reshape(-1, 3)
    return result


def _css(colour: Any) -> str:
    red, green, blue = (round(255 * float(part)) for part in colour[:3])
    return f"rgb({red}, {green}, {blue})"
