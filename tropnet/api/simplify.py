"""`simplify`: a smaller object that is provably the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from tropnet import examples
from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.io import holds_map, load_map, read_domain
from tropnet.simplification import Simplification


def simplify(
    x: Any,
    domain: Domain | str | os.PathLike[str] = None,
    *,
    rules: Iterable[str] | None = None,
    time_limit: float | None = None,
    check: bool = False,
    seed: int = 0,
    progress: Callable[[str, float | None], object] | None = None,
) -> Simplification[Any]:
    """Make a network or a tropical expression smaller without changing the function on the domain.

    Nothing is approximated: every step comes with evidence that replays in exact arithmetic. What
    may change the function, by a proven bound, is `prune`, `round_weights` and `merge_units`.

    Args:
        x: a Network or anything that `load` reads; a TropicalPolynomial, TropicalRational or
            TropicalMap, or the file of one.
        domain: where the result has to agree: a `Box`, a `Polyhedron`, a file that `read_domain`
            reads, or None for all of R^n. A map's own domain is taken where none is given.
        rules: the names of the rules to apply; all of them when left out. For networks those of
            `simplification.simplify_network.RULES`: dead, constant, duplicate, collinear and
            unused units, units that are always on, affine chains, relations between units.
        time_limit: seconds after which the best result so far is returned, `complete` being False.
        check: replay the evidence of each step as it is made.
        seed: of the random searches for witnesses.
        progress: called now and then with a word on what goes on, and the share of the work that is
            done if that can be told.

    Returns:
        The `Simplification`: `result`, the sizes `before` and `after`, the `steps` and, for
        networks, the `certificate` that original and result are equal on the domain. Applied to its
        own result it changes nothing more.

    Raises:
        DomainError: an empty domain, or an unknown rule; the message lists the known ones.
        ShapeError: a domain of another dimension.
        CertificateError: with `check`, evidence that does not replay: a bug.
        TropnetError: the model or the domain cannot be loaded.

    Cost: on R^n about one exact pass over the weights. On a domain first intervals, .1 s for 200
        units of 64 inputs; then, for units whose sign these do not show, linear bounds, witnesses
        and a search, as long as the time allows.

    Example:
        >>> import tropnet
        >>> f = tropnet.Network.from_dense([[[1], [2], [-1]], [[1, 1, 0]]], [[0, 0, 0], [3]])
        >>> found = tropnet.simplify(f)
        >>> found.result.n_relu, bool(tropnet.check(found.certificate, f, found.result))
        (1, True)
        >>> tropnet.simplify(f, tropnet.Box([1], [2])).result.n_relu  # always on: affine
        0
        >>> x = tropnet.TropicalPolynomial.variable(0)
        >>> print(tropnet.simplify(0 + x * -1 + x**2).result)
        max(0, 2*x₁)
    """
    from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational

    if isinstance(domain, str | os.PathLike):
        domain = read_domain(domain)
    if isinstance(x, str | os.PathLike) and holds_map(examples.resolve(x)):
        x = load_map(x)
    asked: dict[str, Any] = {
        "rules": rules, "time_limit": time_limit, "check": check, "seed": seed,
        "progress": progress,
    }  # fmt: skip
    if isinstance(x, TropicalPolynomial):
        from tropnet.simplification.simplify_polynomial import simplify_polynomial

        return simplify_polynomial(x, domain, **asked)
    if isinstance(x, TropicalRational):
        from tropnet.simplification.simplify_rational import simplify_rational

        return simplify_rational(x, domain, **asked)
    if isinstance(x, TropicalMap):
        from tropnet.simplification.simplify_map import simplify_map

        return simplify_map(x, domain, **asked)
    from tropnet.simplification.simplify_network import simplify_network

    return simplify_network(as_network(x), domain, **asked)
