"""The polyhedral complex of a network on a domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.geometry.cell_maps import exact_forms, float_maps, map_numbers
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.exact_cut import words
from tropnet.geometry.exact_rows import ExactRows
from tropnet.geometry.face_lattice import FaceLattice
from tropnet.geometry.float_certificate import cells_of_vertices
from tropnet.geometry.linear_region import LinearRegion, connected
from tropnet.geometry.location import cells_of_points
from tropnet.geometry.saved_complex import complex_to_json
from tropnet.geometry.settle import vertices_exactly
from tropnet.geometry.start import INEQUALITY, MAX_DIMENSION, Start, float_points
from tropnet.geometry.subdivision import WORD, Subdivision, signs_of
from tropnet.geometry.tree.search import TreeCells
from tropnet.geometry.walls import WALL_UNIT, without_walls
from tropnet.network import AffineMap, Network

if TYPE_CHECKING:
    import networkx as nx

    from tropnet.typing import BoolArray, FloatArray, IntArray, SignArray

#: Vertices that are solved at a time, between two looks at the clock.
_VERTICES: Final = 4096


@final
@dataclass(frozen=True, eq=False)
class PolyhedralComplex:
    """The cells of a network on a domain, their faces, maps and linear regions.

    A *cell* is the closure of the points with one activation pattern, where that has interior; a
    *linear region* is a maximal union of cells with one affine map, connected through facets.

    Attributes:
        network: the network.
        domain: the domain, None for all of R^n.
        engine: how the cells were found.
        certified: how it was proved that these are the cells.
        complete: whether all units have cut; else there are at least as many cells as here.
        n_done: the number of units that have cut.
        generators: `(V, n + 1)` float64 vertices (x, 1); on unbounded domains also rays (x, 0).
        edges: `(E, 2)` the ends of the edges; on unbounded domains those at infinity too.
        facet_cells: `(F, 2)` the cells on both sides, first the one on which the unit is positive;
            −1 is the outside of the domain.
        facet_unit: `(F,)` the column of `signs` whose zero set carries the facet; −1 − k is
            inequality k of `domain.inequalities()`.
        f_vector: the number of faces of each dimension 0 … n, those at infinity left out; empty
            for complexes of a tree search, which have no vertices, edges and faces.
    """

    network: Network
    domain: Domain
    engine: str
    certified: str
    complete: bool
    n_done: int
    generators: FloatArray
    edges: Any
    facet_cells: Any
    facet_unit: Any
    f_vector: tuple[int, ...]
    circuit: Circuit = field(repr=False)
    words: Any = field(repr=False)
    chunks: tuple[int, ...] = field(repr=False)
    record: Subdivision | None = field(repr=False)
    start: Start | None = field(repr=False)
    parts: tuple[PolyhedralComplex, IntArray] | None = field(default=None, repr=False)

    @staticmethod
    def of(
        network: Network,
        domain: Domain,
        circuit: Circuit,
        start: Start,
        record: Subdivision,
        certified: str,
    ) -> PolyhedralComplex:
        """Read the complex off a subdivision."""
        lattice = record.lattice
        d, n = lattice.dimension, lattice.n_vertices
        # the float of a positive t may be zero
        finite = lattice.points[:n, d] > 0 if record.rows is None else record.rows[:, d] > 0
        finite = finite.astype(np.bool_)
        counts, real = _finite_faces(lattice, finite)
        owners, carrier = _facets(start, record, real)
        generators = lattice.points[:n].copy()
        if record.rows is not None and not start.bounded:
            generators[finite] = float_points(record.rows[finite], True)
        else:
            generators[finite] /= generators[finite, d:]
        begin = lattice.start[1][: int(lattice.count[1])]
        edges = np.column_stack([lattice.pool[1][begin], lattice.pool[1][begin + 1]])
        whole = PolyhedralComplex(
            network, domain, "subdivision" if record.rows is None else "exact", certified,
            record.n_done == circuit.n_units, record.n_done, generators, edges, owners, carrier,
            counts, circuit, (record.positive, record.negative), tuple(record.chunks), record,
            start,
        )  # fmt: skip
        return without_walls(whole) if start.has_walls else whole

    @staticmethod
    def of_tree(
        network: Network, domain: Domain, circuit: Circuit, found: TreeCells
    ) -> PolyhedralComplex:
        """Return the complex of cells that a tree search found: without vertices and edges."""
        widths = [min(WORD, circuit.n_units - k) for k in range(0, circuit.n_units, WORD)]
        sides = [found.signs > 0, found.signs < 0]
        positive, negative = (
            np.column_stack(
                [
                    np.zeros((found.n_cells, 0), np.uint64),
                    *(words(side[:, WORD * k : WORD * k + w]) for k, w in enumerate(widths)),
                ]
            )
            for side in sides
        )
        owners, carrier = found.facets[:, :2].astype(np.int32), found.facets[:, 2]
        inner = carrier >= 0
        plus = np.ones(len(owners), np.int64)
        plus[inner] = found.signs[owners[inner, 0], carrier[inner]]
        owners = np.where((plus > 0)[:, None] | (owners[:, 1:] < 0), owners, owners[:, ::-1])
        whole = PolyhedralComplex(
            network, domain, "tree", found.certified, found.complete, circuit.n_units,
            np.zeros((0, network.n_inputs + 1)), np.zeros((0, 2), np.int32), owners,
            carrier.astype(np.int32), (), circuit, (positive, negative), tuple(widths), None, None,
        )  # fmt: skip
        whole.__dict__["interior_points"] = found.interior_points
        return whole

    # ---- sizes ------------------------------------------------------------------------------

    @property
    def n_inputs(self) -> int:
        """The dimension n."""
        return self.network.n_inputs

    @property
    def n_cells(self) -> int:
        """The number of cells."""
        return len(self.words[0])

    @property
    def n_regions(self) -> int:
        """The number of linear regions."""
        return int(self.region_ids.max(initial=-1)) + 1

    @property
    def n_affine_maps(self) -> int:
        """The number of different affine maps."""
        return int(self.map_ids.max(initial=-1)) + 1

    # ---- cells ------------------------------------------------------------------------------

    @cached_property
    def signs(self) -> SignArray:
        """The sign of each unit on each cell, `(C, n_done)`; 0 only where it is always zero."""
        signs: SignArray = signs_of(self.words[0], self.words[1], self.chunks)
        return signs

    @property
    def units(self) -> IntArray:
        """The layer and the index of the unit of each column of `signs`, `(N, 2)`."""
        return self.circuit.units

    @property
    def vertices(self) -> FloatArray:
        """The vertices as float64, `(V, n)`."""
        return self.generators[self.generators[:, -1] > 0, :-1]

    @property
    def rays(self) -> FloatArray:
        """The directions in which cells are unbounded, `(K, n)`."""
        return self.generators[self.generators[:, -1] == 0, :-1]

    def faces(self, k: int) -> tuple[IntArray, IntArray]:
        """Return the faces of dimension k − 1 of each face of dimension k, as (indptr, indices).

        The faces of face i are `indices[indptr[i] : indptr[i + 1]]`. Dimension 0 are the
        generators, dimension n the cells; on unbounded domains faces at infinity are among them.

        Raises:
            DomainError: k is not between 1 and n.
        """
        if not 1 <= k <= self.n_inputs:
            raise DomainError(f"faces of dimension {k}; give 1 … {self.n_inputs}")
        if self.parts is not None:
            raise DomainError(
                "some cell contains a whole line, so that its faces have no vertices; "
                "`complex.pieces` is cut along coordinate hyperplanes and has faces"
            )
        if self.record is None:
            raise DomainError(
                "a complex of engine='tree' knows cells and facets only; for faces and vertices "
                f"take engine='subdivision' (at most {MAX_DIMENSION} inputs), or a slice"
            )
        found: tuple[IntArray, IntArray] = self.record.lattice.table(k)
        return found

    @property
    def pieces(self) -> PolyhedralComplex:
        """The complex in pointed pieces: itself, unless some cell contains a whole line.

        Such cells, on R^n and polyhedra without vertices, are cut along coordinate hyperplanes
        there, in facets whose `facet_unit` is `WALL_UNIT`.
        """
        return self if self.parts is None else self.parts[0]

    @property
    def piece_cells(self) -> IntArray:
        """The cell of each cell of `pieces`."""
        return np.arange(self.n_cells) if self.parts is None else self.parts[1]

    @cached_property
    def cell_vertices(self) -> tuple[IntArray, IntArray]:
        """The generators of each cell, as (indptr, indices).

        A cell is the convex hull of its vertices and directions; where it contains a line, some of
        the vertices are no corners.
        """
        if self.parts is not None:
            indptr, members = self.pieces.cell_vertices
            cells = np.repeat(self.piece_cells, np.diff(indptr))
            pairs = np.unique(np.column_stack([cells, members]), axis=0)
            return np.searchsorted(pairs[:, 0], np.arange(self.n_cells + 1)), pairs[:, 1]
        indptr, members = self.faces(self.n_inputs)
        for k in range(self.n_inputs - 1, 0, -1):
            below, children = self.faces(k)
            lengths = np.diff(below)[members]
            place = np.arange(lengths.sum()) + np.repeat(
                below[members] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths
            )
            cell = np.repeat(np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), lengths)
            pairs = np.unique(cell.astype(np.int64) * len(self.generators) * 64 + children[place])
            cell, members = np.divmod(pairs, len(self.generators) * 64)
            indptr = np.searchsorted(cell, np.arange(len(indptr)))
        return indptr, members

    @cached_property
    def interior_points(self) -> FloatArray:
        """A point inside each cell, rounded to float64, `(C, n)`.

        It is the mean of the vertices, moved along the directions of an unbounded cell.
        """
        indptr, members = self.cell_vertices
        chosen = self.generators[members]
        total = np.add.reduceat(chosen, indptr[:-1], axis=0)
        finite = np.add.reduceat(chosen * chosen[:, -1:], indptr[:-1], axis=0)
        result: FloatArray = finite[:, :-1] / finite[:, -1:] + (total - finite)[:, :-1]
        return result

    @cached_property
    def bounded(self) -> BoolArray:
        """Whether each cell is bounded, `(C,)`."""
        if len(self.generators) and (self.generators[:, -1] > 0).all():  # cell_vertices is slow
            return np.ones(self.n_cells, dtype=np.bool_)
        indptr, members = self.cell_vertices
        finite = self.generators[members, -1] > 0
        result: BoolArray = np.logical_and.reduceat(finite, indptr[:-1])
        return result

    def exact_vertices(self, pulse: Callable[[], None] = lambda: None) -> Any:
        """Return the generators exactly: object `(V, n + 1)` primitive integers (x, t).

        Args:
            pulse: called now and then while they are computed, at the first call; it may raise.
        """
        if "_exact_vertices" not in self.__dict__:
            self.__dict__["_exact_vertices"] = self._solved_vertices(pulse)
        return self.__dict__["_exact_vertices"]

    def _solved_vertices(self, pulse: Callable[[], None]) -> Any:
        if self.record is None or self.start is None:
            return np.zeros((0, self.n_inputs + 1), object)
        if self.record.rows is not None:
            return self.record.rows
        owner = cells_of_vertices(self.record.lattice)
        parts = []
        for first in range(0, max(len(self.generators), 1), _VERTICES):
            pulse()
            some = np.arange(first, min(first + _VERTICES, len(self.generators)))
            pattern = self.signs[owner[some]]
            parts.append(vertices_exactly(self.circuit, self.start, self.record, some, pattern))
        return np.concatenate(parts)

    # ---- maps -------------------------------------------------------------------------------

    @cached_property
    def active(self) -> SignArray:
        """Where units are active, `(C, N)` int8; units that have not cut count as inactive."""
        result = np.zeros((self.n_cells, self.circuit.n_units), np.int8)
        result[:, : self.n_done] = self.signs > 0
        return result

    @cached_property
    def maps(self) -> FloatArray:
        """The affine map of each cell in float64, `(C, m, n + 1)`, the constant last."""
        return float_maps(self.circuit, self.active)

    @cached_property
    def _residues(self) -> Any:
        self._require_all_units()
        return exact_forms(ExactRows(self.circuit), self.active)

    def _require_all_units(self) -> None:
        if not self.complete:
            raise DomainError(
                f"only {self.n_done} of {self.circuit.n_units} units have cut, so the network is "
                "not affine on the cells; allow more time"
            )

    def exact_maps(self) -> tuple[Any, int]:
        """Return all maps exactly: object `(C, m, n + 1)` integers, and their denominator."""
        return self._exact_maps

    @cached_property
    def _exact_maps(self) -> tuple[Any, int]:
        rows = ExactRows(self.circuit)
        numerators = rows.integers(self._residues, len(self.circuit.blocks))
        return numerators, int(self.circuit.output.denominator)

    def exact_map(self, cell: int) -> AffineMap:
        """Return the exact affine map of one cell.

        Raises:
            DomainError: there is no such cell.
        """
        if isinstance(cell, bool) or not isinstance(cell, (int, np.integer)):
            raise DomainError(f"cell {cell!r} is no cell; give the number of one, an integer")
        if not 0 <= cell < self.n_cells:
            raise DomainError(f"cell {cell} of {self.n_cells}; they are numbered from 0")
        rows = ExactRows(self.circuit)
        numerators = rows.integers(self._residues[cell], len(self.circuit.blocks))
        n, denominator = self.n_inputs, int(self.circuit.output.denominator)
        whole = RationalMatrix.from_rows(numerators.tolist()) * Fraction(1, denominator)
        return AffineMap(whole.columns(range(n)), whole.columns([n]))

    def unit_rows(self, cells: IntArray, units: IntArray) -> tuple[Any, Any]:
        """Return the exact affine functions of units on cells.

        Args:
            cells: `(k,)` cells.
            units: `(k,)` columns of `signs`.

        Returns:
            object `(k, n + 1)` integers and object `(k,)` denominators.
        """
        numerators = np.zeros((len(cells), self.n_inputs + 1), object)
        denominators = np.ones(len(cells), object)
        rows = ExactRows(self.circuit)
        for b, block in enumerate(self.circuit.blocks):
            own = np.flatnonzero((units >= block.start) & (units < block.start + block.width))
            if len(own):
                residues = rows.residues(b, units[own] - block.start, self.active[cells[own]])
                numerators[own] = rows.integers(residues, b)
                denominators[own] = int(block.denominator)
        return numerators, denominators

    @cached_property
    def map_ids(self) -> IntArray:
        """A number for each cell; equal where the exact affine maps are, counted from 0."""
        self._require_all_units()
        return map_numbers(self.circuit, self.active)

    # ---- regions ----------------------------------------------------------------------------

    @cached_property
    def region_ids(self) -> IntArray:
        """The linear region of each cell, `(C,)`, counted from 0."""
        pairs = self.facet_cells[self.facet_cells[:, 1] >= 0]
        same = self.map_ids[pairs[:, 0]] == self.map_ids[pairs[:, 1]]
        return connected(self.n_cells, pairs[same])

    @cached_property
    def regions(self) -> list[LinearRegion]:
        """The linear regions."""
        order = np.argsort(self.region_ids, kind="stable")
        bounds = np.searchsorted(self.region_ids[order], np.arange(self.n_regions + 1))
        return [
            LinearRegion(self, k, order[bounds[k] : bounds[k + 1]]) for k in range(self.n_regions)
        ]

    def adjacency(self) -> nx.Graph[int]:
        """Return the dual graph: cells are nodes, facets between them edges with their `unit`."""
        import networkx as nx

        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(self.n_cells))
        inner = self.facet_cells[:, 1] >= 0
        for (a, b), unit in zip(
            self.facet_cells[inner].tolist(), self.facet_unit[inner].tolist(), strict=True
        ):
            graph.add_edge(a, b, unit=unit)
        return graph

    def locate(self, points: Any) -> IntArray:
        """Return for each point a cell that contains it, the first of several; −1 outside.

        Args:
            points: `(n,)` or `(batch, n)` numbers; floats stand for their exact values.

        Raises:
            ShapeError: another number of coordinates.
            DomainError: NaN or infinity.
        """
        return cells_of_points(self.network, self.circuit, self.domain, self.signs, points)

    def to_json(self) -> dict[str, Any]:
        """Return the complex as plain data, for `tropnet.save`; `load_complex` reads it back.

        Raises:
            DomainError: the complex is not complete.
        """
        return complex_to_json(self)

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays that say what the complex is, affine maps apart."""
        arrays = (self.generators, self.edges, self.facet_cells, self.facet_unit, self.words[0])
        return sum(array.nbytes for array in arrays)

    # ---- display ----------------------------------------------------------------------------

    def __repr__(self) -> str:
        if not self.complete:
            return (
                f"PolyhedralComplex(at least {self.n_cells} cells, stopped after {self.n_done} of "
                f"{self.circuit.n_units} units; {self.certified})"
            )
        faces = f"f-vector {self.f_vector}; " if self.f_vector else ""
        return (
            f"PolyhedralComplex({self.n_cells} cells in {self.n_regions} linear regions with "
            f"{self.n_affine_maps} affine maps; {faces}{self.certified})"
        )

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def require_complex(value: Any, verb: str) -> None:
    """Refuse what is no complex.

    Raises:
        DomainError: another type.
    """
    if not isinstance(value, PolyhedralComplex):
        raise DomainError(
            f"{verb} was given a {type(value).__name__}; give the complex that "
            "linear_regions(network, domain) returns"
        )


