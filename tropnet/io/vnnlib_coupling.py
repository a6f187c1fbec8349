"""Files that speak of several networks: their inputs as those of one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tropnet.errors import FormatError
from tropnet.io.vnnlib_formula import Case, Constraint
from tropnet.io.vnnlib_variables import Variable

_ZERO, _ONE = Fraction(0), Fraction(1)


def coupled(
    always: Sequence[Constraint], cases: Sequence[Case], inputs: Sequence[int]
) -> tuple[list[Constraint], list[Case]]:
    """Return the constraints of the first network's inputs, where all networks have the same.

    Networks whose inputs are set equal, entry by entry, are one. Those that are not have to come
    with the very constraints of the first.

    Args:
        always: constraints that hold in every case.
        cases: the constraints of each case.
        inputs: for each network how many inputs it has.

    Raises:
        FormatError: networks with different inputs, or related otherwise.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.io.vnnlib_coupling import coupled
        >>> from tropnet.io.vnnlib_formula import Constraint
        >>> from tropnet.io.vnnlib_variables import Variable
        >>> x, y = Variable("X", 0, 0), Variable("X", 1, 0)
        >>> same = Constraint(((x, Fraction(1)), (y, Fraction(-1))), Fraction(0), True)
        >>> bound = Constraint(((y, Fraction(1)),), Fraction(2))
        >>> [len(rows) for rows in coupled([same, bound], [()], [1, 1])]
        [1, 1]
    """
    if len(inputs) == 1:
        return list(always), list(cases)
    if len(set(inputs)) > 1:
        raise FormatError(
            f"networks of {' and '.join(map(str, inputs))} inputs have no common domain"
        )
    leaders, rest = _leaders(always, inputs)
    parts = [_by_leader(rest, leaders)]
    parts += [_by_leader(case, leaders) for case in cases]
    for part in parts:
        for leader in set(leaders):
            if part.get(leader, []) != part.get(0, []):
                raise FormatError(
                    "the file puts the inputs of its networks into different domains; only common "
                    "ones are read, as after (assert (== X_f[0] X_g[0])) for every input"
                )
    return list(parts[0].get(0, [])), [tuple(part.get(0, [])) for part in parts[1:]]


def _leaders(
    always: Sequence[Constraint], inputs: Sequence[int]
) -> tuple[list[int], list[Constraint]]:
    """Return for each network the first one with equal inputs, and the other constraints."""
    equal: dict[tuple[int, int], set[int]] = {}
    rest: list[Constraint] = []
    for constraint in always:
        match constraint:
            case Constraint(((a, u), (b, v)), bound, True) if (
                u == -v and bound == 0 and a.network != b.network and a.entry == b.entry
            ):
                pair = min(a.network, b.network), max(a.network, b.network)
                equal.setdefault(pair, set()).add(a.entry)
            case _:
                rest.append(constraint)
    leaders = list(range(len(inputs)))
    for (first, second), indices in sorted(equal.items()):
        if len(indices) < inputs[0]:
            missing = min(set(range(inputs[0])) - indices)
            raise FormatError(
                f"the file sets only some inputs of two networks equal, not number {missing}"
            )
        old, new = leaders[second], leaders[first]
        leaders = [min(old, new) if leader in (old, new) else leader for leader in leaders]
    return leaders, rest


def _by_leader(
    constraints: Sequence[Constraint], leaders: Sequence[int]
) -> dict[int, list[Constraint]]:
    """Return for each leader the constraints of its inputs, as of the first network's."""
    parts: dict[int, dict[Constraint, None]] = {}
    for weights, bound, equality in constraints:
        found = {leaders[variable.network] for variable, _ in weights} or {0}
        if len(found) > 1:
            raise FormatError(
                "the file relates the inputs of two networks otherwise than by setting them equal; "
                "only common domains are read"
            )
        total: dict[Variable, Fraction] = {}
        for variable, weight in weights:
            name = variable._replace(network=0)
            total[name] = total.get(name, _ZERO) + weight
        kept = sorted((v, w) for v, w in total.items() if w)
        scale = abs(kept[0][1]) if kept else _ONE
        same = tuple((v, w / scale) for v, w in kept)
        row = Constraint(same, bound / scale, equality)
        for leader in found if weights else set(leaders):
            parts.setdefault(leader, {})[row] = None
    return {leader: sorted(rows) for leader, rows in parts.items()}
