"""Where a classifier with two inputs changes its mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.domains import Domain
from tropnet.geometry import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex
from tropnet.plotting.axes import axes_for, frame
from tropnet.plotting.class_pieces import ClassPieces
from tropnet.plotting.colours import BLUE, ORANGE
from tropnet.plotting.flat_cells import FlatCells
from tropnet.plotting.libraries import library
from tropnet.plotting.plot_regions import MANY, draw_edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The colours of Okabe and Ito, which all eyes tell apart, for three classes and more.
_CLASSES: Final = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999",
)  # fmt: skip
#: Classes that the legend names.
_NAMED: Final = 10


def plot_decision_boundary(
    x: Network | PolyhedralComplex,
    domain: Domain = None,
    *,
    ax: Axes | None = None,
    window: Any = None,
    level: float = 0,
    cmap: Any = None,
    edges: bool = True,
) -> Axes:
    """Draw where a function of two inputs changes its class, and the classes.

    With one output the boundary is f = level; with several it is where the largest two tie. Each
    cell is cut along its own affine map, so that no grid is laid over the plane and no thin part is
    missed.

    Args:
        x: a complex, or a network, whose cells on the domain are enumerated.
        domain: for a network: a box, a polyhedron, or None for all of R².
        ax: where to draw; new Axes if left out.
        window: the part to be seen, as in `plot_regions`.
        level: the value at the boundary, for one output.
        cmap: a colour map of matplotlib, from which each class takes a colour.
        edges: whether the boundaries of linear regions are drawn too, thinly.

    Returns:
        The Axes. Cells on which the largest outputs tie everywhere are dark.

    Raises:
        ShapeError: not a function of two inputs.
        DomainError: no network or complex, or an empty window.

    Cost: 2 s for 30,000 cells.

    Example:
        >>> from tropnet import Box, load
        >>> from tropnet.plotting import plot_decision_boundary
        >>> ax = plot_decision_boundary(load("examples:moons_a"), Box.cube(2, -2, 3))
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['f > 0', 'f < 0', 'f = 0']
    """
    found = as_complex(x, domain, "plot_decision_boundary", (2,))
    flat = FlatCells.of(found, window)
    maps = found.maps
    single = maps.shape[1] == 1
    if single:
        flat_map = np.broadcast_to(np.array([[0.0, 0.0, float(level)]]), maps.shape)
        maps = np.concatenate([maps, flat_map], axis=1)
    pieces = ClassPieces.of(flat, maps)
    ax = axes_for(ax)
    colours = _colours(maps.shape[1], cmap)
    collections = library("matplotlib.collections")
    many = len(flat.cells) > MANY
    ax.add_collection(
        collections.PolyCollection(
            pieces.polygons, facecolors=colours[pieces.classes], linewidths=0, antialiaseds=False,
            rasterized=many, zorder=1,
        ),
        autolim=False,
    )  # fmt: skip
    if edges:
        draw_edges(ax, flat).set_alpha(0.25)
    ax.add_collection(
        collections.PolyCollection(pieces.ties, facecolors="0.25", linewidths=0, zorder=3),
        autolim=False,
    )
    ax.add_collection(
        collections.LineCollection(
            pieces.segments, colors="black", linewidths=1.6, capstyle="round", zorder=4
        ),
        autolim=False,
    )
    names = _names(found.network.n_outputs, level)
    _legend(ax, colours, names, pieces)
    title = f"f = {level:g}" if single else "where the largest outputs tie"
    frame(ax, flat.window, f"decision boundary: {title}")
    return ax


def _colours(m: int, cmap: Any) -> Any:
    """Return a light colour `(m, 4)` for each class."""
    colours = library("matplotlib.colors")
    if cmap is not None:
        chosen = library("matplotlib").colormaps[cmap] if isinstance(cmap, str) else cmap
        return chosen(np.linspace(0, 1, m))
    if m == 2:
        plain = colours.to_rgba_array([ORANGE, BLUE])
    elif m <= len(_CLASSES):
        plain = colours.to_rgba_array(_CLASSES[:m])
    else:
        plain = library("matplotlib").colormaps["viridis"](np.linspace(0, 1, m))
    plain[:, :3] = 1 - 0.45 * (1 - plain[:, :3])
    return plain


def _names(n_outputs: int, level: float) -> list[str]:
    if n_outputs == 1:
        return [f"f > {level:g}", f"f < {level:g}", f"f = {level:g}"]
    return [*(f"output {k}" for k in range(n_outputs)), "tie"]


def _legend(ax: Any, colours: Any, names: list[str], pieces: ClassPieces) -> None:
    """Name the classes that are seen, and the boundary."""
    seen = sorted(set(pieces.classes))[:_NAMED]
    patch = library("matplotlib.patches").Patch
    handles = [patch(facecolor=colours[k], label=names[k]) for k in seen]
    if pieces.segments or pieces.ties:
        line = library("matplotlib.lines").Line2D([], [], color="black", label=names[-1])
        handles.append(line)
    ax.legend(handles=handles, loc="upper right", fontsize="small", framealpha=0.9)
