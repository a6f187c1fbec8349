"""`compare`: do two models compute the same function?"""

from __future__ import annotations

import os
from concurrent.futures import Executor
from typing import Any

from tropnet.api.as_network import as_network
from tropnet.api.read_certificate import read_certificate
from tropnet.checker import Certificate
from tropnet.checker.gap import Norm
from tropnet.checker.relation import Kind
from tropnet.domains import Domain
from tropnet.equivalence import Argmax, Argmin, Verdict, compare_networks
from tropnet.equivalence.split_boxes import Told
from tropnet.errors import CertificateError
from tropnet.io import read_domain


def compare(
    a: Any,
    b: Any,
    domain: Domain | str | os.PathLike[str] = None,
    *,
    relation: Kind | Argmax | Argmin = "equal",
    atol: Any = 0,
    rtol: Any = None,
    norm: Norm = "inf",
    precision: Any = None,
    evidence: Certificate | str | os.PathLike[str] | None = None,
    time_limit: float = 60,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Told | None = None,
) -> Verdict:
    """Decide whether two models compute the same function on a domain, up to atol.

    Or whether another relation holds of them. Each is decided by the supremum of a gap, which the
    verdict brackets: the relation holds where the gap is at most atol.

    The functions are those of the stored weights over the real numbers, not of a float run. The
    answer is `Equivalent` with a certificate, `Different` with an exact witness, or `Undecided`
    with the best proven bounds lower ≤ sup|f − g| ≤ upper; never a guess.

    Args:
        a: the first model f: a Network, anything that `load` reads, or a TropicalMap.
        b: the second model g, likewise.
        domain: a `Box`, a `Polyhedron`, a file that `tropnet.io.read_domain` reads, such as
            VNN-LIB, or None for all of R^n.
        relation: what shall hold everywhere on the domain. `"equal"`: |f − g| ≤ atol.
            `"at_most"`: f ≤ g + atol in every output. `"up_to_constant"`: |f − g − c| ≤ atol for
            some constant vector c. `Argmax(margin)`: wherever f's largest output leads by more than
            the margin, it is a largest output of g too. `Argmin(margin)`: the same of the smallest.
            `"argmax"` and `"argmin"` take atol for the margin.
        atol: the tolerance, exact: `"0.01"` is 1/100, 0.01 the float nearest to it. For `"equal"`
            also a list with a positive one for each output; the gap is then measured in them.
        rtol: for `"equal"`: each output's tolerance is its atol plus rtol times its spread, the
            distance of two values of f that the certificate shows. A bounded domain is needed.
        norm: the norm on the outputs: `"inf"`, `"1"` or `"2"`; other relations take `"inf"` alone.
        precision: go on after the answer is known, until upper ≤ (1 + precision) · lower or the
            time is up: 0.1 brackets the supremum within 10 %. Bounded domains only.
        evidence: the certificate of an earlier comparison of the same models on the same domain, or
            its file: its point and its tree of boxes are taken up again, so that a comparison that
            was stopped goes on.
        time_limit: seconds for the comparison itself, loading not counted. Ctrl-C in the main
            thread ends it as well, with the bounds so far.
        seed: of the random searches.
        executor: a `concurrent.futures.Executor` whose workers bound the boxes of the branch and
            bound: processes, or `client.get_executor()` of dask. Left out, threads as many as cores
            do it. Boxes that it does not finish, since a worker was killed, are bounded here.
        progress: called now and then with a word on what goes on, and the share of the work that is
            done if that can be told.

    Returns:
        The verdict. `bool()` of it is True, False, or raises when undecided.

    Raises:
        ShapeError: different numbers of inputs or outputs, or a domain of another dimension.
        DomainError: an empty domain, a negative atol, an unknown norm or relation, arguments that
            do not go together, a choice among less than two outputs, a constant output under rtol.
        CertificateError: evidence of another question, or what is no certificate.
        TropnetError: a model or domain cannot be loaded, or the time limit was reached before any
            point of a polyhedron was known.

    Cost: copies that differ by permutation, scaling, duplicates or dead units are settled in about
    one exact pass over the weights, at any size. Up to six inputs: exact if there are not too many
    joint cells for the time, about half a millisecond each, 2 ms for six inputs. Otherwise a
    search, and bounds that are narrow for near copies on small domains.

    Example:
        >>> import tropnet
        >>> verdict = tropnet.compare("examples:moons_a", "examples:moons_a_permuted")
        >>> verdict.word, verdict.upper
        ('Equivalent', Fraction(0, 1))
        >>> f = tropnet.Network.from_dense([[[1]], [[1]]])  # max(x, 0)
        >>> g = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]], [[0, 0], [1]])  # |x| + 1
        >>> tropnet.compare(f, g, relation="at_most").word
        'Equivalent'
        >>> tropnet.compare(f, g, tropnet.Box([0], [9]), relation="up_to_constant").word
        'Equivalent'
    """
    if isinstance(domain, str | os.PathLike):
        domain = read_domain(domain)
    if evidence is not None and not isinstance(evidence, Certificate):
        if not isinstance(evidence, str | os.PathLike):
            raise CertificateError(
                f"evidence is a {type(evidence).__name__}; give the certificate of an earlier "
                "verdict, verdict.certificate, or its file"
            )
        evidence = read_certificate(evidence)
    return compare_networks(
        as_network(a),
        as_network(b),
        domain,
        relation=relation,
        atol=atol,
        rtol=rtol,
        norm=norm,
        precision=precision,
        evidence=evidence,
        time_limit=time_limit,
        seed=seed,
        executor=executor,
        progress=progress,
    )
