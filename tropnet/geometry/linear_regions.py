"""The cells of a network on a domain, enumerated exactly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Final, Literal

from tropnet.domains import Domain, require_dimension
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.exact.fraction import shortened
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.evaluation import Evaluation
from tropnet.geometry.exact_subdivision import subdivide_exactly
from tropnet.geometry.face_lattice import NotSimple
from tropnet.geometry.float_certificate import doubtful_vertices
from tropnet.geometry.polyhedral_complex import PolyhedralComplex, facets_part_signs
from tropnet.geometry.quick_certificate import open_vertices
from tropnet.geometry.settle import signs_hold
from tropnet.geometry.start import MAX_DIMENSION, Start
from tropnet.geometry.subdivision import Subdivision, subdivide
from tropnet.geometry.tree.prediction import predicted_excess
from tropnet.geometry.tree.problem import TreeProblem
from tropnet.geometry.tree.search import TreeSearch

if TYPE_CHECKING:
    from tropnet.network import Network

#: How the cells are found.
Engine = Literal["auto", "subdivision", "exact", "tree"]

#: Called now and then with (units done, units in all, cells so far).
Progress = Callable[[int, int, int], None]

#: With larger inputs floats do not try, lest they overflow.
_FAR: Final = 2**200

#: The parts of a time limit after which floats stop cutting and after which integers stop proving
#: what they cut; where that fails, what is left is for cutting in integers.
_FLOATS: Final = 0.5
_PROOF: Final = 0.8

#: What to do where there are too many cells for a tree search.
_INSTEAD: Final = (
    "a smaller domain, a slice of the network (slice_network), a higher max_cells, or a time_limit "
    "for a partial result"
)

#: With a larger part of the vertices in doubt, all is cut again in integers.
_MOST_DOUBTFUL: Final = 0.5


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
        max_cells: refuse more cells than this, or with a time limit return those so far; a tree
            search without a time limit is not begun where many more are predicted.
        time_limit: seconds for all steps together; the cells so far are returned then, cut by the
            first units only, which bounds the number of all cells from below (`complete` is False).
            Floats may cut for half of it, so that time is left for the proof, and for integers if
            it fails. With a limit, too many cells end the work in the same way.
        progress: called with (units done, units in all, cells so far).

    Raises:
        BudgetExceeded: more than `max_cells` cells, or surely so by `predicted_excess`; not with
            a time limit.
        DomainError: an empty or flat domain, an unknown engine, or a budget that is none.
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
    _require_number("max_cells", max_cells)
    if not max_cells >= 1:
        raise DomainError(f"max_cells={max_cells}; give at least 1")
    if time_limit is not None:
        _require_number("time_limit", time_limit)
    if time_limit is not None and not time_limit >= 0:  # NaN too
        raise DomainError(f"time_limit={time_limit}; give seconds, 0 or more")
    circuit = Circuit.of(network)
    if engine == "tree" or (engine == "auto" and network.n_inputs > MAX_DIMENSION):
        return _by_tree(network, domain, circuit, max_cells, time_limit, progress)
    clock = _Clock(circuit.n_units, time_limit, progress)
    found = None
    if engine != "exact":
        clock.until(_FLOATS)
        found = _in_floats(circuit, domain, max_cells, clock)
    if found is None:
        start = Start.of(circuit, domain)
        clock.until(1.0)
        record = subdivide_exactly(
            circuit, start, max_cells, clock.watch, partial=time_limit is not None
        )
        found = start, record, "integers"
    return PolyhedralComplex.of(network, domain, circuit, *found)


def _require_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise DomainError(f"{name}={shortened(repr(value))}; give a number")


def _by_tree(
    network: Network, domain: Domain, circuit: Circuit, max_cells: int,
    time_limit: float | None, progress: Progress | None,
) -> PolyhedralComplex:  # fmt: skip
    def watch(cells: int) -> None:
        if progress is not None:
            progress(0, circuit.n_units, cells)

    problem = TreeProblem.of(circuit, domain)
    if time_limit is None:
        predicted = predicted_excess(problem, max_cells)
        if predicted is not None:
            raise BudgetExceeded("cells of the complex", predicted, max_cells, _INSTEAD)
    search = TreeSearch(problem, max_cells, time_limit, watch)
    search.run()
    found = search.result(facets=True)
    if not found.complete and time_limit is None:
        raise BudgetExceeded("cells of the complex", found.n_cells, max_cells, _INSTEAD, found=True)
    return PolyhedralComplex.of_tree(network, domain, circuit, found)


def _in_floats(
    circuit: Circuit, domain: Domain, max_cells: int, clock: _Clock
) -> tuple[Start, Subdivision, str] | None:
    """Return a proved subdivision, or None where floats cannot make one."""
    start = Start.of(circuit, domain)
    if not start.simple or start.has_walls or not Evaluation(circuit).in_range:
        return None
    if start.bounded and start.reaches(_FAR):
        return None
    try:
        record = subdivide(circuit, start, max_cells, clock.watch, partial=clock.limit is not None)
        clock.until(_PROOF)
        done = circuit.first(record.n_done)
        doubt = open_vertices(done, start, record)
        if len(doubt):
            doubt = doubtful_vertices(done, start, record, doubt)
        if not facets_part_signs(start, record):
            return None
    except NotSimple:
        return None
    if len(doubt) == 0:
        return start, record, "float64 bounds"
    most = max(64, _MOST_DOUBTFUL * record.lattice.n_vertices)
    if len(doubt) > most or not signs_hold(done, start, record, doubt, clock.up):
        return None
    return start, record, f"float64 bounds, integers at {len(doubt)} vertices"


class _Clock:
    """Tells the engines when to stop, and the caller how far they are."""

    def __init__(self, units: int, limit: float | None, progress: Progress | None) -> None:
        self.units, self.limit, self.progress = units, limit, progress
        self.started, self.end = time.monotonic(), math.inf

    def watch(self, done: int, cells: int) -> bool:
        """Tell whether the time is up."""
        if self.progress is not None:
            self.progress(done, self.units, cells)
        return self.up()

    def up(self) -> bool:
        """Tell the same."""
        return time.monotonic() > self.end

    def until(self, part: float) -> None:
        """Let the next step have the time until a part of the limit is gone."""
        if self.limit is not None:
            self.end = self.started + part * self.limit
