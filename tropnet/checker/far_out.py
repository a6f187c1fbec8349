"""A network far out on a ray, where it is affine."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network.network import Network


def far_out(
    network: Network, point: Sequence[Fraction], direction: Sequence[Fraction]
) -> tuple[list[Fraction], list[Fraction]]:
    """Return (slopes, constants): f(point + t·direction) = slopes·t + constants for all large t.

    Far out every unit has the sign of its slope along the ray, or of its constant where the slope
    is zero.

    Args:
        network: the network f.
        point: n rationals.
        direction: n rationals.

    Cost: an exact forward pass of two points.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet import Network
        >>> from tropnet.checker.far_out import far_out
        >>> f = Network.from_dense([[[1], [-1]], [[2, 3]]], [[-5, 0], [1]])
        >>> [[str(v) for v in part] for part in far_out(f, [Fraction(0)], [Fraction(1)])]
        [['2'], ['-9']]
    """
    values = [RationalMatrix.of([list(direction), list(point)])]
    for affine, layer in zip(network.affines, [*network.layers, None], strict=True):
        # the bias belongs to the constants alone
        bias = RationalMatrix.stack_rows(
            [affine.bias.exact.T, RationalMatrix.zeros(1, affine.size)]
        )
        before = affine.exact(values) - bias
        if layer is not None:
            slopes, constants = before.signs()
            sign = np.where(slopes != 0, slopes, constants)
            before = before.keep_columns(np.asarray(~layer.relu | (sign > 0)))
        values.append(before)
    first, second = values[-1].to_fractions()
    return first, second
