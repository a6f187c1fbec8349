"""The complex before any unit has cut: a domain as a face lattice with exact vertices."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.domains import Box, Domain
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.exact_cut import cut_exactly
from tropnet.geometry.face_lattice import FaceLattice
from tropnet.geometry.flat_box import require_thick_box

if TYPE_CHECKING:
    from tropnet.geometry.evaluation import Evaluation
    from tropnet.typing import FloatArray

#: The largest dimension of a face lattice.
MAX_DIMENSION: Final = 6

#: The most that a coordinate of a bounded domain may be, as for tree searches.
_FAR: Final = 2**900

#: What a constraint is: an inequality of the domain, infinity, or a wall that nobody asked for.
INEQUALITY: Final = 0
INFINITY: Final = 1
WALL: Final = 2


@final
@dataclass(eq=False)
class Start:
    """A domain as a complex of pointed cells.

    Boxes and pointed polyhedra are one cell. All of R^n has no vertex; it is cut along n
    independent hyperplanes, those of the first layer as far as they go, and where they do not
    suffice along walls x_k = 0, which are taken out again at the end.

    Attributes:
        lattice: the faces.
        rows: object `(V, n + 1)`, the vertices (x, t) as primitive integers; t = 0 for directions.
        constraints: integer rows of the hyperplanes that are no units, numbered from 0; units are
            numbered from there on.
        kinds: what each of them is.
        bounded: no vertex is a direction.
        simple: each vertex lies on just d of the hyperplanes.
        input_rows: the float64 forms of units whose hyperplanes are among those of the start.
    """

    lattice: FaceLattice
    rows: Any
    constraints: list[list[int]]
    kinds: list[int]
    bounded: bool
    simple: bool
    input_rows: list[tuple[int, Any]] = field(default_factory=list)

    @property
    def n_constraints(self) -> int:
        """The number of hyperplanes that are no units."""
        return len(self.constraints)

    @property
    def has_walls(self) -> bool:
        """Tell whether some hyperplane was added that is no part of the question."""
        return WALL in self.kinds

    def float_lattice(self) -> FaceLattice:
        """Return the lattice with float points in place."""
        points = float_points(self.rows, self.bounded)
        self.lattice.points[: len(points)] = points
        return self.lattice

    def set_reach(self, evaluation: Evaluation) -> None:
        """Note for each vertex how far its neighbours are off each of its hyperplanes."""
        lattice = self.lattice
        points = lattice.points
        norms = np.concatenate(evaluation.norms) if evaluation.norms else np.zeros(0)
        first = self.n_constraints
        forms: dict[int, Any] = {}
        for k, row in enumerate(self.constraints):
            form = np.array([v / max(map(abs, row)) for v in row])
            forms[k] = form / (np.abs(form).sum() * (1 + 2.0**-20))
        rows = dict(self.input_rows)
        for number in np.unique(lattice.support[: lattice.n_vertices]).tolist():
            if number >= first:
                forms[number] = rows[number - first] / norms[number - first]
        lattice.reach[: lattice.n_vertices] = 0.0
        for edge in range(int(lattice.count[1])):
            ends = lattice.children(1, edge)
            for v, w in (ends, ends[::-1]):
                for slot, number in enumerate(lattice.support[v].tolist()):
                    if number not in lattice.support[w]:
                        height = abs(float(forms[number] @ points[w]))
                        lattice.reach[v, slot] = max(lattice.reach[v, slot], height)

    @staticmethod
    def of(circuit: Circuit, domain: Domain) -> Start:
        """Return the start for a domain.

        Raises:
            DomainError: the domain is empty, flat or beyond the range of float64, or has more than
                `MAX_DIMENSION` dimensions.
        """
        n = circuit.n_inputs
        if n > MAX_DIMENSION:
            raise DomainError(
                f"{n} inputs; face lattices are for at most {MAX_DIMENSION}: take engine='tree', "
                "or a slice of the network"
            )
        start = _box_start(domain) if isinstance(domain, Box) else _cone_start(circuit, domain)
        if start.bounded and start.reaches(_FAR):
            raise DomainError(
                "a corner of the domain lies beyond 2^900, where float64 has no room for it; "
                "measure the inputs in other units"
            )
        return start

    def reaches(self, far: int) -> bool:
        """Tell whether some vertex has a coordinate larger than that."""
        return any(max(map(abs, row)) > far * row[-1] for row in self.rows.tolist())


def float_points(rows: Any, bounded: bool) -> FloatArray:
    """Return nearest float64 homogeneous points: t = 1 on bounded domains, else of max-norm 1."""
    points = np.empty(rows.shape)
    for i, row in enumerate(rows.tolist()):
        scale = row[-1] if bounded else max(map(abs, row))
        points[i] = [_ratio(v, scale) for v in row]
    return points


def _ratio(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator  # correctly rounded
    except OverflowError:  # a vertex too far out for float64
        return math.inf if numerator > 0 else -math.inf


def primitive(row: list[int]) -> list[int]:
    """Return an integer vector divided by its greatest common divisor."""
    divisor = math.gcd(*row)
    return [v // divisor for v in row] if divisor > 1 else row


def _box_start(box: Box) -> Start:
    n = box.dimension
    require_thick_box(box)
    lattice = FaceLattice(n, 2**n)
    number: dict[tuple[int, ...], int] = {}
    rows: list[list[int]] = []
    for corner in product((0, 1), repeat=n):
        v = len(rows)
        number[corner] = v
        sides = [(box.lower, box.upper)[s][k] for k, s in enumerate(corner)]
        scale = math.lcm(*(side.denominator for side in sides))
        rows.append([*(int(side * scale) for side in sides), scale])
        lattice.support[v] = [k + n * (1 - s) for k, s in enumerate(corner)]
    lattice.count[0] = len(rows)
    for k in range(1, n + 1):
        faces = [f for f in product((0, 1, 2), repeat=n) if f.count(2) == k]
        for face in faces:
            free = [i for i, s in enumerate(face) if s == 2]
            ends = [number[(*face[:i], s, *face[i + 1 :])] for i in free for s in (0, 1)]
            number[face] = f = lattice.append(k, ends)
            if k == n - 1:
                (fixed,) = (i for i, s in enumerate(face) if s < 2)
                lattice.unit[f] = fixed + n * (1 - face[fixed])
    if n == 1:
        lattice.unit[:2] = [1, 0]
    A, b = box.inequalities()
    constraints = _inequality_rows(A, b)
    return Start(lattice, _objects(rows), constraints, [INEQUALITY] * 2 * n, True, True)


def _inequality_rows(A: RationalMatrix, b: RationalMatrix) -> list[list[int]]:
    """Return the forms b t − A x ≥ 0 as primitive integer rows."""
    joint = RationalMatrix.stack_columns([-A, b]).numerators.tolist()
    return [primitive([int(v) for v in row]) for row in joint]


def _objects(rows: list[list[int]]) -> Any:
    array = np.empty((len(rows), len(rows[0])), object)
    for i, row in enumerate(rows):
        array[i] = row
    return array


def _cone_start(circuit: Circuit, domain: Domain) -> Start:
    n = circuit.n_inputs
    inequalities: list[list[int]] = []
    if domain is not None:
        inequalities = _inequality_rows(*domain.inequalities())
        for row in inequalities:
            if not any(row[:n]) and row[n] < 0:
                raise DomainError("the polyhedron is empty: one of its rows says 0 ≤ b < 0")
    layer = _input_rows(circuit)
    walls = [[int(i == k) for i in range(n + 1)] for k in range(n)]
    constraints = [*inequalities, [0] * n + [1]]
    kinds = [INEQUALITY] * len(inequalities) + [INFINITY]
    chosen: list[tuple[list[int], int, bool]] = []  # row, number, whether one side is dropped
    basis: list[list[int]] = []
    for row, name in _candidates(inequalities, layer, walls):
        if not any(row[:n]) or not _independent(basis, row[:n]):
            continue
        basis.append(row[:n])
        kind, index = name
        if kind == "wall":
            chosen.append((row, len(constraints), False))
            constraints.append(row)
            kinds.append(WALL)
        elif kind == "inequality":
            chosen.append((row, index, True))
        else:
            chosen.append((row, -1 - index, False))
    numbers = [number if number >= 0 else len(constraints) - 1 - number for _, number, _ in chosen]
    lattice, rows = _cones([(row, side) for row, _, side in chosen], numbers, len(inequalities))
    start = Start(lattice, rows, constraints, kinds, False, True)
    for number, row in enumerate(inequalities):
        if number not in numbers and any(row):  # 0 ≤ 0 says nothing
            _clip(start, row, number)
    _settle(start, layer)
    for unit, _ in layer:
        block = next(b for b in circuit.blocks if b.start <= unit < b.start + b.width)
        form = np.zeros(n + 1)
        form[block.reads] = block.weights[unit - block.start]
        start.input_rows.append((unit, form))
    return start


def _candidates(
    inequalities: list[list[int]], layer: list[tuple[int, list[int]]], walls: list[list[int]]
) -> list[tuple[list[int], tuple[str, int]]]:
    return [
        *((row, ("inequality", k)) for k, row in enumerate(inequalities)),
        *((row, ("unit", unit)) for unit, row in layer),
        *((row, ("wall", k)) for k, row in enumerate(walls)),
    ]


def _input_rows(circuit: Circuit) -> list[tuple[int, list[int]]]:
    """Return the units that read the input alone, as (unit, integer row over (x, t))."""
    n = circuit.n_inputs
    found = []
    for block in circuit.blocks:
        if (block.reads <= n).all():
            for i, row in enumerate(block.integers.tolist()):
                full = [0] * (n + 1)
                for column, value in zip(block.reads.tolist(), row, strict=True):
                    full[column] = int(value)
                found.append((block.start + i, full))
    return found


def _independent(basis: list[list[int]], row: list[int]) -> bool:
    return RationalMatrix.from_rows([*basis, row]).rank() == len(basis) + 1


def _cones(
    planes: list[tuple[list[int], bool]], numbers: list[int], infinity: int
) -> tuple[FaceLattice, Any]:
    """Return the cones into which n independent hyperplanes cut space, or the one on their side."""
    n = len(planes)
    forms = RationalMatrix.from_rows([row[:n] for row, _ in planes])
    heights = RationalMatrix.from_rows([[-row[n]] for row, _ in planes])
    apex = forms.solve(heights)
    inverse = forms.solve(RationalMatrix.identity(n))
    assert apex is not None, "the hyperplanes are independent"
    assert inverse is not None, "the hyperplanes are independent"
    rows = [_homogeneous([v for (v,) in apex], 1)]
    supports = [numbers]
    directions: list[tuple[int, int]] = []
    columns = list(inverse.T)
    for k, (_, one_sided) in enumerate(planes):
        for sign in (1,) if one_sided else (1, -1):
            directions.append((k, sign))
            rows.append(_homogeneous([sign * v for v in columns[k]], 0))
            supports.append([*(m for i, m in enumerate(numbers) if i != k), infinity])
    lattice = FaceLattice(n, len(rows))
    lattice.count[0] = len(rows)
    lattice.support[: len(rows)] = supports
    number: dict[tuple[int, ...], int] = {(v,): v for v in range(len(rows))}
    for k in range(1, n + 1):
        for corners in combinations(range(len(rows)), k + 1):
            axes = [directions[v - 1][0] for v in corners if v]
            if len(set(axes)) < len(axes):
                continue
            ends = [number[corners[:i] + corners[i + 1 :]] for i in range(k + 1)]
            number[corners] = lattice.append(k, ends)
    for corners, face in number.items():
        if len(corners) == n:
            axes = [directions[v - 1][0] for v in corners if v]
            missing = [numbers[i] for i in range(n) if i not in axes]
            lattice.unit[face] = missing[0] if 0 in corners else infinity
    return lattice, _objects(rows)


def _homogeneous(point: list[Fraction], weight: int) -> list[int]:
    scale = math.lcm(*(v.denominator for v in point))
    return primitive([*(int(v * scale) for v in point), weight * scale])


def _clip(start: Start, row: list[int], number: int) -> None:
    """Keep the part of the start where a form is not negative."""
    lattice = start.lattice
    start.rows = cut_exactly(lattice, start.rows, row, number)
    d = lattice.dimension
    outside = lattice.negative[d][: lattice.n_cells] != 0
    inside = lattice.positive[d][: lattice.n_cells] != 0
    if not inside.any():
        raise DomainError(
            "the domain is empty or flat (its inequalities leave no interior); a flat one can be "
            "parametrised by `slice_network`"
        )
    if outside.any():
        kept = lattice.keep(np.flatnonzero(inside))
        start.rows = start.rows[kept]


def _settle(start: Start, layer: list[tuple[int, list[int]]]) -> None:
    """Find on which hyperplanes the vertices lie, and whether there are just d of them."""
    lattice = start.lattice
    start.bounded = all(row[-1] for row in start.rows)
    cut = {
        int(u) - start.n_constraints
        for u in np.unique(lattice.unit[: lattice.count[lattice.dimension - 1]])
    }
    planes = list(enumerate(start.constraints))
    planes += [(start.n_constraints + unit, row) for unit, row in layer if unit in cut]
    on = [
        [k for k, row in planes if not sum(u * v for u, v in zip(row, vertex, strict=True))]
        for vertex in start.rows.tolist()
    ]
    start.simple = all(len(names) == lattice.dimension for names in on)
    if start.simple:
        lattice.support[: len(on)] = on
