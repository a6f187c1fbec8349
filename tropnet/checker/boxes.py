"""Replaying a split tree: an upper bound of the gap, box by box, in integers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias, final

from tropnet.checker.gap import norm_above
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.joint_zonotope import Forms, JointReplay, JointZonotope
from tropnet.checker.matching import matchings_from_json
from tropnet.checker.relation import Relation
from tropnet.checker.split_tree import Part, leaves, outward_box
from tropnet.domains import Box, Domain
from tropnet.errors import CertificateError, TropnetError
from tropnet.exact import IntervalVector, RationalMatrix, as_fractions
from tropnet.exact.fraction import decimal_text
from tropnet.network.affine import Affine
from tropnet.network.fold import folded
from tropnet.network.network import Network

#: Rows a and right sides b of a · x ≤ b.
Inequalities: TypeAlias = Sequence[tuple[Sequence[Fraction], Fraction]]

#: A leaf whose bound does not come out, by a rounding, is split this often before it is refused.
_DEEPER: Final = 12
#: Fractional bits of the grid, at least and at most.
BITS: Final = (32, 4096)


@final
@dataclass(frozen=True, slots=True)
class BoxesReplay:
    """What was replayed of a tree.

    Attributes:
        leaves: how many leaves it has.
        replayed: how many of them were bounded again.
    """

    leaves: int
    replayed: int

    @property
    def complete(self) -> bool:
        """Whether all were: only then is anything proven."""
        return self.leaves == self.replayed


def replay_boxes(
    networks: tuple[Network, Network],
    relation: Relation,
    domain: Domain,
    box: IntervalVector,
    claimed: Fraction,
    data: Any,
    *,
    sample: int | None = None,
    watch: Callable[[int, int], object] | None = None,
) -> BoxesReplay:
    """Check that the gap is at most what is claimed on each leaf of a split tree.

    The leaves of the tree cover the box, the box covers the domain; leaves outside an inequality of
    a polyhedron say nothing of it. On each leaf, zonotopes around both networks and the differences
    of matched units are computed anew (`tropnet.checker.joint_zonotope`).

    Args:
        networks: both networks.
        relation: the relation whose gap is bounded.
        domain: where.
        box: intervals around it.
        claimed: the upper bound.
        data: `tree`, as `tree_text` writes it; `matchings`, a list for each common layer, or None;
            `bits`, the fractional bits of the grid; `constant`, for a relation up to a constant.
        sample: replay so many leaves, chosen at random; all when left out.
        watch: called with the number of leaves bounded and that of all.

    Raises:
        CertificateError: a leaf on which the bound does not follow, or data that is no evidence.

    Cost: about .1 s a leaf for two networks of six layers of fifty units.
    """
    if not isinstance(data, dict):
        raise CertificateError("a bound by boxes needs a tree and matchings")
    a, b = (folded(network) for network in networks)
    b = shifted_as_asked(b, relation, data.get("constant"))
    program = JointProgram.of(a, b, matchings_from_json(data.get("matchings"), a, b))
    ends = outward_box(box)
    tree, bits = data.get("tree"), data.get("bits")
    if ends is None:
        raise CertificateError("a tree of boxes needs a bounded domain")
    if not isinstance(tree, str):
        raise CertificateError("a bound by boxes needs a tree, as text")
    if not isinstance(bits, int) or not BITS[0] <= bits <= BITS[1]:
        raise CertificateError(f"bits has to be a number from {BITS[0]} to {BITS[1]}")
    prover = _Prover(JointReplay(program, bits), relation, _inequalities(domain), claimed)
    widths = [layer.widths[:2] for layer in program.layers]
    total = tree.count(".")
    chosen = None
    if sample is not None and sample < total:
        chosen = set(random.Random(0).sample(range(total), max(0, sample)))
    done = count = 0
    for part in leaves(tree, Part(ends, {}), widths):
        if chosen is None or count in chosen:
            prover.prove(part)
            done += 1
            if watch is not None:
                watch(done, total if chosen is None else len(chosen))
        count += 1
    return BoxesReplay(count, done)


def gap_above(outputs: JointZonotope, relation: Relation) -> Fraction:
    """Return an upper bound of the gap at all points with these forms.

    Args:
        outputs: forms of the outputs and of their differences.
        relation: the relation; `up_to_constant` bounds |f − g| itself, for one constant.
    """
    step = Fraction(1, 1 << outputs.bits)
    if relation.kind in ("argmax", "argmin"):
        return step * _lead_above(outputs, 1 if relation.kind == "argmax" else -1)
    low, high = outputs.ends
    if relation.kind == "at_most":
        return step * max(0, *high)
    sizes = [max(-u, v) * step for u, v in zip(low, high, strict=True)]
    if relation.scales is not None:
        sizes = [s * v for s, v in zip(relation.scales, sizes, strict=True)]
    return norm_above(sizes, relation.norm)


def _lead_above(outputs: JointZonotope, sign: int) -> Fraction:
    """Return a bound of f's lead wherever another output of g is larger, in steps of the grid."""
    worst = Fraction(0)
    size = len(outputs.a.center)
    for i in range(size):
        # the lead of i is its distance to whatever comes next
        lead = min(_most(outputs.a, i, j, sign) for j in range(size) if j != i)
        for k in range(size):
            if lead <= 0 or i == k or _most(outputs.b, k, i, sign) <= 0:
                continue
            # where g_k > g_i: f_i − f_k < δ_i − δ_k; and so is half the sum of both
            slip = _most(outputs.pairs, i, k, sign)
            both = Fraction(_most_of_sum(outputs, i, k, sign), 2)
            worst = max(worst, min(Fraction(lead), Fraction(slip), both))
    return worst


