"""Signs of units by cases: earlier units positive or negative, each case by linear bounds.

Where some earlier pre-activations satisfy σ t ≥ 0, with signs σ = ±1, a unit g is at least
g − Σ β σ t for all multipliers β ≥ 0 (weak duality); linear bounds of that, with the lines of
units of known sign exact, bound g in this case. Each split has both cases, t ≤ 0 and t ≥ 0, and
zero belongs to both: together they are all of the domain.

All of it is exact, so neither slopes nor multipliers nor splits are a matter of trust: each tree
that is complete gives a bound.

Source: Wang, Zhang, Xu, Lin, Jana, Hsieh and Kolter, *Beta-CROWN: efficient bound propagation with
per-neuron split constraints* (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias, TypeGuard

from tropnet.checker.linear_bounds import least_values
from tropnet.checker.relu_lines import SLOPE_BITS
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.exact.interval import End
from tropnet.network.network import Network

#: Splits on the way to a case, at most.
MOST_SPLITS: Final = 64
#: Cases of all claims of one certificate, at most.
MOST_CASES: Final = 2**16
#: Multipliers are multiples of 2^-16 below 2^48.
_MULTIPLIER_BITS: Final = 64
_ONE: Final = 1 << SLOPE_BITS

#: (layer, unit, σ): σ times its pre-activation is not negative.
Split: TypeAlias = tuple[int, int, int]


@dataclass
class CaseCount:
    """How many cases are left to be read."""

    left: int = MOST_CASES


def half(size: int, unit: int, kind: str) -> IntervalVector:
    """Return intervals that are infinite but for one end of one unit, which is 0.

    Args:
        size: the number of units.
        unit: which of them.
        kind: "active" or "dead".
    """
    ends: list[Fraction | None] = [None] * size
    one = [Fraction(0) if i == unit else None for i in range(size)]
    return IntervalVector.of(one, ends) if kind == "active" else IntervalVector.of(ends, one)


def split_bounds(
    network: Network, bounds: Sequence[IntervalVector], split: Split
) -> list[IntervalVector]:
    """Return the intervals of one case: one end of one unit is at most, or at least, 0."""
    s, unit, sign = split
    found = list(bounds)
    kind = "active" if sign > 0 else "dead"
    found[s - 1] = found[s - 1].meet(half(network.widths[s - 1], unit, kind))
    return found


def case_least(
    network: Network,
    target: tuple[int, int, str],
    bounds: Sequence[IntervalVector],
    box: IntervalVector,
    path: Sequence[Split],
    leaf: tuple[Sequence[Sequence[int]], Sequence[int]],
) -> End:
    """Return a lower bound of a unit's pre-activation, or of its negative, in one case.

    Args:
        network: the network.
        target: layer, unit, and "active" for the pre-activation or "dead" for its negative.
        bounds: intervals around the pre-activations of the layers before, in this case.
        box: intervals around the inputs.
        path: the splits that make the case.
        leaf: slopes below the units of each layer before, and one multiplier for each split, all
            over 2^16.

    Returns:
        The bound; None where there is none.

    Cost: an exact product of one row with each weight matrix before.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.case_bounds import case_least, split_bounds
        >>> from tropnet.checker.linear_bounds import linear_bounds
        >>> from tropnet.exact import IntervalVector
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [-1], [0]])  # |x| − 1
        >>> box = IntervalVector.of([-1], [1])
        >>> bounds = linear_bounds(f, box)
        >>> split = (1, 0, 1)  # x ≥ 0
        >>> own = split_bounds(f, bounds, split)
        >>> case_least(f, (2, 0, "active"), own, box, [split], ([[0, 0]], [2**16]))  # |x| − 1 ≥ −1
        Fraction(-1, 1)
    """
    k, unit, kind = target
    sign = 1 if kind == "active" else -1
    slopes, multipliers = leaf
    affine = network.layers[k - 1].affine.take([unit])
    extra: dict[int, list[Fraction]] = {}
    for (s, j, side), weight in zip(path, multipliers, strict=True):
        row = extra.setdefault(s, [Fraction(0)] * network.widths[s - 1])
        row[j] -= Fraction(side * weight, _ONE)
    return least_values(
        network,
        k,
        {s: m.exact * sign for s, m in affine.terms},
        affine.bias.exact * sign,
        bounds,
        box,
        slopes,
        {s: RationalMatrix.from_rows([row]) for s, row in extra.items()},
    )[0]


def verify_cases(
    network: Network,
    box: IntervalVector,
    bounds: Sequence[IntervalVector],
    target: tuple[int, int, str],
    tree: Any,
    count: CaseCount,
) -> None:
    """Verify that a unit is dead, or active, by a tree of cases.

    Args:
        network: the network.
        box: intervals around the inputs on the domain.
        bounds: proven intervals around the pre-activations of all layers.
        target: layer, unit, "dead" or "active".
        tree: plain data: a split is a list (layer, unit, tree where its pre-activation is at most
            0, tree where it is at least 0); a case has `slopes` and `multipliers`, as
            `case_least` takes them.
        count: of cases; each takes one.

    Raises:
        CertificateError: a tree that is none, or does not show it.

    Cost: that of `case_least` for each case.
    """
    k, unit, kind = target
    where = f"the cases of unit {unit} of layer {k}"
    if not (1 <= k <= len(network.widths) and 0 <= unit < network.widths[k - 1]):
        raise CertificateError(f"{where}: it is not there")
    waiting: list[tuple[Any, tuple[Split, ...], list[IntervalVector]]] = [(tree, (), [*bounds])]
    while waiting:
        node, path, own = waiting.pop()
        if isinstance(node, list):
            s, j, negative, positive = _split(network, k, node, where)
            if len(path) == MOST_SPLITS:
                raise CertificateError(f"{where}: more than {MOST_SPLITS} splits for one of them")
            for sign, child in ((-1, negative), (1, positive)):
                split = (s, j, sign)
                waiting.append((child, (*path, split), split_bounds(network, own, split)))
            continue
        count.left -= 1
        if count.left < 0:
            raise CertificateError(f"{where}: more than {MOST_CASES} cases in one certificate")
        leaf = _leaf(network, k, node, len(path), where)
        least = case_least(network, target, own, box, path, leaf)
        if least is None or least < 0:
            raise CertificateError(f"{where}: one of them does not show that it is {kind}")


def _split(network: Network, k: int, node: list[Any], where: str) -> tuple[int, int, Any, Any]:
    if len(node) == 4:
        s, j, negative, positive = node
        if type(s) is int and type(j) is int and 0 < s < k and 0 <= j < network.widths[s - 1]:
            return s, j, negative, positive
    raise CertificateError(f"{where}: a split is not (earlier layer, unit, case, case)")


def _leaf(
    network: Network, k: int, node: Any, splits: int, where: str
) -> tuple[list[list[int]], list[int]]:
    if not isinstance(node, dict) or set(node) != {"slopes", "multipliers"}:
        raise CertificateError(f"{where}: one has slopes and multipliers, no more and no less")
    slopes, multipliers = node["slopes"], node["multipliers"]
    widths = list(network.widths[: k - 1])
    if not isinstance(slopes, list) or not all(_are_numbers(row, SLOPE_BITS + 1) for row in slopes):
        raise CertificateError(f"{where}: slopes are no lists of numbers from 0 to 2^16")
    if [len(row) for row in slopes] != widths or any(v > _ONE for row in slopes for v in row):
        raise CertificateError(f"{where}: slopes do not fit the layers before")
    if not _are_numbers(multipliers, _MULTIPLIER_BITS) or len(multipliers) != splits:
        raise CertificateError(f"{where}: there is not one multiplier ≥ 0 for each split")
    return slopes, multipliers


def _are_numbers(data: Any, bits: int) -> TypeGuard[list[int]]:
    """Tell whether data is a list of integers that are not negative and have so many bits."""
    return isinstance(data, list) and all(
        type(v) is int and v >= 0 and v.bit_length() <= bits for v in data
    )
