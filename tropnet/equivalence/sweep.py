"""Finding units that are combinations of others although their forms do not show it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final

from tropnet.checker.maxima import Maxima, Maximum, Row, Unit, combined, row_of
from tropnet.checker.relations import NAMES, Claim, Walk
from tropnet.equivalence.lifted import lifted
from tropnet.errors import CertificateError
from tropnet.exact import RationalMatrix
from tropnet.network.forms import INPUT, Block, Forms
from tropnet.network.linear_relations import rank_of, unit_values

if TYPE_CHECKING:
    from tropnet.equivalence.problem import Problem
    from tropnet.exact.interval import End

#: The sign that a unit seems to have.
Sign: TypeAlias = Literal["dead", "active"]

#: Functions whose values are compared; more take too long to eliminate.
_COLUMNS: Final = 600
#: Coefficients and atoms of a unit up to which multiples that show its sign are looked for.
_INSIDE: Final = 12
#: Atoms beyond which nothing is looked for at all.
_MOST: Final = 20000
#: Inputs beyond which one number stands for the part of a form that reads them.
_MANY: Final = 12
#: A prime for keys, 2^61 − 1.
_PRIME: Final = 2**61 - 1
#: Units whose sign is looked for so.
_TRIES: Final = 64
#: Directions of a slice through the inputs.
_DIRECTIONS: Final = 8
#: Points at which networks have to agree before their units are compared any further.
_FEW: Final = 6
#: Points beyond as many as there are functions.
_MORE: Final = 12
#: The share of the time left that writing units as maxima may take.
_SHARE: Final = 0.4
#: Atoms of one height that are written as maxima together, and rounds of it.
_TOGETHER: Final = 8
_ROUNDS: Final = 24


@final
@dataclass(frozen=True, slots=True)
class Hints:
    """What exact values at points suggest.

    Attributes:
        dependent: whether some atom may be a combination of the inputs and earlier atoms.
        stable: atoms that have one sign at all points.
    """

    dependent: bool
    stable: Mapping[Unit, Sign]


def hints(problem: Problem, walk: Walk) -> Hints:
    """Look at the atoms of two networks at random points.

    The exact values of all atoms on a random slice of the domain are columns of a matrix. Where
    these are linearly independent, so are the atoms, and there is nothing to be found.

    Args:
        problem: the comparison.
        walk: both networks over common atoms.

    Returns:
        What was seen; where there are too many atoms to look, that there may be relations.

    Raises:
        OutOfTime: the time is up.

    Cost: an exact forward pass of as many points as there are atoms, and one elimination modulo a
    word-size prime.
    """
    units = sorted(walk.atoms)
    directions = min(problem.a.n_inputs, _DIRECTIONS)
    size = 1 + directions + len(units)
    if size > _COLUMNS:
        return Hints(len(units) <= _MOST, {})
    slopes, points = _slice(problem, directions, size + _MORE)
    table = [RationalMatrix.from_rows([[1]] * slopes.shape[0]), slopes]
    stable: dict[Unit, Sign] = {}
    for name in walk.networks:
        problem.require_time()
        own = [u for u in units if u[0] == name]
        table.append(unit_values(walk.networks[name], points, [u[1:] for u in own]))
        for unit, column in zip(own, table[-1].signs().T, strict=True):
            zeros = int((column == 0).sum())
            if zeros == len(column):
                stable[unit] = "dead"
            elif zeros <= len(column) // 8:  # |x| is zero at 0
                stable[unit] = "active"
    problem.require_time()
    return Hints(rank_of(RationalMatrix.stack_columns(table)) < size, stable)


def agree(problem: Problem) -> bool:
    """Tell whether both networks have the same exact values at a few random points.

    The points lie in the box around the domain; equal networks agree there too, since relations
    between units are proven on the whole of it.
    """
    _, points = _slice(problem, min(problem.a.n_inputs, _DIRECTIONS), _FEW)
    return bool((problem.a.exact(points) - problem.b.exact(points)).is_zero())


def _slice(problem: Problem, directions: int, count: int) -> tuple[RationalMatrix, RationalMatrix]:
    """Return random points of a slice, by their coordinates in the slice and in the space."""
    rng, n = Random(problem.seed), problem.a.n_inputs
    centre: list[Fraction] = []
    reach: list[Fraction] = []
    for start, (low, high) in zip(problem.start, problem.box.ends(), strict=True):
        middle, radius = _range(start, low, high)
        centre.append(middle)
        reach.append(radius)
    if directions < n:
        axes = [[r if rng.random() < 0.5 else -r for r in reach] for _ in range(directions)]
    else:
        axes = [[r if i == j else Fraction(0) for j in range(n)] for i, r in enumerate(reach)]
    share = 1 if directions == n else directions
    rows = [
        [Fraction(rng.randint(-256, 256), 256 * share * 4 ** rng.randint(0, 4))
         for _ in range(directions)]
        for _ in range(count)
    ]  # fmt: skip
    slopes = RationalMatrix.from_rows(rows)
    return slopes, slopes @ RationalMatrix.from_rows(axes) + RationalMatrix.from_rows([centre])


def _range(start: Fraction, low: End, high: End) -> tuple[Fraction, Fraction]:
    """Return the middle and the radius of what is looked at of one coordinate."""
    if low is not None and high is not None:
        return (low + high) / 2, (high - low) / 2
    wide = Fraction(256)
    if low is None and high is None:
        return start, wide
    return (high - wide, wide) if low is None and high is not None else (start + wide, wide)


@final
class Sweep:
    """Proposes claims about units that are maxima of the same forms as earlier ones.

    Args:
        problem: the comparison.
        walk: both networks over common atoms, as far as they are written.
        stable: units that seem to have one sign.
    """

    def __init__(self, problem: Problem, walk: Walk, stable: Mapping[Unit, Sign]) -> None:
        self._walk = walk
        self._stable = stable
        self._tries = _TRIES
        self._shadows: dict[Block, tuple[Forms, RationalMatrix | None]] = {}
        self._maxima = walk.maxima
        self._inverses: dict[int, int] = {}
        rng = Random(problem.seed)
        self._weights_of: defaultdict[tuple[Block, int], tuple[int, int]] = defaultdict(
            lambda: (rng.randrange(_PRIME), rng.randrange(_PRIME))
        )
        if problem.a.n_inputs > _MANY:
            self._weights = RationalMatrix.from_rows(
                [[Fraction(rng.randint(-(2**20), 2**20)) for _ in range(problem.a.n_inputs)]]
            )
            self._maxima = Maxima(walk.pre, self._nowhere_negative, self._shadow)
        self._until = time.monotonic() + problem.remaining * _SHARE
        self._known: dict[Hashable, tuple[Unit, tuple[Unit, ...]]] = {}
        self._heights: dict[Unit, int] = {}

    def claims(self, name: str, k: int, claims: list[Claim]) -> set[Unit]:
        """Replace claims of new atoms of a layer by proofs that they are none, where it can.

        Returns:
            The units that are no atoms then.
        """
        gone: set[Unit] = set()
        for i, claim in enumerate(claims):
            unit = (name, k, i)
            again = claim.unit in gone  # a multiple of a unit that is no atom any more
            if claim.kind != "new" and not again:
                continue
            variants = list(self._variants(unit)) if time.monotonic() < self._until or again else []
            keys = [(self._key(y), opened) for opened, y in variants if len(y.forms) > 1]
            found = next((key for key in keys if key[0] in self._known), None)
            if found is not None:
                target, theirs = self._known[found[0]]
                better = Claim("maximum", target, opened=(found[1], theirs))
                if self._holds(unit, better):
                    claims[i] = better
                    gone.add(unit)
                    continue
            claims[i] = self._sign(unit) or _multiple(claim, claims) or Claim("new")
            if claims[i].kind != "new":  # what is a multiple of it cannot refer to it
                gone.add(unit)
            self._height(unit)  # in order, so that no recursion goes deep
            for key, opened in keys if claims[i].kind == "new" else []:
                self._known.setdefault(key, (unit, opened))
        return gone

    def _key(self, maximum: Maximum) -> Hashable:
        """Return what two sets of forms share if one is the other scaled and moved.

        Two random functionals modulo a prime take each form to two numbers. Their moments about the
        mean, in ratios that no factor changes, tell most other sets apart.
        """
        count = len(maximum.forms)
        firsts, seconds = zip(*map(self._residues, maximum.forms), strict=True)
        mean, other = sum(firsts), sum(seconds)
        pairs = [
            (count * u - mean, count * v - other) for u, v in zip(firsts, seconds, strict=True)
        ]
        squares = sum(u * u for u, _ in pairs) % _PRIME
        cubes = sum(u * u * v for u, v in pairs) % _PRIME
        if not squares:
            return count
        inverse = pow(squares, -1, _PRIME)
        cube = sum(u**3 for u, _ in pairs) * pow(cubes, -1, _PRIME) % _PRIME if cubes else -1
        mixed, last = sum(u * v for u, v in pairs), sum(v * v for _, v in pairs)
        return count, mixed * inverse % _PRIME, last * inverse % _PRIME, cube

    def _residues(self, form: Row) -> tuple[int, int]:
        first = second = 0
        for place, value in form.items():
            u, v = self._weights_of[place]
            inverse = self._inverses.get(value.denominator)
            if inverse is None:
                inverse = pow(value.denominator % _PRIME or 1, -1, _PRIME)
                self._inverses[value.denominator] = inverse
            number = value.numerator * inverse % _PRIME
            first += number * u
            second += number * v
        return first % _PRIME, second % _PRIME

    def _holds(self, unit: Unit, claim: Claim) -> bool:
        try:
            self._walk.as_maximum(unit, claim)
        except CertificateError:  # shadows of forms agree, and the forms do not
            return False
        return True

    def _shadow(self, unit: Unit) -> Row:
        """Return the pre-activation of a unit with its input part as one number.

        It is the value of that part at a random point. Forms of hundreds of inputs are slow to
        handle; forms whose shadows agree are proposed, and compared as they are before a claim.
        """
        block = unit[:2]
        if block not in self._shadows:
            forms = self._walk.pre[block]
            rest = Forms(forms.count, {b: p for b, p in forms.parts.items() if b != INPUT})
            part = forms.parts.get(INPUT)
            self._shadows[block] = (rest, None if part is None else part.apply(self._weights))
        rest, values = self._shadows[block]
        row = dict(row_of(rest, unit[2]))
        if values is not None and values[0, unit[2]]:
            row[INPUT, 0] = values[0, unit[2]]
        return row

    def _nowhere_negative(self, row: Row) -> bool:
        """Tell it of a shadow where that is possible."""
        return (INPUT, 0) not in row and self._walk.at_least_zero(row)

    def _variants(self, unit: Unit) -> Iterator[tuple[tuple[Unit, ...], Maximum]]:
        """Iterate over ways to write a unit as a maximum, from no atom opened to many."""
        opened: set[Unit] = set()
        for _ in range(_ROUNDS):
            try:
                maximum = self._maxima.of(unit, opened)
            except CertificateError:  # too many forms
                return
            yield tuple(sorted(opened)), maximum
            present = {
                (*block, i) for form in maximum.forms for block, i in form if block[0] in NAMES
            } - opened
            if not present:
                return
            top = max(self._height(atom) for atom in present)
            highest = [atom for atom in present if self._height(atom) == top]
            if len(highest) > _TOGETHER:
                return
            opened.update(highest)

    def _sign(self, unit: Unit) -> Claim | None:
        """Return a claim that a unit is dead or active, by multiples of atoms, if there is one."""
        if unit not in self._stable or time.monotonic() > self._until or self._tries <= 0:
            return None
        kind = self._stable[unit]
        atoms = self._inside(unit)
        if atoms is None:
            return None
        self._tries -= 1
        before = combined((1 if kind == "active" else -1, self._walk.maxima.before(unit)))
        lifts = [
            combined((1, {(atom[:2], atom[2]): Fraction(1)}), (-1, self._walk.maxima.before(atom)))
            for atom in atoms
        ]
        multiples = lifted(before, lifts, lambda block: self._walk.range_of(block))
        if multiples is None:
            return None
        pairs = tuple((u, m) for u, m in zip(atoms, multiples, strict=True) if m)
        claim = Claim(kind, lifted=pairs)
        return claim if pairs and self._walk.has_sign(unit, claim) else None

    def _inside(self, unit: Unit) -> list[Unit] | None:
        """Return the atoms inside a unit; None where they are many."""
        found: set[Unit] = set()
        fresh = [unit]
        while fresh:
            before = self._walk.maxima.before(fresh.pop())
            more = {(*block, i) for block, i in before if block[0] in NAMES} - found
            if len(before) + len(found) > _INSIDE:
                return None
            found |= more
            fresh += more
        return sorted(found)

    def _height(self, unit: Unit) -> int:
        """Return how many atoms are nested in an atom."""
        if unit not in self._heights:
            before = self._maxima.before(unit)
            inside = [(*block, i) for block, i in before if block[0] in NAMES]
            self._heights[unit] = 1 + max((self._height(u) for u in inside), default=0)
        return self._heights[unit]


def _multiple(claim: Claim, claims: Sequence[Claim]) -> Claim | None:
    """Return the sign of a multiple of a unit of the same layer, if that has one."""
    if claim.unit is None or claim.scale is None:
        return None
    own = claims[claim.unit[2]]
    if own.kind not in ("dead", "active"):
        return None
    other: Sign = "active" if own.kind == "dead" else "dead"
    kind = own.kind if claim.kind == "same" else other
    return Claim(kind, lifted=tuple((unit, claim.scale * m) for unit, m in own.lifted))