def _finite_faces(lattice: FaceLattice, finite: Any) -> tuple[tuple[int, ...], Any]:
    """Return the number of faces of each dimension that are not at infinity, and which facets."""
    d = lattice.dimension
    counts, real = [int(finite.sum())], finite
    inside = finite
    for k in range(1, d + 1):
        indptr, children = lattice.table(k)
        inside = np.logical_or.reduceat(inside[children], indptr[:-1])
        counts.append(int(inside.sum()))
        if k == d - 1:
            real = inside
    return tuple(counts), real


def _facets(start: Start, record: Subdivision, real: Any) -> tuple[Any, Any]:
    """Return the cells and the units of the facets that are not at infinity."""
    first = start.n_constraints
    owners = record.lattice.cells_of_facets()
    carrier = record.lattice.unit[: len(owners)].astype(np.int64) - first
    names = [-1 - k if kind == INEQUALITY else WALL_UNIT for k, kind in enumerate(start.kinds)]
    outer = np.array([*names, 0])
    carrier = np.where(carrier >= 0, carrier, outer[np.minimum(carrier + first, first)])
    owners, carrier = owners[real], carrier[real]
    if start.has_walls:
        carrier = _named_walls(record, owners, carrier)
    positive = unit_signs(record, owners[:, 0], carrier) >= 0
    owners = np.where((positive | (owners[:, 1] < 0))[:, None], owners, owners[:, ::-1])
    return owners.astype(np.int32), carrier.astype(np.int32)


