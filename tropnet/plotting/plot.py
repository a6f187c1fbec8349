"""The picture of a function of one or two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.domains import Domain
from tropnet.geometry import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex
from tropnet.plotting.axes import axes_for, counted
from tropnet.plotting.colours import BLUE, ORANGE, map_heights, soft_colours
from tropnet.plotting.libraries import library
from tropnet.plotting.plot_regions import plot_regions
from tropnet.plotting.window import window_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tropnet.typing import FloatArray

#: The colours of graphs, of which there is one for each output.
_GRAPHS: Final = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Kinks are marked and outputs named up to these numbers.
_MARKED, _NAMED = 200, 12


def plot(
    x: Network | PolyhedralComplex,
    domain: Domain = None,
    *,
    ax: Axes | None = None,
    window: Any = None,
    cmap: Any = None,
) -> Axes:
    """Draw a function of one or two inputs.

    With one input it is the graph of each output, its kinks marked and its linear regions shaded;
    with two inputs it is `plot_regions`.

    Args:
        x: a complex, or a network, whose cells on the domain are enumerated.
        domain: for a network: a box, a polyhedron, or None for all of R^n.
        ax: where to draw; new Axes if left out.
        window: the part to be seen, as in `plot_regions`.
        cmap: a colour map of matplotlib, for the regions.

    Returns:
        The Axes; for one input, its lines are the outputs, in order.

    Raises:
        ShapeError: three inputs or more: draw a slice, or the cells with `plot_cells`.
        DomainError: no network or complex, or an empty window.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.plotting import plot
        >>> hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
        >>> ax = plot(hat)
        >>> ax.lines[0].get_xdata().tolist()
        [-1.24, -1.0, 0.0, 1.0, 1.24]
    """
    found = as_complex(x, domain, "plot", (1, 2))
    if found.n_inputs == 2:
        return plot_regions(found, ax=ax, window=window, cmap=cmap)
    low, high = window_of(found, window)[0].tolist()
    ax = axes_for(ax, (6.5, 4.0))
    vertices = found.pieces.generators[found.pieces.generators[:, 1] > 0, 0]
    inner = np.sort(vertices[(vertices > low) & (vertices < high)])
    points = np.concatenate([[low], inner, [high]])
    values = found.network(points[:, None])
    _shade(ax, found, low, high, cmap)
    kinks = _kinks(found, low, high)
    for k in range(found.network.n_outputs):
        colour = _GRAPHS[k % len(_GRAPHS)]
        ax.plot(points, values[:, k], color=colour, linewidth=1.8, label=f"output {k}", zorder=3)
        marked = kinks[k]
        if 0 < len(marked) <= _MARKED:
            at = found.network(marked[:, None])[:, k]
            ax.scatter(marked, at, s=22, color=colour, edgecolors="white", linewidths=0.7, zorder=4)
    ax.set_xlim(low, high)
    ax.set_xlabel("$x$")
    ax.set_ylabel("$f(x)$")
    if 1 < found.network.n_outputs <= _NAMED:
        ax.legend(fontsize="small", framealpha=0.9)
    some = f"at least {counted(found.n_cells, 'cell')}"
    count = counted(found.n_regions, "linear region") if found.complete else some
    ax.set_title(count, fontsize="medium")
    return ax


def _shade(ax: Any, found: PolyhedralComplex, low: float, high: float, cmap: Any) -> None:
    """Shade the cells across the whole height of the Axes."""
    indptr, members = found.cell_vertices
    points = found.generators[members]
    x = np.where(points[:, 1] > 0, points[:, 0], np.copysign(np.inf, points[:, 0]))
    left = np.clip(np.minimum.reduceat(x, indptr[:-1]), low, high)
    right = np.clip(np.maximum.reduceat(x, indptr[:-1]), low, high)
    boxes = [[(a, 0), (b, 0), (b, 1), (a, 1)] for a, b in zip(left, right, strict=True)]
    collection = library("matplotlib.collections").PolyCollection(
        boxes, array=map_heights(found), cmap=cmap or soft_colours(), linewidths=0, alpha=0.35,
        transform=ax.get_xaxis_transform(), zorder=0,
    )  # fmt: skip
    collection.set_clim(0, 1)
    ax.add_collection(collection, autolim=False)


def _kinks(found: PolyhedralComplex, low: float, high: float) -> list[FloatArray]:
    """Return for each output where its slope changes."""
    if not found.complete:
        return [np.zeros(0)] * found.network.n_outputs
    found = found.pieces
    numerators, _ = found.exact_maps()
    x = found.generators[found.generators[:, 1] > 0, 0]
    owners = found.facet_cells
    result = []
    for k in range(found.network.n_outputs):
        slopes = numerators[:, k, 0]
        bent = (owners[:, 1] >= 0) & (slopes[owners[:, 0]] != slopes[owners[:, 1]])
        own = x[bent]
        result.append(own[(own >= low) & (own <= high)])
    return result
