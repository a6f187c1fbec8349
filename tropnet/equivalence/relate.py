"""Finding which units of two networks are the same function, up to what the checker can replay."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.checker.maxima import Unit
from tropnet.checker.relations import NAMES, Claim, Walk
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sweep import Hints, Sweep, agree, hints
from tropnet.exact import IntervalVector
from tropnet.network.forms import Forms, Key, Names
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from tropnet.typing import BoolArray


#: Products of convolutions up to which units of one sign on a box are written out. Where some
#: units of a channel are, and others are not, the next layer's have no kernels in common any more.
_BROKEN_UP: Final = 2**22

_AFFINE, _DEAD, _ACTIVE, _NEW = Claim("affine"), Claim("dead"), Claim("active"), Claim("new")


@final
class Related:
    """Two networks written over common atoms.

    Attributes:
        walk: the forms of all units.
        claims: for each network the claims layer by layer.
        difference: the difference of the outputs as forms over the atoms.
    """

    def __init__(self, walk: Walk, claims: dict[str, list[list[Claim]]]) -> None:
        self.walk = walk
        self.claims = claims
        self.difference: Forms = walk.difference()

    @property
    def data(self) -> dict[str, Any]:
        """The claims as plain data, for a certificate."""
        return {
            name: [[claim.to_json() for claim in layer] for layer in layers]
            for name, layers in self.claims.items()
        }

    @property
    def equal(self) -> bool:
        """Whether the outputs have the same coefficients over the atoms; then f = g."""
        return not self.difference.parts

    def pairs(self) -> list[list[tuple[int, int, Fraction]]] | None:
        """Return pairs of units of which one is a positive multiple of the other.

        Layers and units are those of the `folded` networks. None where these differ in depth.
        """
        units: dict[str, list[list[int]]] = {}  # for each layer with a ReLU its ReLU units
        for name in NAMES:
            layers = self.walk.networks[name].layers
            units[name] = [np.flatnonzero(y.relu).tolist() for y in layers if y.relu.any()]
        if len(units["a"]) != len(units["b"]):
            return None
        found: list[list[tuple[int, int, Fraction]]] = []
        alive = {n: [k for k, y in enumerate(self.walk.networks[n].layers) if y.relu.any()]
                 for n in NAMES}  # fmt: skip
        for at, (ka, kb) in enumerate(zip(alive["a"], alive["b"], strict=True)):
            mine: dict[tuple[str, int, int], list[tuple[int, Fraction]]] = {}
            for place, i in enumerate(units["a"][at]):
                atom, scale = _atom("a", ka + 1, i, self.claims["a"][ka][i])
                mine.setdefault(atom, []).append((place, scale))
            pairs = []
            for place, j in enumerate(units["b"][at]):
                atom, scale = _atom("b", kb + 1, j, self.claims["b"][kb][j])
                if mine.get(atom):
                    partner, size = mine[atom].pop()
                    pairs.append((partner, place, size / scale))
            found.append(pairs)
        return found

    def bounds(self) -> IntervalVector:
        """Return intervals around the outputs' difference."""
        return self.walk.bounds_of(self.difference)


def _atom(name: str, k: int, i: int, claim: Claim) -> tuple[tuple[str, int, int], Fraction]:
    """Return the atom of which a unit is a positive multiple, and the multiple; itself if none."""
    if claim.kind == "same" and claim.unit is not None and claim.scale is not None:
        return claim.unit, claim.scale
    return (name, k, i), Fraction(1)


def relate(
    problem: Problem, everywhere: bool = False, known: Sequence[IntervalVector] | None = None
) -> Related:
    """Write both networks over common atoms.

    The canonical form of ReLU networks up to permutation, positive scaling, duplicate and collinear
    units, relu(−t) = relu(t) − t, units that are dead or always active on the domain (by rational
    intervals), constants, and units whose effect cancels. Each pre-activation is an exact affine
    form over the atoms so far; its primitive integer vector up to sign is looked up among the atoms
    of both networks, and becomes a new atom where it is not found.

    Sound for every network and complete for one hidden layer on R^n, where distinct kinks are
    linearly independent modulo affine functions; incomplete beyond (Grigsby, Lindsey and Rolnick,
    *Hidden symmetries of ReLU networks*, ICML 2023).

    Args:
        problem: the comparison.
        everywhere: relate only what holds on all of R^n, which needs no intervals and is quick.
        known: proven intervals around the pre-activations of the first network's layers on the
            domain.

    Returns:
        The forms of all units, and claims that `tropnet.checker.relations` replays.

    Raises:
        OutOfTime: between two layers.

    Cost: an exact product of the shape of each weight matrix, and one pass over its entries.
    """
    line = IntervalVector.line(problem.a.n_inputs)
    found = _related(problem, line)
    box = line
    bounded = not problem.box.no_lower.all() or not problem.box.no_upper.all()
    if everywhere:
        return found
    if not found.equal and (bounded or known is not None) and _convolutions(problem) <= _BROKEN_UP:
        # what holds everywhere needs no intervals, which cost most of the time in large networks
        box = problem.box
        found = _related(problem, box, known=known)
    if found.equal or not agree(problem):
        return found  # what differs at a point needs no proof of equality
    seen = hints(problem, found.walk)
    if not seen.dependent:
        return found
    known = None if box is line else known
    swept = _related(problem, box, Hints(dependent=True, stable={}), known)
    # a unit of one sign is no maximum any more: which of the two helps cannot be told beforehand
    return swept if swept.equal or not seen.stable else _related(problem, box, seen, known)


