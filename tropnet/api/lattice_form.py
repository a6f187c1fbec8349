"""`lattice_form`: an output of a model as a maximum of minima of affine functions."""

from __future__ import annotations

from typing import Any

from tropnet.api.linear_regions import linear_regions
from tropnet.conversion.lattice_form import LatticeForm, Reduce
from tropnet.conversion.lattice_form import lattice_form as form_of
from tropnet.domains import Domain
from tropnet.geometry.polyhedral_complex import PolyhedralComplex


def lattice_form(
    f: Any,
    domain: Domain = None,
    *,
    output: int = 0,
    dual: bool = False,
    reduce: Reduce = "irredundant",
    max_regions: int = 2_000,
) -> LatticeForm:
    """Write one output of a model as a maximum of minima of its affine pieces, with a proof.

    Args:
        f: a Network, a TropicalMap, a PolyhedralComplex, or anything that `load` reads.
        domain: a box, a polyhedron, or None for all of R^n; a complex has its own.
        output: which output.
        dual: a minimum of maxima in place of a maximum of minima.
        reduce: "none", "minimal" (no set contains another) or "irredundant" (no piece and no set
            can be left out).
        max_regions: refuse complexes of more cells, or cuts that make more regions.

    Returns:
        The form; it equals the function on the domain, and its `check` proves it again.

    Raises:
        BudgetExceeded: more cells or base regions than `max_regions`.
        DomainError: there is no such output, or an unknown `reduce`.
        TropnetError: the model cannot be loaded.

    Cost: see `tropnet.conversion.lattice_form`; a second for 800 cells, some ten for 2,000.

    Example:
        >>> import tropnet
        >>> hat = tropnet.Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
        >>> form = tropnet.lattice_form(hat)
        >>> form.exact(["1/2"]) == hat.exact(["1/2"]), form.check()
        (True, True)
    """
    if isinstance(f, PolyhedralComplex):
        cells = f
    else:
        cells = linear_regions(f, domain, max_cells=max_regions)
    return form_of(cells, output=output, dual=dual, reduce=reduce, max_regions=max_regions)
