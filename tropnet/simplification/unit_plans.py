"""From claims about units to plans of what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias, final

import numpy as np

from tropnet.checker.maxima import Row
from tropnet.checker.relations import Claim
from tropnet.exact import RationalMatrix
from tropnet.network import Network
from tropnet.network.forms import INPUT, ONE
from tropnet.network.layer import Layer
from tropnet.network.linear_relations import linear_relations
from tropnet.network.rewriting import ZERO, LayerPlan, Sum
from tropnet.network.shared_linear import SharedLinear
from tropnet.simplification.unit_claims import UnitClaims

#: A unit: layer counted from 1, index.
Place: TypeAlias = tuple[int, int]
#: Units of a layer without ReLU among which linear relations are looked for.
_MOST: Final = 400


@final
@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one unit.

    Attributes:
        rule: why.
        place: the unit.
        relu: whether it has a ReLU from now on.
        folded: whether its affine function goes into what reads it.
        value: the sum that it is; None where it stays as it is.
    """

    rule: str
    place: Place
    relu: bool
    folded: bool = False
    value: Sum | None = None


def plans_of(network: Network, changes: Iterable[Change]) -> list[LayerPlan]:
    """Return the plans for these changes; units that are not named stay."""
    by_layer: dict[int, list[Change]] = {}
    for change in changes:
        by_layer.setdefault(change.place[0], []).append(change)
    plans = []
    for k, layer in enumerate(network.layers, start=1):
        own = by_layer.get(k, [])
        relu = layer.relu.copy()
        for change in own:
            relu[change.place[1]] = change.relu
        folded = frozenset(c.place[1] for c in own if c.folded)
        sums = {c.place[1]: c.value for c in own if c.value is not None}
        plans.append(LayerPlan(relu, folded, sums))
    return plans


def claimed_changes(network: Network, found: UnitClaims, rules: frozenset[str]) -> list[Change]:
    """Return what follows from claims: units that go, and ReLUs that go.

    A unit opposite to another, relu(−s t) = s relu(t) − s t, stays without its ReLU, its row being
    that of −s t.
    """
    changes: list[Change] = []
    for k, (layer, claims) in enumerate(zip(network.layers, found.claims, strict=True), start=1):
        for i, claim in enumerate(claims):
            place, constant = (k, i), found.constants.get((k, i))
            relu = bool(layer.relu[i])
            if claim.kind == "dead":
                changes.append(Change("dead", place, relu, value=ZERO))
            elif constant is not None and "constant" in rules:
                only = max(constant, Fraction(0)) if relu else constant
                changes.append(Change("constant", place, relu, value=Sum({}, only)))
            elif claim.kind == "active":
                changes.append(Change("active", place, relu=False))
            elif claim.kind in ("same", "opposite"):
                changes.append(_multiple(place, claim, found.claims))
            elif claim.kind == "maximum":
                value = _sum_of(found.rows[place])
                changes.append(Change("relations", place, relu, value=value))
    return changes


def _multiple(place: Place, claim: Claim, claims: Sequence[Sequence[Claim]]) -> Change:
    assert claim.unit is not None
    assert claim.scale is not None
    _, k, i = claim.unit
    first = claims[k - 1][i].kind
    if claim.kind == "same":
        if first == "dead":
            return Change("dead", place, relu=True, value=ZERO)
        return Change("parallel", place, relu=True, value=Sum({(k, i): claim.scale}))
    if first == "dead":  # t ≤ 0, so −s t ≥ 0
        return Change("active", place, relu=False)
    if first == "active":
        return Change("dead", place, relu=True, value=ZERO)
    both = {place: Fraction(1), (k, i): claim.scale}
    return Change("parallel", place, relu=False, value=Sum(both))


def _sum_of(row: Row) -> Sum:
    terms: dict[Place, Fraction] = {}
    constant = Fraction(0)
    for (block, index), value in row.items():
        if block == ONE:
            constant += value
        else:
            terms[0 if block == INPUT else block[1], index] = value
    return Sum(terms, constant)


