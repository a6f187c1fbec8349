"""A training as an animation of linear regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import PolyhedralComplex
from tropnet.network import Network
from tropnet.plotting.as_complex import as_complex
from tropnet.plotting.axes import axes_for
from tropnet.plotting.libraries import library
from tropnet.plotting.plot import plot
from tropnet.plotting.plot_regions import plot_regions

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes


def plot_training(
    snapshots: Sequence[Network | PolyhedralComplex],
    domain: Domain = None,
    *,
    ax: Axes | None = None,
    window: Any = None,
    titles: Sequence[str] | None = None,
    interval: float = 300,
    picture: Callable[..., Any] | None = None,
    **options: Any,
) -> FuncAnimation:
    """Animate snapshots of a training, one frame each.

    Args:
        snapshots: networks (or complexes) of one or two inputs, in order.
        domain: for networks: a box, a polyhedron, or None for all of R^n.
        ax: where to draw; new Axes if left out.
        window: the part to be seen, as in `plot_regions`.
        titles: what each frame's title starts with; "snapshot 1 of 9" if left out.
        interval: milliseconds between frames.
        picture: what draws a frame: a function like `plot_decision_boundary` that takes a complex,
            `ax=` and `window=`. Left out: the regions coloured by slope, on one scale for all
            frames; for one input the graph.
        options: go to `picture`.

    Returns:
        The animation: `.save("training.gif", writer="pillow")` writes it, `.to_jshtml()` is for a
        notebook.

    Raises:
        ShapeError: no snapshots, another number of titles, or three inputs and more.
        DomainError: no network or complex, or an empty window.

    Cost: that of a picture for each frame, when it is shown or saved.

    Example:
        >>> from tropnet import Box, load
        >>> from tropnet.plotting import plot_training
        >>> moons = [load("examples:moons_a"), load("examples:moons_b")]
        >>> animation = plot_training(moons, Box.cube(2), titles=["a", "b"])
        >>> "<img" in animation.to_jshtml()
        True
    """
    if not len(snapshots):
        raise ShapeError("plot_training was given no snapshots; give at least one network")
    if titles is not None and len(titles) != len(snapshots):
        raise ShapeError(f"{len(titles)} titles for {len(snapshots)} snapshots; give as many")
    complexes = [
        as_complex(x, None if isinstance(x, PolyhedralComplex) else domain, "plot_training", (1, 2))
        for x in snapshots
    ]
    if len({c.n_inputs for c in complexes}) > 1:
        raise ShapeError("plot_training was given snapshots of one and of two inputs")
    if window is None:
        window = _common(complexes)
    slopes = picture is None and complexes[0].n_inputs == 2
    if slopes:
        options = {"by": "slope", "limits": _slopes(complexes, options), **options}
    draw = picture or (plot_regions if slopes else plot)
    if not callable(draw):
        raise DomainError(f"picture={picture!r} cannot be called; give a function that draws")
    names = titles or [f"snapshot {k} of {len(complexes)}" for k in range(1, len(complexes) + 1)]
    ax = axes_for(ax)

    def show(k: int) -> tuple[()]:
        ax.clear()
        draw(complexes[k], ax=ax, window=window, **options)
        ax.set_title(f"{names[k]}: {ax.get_title()}", fontsize="medium")
        return ()

    animation: FuncAnimation = library("matplotlib.animation").FuncAnimation(
        ax.figure, show, frames=len(complexes), interval=interval, init_func=lambda: ()
    )
    return animation


def _common(complexes: Sequence[PolyhedralComplex]) -> Any:
    """Return one window for all frames."""
    from tropnet.plotting.window import window_of

    each = np.array([window_of(c) for c in complexes])
    return np.column_stack([each[:, :, 0].min(axis=0), each[:, :, 1].max(axis=0)])


def _slopes(complexes: Sequence[PolyhedralComplex], options: Any) -> tuple[float, float]:
    """Return 0 and the largest slope in any frame."""
    output = options.get("output", 0)
    top = max(float(np.linalg.norm(c.maps[:, output, :2], axis=1).max()) for c in complexes)
    return 0.0, top or 1.0
