"""Smaller P ⊘ Q for the same function: terms, common factors, and the least convex parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, final

from tropnet.algebra import TropicalPolynomial, TropicalRational, essential_terms
from tropnet.domains import Box, Domain, require_dimension
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.exact.linear_program import interior_point
from tropnet.simplification.central_form import central_form, polynomial
from tropnet.simplification.common_cells import CommonCells
from tropnet.simplification.common_monomial import common_monomial, times
from tropnet.simplification.decomposition import Decompositions
from tropnet.simplification.one_variable import one_variable_form
from tropnet.simplification.rational_evidence import (
    EssentialEvidence,
    MonomialEvidence,
    same_function,
)
from tropnet.simplification.simplification import Simplification
from tropnet.simplification.step import Evidence, Step

if TYPE_CHECKING:
    from tropnet.simplification.decomposition import Shares

#: The rules, in the order in which they are tried.
RULES: Final[tuple[str, ...]] = ("essential", "one_variable", "decomposition", "monomial")

#: Classes up to which a vertex is sought in rational arithmetic where floats found none.
_CLASSES: Final = 60

_LEAST: Final = (
    "the least: P bends only where the function is convex, Q only where it is concave; no other "
    "P ⊘ Q of it has fewer terms"
)
_IRREDUCIBLE: Final = (
    "irreducible: no convex function but affine ones can be subtracted from both P and Q; another "
    "pair, one that bends elsewhere, may still have fewer terms"
)

_CANONICAL: Final = (
    "canonical: all bends start at one point, one ray balances both P and Q; no convex function "
    "but affine ones can be subtracted from both"
)
_UNDECIDED: Final = (
    "floats proposed no least pair that holds exactly; a convex function may be left to subtract"
)

Progress = Callable[[str, float | None], object]


def simplify_rational(
    f: TropicalRational,
    domain: Domain = None,
    *,
    rules: Iterable[str] | None = None,
    time_limit: float | None = None,
    check: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Simplification[TropicalRational]:
    """Write the function of P ⊘ Q with fewer terms.

    The rules, in this order:

    - "essential": terms that are nowhere the only maximum go, from P and Q each.
    - "one_variable": in one variable P gets the convex bends and Q the concave ones; no pair has
      fewer terms.
    - "decomposition": P and Q are both affine on the cells of their common refinement. Among the
      convex pairs that are affine on these cells, too, one is taken from which no convex function
      can be subtracted: where the bends at facets are independent, the least of all; else a vertex
      of the decomposition polyhedron, by linear programs for several aims, and the one of fewest
      terms is kept. In two variables, with all bends along rays from one point, the canonical pair.
    - "monomial": where P or Q is a single term, that becomes 0 (Q, if both are); else the least
      exponent of each variable, and the coefficient that occurs most often, are cancelled where
      fewer numbers are left to write.

    Neither P nor Q gets more terms, unless both together get fewer.

    Args:
        f: the quotient.
        domain: where the result has to agree: a box, a polyhedron, or None for all of R^n. On a
            flat one what holds on all of R^n is done.
        rules: names of the rules to apply; all of them when left out.
        time_limit: seconds after which the best result so far is returned.
        check: replay the evidence of each step as it is made.
        seed: ignored.
        progress: called with the name of each rule.

    Returns:
        The simplification; each step has evidence that replays in rational arithmetic: weights for
        each term that went, and for what changes P and Q together the equality of P₁ ⊙ Q₂ and
        P₂ ⊙ Q₁, or for large ones that of the affine functions on each cell. `findings` say in what
        sense the result is the least.

    Raises:
        DomainError: an empty domain, or an unknown rule.
        ShapeError: the domain lives in another space.
        CertificateError: with `check`, evidence that does not replay.

    Cost: .1 s for 60 ⊘ 40 terms in two variables, 1–2 s for 400 ⊘ 250; five times as much in three.

    Source: Brandenburg, Grillo, Hertrich, "Decomposition polyhedra of piecewise linear functions"
        (2024); Tran, Wang, "Minimal representations of tropical rational functions" (2024).

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.simplify_rational import simplify_rational
        >>> x, y = TropicalPolynomial.variables(2)
        >>> found = simplify_rational((0 + x) * (x + y) / (0 + y) / (x + y))
        >>> print(found.result)
        max(0, x₁) ⊘ max(0, x₂)
        >>> bool(found.replay())
        True
    """
    require_dimension(domain, f.n)
    chosen = _chosen(rules)
    work = _Work(f, domain, chosen, time_limit, check, progress)
    return work.run()


def _chosen(rules: Iterable[str] | None) -> tuple[str, ...]:
    if rules is None:
        return RULES
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    unknown = [name for name in names if name not in RULES]
    if unknown:
        raise DomainError(f"unknown rules {unknown} for P ⊘ Q; known: {', '.join(RULES)}")
    return tuple(name for name in RULES if name in names)


class _TimeUpError(Exception):
    """The time limit was reached; never leaves this module."""


@final
class _Work:
    """One simplification: what has been reached so far, and how."""

    def __init__(
        self,
        f: TropicalRational,
        domain: Domain,
        rules: tuple[str, ...],
        time_limit: float | None,
        check: bool,
        progress: Progress | None,
    ) -> None:
        self.f, self.domain, self.rules = f, domain, rules
        self.check, self.progress = check, progress
        self.started = time.perf_counter()
        self.end = None if time_limit is None else self.started + time_limit
        self.best = f
        self.steps: list[Step] = []
        self.findings: list[str] = []
        self.complete = True
        self.place = domain if _has_interior(domain) else None
        if domain is not None and self.place is None:
            self.findings.append("the domain is flat: only what holds on all of R^n was done")

    def run(self) -> Simplification[TropicalRational]:
        """Apply the rules in order."""
        try:
            for rule in self.rules if not self.f.numerator.is_zero() else ():
                self.pulse()
                if self.progress is not None:
                    self.progress(rule, None)
                _APPLY[rule](self)
        except _TimeUpError:
            self.complete = False
        except BudgetExceeded as error:
            self.complete = False
            self.findings.append(f"P and Q were not decomposed: {error}")
        if self.f.numerator.is_zero() and self.f.denominator != TropicalPolynomial.one(self.f.n):
            self._minus_infinity()
        return Simplification(
            self.f, self.best, self.domain, tuple(self.steps), None, self.complete,
            time.perf_counter() - self.started, tuple(dict.fromkeys(self.findings)),
        )  # fmt: skip

    def pulse(self) -> None:
        """Stop where the time is up."""
        if self.end is not None and time.perf_counter() > self.end:
            raise _TimeUpError

    def take(self, rule: str, result: TropicalRational, detail: str, evidence: Evidence) -> None:
        """Note a step."""
        if self.check:
            evidence.replay()
        removed = sum(self.best.k) - sum(result.k)
        self.steps.append(Step(rule, "P ⊘ Q", removed, detail, evidence))
        self.best = result

    # ---- rules ------------------------------------------------------------------------------

    def essential(self) -> None:
        """Keep the essential terms of P and of Q."""
        for name in ("P", "Q"):
            part = self.best.numerator if name == "P" else self.best.denominator
            self.pulse()
            found = essential_terms(part.exponents, part.coefficients, self.place)
            if len(found.kept) == part.k:
                continue
            after = TropicalPolynomial.from_arrays(
                found.exponents.rows(found.kept), found.coefficients.rows(found.kept)
            )
            evidence = EssentialEvidence(found, after)
            if self.check:
                evidence.replay()
            removed = part.k - after.k
            detail = "never the only maximum"
            self.steps.append(Step("essential", name, removed, detail, evidence))
            pair = (after, self.best.denominator) if name == "P" else (self.best.numerator, after)
            self.best = TropicalRational(*pair)

    def one_variable(self) -> None:
        """Give the convex bends to P and the concave ones to Q."""
        if self.best.n != 1:
            return
        before = self.best.essential(self.place)
        after = one_variable_form(before)
        if sum(after.k) < sum(self.best.k):
            self.pulse()
            evidence = same_function(self.best, after, self.place, None, self.pulse)
            self.take("one_variable", after, "bends of both P and Q cancelled", evidence)
        if sum(after.k) <= sum(self.best.k):
            self.findings.append(_LEAST)

    def decomposition(self) -> None:
        """Take the best of several least pairs, again as long as there are fewer terms."""
        if self.best.n == 1 and "one_variable" in self.rules:
            return
        while True:
            before = self.best.essential(self.place)
            found = _Candidates(before, self.place, self.pulse)
            after, how = found.best()
            smaller = sum(after.k) < sum(self.best.k)
            if smaller or (sum(after.k) == sum(self.best.k) and not found.own_is_irreducible):
                cells = found.cells if before == self.best else None
                evidence = same_function(self.best, after, self.place, cells, self.pulse)
                self.take("decomposition", after, how, evidence)
            if not smaller:
                if found.finding:
                    self.findings.append(found.finding)
                return

    def monomial(self) -> None:
        """Cancel a common monomial."""
        factor = common_monomial(self.best)
        if factor is not None:
            after = times(self.best, factor)
            evidence = MonomialEvidence(self.best, after, factor)
            self.take("monomial", after, "a common monomial cancelled", evidence)

    def _minus_infinity(self) -> None:
        after = TropicalRational(self.f.numerator)
        removed = self.f.denominator.k - 1
        self.steps.append(Step("monomial", "Q", removed, "P is −∞ whatever Q is"))
        self.best = after


_APPLY: Final[dict[str, Callable[[_Work], None]]] = {
    "essential": _Work.essential,
    "one_variable": _Work.one_variable,
    "decomposition": _Work.decomposition,
    "monomial": _Work.monomial,
}


@final
class _Candidates:
    """Least pairs for one pair, and what is known of them."""

    def __init__(self, f: TropicalRational, domain: Domain, pulse: Callable[[], None]) -> None:
        self.f, self.pulse = f, pulse
        self.finding = ""
        self.cells = CommonCells.of(f.numerator, f.denominator, domain, pulse=pulse)
        pulse()
        self.pairs = Decompositions.of(self.cells, pulse)
        self.own_is_irreducible = self.pairs.irreducible(self.pairs.own)

    def best(self) -> tuple[TropicalRational, str]:
        """Return the pair of fewest terms, and how it was found; the given one if none has less."""
        chosen, how, reached = self.f, "", self.pairs.own
        if not self.own_is_irreducible:
            shares = self._within()
            if shares is None:
                self.finding = _UNDECIDED
                return chosen, how
            chosen, how, reached = self._pair(shares), "a convex function taken from both", shares
        if reached != self.pairs.least:
            for shares in dict.fromkeys(self._others()):
                if shares in (self.pairs.own, reached):
                    continue
                other = self._pair(shares)
                if sum(other.k) < sum(chosen.k):
                    chosen, how, reached = other, "other convex parts on the same cells", shares
        self.finding = _LEAST if reached == self.pairs.least else _IRREDUCIBLE
        central = central_form(self.cells)
        if central is not None and sum(central.k) < sum(chosen.k):
            return central, "the canonical pair of bends from one point"
        if central is not None and _same_bends(central, chosen):
            self.finding = _CANONICAL
        return chosen, how

    def _weights(self) -> list[list[float]]:
        count = [0.0] * len(self.pairs.own)
        for name in self.pairs.classes:
            count[name] += 1.0
        return [count, [1.0] * len(count)]

    def _within(self) -> Shares | None:
        """Return a vertex whose P and Q bend only where the given ones do."""
        for weights in self._weights():
            self.pulse()
            shares = self.pairs.vertex(weights, within=True)
            if shares is not None and self.pairs.irreducible(shares):
                return shares
        if len(self.pairs.own) > _CLASSES:
            return None
        return self.pairs.purified(self.pulse)

    def _others(self) -> Iterable[Shares]:
        for weights in self._weights():
            self.pulse()
            shares = self.pairs.vertex(weights, within=False)
            if shares is not None and self.pairs.irreducible(shares):
                yield shares

    def _pair(self, shares: Shares) -> TropicalRational:
        self.pulse()
        above, below = self.pairs.forms(shares)
        return TropicalRational(polynomial(above), polynomial(below))


def _same_bends(f: TropicalRational, g: TropicalRational) -> bool:
    """Tell whether P and Q differ from other ones by affine functions."""
    pairs = ((f.numerator, g.numerator), (f.denominator, g.denominator))
    return all(
        one.k == other.k and one * next(_monomials(other)) == other * next(_monomials(one))
        for one, other in pairs
    )


def _monomials(part: TropicalPolynomial) -> Iterator[TropicalPolynomial]:
    for exponents, coefficient in part.terms():
        yield TropicalPolynomial.affine(exponents, coefficient)


def _has_interior(domain: Domain) -> bool:
    """Tell whether a domain has interior points, and refuse an empty one."""
    if domain is None:
        return True
    if isinstance(domain, Box):
        return all(low < high for low, high in zip(domain.lower, domain.upper, strict=True))
    found = interior_point(*domain.inequalities())
    if found is None:
        raise DomainError(f"{domain!r} is empty; there is nothing to agree on")
    return not found.interior_is_empty
