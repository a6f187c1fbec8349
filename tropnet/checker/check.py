"""Replaying a certificate in exact arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias, final

from tropnet.checker.boxes import BoxesReplay, replay_boxes
from tropnet.checker.cells import supremum
from tropnet.checker.certificate import Certificate, LowerEvidence
from tropnet.checker.far_out import far_out
from tropnet.checker.hull import hull
from tropnet.checker.intervals import difference_bounds, plain_bounds
from tropnet.checker.joint_cases import replay_cases
from tropnet.checker.matching import matchings_from_json
from tropnet.checker.relation import Relation
from tropnet.checker.relations import replay_relations
from tropnet.checker.sign_evidence import replay_signs
from tropnet.domains import Box, Domain, require_dimension
from tropnet.errors import CertificateError, TropnetError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.exact.fraction import decimal_text
from tropnet.network.fold import folded
from tropnet.network.network import Network
from tropnet.network.schema import network_from_json

#: Called with the leaves or cells replayed so far, and how many to replay; raises to stop.
Progress: TypeAlias = Callable[[int, int], object]


@final
@dataclass(frozen=True, slots=True)
class CheckReport:
    """What came of replaying a certificate; true exactly when it proves its claim.

    Attributes:
        valid: whether everything claimed was proven again.
        claim: what the certificate claims.
        reason: what was replayed, or the first thing that failed.
        seconds: the time it took.
        sampled: how many leaves of a tree of boxes were replayed, and how many there are, where
            not all were; nothing is proven then, and the report is not true.
    """

    valid: bool
    claim: str
    reason: str
    seconds: float
    sampled: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return self.valid

    def __str__(self) -> str:
        word = "valid" if self.valid else "INVALID"
        if self.sampled is not None:
            word = f"{self.sampled[0]} of {self.sampled[1]} leaves, not a proof"
        return f"{word}: {self.claim}; {self.reason} ({self.seconds:.2f} s)"


def check_networks(
    certificate: Certificate,
    a: Network,
    b: Network,
    *,
    sample: int | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Replay a certificate against the two networks it speaks of.

    Everything is computed anew in rational arithmetic; nothing is searched, solved or rounded
    without a proof. A certificate that was changed is rejected unless what it claims is still
    proven by what it holds.

    Args:
        certificate: the certificate.
        a: the first network.
        b: the second network.
        sample: of a tree of boxes, replay so many leaves, chosen at random: a quick look that finds
            most mistakes and proves nothing.
        progress: called with the leaves of a tree of boxes, or the joint cells, replayed so far and
            how many to replay; a `TropnetError` that it raises makes the report invalid.

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
    valid, sampled = False, None
    try:
        reason, boxes = _replay(certificate, a, b, _Way(sample, progress))
        valid = boxes is None or boxes.complete
        if boxes is not None and not boxes.complete:
            sampled = boxes.replayed, boxes.leaves
            reason = "nothing is wrong with these leaves; without a sample all are replayed"
    except TropnetError as error:
        reason = str(error)
    seconds = time.perf_counter() - start
    return CheckReport(valid, certificate.claim, reason, seconds, sampled)


@final
@dataclass(frozen=True, slots=True)
class _Way:
    """How to replay what is replayed piece by piece: how much of it, and whom to tell."""

    sample: int | None
    progress: Progress | None


#: The bound that was proven again, and what was replayed of a tree of boxes.
_Proven: TypeAlias = tuple[Fraction | None, BoxesReplay | None]


def _replay(
    certificate: Certificate, a: Network, b: Network, way: _Way
) -> tuple[str, BoxesReplay | None]:
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
    certificate.asked.require_outputs(a.n_outputs)
    _check_spread(certificate, a)
    _check_lower(lower, certificate, a, b)
    proven, boxes = _UPPER[upper.method](certificate, a, b, way)
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
    reason = (
        f"{_shown(lower.value)} <= {certificate.asked.bounded} <= {_shown(upper.value)} replayed, "
        f"upper end by {upper.method}"
    )
    return reason, boxes


def _check_spread(certificate: Certificate, a: Network) -> None:
    """Refuse relative tolerances that are not what the recorded points give."""
    spread, scales = certificate.spread, certificate.scales
    if spread is None:
        return
    if scales is None or certificate.atol != 1:
        raise CertificateError("relative tolerances need scales, and an atol of 1")
    if spread.rtol <= 0 or any(v < 0 for v in spread.atol):
        raise CertificateError("a relative tolerance is not positive, or an absolute one negative")
    if not spread.points or len(spread.atol) != a.n_outputs:
        raise CertificateError("relative tolerances need points, and an atol for each output")
    for point in spread.points:
        _check_point(point, "a point of the spread", certificate.domain, a.n_inputs)
    if any(t * s != 1 for t, s in zip(spread.tolerances(a), scales, strict=True)):
        raise CertificateError("the scales are not one over the tolerances that the spread gives")


def _check_point(point: tuple[Fraction, ...], name: str, domain: Domain, dimension: int) -> None:
    if len(point) != dimension:
        raise CertificateError(f"{name} has another dimension")
    if domain is not None and not domain.contains(point):
        raise CertificateError(f"{name} lies outside the domain")


def _check_lower(lower: LowerEvidence, certificate: Certificate, a: Network, b: Network) -> None:
    domain, relation = certificate.domain, certificate.asked
    _check_point(lower.point, "the lower bound's point", domain, a.n_inputs)
    if lower.other is not None:
        _check_point(lower.other, "the lower bound's other point", domain, a.n_inputs)
    if lower.value is not None:
        if lower.value > _gap(lower, relation, a, b):
            raise CertificateError(
                "at the lower bound's point the functions are closer than it says"
            )
        return
    direction = lower.direction
    if direction is None or len(direction) != a.n_inputs:
        raise CertificateError("an infinite lower bound needs a direction of the domain")
    if not _recedes(domain, direction):
        raise CertificateError("the domain is bounded in the direction of the lower bound")
    if not relation.grows(*(far_out(f, lower.point, direction) for f in (a, b))):
        raise CertificateError(
            "the functions have the same slope at infinity in the direction, or the gap does not "
            "grow there"
        )


def _gap(lower: LowerEvidence, relation: Relation, a: Network, b: Network) -> Fraction:
    """Return the gap at the lower bound's point, or between its two points."""
    f, g = (network.exact([list(lower.point)]) for network in (a, b))
    if not relation.takes_two_points:
        return relation.gap(f.to_fractions()[0], g.to_fractions()[0])
    if lower.other is None:
        return Fraction(0)
    other = [list(lower.other)]
    first, second = (f - g).to_fractions()[0], (a.exact(other) - b.exact(other)).to_fractions()[0]
    return relation.gap_between(first, second)


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


