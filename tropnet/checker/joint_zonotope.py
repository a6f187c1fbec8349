"""Zonotopes around two networks and the differences of their units on a box, in integers.

All numbers are integers on a grid 2^-bits. A value is enclosed by c + Σ G_t e_t ± r with noise
symbols e_t in [−1, 1]; whatever rounding to the grid loses is added to r, so that nothing is ever
lost. `docs/explanation/zonotopes.md` proves each step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias, final

import flint

from tropnet.checker.joint_program import JointLayer, JointProgram
from tropnet.exact import RationalMatrix

#: Generators: rows of integers, one row for each symbol.
Rows: TypeAlias = list[list[int]]
#: A lower and an upper end.
Ends: TypeAlias = tuple[Fraction, Fraction]

#: Fractional bits of slopes: where networks cancel, so do slopes, to as many bits.
_SLOPE: Final = 52
_ONE: Final = 1 << _SLOPE


@final
@dataclass(slots=True)
class Forms:
    """Values as centre + generators ± radius; generators come in groups of symbols."""

    center: list[int]
    radius: list[int]
    groups: list[Rows]

    def sums(self) -> list[int]:
        """Return Σ |G_t| for each value."""
        total = [0] * len(self.center)
        for rows in self.groups:
            for row in rows:
                total = [s + abs(v) for s, v in zip(total, row, strict=True)]
        return total

    def ends(self) -> tuple[list[int], list[int]]:
        """Return lower and upper bounds of the values."""
        reach = [s + r for s, r in zip(self.sums(), self.radius, strict=True)]
        low = [c - d for c, d in zip(self.center, reach, strict=True)]
        return low, [c + d for c, d in zip(self.center, reach, strict=True)]


@final
@dataclass(frozen=True, slots=True)
class _Chord:
    """Lines around a difference that passed ReLU by a symbol of its own, as δ/2 ± half.

    It lies in [(1 − p) δ − rise, p δ + rise].

    Attributes:
        pair: which difference.
        lean: 2 p − 1, over 2^52.
        rise: in steps of the grid.
    """

    pair: int
    lean: int
    rise: int


@final
@dataclass(slots=True)
class _Values:
    """The forms of one layer: of a over (inputs, A), of b over (inputs, B), differences over all.

    The groups of differences are (inputs and A, B, D): in the first, rows are those of a.
    """

    a: Forms
    b: Forms
    pairs: Forms
    chords: list[_Chord] = field(default_factory=list)


@final
@dataclass(slots=True)
class JointZonotope:
    """The forms of the outputs of two networks on a box.

    Attributes:
        a: of the first network.
        b: of the second.
        pairs: of the differences.
        bits: fractional bits of all numbers.
        ends: lower and upper bounds of the differences.
    """

    a: Forms
    b: Forms
    pairs: Forms
    bits: int
    ends: tuple[list[int], list[int]]


@final
@dataclass(frozen=True, slots=True)
class LayerEnds:
    """Lower and upper ends of the pre-activations of one layer.

    Attributes:
        a: of the first network's units.
        b: of the second's.
        pairs: of the differences of pairs.
    """

    a: list[Ends]
    b: list[Ends]
    pairs: list[Ends]

    def of(self, name: str) -> list[Ends]:
        """Return those of the units of `a` or `b`."""
        return self.a if name == "a" else self.b


@final
@dataclass(slots=True)
class _Integers:
    """A program's layers as integer matrices; made once for all boxes."""

    program: JointProgram
    terms: dict[tuple[int, str], tuple[list[tuple[int, flint.fmpz_mat, flint.fmpz_mat]], int]] = (
        field(default_factory=dict)
    )

    def of(
        self, k: int, name: str, parts: Sequence[tuple[int, RationalMatrix]], bias: RationalMatrix
    ) -> tuple[list[tuple[int, flint.fmpz_mat, flint.fmpz_mat]], int]:
        """Return (source, weights, their sizes) transposed, over one denominator."""
        if (k, name) not in self.terms:
            denominator = math.lcm(bias.denominator, *(m.denominator for _, m in parts))
            self.terms[k, name] = (
                [(s, m.T.over(denominator), abs(m.T).over(denominator)) for s, m in parts],
                denominator,
            )
        return self.terms[k, name]


