"""A folder of certificates, each under the digest of the question that it answers."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from tropnet.api.read_certificate import read_certificate
from tropnet.checker import Certificate, CheckReport, check_networks
from tropnet.errors import CertificateError
from tropnet.network import Network
from tropnet.testing.question import Question

#: A larger certificate is neither kept nor read back.
MOST_BYTES: Final = 2**28


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
        # a name of its own: several processes may write the same certificate at once
        partial = self.folder / f"{question.digest[:16]}-{secrets.token_hex(8)}.partial"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("x", encoding="utf-8") as stream:
                stream.write(text)
            partial.replace(self.path(question))
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise CertificateError(f"cannot write to {self.folder}: {error.strerror}") from None


def _replay(certificate: Certificate, a: Network, b: Network, time_limit: float) -> CheckReport:
    """Replay a certificate for as long as a proof might take: its size is anybody's claim."""
    end = time.monotonic() + time_limit

    def watch(done: int, total: int) -> None:
        if time.monotonic() > end:
            raise CertificateError(
                f"{done:,} of {total:,} parts were replayed in {time_limit:g} s, the time limit"
            )

    return check_networks(certificate, a, b, progress=watch)