def _convolutions(problem: Problem) -> int:
    """Return the products of numbers in the maps that share rows, of the larger network."""
    return max(
        sum(m.products for y in f.affines for _, m in y.terms if isinstance(m, SharedLinear))
        for f in (problem.a, problem.b)
    )


def _related(
    problem: Problem,
    box: IntervalVector,
    seen: Hints | None = None,
    known: Sequence[IntervalVector] | None = None,
) -> Related:
    intervals = None if known is None else {"a": known}
    walk, names = Walk({"a": problem.a, "b": problem.b}, box, intervals), Names()
    sweep = Sweep(problem, walk, seen.stable) if seen is not None else None
    atoms: dict[Key, tuple[Unit, Fraction]] = {}
    constant: set[Unit] = set()  # units of one sign on the domain
    claims: dict[str, list[list[Claim]]] = {}
    for name in NAMES:
        claims[name] = []
        for k, pre in walk.layers(name, problem.require_time):
            problem.require_time()
            relu = walk.networks[name].layers[k - 1].relu
            keys = pre.normalised(names)
            bounds = walk.bounds(name, k)
            signs = bounds.at_most_zero(), bounds.at_least_zero()
            found = layer_claims(name, k, keys, signs, relu, atoms, constant)
            if sweep is not None:
                sweep.claims(name, k, found)
            walk.settle(name, k, found)
            claims[name].append(found)
    return Related(walk, claims)


def layer_claims(
    name: str,
    k: int,
    keys: list[tuple[Key, Fraction]],
    signs: tuple[BoolArray, BoolArray],
    relu: BoolArray,
    known: dict[Key, tuple[Unit, Fraction]],
    constant: set[Unit],
) -> list[Claim]:
    """Return claims about the units of a layer.

    Args:
        name: of the network.
        k: the layer, counted from 1.
        keys: of the units' pre-activations, with their scales.
        signs: which units are dead, and which always active.
        relu: which units have a ReLU.
        known: the first unit with each key so far; it grows.
        constant: the units of one sign so far; it grows.
    """
    found = []
    dead, active = (mask.tolist() for mask in signs)
    own: set[Unit] = set()  # atoms of this layer
    ratios: dict[tuple[int, int], Fraction] = {}  # units of a channel share their scales
    for i, (key, scale) in enumerate(keys):
        if not relu[i]:
            found.append(_AFFINE)
            continue
        theirs = known.get(key)
        if theirs is None or (theirs[0][:2] == (name, k) and theirs[0] not in own):
            claim = _DEAD if dead[i] else _ACTIVE if active[i] else _NEW
            known.setdefault(key, ((name, k, i), scale))
            if claim is _NEW:
                own.add((name, k, i))
        elif (dead[i] or active[i]) and theirs[0] in constant:
            claim = _DEAD if dead[i] else _ACTIVE
        else:  # what is known to be a multiple stays one, whatever the intervals say
            unit, size = theirs
            pair = (id(scale), id(size))
            ratio = ratios.get(pair) or ratios.setdefault(pair, scale / size)
            claim = Claim("same" if ratio > 0 else "opposite", unit, abs(ratio))
        if claim in (_DEAD, _ACTIVE):
            constant.add((name, k, i))
        found.append(claim)
    return found


def offer(related: Related, bracket: Bracket) -> str:
    """Offer the upper bound that the forms give; return what came of it."""
    count = sum(c.kind in ("same", "opposite") for layer in related.claims["b"] for c in layer)
    total = sum(c.kind != "affine" for layer in related.claims["b"] for c in layer)
    if related.equal:
        bracket.offer_upper(Fraction(0), "relations", related.data)
        return "every unit related; the outputs agree as forms"
    bracket.offer_intervals(related.bounds(), "relations", related.data)
    return f"{count} of {total} units of the second network are multiples of others"
