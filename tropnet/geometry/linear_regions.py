"""The cells of a network on a domain, enumerated exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from tropnet.domains import Domain, require_dimension
from tropnet.errors import DomainError
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.exact_subdivision import subdivide_exactly
from tropnet.geometry.face_lattice import NotSimple
from tropnet.geometry.float_certificate import doubtful_vertices
from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.geometry.settle import signs_hold
from tropnet.geometry.start import MAX_DIMENSION, Start
from tropnet.geometry.subdivision import OutOfTime, Subdivision, subdivide

if TYPE_CHECKING:
    from tropnet.network import Network

#: How the cells are found.
Engine = Literal["auto", "subdivision", "exact", "tree"]

#: Called now and then with (units done, units in all, cells so far).
Progress = Callable[[int, int, int], None]

#: With more doubtful vertices than this, all is cut again in integers.
_MOST_DOUBTFUL: Final = 500


def enumerate_cells(
    network: Network,
    domain: Domain = None,
    *,
    engine: Engine = "auto",
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> PolyhedralComplex:
    """Return the complex of the activation cells of a network on a domain.

    Args:
        network: the network.
        domain: a box, a polyhedron, or None for all of R^n.
        engine: "subdivision" cuts a face lattice in float64, proves every sign at every vertex, and
            cuts again in integers where that fails (n ≤ 6); "exact" cuts in integers at once;
            "tree" searches over the units with linear programs (any n); "auto" takes "subdivision"
            for n ≤ 6 and "tree" above.
        max_cells: refuse more cells than this.
        time_limit: seconds; the cells so far are returned then, cut by the first units only, which
            bounds the number of all cells from below (`complete` is False).
        progress: called with (units done, units in all, cells so far).

    Raises:
        BudgetExceeded: more than `max_cells` cells.
        DomainError: an empty or flat domain, or an unknown engine.
        ShapeError: a domain of another dimension.

    Cost: about 1 µs a cell for n = 2, 3, doubled by the proof; about 1 ms a cell in integers.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry.linear_regions import enumerate_cells
        >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> enumerate_cells(corner, Box.cube(2)).n_cells
        4
    """
    require_dimension(domain, network.n_inputs)
    if engine not in ("auto", "subdivision", "exact", "tree"):
        raise DomainError(
            f"engine={engine!r} is unknown; take 'auto', 'subdivision', 'exact' or 'tree'"
        )
    circuit = Circuit.of(network)
    if engine == "tree" or (engine == "auto" and network.n_inputs > MAX_DIMENSION):
        raise DomainError("tree")
    limit = None if time_limit is None else time.monotonic() + time_limit

    def watch(done: int, cells: int) -> None:
        if progress is not None:
            progress(done, circuit.n_units, cells)
        if limit is not None and time.monotonic() > limit:
            raise OutOfTime

    watched = None if limit is None and progress is None else watch
    record: Subdivision | None = None
    start = Start.of(circuit, domain)
    if engine != "exact" and start.simple:
        try:
            record = subdivide(circuit, start, max_cells, watched)
            doubt = doubtful_vertices(circuit, start, record)
            proved = len(doubt) <= _MOST_DOUBTFUL and (
                len(doubt) == 0 or signs_hold(circuit, start, record, doubt)
            )
            if not proved:
                record = None
        except NotSimple:
            record = None
    certified = "float64 bounds"
    if record is not None and len(doubt):
        certified = f"float64 bounds, integers at {len(doubt)} vertices"
    if record is None:
        start = Start.of(circuit, domain)
        record = subdivide_exactly(circuit, start, max_cells, watched)
        certified = "integers"
    return PolyhedralComplex.of(network, domain, circuit, start, record, certified)
