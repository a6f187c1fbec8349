"""VNN-LIB queries: is there an input of a domain where two networks break a relation?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import lcm
from typing import Final, Literal, final

from tropnet.checker.relation import Kind
from tropnet.domains import Box, Domain
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.io.query_decimal import Decimals

#: The version of VNN-LIB.
Version = Literal[1, 2]

_MOST_COMPARISONS: Final = 2_000_000


@final
@dataclass(frozen=True)
class QueryText:
    """The text of a query about networks with n inputs and m outputs.

    Args:
        version: of VNN-LIB: 2 speaks of two networks f and g; 1 of one network, whose outputs are
            the differences f − g, or, for argmax and argmin, all f_i − f_k and then all g_i − g_k
            for i < k.
        kind: the relation.
        tolerances: m numbers, which differ for the relation "equal" alone.
        domain: where.
        n_inputs: n.
        isomorphic: whether the two networks are of the same structure.
        decimals: counts what is rounded, always so that the query can be met by more.
    """

    version: Version
    kind: Kind
    tolerances: Sequence[Fraction]
    domain: Domain
    n_inputs: int
    isomorphic: bool = False
    decimals: Decimals = field(default_factory=Decimals)

    @property
    def n_outputs(self) -> int:
        """The number m of outputs."""
        return len(self.tolerances)

    def lines(self) -> list[str]:
        """Return the lines of the query, without comments on the whole.

        Raises:
            BudgetExceeded: more than two million comparisons.
            DomainError: a domain with an inequality 0 ≤ b that is false.
        """
        m = self.n_outputs
        count = m * m * (m if self.version == 1 else 2) if self.kind in ("argmax", "argmin") else m
        if count > _MOST_COMPARISONS:
            raise BudgetExceeded(
                "comparisons of a VNN-LIB query", count, _MOST_COMPARISONS, "fewer outputs"
            )
        return self._two_networks() if self.version == 2 else self._one_network()

    # ---- version 2 ----------------------------------------------------------------------------

    def _two_networks(self) -> list[str]:
        names = ["f", "g"]
        if self.kind == "up_to_constant":  # a change of f − g takes two points
            names += ["f2", "g2"]
        relations = {"f2": "equal-to f", "g2": "equal-to g"}
        if self.isomorphic and len(names) == 2:
            relations["g"] = "isomorphic-to f"
        lines = ["(vnnlib-version <2.0>)", ""]
        for name in names:
            lines.append(f"(declare-network {name}")
            if name in relations:
                lines.append(f"    ({relations[name]})")
            lines += [
                f"    (declare-input X_{name} real [1,{self.n_inputs}])",
                f"    (declare-output Y_{name} real [1,{self.n_outputs}])",
                ")",
            ]
        for first, second in zip(names[::2], names[1::2], strict=True):
            lines += ["", f"; the domain of {first} and {second}, which read the same input"]
            lines += self._domain(f"X_{first}[0,{{}}]".format)
            lines += [
                f"(assert (== X_{first}[0,{k}] X_{second}[0,{k}]))" for k in range(self.n_inputs)
            ]
        return [*lines, "", "; the relation is broken", f"(assert {self._broken()})"]

    def _broken(self) -> str:
        """Return the formula of version 2 that says where the relation does not hold."""
        outputs = range(self.n_outputs)
        if self.kind in ("argmax", "argmin"):
            return _either(self._lead(i) for i in outputs)
        parts = []
        for i in outputs:
            f, g, atol = f"Y_f[0,{i}]", f"Y_g[0,{i}]", self._tolerances[i]
            if self.kind == "equal":
                parts.append(f"(or (> {g} {_plus(f, atol)}) (< {g} {_minus(f, atol)}))")
            elif self.kind == "at_most":
                parts.append(f"(> {f} {_plus(g, atol)})")
            else:
                there = f"(- Y_f2[0,{i}] Y_g2[0,{i}])"
                parts.append(f"(> (- {f} {g}) {_plus(there, atol)})")
        return _either(parts)

    def _lead(self, i: int) -> str:
        """Return: f's output i leads by more than the margin, and is not among the best of g."""
        others = [k for k in range(self.n_outputs) if k != i]
        margin, sign = self._tolerances[i], ">" if self.kind == "argmax" else "<"
        shift = _plus if self.kind == "argmax" else _minus
        leads = [f"({sign} Y_f[0,{i}] {shift(f'Y_f[0,{k}]', margin)})" for k in others]
        beaten = _either(f"({sign} Y_g[0,{k}] Y_g[0,{i}])" for k in others)
        return f"(and {' '.join(leads)} {beaten})"

    # ---- version 1 ----------------------------------------------------------------------------

    def _one_network(self) -> list[str]:
        pairs = list(combinations(range(self.n_outputs), 2))
        size = 2 * len(pairs) if self.kind in ("argmax", "argmin") else self.n_outputs
        lines = [f"(declare-const X_{k} Real)" for k in range(self.n_inputs)]
        lines += [f"(declare-const Y_{k} Real)" for k in range(size)]
        lines += ["", "; the domain", *self._domain("X_{}".format), ""]
        cases = []
        if self.kind in ("argmax", "argmin"):
            place = {pair: k for k, pair in enumerate(pairs)}
            for i in range(self.n_outputs):
                others = [k for k in range(self.n_outputs) if k != i]
                lead = [self._difference(place, i, k, self._tolerances[i]) for k in others]
                cases += [[*lead, self._difference(place, j, i, "0.0", len(pairs))] for j in others]
        else:
            for i in range(self.n_outputs):
                atol = self._tolerances[i]
                cases.append([f"(>= Y_{i} {atol})"])
                if self.kind == "equal":
                    cases.append([f"(<= Y_{i} {_negative(atol)})"])
        lines += ["; the relation is broken, or all but broken", "(assert (or"]
        return [*lines, *(f"    (and {' '.join(case)})" for case in cases), "))"]

    def _difference(
        self, place: dict[tuple[int, int], int], i: int, k: int, least: str, offset: int = 0
    ) -> str:
        """Return: the lead of output i over output k is at least so much."""
        number = offset + place[min(i, k), max(i, k)]
        if (i < k) == (self.kind == "argmax"):
            return f"(>= Y_{number} {least})"
        return f"(<= Y_{number} {_negative(least)})"

    # ---- both ---------------------------------------------------------------------------------

    @cached_property
    def _tolerances(self) -> list[str]:
        # a gap of up_to_constant is half a change
        factor = 2 if self.kind == "up_to_constant" else 1
        return [self.decimals.towards(factor * v, -1) for v in self.tolerances]

    def _domain(self, name: Callable[[int], str]) -> list[str]:
        """Return the assertions that put the inputs into the domain, or into one around it."""
        if self.domain is None:
            return ["; all of R^n"]
        if isinstance(self.domain, Box):
            lines = []
            for k, (low, high) in enumerate(zip(self.domain.lower, self.domain.upper, strict=True)):
                above = f"(<= {name(k)} {self.decimals.towards(high, 1)})"
                below = f"(>= {name(k)} {self.decimals.towards(low, -1)})"
                lines += [f"(assert {above})", f"(assert {below})"]
            return lines
        matrix, right = self.domain.inequalities()
        rows = zip(matrix, (b for (b,) in right), strict=True)
        return [line for row, bound in rows for line in self._inequality(row, bound, name)]

    def _inequality(
        self, row: Sequence[Fraction], bound: Fraction, name: Callable[[int], str]
    ) -> list[str]:
        weights = {k: w for k, w in enumerate(row) if w}
        if not weights:
            if bound < 0:
                raise DomainError(f"the domain is empty: it asks for 0 <= {bound}")
            return []
        if len(weights) == 1:
            ((k, weight),) = weights.items()
            if weight > 0:
                return [f"(assert (<= {name(k)} {self.decimals.towards(bound / weight, 1)}))"]
            return [f"(assert (>= {name(k)} {self.decimals.towards(bound / weight, -1)}))"]
        scale = lcm(bound.denominator, *(w.denominator for w in weights.values()))
        parts = [f"(* {self.decimals.exact(int(w * scale))} {name(k)})" for k, w in weights.items()]
        return [f"(assert (<= (+ {' '.join(parts)}) {self.decimals.exact(int(bound * scale))}))"]


def _either(parts: Iterable[str]) -> str:
    """Return a disjunction; the standard's have two parts at least."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    return "(or" + "".join(f"\n    {part}" for part in found) + ")"


def _plus(term: str, number: str) -> str:
    return f"(+ {term} {number})" if number.strip("0.") else term


def _minus(term: str, number: str) -> str:
    return f"(- {term} {number})" if number.strip("0.") else term


def _negative(number: str) -> str:
    return f"-{number}" if number.strip("0.") else number
