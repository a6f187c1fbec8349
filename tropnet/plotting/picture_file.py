"""The picture of a complex as the content of a file."""

from __future__ import annotations

import io
from typing import Any, Final

from tropnet.domains import Domain
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import PolyhedralComplex
from tropnet.plotting.axes import counted
from tropnet.plotting.libraries import library
from tropnet.plotting.plot import plot
from tropnet.plotting.plot_cells import plot_cells
from tropnet.plotting.plot_surface import plot_surface

#: The endings of files that a function of so many inputs can be drawn to.
ENDINGS: Final = {1: (".png", ".svg"), 2: (".png", ".svg", ".html"), 3: (".html",)}


def require_drawable(n_inputs: int, ending: str, domain: Domain) -> None:
    """Refuse, before any work, a picture that cannot be drawn.

    Raises:
        DomainError: cells in space on all of R³.
        ShapeError: a dimension that has no picture, or none of this kind.
        TropnetError: the library that draws it is not installed.

    Example:
        >>> from tropnet.plotting.picture_file import require_drawable
        >>> require_drawable(5, ".png", None)
        Traceback (most recent call last):
            ...
        tropnet.errors.ShapeError: functions of 5 inputs cannot be drawn; draw a slice of it along a
            plane: slice_network(network, origin, directions)
    """
    known = ENDINGS.get(n_inputs)
    if known is None:
        raise ShapeError(
            f"functions of {n_inputs} inputs cannot be drawn; draw a slice of it along a plane: "
            "slice_network(network, origin, directions)"
        )
    if ending not in known:
        raise ShapeError(
            f"functions of {counted(n_inputs, 'input')} are drawn to {' or '.join(known)}, not "
            f"to {ending}; change the name of the file"
        )
    if n_inputs == 3 and domain is None:
        raise DomainError(
            "cells in space are drawn on a box or a bounded polyhedron, not on all of R^3"
        )
    library("plotly" if ending == ".html" else "matplotlib")
    library("matplotlib")


def picture_bytes(complex_: PolyhedralComplex, ending: str) -> bytes:
    """Return a picture of a complex.

    As .png and .svg it is `plot`; as .html, a page that needs no network, `plot_surface` for two
    inputs and `plot_cells` for three.

    Raises:
        ShapeError: as `require_drawable`.
        DomainError: an .html picture of a complex that is not complete.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.plotting.picture_file import picture_bytes
        >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
        >>> picture_bytes(enumerate_cells(corner, Box.cube(2)), ".png")[1:4]
        b'PNG'
    """
    require_drawable(complex_.n_inputs, ending, complex_.domain)
    if ending == ".html":
        if not complex_.complete:
            raise DomainError(
                "not all units have cut, so that the affine maps are not known; allow more time"
            )
        draw = plot_surface if complex_.n_inputs == 2 else plot_cells
        return _page(draw(complex_))
    figure = library("matplotlib.figure").Figure(figsize=(6.4, 5.2), layout="constrained")
    plot(complex_, ax=figure.subplots())
    stream = io.BytesIO()
    figure.savefig(stream, format=ending[1:], dpi=200)
    return stream.getvalue()


def _page(figure: Any) -> bytes:
    """Return a page that a figure fills, without a margin that would make it scroll."""
    body = figure.to_html(include_plotlyjs=True, full_html=False, default_height="100vh")
    title = figure.layout.title.text
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="margin: 0">{body}</body></html>'
    ).encode()
