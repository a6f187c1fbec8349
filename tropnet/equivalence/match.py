"""Pairing the units of two networks that compute nearly the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from tropnet.checker.matching import Matching
from tropnet.equivalence.heights import heights
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.exact.fraction import finite_float

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

#: A unit of the first network, one of the second, and the size of the first over the second.
Pair: TypeAlias = tuple[int, int, Fraction]
#: Pairs for each layer.
Known: TypeAlias = Sequence[Sequence[Pair]]

#: Sample points on which activations are compared.
_SAMPLES: Final = 512
#: Points on which scales are compared, so many times as far out as the domain.
_AROUND: Final = 64
_OUT: Final = 8.0
#: A power of two fits as well if it leaves at most so many times the difference.
_AS_WELL: Final = 1.5
#: Ratios of 2 to this and more, or their inverses, are left as they are.
_EXPONENT: Final = 200
#: The units of wider layers are paired by what they look like on a few points.
_WIDEST: Final = 1500
_LOOKS: Final = 16


def match_units(problem: Problem, known: Known | None = None) -> list[Matching] | None:
    """Return a pairing for each layer, or None when the networks have different depths.

    Units that are known to be multiples of each other are paired. For the others the cosines
    between the pre-activations of all pairs of units on sample points go to the Hungarian method;
    the scale of a pair is the ratio of their sizes, or the power of two next to it where that fits
    as well far from the domain: where a unit is small, its size is mostly that of roundings.
    Any pairing is sound (`Matching`); pairs of a ReLU with an identity unit are dropped.

    Args:
        problem: the comparison.
        known: for each layer pairs of units, with the positive scale of the first over the second.

    Cost: two forward passes of 512 points, and O(width³) for each layer; wide layers are paired by
    what their units look like on a few points, in linear time.

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
    around = _far(points[: problem.batch(_AROUND)])
    far_a, far_b = (_centred(heights(network, around)) for network in (a, b))
    found = []
    for k, (la, lb, va, vb) in enumerate(layers):
        pairs = [] if known is None else list(known[k])
        rest_a = _others(la.width, [i for i, _, _ in pairs])
        rest_b = _others(lb.width, [j for _, j, _ in pairs])
        match = _match_wide if max(len(rest_a), len(rest_b)) > _WIDEST else _match
        more = match(va[:, rest_a], vb[:, rest_b], la.relu[rest_a], lb.relu[rest_b])
        pairs += _simpler(
            [(int(rest_a[i]), int(rest_b[j]), scale) for i, j, scale in more], far_a[k], far_b[k]
        )
        found.append(Matching(*zip(*sorted(pairs), strict=True)) if pairs else Matching((), (), ()))
    return found


def _far(points: FloatArray) -> FloatArray:
    """Return points so many times as far from the middle."""
    with np.errstate(all="ignore"):
        middle = points.mean(axis=0)
        return np.asarray(middle + _OUT * (points - middle))


def _centred(values: Sequence[FloatArray]) -> list[FloatArray]:
    """Return each layer's values without their means."""
    with np.errstate(all="ignore"):
        return [np.asarray(layer - layer.mean(axis=0)) for layer in values]


def _simpler(pairs: Sequence[Pair], first: FloatArray, second: FloatArray) -> list[Pair]:
    """Return pairs with powers of two for scales where they fit as well.

    A copy whose weights are rounded or pruned has scales 1; but the ratio of sizes of a unit is off
    by what that moved it, and a scale that makes up for it makes the differences of all weights
    larger than they are. How the values vary tells of the weights, their means do not.

    Args:
        pairs: of units.
        first: `(points, width)` pre-activations of the first network, less their means.
        second: likewise of the second.
    """
    if not pairs:
        return []
    rows, columns, scales = zip(*pairs, strict=True)
    own, other = first[:, list(rows)], second[:, list(columns)]
    known = np.array([finite_float(scale) for scale in scales])
    with np.errstate(all="ignore"):
        varies = np.linalg.norm(own, axis=0) / np.linalg.norm(other, axis=0)
        exponents = np.round(np.log2(varies))
        left = np.linalg.norm(own - known * other, axis=0)
        plainly = np.linalg.norm(own - np.exp2(exponents) * other, axis=0)
        # else nothing varies, or floats overflow
        fits = (np.abs(exponents) < _EXPONENT) & (plainly <= _AS_WELL * left)
    return [
        (i, j, Fraction(2) ** int(exponents[at]) if fits[at] else scale)
        for at, (i, j, scale) in enumerate(pairs)
    ]


def _others(width: int, taken: Sequence[int]) -> IntArray:
    mask = np.ones(width, dtype=np.bool_)
    mask[list(taken)] = False
    return np.flatnonzero(mask)


def _match(first: FloatArray, second: FloatArray, relu_a: Any, relu_b: Any) -> list[Pair]:
    from scipy.optimize import linear_sum_assignment

    with np.errstate(all="ignore"):
        first, second = np.nan_to_num(first), np.nan_to_num(second)
        norm_a, norm_b = np.linalg.norm(first, axis=0), np.linalg.norm(second, axis=0)
        cosines = first.T @ second / np.outer(norm_a, norm_b)
    cosines = np.nan_to_num(cosines, nan=-1.0, posinf=-1.0, neginf=-1.0)
    cosines[np.not_equal.outer(relu_a, relu_b)] = -3.0
    rows, columns = linear_sum_assignment(-cosines)
    return [
        (int(i), int(j), _scale(norm_a[i], norm_b[j]))
        for i, j in zip(rows, columns, strict=True)
        if relu_a[i] == relu_b[j]
    ]


def _match_wide(first: FloatArray, second: FloatArray, relu_a: Any, relu_b: Any) -> list[Pair]:
    """Pair units whose directions round to the same few digits, and the rest in their order."""

    def looks(values: FloatArray, relu: Any) -> tuple[list[bytes], FloatArray]:
        with np.errstate(all="ignore"):
            norms = np.linalg.norm(np.nan_to_num(values), axis=0)
            some = np.nan_to_num(values[:_LOOKS] / norms)
        signs = np.vstack([np.round(some * 1000), relu]).astype(np.int32).T
        return [row.tobytes() for row in np.ascontiguousarray(signs)], norms

    (looks_a, norm_a), (looks_b, norm_b) = looks(first, relu_a), looks(second, relu_b)
    places: dict[bytes, list[int]] = {}
    for j in reversed(range(len(looks_b))):
        places.setdefault(looks_b[j], []).append(j)
    pairs: list[Pair] = []
    left: list[int] = []
    for i, look in enumerate(looks_a):
        if places.get(look):
            j = places[look].pop()
            pairs.append((i, j, _scale(norm_a[i], norm_b[j])))
        else:
            left.append(i)
    rest = sorted(j for group in places.values() for j in group)
    for kind in (False, True):
        mine = [i for i in left if bool(relu_a[i]) is kind]
        theirs = [j for j in rest if bool(relu_b[j]) is kind]
        pairs += [(i, j, Fraction(1)) for i, j in zip(mine, theirs, strict=False)]
    return pairs


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
