"""Gradients of tropical polynomials: the exponents of the maximal term."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tropnet.algebra.max_affine import nearest_maxima
from tropnet.algebra.points import float_points
from tropnet.algebra.rational_array import RationalArray
from tropnet.errors import DomainError

if TYPE_CHECKING:
    from tropnet.algebra.tropical_polynomial import TropicalPolynomial
    from tropnet.typing import FloatArray


def exact_gradient(
    polynomial: TropicalPolynomial, point: Any, ties: Literal["first", "refuse"]
) -> tuple[Fraction, ...]:
    """Return the gradient of a polynomial; see `TropicalFunction.exact_gradient`.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.gradient import exact_gradient
        >>> exact_gradient(TropicalPolynomial([[0], [1]], [3, 0]), 3, "first")
        (Fraction(0, 1),)
    """
    active = polynomial.active_terms(point)
    if not active:
        raise DomainError("the tropical zero polynomial (−∞) has no gradient")
    if len(active) > 1 and ties == "refuse":
        raise DomainError(
            f"terms {active[0]} and {active[1]} tie at the point, so that the gradient is not "
            "unique; pass ties='first' to take the smaller exponents"
        )
    row = polynomial.exponents.rows([active[0]])
    return tuple(row.to_fractions()[0])


def gradient(
    polynomial: TropicalPolynomial, points: Any, ties: Literal["first", "refuse"]
) -> FloatArray:
    """Return the gradients of a polynomial at a batch; see `TropicalFunction.gradient`.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.gradient import gradient
        >>> gradient(TropicalPolynomial([[0], [1]], [3, 0]), [[3.0], [4.0]], "first").tolist()
        [[0.0], [1.0]]
    """
    batch = float_points(points, polynomial.n)
    if polynomial.is_zero():
        raise DomainError("the tropical zero polynomial (−∞) has no gradient")
    forms, sound = polynomial.float_forms()
    found = nearest_maxima(batch, forms)
    gradients = polynomial.float_exponents[found.indices]
    for row in np.flatnonzero(~found.sure) if sound else range(len(batch)):
        exact = exact_gradient(polynomial, batch[row].tolist(), ties)
        gradients[row] = RationalArray.from_fractions(exact).to_floats()
    return gradients
