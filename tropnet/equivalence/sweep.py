"""Finding units that are combinations of others although their forms do not show it."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias, final

from tropnet.checker.maxima import Maximum, Unit
from tropnet.checker.relations import NAMES, Claim, Walk
from tropnet.errors import CertificateError
from tropnet.exact import RationalMatrix
from tropnet.network.linear_relations import linear_relations, unit_values

if TYPE_CHECKING:
    from tropnet.equivalence.problem import Problem
    from tropnet.exact.interval import End

#: For each unit that seems to be a combination of earlier units, those units.
Hints: TypeAlias = Mapping[Unit, tuple[Unit, ...]]

#: Functions whose values are compared; more take too long to eliminate.
_COLUMNS: Final = 1600
#: Units that a combination may have.
_LONGEST: Final = 40
#: Directions of a slice through the inputs.
_DIRECTIONS: Final = 8
#: Points beyond as many as there are functions.
_MORE: Final = 12
#: The share of the time left that writing units as maxima may take.
_SHARE: Final = 0.2
#: Atoms of one height that are written as maxima together, and rounds of it.
_TOGETHER: Final = 8
_ROUNDS: Final = 24


def hints(problem: Problem, walk: Walk) -> Hints:
    """Return the atoms of two networks that seem to depend linearly on earlier ones.

    The exact values of all atoms on a random slice of the domain are columns of a matrix; the
    rational kernel is what the hints are read off. Affine parts are left out of them.

    Args:
        problem: the comparison.
        walk: both networks over common atoms.

    Returns:
        No hints at all where there are too many atoms.
    """
    order = {block: i for i, block in enumerate(walk.pre)}
    units = sorted(walk.atoms, key=lambda u: (order[u[:2]], u[2]))
    directions = min(problem.a.n_inputs, _DIRECTIONS)
    size = 1 + directions + len(units)
    if not units or size > _COLUMNS:
        return {}
    slopes, points = _slice(problem, directions, size + _MORE)
    table = [RationalMatrix.from_rows([[1]] * slopes.shape[0]), slopes]
    columns: list[Unit] = []
    for name in NAMES:
        problem.require_time()
        own = [u for u in units if u[0] == name]
        columns += own
        table.append(unit_values(walk.networks[name], points, [u[1:] for u in own]))
    problem.require_time()
    first = 1 + directions
    place = {u: first + i for i, u in enumerate(columns)}
    if columns != units:  # the walk may take the networks in any order
        joined = RationalMatrix.stack_columns(table)
        joined = joined.columns([*range(first), *(place[u] for u in units)])
    else:
        joined = RationalMatrix.stack_columns(table)
    return {
        units[r.column - first]: tuple(units[c - first] for c in r.combination if c >= first)
        for r in linear_relations(joined, most=_LONGEST)
        if r.column >= first
    }


def _slice(problem: Problem, directions: int, count: int) -> tuple[RationalMatrix, RationalMatrix]:
    """Return random points of a slice, by their coordinates in the slice and in the space."""
    rng, n = Random(problem.seed), problem.a.n_inputs
    centre: list[Fraction] = []
    reach: list[Fraction] = []
    for start, (low, high) in zip(problem.start, problem.box.ends(), strict=True):
        middle, radius = _range(start, low, high)
        centre.append(middle)
        reach.append(radius)
    axes = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    if directions < n:
        axes = [[Fraction(rng.choice([-1, 1])) for _ in range(n)] for _ in range(directions)]
    axes = [[v * r for v, r in zip(row, reach, strict=True)] for row in axes]
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
    """

    def __init__(self, problem: Problem, walk: Walk) -> None:
        self._walk = walk
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
            keys = [(y.key, opened) for opened, y in variants if len(y.forms) > 1]
            found = next((key for key in keys if key[0] in self._known), None)
            if found is not None:
                target, theirs = self._known[found[0]]
                claims[i] = Claim("maximum", target, opened=(found[1], theirs))
                gone.add(unit)
                continue
            claims[i] = Claim("new")
            self._height(unit)  # in order, so that no recursion goes deep
            for key, opened in keys:
                self._known.setdefault(key, (unit, opened))
        return gone

    def _variants(self, unit: Unit) -> Iterator[tuple[tuple[Unit, ...], Maximum]]:
        """Iterate over ways to write a unit as a maximum, from no atom opened to many."""
        opened: set[Unit] = set()
        for _ in range(_ROUNDS):
            try:
                maximum = self._walk.maxima.of(unit, opened)
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

    def _height(self, unit: Unit) -> int:
        """Return how many atoms are nested in an atom."""
        if unit not in self._heights:
            before = self._walk.maxima.before(unit)
            inside = [(*block, i) for block, i in before if block[0] in NAMES]
            self._heights[unit] = 1 + max((self._height(u) for u in inside), default=0)
        return self._heights[unit]
