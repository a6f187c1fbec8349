"""Pairing the units of two networks that compute nearly the same."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.checker.intervals import Matching
from tropnet.equivalence.heights import heights
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Sample points on which activations are compared.
_SAMPLES: Final = 512
#: Wider layers are paired in their order.
_WIDEST: Final = 1500


def match_units(problem: Problem) -> list[Matching] | None:
    """Return a pairing for each layer, or None when the networks have different depths.

    For each layer the cosines between the pre-activations of all pairs of units on sample points go
    to the Hungarian method; the scale of a pair is the ratio of their sizes, rounded to a power of
    two where it is near one. Any pairing is sound (`Matching`); pairs of a ReLU with an identity
    unit are dropped.

    Args:
        problem: the comparison.

    Cost: two forward passes of 512 points, and O(width³) for each layer.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.equivalence.match import match_units
        >>> from tropnet.equivalence.problem import Problem
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[-1], [4]], [[1, 0.25]]])
        >>> match_units(Problem.of(f, g, None))[0].to_json()
        [[0, 1, '1/4'], [1, 0, '1']]
    """
    a, b = problem.a, problem.b
    if len(a.layers) != len(b.layers):
        return None
    points = Sampler(problem).draw(problem.batch(_SAMPLES))
    # the outputs come last and are left out
    layers = zip(a.layers, b.layers, heights(a, points), heights(b, points), strict=False)
    found = []
    for la, lb, va, vb in layers:
        if max(la.width, lb.width) > _WIDEST:
            size = min(la.width, lb.width)
            same = np.flatnonzero(la.relu[:size] == lb.relu[:size]).tolist()
            found.append(Matching(tuple(same), tuple(same), (Fraction(1),) * len(same)))
        else:
            found.append(_match(va, vb, la.relu, lb.relu))
    return found


def _match(first: FloatArray, second: FloatArray, relu_a: Any, relu_b: Any) -> Matching:
    from scipy.optimize import linear_sum_assignment

    with np.errstate(all="ignore"):
        first, second = np.nan_to_num(first), np.nan_to_num(second)
        norm_a, norm_b = np.linalg.norm(first, axis=0), np.linalg.norm(second, axis=0)
        cosines = first.T @ second / np.outer(norm_a, norm_b)
    cosines = np.nan_to_num(cosines, nan=-1.0, posinf=-1.0, neginf=-1.0)
    cosines[np.not_equal.outer(relu_a, relu_b)] = -3.0
    rows, columns = linear_sum_assignment(-cosines)
    pairs = [
        (int(i), int(j), _scale(norm_a[i], norm_b[j]))
        for i, j in zip(rows, columns, strict=True)
        if relu_a[i] == relu_b[j]
    ]
    return Matching(
        tuple(i for i, _, _ in pairs), tuple(j for _, j, _ in pairs), tuple(s for _, _, s in pairs)
    )


def _scale(first: float, second: float) -> Fraction:
    """Return a positive rational near first/second, a power of two where one is near."""
    with np.errstate(all="ignore"):
        ratio = float(np.float64(first) / np.float64(second))
    if not np.isfinite(ratio) or ratio <= 0:
        return Fraction(1)
    exponent = round(math.log2(ratio))
    if abs(math.ldexp(ratio, -exponent) - 1) < 2.0**-10:
        return Fraction(2) ** exponent
    return Fraction(ratio)
