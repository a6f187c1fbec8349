"""`export_query`: a comparison as files, so that other tools can try it."""

from __future__ import annotations

import os
from typing import Any

from tropnet.api.as_network import as_network
from tropnet.checker.relation import Kind
from tropnet.domains import Domain
from tropnet.equivalence import Argmax, Argmin
from tropnet.errors import DomainError
from tropnet.io import ExportedQuery, export_networks, read_domain
from tropnet.io.query_text import Version


def export_query(
    a: Any,
    b: Any,
    domain: Domain | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    relation: Kind | Argmax | Argmin = "equal",
    atol: Any = 0,
    norm: str = "inf",
    version: Version = 2,
) -> ExportedQuery:
    """Write the question that `compare` answers as a VNN-LIB query and ONNX files.

    With version 2 the files are `a.onnx`, `b.onnx` and `query.vnnlib`, a query about two networks
    f and g. With version 1, for older tools, they are `product.onnx`, one network that computes
    the differences, and `query.vnnlib`. The query asks for a counterexample: a solver that says
    "unsat" has proved the relation, one that says "sat" has found a point that breaks it.

    The networks are written exactly, in float32 where every weight of both is exact in it, else in
    float64. A number of the query that is no decimal of at most 100 digits behind the point is
    rounded, bounds outward and tolerances down, so that "unsat" keeps its meaning; the result and
    the file say how many were.

    Args:
        a: the first model f: a Network, anything that `load` reads, or a TropicalMap.
        b: the second model g, likewise.
        domain: a `Box`, a `Polyhedron`, a file that `read_domain` reads, or None for all of R^n.
        folder: where to; it is made if it is missing, and files of these names are replaced.
        relation: as in `compare`: "equal", "at_most", "up_to_constant", "argmax", "argmin", or
            `Argmax(margin)`, `Argmin(margin)`.
        atol: the tolerance, or the margin of argmax and argmin; for "equal" also one a output.
        norm: `"inf"`; others are no linear formulas.
        version: of VNN-LIB: 2, or 1.

    Returns:
        The paths, the version, the format of the weights and how many numbers were rounded.

    Raises:
        ShapeError: different numbers of inputs or outputs, or a domain of another dimension.
        DomainError: an unknown relation, a norm or a tolerance that cannot be written, or a weight
            that no float format holds.
        BudgetExceeded: more than two million comparisons.
        FormatError: a folder that cannot be written.
        TropnetError: whatever `load` raises.

    Cost: linear in the stored weights; version 1 pads two chains to one with zeros.

    Source: Antony, Gimelli, Roy, Daggitt, VNN-LIB 2.0: Rigorous Foundations for Neural Network
    Verification, arXiv 2605.07451.

    Example:
        >>> import tempfile, tropnet
        >>> pair = "examples:moons_a", "examples:moons_b"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = tropnet.export_query(*pair, tropnet.Box.cube(2), folder, atol="0.5")
        ...     print(done.query.read_text().splitlines()[-1])
        (assert (or (> Y_g[0,0] (+ Y_f[0,0] 0.5)) (< Y_g[0,0] (- Y_f[0,0] 0.5))))
    """
    if isinstance(domain, str | os.PathLike):
        domain = read_domain(domain)
    if isinstance(relation, Argmax | Argmin):
        if atol != 0:
            raise DomainError(f"{relation} has its margin; leave atol out")
        atol, relation = relation.margin, relation.kind
    return export_networks(
        as_network(a),
        as_network(b),
        domain,
        folder,
        relation=relation,
        atol=atol,
        norm=norm,
        version=version,
    )
