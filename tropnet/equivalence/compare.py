"""The comparison of two networks, as a function."""

from __future__ import annotations

import math
import time
from concurrent.futures import Executor
from typing import Any

from tropnet.checker.gap import Norm
from tropnet.domains import Domain
from tropnet.equivalence.interrupt import stopping_at_interrupt
from tropnet.equivalence.portfolio import Portfolio
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relative import relative
from tropnet.equivalence.split_boxes import Told
from tropnet.equivalence.verdict import Verdict
from tropnet.errors import DomainError, TropnetError
from tropnet.exact import as_fraction
from tropnet.network import Network


def compare_networks(
    a: Network,
    b: Network,
    domain: Domain = None,
    *,
    relation: Any = "equal",
    atol: Any = 0,
    rtol: Any = None,
    norm: Norm = "inf",
    precision: float | None = None,
    evidence: Any = None,
    time_limit: float = 60,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Told | None = None,
) -> Verdict:
    """Decide whether two networks compute the same function on a domain, within atol.

    The front door is `tropnet.compare`, which also takes files. Stages, in order: shapes; equal
    normal forms; units related over common atoms (on R^n this needs no search and settles permuted,
    rescaled, duplicated and dead units at any size); slopes at infinity; exact enumeration of the
    joint cells if they are few; on bounded domains branch and bound with differential zonotopes; a
    search for differences; for one hidden layer a point read off the forms; intervals around
    differences of matched units; exact enumeration for up to six inputs as far as the time allows;
    more branch and bound; a longer search. Ctrl-C ends the comparison like the time limit.

    Args:
        a: the first network f.
        b: the second network g.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        relation: `"equal"`, `"at_most"`, `"up_to_constant"`, `"argmax"`, `"argmin"`, an `Argmax` or
            an `Argmin`; see `tropnet.compare`.
        atol: the largest gap at which the relation still holds, exact; for `"equal"` also one
            positive number for each output.
        rtol: for `"equal"`, a share of the range of each output that is added to its atol.
        norm: the norm on R^m: `"inf"`, `"1"` or `"2"`.
        precision: go on after the answer is known until upper ≤ (1 + precision) · lower.
        evidence: the certificate of an earlier comparison of the same networks on the same domain,
            whose bounds are taken up again.
        time_limit: seconds after which the answer is Undecided with the bounds so far.
        seed: of the random searches.
        executor: bounds boxes elsewhere; see `tropnet.compare`.
        progress: called with a word on what goes on, and the share of the work done, if known.

    Returns:
        `Equivalent`, `Different` or `Undecided`.

    Raises:
        ShapeError: different numbers of inputs or outputs, or a domain of another dimension.
        DomainError: an empty domain, a negative atol, an unknown norm or relation.
        CertificateError: evidence of other networks, or of another domain.

    Example:
        >>> import tropnet
        >>> from tropnet.equivalence.compare import compare_networks
        >>> f = tropnet.Network.from_dense([[[1]], [[1]]])           # max(x, 0)
        >>> g = tropnet.Network.from_dense([[[-1]], [[-1]]])         # min(x, 0)
        >>> type(compare_networks(f, g)).__name__
        'Different'
    """
    start = time.perf_counter()
    problem = Problem.of(
        a, b, domain, relation=relation, atol=atol, norm=norm, time_limit=time_limit, seed=seed,
        executor=executor,
    )  # fmt: skip
    problem = relative(problem, rtol)
    if precision is not None:
        precision = _precision(precision, problem)
    with stopping_at_interrupt(problem.stop):
        return Portfolio(problem, start, precision, evidence, progress).run()


def _precision(precision: Any, problem: Problem) -> float:
    try:
        share = float(as_fraction(precision, "precision"))
    except (TropnetError, OverflowError):
        share = -1.0
    if not 0 <= share < math.inf:
        raise DomainError(f"precision is {precision!r}; give a share such as 0.1, for 10 %")
    if not problem.bounded:
        raise DomainError("precision asks for a bounded domain; give a Box, or leave it out")
    return share
