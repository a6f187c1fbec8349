"""Exact enumeration of the joint linear cells of two networks of a few inputs.

A cell is kept as the cone over it, by generators: rows (x, w) of integers, w > 0 for a vertex x/w
and w = 0 for a direction. The homogeneous network (biases times w) is linear on the cone over a
cell, so a unit's values at the generators tell its signs on the whole cell, and sup|f − g| is read
off the generators. The same rows serve boxes, polyhedra and all of R^n, flat ones included; no
number is ever rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

import flint

from tropnet.checker.cone import Cone, Row
from tropnet.checker.relation import Relation
from tropnet.checker.stage import Stage, stages_of
from tropnet.checker.suprema import Better, Supremum, both_ways, visitor_of
from tropnet.domains import Box, Domain
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.network.network import Network

#: Called with a number of cells; raises to stop.
Watch: TypeAlias = Callable[[int], None]

#: The largest input dimension that `joint_cells` takes.
MAX_INPUTS: Final = 6

#: Up to so many inputs, unbounded domains are cut along the coordinate axes too: certificates tell
#: how many cells there are.
AXES: Final = 2


def supremum(
    a: Network,
    b: Network,
    domain: Domain,
    relation: Relation | str = "inf",
    watch: Watch | None = None,
    better: Better | None = None,
) -> Supremum:
    """Return the exact supremum of |a − b| over a domain of at most `MAX_INPUTS` dimensions.

    It is that of the gap of another relation where one is given.

    Args:
        a: the first network.
        b: the second network.
        domain: a box, a polyhedron, or None for all of R^n.
        relation: whose gap; or the norm on R^m in which |a − b| is measured.
        watch: called with the number of cells so far, at each cell and several times in each cut;
            what it raises ends the enumeration.
        better: called with each point at which the gap is larger than at those before, and not 0.

    Raises:
        DomainError: too many inputs, or an empty domain.

    Cost: a third of a millisecond a joint cell for up to three inputs and 32 units a layer, half a
    millisecond for four inputs, 1 ms for five, 2 ms for six. Memory follows the depth: cells are
    made one after the other.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.cells import supremum
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])      # |x|
        >>> g = Network.from_dense([[[1]], [["2"]]], [[0], [0]])  # 2 relu(x)
        >>> supremum(f, g, None).ray
        (Fraction(1, 1),)
    """
    if a.n_inputs > MAX_INPUTS:
        raise DomainError(f"joint cells are enumerated for at most {MAX_INPUTS} inputs")
    asked = Relation("equal", relation) if isinstance(relation, str) else relation
    asked.require_outputs(a.n_outputs)
    stages = stages_of((a, b))
    first, second = (stage.denominator for stage in stages if stage.is_output)
    visitor = visitor_of(asked, a.n_inputs, a.n_outputs, (first, second), better)
    cells = 0

    def look() -> None:
        if watch is not None:
            watch(cells)

    for cone in _cones(stages, domain, a.n_inputs, look):
        cells += 1
        look()
        visitor.visit(cone, look)
    if cells == 0:
        raise DomainError("the domain is empty; a comparison over it would say nothing")
    return visitor.found(cells)


def joint_cells(
    a: Network, b: Network, domain: Domain, watch: Callable[[], None] | None = None
) -> Iterator[tuple[list[Row], list[list[int]], int]]:
    """Iterate over the joint linear cells of two networks on a domain.

    Args:
        a: the first network.
        b: the second network.
        domain: a box, a polyhedron, or None for all of R^n.
        watch: called now and then; raises to stop.

    Yields:
        (rows, outputs, scale): the generators (x, w) of the cone over the cell, for each the
        difference of the outputs of the homogeneous networks times `scale`, a positive integer.
        Where the cone contains a line, both its directions are among the generators.
    """
    width = a.n_inputs + 1
    stages = stages_of((a, b))
    size, scale = a.n_outputs, math.lcm(*(stage.denominator for stage in stages if stage.is_output))
    first, second = (scale // stage.denominator for stage in stages if stage.is_output)
    for cone in _cones(stages, domain, a.n_inputs, watch):
        rows = both_ways(cone)
        ends = [(row[width : width + size], row[width + size :]) for row in rows]
        outputs = [[int(u * first - v * second) for u, v in zip(*end, strict=True)] for end in ends]
        yield [list(map(int, row[:width])) for row in rows], outputs, scale


def _cones(
    stages: Sequence[Stage], domain: Domain, inputs: int, watch: Callable[[], None] | None
) -> Iterator[Cone]:
    """Iterate over the cones over all joint cells; behind (x, w) stand the outputs of both."""
    # the cells of each stage, made only when they are asked for
    nested = [_start(domain, inputs, watch)]
    while nested:
        cone = next(nested[-1], None)
        if cone is None:
            nested.pop()
        elif len(nested) <= len(stages):
            nested.append(_cut(cone, stages[len(nested) - 1], watch))
        else:
            yield cone


def domain_cone(domain: Domain, inputs: int, watch: Callable[[], None] | None = None) -> Cone:
    """Return the cone over a domain; it has no generator with w > 0 if the domain is empty."""
    cone = Cone.half_space(inputs + 1)
    if domain is None:
        return cone
    A, b = domain.inequalities()
    forms = RationalMatrix.stack_columns([-A, b]).numerators  # not negative on the domain
    cone = cone.with_rows([row + _values(forms, row) for row in cone.rows()])
    for column in range(inputs + 1, inputs + 1 + forms.nrows()):
        cone, _ = cone.parts(column, watch)
    return cone.with_rows([row[: inputs + 1] for row in cone.rows()])


def _start(domain: Domain, inputs: int, watch: Callable[[], None] | None) -> Iterator[Cone]:
    """Iterate over cones whose affine parts tile the domain; none if it is empty."""
    cone = domain_cone(domain, inputs, watch)
    if any(row[inputs] > 0 for row, _ in cone.rays):
        axes = range(inputs if inputs <= AXES and not isinstance(domain, Box) else 0)
        yield from _refined(cone, axes, watch)


def _cut(cone: Cone, stage: Stage, watch: Callable[[], None] | None) -> Iterator[Cone]:
    """Iterate over the parts of a cone on which no unit of a stage bends."""
    for cell in _refined(stage.evaluated(cone), stage.bends, watch):
        yield stage.rectified(cell)


def _refined(
    whole: Cone, columns: Sequence[int], watch: Callable[[], None] | None
) -> Iterator[Cone]:
    """Iterate over the parts of a cone on which the form in each of these columns has one sign."""
    left: list[tuple[Cone, int]] = [(whole, 0)]  # cells, and how many forms have cut them
    while left:
        cell, done = left.pop()
        for index in range(done, len(columns)):
            if cell.is_cut(columns[index]):
                if watch is not None:
                    watch()
                cell, other = cell.parts(columns[index], watch)
                left.append((other, index + 1))
        yield cell


def _values(forms: flint.fmpz_mat, row: Row) -> Row:
    """Return the values of linear forms, which are the rows of a matrix."""
    return list((forms * flint.fmpz_mat(len(row), 1, row)).entries())
