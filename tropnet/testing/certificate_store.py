"""A folder of certificates, each under the digest of the question that it answers."""

from __future__ import annotations

import json
import math
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from tropnet.api.read_certificate import read_certificate
from tropnet.checker import Certificate, CheckReport, check_networks
from tropnet.errors import CertificateError
from tropnet.network import Network
from tropnet.testing.question import Question

#: A larger certificate is neither kept nor read back.
MOST_BYTES: Final = 2**28


@final
class SlowReplayError(CertificateError):
    """A replay was given up.

    Attributes:
        estimate: the seconds that it would have taken, about.

    Example:
        >>> from tropnet.testing.certificate_store import SlowReplayError
        >>> print(SlowReplayError(3.0))
        replaying it would take about 3 s
    """

    def __init__(self, estimate: float) -> None:
        super().__init__(f"replaying it would take about {estimate:.3g} s")
        self.estimate = estimate

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments."""
        return type(self), (self.estimate,)


@final
@dataclass(frozen=True, slots=True)
class Seconds:
    """How long a proof took, and how long its replay takes as far as that is known.

    Attributes:
        proof: seconds; infinite where nobody has written it down.
        replay: seconds; 0 where it is not known.
    """

    proof: float = math.inf
    replay: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class CertificateStore:
    """A folder of certificates of equivalence; it may be anybody's, and nothing in it is believed.

    The files are those that `Certificate.save` writes, so `tropnet check` replays them too.

    Args:
        folder: where they lie; made when the first one is kept.

    Example:
        >>> import tempfile, tropnet
        >>> from pathlib import Path
        >>> from tropnet.testing.certificate_store import CertificateStore
        >>> from tropnet.testing.question import Question
        >>> f = tropnet.Network.from_dense([[[1]]])
        >>> question = Question.asked(f, f, None, {})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = CertificateStore(Path(folder))
        ...     store.keep(question, tropnet.compare(f, f).certificate)
        ...     store.replayed(question, f, f, time_limit=1).claim
        'equivalent'
    """

    folder: Path

    def path(self, question: Question) -> Path:
        """Return where the answer to a question lies, if it has been kept."""
        return self.folder / f"{question.digest}.json"

    def holds(self, question: Question) -> bool:
        """Tell whether there is something in the answer's place, whatever it is."""
        return os.path.lexists(self.path(question))

    def seconds(self, question: Question) -> Seconds:
        """Return how long proof and replay take; it is kept beside the certificate, as a hint."""
        try:
            with self.path(question).with_suffix(".seconds").open(encoding="utf-8") as stream:
                proof, replay = map(float, stream.read(100).split())
        except (OSError, ValueError):
            return Seconds()
        return Seconds(proof, replay) if proof >= 0 and replay >= 0 else Seconds()

    def note_seconds(self, question: Question, seconds: Seconds) -> None:
        """Write down how long proof and replay take.

        Raises:
            CertificateError: it cannot be written.
        """
        path = self.path(question).with_suffix(".seconds")
        self._write(path, f"{seconds.proof:.3g} {seconds.replay:.3g}\n")

    def replayed(
        self, question: Question, a: Network, b: Network, time_limit: float
    ) -> Certificate:
        """Return the certificate kept for a question, after it has proven the answer once more.

        Args:
            question: what is asked.
            a: the first network of the question.
            b: the second.
            time_limit: seconds after which the replay is given up.

        Raises:
            SlowReplayError: the time limit was reached.
            CertificateError: it is not there, cannot be read, answers another question, claims
                something else than equivalence, or does not prove its claim.
        """
        path = self.path(question)
        try:
            size = path.stat().st_size
        except OSError as error:
            raise CertificateError(f"{path.name} cannot be read: {error.strerror}") from None
        if size > MOST_BYTES:
            raise CertificateError(f"{path.name} has {size:,} bytes, more than {MOST_BYTES:,}")
        try:
            certificate = read_certificate(path)
        except CertificateError as error:
            raise CertificateError(str(error).replace(str(path), "the file")) from None
        if Question.of(certificate) != question:
            raise CertificateError("it answers another question")
        if certificate.claim != "equivalent":
            raise CertificateError(f"it claims {certificate.claim!r}, not 'equivalent'")
        report = _replay(certificate, a, b, time_limit)
        if not report.valid:
            raise CertificateError(f"it does not prove its claim: {report.reason}")
        return certificate

    def keep(self, question: Question, certificate: Certificate) -> None:
        """Write a certificate into its place, whole or not at all; the last of several wins.

        Raises:
            CertificateError: it answers another question, is too large, or cannot be written.
        """
        if Question.of(certificate) != question or certificate.claim != "equivalent":
            raise CertificateError("the certificate is no answer to the question asked")
        text = json.dumps(certificate.to_json(), indent=1) + "\n"
        if len(text) > MOST_BYTES:
            raise CertificateError(f"it has {len(text):,} bytes, more than {MOST_BYTES:,}")
        self._write(self.path(question), text)

    def _write(self, path: Path, text: str) -> None:
        # a name of its own: several processes may write the same certificate at once
        partial = self.folder / f"{path.name[:16]}-{secrets.token_hex(8)}.partial"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("x", encoding="utf-8") as stream:
                stream.write(text)
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise CertificateError(f"cannot write to {self.folder}: {error.strerror}") from None


def _replay(certificate: Certificate, a: Network, b: Network, time_limit: float) -> CheckReport:
    """Replay a certificate for so long at most: its size is anybody's claim."""
    start = time.monotonic()
    slow: list[SlowReplayError] = []

    def watch(done: int, total: int) -> None:
        elapsed = time.monotonic() - start
        if elapsed > time_limit:
            slow.append(SlowReplayError(elapsed * total / max(done, 1)))
            raise slow[0]

    report = check_networks(certificate, a, b, progress=watch)
    if slow:
        raise slow[0]
    return report
