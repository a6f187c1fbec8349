"""A simplified object, and how it came about."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Generic, TypeVar, final

from tropnet.checker import CheckReport, check_networks
from tropnet.errors import TropnetError
from tropnet.network import Network
from tropnet.simplification.size import Subject, size_of
from tropnet.simplification.step import Step

if TYPE_CHECKING:
    from tropnet.checker import Certificate
    from tropnet.domains import Domain
    from tropnet.simplification.unit_signs import UnitSigns

Simplified = TypeVar("Simplified", bound=Subject)

#: Steps that a summary shows.
_SHOWN = 12


@final
@dataclass(frozen=True, eq=False, repr=False)
class Simplification(Generic[Simplified]):
    """The smaller object, the same function on the domain, with the evidence for each step.

    Attributes:
        original: what was given.
        result: the same function on the domain, smaller or the same size.
        domain: where they agree; None for all of R^n.
        steps: what was done, in order.
        certificate: for a network, the proof that original and result are equal on the domain,
            which `tropnet.check` replays and `tropnet.compare` takes as evidence. None for tropical
            expressions, whose steps carry their own evidence.
        complete: whether every rule was tried to its end; False where the time limit cut it short.
        seconds: the time it took.
        findings: what is worth knowing besides, one sentence each.
        signs: for a network on a domain, which of its units are dead, always on or neither.

    Example:
        >>> import tropnet
        >>> f = tropnet.Network.from_dense([[[1], [2]], [[1, 1]]])  # max(x, 0) + max(2x, 0)
        >>> found = tropnet.simplify(f)
        >>> found.before["ReLU units"], found.after["ReLU units"]
        (2, 1)
        >>> bool(found.replay())
        True
    """

    original: Simplified
    result: Simplified
    domain: Domain
    steps: tuple[Step, ...]
    certificate: Certificate | None = None
    complete: bool = True
    seconds: float = 0.0
    findings: tuple[str, ...] = ()
    signs: UnitSigns | None = None

    @property
    def before(self) -> dict[str, int]:
        """The size of the original."""
        return size_of(self.original)

    @property
    def after(self) -> dict[str, int]:
        """The size of the result."""
        return size_of(self.result)

    @property
    def changed(self) -> bool:
        """Whether the result is another object than the original."""
        return bool(self.original != self.result)

    def replay(self) -> CheckReport:
        """Replay the evidence of all steps in exact arithmetic.

        Returns:
            The report; false, with the first thing that failed, where the evidence does not hold.

        Cost: for networks about that of two exact passes with as many points as units, and of the
            proofs of signs; for expressions one exact solve for each term that went.
        """
        start = time.perf_counter()
        if self.certificate is not None:
            assert isinstance(self.original, Network)
            assert isinstance(self.result, Network)
            return check_networks(self.certificate, self.original, self.result)
        claim = f"the result is the same function {_place(self.domain)}"
        try:
            for step in self.steps:
                if step.evidence is not None:
                    step.evidence.replay()
        except TropnetError as error:
            return CheckReport(False, claim, str(error), time.perf_counter() - start)
        reason = f"{len(self.steps)} steps replayed"
        return CheckReport(True, claim, reason, time.perf_counter() - start)

    def to_html(self, title: str = "Simplification", command: str | None = None) -> str:
        """Return a page of its own that tells all: sizes, layers, steps, the evidence replayed.

        Args:
            title: the heading.
            command: the command that replays the certificate, to be shown.

        Cost: that of `replay`.
        """
        from tropnet.simplification.html_report import html_report

        return html_report(self, title, command)

    def by_rule(self) -> dict[str, int]:
        """Return how much each rule removed, over all steps."""
        total: Counter[str] = Counter()
        for step in self.steps:
            total[step.rule] += step.removed
        return dict(total)

    def __str__(self) -> str:
        sizes = [f"{v:,} → {self.after[k]:,} {k}" for k, v in self.before.items()]
        lines = [f"{', '.join(sizes)}; equal {_place(self.domain)} ({self.seconds:.2f} s)"]
        lines += [f"  {step}" for step in self.steps[:_SHOWN]]
        if len(self.steps) > _SHOWN:
            lines.append(f"  … and {len(self.steps) - _SHOWN} more steps")
        lines += [f"  {finding}" for finding in self.findings]
        if not self.complete:
            lines.append("  stopped by the time limit; more may be possible")
        return "\n".join(lines)

    def __repr__(self) -> str:
        before, after = (next(iter(size.items())) for size in (self.before, self.after))
        return (
            f"Simplification({before[1]:,} → {after[1]:,} {before[0]}, {len(self.steps)} steps, "
            f"equal {_place(self.domain)})"
        )

    def _repr_html_(self) -> str:
        sizes = "".join(
            f"<tr><td>{escape(k)}</td><td>{v:,}</td><td>{self.after[k]:,}</td></tr>"
            for k, v in self.before.items()
        )
        steps = "".join(
            f"<tr><td>{escape(s.where)}</td><td>{escape(s.rule)}</td><td>{s.removed}</td>"
            f"<td>{escape(s.detail)}</td></tr>"
            for s in self.steps
        )
        told = "".join(f"<br><em>{escape(finding)}</em>" for finding in self.findings)
        return (
            f"<div><strong>Simplification</strong>, equal {escape(_place(self.domain))}{told}"
            f"<table><thead><tr><th>size</th><th>before</th><th>after</th></tr></thead>"
            f"<tbody>{sizes}</tbody></table><table><thead><tr><th>where</th><th>rule</th>"
            f"<th>removed</th><th>how</th></tr></thead><tbody>{steps}</tbody></table></div>"
        )


def _place(domain: Domain) -> str:
    return "on all of Rⁿ" if domain is None else f"on {domain!r}"
