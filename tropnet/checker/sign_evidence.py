"""Replaying what shows the signs of the units of one network on a domain."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from tropnet.checker.certificate import Certificate
from tropnet.checker.linear_bounds import linear_bounds, slopes_from_json
from tropnet.domains import Domain
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.network.affine import Affine
from tropnet.network.network import Network

#: Replays a certificate against two networks; returns what is wrong with it, or None.
Replay: TypeAlias = Callable[[Certificate, Network, Network], str | None]


def unit_network(network: Network, k: int, unit: int, sign: int) -> Network:
    """Return the pre-activation of a unit, times a sign, as a network.

    Args:
        network: the network.
        k: the layer, counted from 1.
        unit: its index there.
        sign: 1 or −1.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.sign_evidence import unit_network
        >>> f = Network.from_dense([[[1], [-2]], [[1, 1]]])
        >>> unit_network(f, 1, 1, -1)([3.0]).tolist()
        [6.0]
    """
    affine = network.layers[k - 1].affine.take([unit])
    output = affine if sign > 0 else -affine
    return Network(network.n_inputs, network.layers[: k - 1], output, network.dtype)


def zero_network(inputs: int) -> Network:
    """Return the function 0 of so many inputs."""
    return Network(inputs, (), Affine({}, RationalMatrix.zeros(1, 1)))


def replay_signs(
    network: Network, domain: Domain, box: IntervalVector, data: Any, replay: Replay
) -> list[IntervalVector]:
    """Return proven intervals around the pre-activations of all layers of a network.

    Args:
        network: the network.
        domain: where.
        box: intervals around it.
        data: `slopes`, as `slopes_from_json` reads them, for linear bounds, which are followed in
            any case; `proofs`, lists (layer, unit, "dead" or "active", certificate): that the
            pre-activation, or its negative, is at most 0 on the domain.
        replay: replays a certificate.

    Raises:
        CertificateError: data that is no evidence, or does not hold.
    """
    if not isinstance(data, dict) or set(data) - {"slopes", "proofs"}:
        raise CertificateError("the evidence for signs of units has slopes and proofs, no more")
    slopes, proofs = slopes_from_json(data.get("slopes", [])), data.get("proofs", [])
    known = [IntervalVector.line(width) for width in network.widths]
    if not isinstance(proofs, list):
        raise CertificateError("the proofs of signs are no list")
    for item in proofs:
        match item:
            case [int(k), int(unit), "dead" | "active" as kind, dict(proof)]:
                if not (1 <= k <= len(known) and 0 <= unit < len(known[k - 1])):
                    raise CertificateError(f"a sign of unit {unit} of layer {k}: it is not there")
                _require(network, domain, (k, unit, kind), Certificate.from_json(proof), replay)
                known[k - 1] = known[k - 1].meet(half(len(known[k - 1]), unit, kind))
            case _:
                raise CertificateError("a proof of a sign is not (layer, unit, kind, certificate)")
    return linear_bounds(network, box, slopes, known)


def _require(
    network: Network,
    domain: Domain,
    claim: tuple[int, int, str],
    proof: Certificate,
    replay: Replay,
) -> None:
    k, unit, kind = claim
    what = f"the proof that unit {unit} of layer {k} is {kind}"
    if proof.claim != "equivalent" or proof.relation != "at_most" or proof.atol != 0:
        raise CertificateError(f"{what} claims something else")
    if proof.domain != domain:
        raise CertificateError(f"{what} speaks of another domain")
    own = unit_network(network, k, unit, 1 if kind == "dead" else -1)
    wrong = replay(proof, own, zero_network(network.n_inputs))
    if wrong is not None:
        raise CertificateError(f"{what} does not hold: {wrong}")


def half(size: int, unit: int, kind: str) -> IntervalVector:
    """Return intervals that are infinite but for one end of one unit, which is 0.

    Args:
        size: the number of units.
        unit: which of them.
        kind: "active" or "dead".
    """
    ends: list[Fraction | None] = [None] * size
    one = [Fraction(0) if i == unit else None for i in range(size)]
    return IntervalVector.of(one, ends) if kind == "active" else IntervalVector.of(ends, one)
