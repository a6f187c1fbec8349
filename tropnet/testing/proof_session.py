"""One run of a test suite: where its certificates lie, and what became of each assertion."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, final

#: What became of an assertion: proven anew, proven by a stored certificate, refuted, or neither.
Outcome: TypeAlias = Literal["proven", "replayed", "different", "undecided"]

#: In the order in which they are told.
OUTCOMES: Final[tuple[Outcome, ...]] = ("proven", "replayed", "different", "undecided")


@final
@dataclass(frozen=True, slots=True)
class Settled:
    """One assertion that was settled.

    Attributes:
        outcome: what became of it.
        seconds: the time it took.
        test: the test that made it, as pytest names it; empty outside of one.
        note: why a stored certificate was not used, or a new one not stored; mostly empty.
    """

    outcome: Outcome
    seconds: float
    test: str
    note: str = ""


@final
@dataclass(slots=True, eq=False)
class ProofSession:
    """What the assertions of one test run share; the pytest plugin makes it.

    Attributes:
        folder: where certificates are kept; None keeps none.
        reprove: whether stored certificates are ignored and replaced.
        settled: the assertions so far, in order.

    Example:
        >>> from tropnet.testing.proof_session import ProofSession
        >>> session = ProofSession(None)
        >>> session.note("proven", 0.5)
        >>> session.counts()
        {'proven': 1, 'replayed': 0, 'different': 0, 'undecided': 0}
    """

    folder: Path | None
    reprove: bool = False
    settled: list[Settled] = field(default_factory=list)

    def note(self, outcome: Outcome, seconds: float, note: str = "") -> None:
        """Write down what became of an assertion of the test that is running."""
        # pytest keeps "path::name (phase)" there, in the process that runs the test
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        self.settled.append(Settled(outcome, seconds, test, note))

    def counts(self) -> dict[Outcome, int]:
        """Return how many assertions had each outcome."""
        found = [each.outcome for each in self.settled]
        return {outcome: found.count(outcome) for outcome in OUTCOMES}

    def to_json(self) -> list[dict[str, Any]]:
        """Return the assertions as plain data, for the way from a worker to its controller."""
        return [asdict(each) for each in self.settled]

    def add_json(self, data: list[dict[str, Any]]) -> None:
        """Add the assertions of a worker."""
        self.settled += [Settled(**each) for each in data]


_active: list[ProofSession] = []


def active_session() -> ProofSession | None:
    """Return the session that assertions belong to now; None outside of pytest.

    Example:
        >>> from tropnet.testing.proof_session import ProofSession, active_session
        >>> isinstance(active_session(), ProofSession | None)
        True
    """
    return _active[-1] if _active else None


def begin(session: ProofSession) -> None:
    """Make a session the active one; a run within a run has its own."""
    _active.append(session)


def end(session: ProofSession) -> None:
    """End a session, if it has not ended yet."""
    if session in _active:
        _active.remove(session)
