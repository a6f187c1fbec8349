"""Replaying claims about units: which are equal, dead or always active, over common atoms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal, TypeGuard, final

import numpy as np

from tropnet.checker.hull import fixed_coordinates
from tropnet.checker.maxima import Maxima, Row, Unit, combined, forms_of
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, as_fraction
from tropnet.exact.fraction import fraction_text, shortened
from tropnet.exact.interval import End
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.network.forms import (
    INPUT,
    ONE,
    Block,
    Forms,
    Watch,
    affine_forms,
    block_sizes,
    input_forms,
)
from tropnet.network.network import Network

#: The names of the two networks in forms and certificates.
NAMES: Final = ("a", "b")

Kind = Literal["affine", "new", "dead", "active", "same", "opposite", "maximum"]


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed of one unit with pre-activation t.

    Attributes:
        kind: `affine`: it has no ReLU. `new`: its ReLU is an atom. `dead`, `active`: t ≤ 0, t ≥ 0
            on the domain. `same`, `opposite`: t = ±scale · (pre-activation of `unit`).
            `maximum`: max(t, 0) and the atom `unit` are written as maxima of the same forms, up to
            a factor and a form added (`tropnet.checker.maxima`).
        unit: an atom, or for `same` and `opposite` any ReLU unit of an earlier layer, as (network,
            layer, index); layers count from 1.
        scale: a positive rational.
        opened: for `maximum`, the atoms that are written as maxima in turn: those for the unit, and
            those for the atom.
        lifted: for `dead` and `active`, atoms with positive multiples: so much of atom ≥ (its
            pre-activation) is what the intervals do not see.
    """

    kind: Kind
    unit: Unit | None = None
    scale: Fraction | None = None
    opened: tuple[tuple[Unit, ...], tuple[Unit, ...]] | None = None
    lifted: tuple[tuple[Unit, Fraction], ...] = ()

    def to_json(self) -> Any:
        """Return the claim as plain data."""
        if self.unit is not None and self.opened is not None:
            return [self.kind, *self.unit, *([list(u) for u in side] for side in self.opened)]
        if self.lifted:
            return [self.kind, [[*unit, fraction_text(v)] for unit, v in self.lifted]]
        if self.unit is None or self.scale is None:
            return self.kind
        return [self.kind, *self.unit, fraction_text(self.scale)]

    @staticmethod
    def from_json(data: Any) -> Claim:
        """Return the claim that `to_json` wrote.

        Raises:
            CertificateError: data that is no claim.
        """
        if isinstance(data, str) and data in ("affine", "new", "dead", "active"):
            return Claim(data)  # type: ignore[arg-type]
        match data:
            case [
                "same" | "opposite" as kind,
                "a" | "b" as name,
                int(layer),
                int(unit),
                str(scale),
            ]:
                factor = as_fraction(scale, "scale")
                if factor > 0 and layer > 0 and unit >= 0:
                    return Claim(kind, (name, layer, unit), factor)
            case ["dead" | "active" as kind, list(lifted)]:
                if all(isinstance(v, list) and len(v) == 4 and _is_unit(v[:3]) for v in lifted):
                    pairs = [(tuple(v[:3]), as_fraction(v[3], "multiple")) for v in lifted]
                    if all(isinstance(v[3], str) for v in lifted) and all(m > 0 for _, m in pairs):
                        return Claim(kind, lifted=tuple(pairs))
            case ["maximum", *unit, list(mine), list(theirs)]:
                if all(_is_unit(u) for u in (unit, *mine, *theirs)):
                    opened = (tuple(map(tuple, mine)), tuple(map(tuple, theirs)))
                    return Claim("maximum", tuple(unit), opened=opened)
        raise CertificateError(f"not a claim about a unit: {shortened(repr(data))}")


def _is_unit(data: Any) -> bool:
    match data:
        case ["a" | "b", int(layer), int(index)]:
            return layer > 0 and index >= 0
    return False


