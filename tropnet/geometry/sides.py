"""On which side of a face another face lies, by signs of forms at points."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

#: Above the rounding of a quotient, a product and a sum, each at most 2^-53 relatively.
_EPSILON: Final = 2.0**-52
#: Above all that underflow can lose.
_TINY: Final = 1e-290


def exact_signs(forms: Any, points: Any, pairs: tuple[Any, Any]) -> Any:
    """Return the signs of linear forms at points, int8 `(k,)`.

    Args:
        forms: object `(F, n + 1)` integers.
        points: object `(V, n + 1)` integers.
        pairs: `(k,)` numbers of forms and `(k,)` of points.

    Cost: a microsecond a form and a point, as they become floats; the signs that floats cannot
    prove are taken in integers.
    """
    which, where = pairs
    products = scaled(forms)[which] * scaled(points)[where]
    total = products.sum(axis=1)
    bound = (products.shape[1] + 8) * _EPSILON * np.abs(products).sum(axis=1) + _TINY
    signs: Any = np.sign(total).astype(np.int8)
    doubt = np.flatnonzero(np.abs(total) <= bound)
    if len(doubt):
        exact = (forms[which[doubt]] * points[where[doubt]]).sum(axis=1)
        signs[doubt] = (exact > 0).astype(np.int8) - (exact < 0).astype(np.int8)
    return signs


def scaled(rows: Any) -> Any:
    """Return each row of integers over its largest entry, correctly rounded to float64."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    # Python divides integers of any size with one rounding
    return (rows / np.where(largest == 0, 1, largest)).astype(np.float64)
