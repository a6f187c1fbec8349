"""Units written as maxima of finitely many affine forms, and identities between them.

relu(t) with t = c·ρ − d·σ + r, where ρ = max S − p and σ = max T − q are earlier units written as
maxima less a form, is

    relu(t) = max(t + dσ + dq, dσ + dq) − dσ − dq = max((c·S + r − cp + dq) ∪ d·T) − d(σ + q),

again a maximum of finitely many forms less one form. Trees of maxima in any order, maxima followed
by ReLU, clipped values and leaky ReLU written as maxima come out as the same set of forms, up to
adding one form to all of them and a positive factor. So two units can be recognised as equal up to
an affine form of what is already there. Every step is an identity of functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, TypeAlias, final

import numpy as np

from tropnet.errors import CertificateError
from tropnet.exact import RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.forms import ONE, Block, Forms

#: A ReLU unit: network, layer counted from 1, index.
Unit: TypeAlias = tuple[str, int, int]
#: An affine form over atoms: (block, index) → nonzero coefficient.
Row: TypeAlias = Mapping[tuple[Block, int], Fraction]

#: Integer vectors: the set of a few forms, moved and scaled.
_Shape: TypeAlias = frozenset[frozenset[tuple[tuple[Block, int], int]]]

#: The most forms of one maximum.
MAX_FORMS: Final = 64
#: Forms up to which each is compared with each.
_FEW: Final = 16
#: The most maxima inside one another.
_DEEPEST: Final = 150


def row_of(forms: Forms, index: int) -> Row:
    """Return one of several forms.

    Example:
        >>> from tropnet.network.forms import INPUT, Forms
        >>> from tropnet.checker.maxima import row_of
        >>> row_of(Forms.identity(INPUT, 2), 1)
        {(('input', 0), 1): Fraction(1, 1)}
    """
    row: dict[tuple[Block, int], Fraction] = {}
    for block, part in forms.parts.items():
        share, kernel = part.sharing, part.kernel
        k = int(share.kernel_of[index])
        for j, column in enumerate(share.patches[int(share.patch_of[index])].tolist()):
            if column >= 0:
                value = kernel[k, j]
                if value:
                    total = row.get((block, column), Fraction(0)) + value
                    row[block, column] = total
    return {place: value for place, value in row.items() if value}


def forms_of(rows: Mapping[int, Row], count: int, sizes: Mapping[Block, int]) -> Forms:
    """Return so many forms, zero where no row is given.

    Args:
        rows: index → form.
        count: the number of forms.
        sizes: the width of every block.
    """
    parts: dict[Block, SharedMatrix] = {}
    for block in sorted({place[0] for row in rows.values() for place in row}):
        own = {
            i: sorted((column, v) for (b, column), v in row.items() if b == block)
            for i, row in rows.items()
        }
        width = max(len(entries) for entries in own.values())
        patches, kernel = [[-1] * width], [[Fraction(0)] * width]
        place_of = np.zeros(count, dtype=np.int64)
        for i, entries in own.items():
            place_of[i] = len(patches)
            rest = width - len(entries)
            patches.append([c for c, _ in entries] + [-1] * rest)
            kernel.append([v for _, v in entries] + [Fraction(0)] * rest)
        table = RationalMatrix.from_rows(kernel)
        parts[block] = SharedMatrix.of(table, patches, place_of, place_of, sizes[block])
    return Forms(count, parts)


def combined(*terms: tuple[Fraction | int, Row]) -> Row:
    """Return the sum of forms with these factors."""
    total: dict[tuple[Block, int], Fraction] = {}
    for factor, row in terms:
        if not factor:
            continue
        for place, value in row.items():
            part = value if factor == 1 else factor * value
            known = total.get(place)
            total[place] = part if known is None else known + part
    return {place: value for place, value in total.items() if value}


@final
@dataclass(frozen=True, eq=False)
class Maximum:
    """The function max(forms) − less.

    Attributes:
        forms: distinct forms, at least one.
        less: the form taken away.
    """

    forms: tuple[Row, ...]
    less: Row

    @cached_property
    def centre(self) -> Row:
        """The mean of the forms."""
        denominator, _, _, total = self._moved
        share = denominator * len(self.forms)
        return {place: Fraction(value, share) for place, value in total.items() if value}

    @cached_property
    def _moved(self) -> tuple[int, int, _Shape, Mapping[tuple[Block, int], int]]:
        """The set of the forms less their mean, as a factor and primitive integer vectors.

        (d, g, shape, total): the forms are integer vectors over d that sum to total, and each form
        less the mean is g / (d · number of forms) times a vector of the shape.
        """
        count = len(self.forms)
        denominator = math.lcm(*(v.denominator for form in self.forms for v in form.values()))
        total: dict[tuple[Block, int], int] = {}
        rows: list[dict[tuple[Block, int], int]] = []
        for form in self.forms:
            row = {p: v.numerator * (denominator // v.denominator) for p, v in form.items()}
            for place, value in row.items():
                total[place] = total.get(place, 0) + value
            rows.append(row)
        moved = [{p: count * row.get(p, 0) - v for p, v in total.items()} for row in rows]
        divisor = math.gcd(*(v for row in moved for v in row.values()))
        shape = frozenset(
            frozenset((p, v // divisor) for p, v in row.items() if v) for row in moved if divisor
        )
        return denominator, divisor, shape, total

    def relation_to(self, other: Maximum) -> tuple[Fraction, Row] | None:
        """Return (s, d) with max(forms) = s · max(other's forms) + d, if the sets are so related.

        Taking the mean away and dividing by the common divisor leaves the same integer vectors
        exactly if one set is the other times a positive factor, moved by a form.
        """
        if len(self.forms) != len(other.forms):
            return None
        mine, theirs = self._moved, other._moved
        if mine[2] != theirs[2]:
            return None
        scale = Fraction(mine[1] * theirs[0], theirs[1] * mine[0]) if mine[1] else Fraction(1)
        return scale, combined((1, self.centre), (-scale, other.centre))


@final
class Maxima:
    """The units of two networks as maxima.

    Args:
        pre: the pre-activations of all layers so far, in the order in which they were written; it
            may grow.
        nowhere_negative: tells of a form whether it is shown to be nowhere negative.
        rows: gives the pre-activation of a unit, where it is not to be read off `pre`.
    """

    def __init__(
        self,
        pre: Mapping[Block, Forms],
        nowhere_negative: Callable[[Row], bool],
        rows: Callable[[Unit], Row] | None = None,
    ) -> None:
        self._pre = pre
        self._nowhere_negative = nowhere_negative
        self._given = rows
        self._order: dict[Block, int] = {}
        self._found: dict[tuple[Unit, frozenset[Unit]], Maximum] = {}
        self._rows: dict[Unit, Row] = {}
        self._depth = 0

    def before(self, unit: Unit) -> Row:
        """Return the pre-activation of a unit."""
        if unit not in self._rows:
            given = self._given
            found = row_of(self._pre[unit[:2]], unit[2]) if given is None else given(unit)
            self._rows[unit] = found
        return self._rows[unit]

    def place(self, atom: tuple[Block, int]) -> tuple[int, int]:
        """Return where an atom stands in the order in which the units were written."""
        block, index = atom
        if len(self._order) < len(self._pre):
            for known in self._pre:
                self._order.setdefault(known, len(self._order))
        return self._order.get(block, -1), index

    def of(self, unit: Unit, opened: Iterable[Unit]) -> Maximum:
        """Return relu(t) of a unit as a maximum, with these atoms written as maxima in turn.

        Args:
            unit: the unit; its pre-activation is a form over earlier atoms.
            opened: atoms; those that do not occur do no harm.

        Raises:
            CertificateError: more than `MAX_FORMS` forms, or too many maxima inside one another.
        """
        key = (unit, frozenset(opened))
        if key not in self._found:
            if self._depth >= _DEEPEST:
                raise CertificateError(f"more than {_DEEPEST} maxima inside one another")
            self._depth += 1
            try:
                self._found[key] = self._written(unit, key[1])
            finally:
                self._depth -= 1
        return self._found[key]

    def _written(self, unit: Unit, opened: frozenset[Unit]) -> Maximum:
        rest = self.before(unit)
        plus: list[Row] = [{}]
        minus: list[Row] = [{}]
        less: Row = {}
        while True:
            present = [atom for atom in rest if (*atom[0], atom[1]) in opened]
            if not present:
                break
            atom = max(present, key=self.place)  # what it takes away may cancel earlier ones
            factor = rest[atom]
            own = self.of((*atom[0], atom[1]), opened)
            rest = combined((1, rest), (-factor, {atom: Fraction(1)}), (-factor, own.less))
            if factor > 0:
                plus = _sums(plus, own.forms, factor)
            else:
                minus = _sums(minus, own.forms, -factor)
                less = combined((1, less), (-factor, {atom: Fraction(1)}), (-factor, own.less))
        forms = [combined((1, form), (1, rest)) for form in plus]
        return Maximum(self._without_lower([*forms, *minus]), less)

    def _without_lower(self, forms: Iterable[Row]) -> tuple[Row, ...]:
        """Drop forms that lie below another one, by a constant or, among few, by intervals.

        What remains depends on the set alone: intervals that show u ≤ v and v ≤ w show u ≤ w.
        """
        best: dict[frozenset[tuple[tuple[Block, int], Fraction]], Row] = {}
        one = (ONE, 0)
        for form in forms:
            slopes = frozenset((place, v) for place, v in form.items() if place != one)
            known = best.get(slopes)
            if known is None or form.get(one, 0) > known.get(one, 0):
                best[slopes] = form
        if len(best) > MAX_FORMS:
            raise CertificateError(f"a maximum of more than {MAX_FORMS} forms")
        kept = list(best.values())
        if len(kept) <= _FEW:
            for form in list(kept):
                others = (v for v in kept if v is not form)
                if any(self._nowhere_negative(combined((1, v), (-1, form))) for v in others):
                    kept.remove(form)
        return tuple(kept)


def _sums(first: Sequence[Row], second: Sequence[Row], factor: Fraction) -> list[Row]:
    """Return the forms of max(first) + factor · max(second), factor > 0."""
    if len(first) * len(second) > MAX_FORMS:
        raise CertificateError(f"a maximum of more than {MAX_FORMS} forms")
    return [combined((1, u), (factor, v)) for u in first for v in second]
