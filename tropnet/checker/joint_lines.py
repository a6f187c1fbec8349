"""Linear bounds of combinations of the outputs of two networks, where units have given signs.

A combination is followed backward through both networks at once, as in
`tropnet.checker.linear_bounds`. At each layer there is one more choice for each pair of matched
units: a share of the coefficient of the first is taken for their difference. Where δ = t − s t'
lies between its ends before ReLU, the difference after it lies between min(δ, 0) and max(δ, 0), and
so between two chords; what is left of both coefficients goes to the lines around each unit on its
own. Where networks are near copies and all shares are 1, hardly anything is left.

All of it is exact, so neither slopes nor shares nor multiples are a matter of trust.
`docs/explanation/cases.md` has the argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias, final

from tropnet.checker.joint_program import JointLayer, JointProgram
from tropnet.checker.joint_zonotope import Ends, LayerEnds
from tropnet.checker.relu_lines import SLOPE_BITS, chord
from tropnet.checker.split_tree import Unit
from tropnet.exact import IntervalVector, RationalMatrix

#: Multipliers are multiples of 2^-32, shares of 2^-40.
MULTIPLIER_BITS: Final = 32
SHARE_BITS: Final = 40
_ONE: Final = 1 << SLOPE_BITS
_ZERO: Final = Fraction(0)

#: A unit, and ±1: so many times its pre-activation is not negative.
Sign: TypeAlias = tuple[Unit, int]
#: Coefficients of the values of the layers of one network, by layer.
_Coefs: TypeAlias = dict[int, RationalMatrix]


@final
@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen in a linear bound; each choice gives one.

    Attributes:
        slopes_a: for each layer the slopes below the units of a, over 2^16; None for the usual.
        slopes_b: likewise of b.
        shares: for each layer, for each pair the share of its coefficient that is taken for the
            difference, over 2^40; None for 1.
        leans: for each layer, for each pair what its coefficient is: over 2^16, from 0 for that of
            its first unit to 1 for that of its second, each of which may so vanish; None for 0.
        taken: what is taken for differences elsewhere, by layer and pair, over 2^32.
        slips: likewise multiples of differences before ReLU, that are taken at their ends.
        ends: multiples of pre-activations, over 2^32, that are taken at their upper ends where they
            are positive and at their lower ends where they are negative; where a sign is given, one
            of them is 0.
        condition: of the condition on the outputs, over 2^32.
    """

    slopes_a: Sequence[Sequence[int]] | None = None
    slopes_b: Sequence[Sequence[int]] | None = None
    shares: Sequence[Sequence[int]] | None = None
    leans: Sequence[Sequence[int]] | None = None
    taken: Mapping[tuple[int, int], int] = field(default_factory=dict)
    slips: Mapping[tuple[int, int], int] = field(default_factory=dict)
    ends: Mapping[Unit, int] = field(default_factory=dict)
    condition: int = 0


@final
@dataclass(frozen=True, slots=True)
class Target:
    """A combination of outputs to be bounded from above: Σ f·a + Σ g·b.

    Attributes:
        a: coefficients of the outputs of the first network.
        b: of the second.
        condition: coefficients of the second network's outputs; only points where that combination
            is not negative count. None for all points.
    """

    a: tuple[Fraction, ...]
    b: tuple[Fraction, ...]
    condition: tuple[Fraction, ...] | None = None


def most(
    program: JointProgram,
    box: IntervalVector,
    ends: Sequence[LayerEnds],
    target: Target,
    signs: Sequence[Sign],
    choices: Choices,
) -> Fraction:
    """Return an upper bound of a combination of outputs where units have the given signs.

    Args:
        program: both networks and the pairs of their units.
        box: intervals around the inputs, bounded.
        ends: proven ends of the pre-activations of both networks and of their differences.
        target: the combination.
        signs: of units.
        choices: what fits the layers.

    Cost: an exact product of a row with each weight matrix of both networks.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet import Network
        >>> from tropnet.checker.joint_lines import Choices, Target, most
        >>> from tropnet.checker.joint_program import JointProgram
        >>> from tropnet.checker.joint_zonotope import JointReplay
        >>> from tropnet.checker.matching import Matching
        >>> from tropnet.exact import IntervalVector
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[1], [-1]], [[1, 1.125]]])
        >>> program = JointProgram.of(f, g, [Matching.identity(2)])
        >>> ends = JointReplay(program).unit_ends([(Fraction(-1), Fraction(1))])
        >>> box, target = IntervalVector.of([-1], [1]), Target((Fraction(-1),), (Fraction(1),))
        >>> float(most(program, box, ends, target, [], Choices()))  # of g − f
        0.125
    """
    rows = {name: [-v for v in part] for name, part in (("a", target.a), ("b", target.b))}
    if target.condition is not None:
        weight = Fraction(choices.condition, 1 << MULTIPLIER_BITS)
        rows["b"] = [v - weight * c for v, c in zip(rows["b"], target.condition, strict=True)]
    coefs: dict[str, _Coefs] = {"a": {}, "b": {}}
    constant = _follow(program.output, rows, coefs)
    for k in range(len(program.layers), 0, -1):
        layer = program.layers[k - 1]
        units = {name: _popped(coefs[name], k, layer.widths["ab".index(name)]) for name in "ab"}
        before = {name: [_ZERO] * len(units[name]) for name in "ab"}
        known = {name: list(ends[k - 1].of(name)) for name in "ab"}
        constant += _take_ends(k, signs, known, before, choices)
        constant += _take_slips(k, layer, before, ends[k - 1].pairs, choices)
        constant += _take_differences(k, layer, units, before, known, ends[k - 1].pairs, choices)
        for name, slopes in (("a", choices.slopes_a), ("b", choices.slopes_b)):
            lines = None if slopes is None else slopes[k - 1]
            constant += _take_lines(units[name], before[name], known[name], lines)
        constant += _follow(layer, before, coefs)
    inputs = [_popped(coefs[name], 0, program.n_inputs) for name in "ab"]
    for u, v, (low, high) in zip(*inputs, box.ends(), strict=True):
        end = low if u + v > 0 else high
        assert end is not None, "the box is bounded"
        constant += (u + v) * end
    return -constant


