"""Replaying an upper bound of the gap by cases: units positive or negative, linear bounds in each.

The gap is the largest of a few combinations of outputs. For each of them there is a tree: a split
has two cases, a pre-activation at most 0 and at least 0, which together are all of the domain; a
case has what is chosen in the linear bound there (`tropnet.checker.joint_lines`).

Source: Wang, Zhang, Xu, Lin, Jana, Hsieh and Kolter, *Beta-CROWN: efficient bound propagation with
per-neuron split constraints* (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Final, TypeGuard, final

from tropnet.checker.boxes import BITS, shifted_as_asked
from tropnet.checker.joint_lines import SHARE_BITS, Choices, Sign, Target, most
from tropnet.checker.joint_program import JointLayer, JointProgram
from tropnet.checker.joint_zonotope import JointReplay, LayerEnds
from tropnet.checker.matching import matchings_from_json
from tropnet.checker.relation import Relation
from tropnet.checker.relu_lines import SLOPE_BITS
from tropnet.checker.split_tree import Unit
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.exact.fraction import decimal_text
from tropnet.network.fold import folded
from tropnet.network.network import Network

#: Splits on the way to a case, at most, and cases of one certificate.
MOST_SPLITS: Final = 64
MOST_CASES: Final = 2**16
#: Slopes and leans are at most 1, shares at most 2, multiples below 2^64.
_SLOPE: Final = 1 << SLOPE_BITS
_SHARE: Final = 2 << SHARE_BITS
_MULTIPLIER: Final = (1 << 96) - 1
_KEYS: Final = {"a", "b", "shares", "leans", "taken", "slips", "ends", "condition"}


def gap_targets(relation: Relation, outputs: int) -> list[Target] | None:
    """Return combinations of outputs whose largest upper bound, or 0, is one of the gap.

    Args:
        relation: the relation; `up_to_constant` bounds |f − g| itself, for one constant.
        outputs: the number of outputs.

    Returns:
        The combinations; None for norms that are not the largest of a few.

    Example:
        >>> from tropnet.checker.joint_cases import gap_targets
        >>> from tropnet.checker.relation import Relation
        >>> [len(gap_targets(Relation(kind), 5)) for kind in ("equal", "at_most", "argmax")]
        [10, 5, 20]
    """

    def unit(i: int, value: Fraction | int, k: int | None = None) -> tuple[Fraction, ...]:
        row = [Fraction(0)] * outputs
        row[i] = Fraction(value)
        if k is not None:
            row[k] = Fraction(-value)
        return tuple(row)

    if relation.kind in ("argmax", "argmin"):
        # where g_k > g_i and i is the winner of f, its lead is at most f_i − f_k
        sign = 1 if relation.kind == "argmax" else -1
        return [
            Target(unit(i, sign, k), unit(i, 0), unit(k, sign, i))
            for i in range(outputs)
            for k in range(outputs)
            if i != k
        ]
    if relation.kind == "at_most":
        return [Target(unit(i, 1), unit(i, -1)) for i in range(outputs)]
    if relation.norm != "inf" and outputs > 1:
        return None
    scales = relation.scales or (Fraction(1),) * outputs
    return [
        Target(unit(i, sign * scale), unit(i, -sign * scale))
        for i, scale in enumerate(scales)
        for sign in (1, -1)
    ]


def replay_cases(
    networks: tuple[Network, Network],
    relation: Relation,
    box: IntervalVector,
    claimed: Fraction,
    data: Any,
    watch: Callable[[int, int], object] | None = None,
) -> None:
    """Check that the gap is at most what is claimed, by trees of cases.

    Args:
        networks: both networks.
        relation: the relation whose gap is bounded.
        box: intervals around the domain.
        claimed: the upper bound.
        data: `matchings`, a list for each common layer, or None; `bits`, the fractional bits of the
            grid of the zonotopes that bound units; `constant`, for a relation up to a constant;
            `trees`, one for each of `gap_targets`. A split is a list (layer, "a" or "b", unit, tree
            where its pre-activation is at most 0, tree where it is at least 0); a case has the
            fields of `tropnet.checker.joint_lines.Choices`, or those of them that are not usual,
            with numbers for the units of unknown sign alone, or for pairs with such a unit.
        watch: called with the number of cases replayed and that of all.

    Raises:
        CertificateError: a case in which the bound does not follow, or data that is no evidence.

    Cost: that of one leaf of a tree of boxes, and an exact product of a row with each weight matrix
        for each case.
    """
    if not isinstance(data, dict):
        raise CertificateError("a bound by cases needs trees and matchings")
    a, b = (folded(network) for network in networks)
    b = shifted_as_asked(b, relation, data.get("constant"))
    program = JointProgram.of(a, b, matchings_from_json(data.get("matchings"), a, b))
    targets, trees, bits = gap_targets(relation, a.n_outputs), data.get("trees"), data.get("bits")
    if targets is None:
        raise CertificateError(f"the norm {relation.norm} is not bounded by cases")
    if not isinstance(trees, list) or len(trees) != len(targets):
        raise CertificateError("there is not one tree of cases for each combination of outputs")
    if not isinstance(bits, int) or not BITS[0] <= bits <= BITS[1]:
        raise CertificateError(f"bits has to be a number from {BITS[0]} to {BITS[1]}")
    if claimed < 0:
        raise CertificateError("a gap is not negative")
    ends = joint_ends(program, box, bits)
    reader = CaseReader(program, ends)
    total, done = reader.count(trees), 0
    for target, tree in zip(targets, trees, strict=True):
        for signs, choices in reader.cases(tree):
            bound = most(program, box, ends, target, signs, choices)
            if bound > claimed:
                raise CertificateError(
                    f"in one of the cases the bound is {decimal_text(bound)}, not the "
                    f"{decimal_text(claimed)} claimed"
                )
            done += 1
            if watch is not None:
                watch(done, total)


def joint_ends(program: JointProgram, box: IntervalVector, bits: int) -> list[LayerEnds]:
    """Return proven ends of the pre-activations of both networks and of their differences.

    Raises:
        CertificateError: the box is unbounded.
    """
    ends = []
    for low, high in box.ends():
        if low is None or high is None:
            raise CertificateError("cases need a bounded domain")
        ends.append((low, high))
    return JointReplay(program, bits).unit_ends(ends)


@final
class CaseReader:
    """Reads trees of cases for two networks.

    Args:
        program: both networks and the pairs of their units.
        ends: proven ends of their pre-activations.
    """

    def __init__(self, program: JointProgram, ends: Sequence[LayerEnds]) -> None:
        self.widths = [layer.widths for layer in program.layers]
        self.open = [
            open_places(layer, own) for layer, own in zip(program.layers, ends, strict=True)
        ]

    def count(self, trees: list[Any]) -> int:
        """Return the number of cases.

        Raises:
            CertificateError: too many, or splits too deep.
        """
        waiting = [(tree, 0) for tree in trees]
        count = 0
        while waiting:
            node, depth = waiting.pop()
            if isinstance(node, list):
                _, children = self._split(node)
                if depth == MOST_SPLITS:
                    raise CertificateError(f"more than {MOST_SPLITS} splits lead to a case")
                waiting += [(child, depth + 1) for child in children]
            else:
                count += 1
            if count > MOST_CASES:
                raise CertificateError(f"more than {MOST_CASES} cases in one certificate")
        return count

    def cases(self, tree: Any) -> Iterator[tuple[list[Sign], Choices]]:
        """Iterate over the cases of a tree, in order.

        Raises:
            CertificateError: no tree.
        """
        waiting: list[tuple[Any, list[Sign]]] = [(tree, [])]
        while waiting:
            node, signs = waiting.pop()
            if isinstance(node, list):
                unit, (negative, positive) = self._split(node)
                waiting += [(positive, [*signs, (unit, 1)]), (negative, [*signs, (unit, -1)])]
            else:
                yield signs, self.choices(node)

    def _split(self, node: list[Any]) -> tuple[Unit, tuple[Any, Any]]:
        if len(node) != 5:
            raise CertificateError("a split is not (layer, a or b, unit, case, case)")
        return self._unit(*node[:3]), (node[3], node[4])

    def _unit(self, k: Any, name: Any, j: Any) -> Unit:
        numbers = type(k) is int and type(j) is int and 0 < k <= len(self.widths)
        if numbers and name in ("a", "b") and 0 <= j < self.widths[k - 1]["ab".index(name)]:
            return k, name, j
        raise CertificateError("a case is about a unit that is not there")

    def choices(self, node: Any) -> Choices:
        """Return the choices of a case.

        Raises:
            CertificateError: they are none, or do not fit.
        """
        if not isinstance(node, dict) or set(node) - _KEYS:
            raise CertificateError("a case is neither a split nor slopes, shares and ends")
        condition = node.get("condition", 0)
        if not _are_numbers([condition], _MULTIPLIER):
            raise CertificateError("the multiplier of a condition is no number >= 0")
        a, b = self._rows(node, "a", 0, _SLOPE, 0), self._rows(node, "b", 1, _SLOPE, 0)
        shares = self._rows(node, "shares", 2, _SHARE, 1 << SHARE_BITS)
        leans = self._rows(node, "leans", 2, _SLOPE, 0)
        taken, slips = self._of_pairs(node, "taken"), self._of_pairs(node, "slips")
        return Choices(a, b, shares, leans, taken, slips, self._ends(node), condition)

    def _of_pairs(self, node: dict[str, Any], key: str) -> dict[tuple[int, int], int]:
        found = {}
        for item in _listed(node, key):
            match item:
                case [k, at, value] if all(type(v) is int for v in item):
                    if 0 < k <= len(self.widths) and 0 <= at < self.widths[k - 1][2]:
                        found[k, at] = _moderate(value)
                        continue
            raise CertificateError(f"{key!r} of a case is not (layer, pair, number)")
        return found

    def _ends(self, node: dict[str, Any]) -> dict[Unit, int]:
        found = {}
        for item in _listed(node, "ends"):
            if not isinstance(item, list) or len(item) != 4 or type(item[3]) is not int:
                raise CertificateError("an end is not (layer, a or b, unit, number)")
            found[self._unit(*item[:3])] = _moderate(item[3])
        return found

    def _rows(
        self, node: dict[str, Any], key: str, place: int, largest: int, usual: int
    ) -> list[list[int]] | None:
        """Return numbers for each unit, or pair, of each layer."""
        rows = node.get(key)
        if rows is None:
            return None
        if not isinstance(rows, list) or not all(_are_numbers(row, largest) for row in rows):
            raise CertificateError(f"{key!r} of a case is no list of lists of numbers in range")
        if [len(row) for row in rows] != [len(own[place]) for own in self.open]:
            raise CertificateError(f"{key!r} of a case does not fit the units of unknown sign")
        found = []
        for row, own, widths in zip(rows, self.open, self.widths, strict=True):
            full = [usual] * widths[place]
            for at, value in zip(own[place], row, strict=True):
                full[at] = value
            found.append(full)
        return found


def _listed(node: dict[str, Any], key: str) -> list[Any]:
    rows = node.get(key, [])
    return rows if isinstance(rows, list) else [rows]


def _moderate(value: int) -> int:
    return max(-_MULTIPLIER, min(value, _MULTIPLIER))


def open_places(layer: JointLayer, ends: LayerEnds) -> tuple[list[int], list[int], list[int]]:
    """Return the units of unknown sign of both networks, and the pairs with one of them.

    Args:
        layer: the layer.
        ends: of its pre-activations.
    """
    a, b = ([j for j, (u, v) in enumerate(own) if u < 0 < v] for own in (ends.a, ends.b))
    first, second = set(a), set(b)
    units = enumerate(zip(layer.matching.first, layer.matching.second, strict=True))
    return a, b, [at for at, (i, j) in units if i in first or j in second]


def _are_numbers(data: Any, largest: int) -> TypeGuard[list[int]]:
    """Tell whether data is a list of integers from 0 to the largest."""
    return isinstance(data, list) and all(type(v) is int and 0 <= v <= largest for v in data)