@final
class Walk:
    """Two networks written layer by layer as forms over common atoms.

    Args:
        networks: the networks by name, `a` and `b`.
        box: intervals around the inputs on the domain.
        known: proven intervals around the pre-activations of each layer of some of the networks.
    """

    def __init__(
        self,
        networks: Mapping[str, Network],
        box: IntervalVector,
        known: Mapping[str, Sequence[IntervalVector]] | None = None,
    ) -> None:
        self.networks = networks
        self.sizes = block_sizes(networks)
        self.pre: dict[Block, Forms] = {}
        self.atoms: set[tuple[str, int, int]] = set()
        fixed = fixed_coordinates(box)
        self._known = known or {}
        self._bounds: dict[Block, IntervalVector] = {}
        self._ranges: dict[Block, IntervalVector] = {ONE: IntervalVector.of([1], [1]), INPUT: box}
        self.maxima = Maxima(self.pre, self.at_least_zero)
        self._rewritten: dict[tuple[Unit, Claim], Row] = {}
        self._ends: dict[Block, list[tuple[End, End]]] = {}
        self._intervals = {name: [box] for name in networks}
        self._values = {name: [input_forms(network, fixed)] for name, network in networks.items()}

    def layers(self, name: str, watch: Watch | None = None) -> Iterator[tuple[int, Forms]]:
        """Iterate over the layers of one network: index and pre-activations.

        After each item call `settle` with the claims for that layer.

        Args:
            name: of the network.
            watch: called between products; what it raises ends the work.
        """
        for k, layer in enumerate(self.networks[name].layers, start=1):
            pre = affine_forms(layer.affine, self._values[name], watch)
            self.pre[name, k] = pre
            yield k, pre

    def bounds(self, name: str, k: int) -> IntervalVector:
        """Return intervals around the pre-activations of a layer.

        They enclose both the forms and, layer by layer, the weighted values of earlier units: with
        relu(−t) written as relu(t) − t, only the latter show that it is not negative.
        """
        if (name, k) not in self._bounds:
            for net, layer in self.pre:  # in the order of the layers, so that what is read is there
                if (net, layer) not in self._bounds:
                    self._bounds[net, layer] = self._enclosed(net, layer)
                if (net, layer) == (name, k):
                    break
        return self._bounds[name, k]

    def _enclosed(self, name: str, k: int) -> IntervalVector:
        layer, values = self.networks[name].layers[k - 1], self._intervals[name]
        plain = IntervalVector.point(layer.affine.bias.exact)
        for source, weights in layer.affine.terms:
            plain = plain + values[source].image(weights.matrix)
        before = plain.meet(self._around(self.pre[name, k]))
        if name in self._known:
            before = before.meet(self._known[name][k - 1])
        values.append(before.relu().where(layer.relu, before).outward())
        return before

    def _around(self, forms: Forms) -> IntervalVector:
        """Return intervals around forms over atoms whose bounds are known."""
        for block in forms.parts:
            if block not in self._ranges:
                self._ranges[block] = self._bounds[block].relu().outward()
        return forms.bounds(self._ranges)

    def bounds_of(self, forms: Forms) -> IntervalVector:
        """Return intervals around forms over the atoms so far; each layer's are computed once."""
        for block in forms.parts:
            if block in self.pre:
                self.bounds(*block)
        return self._around(forms)

    def settle(self, name: str, k: int, claims: Sequence[Claim]) -> None:
        """Write the values of layer k as forms, taking the claims for granted."""
        size, pre = len(claims), self.pre[name, k]
        self.atoms.update((name, k, i) for i, claim in enumerate(claims) if claim.kind == "new")
        if all(claim.kind == "new" for claim in claims):
            self._values[name].append(Forms.identity((name, k), size))
            return
        entries: dict[Block, list[tuple[int, int, Fraction]]] = {}
        keep: list[tuple[int, int, Fraction]] = []
        minus: dict[tuple[str, int], list[tuple[int, int, Fraction]]] = {}
        copied: dict[Block, list[tuple[int, int, Fraction]]] = {}  # of units that are no atoms
        rewritten: dict[int, Row] = {}
        for i, claim in enumerate(claims):
            if claim.kind in ("affine", "active"):
                keep.append((i, i, Fraction(1)))
            elif claim.kind == "new":
                entries.setdefault((name, k), []).append((i, i, Fraction(1)))
            elif claim.kind == "maximum":
                rewritten[i] = self.rewritten((name, k, i), claim)
            elif claim.unit is not None and claim.scale is not None:
                net, layer, unit = claim.unit
                place = entries if claim.unit in self.atoms else copied
                place.setdefault((net, layer), []).append((i, unit, claim.scale))
                if claim.kind == "opposite":  # relu(−t) = relu(t) − t
                    minus.setdefault((net, layer), []).append((i, unit, -claim.scale))
        parts = {
            b: SharedMatrix.selection(size, self.sizes[b], rows) for b, rows in entries.items()
        }
        values = Forms(size, parts)
        if keep:
            values = values + pre.image(SharedMatrix.selection(size, size, keep))
        of_units = [(self._values[net][layer], rows) for (net, layer), rows in copied.items()]
        for forms, rows in of_units + [(self.pre[source], rows) for source, rows in minus.items()]:
            values = values + forms.image(SharedMatrix.selection(size, forms.count, rows))
        if rewritten:
            values = values + forms_of(rewritten, size, self.sizes)
        self._values[name].append(values)

    def is_settled(self, unit: Unit) -> bool:
        """Tell whether a unit is a ReLU unit of a layer that is settled."""
        name, layer, index = unit
        if name not in self._values or not 0 < layer < len(self._values[name]):
            return False
        relu = self.networks[name].layers[layer - 1].relu
        return index < len(relu) and bool(relu[index])

    def has_sign(self, unit: Unit, claim: Claim) -> bool:
        """Tell whether the pre-activation t of a unit has the sign that a claim says.

        For a claim `active` with multiples μ of atoms: as max(u, 0) − u ≥ 0, t is not negative
        where t − Σ μ (max(u, 0) − u) is not; and likewise −t for `dead`.

        Raises:
            CertificateError: what is lifted is no atom.
        """
        sign = 1 if claim.kind == "active" else -1
        terms: list[tuple[Fraction | int, Row]] = [(sign, self.maxima.before(unit))]
        for atom, multiple in claim.lifted:
            if atom not in self.atoms:
                raise CertificateError(f"{atom} is lifted and is no atom")
            own: Row = {(atom[:2], atom[2]): Fraction(1)}
            terms += [(-multiple, own), (multiple, self.maxima.before(atom))]
        return self.at_least_zero(combined(*terms))

    def range_of(self, block: Block) -> list[tuple[End, End]]:
        """Return for each basis function of a block an interval around it; None is infinite."""
        if block not in self._ends:
            self.bounds_of(Forms.identity(block, self.sizes[block]))
            self._ends[block] = self._ranges[block].ends()
        return self._ends[block]

    def at_least_zero(self, row: Row) -> bool:
        """Tell whether intervals show that a form over atoms is nowhere negative."""
        total = Fraction(0)
        for (block, index), value in row.items():
            low, high = self.range_of(block)[index]
            end = low if value > 0 else high
            if end is None:
                return False
            total += value * end
        return total >= 0

    def rewritten(self, unit: Unit, claim: Claim) -> Row:
        """Return the form over atoms that equals max(t, 0) of a unit, by a claim `maximum`.

        With max(t, 0) = max S − p and the atom max T − q, and S = s·T + d, it is s·(atom + q) + d −
        p.

        Raises:
            CertificateError: the two are not maxima of the same forms, or what is referred to is no
                atom.
        """
        if claim.unit not in self.atoms:
            where = f"unit {unit[2]} of layer {unit[1]} of network {unit[0]}"
            raise CertificateError(f"{where}: it refers to {claim.unit}, which is no atom")
        return self.as_maximum(unit, claim)

    def as_maximum(self, unit: Unit, claim: Claim) -> Row:
        """Return what `rewritten` does, whether or not what is referred to is an atom already."""
        if (unit, claim) not in self._rewritten:
            assert claim.unit is not None
            assert claim.opened is not None
            mine = self.maxima.of(unit, claim.opened[0])
            theirs = self.maxima.of(claim.unit, claim.opened[1])
            found = mine.relation_to(theirs)
            if found is None:
                where = f"unit {unit[2]} of layer {unit[1]} of network {unit[0]}"
                raise CertificateError(f"{where}: it is not a maximum of the same forms")
            scale, shift = found
            atom: Row = {(claim.unit[:2], claim.unit[2]): Fraction(1)}
            self._rewritten[unit, claim] = combined(
                (scale, atom), (scale, theirs.less), (1, shift), (-1, mine.less)
            )
        return self._rewritten[unit, claim]

    def outputs(self, name: str) -> Forms:
        """Return the outputs of one network, once all its layers are settled."""
        return affine_forms(self.networks[name].output, self._values[name])

    def difference(self) -> Forms:
        """Return the output of `a` minus the output of `b`, once all layers are settled."""
        return self.outputs("a") - self.outputs("b")


