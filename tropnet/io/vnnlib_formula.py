"""The formulas of VNN-LIB files, read for what they say of inputs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias, final

from tropnet.errors import BudgetExceeded, FormatError
from tropnet.exact import as_fraction
from tropnet.io.vnnlib_commands import Term, shown
from tropnet.io.vnnlib_variables import Variable, VnnlibVariables

_MOST_CASES: Final = 10_000
#: Bits of a coefficient; products of many numbers grow.
_MOST_BITS: Final = 2**15


class Constraint(NamedTuple):
    """Σ weight · variable ≤ bound, or = bound.

    Attributes:
        weights: the variables, sorted, each with its non-zero weight; the first weight is 1 or −1.
        bound: the right side.
        equality: whether both sides are equal.
    """

    weights: tuple[tuple[Variable, Fraction], ...]
    bound: Fraction
    equality: bool = False


#: Constraints that hold together.
Case: TypeAlias = tuple[Constraint, ...]


@final
@dataclass(frozen=True, slots=True)
class VnnlibFormula:
    """Formulas over some variables, as cases of linear constraints on inputs.

    Args:
        variables: what the words name.

    Example:
        >>> from tropnet.io.vnnlib_formula import VnnlibFormula
        >>> from tropnet.io.vnnlib_variables import VnnlibVariables
        >>> formula = VnnlibFormula(VnnlibVariables())
        >>> ((row,),) = formula.cases(["<=", ["*", "2", "X_0"], ["+", "X_1", "3"]])
        >>> [(v.entry, str(w)) for v, w in row.weights], str(row.bound)
        ([(0, '1'), (1, '-1/2')], '3/2')
    """

    variables: VnnlibVariables

    def cases(self, formula: Term) -> list[Case]:
        """Return the cases of a formula, each once: its disjunctive form without the outputs.

        Strict comparisons are closed: a domain is the smallest closed one that holds the points
        meant.

        Raises:
            FormatError: a formula that is none, or says of inputs what is not linear.
            BudgetExceeded: more than 10,000 cases.
        """
        match formula:
            case ["and", *parts]:
                always: list[Constraint] = []
                cases: list[Case] = [()]
                for part in parts:
                    found = self.cases(part)
                    if len(found) == 1:  # most are, and an image has thousands
                        always += found[0]
                    else:
                        cases = product_of_cases(cases, found)
                return [(*always, *case) for case in cases]
            case ["or", *parts] if parts:
                return list(dict.fromkeys(case for part in parts for case in self.cases(part)))
            case ["<=" | ">=" | "<" | ">" | "=" | "==" | "!=" as relation, left, right]:
                return [self._comparison(relation, left, right)]
        raise FormatError(f"VNN-LIB formula {shown(formula)} is not read")

    def outputs_in(self, formula: Term) -> int:
        """Return how many comparisons in a formula speak of outputs."""
        if isinstance(formula, str):
            return 0
        if formula and formula[0] in ("and", "or"):
            return sum(self.outputs_in(part) for part in formula[1:])
        return int("Y" in self._kinds(formula))

    def _kinds(self, term: Term) -> set[str]:
        stack, found = [term], set[str]()
        while stack:
            part = stack.pop()
            if isinstance(part, list):
                stack += part
            elif (variable := self.variables.find(part)) is not None:
                found.add(variable.kind)
        return found

    def _comparison(self, relation: str, left: Term, right: Term) -> Case:
        kinds = self._kinds([left, right])
        if "Y" in kinds:
            if "X" in kinds:
                raise FormatError(
                    f"{shown([relation, left, right])} relates inputs and outputs; only "
                    "constraints on inputs alone are read"
                )
            return ()
        if relation == "!=":
            raise FormatError(f"{shown([relation, left, right])} leaves out points of the inputs")
        (low, low_constant), (high, high_constant) = self._linear(left), self._linear(right)
        if relation in (">=", ">"):
            low, low_constant, high, high_constant = high, high_constant, low, low_constant
        weights = dict(low)
        for variable, weight in high.items():
            weights[variable] = weights.get(variable, Fraction(0)) - weight
        kept = sorted((v, w) for v, w in weights.items() if w)
        bound, scale = high_constant - low_constant, abs(kept[0][1]) if kept else Fraction(1)
        scaled = tuple((v, w / scale) for v, w in kept)
        return (Constraint(scaled, bound / scale, relation in ("=", "==")),)

    def _linear(self, term: Term) -> tuple[dict[Variable, Fraction], Fraction]:
        """Return weights and constant of an expression."""
        if isinstance(term, str):
            variable = self.variables.find(term)
            if variable is not None:
                return {variable: Fraction(1)}, Fraction(0)
            return {}, as_fraction(term, "a VNN-LIB number")
        match term:
            case ["-", part]:
                return _times(self._linear(part), Fraction(-1))
            case ["+" | "-" as sign, first, *rest]:
                weights, constant = self._linear(first)
                for part in rest:
                    others, more = self._linear(part)
                    factor = 1 if sign == "+" else -1
                    constant = constant + factor * more
                    for variable, weight in others.items():
                        weights[variable] = weights.get(variable, Fraction(0)) + factor * weight
                return _limited(weights, constant, term)
            case ["*", first, *rest]:
                result = self._linear(first)
                for part in rest:
                    other = self._linear(part)
                    if result[0] and other[0]:
                        raise FormatError(f"{shown(term)} multiplies inputs; it is not linear")
                    result = _times(result, other[1]) if result[0] else _times(other, result[1])
                    result = _limited(*result, term)
                return result
            case ["/", above, below]:
                divisor = self._linear(below)
                if not divisor[0] and divisor[1]:
                    return _limited(*_times(self._linear(above), 1 / divisor[1]), term)
        raise FormatError(f"{shown(term)} is no VNN-LIB number and no sum of inputs")


def product_of_cases(first: list[Case], second: list[Case]) -> list[Case]:
    """Return the cases where one of each holds, each once.

    Raises:
        BudgetExceeded: more than 10,000.
    """
    count = len(first) * len(second)
    if count > _MOST_CASES:
        raise BudgetExceeded("cases of a VNN-LIB file", count, _MOST_CASES, "split the file")
    return list(dict.fromkeys(a + b for a in first for b in second))


def _times(
    linear: tuple[dict[Variable, Fraction], Fraction], factor: Fraction
) -> tuple[dict[Variable, Fraction], Fraction]:
    weights, constant = linear
    return {v: w * factor for v, w in weights.items()}, constant * factor


def _limited(
    weights: dict[Variable, Fraction], constant: Fraction, term: Term
) -> tuple[dict[Variable, Fraction], Fraction]:
    for value in (*weights.values(), constant):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS:
            raise FormatError(f"{shown(term)} is a number of more than {_MOST_BITS} bits")
    return weights, constant
