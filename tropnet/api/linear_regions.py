"""`linear_regions`: the cells and linear regions of a model on a domain."""

from __future__ import annotations

from typing import Any

from tropnet.api.as_network import as_network
from tropnet.domains import Domain
from tropnet.geometry.linear_regions import Engine, Progress, enumerate_cells
from tropnet.geometry.polyhedral_complex import PolyhedralComplex


def linear_regions(
    f: Any,
    domain: Domain = None,
    *,
    engine: Engine = "auto",
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> PolyhedralComplex:
    """Return the polyhedral complex of a model on a domain, exactly.

    Cells, their signs, vertices, facets and neighbours, the affine map of each, and the linear
    regions that they form. Zero biases, repeated units, pruned and quantised weights are no special
    case; what floats cannot prove is decided in integers.

    Args:
        f: a Network, a TropicalMap, or anything that `load` reads.
        domain: a box, a polyhedron, or None for all of R^n.
        engine: "subdivision" (n ≤ 6) cuts a face lattice in float64 and proves all signs, or cuts
            again in integers; "exact" cuts in integers at once; "tree" searches over the units with
            linear programs, for any n; "auto" takes "subdivision" for n ≤ 6 and "tree" above.
        max_cells: refuse more cells than this; a tree search without a time limit is not begun
            where random descents (`estimate_cells`) foretell many more.
        time_limit: seconds; then the complex of the first units is returned, which has no more
            cells than the whole one, and says so (`complete` is False).
        progress: called with (units done, units in all, cells so far).

    Raises:
        BudgetExceeded: more than `max_cells` cells, found or foretold.
        DomainError: an empty or flat domain, or an unknown engine.
        ShapeError: a domain of another dimension.
        TropnetError: the model cannot be loaded.

    Cost: 1 to 3 µs a cell in two or three dimensions, with proof; about 1 ms a cell in integers.

    Example:
        >>> import tropnet
        >>> moons = tropnet.load("examples:moons_a")
        >>> complex = tropnet.linear_regions(moons, tropnet.Box.cube(2, -1, 1))
        >>> complex.n_cells == len(complex.signs), complex.complete
        (True, True)
    """
    return enumerate_cells(
        as_network(f),
        domain,
        engine=engine,
        max_cells=max_cells,
        time_limit=time_limit,
        progress=progress,
    )
