"""Affine forms that vanish on the facets of lifted simplices, in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.algebra.rational_array import SAFE, largest

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, IntArray


def forms_of(a: AnyArray, b: AnyArray, simplices: IntArray) -> tuple[AnyArray, AnyArray]:
    """Return the affine forms that are zero on the facets of lifted simplices, exactly.

    Args:
        a: `(k, n)` integers.
        b: `(k,)`.
        simplices: `(m, n + 1)`, none of them flat.

    Returns:
        For each simplex the form over (a, b, 1) that is zero at its lifted vertices and negative
        below, `(m, n + 2)`: numerators and denominator of the point where these terms are equal,
        and minus their value times the denominator. And forms over (a, 1), `(m, n + 1, n + 1)`, one
        for each vertex: positive there, zero at the others.
    """
    walls, determinant = walls_of(a, simplices)
    heights = b[simplices]
    falls = heights[:, :1] - heights[:, 1:]
    # no sum below exceeds this
    if 2 * walls.shape[1] ** 2 * largest(walls) * largest(b) * largest(a) >= SAFE:
        walls, falls = walls.astype(object), falls.astype(object)
        a, heights, determinant = (part.astype(object) for part in (a, heights, determinant))
    numerators = (falls[:, :, None] * walls[:, 1:, :-1]).sum(axis=1)
    top = (a[simplices[:, 0]] * numerators).sum(axis=1) + heights[:, 0] * determinant
    return np.column_stack([numerators, determinant, -top]), walls


def walls_of(a: AnyArray, simplices: IntArray) -> tuple[AnyArray, AnyArray]:
    """Return the forms over (a, 1) of `forms_of`, and the determinants they have at their vertices.

    A flat simplex has determinant 0.
    """
    n = a.shape[1]
    # no sum below exceeds this
    if 8 * n**3 * (2 * largest(a)) ** n >= SAFE:
        a = a.astype(object)
    corners = a[simplices]
    origin = corners[:, 0]
    sides = corners[:, 1:] - origin[:, None]
    normals = np.empty((len(simplices), n + 1, n), a.dtype)
    for j in range(n):
        normals[:, j + 1] = _normal(*(sides[:, (j + k) % n] for k in range(1, n)))
    if n == 2:
        # the second of two sides is turned the other way
        normals[:, 2] *= -1
    determinant = (sides[:, 0] * normals[:, 1]).sum(axis=1)
    sign = np.where(determinant > 0, 1, -1)
    determinant = determinant * sign
    normals[:, 1:] *= sign[:, None, None]
    normals[:, 0] = -normals[:, 1:].sum(axis=1)
    offsets = -(normals * origin[:, None]).sum(axis=2)
    offsets[:, 0] += determinant
    return np.concatenate([normals, offsets[:, :, None]], axis=2), determinant


def _normal(u: AnyArray, v: AnyArray | None = None) -> AnyArray:
    """Return the vectors orthogonal to u in the plane, or to u and v in space."""
    if v is None:
        return np.stack([u[:, 1], -u[:, 0]], axis=1)
    parts = [u[:, j] * v[:, k] - u[:, k] * v[:, j] for j, k in ((1, 2), (2, 0), (0, 1))]
    return np.stack(parts, axis=1)
