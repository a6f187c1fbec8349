"""Models and domains from whatever a verb was given."""

from __future__ import annotations

import os
from typing import Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.io import read_domain
from tropnet.network import Network


def read_subject(model: Any, domain: Any) -> tuple[Network, Domain]:
    """Return a network and a domain for what `load` and `read_domain` read.

    Args:
        model: a Network, anything that `load` reads, or a tropical object.
        domain: a domain, or the path of its file.

    Raises:
        TropnetError: they cannot be loaded.

    Example:
        >>> from tropnet.api.read_subject import read_subject
        >>> read_subject("examples:moons_a", None)[1] is None
        True
    """
    if isinstance(domain, str | os.PathLike):
        domain = read_domain(domain)
    return as_network(model), domain
