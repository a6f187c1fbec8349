"""`check`: replay a certificate."""

from __future__ import annotations

import os
from typing import Any

from tropnet.api.as_network import as_network
from tropnet.api.read_certificate import read_certificate
from tropnet.checker import Certificate, CheckReport, check_networks
from tropnet.checker.check import Progress


def check(
    certificate: Certificate | str | os.PathLike[str],
    a: Any,
    b: Any,
    *,
    sample: int | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Replay a certificate against two models, in exact arithmetic.

    The checker is small and apart: it reaches no search code and no solver. It recomputes what the
    certificate claims and rejects it when anything is not proven.

    Args:
        certificate: a `Certificate`, or the path of one that `Certificate.save` wrote.
        a: the first model: anything that `compare` takes.
        b: the second model.
        sample: of a tree of boxes, replay so many leaves, chosen at random. Quick, and not a proof:
            the report is not true then, unless these are all.
        progress: called with the number of leaves replayed, and how many there are to replay.

    Returns:
        The report, true when the certificate proves its claim about these two models.

    Raises:
        CertificateError: the file cannot be read, or its seal is broken.
        TropnetError: a model cannot be loaded.

    Example:
        >>> import tropnet
        >>> verdict = tropnet.compare("examples:moons_a", "examples:moons_a_permuted")
        >>> bool(tropnet.check(verdict.certificate, "examples:moons_a", "examples:moons_b"))
        False
    """
    if not isinstance(certificate, Certificate):
        certificate = read_certificate(certificate)
    return check_networks(
        certificate, as_network(a), as_network(b), sample=sample, progress=progress
    )
