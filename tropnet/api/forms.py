"""`forms`: the explicit forms of a function, with predicted sizes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tropnet import examples
from tropnet.io import holds_map, load_map, read_domain

if TYPE_CHECKING:
    from tropnet.conversion.forms import ExplicitForms


def forms(f: Any, domain: Any = None, *, seed: int = 0) -> ExplicitForms:
    """Predict how large each explicit form of a function is, and offer to build it.

    The forms are P ⊘ Q layer by layer, P ⊘ Q from the cells, a maximum of minima, and a circuit of
    one line a unit.

    Args:
        f: a Network or anything that `load` reads, a TropicalMap or a TropicalRational, or a file.
        domain: where the forms have to hold, or the file of a domain; None for all of R^n.
        seed: of the samples behind the predictions.

    Returns:
        The sizes; `build(name)` makes one, `to_latex()` writes the smallest readable one.

    Raises:
        DomainError: a flat domain, or one outside that of a map.
        TropnetError: the model or the domain cannot be loaded.

    Cost: that of `plan`: below 1 s for 300 units in 5 inputs.

    Example:
        >>> import tropnet
        >>> found = tropnet.forms(tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]]))
        >>> found.build("regions").to_text()
        ('max(-x₁, x₁)',)
    """
    from tropnet.api.as_network import as_network
    from tropnet.conversion.forms import forms as predicted

    if isinstance(domain, str | os.PathLike):
        domain = read_domain(domain)
    if isinstance(f, str | os.PathLike) and holds_map(examples.resolve(f)):
        f = load_map(f)
    if not type(f).__module__.startswith("tropnet.algebra"):
        f = as_network(f)
    return predicted(f, domain, seed=seed)