def _most(forms: Forms, i: int, k: int, sign: int) -> int:
    """Return an upper bound of sign · (value i − value k)."""
    reach = forms.radius[i] + forms.radius[k]
    reach += sum(abs(row[i] - row[k]) for rows in forms.groups for row in rows)
    return sign * (forms.center[i] - forms.center[k]) + reach


def _most_of_sum(outputs: JointZonotope, i: int, k: int, sign: int) -> int:
    """Return an upper bound of sign · ((f_i − f_k) + (δ_i − δ_k))."""
    f, d = outputs.a, outputs.pairs
    mine = [row for rows in f.groups for row in rows]
    shared, *others = d.groups  # over the symbols of f
    reach = f.radius[i] + f.radius[k] + d.radius[i] + d.radius[k]
    for row, other in zip(mine, shared, strict=True):
        reach += abs(row[i] - row[k] + other[i] - other[k])
    reach += sum(abs(row[i] - row[k]) for rows in others for row in rows)
    return sign * (f.center[i] - f.center[k] + d.center[i] - d.center[k]) + reach


@final
@dataclass(frozen=True, slots=True)
class _Prover:
    replay: JointReplay
    relation: Relation
    inequalities: Inequalities
    claimed: Fraction

    def prove(self, part: Part) -> None:
        """Prove the bound on a part, on finer ones where rounding made the difference."""
        waiting = [(part, 0)]
        while waiting:
            piece, depth = waiting.pop()
            box = [(Fraction(u), Fraction(v)) for u, v in piece.box]
            if _outside(self.inequalities, box):
                continue
            outputs = self.replay(box, piece.signs)
            if outputs is None:
                continue
            bound = gap_above(outputs, self.relation)
            if bound <= self.claimed:
                continue
            if depth == _DEEPER:
                raise CertificateError(
                    f"on a leaf of the tree the bound is {decimal_text(bound)}, not the "
                    f"{decimal_text(self.claimed)} claimed"
                )
            widest = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
            waiting += [(half, depth + 1) for half in piece.halves(widest)]


def _inequalities(domain: Domain) -> Inequalities:
    """Return the rows and right sides of a polyhedron; none for a box, which is its own root."""
    if domain is None or isinstance(domain, Box):
        return []
    bounds = (bound for (bound,) in domain.b.to_fractions())
    return list(zip(domain.A.to_fractions(), bounds, strict=True))


def _outside(inequalities: Inequalities, box: Sequence[tuple[Fraction, Fraction]]) -> bool:
    """Tell whether one inequality fails on the whole box."""
    for row, bound in inequalities:
        if sum(v * box[i][0 if v > 0 else 1] for i, v in enumerate(row) if v) > bound:
            return True
    return False


def shifted_as_asked(b: Network, relation: Relation, constant: Any) -> Network:
    """Return b with the constant added to its outputs, for a relation up to a constant.

    Raises:
        CertificateError: no constant for such a relation, or one for another relation.
    """
    if relation.kind != "up_to_constant":
        if constant is not None:
            raise CertificateError(f"a constant says nothing of the relation {relation.kind!r}")
        return b
    if not isinstance(constant, list) or len(constant) != b.n_outputs:
        raise CertificateError("a relation up to a constant needs one constant for each output")
    try:
        return shifted(b, as_fractions(constant, "constant"))
    except TropnetError as error:
        raise CertificateError(f"the constant is garbled: {error}") from None


def shifted(network: Network, constant: Sequence[Fraction]) -> Network:
    """Return a network with a constant added to its outputs."""
    bias = network.output.bias.exact + RationalMatrix.from_rows([[v] for v in constant])
    output = Affine(dict(network.output.terms), bias)
    return type(network)(network.n_inputs, network.layers, output)
