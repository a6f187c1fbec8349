"""One step of a simplification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final


class Evidence(Protocol):
    """What shows that a step changes nothing."""

    def replay(self) -> None:
        """Replay the evidence in exact arithmetic.

        Raises:
            CertificateError: it does not show what it should.
        """


@final
@dataclass(frozen=True, slots=True)
class Step:
    """What one rule did in one place.

    Attributes:
        rule: the name of the rule, as in the argument `rules`.
        where: the place: a layer, an output, P or Q.
        removed: how many units, terms or weights went.
        detail: what was done, in a few words.
        evidence: replays by itself. None for steps of a network, which one certificate proves
            together.

    Example:
        >>> from tropnet.simplification.step import Step
        >>> print(Step("dead", "layer 1", 2, "units 3, 5 are never active"))
        layer 1: dead: 2 removed (units 3, 5 are never active)
    """

    rule: str
    where: str
    removed: int
    detail: str = ""
    evidence: Evidence | None = None

    def __str__(self) -> str:
        told = f" ({self.detail})" if self.detail else ""
        return f"{self.where}: {self.rule}: {self.removed} removed{told}"
