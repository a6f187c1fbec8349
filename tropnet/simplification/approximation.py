"""A network that is near another one, and the proof of how near."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias, final

from tropnet.checker import CheckReport, check_networks
from tropnet.checker.gap import Norm
from tropnet.checker.intervals import difference_bounds
from tropnet.checker.matching import Matching
from tropnet.domains import Domain
from tropnet.equivalence.interrupt import stopping_at_interrupt
from tropnet.equivalence.portfolio import Portfolio
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.split_boxes import BoxSearch
from tropnet.equivalence.verdict import Verdict
from tropnet.exact.fraction import decimal_text
from tropnet.network import Network
from tropnet.network.fold import folded
from tropnet.simplification.size import size_of
from tropnet.simplification.step import Step

if TYPE_CHECKING:
    from tropnet.checker import Certificate

#: Called with a word on what goes on, and the share of the work that is done, if known.
Told: TypeAlias = Callable[[str, float | None], object]

#: Seconds that bounding an error may take.
SECONDS = 10.0
#: Seconds to look for a difference before equality is tried.
_SEARCH = 0.5
#: Without a tolerance the bounds are narrowed until upper ≤ (1 + this) · lower.
_PRECISION = 0.1


@final
@dataclass(frozen=True, eq=False)
class Approximation:
    """Another network, and proven bounds of how far its function is from the original one.

    The proof has up to two parts: `verdict.certificate` bounds the distance between `original` and
    `near`, a network with as many units; `equality` proves that the smaller `result` is the same
    function as `near` on the domain.

    Attributes:
        original: what was given.
        result: the network to use.
        near: what is compared with the original; `result` itself where nothing was made smaller.
        domain: where the bounds hold; None for all of R^n.
        verdict: the comparison of `original` and `near`.
        steps: what was done, in order.
        equality: the proof that `near` and `result` are equal; None where they are one network.
        seconds: the time it took.
        findings: what is worth knowing besides, one sentence each.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.prune import prune
        >>> f = tropnet.Network.from_dense([[[4, 0.25]], [[1]]])  # max(4x + y/4, 0)
        >>> found = prune(f, tropnet.Box.cube(2), fraction="1/3")
        >>> found.bound, found.attained, bool(found.replay())
        (Fraction(1, 4), Fraction(1, 4), True)
    """

    original: Network
    result: Network
    near: Network
    domain: Domain
    verdict: Verdict
    steps: tuple[Step, ...]
    equality: Certificate | None = None
    seconds: float = 0.0
    findings: tuple[str, ...] = ()

    @property
    def bound(self) -> Fraction | None:
        """The proven upper bound of sup|f − g| over the domain; None where none is known."""
        upper = self.verdict.upper
        return upper if isinstance(upper, Fraction) else None

    @property
    def attained(self) -> Fraction | None:
        """The largest |f − g| that a point shows; None where it grows without bound."""
        lower = self.verdict.lower
        return lower if isinstance(lower, Fraction) else None

    @property
    def point(self) -> tuple[Fraction, ...]:
        """The point of the domain that shows it, or from which the gap grows along a ray."""
        return self.verdict.certificate.lower.point

    @property
    def before(self) -> dict[str, int]:
        """The size of the original."""
        return size_of(self.original)

    @property
    def after(self) -> dict[str, int]:
        """The size of the result."""
        return size_of(self.result)

    def replay(self, sample: int | None = None) -> CheckReport:
        """Replay both parts of the proof in exact arithmetic.

        Args:
            sample: of bounds by a tree of boxes replay so many leaves alone: a quick look that
                proves nothing, so that the report is not true.

        Returns:
            The report on the bounds; if they hold and the equality does not, the report on that.

        Cost: nothing is searched, but each leaf of a tree of boxes is done again in integers, .1 s
        for 200 units of 64 inputs, where finding it took 2 ms.
        """
        report = check_networks(self.verdict.certificate, self.original, self.near, sample=sample)
        if not report:
            return report
        if self.verdict.certificate.domain != self.domain:
            return _invalid(report, "the bounds are those of another domain")
        if self.equality is None:
            if self.near == self.result:
                return report
            return _invalid(report, "nothing proves that the result is what was compared")
        if self.equality.domain not in (None, self.domain):
            return _invalid(report, "the result is proven equal on another domain")
        told = self.equality.claim, self.equality.relation
        if told != ("equivalent", "equal") or self.equality.atol:
            return _invalid(report, "the certificate of the result does not claim equality")
        equal = check_networks(self.equality, self.near, self.result)
        return report if equal else equal

    @property
    def bracket(self) -> str:
        """The bounds as text, such as `0.25 <= sup|f-g| <= 0.25`."""
        return self.verdict.bracket

    def __str__(self) -> str:
        sizes = [f"{v:,} → {self.after[k]:,} {k}" for k, v in self.before.items()]
        lines = [f"{', '.join(sizes)}; {self.bracket} {self._place} ({self.seconds:.2f} s)"]
        lines += [f"  {step}" for step in self.steps]
        lines += [f"  {finding}" for finding in self.findings]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Approximation({self.result!r}, {self.bracket} {self._place})"

    def _repr_html_(self) -> str:
        sizes = "".join(
            f"<tr><td>{escape(k)}</td><td>{v:,}</td><td>{self.after[k]:,}</td></tr>"
            for k, v in self.before.items()
        )
        steps = "".join(f"<li>{escape(str(step))}</li>" for step in self.steps)
        told = "".join(f"<br><em>{escape(finding)}</em>" for finding in self.findings)
        return (
            f"<div><strong>Approximation</strong>, {escape(f'{self.bracket} {self._place}')}{told}"
            f"<table><thead><tr><th>size</th><th>before</th><th>after</th></tr></thead>"
            f"<tbody>{sizes}</tbody></table><ul>{steps}</ul></div>"
        )

    @property
    def _place(self) -> str:
        return "on all of Rⁿ" if self.domain is None else f"on {self.domain!r}"


def _invalid(report: CheckReport, reason: str) -> CheckReport:
    return CheckReport(False, report.claim, reason, report.seconds)


@final
@dataclass(frozen=True, slots=True)
class Question:
    """How the distance between two networks is to be bounded.

    Args:
        domain: where; None for all of R^n.
        norm: on R^m: `"inf"`, `"1"` or `"2"`.
        atol: where it is positive, the work ends as soon as the distance is proven to be at most
            this, or more; else once the bounds are within 10 % of each other.
        time_limit: seconds for the bounds.
        seed: of the random searches.
        progress: is told what goes on.
    """

    domain: Domain = None
    norm: Norm = "inf"
    atol: Any = 0
    time_limit: float = SECONDS
    seed: int = 0
    progress: Told | None = None

    def measured(self, original: Network, near: Network) -> Verdict:
        """Return the comparison of two networks, its bounds as narrow as asked.

        Raises:
            ShapeError: a domain of another dimension.
            DomainError: an empty domain, a negative atol, an unknown norm.
        """
        start = time.perf_counter()
        problem = Problem.of(
            original, near, self.domain, atol=self.atol, norm=self.norm,
            time_limit=self.time_limit, seed=self.seed,
        )  # fmt: skip
        narrow = problem.bounded and problem.atol == 0
        with stopping_at_interrupt(problem.stop):
            precision = _PRECISION if narrow else None
            portfolio = Portfolio(problem, start, precision, None, self.progress)
            if original.sha256 != near.sha256:
                portfolio.stage("unit by unit", lambda: _unit_by_unit(portfolio))
                if narrow:
                    portfolio.stage("search", lambda: portfolio.falsifier.run(_SEARCH))
            if not (narrow and portfolio.bracket.different):
                return portfolio.run()
            # they differ: what may prove equality is left out, however long it would take
            if not portfolio.enumerate_if_few():
                portfolio.narrow(_PRECISION)
            return portfolio.verdict()


def _unit_by_unit(portfolio: Portfolio) -> str:
    """Pair each unit with the one in its place, which no search for partners knows."""
    problem, bracket = portfolio.problem, portfolio.bracket
    a, b = folded(problem.a), folded(problem.b)
    if a.widths != b.widths:
        return "the layers have other units"
    matchings = [Matching.identity(width) for width in a.widths]
    bounds = difference_bounds(a, b, problem.box, matchings, problem.require_time)
    bracket.offer_intervals(bounds, "intervals", {"matchings": [m.to_json() for m in matchings]})
    if problem.bounded:
        pairs = [list(zip(m.first, m.second, m.scales, strict=True)) for m in matchings]
        portfolio.boxes = BoxSearch(problem, bracket, pairs)
    value = bracket.upper.value
    return f"|f-g| <= {'inf' if value is None else decimal_text(value)}"