def _popped(coefs: _Coefs, source: int, width: int) -> list[Fraction]:
    row = coefs.pop(source, None)
    return [_ZERO] * width if row is None else row.to_fractions()[0]


def _follow(
    layer: JointLayer, rows: Mapping[str, Sequence[Fraction]], coefs: Mapping[str, _Coefs]
) -> Fraction:
    """Add what rows of pre-activations are of earlier values; return the constant."""
    constant = _ZERO
    for name, terms, bias in (("a", layer.a, layer.bias_a), ("b", layer.b, layer.bias_b)):
        if not any(rows[name]):
            continue
        row = RationalMatrix.from_rows([rows[name]])
        constant += (row @ bias)[0, 0]
        for source, weights in terms:
            part = row @ weights
            own = coefs[name]
            own[source] = own[source] + part if source in own else part
    return constant


def _take_ends(
    k: int,
    signs: Sequence[Sign],
    known: Mapping[str, list[Ends]],
    before: Mapping[str, list[Fraction]],
    choices: Choices,
) -> Fraction:
    """Narrow the ends of units of given signs; take the chosen multiples at their ends."""
    constant = _ZERO
    for (layer, name, j), sign in signs:
        if layer == k:
            low, high = known[name][j]
            known[name][j] = (max(low, _ZERO), high) if sign > 0 else (low, min(high, _ZERO))
    for (layer, name, j), whole in choices.ends.items():
        if layer == k:
            weight = Fraction(whole, 1 << MULTIPLIER_BITS)
            before[name][j] += weight
            constant -= _largest(weight, known[name][j])
    return constant


def _take_slips(
    k: int,
    layer: JointLayer,
    before: Mapping[str, list[Fraction]],
    ends: Sequence[Ends],
    choices: Choices,
) -> Fraction:
    """Take the chosen multiples of differences at their ends."""
    constant, pairs = _ZERO, layer.matching
    for (other, at), whole in choices.slips.items():
        if other == k:
            weight = Fraction(whole, 1 << MULTIPLIER_BITS)
            before["a"][pairs.first[at]] += weight
            before["b"][pairs.second[at]] -= weight * pairs.scales[at]
            constant -= _largest(weight, ends[at])
    return constant


def _largest(weight: Fraction, ends: Ends) -> Fraction:
    """Return the largest multiple of what is between its ends."""
    return weight * ends[1 if weight > 0 else 0]


def _take_differences(
    k: int,
    layer: JointLayer,
    units: Mapping[str, list[Fraction]],
    before: Mapping[str, list[Fraction]],
    known: Mapping[str, list[Ends]],
    ends: Sequence[Ends],
    choices: Choices,
) -> Fraction:
    """Replace shares of the coefficients of pairs by lines around their differences.

    Where the signs of both units are known, so is what they are: nothing is taken from these.
    """
    constant = _ZERO
    pairs = zip(layer.matching.first, layer.matching.second, layer.matching.scales, strict=True)
    for at, (i, j, scale) in enumerate(pairs):
        if _has_sign(known["a"][i]) and _has_sign(known["b"][j]):
            continue
        weight = _part(k, at, units["a"][i], -units["b"][j] / scale, choices)
        slope, rise = chord(*ends[at])
        if weight > 0:  # from below: (1 − slope) δ − rise
            slope = 1 - slope
        units["a"][i] -= weight
        units["b"][j] += weight * scale
        before["a"][i] += weight * slope
        before["b"][j] -= weight * slope * scale
        constant -= abs(weight) * rise
    return constant


def _part(k: int, at: int, first: Fraction, second: Fraction, choices: Choices) -> Fraction:
    """Return what is taken for the difference of a pair.

    Args:
        k: the layer, from 1.
        at: the pair.
        first: what makes the coefficient of the first unit vanish.
        second: what makes that of the second vanish.
        choices: what is chosen.
    """
    if (k, at) in choices.taken:
        return Fraction(choices.taken[k, at], 1 << MULTIPLIER_BITS)
    weight = first
    lean = 0 if choices.leans is None else choices.leans[k - 1][at]
    if lean:
        weight = second if lean == _ONE else first + Fraction(lean, _ONE) * (second - first)
    if choices.shares is not None and choices.shares[k - 1][at] != 1 << SHARE_BITS:
        weight *= Fraction(choices.shares[k - 1][at], 1 << SHARE_BITS)
    return weight


def _has_sign(ends: Ends) -> bool:
    return ends[0].numerator >= 0 or ends[1].numerator <= 0


def _take_lines(
    units: Sequence[Fraction],
    before: list[Fraction],
    known: Sequence[Ends],
    slopes: Sequence[int] | None,
) -> Fraction:
    """Replace coefficients of units by lines around them; return the constant."""
    constant = _ZERO
    for j, weight in enumerate(units):
        if not weight:
            continue
        low, high = known[j]
        if low.numerator >= 0:
            before[j] += weight
        elif high.numerator > 0 and weight.numerator > 0:
            chosen = Fraction(int(high > -low)) if slopes is None else Fraction(slopes[j], _ONE)
            before[j] += weight * chosen
        elif high.numerator > 0:
            slope, rise = chord(low, high)
            before[j] += weight * slope
            constant += weight * rise
    return constant