def replay_relations(
    a: Network,
    b: Network,
    box: IntervalVector,
    evidence: Any,
    known: Mapping[str, Sequence[IntervalVector]] | None = None,
) -> IntervalVector:
    """Check every claim of a certificate and return intervals around a − b.

    Each claim is verified before it is used: `same` and `opposite` by comparing the coefficients of
    two forms, `dead` and `active` by interval arithmetic in rationals. The difference of the
    outputs over common atoms is therefore a − b on the domain; where it is zero, the intervals are
    [0, 0].

    Args:
        a: the first network.
        b: the second network.
        box: intervals around the inputs on the domain.
        evidence: `{"a": claims, "b": claims}`, each a list of layers of lists of claims.
        known: proven intervals around pre-activations, by network and layer.

    Raises:
        CertificateError: a claim that is false, malformed or unproven.

    Cost: about that of two exact forward passes with as many points as units.
    """
    walk = Walk({"a": a, "b": b}, box, known)
    for name in NAMES:
        layers = evidence.get(name) if isinstance(evidence, dict) else None
        network = walk.networks[name]
        if not _fits(layers, network):
            raise CertificateError(f"the claims about network {name} do not fit its layers")
        for k, pre in walk.layers(name):
            claims = [Claim.from_json(item) for item in layers[k - 1]]
            _verify(walk, name, k, pre, claims)
            walk.settle(name, k, claims)
    return walk.bounds_of(walk.difference())


