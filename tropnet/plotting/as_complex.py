"""What a picture is of: a complex, or the complex of a network on a domain."""

from __future__ import annotations

from typing import Any

from tropnet.domains import Domain
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.network import Network


def as_complex(
    x: Any, domain: Domain, picture: str, dimensions: tuple[int, ...]
) -> PolyhedralComplex:
    """Return the complex to draw.

    Args:
        x: a complex, or a network.
        domain: where the network is looked at; None for all of R^n, and with a complex.
        picture: the name of the function that draws, for messages.
        dimensions: the input dimensions that it can draw.

    Raises:
        DomainError: neither a network nor a complex, or a complex with a domain besides its own.
        ShapeError: another input dimension.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.plotting.as_complex import as_complex
        >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
        >>> as_complex(corner, Box.cube(2), "plot", (2,)).n_cells
        4
    """
    require_inputs(x, picture, dimensions)
    if isinstance(x, Network):
        return enumerate_cells(x, domain)
    if domain is not None:
        raise DomainError(
            f"{picture} was given a complex and a domain; a complex has its own, "
            "window= chooses the part to be seen"
        )
    found: PolyhedralComplex = x
    return found


def require_inputs(x: Any, picture: str, dimensions: tuple[int, ...]) -> None:
    """Refuse what is no network or complex, or has an input dimension that cannot be drawn.

    Raises:
        DomainError: neither a network nor a complex.
        ShapeError: another input dimension.

    Example:
        >>> from tropnet import load
        >>> from tropnet.plotting.as_complex import require_inputs
        >>> require_inputs(load("examples:moons_a"), "plot_cells", (3,))
        Traceback (most recent call last):
            ...
        tropnet.errors.ShapeError: plot_cells draws functions of 3 inputs, this one has 2; plot
            draws this one
    """
    if not isinstance(x, Network | PolyhedralComplex):
        raise DomainError(
            f"{picture} was given a {type(x).__name__}; give a Network or a PolyhedralComplex "
            "(tropnet.load and tropnet.linear_regions make them)"
        )
    if x.n_inputs not in dimensions:
        known = " or ".join(map(str, dimensions))
        advice = (
            "draw a slice of it: slice_network(network, …) along a plane"
            if x.n_inputs > max(dimensions)
            else "plot draws this one"
        )
        raise ShapeError(
            f"{picture} draws functions of {known} inputs, this one has {x.n_inputs}; {advice}"
        )


def chosen_output(complex_: PolyhedralComplex, output: int) -> int:
    """Return the index of an output, after checking that it exists.

    Raises:
        ShapeError: it does not.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.plotting.as_complex import chosen_output
        >>> line = enumerate_cells(Network.from_dense([[[1]], [[1], [2]]]), Box.cube(1))
        >>> chosen_output(line, -1)
        1
    """
    m = complex_.network.n_outputs
    if not -m <= output < m:
        raise ShapeError(f"output={output}, but there are {m} outputs; count from 0")
    return output % m
