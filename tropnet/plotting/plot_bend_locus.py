"""Where a function of two inputs bends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.domains import Domain
from tropnet.geometry import PolyhedralComplex, bend_locus
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex, chosen_output
from tropnet.plotting.axes import axes_for, counted, frame
from tropnet.plotting.colours import BLUE, ORANGE
from tropnet.plotting.flat_cells import segments_of
from tropnet.plotting.libraries import library
from tropnet.plotting.plot_regions import MANY
from tropnet.plotting.window import window_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Jumps above this share of all are drawn alike, so that a few huge ones do not hide the others.
_LARGE: Final = 0.98


def plot_bend_locus(
    x: Network | PolyhedralComplex,
    domain: Domain = None,
    *,
    ax: Axes | None = None,
    window: Any = None,
    output: int = 0,
    cmap: Any = None,
) -> Axes:
    """Draw the facets on which one output of a function of two inputs bends.

    Convex bends (the function lies above its tangent planes there) and concave ones have two
    colours; wider and darker lines are larger jumps of the gradient. Facets on which other outputs
    bend, or hidden units alone, are not drawn.

    Args:
        x: a complex, or a network, whose cells on the domain are enumerated.
        domain: for a network: a box, a polyhedron, or None for all of R².
        ax: where to draw; new Axes if left out.
        window: the part to be seen, as in `plot_regions`.
        output: which output.
        cmap: a colour map whose ends are the colours of concave and convex bends.

    Returns:
        The Axes, with a collection of segments for convex and one for concave bends.

    Raises:
        ShapeError: not a function of two inputs, or no such output.
        DomainError: no network or complex, or an empty window.

    Cost: 1–3 s for 30,000 cells, exact maps included.

    Example:
        >>> from tropnet import Box, load
        >>> from tropnet.plotting import plot_bend_locus
        >>> ax = plot_bend_locus(load("examples:moons_a"), Box.cube(2, -2, 3))
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['convex: 140 facets', 'concave: 110 facets']
    """
    found = as_complex(x, domain, "plot_bend_locus", (2,))
    output = chosen_output(found, output)
    view = window_of(found, window)
    locus = bend_locus(found.pieces)
    own = locus.signs[:, output] != 0
    segments = segments_of(found, view)[locus.facets[own]]
    whole = np.column_stack(
        [found.piece_cells[locus.cells[own]], found.pieces.facet_unit[locus.facets[own]]]
    )
    signs, sizes = locus.signs[own, output], np.abs(locus.jumps[own, output])
    strong = np.zeros(len(sizes))
    if len(strong):
        large = float(np.quantile(sizes, _LARGE)) or 1.0  # jumps may be below all floats
        strong = np.sqrt(np.minimum(sizes / large, 1))
    widest = float(np.clip(80 / np.sqrt(len(strong) + 1), 0.8, 3.5))
    ax = axes_for(ax)
    colours = (ORANGE, BLUE)
    if cmap is not None:
        ends = library("matplotlib").colormaps[cmap] if isinstance(cmap, str) else cmap
        colours = (ends(1.0), ends(0.0))
    to_rgb = library("matplotlib.colors").to_rgb
    for sign, colour in zip((1, -1), colours, strict=True):
        own = np.flatnonzero(signs == sign)
        own = own[np.argsort(strong[own])]
        shades = np.column_stack(
            [np.tile(to_rgb(colour), (len(own), 1)), 0.25 + 0.75 * strong[own]]
        )
        name = "convex" if sign > 0 else "concave"
        lines = library("matplotlib.collections").LineCollection(
            segments[own], colors=shades, linewidths=widest * (0.15 + 0.85 * strong[own]),
            capstyle="round", rasterized=len(own) > MANY, zorder=2,
            label=f"{name}: {counted(len(np.unique(whole[own], axis=0)), 'facet')}",
        )  # fmt: skip
        ax.add_collection(lines, autolim=False)
    handles = [
        library("matplotlib.lines").Line2D([], [], color=colour, label=lines.get_label())
        for colour, lines in zip(colours, ax.collections[-2:], strict=True)
    ]
    ax.legend(handles=handles, loc="upper right", fontsize="small", framealpha=0.9)
    of = f" of output {output}" if found.network.n_outputs > 1 else ""
    largest = f", gradient jumps up to {sizes.max():.3g}" if len(strong) else ""
    frame(ax, view, f"bend locus{of}{largest}")
    return ax