def _fits(layers: Any, network: Network) -> TypeGuard[list[list[Any]]]:
    """Tell whether there is one list for each layer with one item for each unit."""
    if not isinstance(layers, list) or not all(isinstance(y, list) for y in layers):
        return False
    return [len(y) for y in layers] == list(network.widths)


def _verify(walk: Walk, name: str, k: int, pre: Forms, claims: Sequence[Claim]) -> None:
    relu = walk.networks[name].layers[k - 1].relu
    dead = active = np.zeros(len(claims), dtype=np.bool_)
    if any(claim.kind in ("dead", "active") for claim in claims):
        bounds = walk.bounds(name, k)
        dead, active = bounds.at_most_zero(), bounds.at_least_zero()
    own = {(name, k, i) for i, claim in enumerate(claims) if claim.kind == "new"}
    groups: dict[tuple[str, int], list[tuple[int, int, Fraction]]] = {}
    for i, claim in enumerate(claims):
        where = f"unit {i} of layer {k} of network {name}"
        if (claim.kind == "affine") == bool(relu[i]):
            raise CertificateError(f"{where}: claimed {claim.kind}, but its ReLU says otherwise")
        if claim.lifted:
            if not walk.has_sign((name, k, i), claim):
                raise CertificateError(f"{where}: claimed {claim.kind}, but this is not shown")
            continue
        if claim.kind == "dead" and not dead[i]:
            raise CertificateError(f"{where}: claimed dead, but it is not bounded by 0 from above")
        if claim.kind == "active" and not active[i]:
            raise CertificateError(f"{where}: claimed active, but not bounded by 0 from below")
        if claim.unit is not None and claim.scale is not None:
            known = claim.unit in walk.atoms or claim.unit in own
            if not known and not walk.is_settled(claim.unit):
                raise CertificateError(f"{where}: it refers to {claim.unit}, which is no atom")
            sign = 1 if claim.kind == "same" else -1
            net, layer, unit = claim.unit
            groups.setdefault((net, layer), []).append((i, unit, sign * claim.scale))
    for source, rows in groups.items():
        mine = pre.take([i for i, _, _ in rows])
        atoms = walk.pre[source].take([unit for _, unit, _ in rows])
        if not mine.same(atoms.scale([scale for _, _, scale in rows])):
            raise CertificateError(
                f"layer {k} of network {name}: a unit is not the multiple claimed of its atom"
            )