def _named_walls(record: Subdivision, owners: Any, carrier: Any) -> Any:
    """Give walls that happen to lie where a unit is zero to that unit."""
    signs = record.signs()
    carrier = carrier.copy()
    for facet in np.flatnonzero(carrier == WALL_UNIT):
        a, b = signs[owners[facet]]
        differ = np.flatnonzero(a != b)
        if len(differ):
            carrier[facet] = differ[0]
    return carrier


def facets_part_signs(start: Start, record: Subdivision) -> bool:
    """Tell whether each facet between cells is carried by a unit of opposite signs on both sides.

    It follows from signs that are right at all vertices; asking costs little.
    """
    owners = record.lattice.cells_of_facets()
    inner = owners[:, 1] >= 0
    units = record.lattice.unit[: len(owners)].astype(np.int64)[inner] - start.n_constraints
    a, b = (unit_signs(record, owners[inner, side], units) for side in (0, 1))
    return bool((units >= 0).all() and (a * b == -1).all())


def unit_signs(record: Subdivision, cells: Any, units: Any) -> Any:
    """Return the sign of a unit on a cell for each pair; 1 where the unit is negative (no unit)."""
    starts = np.concatenate([[0], np.cumsum(record.chunks)]).astype(np.int64)
    chunk = np.clip(np.searchsorted(starts, units, side="right") - 1, 0, max(len(starts) - 2, 0))
    if not record.chunks:
        return np.ones(len(cells), np.int64)
    bit = np.maximum(units - starts[chunk], 0).astype(np.uint64)
    one = np.uint64(1)
    plus = (record.positive[cells, chunk] >> bit) & one
    minus = (record.negative[cells, chunk] >> bit) & one
    return np.where(units < 0, 1, plus.astype(np.int64) - minus.astype(np.int64))
