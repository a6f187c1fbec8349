"""Replaying what shows the signs of the units of one network on a domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from tropnet.checker.case_bounds import CaseCount, half, verify_cases
from tropnet.checker.certificate import Certificate
from tropnet.checker.linear_bounds import linear_bounds, slopes_from_json
from tropnet.domains import Domain
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.network.affine import Affine
from tropnet.network.network import Network

#: Replays a certificate against two networks; returns what is wrong with it, or None.
Replay: TypeAlias = Callable[[Certificate, Network, Network], str | None]
#: (layer, unit, "dead" or "active").
Sign: TypeAlias = tuple[int, int, str]


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

    First the box and slopes give linear bounds; then each stage of claims by cases is shown from
    the bounds so far, and narrows them; then proofs by certificates do.

    Args:
        network: the network.
        domain: where.
        box: intervals around it.
        data: `slopes`, as `slopes_from_json` reads them, for linear bounds, which are followed in
            any case; `cases`, stages of lists (layer, unit, "dead" or "active", tree), with trees
            as `verify_cases` reads them; `proofs`, lists (layer, unit, "dead" or "active",
            certificate): that the pre-activation, or its negative, is at most 0 on the domain.
        replay: replays a certificate.

    Raises:
        CertificateError: data that is no evidence, or does not hold.
    """
    if not isinstance(data, dict) or set(data) - {"slopes", "cases", "proofs"}:
        raise CertificateError("the evidence for signs is slopes, cases and proofs, no more")
    slopes, cases = slopes_from_json(data.get("slopes", [])), data.get("cases", [])
    proofs = data.get("proofs", [])
    if not isinstance(cases, list) or not isinstance(proofs, list):
        raise CertificateError("the cases, or the proofs, of signs are no list")
    bounds = linear_bounds(network, box, slopes)
    claims: list[Sign]
    count = CaseCount()
    for stage in cases:
        if not isinstance(stage, list) or not stage:
            raise CertificateError("a stage of cases is no list of them")
        claims = []
        for item in stage:
            k, unit, kind, tree = _sign(network, item)
            verify_cases(network, box, bounds, (k, unit, kind), tree, count)
            claims.append((k, unit, kind))
        bounds = narrowed(network, box, bounds, claims)
    claims = []
    for item in proofs:
        k, unit, kind, proof = _sign(network, item)
        if not isinstance(proof, dict):
            raise CertificateError("a proof of a sign is no certificate")
        _require(network, domain, (k, unit, kind), Certificate.from_json(proof), replay)
        claims.append((k, unit, kind))
    return narrowed(network, box, bounds, claims) if claims else bounds


def narrowed(
    network: Network,
    box: IntervalVector,
    bounds: Sequence[IntervalVector],
    signs: Iterable[Sign],
) -> list[IntervalVector]:
    """Return intervals around pre-activations, narrowed by known signs of some units.

    Args:
        network: the network.
        box: intervals around the inputs.
        bounds: proven intervals around the pre-activations of all layers.
        signs: (layer, unit, "dead" or "active"), proven.
    """
    known = list(bounds)
    for k, unit, kind in signs:
        known[k - 1] = known[k - 1].meet(half(len(known[k - 1]), unit, kind))
    return linear_bounds(network, box, None, known)


def _sign(network: Network, data: Any) -> tuple[int, int, str, Any]:
    """Read what is claimed of a unit, and what is to show it."""
    match data:
        case [layer, unit, "dead" | "active" as kind, shown]:
            if type(layer) is int and type(unit) is int:
                if 1 <= layer <= len(network.widths) and 0 <= unit < network.widths[layer - 1]:
                    return layer, unit, kind, shown
                raise CertificateError(f"a sign of unit {unit} of layer {layer}: it is not there")
    raise CertificateError("a sign is not (layer, unit, dead or active, what shows it)")


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
