"""Reading points: single or in batches, exact or in float64."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix, as_fractions

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


def is_scalar(value: Any) -> bool:
    """Tell whether a value is one number: not a container, not a function.

    Example:
        >>> from tropnet.algebra.points import is_scalar
        >>> is_scalar("1/2"), is_scalar([1])
        (True, False)
    """
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float | Fraction | Decimal | str | np.number) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    )


def float_points(points: Any, n: int) -> FloatArray:
    """Return points as a float64 batch `(batch, n)`.

    Args:
        points: an array-like of shape `(batch, n)`.
        n: the number of variables.

    Raises:
        ShapeError: another shape.
        DomainError: NaN or an infinity among the coordinates.

    Example:
        >>> from tropnet.algebra.points import float_points
        >>> float_points([[1, 2]], 2).tolist()
        [[1.0, 2.0]]
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != n:
        hint = "; reshape(-1, 1) makes a batch of it" if n == 1 and array.ndim == 1 else ""
        raise ShapeError(f"points have shape {array.shape}, expected (batch, {n}){hint}")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise DomainError(
            f"points[{row}, {column}] is {array[row, column]}; the function lives on finite points"
        )
    return array


def exact_points(points: Any, n: int) -> RationalMatrix:
    """Return points as exact rows `(batch, n)`.

    Raises:
        ShapeError: another shape.
        DomainError: an entry is not a finite number.

    Example:
        >>> from tropnet.algebra.points import exact_points
        >>> exact_points([["1/2", 0]], 2)
        RationalMatrix([['1/2', '0']])
    """
    if isinstance(points, np.ndarray) and points.ndim != 2:
        raise ShapeError(f"points have shape {points.shape}, expected (batch, {n})")
    if not isinstance(points, RationalMatrix | np.ndarray):
        points = list(points)
        if any(is_scalar(row) for row in points):
            raise ShapeError(f"points are a flat list of {len(points)}; give rows of {n} numbers")
        if not points:
            return RationalMatrix.of(np.zeros((0, n)))
    matrix = RationalMatrix.of(points, "points")
    if matrix.shape[1] != n:
        raise ShapeError(f"points have shape {matrix.shape}, expected (batch, {n})")
    return matrix


def exact_point(point: Any, n: int) -> tuple[Fraction, ...]:
    """Return one point as n exact rationals; for n = 1 a bare number will do.

    Raises:
        ShapeError: another number of coordinates.
        DomainError: a coordinate is not a finite number.

    Example:
        >>> from tropnet.algebra.points import exact_point
        >>> exact_point(3, 1)
        (Fraction(3, 1),)
    """
    coordinates = as_fractions([point] if is_scalar(point) else point, "point")
    if len(coordinates) != n:
        raise ShapeError(f"the point has {len(coordinates)} coordinates, expected {n}")
    return coordinates


def evaluate_call(function: Any, arguments: tuple[Any, ...]) -> Any:
    """Evaluate a function as its call does: floats in float64, everything else exactly.

    Args:
        function: has `n`, `evaluate(points)` in float64, `exact(points)`.
        arguments: one point, one batch, or n numbers.

    Returns:
        For one point one value, for a batch all values: float64 for numpy arrays (except object
        arrays) and wherever a float is among the numbers, else exact.

    Raises:
        ShapeError: shapes that do not fit.
        DomainError: a coordinate is not a finite number.
    """
    n = function.n
    if len(arguments) != 1:
        if len(arguments) != n:
            raise ShapeError(f"called with {len(arguments)} numbers, expected {n}")
        point: Any = list(arguments)
    else:
        point = [arguments[0]] if is_scalar(arguments[0]) else arguments[0]
    if hasattr(point, "detach"):  # a torch tensor
        point = point.detach().cpu().numpy()
    if isinstance(point, np.ndarray) and point.dtype != object:
        values = function.evaluate(point if point.ndim != 1 else _row(point, n))
        return values if point.ndim != 1 else values[0]
    if isinstance(point, RationalMatrix):
        return function.exact(point)
    if not isinstance(point, Iterable) or isinstance(point, Mapping | Set):
        raise ShapeError(
            f"a {type(point).__name__} is neither a point nor a batch of points; give {n} numbers"
        )
    rows = list(point)
    if all(is_scalar(value) for value in rows):
        if any(isinstance(value, float | np.floating) for value in rows):
            return function.evaluate(_row(np.array([float(v) for v in rows]), n))[0]
        return function.exact([exact_point(rows, n)])[0]
    if any(isinstance(value, float | np.floating) for row in rows for value in row):
        return function.evaluate([[float(value) for value in row] for row in rows])
    return function.exact(rows)


def _row(point: FloatArray, n: int) -> FloatArray:
    if point.shape != (n,):
        hint = "; reshape(-1, 1) makes a batch of it" if n == 1 else ""
        raise ShapeError(f"the point has {point.size} coordinates, expected {n}{hint}")
    return point[None, :]
