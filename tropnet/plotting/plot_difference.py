"""The difference of two functions of two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry.comparison.region_comparison import RegionComparison
from tropnet.geometry.exact_rows import ExactRows
from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex, require_inputs
from tropnet.plotting.axes import add_colour_bar, axes_for, frame
from tropnet.plotting.flat_cells import FlatCells
from tropnet.plotting.libraries import library
from tropnet.plotting.plot_regions import draw_edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tropnet.typing import BoolArray, FloatArray, IntArray

#: Differences of maps below this share of the maps themselves are taken exactly.
_SMALL: Final = 1e-6


def plot_difference(
    f: Network | RegionComparison,
    g: Network | None = None,
    domain: Domain = None,
    *,
    ax: Axes | None = None,
    window: Any = None,
    output: int = 0,
    cmap: Any = None,
    levels: int = 21,
    edges: bool = True,
) -> Axes:
    """Draw f − g for two functions of two inputs.

    The cells of both are refined into common ones, on each of which f − g is affine; bands of
    colour are cut out of them exactly as their levels say, without a grid. The black line is where
    f = g; where f and g agree on whole cells, these are hatched.

    Args:
        f: a network with two inputs; or what `compare_regions` found, and then nothing more.
        g: another network, with as many outputs.
        domain: for networks: a box, a polyhedron, or None for all of R².
        ax: where to draw; new Axes if left out.
        window: the part to be seen, as in `plot_regions`.
        output: which output.
        cmap: a colour map of matplotlib whose middle stands for 0.
        levels: about how many bands; their ends are round numbers.
        edges: whether the boundaries of common cells are drawn too, thinly.

    Returns:
        The Axes.

    Raises:
        ShapeError: not two inputs, or shapes that differ.
        DomainError: no networks, or an empty window.

    Cost: that of the common cells, and 2 s for 30,000 of them.

    Example:
        >>> from tropnet import Box, load
        >>> from tropnet.plotting import plot_difference
        >>> f, g = load("examples:moons_a"), load("examples:moons_b")
        >>> ax = plot_difference(f, g, Box.cube(2))
        >>> ax.get_title()
        'f − g from -0.745 to 19.2'
    """
    if levels < 2:
        raise DomainError(f"levels={levels}; give at least 2")
    if not isinstance(f, RegionComparison):
        if g is None:
            raise DomainError("plot_difference was given one function; give two networks")
        for network in (f, g):
            if not isinstance(network, Network):
                raise DomainError(
                    f"plot_difference was given a {type(network).__name__}; give two networks "
                    "(tropnet.load reads them), or what compare_regions found"
                )
            require_inputs(network, "plot_difference", (2,))
        f = RegionComparison(f, g, domain)
    elif g is not None or domain is not None:
        raise DomainError("plot_difference was given a comparison, which has g and its domain")
    found = as_complex(f.complex, None, "plot_difference", (2,))
    m = f.first.n_outputs
    if not -m <= output < m:
        raise ShapeError(f"output={output}, but there are {m} outputs; count from 0")
    output %= m
    flat = FlatCells.of(found, window, cut=True)
    maps, same = _gaps(found, output, m)
    corners, values, triangles = _merged(flat, flat.values(maps)[:, 0])
    ax = axes_for(ax)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    top = max(-low, high) or 1.0
    bands = library("matplotlib.ticker").MaxNLocator(levels, symmetric=True).tick_values(-top, top)
    mesh = library("matplotlib.tri").Triangulation(corners[:, 0], corners[:, 1], triangles)
    filled = ax.tricontourf(mesh, values, bands, cmap=cmap or "RdBu_r", zorder=1)
    if low < high:
        add_colour_bar(ax, filled, "f − g")
    if edges:
        draw_edges(ax, flat, ids=np.arange(found.n_cells)).set_alpha(0.2)
    if low < 0 < high:
        ax.tricontour(mesh, values, [0.0], colors="black", linewidths=1.4, zorder=4)
    _hatch(ax, flat, same)
    of = f" in output {output}" if m > 1 else ""
    span = (
        f"f = g{of} everywhere here"
        if low == 0 == high
        else f"f − g{of} from {low:.3g} to {high:.3g}"
    )
    frame(ax, flat.window, span)
    return ax


def _gaps(found: PolyhedralComplex, output: int, m: int) -> tuple[FloatArray, BoolArray]:
    """Return the maps `(C, 1, 3)` of f − g on the common cells, and where they are zero exactly.

    Where hardly anything is left of the difference in floats, it is taken of the exact maps.
    """
    both = found.maps[:, [output, m + output]]
    gaps: FloatArray = both[:, :1] - both[:, 1:]
    small = np.abs(gaps).max(axis=(1, 2)) <= _SMALL * np.abs(both).max(axis=(1, 2))
    cells = np.flatnonzero(small)
    rows, b = ExactRows(found.circuit), len(found.circuit.blocks)
    f, g = (
        rows.integers(rows.residues(b, np.full(len(cells), k), found.active[cells]), b)
        for k in (output, m + output)
    )
    exact = f - g
    gaps[cells, 0] = (exact / int(found.circuit.output.denominator)).astype(np.float64)
    same = np.zeros(found.n_cells, bool)
    same[cells] = (exact == 0).all(axis=1)
    return gaps, same


def _merged(flat: FlatCells, values: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return corners that cells share as one, their values, and the triangles between them."""
    side = flat.window[:, 1] - flat.window[:, 0]
    grid = np.round((flat.corners - flat.window[:, 0]) / side * 1e9).astype(np.int64)
    _, first, place = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    triangles = place.reshape(-1)[flat.triangles()[0]]
    a, b, c = triangles.T
    return flat.corners[first], values[first], triangles[(a != b) & (b != c) & (c != a)]


def _hatch(ax: Any, flat: FlatCells, same: BoolArray) -> None:
    """Hatch the cells on which the difference is zero."""
    own = [polygon for polygon, k in zip(flat.polygons(), flat.cells, strict=True) if same[k]]
    if own:
        ax.add_collection(
            library("matplotlib.collections").PolyCollection(
                own, facecolors="white", edgecolors="0.6", linewidths=0, hatch="////", zorder=2
            ),
            autolim=False,
        )
