"""What has to hold of every simplified network."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

from tropnet.domains import Box, Domain
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.verdict import Equivalent
from tropnet.network import Network
from tropnet.simplification.network_size import network_size
from tropnet.simplification.simplification import Simplification
from tropnet.simplification.simplify_network import simplify_network


def simplified(
    network: Network,
    domain: Domain = None,
    rules: Iterable[str] | None = None,
    *,
    again: bool = True,
    **options: Any,
) -> Simplification[Network]:
    """Simplify, and assert all that may be asked of the result whatever the network is."""
    named = None if rules is None else tuple(rules)
    found = simplify_network(network, domain, rules=named, check=True, **options)
    result = found.result
    assert found.replay()
    assert network_size(result) <= network_size(network)
    assert bool(found.steps) == found.changed
    assert found.certificate is not None
    points = [*points_of(domain, network.n_inputs), list(found.certificate.lower.point)]
    assert (network.exact(points) - result.exact(points)).is_zero()
    verdict = compare_networks(network, result, domain, evidence=found.certificate)
    assert isinstance(verdict, Equivalent), verdict
    if again:
        assert not simplify_network(result, domain, rules=named).changed
    return found


def points_of(domain: Domain, n: int, count: int = 12) -> list[list[Fraction]]:
    """Return random rational points of a domain, corners of a box among them."""
    rng = Random(n)
    if isinstance(domain, Box):
        pairs = list(zip(domain.lower, domain.upper, strict=True))
        inner = [[a + (b - a) * Fraction(rng.randint(0, 97), 97) for a, b in pairs]
                 for _ in range(count)]  # fmt: skip
        return [*inner, *([rng.choice(pair) for pair in pairs] for _ in range(count))]
    spread = [400, 97] * 4 * count
    points = [[Fraction(rng.randint(-v, v), 97) for _ in range(n)] for v in spread]
    return [p for p in points if domain is None or domain.contains(p)]