def unused_changes(network: Network) -> list[Change]:
    """Return the units that nothing reads which an output reads in the end."""
    live = [np.zeros(w, dtype=np.bool_) for w in (network.n_inputs, *network.widths)]
    everything = np.ones(network.n_outputs, dtype=np.bool_)
    for source, weights in network.output.terms:
        live[source] |= weights.reads(everything)
    for k in range(len(network.layers), 0, -1):
        if live[k].any():
            for source, weights in network.layers[k - 1].affine.terms:
                live[source] |= weights.reads(live[k])
    return [
        Change("unused", (k, i), bool(layer.relu[i]), value=ZERO)
        for k, layer in enumerate(network.layers, start=1)
        for i in np.flatnonzero(~live[k]).tolist()
    ]


def folding_changes(network: Network, k: int) -> list[Change]:
    """Return the units of a layer that have no ReLU, to be multiplied into what reads them."""
    relu = network.layers[k - 1].relu
    return [Change("fold", (k, i), relu=False, folded=True) for i in np.flatnonzero(~relu).tolist()]


def dependent_changes(network: Network, k: int) -> list[Change]:
    """Return the units of a layer without ReLU that are combinations of others there.

    Their rows and biases are vectors; those that depend on earlier ones, and on the constant, are
    found by exact elimination.
    """
    layer = network.layers[k - 1]
    units = np.flatnonzero(~layer.relu).tolist()
    shared = any(isinstance(m, SharedLinear) for _, m in layer.affine.terms)
    if len(units) < 2 or len(units) > _MOST or shared:
        return []
    part = layer.affine.take(units)
    rows = [m.exact.T for _, m in part.terms] + [part.bias.exact.T]
    size = sum(len(r) for r in rows)
    one = RationalMatrix.from_rows([[int(i == size - 1)] for i in range(size)])
    table = RationalMatrix.stack_columns([one, RationalMatrix.stack_rows(rows)])
    changes = []
    for relation in linear_relations(table):
        if relation.column == 0:
            continue
        terms = {(k, units[c - 1]): v for c, v in relation.combination.items() if c}
        value = Sum(terms, relation.combination.get(0, Fraction(0)))
        changes.append(Change("rank", (k, units[relation.column - 1]), relu=False, value=value))
    return changes


def whole_channels(network: Network, changes: Sequence[Change]) -> list[Change]:
    """Leave out changes of single positions of a convolution's channel.

    Units that share their kernels, and their bias, stay one channel: a rule applies to all of its
    positions in the same way, or to none.
    """
    by_layer: dict[int, list[Change]] = {}
    for change in changes:
        by_layer.setdefault(change.place[0], []).append(change)
    kept: list[Change] = []
    for k, own in by_layer.items():
        channel = channels(network.layers[k - 1])
        if channel is None:
            kept += own
            continue
        sizes = np.bincount(channel)
        groups: dict[tuple[int, object], list[Change]] = {}
        for change in own:
            groups.setdefault((int(channel[change.place[1]]), _manner(change)), []).append(change)
        for (which, _), group in groups.items():
            if len(group) == sizes[which]:
                kept += group
    return sorted(kept, key=lambda change: change.place)


def channels(layer: Layer) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    """Return for each unit of a layer the number of its channel; None for a dense layer."""
    shared = [m for _, m in layer.affine.terms if isinstance(m, SharedLinear)]
    if not shared:
        return None
    bias = layer.affine.bias.exact.T.to_fractions()[0]
    known: dict[object, int] = {}
    keys = zip(*(m.sharing.kernel_of.tolist() for m in shared), bias, strict=True)
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)


def _manner(change: Change) -> object:
    """Return what changes of one channel have in common."""
    value = change.value
    terms = () if value is None else tuple(sorted((k, v) for (k, _), v in value.terms.items()))
    constant = None if value is None else value.constant
    return change.rule, change.relu, change.folded, terms, constant


def in_groups(changes: Sequence[Change]) -> list[list[Change]]:
    """Return the changes by rule and layer."""
    groups: dict[tuple[str, int], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.rule, change.place[0]), []).append(change)
    return list(groups.values())
