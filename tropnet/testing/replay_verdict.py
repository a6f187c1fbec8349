"""The verdict that a replayed certificate stands for."""

from __future__ import annotations

import math

from tropnet.checker import Certificate
from tropnet.equivalence import Equivalent
from tropnet.network import Network


def replay_verdict(certificate: Certificate, a: Network, b: Network, seconds: float) -> Equivalent:
    """Return the verdict of a certificate of equivalence that has been replayed.

    Args:
        certificate: it claims equivalence, and the checker has found it valid.
        a: the first network.
        b: the second network.
        seconds: the time that the replay took.

    Example:
        >>> import tropnet
        >>> from tropnet.testing.replay_verdict import replay_verdict
        >>> f = tropnet.Network.from_dense([[[1]]])
        >>> replay_verdict(tropnet.compare(f, f).certificate, f, f, 0.0).method
        'a stored certificate, replayed'
    """
    lower, upper = certificate.lower.value, certificate.upper.value
    return Equivalent(
        relation=certificate.relation,
        domain=certificate.domain,
        atol=certificate.atol,
        norm=certificate.norm,
        lower=math.inf if lower is None else lower,
        upper=math.inf if upper is None else upper,
        certificate=certificate,
        method="a stored certificate, replayed",
        seconds=seconds,
        scales=certificate.scales,
        rtol=None if certificate.spread is None else certificate.spread.rtol,
        notes=tuple(f"{name}: {note}" for name, f in (("a", a), ("b", b)) for note in f.notes),
    )
