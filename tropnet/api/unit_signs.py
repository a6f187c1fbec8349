"""`unit_signs`: which units are dead, always on, or neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tropnet.api.read_subject import read_subject

if TYPE_CHECKING:
    from tropnet.simplification.unit_signs import UnitSigns


def unit_signs(
    model: Any,
    domain: Any = None,
    *,
    time_limit: float | None = 60,
    seed: int = 0,
    progress: Callable[[str, float | None], object] | None = None,
) -> UnitSigns:
    """Tell of each ReLU unit of a model whether it is dead, always on, or neither, on a domain.

    Args:
        model: a Network, or anything that `load` reads.
        domain: a `Box`, a `Polyhedron`, the file of one, or None for all of R^n.
        time_limit: seconds, after which the units that are left are undecided; None to go on.
        seed: of all random choices.
        progress: called with a word on what goes on, and the share done, if known.

    Returns:
        The `UnitSigns`: proofs for units of one sign, two rational points for the others.

    Raises:
        DomainError: an empty domain, or a time limit that is not positive.
        TropnetError: the model or the domain cannot be loaded.

    Cost: intervals and linear bounds .1 s for 200 units of 64 inputs, points for all of them about
        a second; then linear programs and a search for what is left.

    Example:
        >>> import tropnet
        >>> signs = tropnet.unit_signs("examples:moons_sparse", tropnet.Box.cube(2, -2, 3))
        >>> signs.counts()
        {'unstable': 22, 'dead': 23, 'active': 3}
    """
    from tropnet.simplification.unit_signs import unit_signs as signs

    network, domain = read_subject(model, domain)
    return signs(network, domain, time_limit=time_limit, seed=seed, progress=progress)
