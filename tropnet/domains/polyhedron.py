"""Rational polyhedra given by inequalities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.exact import RationalMatrix, as_fractions


@final
@dataclass(frozen=True, slots=True, init=False)
class Polyhedron:
    """The polyhedron {x : A x ≤ b} with rational A and b; it may be unbounded, flat or empty.

    Args:
        A: `(r, n)` numbers, one inequality a row.
        b: r numbers.

    Raises:
        DomainError: an entry is not finite.
        ShapeError: A and b do not fit.

    Example:
        >>> from tropnet.domains import Polyhedron
        >>> triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
        >>> triangle.contains(["1/2", "1/2"]), triangle.contains([1, 1])
        (True, False)
    """

    A: RationalMatrix
    b: RationalMatrix

    def __init__(self, A: Any, b: Any) -> None:
        matrix = RationalMatrix.of(A, "A")
        if isinstance(b, RationalMatrix):
            column = b if b.shape[1] == 1 else b.T
        else:
            entries = as_fractions(b, "b")
            column = RationalMatrix.of([[v] for v in entries] if entries else np.zeros((0, 1)))
        if matrix.shape[0] != column.shape[0] or column.shape[1] != 1:
            raise ShapeError(
                f"A has shape {matrix.shape}, b has shape {column.shape}; "
                "give one number b for each row of A"
            )
        if matrix.shape[1] == 0:
            raise ShapeError("a polyhedron needs at least one coordinate: A has no columns")
        object.__setattr__(self, "A", matrix.reduced())
        object.__setattr__(self, "b", column.reduced())

    @property
    def dimension(self) -> int:
        """The number n of coordinates of the surrounding space."""
        return self.A.shape[1]

    def contains(self, point: Iterable[Any]) -> bool:
        """Tell exactly whether a point satisfies every inequality.

        Raises:
            ShapeError: the point has another dimension.
        """
        x = as_fractions(point, "point")
        if len(x) != self.dimension:
            raise ShapeError(f"a point of {len(x)} coordinates, a polyhedron of {self.dimension}")
        slack = self.b - self.A @ RationalMatrix.of([[v] for v in x])
        return bool((slack.signs() >= 0).all())

    def inequalities(self) -> tuple[RationalMatrix, RationalMatrix]:
        """Return (A, b); A is `(r, n)`, b is `(r, 1)`."""
        return self.A, self.b

    def __repr__(self) -> str:
        rows, columns = self.A.shape
        return f"Polyhedron({rows} inequalities in {columns} variables)"
