"""The type of a domain, and its form in files."""

from __future__ import annotations

from typing import Any, TypeAlias

from tropnet.domains.box import Box
from tropnet.domains.polyhedron import Polyhedron
from tropnet.errors import DomainError, FormatError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.fraction import fraction_text

#: A box, a polyhedron, or None for all of R^n.
Domain: TypeAlias = Box | Polyhedron | None


def require_dimension(domain: Domain, dimension: int) -> None:
    """Refuse a domain that does not live in R^dimension.

    Raises:
        DomainError: not a domain at all.
        ShapeError: another dimension.

    Example:
        >>> from tropnet.domains import Box, require_dimension
        >>> require_dimension(Box.cube(2), 3)
        Traceback (most recent call last):
            ...
        tropnet.errors.ShapeError: the domain has 2 coordinates, the function has 3 inputs
    """
    if domain is None:
        return
    if not isinstance(domain, Box | Polyhedron):
        raise DomainError(
            f"the domain is a {type(domain).__name__}; give Box(lower, upper), Polyhedron(A, b), "
            "or None for all of R^n"
        )
    if domain.dimension != dimension:
        raise ShapeError(
            f"the domain has {domain.dimension} coordinates, the function has {dimension} inputs"
        )


def domain_to_json(domain: Domain) -> dict[str, Any]:
    """Return a domain as plain data with exact rationals as texts.

    Example:
        >>> from tropnet.domains import Box, domain_to_json
        >>> domain_to_json(Box([0], ["1/3"]))
        {'type': 'box', 'lower': ['0'], 'upper': ['1/3']}
    """
    if domain is None:
        return {"type": "space"}
    if isinstance(domain, Box):
        return {
            "type": "box",
            "lower": [fraction_text(v) for v in domain.lower],
            "upper": [fraction_text(v) for v in domain.upper],
        }
    return {
        "type": "polyhedron",
        "dimension": domain.dimension,
        "A": [[fraction_text(v) for v in row] for row in domain.A],
        "b": [fraction_text(row[0]) for row in domain.b],
    }


def domain_from_json(data: Any) -> Domain:
    """Return the domain that `domain_to_json` wrote.

    Raises:
        FormatError: unknown or incomplete data.
        DomainError: an empty box, or a number that is not finite.
        ShapeError: bounds that do not fit together.

    Example:
        >>> from tropnet.domains import domain_from_json
        >>> domain_from_json({"type": "box", "lower": ["0"], "upper": ["1"]})
        Box(['0'], ['1'])
    """
    try:
        match data["type"]:
            case "space":
                return None
            case "box":
                return Box(_texts(data["lower"]), _texts(data["upper"]))
            case "polyhedron":
                return _polyhedron(data)
            case kind:
                raise FormatError(f"unknown domain type {kind!r}; known: space, box, polyhedron")
    except (KeyError, TypeError) as error:
        raise FormatError(f"a domain in a file lacks or garbles the field {error}") from None


def _polyhedron(data: Any) -> Polyhedron:
    rows = [_texts(row) for row in data["A"]]
    dimension = data.get("dimension", len(rows[0]) if rows else None)  # may be left out by hand
    if type(dimension) is not int or dimension < 1:
        raise FormatError(f"a polyhedron in a file has the dimension {dimension!r}")
    matrix = RationalMatrix.from_rows(rows, "A") if rows else RationalMatrix.zeros(0, dimension)
    if matrix.shape[1] != dimension:
        raise ShapeError(f"A has {matrix.shape[1]} columns, the polyhedron dimension {dimension}")
    return Polyhedron(matrix, _texts(data["b"]))


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise FormatError("domain bounds in a file are lists of texts such as '1/3'")
    return values