def _identical(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    if a.sha256 != b.sha256:
        raise CertificateError("the networks are claimed identical and are not")
    return Fraction(0), None


def _relations(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    box, data = _box(certificate, a), certificate.upper.data
    links = data.get("through", []) if isinstance(data, dict) else []
    if not isinstance(links, list):
        raise CertificateError("the networks in between are not a list")
    total = IntervalVector.point(RationalMatrix.zeros(a.n_outputs, 1))
    left = a
    for link in links:  # a − b = (a − c) + (c − b)
        if not isinstance(link, dict) or set(link) != {"network", "data"}:
            raise CertificateError("a network in between is no network with claims")
        middle = network_from_json(link["network"])
        if (middle.n_inputs, middle.n_outputs) != (a.n_inputs, a.n_outputs):
            raise CertificateError("a network in between has other inputs or outputs")
        total = total + _related(certificate.domain, left, middle, box, link["data"])
        left = middle
    total = total + _related(certificate.domain, left, b, box, data)
    return certificate.asked.above(total), None


def _related(
    domain: Domain, a: Network, b: Network, box: IntervalVector, data: Any
) -> IntervalVector:
    """Return intervals around a − b by claims about units, and proofs of the signs of a's."""
    known = None
    if isinstance(data, dict) and "signs" in data:
        known = {"a": replay_signs(a, domain, box, data["signs"], fault)}
    return replay_relations(a, b, box, data, known)


def fault(certificate: Certificate, a: Network, b: Network) -> str | None:
    """Return what is wrong with a certificate inside another one, or None.

    Args:
        certificate: what is replayed.
        a: the first network.
        b: the second network.
    """
    data = certificate.upper.data
    links = data.get("through") if isinstance(data, dict) else None
    links = links if isinstance(links, list) else []
    parts = [data, *(link.get("data") for link in links if isinstance(link, dict))]
    if any(isinstance(part, dict) and "signs" in part for part in parts):
        return "proofs of signs do not rest on proofs of signs"
    report = check_networks(certificate, a, b)
    return None if report else report.reason


def _intervals(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    data, box = certificate.upper.data, _box(certificate, a)
    a, b = folded(a), folded(b)
    listed = data.get("matchings") if isinstance(data, dict) else None
    if listed is None:
        return certificate.asked.above(plain_bounds(a, box) - plain_bounds(b, box)), None
    if not isinstance(listed, list) or not len(listed) == len(a.layers) == len(b.layers):
        raise CertificateError("there is not one matching for each layer of both networks")
    matchings = matchings_from_json(listed, a, b)
    return certificate.asked.above(difference_bounds(a, b, box, matchings)), None


def _boxes(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    claimed = certificate.upper.value
    if claimed is None:
        raise CertificateError("a tree of boxes is there, and no bound that it would prove")
    return claimed, replay_boxes(
        (a, b),
        certificate.asked,
        certificate.domain,
        _box(certificate, a),
        claimed,
        certificate.upper.data,
        sample=way.sample,
        watch=way.progress,
    )


def _cases(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    claimed = certificate.upper.value
    if claimed is None:
        raise CertificateError("trees of cases are there, and no bound that they would prove")
    box, data = _box(certificate, a), certificate.upper.data
    replay_cases((a, b), certificate.asked, box, claimed, data, way.progress)
    return claimed, None


def _cells(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    data = certificate.upper.data
    claimed = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(claimed, int) or isinstance(claimed, bool):
        raise CertificateError("the certificate does not say how many joint cells there are")

    def watch(count: int) -> None:
        if count > claimed:
            raise CertificateError(f"there are more joint cells than the {claimed} claimed")
        if way.progress is not None:
            way.progress(count, claimed)

    found = supremum(a, b, certificate.domain, certificate.asked, watch)
    if found.cells != claimed:
        raise CertificateError(f"{found.cells} joint cells were found, not the {claimed} claimed")
    return found.upper, None


def _none(certificate: Certificate, a: Network, b: Network, way: _Way) -> _Proven:
    return None, None


_UPPER: Final[dict[str, Callable[[Certificate, Network, Network, _Way], _Proven]]] = {
    "identical": _identical,
    "relations": _relations,
    "intervals": _intervals,
    "boxes": _boxes,
    "cases": _cases,
    "cells": _cells,
    "none": _none,
}


def _shown(value: Fraction | None) -> str:
    return "inf" if value is None else decimal_text(value)
