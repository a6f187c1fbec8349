"""Replaying a certificate in exact arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, final

from tropnet.checker.cells import supremum
from tropnet.checker.certificate import Certificate, LowerEvidence
from tropnet.checker.gap import norm_above, norm_below
from tropnet.checker.hull import hull
from tropnet.checker.intervals import Matching, difference_bounds, plain_bounds
from tropnet.checker.relations import replay_relations
from tropnet.domains import Box, Domain, require_dimension
from tropnet.errors import CertificateError, TropnetError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.exact.fraction import decimal_text
from tropnet.network.fold import folded
from tropnet.network.linear_part import linear_part
from tropnet.network.network import Network


@final
@dataclass(frozen=True, slots=True)
class CheckReport:
    """What came of replaying a certificate; true exactly when it proves its claim.

    Attributes:
        valid: whether everything claimed was proven again.
        claim: what the certificate claims.
        reason: what was replayed, or the first thing that failed.
        seconds: the time it took.
    """

    valid: bool
    claim: str
    reason: str
    seconds: float

    def __bool__(self) -> bool:
        return self.valid

    def __str__(self) -> str:
        word = "valid" if self.valid else "INVALID"
        return f"{word}: {self.claim}; {self.reason} ({self.seconds:.2f} s)"


def check_networks(certificate: Certificate, a: Network, b: Network) -> CheckReport:
    """Replay a certificate against the two networks it speaks of.

    Everything is computed anew in rational arithmetic; nothing is searched, solved or rounded
    without a proof. A certificate that was changed is rejected unless what it claims is still
    proven by what it holds.

    Args:
        certificate: the certificate.
        a: the first network.
        b: the second network.

    Returns:
        The report; a certificate for other networks is reported invalid.

    Example:
        >>> import tropnet
        >>> from tropnet.checker import check_networks
        >>> f = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> check_networks(tropnet.compare(f, f).certificate, f, f).valid
        True
    """
    start = time.perf_counter()
    try:
        reason = _replay(certificate, a, b)
        valid = True
    except TropnetError as error:
        reason, valid = str(error), False
    return CheckReport(valid, certificate.claim, reason, time.perf_counter() - start)


def _replay(certificate: Certificate, a: Network, b: Network) -> str:
    for name, network, digest in (("a", a, certificate.a), ("b", b, certificate.b)):
        if network.sha256 != digest:
            raise CertificateError(
                f"network {name} has sha256 {network.sha256[:12]}…, "
                f"the certificate speaks of {digest[:12]}…"
            )
    if (a.n_inputs, a.n_outputs) != (b.n_inputs, b.n_outputs):
        raise CertificateError("the networks have different numbers of inputs or outputs")
    require_dimension(certificate.domain, a.n_inputs)
    if certificate.atol < 0:
        raise CertificateError(f"atol is {certificate.atol}; a tolerance is not negative")
    lower, upper = certificate.lower, certificate.upper
    _check_lower(lower, certificate, a, b)
    proven = _UPPER[upper.method](certificate, a, b)
    if upper.value is not None and (proven is None or proven > upper.value):
        raise CertificateError(
            f"the upper bound {_shown(upper.value)} is not proven; replaying gives {_shown(proven)}"
        )
    if certificate.claim == "equivalent" and (
        upper.value is None or upper.value > certificate.atol
    ):
        raise CertificateError("the upper bound does not prove equivalence within atol")
    if certificate.claim == "different" and not (
        lower.value is None or lower.value > certificate.atol
    ):
        raise CertificateError("the lower bound does not prove a difference beyond atol")
    return (
        f"{_shown(lower.value)} <= sup|f-g| <= {_shown(upper.value)} replayed, "
        f"upper end by {upper.method}"
    )


def _check_lower(lower: LowerEvidence, certificate: Certificate, a: Network, b: Network) -> None:
    if len(lower.point) != a.n_inputs:
        raise CertificateError("the lower bound's point has another dimension")
    if certificate.domain is not None and not certificate.domain.contains(lower.point):
        raise CertificateError("the lower bound's point lies outside the domain")
    if lower.value is not None:
        point = [list(lower.point)]
        gap = (a.exact(point) - b.exact(point)).to_fractions()[0]
        if lower.value > norm_below(gap, certificate.norm):
            raise CertificateError(
                "at the lower bound's point the functions are closer than it says"
            )
        return
    direction = lower.direction
    if direction is None or len(direction) != a.n_inputs:
        raise CertificateError("an infinite lower bound needs a direction of the domain")
    if not _recedes(certificate.domain, direction):
        raise CertificateError("the domain is bounded in the direction of the lower bound")
    slope = linear_part(a).exact([list(direction)]) - linear_part(b).exact([list(direction)])
    if slope.is_zero():
        raise CertificateError("the functions have the same slope at infinity in the direction")


def _recedes(domain: Domain, direction: tuple[Fraction, ...]) -> bool:
    """Tell whether a non-empty domain contains a ray in this direction from each of its points."""
    if domain is None:
        return True
    if isinstance(domain, Box):
        return not any(direction)
    column = RationalMatrix.of([[v] for v in direction])
    return bool(((domain.A @ column).signs() <= 0).all())


def _box(certificate: Certificate, network: Network) -> IntervalVector:
    data = certificate.upper.data
    proof = data.get("hull") if isinstance(data, dict) else None
    return hull(certificate.domain, network.n_inputs, proof)


def _norm(bounds: IntervalVector, norm: str) -> Fraction | None:
    sizes = bounds.magnitudes()
    finite = [v for v in sizes if v is not None]
    return norm_above(finite, norm) if len(finite) == len(sizes) else None


def _identical(certificate: Certificate, a: Network, b: Network) -> Fraction | None:
    if a.sha256 != b.sha256:
        raise CertificateError("the networks are claimed identical and are not")
    return Fraction(0)


def _relations(certificate: Certificate, a: Network, b: Network) -> Fraction | None:
    bounds = replay_relations(a, b, _box(certificate, a), certificate.upper.data)
    return _norm(bounds, certificate.norm)


def _intervals(certificate: Certificate, a: Network, b: Network) -> Fraction | None:
    data, box = certificate.upper.data, _box(certificate, a)
    a, b = folded(a), folded(b)
    listed = data.get("matchings") if isinstance(data, dict) else None
    if listed is None:
        return _norm(plain_bounds(a, box) - plain_bounds(b, box), certificate.norm)
    if not isinstance(listed, list) or not len(listed) == len(a.layers) == len(b.layers):
        raise CertificateError("there is not one matching for each layer of both networks")
    sizes = zip(listed, a.widths, b.widths, strict=True)
    matchings = [Matching.from_json(item, wa, wb) for item, wa, wb in sizes]
    return _norm(difference_bounds(a, b, box, matchings), certificate.norm)


def _cells(certificate: Certificate, a: Network, b: Network) -> Fraction | None:
    data = certificate.upper.data
    claimed = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(claimed, int) or isinstance(claimed, bool):
        raise CertificateError("the certificate does not say how many joint cells there are")

    def watch(count: int) -> None:
        if count > claimed:
            raise CertificateError(f"there are more joint cells than the {claimed} claimed")

    found = supremum(a, b, certificate.domain, certificate.norm, watch)
    if found.cells != claimed:
        raise CertificateError(f"{found.cells} joint cells were found, not the {claimed} claimed")
    return found.upper


def _none(certificate: Certificate, a: Network, b: Network) -> Fraction | None:
    return None


_UPPER: Final[dict[str, Callable[[Certificate, Network, Network], Fraction | None]]] = {
    "identical": _identical,
    "relations": _relations,
    "intervals": _intervals,
    "cells": _cells,
    "none": _none,
}


def _shown(value: Fraction | None) -> str:
    return "inf" if value is None else decimal_text(value)
