"""What is true of the units of one network, as far as forms and intervals show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, final

import numpy as np

from tropnet.checker.maxima import Row, Unit
from tropnet.checker.relations import Claim, Walk
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import layer_claims
from tropnet.equivalence.sweep import Hints, Sweep, hints
from tropnet.exact import IntervalVector
from tropnet.network import Network
from tropnet.network.forms import Key, Names

#: The name of the only network.
_OWN: Final = "a"
#: What stands for rules that are not asked for.
_NEW: Final = Claim("new")


@final
@dataclass(frozen=True, eq=False, slots=True)
class UnitClaims:
    """Claims about the units of a network on a domain.

    Attributes:
        claims: for each layer a claim for each unit; see `tropnet.checker.relations.Claim`.
        constants: (layer, unit) → the only value of its pre-activation, layers counted from 1.
        rows: for units that are combinations of others, the combination.
    """

    claims: list[list[Claim]]
    constants: Mapping[tuple[int, int], Fraction]
    rows: Mapping[tuple[int, int], Row]

    @staticmethod
    def of(
        network: Network,
        problem: Problem,
        rules: frozenset[str],
        known: Sequence[IntervalVector] | None = None,
    ) -> UnitClaims:
        """Look at a network.

        Args:
            network: the network.
            problem: gives the domain, the time left, and the seed.
            rules: which kinds of claims are wanted.
            known: proven intervals around the pre-activations of all layers.

        Raises:
            OutOfTime: between two layers.

        Cost: an exact product of the shape of each weight matrix, and one pass over its entries;
            with the rule `relations` also that of `tropnet.equivalence.sweep`.
        """
        walk, claims, constants = _walked(network, problem, rules, known, None)
        if "relations" in rules and len(walk.atoms) > 1:
            seen = hints(problem, walk)
            if seen.dependent:
                walk, claims, constants = _walked(network, problem, rules, known, seen)
        rows: dict[tuple[int, int], Row] = {}
        for k, layer in enumerate(claims, start=1):
            for i, claim in enumerate(layer):
                if claim.kind == "maximum":
                    rows[k, i] = walk.rewritten((_OWN, k, i), claim)
        return UnitClaims(claims, constants, rows)


def _walked(
    network: Network,
    problem: Problem,
    rules: frozenset[str],
    intervals: Sequence[IntervalVector] | None,
    seen: Hints | None,
) -> tuple[Walk, list[list[Claim]], dict[tuple[int, int], Fraction]]:
    proven = None if intervals is None else {_OWN: intervals}
    walk, names = Walk({_OWN: network}, problem.box, proven), Names()
    sweep = None if seen is None else Sweep(problem, walk, seen.stable)
    known: dict[Key, tuple[Unit, Fraction]] = {}
    one_sign: set[Unit] = set()
    claims: list[list[Claim]] = []
    constants: dict[tuple[int, int], Fraction] = {}
    for k, pre in walk.layers(_OWN):
        problem.require_time()
        relu = network.layers[k - 1].relu
        bounds = walk.bounds(_OWN, k)
        dead, active = bounds.at_most_zero(), bounds.at_least_zero()
        if "constant" in rules:
            constants.update({(k, i): value for i, value in _points(bounds).items()})
        if "dead" not in rules:
            dead = np.zeros_like(dead)
        if "active" not in rules:
            active = np.zeros_like(active)
        found = layer_claims(_OWN, k, pre.normalised(names), (dead, active), relu, known, one_sign)
        if "parallel" not in rules:
            found = [_NEW if c.kind in ("same", "opposite") else c for c in found]
        if sweep is not None:
            sweep.claims(_OWN, k, found)
        walk.settle(_OWN, k, found)
        claims.append(found)
    return walk, claims, constants


def _points(bounds: IntervalVector) -> dict[int, Fraction]:
    """Return the intervals that hold one number, with it."""
    same = ~bounds.no_lower & ~bounds.no_upper
    same &= (bounds.upper - bounds.lower).signs()[:, 0] == 0
    places = np.flatnonzero(same).tolist()
    return {i: bounds.lower[i, 0] for i in places}
