"""Axes to draw on: new ones where none are given, with labels and limits set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.plotting.libraries import library

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


def axes_for(ax: Any, size: tuple[float, float] = (6.0, 5.0)) -> Any:
    """Return the given Axes, or those of a new pyplot figure.

    Example:
        >>> from tropnet.plotting.axes import axes_for
        >>> axes_for("mine")
        'mine'
    """
    if ax is not None:
        return ax
    return library("matplotlib.pyplot").subplots(figsize=size, layout="constrained")[1]


def frame(ax: Any, window: FloatArray, title: str) -> None:
    """Set limits, labels, aspect and title of a picture of the plane."""
    (x0, x1), (y0, y1) = window
    ax.set_xlim(x0, x1)
    ax.set_ylim(y0, y1)
    ax.set_xlabel("$x_1$")
    ax.set_ylabel("$x_2$")
    ratio = (y1 - y0) / (x1 - x0)
    ax.set_aspect("equal" if 1 / 3 <= ratio <= 3 else "auto")
    ax.set_title(title, fontsize="medium")


def add_colour_bar(ax: Any, colours: Any, label: str) -> Any:
    """Put a colour bar beside a picture, as high as it; it is cleared with the Axes."""
    return ax.figure.colorbar(colours, cax=ax.inset_axes((1.03, 0, 0.045, 1)), label=label)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun.

    Example:
        >>> from tropnet.plotting.axes import counted
        >>> counted(1, "linear region"), counted(20_000, "cell")
        ('1 linear region', '20,000 cells')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"
