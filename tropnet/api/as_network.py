"""A network from whatever a verb was given."""

from __future__ import annotations

import os
from typing import Any

from tropnet import examples
from tropnet.io import holds_map, load, load_map
from tropnet.network import Network


def as_network(source: Any) -> Network:
    """Return a network for anything that `load` reads, or for a tropical object.

    Args:
        source: a Network, a model file or object, `"examples:NAME"`, or a `TropicalMap`,
            `TropicalRational` or `TropicalPolynomial` or the file of one, which become networks
            that compute them.

    Raises:
        TropnetError: `load` refuses the source.

    Example:
        >>> from tropnet.api.as_network import as_network
        >>> as_network("examples:moons_a").n_inputs
        2
    """
    if isinstance(source, Network):
        return source
    if isinstance(source, str | os.PathLike) and holds_map(examples.resolve(source)):
        source = load_map(source)
    if type(source).__module__.startswith("tropnet.algebra"):
        from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
        from tropnet.conversion import to_network

        if isinstance(source, TropicalPolynomial | TropicalRational):
            source = TropicalMap([source])
        if isinstance(source, TropicalMap):
            return to_network(source)
    return load(source)
