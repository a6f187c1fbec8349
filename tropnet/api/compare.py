"""`compare`: do two models compute the same function?"""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.checker.gap import Norm
from tropnet.domains import Domain
from tropnet.equivalence import Verdict, compare_networks


def compare(
    a: Any,
    b: Any,
    domain: Domain = None,
    *,
    relation: str = "equal",
    atol: Any = 0,
    norm: Norm = "inf",
    time_limit: float = 60,
    seed: int = 0,
) -> Verdict:
    """Decide whether two models compute the same function on a domain, up to atol.

    The functions are those of the stored weights over the real numbers, not of a float run. The
    answer is `Equivalent` with a certificate, `Different` with an exact witness, or `Undecided`
    with the best proven bounds lower ≤ sup|f − g| ≤ upper; never a guess.

    Args:
        a: the first model f: a Network, anything that `load` reads, or a TropicalMap.
        b: the second model g, likewise.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        relation: `"equal"`: |f − g| ≤ atol everywhere on the domain.
        atol: the tolerance, exact: `"0.01"` is 1/100, 0.01 the float nearest to it.
        norm: the norm on the outputs: `"inf"`, `"1"` or `"2"`.
        time_limit: seconds for the comparison itself, loading not counted.
        seed: of the random searches.

    Returns:
        The verdict. `bool()` of it is True, False, or raises when undecided.

    Raises:
        ShapeError: different numbers of inputs or outputs, or a domain of another dimension.
        DomainError: an empty domain, a negative atol, an unknown norm or relation.
        TropnetError: a model cannot be loaded, or the time limit was reached before any point of a
            polyhedron was known.

    Cost: copies that differ by permutation, scaling, duplicates or dead units are settled in about
    one exact pass over the weights, at any size. Up to six inputs: exact if there are not too many
    joint cells for the time, about half a millisecond each, 2 ms for six inputs. Otherwise a
    search, and bounds that are narrow for near copies on small domains.

    Example:
        >>> import tropnet
        >>> verdict = tropnet.compare("examples:moons_a", "examples:moons_a_permuted")
        >>> verdict.word, verdict.upper
        ('Equivalent', Fraction(0, 1))
    """
    return compare_networks(
        as_network(a),
        as_network(b),
        domain,
        relation=relation,
        atol=atol,
        norm=norm,
        time_limit=time_limit,
        seed=seed,
    )
