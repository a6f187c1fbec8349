"""Settling an assertion: from the store if it holds a proof, else by a comparison."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from tropnet.testing.failure import (
    DifferentAssertionError,
    UndecidedAssertionError,
    UndecidedWarning,
    WhenUndecided,
)
from tropnet.testing.proof_session import Outcome, ProofSession, active_session

if TYPE_CHECKING:
    from tropnet.equivalence import Equivalent, Verdict
    from tropnet.network import Network
    from tropnet.testing.certificate_store import CertificateStore
    from tropnet.testing.question import Question

#: Seconds that a replay gets at least, before it is given up for taking longer than the proof.
_PATIENCE: Final = 2.0

_OUTCOMES: Final[dict[str, Outcome]] = {
    "Equivalent": "proven",
    "Different": "different",
    "Undecided": "undecided",
}


def settle(
    a: Any, b: Any, domain: Any, undecided: WhenUndecided, options: dict[str, Any]
) -> Verdict:
    """Compare two models, raise unless they are equivalent, and note it in the active session.

    Args:
        a: the first model.
        b: the second model.
        domain: as for `compare`.
        undecided: what to do when nothing is proven.
        options: further keywords of `compare`.

    Raises:
        DifferentAssertionError: proven different.
        UndecidedAssertionError: undecided, and to fail then.
        unittest.SkipTest: undecided, and to skip then.
        TropnetError: as `compare`, and for an unknown `undecided`.

    Example:
        >>> import tropnet
        >>> from tropnet.testing.settle import settle
        >>> f = tropnet.Network.from_dense([[[1]]])
        >>> settle(f, f, None, "fail", {}).word
        'Equivalent'
    """
    __tracebackhide__ = True
    from tropnet.api.as_network import as_network
    from tropnet.equivalence import Different, Undecided
    from tropnet.errors import DomainError
    from tropnet.io import read_domain

    if undecided not in get_args(WhenUndecided):
        known = ", ".join(get_args(WhenUndecided))
        raise DomainError(f"unknown undecided={undecided!r}; known: {known}")
    if isinstance(domain, str | os.PathLike):
        domain = read_domain(domain)  # what it says is asked, not where it lies
    verdict = _answer(as_network(a), as_network(b), domain, options)
    if isinstance(verdict, Different):
        raise DifferentAssertionError(_said(verdict), verdict)
    if isinstance(verdict, Undecided):
        _tell(verdict, undecided)
    return verdict


def _tell(verdict: Any, undecided: WhenUndecided) -> None:
    """Fail, skip or warn."""
    __tracebackhide__ = True
    if undecided == "fail":
        raise UndecidedAssertionError(_said(verdict), verdict)
    if undecided == "skip":
        from unittest import SkipTest  # pytest takes it for its own

        raise SkipTest(f"undecided: {verdict.reason} (proven: {verdict.bracket})")
    import warnings

    warnings.warn(_said(verdict), UndecidedWarning, stacklevel=4)


def _said(verdict: Any) -> str:
    from tropnet.testing.failure_message import failure_message

    return failure_message(verdict)


def _answer(a: Network, b: Network, domain: Any, options: dict[str, Any]) -> Verdict:
    """Return the verdict, from the active session's store or by comparing."""
    from tropnet.api.compare import compare

    session = active_session()
    if session is not None and session.folder is not None:
        return _stored_or_new(session, session.folder, a, b, domain, options)
    verdict = compare(a, b, domain, **options)
    if session is not None:
        session.note(_OUTCOMES[verdict.word], verdict.seconds)
    return verdict


def _stored_or_new(
    session: ProofSession, folder: Path, a: Network, b: Network, domain: Any, options: Any
) -> Verdict:
    """Replay what the folder holds; else, or if it proves nothing, compare and keep the proof."""
    from tropnet.api.compare import compare
    from tropnet.equivalence import Equivalent
    from tropnet.errors import CertificateError
    from tropnet.testing.certificate_store import CertificateStore, Seconds, SlowReplayError
    from tropnet.testing.question import Question

    store, notes, replay = CertificateStore(folder), [], 0.0
    question = Question.asked(a, b, domain, options)
    if question is not None and not session.reprove and store.holds(question):
        try:
            replayed = _replayed(store, question, a, b, options)
        except Exception as error:  # whatever a file of anybody's brings about: it proves nothing
            replay = error.estimate if isinstance(error, SlowReplayError) else 0.0
            notes.append(f"stored certificate {question.digest[:12]} was not used: {_line(error)}")
        else:
            session.note("replayed", replayed.seconds)
            return replayed
    verdict = compare(a, b, domain, **options)
    if question is not None and isinstance(verdict, Equivalent):
        try:
            store.keep(question, verdict.certificate)
            store.note_seconds(question, Seconds(verdict.seconds, replay))
        except CertificateError as error:
            notes.append(f"a certificate was not kept: {_line(error)}")
    session.note(_OUTCOMES[verdict.word], verdict.seconds, "; ".join(notes))
    return verdict


def _replayed(
    store: CertificateStore, question: Question, a: Network, b: Network, options: dict[str, Any]
) -> Equivalent:
    """Replay a certificate, unless proving is known to be quicker."""
    from fractions import Fraction

    from tropnet.errors import CertificateError
    from tropnet.exact import as_fraction
    from tropnet.testing.certificate_store import SlowReplayError
    from tropnet.testing.replay_verdict import replay_verdict

    known = store.seconds(question)
    if known.replay > known.proof:
        raise SlowReplayError(known.replay)
    start = time.perf_counter()
    limit = min(float(options.get("time_limit", 60)), max(known.proof, _PATIENCE))
    certificate = store.replayed(question, a, b, limit)
    verdict = replay_verdict(certificate, a, b, time.perf_counter() - start)
    precision = options.get("precision")
    wider = 1 + as_fraction(precision, "precision") if precision is not None else None
    if wider is not None and verdict.upper > wider * Fraction(verdict.lower):
        raise CertificateError("its bracket is wider than the precision asked for")
    return verdict


def _line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."