@final
class JointReplay:
    """Follows two networks on boxes, in integers.

    Args:
        program: both networks and the pairs of their units.
        bits: fractional bits of the grid.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet import Network
        >>> from tropnet.checker.joint_program import JointProgram
        >>> from tropnet.checker.joint_zonotope import JointReplay
        >>> from tropnet.checker.matching import Matching
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[1], [-1]], [[1, 1.125]]])
        >>> replay = JointReplay(JointProgram.of(f, g, [Matching.identity(2)]))
        >>> outputs = replay([(Fraction(-1), Fraction(-1, 2))], {})
        >>> low, high = outputs.pairs.ends()
        >>> round(low[0] / 2**64, 6), round(high[0] / 2**64, 6)
        (-0.125, -0.0625)
    """

    def __init__(self, program: JointProgram, bits: int = 64) -> None:
        self.program = program
        self.bits = bits
        self._integers = _Integers(program)

    def __call__(
        self, box: Sequence[Ends], phases: Mapping[tuple[int, str, int], int]
    ) -> JointZonotope | None:
        """Return the forms of the outputs on a box.

        Args:
            box: the ends of each input.
            phases: signs +1 or −1 of pre-activations by (layer, network, unit), layers counted from
                1: the forms then hold for the points of the box where the units have them.

        Returns:
            The forms; None where no point of the box has the given signs.
        """
        values = self._follow(box, phases, [])
        if values is None:
            return None
        outputs = self._before(len(values), self.program.output, values)
        least, most = self._leaning(values, outputs.pairs)
        _take_narrower(outputs, self.program.output, self.program.n_inputs)
        low, high = outputs.pairs.ends()
        ends = [*map(max, low, least)], [*map(min, high, most)]
        return JointZonotope(outputs.a, outputs.b, outputs.pairs, self.bits, ends)

    def unit_ends(self, box: Sequence[Ends]) -> list[LayerEnds]:
        """Return ends of all pre-activations, and of the differences of pairs, on a box.

        Args:
            box: the ends of each input.
        """
        seen: list[_Values] = []
        self._follow(box, {}, seen)
        step = Fraction(1, 1 << self.bits)
        found = []
        for before in seen:
            ends = [
                [(u * step, v * step) for u, v in zip(*forms.ends(), strict=True)]
                for forms in (before.a, before.b, before.pairs)
            ]
            found.append(LayerEnds(*ends))
        return found

    def _follow(
        self,
        box: Sequence[Ends],
        phases: Mapping[tuple[int, str, int], int],
        seen: list[_Values],
    ) -> list[_Values] | None:
        """Return the values of the inputs and of all layers; note their pre-activations."""
        values = [self._inputs(box)]
        for k, layer in enumerate(self.program.layers, start=1):
            before = self._before(k, layer, values)
            _take_narrower(before, layer, self.program.n_inputs)
            seen.append(before)
            after = self._after(k, layer, before, phases)
            if after is None:
                return None
            values.append(after)
        return values

    def _inputs(self, box: Sequence[Ends]) -> _Values:
        center, rows = [], []
        for i, (lower, upper) in enumerate(box):
            low = math.floor(lower * 2**self.bits)
            high = math.ceil(upper * 2**self.bits)
            middle = (low + high) // 2
            center.append(middle)
            rows.append([0] * i + [max(high - middle, middle - low)] + [0] * (len(box) - i - 1))
        same = Forms(center, [0] * len(box), [rows, []])
        nothing = Forms([], [], [[[] for _ in rows], [], []])
        return _Values(same, same, nothing)

    # ---- affine ------------------------------------------------------------------------------

    def _before(self, k: int, layer: JointLayer, values: Sequence[_Values]) -> _Values:
        n, last = self.program.n_inputs, values[-1]
        rows_a, rows_b = (sum(map(len, f.groups)) - n for f in (last.a, last.b))
        rows_d = len(last.pairs.groups[2])
        a = self._image(
            k, "a", layer.a, layer.bias_a, [(values[s].a, (0, 1)) for s, _ in layer.a],
            (n, rows_a),
        )  # fmt: skip
        b = self._image(
            k, "b", layer.b, layer.bias_b, [(values[s].b, (0, 1)) for s, _ in layer.b],
            (n, rows_b),
        )  # fmt: skip
        # the groups (inputs, A, B, D) of differences: where those of what is read go
        parts = [*layer.pairs, *layer.pairs_on_b, *layer.pairs_on_a]
        read: list[tuple[Forms, tuple[int, ...]]]
        read = [(_split(values[s].pairs, n), (0, 1, 2, 3)) for s, _ in layer.pairs]
        read += [(values[s].b, (0, 2)) for s, _ in layer.pairs_on_b]
        read += [(values[s].a, (0, 1)) for s, _ in layer.pairs_on_a]
        d = self._image(k, "pairs", parts, layer.bias, read, (n, rows_a, rows_b, rows_d))
        pairs = Forms(d.center, d.radius, [d.groups[0] + d.groups[1], *d.groups[2:]])
        return _Values(a, b, pairs)

    def _leaning(self, values: Sequence[_Values], pairs: Forms) -> tuple[list[int], list[int]]:
        """Return bounds of the outputs' differences by what each makes of the last layer.

        A difference that passed ReLU as δ/2 ± half stands in every sum as such. An output bounded
        from above needs its upper line alone where its weight w is positive, and its lower line
        where w is negative: w δ/2 + |w| (lean · δ/2 + rise); and w δ/2 − |w| (…) from below.
        """
        layer, last, k = self.program.output, values[-1], len(values)
        parts = [*layer.pairs, *layer.pairs_on_b, *layer.pairs_on_a]
        terms, denominator = self._integers.of(k, "pairs", parts, layer.bias)
        at = [x for x, (source, _) in enumerate(layer.pairs) if source == k - 1]
        if not at or not last.chords:
            return pairs.ends()
        width, own = len(pairs.center), [chord.pair for chord in last.chords]
        weights = [[abs(int(v)) for v in row] for row in _rows(terms[at[0]][1], own)]
        leans = [
            [w * chord.lean for w in row] for row, chord in zip(weights, last.chords, strict=True)
        ]
        halves, olds = last.pairs, len(last.pairs.groups[2]) - len(own)
        groups = [*halves.groups[:2], halves.groups[2][:olds]]
        rows = [[row[p] for p in own] for group in groups for row in group]
        rows.append([halves.center[p] for p in own])
        flat = flint.fmpz_mat(rows) * flint.fmpz_mat(leans)
        scale = denominator << _SLOPE
        steps = [[int(v) // scale for v in row] for row in flat.tolist()]
        middle = steps.pop()
        mine = [row for group in pairs.groups[:2] for row in group] + pairs.groups[2][:olds]
        least, most = [], []
        for j in range(width):
            rise = sum(row[j] * chord.rise for row, chord in zip(weights, last.chords, strict=True))
            loose = sum(abs(row[j]) * halves.radius[p] for row, p in zip(leans, own, strict=True))
            # rounding down lost less than one step in each row, and in the centre
            slack = pairs.radius[j] - (-rise // denominator) - (-loose // scale) + len(rows)
            above = sum(abs(row[j] + step[j]) for row, step in zip(mine, steps, strict=True))
            below = sum(abs(row[j] - step[j]) for row, step in zip(mine, steps, strict=True))
            most.append(pairs.center[j] + middle[j] + above + slack)
            least.append(pairs.center[j] - middle[j] - below - slack)
        return least, most

    def _image(
        self,
        k: int,
        name: str,
        parts: Sequence[tuple[int, RationalMatrix]],
        bias: RationalMatrix,
        read: Sequence[tuple[Forms, tuple[int, ...]]],
        heights: Sequence[int],
    ) -> Forms:
        """Return bias + Σ weights · values; `read` tells where the groups of the values go."""
        terms, denominator = self._integers.of(k, name, parts, bias)
        width = bias.shape[0]
        count = 1 + sum(heights)
        starts = [1 + sum(heights[:g]) for g in range(len(heights))]
        total = flint.fmpz_mat(count, width)
        spread = flint.fmpz_mat(1, width)
        for (_, weights, sizes), (forms, places) in zip(terms, read, strict=True):
            wide = len(forms.center)
            flat = forms.center[:]
            position = 1
            for rows, place in zip(forms.groups, places, strict=True):
                flat += [0] * (wide * (starts[place] - position))
                for row in rows:
                    flat += row
                position = starts[place] + len(rows)
            flat += [0] * (wide * (count - position))
            total += flint.fmpz_mat(count, wide, flat) * weights
            spread += flint.fmpz_mat(1, wide, forms.radius) * sizes
        offset = bias.over(denominator).entries()
        entries = [int(v) for v in total.entries()]
        entries[:width] = [
            v + (int(b) << self.bits) for v, b in zip(entries[:width], offset, strict=True)
        ]
        # rounding down to the grid loses less than one step in each entry
        entries = [v // denominator for v in entries]
        radius = [-(-int(v) // denominator) + count for v in spread.entries()]
        table = [entries[i : i + width] for i in range(0, count * width, width or 1)]
        if width == 0:
            table = [[] for _ in range(count)]
        groups = [table[s : s + h] for s, h in zip(starts, heights, strict=True)]
        return Forms(table[0], radius, groups)

    # ---- ReLU --------------------------------------------------------------------------------

    def _after(
        self,
        k: int,
        layer: JointLayer,
        before: _Values,
        phases: Mapping[tuple[int, str, int], int],
    ) -> _Values | None:
        lines = []
        for name, forms in (("a", before.a), ("b", before.b)):
            found = []
            for j, (low, high) in enumerate(zip(*forms.ends(), strict=True)):
                sign = phases.get((k, name, j), 0)
                if (sign > 0 and high < 0) or (sign < 0 and low > 0):
                    return None
                low, high = max(low, 0) if sign > 0 else low, min(high, 0) if sign < 0 else high
                found.append(_line(low, high))
            lines.append(found)
        pairs, chords = _pairs_after(layer, before, lines[0], lines[1])
        return _Values(_relu(before.a, lines[0]), _relu(before.b, lines[1]), pairs, chords)


def _split(pairs: Forms, n: int) -> Forms:
    """Return differences with the inputs' rows in a group of their own."""
    first, second, third = pairs.groups
    return Forms(pairs.center, pairs.radius, [first[:n], first[n:], second, third])


def _line(low: int, high: int) -> tuple[int, int]:
    """Return slope (over 2^52) and rise of a unit: relu(z) − slope · z is between 0 and rise."""
    if high <= 0:
        return 0, 0
    if low >= 0:
        return _ONE, 0
    slope = high * _ONE // (high - low)
    # even, so that half of it is on the grid; not zero, which would mean a known sign
    rise = max(-(slope * low // _ONE), -(-(_ONE - slope) * high // _ONE), 1)
    return slope, rise + rise % 2


def _take_narrower(values: _Values, layer: JointLayer, n: int) -> None:
    """Where a − s b as it stands is narrower than a difference followed so far, take that."""
    a, b, pairs = values.a, values.b, values.pairs
    sums, errors = pairs.sums(), []
    for forms in (a, b):
        columns = [0] * len(forms.center)
        for row in forms.groups[1]:
            columns = [s + abs(v) for s, v in zip(columns, row, strict=True)]
        errors.append([s + r for s, r in zip(columns, forms.radius, strict=True)])
    matching = layer.matching
    for k, (i, j, scale) in enumerate(
        zip(matching.first, matching.second, matching.scales, strict=True)
    ):
        p, q = scale.numerator, scale.denominator
        inputs = [u[i] - v[j] * p // q for u, v in zip(a.groups[0], b.groups[0], strict=True)]
        total = sum(map(abs, inputs)) + errors[0][i] - (-errors[1][j] * p // q)
        if total >= sums[k] + pairs.radius[k]:
            continue
        column = inputs + [row[i] for row in a.groups[1]]
        for row, value in zip(pairs.groups[0], column, strict=True):
            row[k] = value
        for row, theirs in zip(pairs.groups[1], b.groups[1], strict=True):
            row[k] = -(theirs[j] * p // q)
        for row in pairs.groups[2]:
            row[k] = 0
        pairs.center[k] = a.center[i] - b.center[j] * p // q
        rounded = 1 + n + len(b.groups[1])
        pairs.radius[k] = a.radius[i] - (-b.radius[j] * p // q) + rounded


def _relu(forms: Forms, lines: Sequence[tuple[int, int]]) -> Forms:
    """Return the forms after ReLU; each unit of unknown sign brings a symbol."""
    width = len(forms.center)
    slopes = [slope for slope, _ in lines]
    unstable = [j for j, (_, rise) in enumerate(lines) if rise]
    rows = [
        [v * s >> _SLOPE for v, s in zip(row, slopes, strict=True)]
        for row in (row for group in forms.groups for row in group)
    ]
    count = 1 + len(rows)
    center, radius = [], []
    for c, r, (slope, rise) in zip(forms.center, forms.radius, lines, strict=True):
        center.append((c * slope >> _SLOPE) + rise // 2)
        # nothing was rounded where the slope is 0 or 1
        radius.append(-(-r * slope >> _SLOPE) + (count if rise else 0))
    n = len(forms.groups[0])
    new = [[0] * j + [lines[j][1] // 2] + [0] * (width - j - 1) for j in unstable]
    return Forms(center, radius, [rows[:n], rows[n:] + new])


def _pairs_after(  # noqa: C901 - one formula, case by case
    layer: JointLayer,
    before: _Values,
    lines_a: Sequence[tuple[int, int]],
    lines_b: Sequence[tuple[int, int]],
) -> tuple[Forms, list[_Chord]]:
    """Return the differences after ReLU, and lines around those that have a symbol of their own.

    With relu(a) = p a + …, relu(b) = q b + … and δ = a − s b, the difference relu(a) − s relu(b) is
    k δ + (p − k) a − s (q − k) b + …, for any k; k = p or q leaves one of the two out. It also lies
    between 0 and δ, hence within |δ|/2 of δ/2. What comes out narrower is taken.
    """
    a, b, pairs = before.a, before.b, before.pairs
    matching = layer.matching
    new_a = {j: t for t, j in enumerate(j for j, (_, rise) in enumerate(lines_a) if rise)}
    new_b = {j: t for t, j in enumerate(j for j, (_, rise) in enumerate(lines_b) if rise)}
    width = len(pairs.center)
    reach_a, reach_b, reach = (
        [s + r for s, r in zip(f.sums(), f.radius, strict=True)] for f in (a, b, pairs)
    )
    first = pairs.groups[0] + [[0] * width for _ in new_a]
    second = pairs.groups[1] + [[0] * width for _ in new_b]
    third = pairs.groups[2][:]
    olds = len(pairs.groups[0]), len(pairs.groups[1]), len(third)
    rows_a = a.groups[0] + a.groups[1]
    center, radius, own = [], [], []
    halves: list[int] = []
    chords: list[_Chord] = []
    on_a: list[tuple[int, int, int]] = []
    on_b: list[tuple[int, int, int, int]] = []
    for k, (i, j, scale) in enumerate(
        zip(matching.first, matching.second, matching.scales, strict=True)
    ):
        s, t = scale.numerator, scale.denominator
        (p, rise_a), (q, rise_b) = lines_a[i], lines_b[j]
        by_b = rise_a > 0 and rise_b == 0
        share = q if by_b else p
        a_part, b_part = (p - q, 0) if by_b else (0, p - q)
        if rise_a or rise_b:
            most = abs(pairs.center[k]) + reach[k]
            general = (
                share * reach[k] + abs(a_part) * reach_a[i] + abs(b_part) * reach_b[j] * s // t
            )
            general += _ONE * (rise_a + rise_b * s // t) // 2
            if _ONE * (reach[k] + most) // 2 < general:
                halves.append(_ONE // 2)
                center.append(pairs.center[k] >> 1)
                radius.append((pairs.radius[k] + 1 >> 1) + sum(olds) + 1)
                own.append((k, most + 1 >> 1))
                chords.append(_chord(k, pairs.center[k] - reach[k], pairs.center[k] + reach[k]))
                continue
        halves.append(share)
        middle = (pairs.center[k] * share >> _SLOPE) + rise_a // 2 - rise_b // 2 * s // t
        slack = -(-pairs.radius[k] * share >> _SLOPE)
        if rise_a or rise_b or share not in (0, _ONE) or a_part or b_part:
            slack += 4 + sum(olds) + len(rows_a) + len(b.groups[0]) + len(b.groups[1])
        if a_part:
            on_a.append((k, i, a_part))
            middle += a.center[i] * a_part >> _SLOPE
            slack -= -abs(a_part) * a.radius[i] >> _SLOPE
        if b_part:  # s (p − q) b
            on_b.append((k, j, b_part * s, t << _SLOPE))
            middle += b.center[j] * b_part * s // (t << _SLOPE)
            slack -= -abs(b_part) * b.radius[j] * s // (t << _SLOPE)
        if rise_a:
            first[olds[0] + new_a[i]][k] = rise_a // 2
        if rise_b:
            second[olds[1] + new_b[j]][k] = -(rise_b // 2 * s // t)
        center.append(middle)
        radius.append(slack)
    for rows, old in zip((first, second, third), olds, strict=True):
        for x in range(old):
            rows[x] = [v * share >> _SLOPE for v, share in zip(rows[x], halves, strict=True)]
    for k, i, part in on_a:
        for row, theirs in zip(first, rows_a, strict=False):
            row[k] += theirs[i] * part >> _SLOPE
    for k, j, top, bottom in on_b:
        for row, theirs in zip(first, b.groups[0], strict=False):
            row[k] += theirs[j] * top // bottom
        for row, theirs in zip(second, b.groups[1], strict=False):
            row[k] += theirs[j] * top // bottom
    third = third + [[0] * k + [size] + [0] * (width - k - 1) for k, size in own]
    return Forms(center, radius, [first, second, third]), chords


def _chord(pair: int, low: int, high: int) -> _Chord:
    """Return the lines around what lies between 0 and δ, for δ in [low, high].

    max(0, δ) is convex, so p δ + rise is above it where it is at both ends; and likewise below.
    """
    low, high = min(low, 0), max(high, 0)
    share = high * _ONE // (high - low) if high > low else 0
    rise = max(-(share * low >> _SLOPE), -(-(_ONE - share) * high >> _SLOPE))
    return _Chord(pair, 2 * share - _ONE, rise)


def _rows(matrix: flint.fmpz_mat, chosen: Sequence[int]) -> list[list[int]]:
    """Return some rows of a matrix."""
    width = matrix.ncols()
    return [[int(matrix[i, j]) for j in range(width)] for i in chosen]
