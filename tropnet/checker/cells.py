"""Exact enumeration of the joint linear cells of two networks of one or two inputs.

A cell is kept as the generators of the cone over it: rows (x, w) of integers, w > 0 for a vertex
x/w and w = 0 for a ray, in two dimensions in the order in which they lie around the cell. The
homogeneous network (biases times w) is linear on the cone over a cell, so a unit's values at the
generators tell its signs on the whole cell, and sup|f − g| is read off the generators. The same
rows serve boxes, polyhedra and all of R^n, flat ones included; no number is ever rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, Final, TypeAlias, final

import flint

from tropnet.checker.gap import norm_above, norm_below
from tropnet.domains import Box, Domain
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.network.network import Network

#: flint integers: the n coordinates, w, then the values that are still read, over denominators of
#: their layers.
Row: TypeAlias = list[Any]

#: Called once a cell; raises to stop.
Watch: TypeAlias = Callable[[int], None]

#: The largest input dimension that `joint_cells` takes.
MAX_INPUTS: Final = 2


@final
@dataclass(frozen=True, slots=True)
class Supremum:
    """The supremum of |f − g| over a domain.

    Attributes:
        lower: a rational lower bound, attained at `point`; equal to `upper` unless a norm is
            irrational. None: the difference is unbounded.
        upper: an upper bound; None: unbounded.
        point: where the lower bound is attained; None where |f − g| is unbounded or zero.
        ray: a direction along which |f − g| grows without bound, or None.
        base: a point of the domain from which the ray starts, or None.
        cells: the number of joint cells, on polyhedra and on R^n cut along the coordinate axes.
    """

    lower: Fraction | None
    upper: Fraction | None
    point: tuple[Fraction, ...] | None
    ray: tuple[Fraction, ...] | None
    base: tuple[Fraction, ...] | None
    cells: int


def supremum(
    a: Network, b: Network, domain: Domain, norm: str = "inf", watch: Watch | None = None
) -> Supremum:
    """Return the exact supremum of |a − b| over a domain of dimension 1 or 2.

    Args:
        a: the first network.
        b: the second network.
        domain: a box, a polyhedron, or None for all of R^n.
        norm: the norm on R^m.
        watch: called with the number of cells so far; what it raises ends the enumeration.

    Raises:
        DomainError: more than two inputs, or an empty domain.

    Cost: about half a millisecond a joint cell for 32 units a layer. Memory follows the depth:
    cells are made one after the other, so `watch` is called after at most one cut for each unit.

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
    dimension = a.n_inputs
    best, worst = Fraction(-1), Fraction(0)
    point: tuple[Fraction, ...] | None = None
    ray = base = None
    cells = 0
    for rows, outputs, scale in joint_cells(a, b, domain):
        cells += 1
        if watch is not None:
            watch(cells)
        for row, values in zip(rows, outputs, strict=True):
            weight = row[dimension]
            gaps = [Fraction(v, scale * (weight or 1)) for v in values]
            place = tuple(Fraction(v, weight or 1) for v in row[:dimension])
            if weight == 0:
                if any(gaps) and ray is None:
                    ray, base = place, _finite_point(rows, dimension)
                continue
            below = norm_below(gaps, norm)
            worst = max(worst, norm_above(gaps, norm))
            if below > best:
                best, point = below, place
    if cells == 0:
        raise DomainError("the domain is empty; a comparison over it would say nothing")
    if ray is not None:
        return Supremum(None, None, point, ray, base, cells)
    return Supremum(best, worst, point, None, None, cells)


def joint_cells(
    a: Network, b: Network, domain: Domain
) -> Iterator[tuple[list[Row], list[list[int]], int]]:
    """Iterate over the joint linear cells of two networks on a domain of dimension 1 or 2.

    Yields:
        (rows, outputs, scale): the generators (x, w) of the cone over the cell, for each the
        difference of the outputs of the homogeneous networks times `scale`, a positive integer.
    """
    width = a.n_inputs + 1
    stages = _stages((a, b))
    size, scale = a.n_outputs, math.lcm(*(stage.denominator for stage in stages if stage.is_output))
    first, second = (scale // stage.denominator for stage in stages if stage.is_output)
    # the cells of each stage, made only when they are asked for
    nested = [_start(domain, a.n_inputs)]
    while nested:
        rows = next(nested[-1], None)
        if rows is None:
            nested.pop()
        elif len(nested) <= len(stages):
            nested.append(_cut(rows, stages[len(nested) - 1], width))
        else:  # what is left behind (x, w) are the outputs of both networks
            ends = [(row[width : width + size], row[width + size :]) for row in rows]
            outputs = [
                [int(u * first - v * second) for u, v in zip(*end, strict=True)] for end in ends
            ]
            yield [list(map(int, row[:width])) for row in rows], outputs, scale


@final
@dataclass(frozen=True, slots=True)
class _Stage:
    """One layer or the output of one network, over integers.

    Attributes:
        reads: the entries of a row that it reads.
        weights: `(reads, size)`.
        denominator: what its values are multiples of one over.
        keeps: the entries of a row that are read later; its own values follow them.
        bends: where, after that, the values stand that go through ReLU.
        is_output: whether this is the output.
    """

    reads: tuple[int, ...]
    weights: flint.fmpz_mat
    denominator: int
    keeps: tuple[int, ...]
    bends: tuple[int, ...]
    is_output: bool


def _stages(networks: Sequence[Network]) -> list[_Stage]:
    """Return the layers and outputs of networks, one after the other, as integer maps of rows."""
    inputs = networks[0].n_inputs
    plain = [(which, k) for which, f in enumerate(networks) for k in range(len(f.affines))]
    # sources by name: (network, 0) is the input, (network, k + 1) the values of affine function k
    last = {
        (which, k + 1): -1  # where nothing reads it; its kinks still cut
        for which, k in plain
    }
    for time, (which, k) in enumerate(plain):
        for source in networks[which].affines[k].sources:
            last[0 if source == 0 else which, source] = time
        if k + 1 == len(networks[which].affines):
            last[which, k + 1] = len(plain)
    row = [((0, 0), i) for i in range(inputs)] + [((0, -1), 0)]  # (0, -1) is w
    denominators = {(which, 0): 1 for which in range(len(networks))}
    stages = []
    for time, (which, k) in enumerate(plain):
        network = networks[which]
        place = {entry: i for i, entry in enumerate(row)}
        reads, weights, denominator = _integers(network, which, k, place, denominators)
        denominators[which, k + 1] = denominator
        keeps = [i for i, (source, _) in enumerate(row) if i <= inputs or last[source] > time]
        row = [row[i] for i in keeps]
        is_output = k == len(network.layers)
        relu = () if is_output else network.layers[k].relu.nonzero()[0].tolist()
        bends = tuple(len(row) + unit for unit in relu)
        row += [((which, k + 1), i) for i in range(network.affines[k].size)]
        stages.append(_Stage(reads, weights, denominator, tuple(keeps), bends, is_output))
    return stages


def _integers(
    network: Network,
    which: int,
    k: int,
    place: Mapping[tuple[tuple[int, int], int], int],
    denominators: Mapping[tuple[int, int], int],
) -> tuple[tuple[int, ...], flint.fmpz_mat, int]:
    """Return one affine function as integers: the entries read, the weights, the denominator."""
    affine = network.affines[k]
    parts = [(source, weights.exact) for source, weights in affine.terms]
    bias = affine.bias.exact
    below = (m.denominator * denominators[which, source] for source, m in parts)
    denominator = math.lcm(bias.denominator, *below)
    reads, columns = [network.n_inputs], [bias.over(denominator)]
    for source, matrix in parts:
        name = (0 if source == 0 else which, source)
        reads += [place[name, i] for i in range(matrix.shape[1])]
        columns.append(matrix.over(denominator // denominators[which, source]))
    joined = [entry for column in columns for entry in column.transpose().entries()]
    return tuple(reads), flint.fmpz_mat(len(reads), affine.size, joined), denominator


def _cut(rows: list[Row], stage: _Stage, width: int) -> Iterator[list[Row]]:
    """Replace what is no longer read by the values of a stage, and cut where a unit bends."""
    inputs = flint.fmpz_mat(len(rows), len(stage.reads), [r[i] for r in rows for i in stage.reads])
    values = (inputs * stage.weights).entries()
    size = stage.weights.ncols()
    whole = [
        [row[k] for k in stage.keeps] + values[i * size : (i + 1) * size]
        for i, row in enumerate(rows)
    ]
    bend = stage.bends
    left: list[tuple[list[Row], int]] = [(whole, 0)]  # cells, and how many units have cut them
    while left:
        cell, done = left.pop()
        for index in range(done, len(bend)):
            heights = [row[bend[index]] for row in cell]
            if min(heights) < 0 < max(heights):
                left.append((_half(cell, [-h for h in heights], width), index + 1))
                cell = _half(cell, heights, width)
        yield [_rectified(row, bend) for row in cell]


def _rectified(row: Row, columns: Sequence[int]) -> Row:
    """Return the row with negative values in these columns set to zero; cells may share rows."""
    if all(row[column] >= 0 for column in columns):
        return row
    fresh = list(row)
    for column in columns:
        fresh[column] = max(fresh[column], 0)
    return fresh


def _half(rows: list[Row], heights: Sequence[int], width: int) -> list[Row]:
    """Return the generators of the part of a cell where a linear form is not negative."""
    kept: dict[tuple[int, ...], Row] = {}
    for i, (row, height) in enumerate(zip(rows, heights, strict=True)):
        if height >= 0:
            kept.setdefault(tuple(row[:width]), row)
        j = (i + 1) % len(rows)
        if height < 0 < heights[j] or heights[j] < 0 < height:
            # the point between the two where the form is zero, as a non-negative combination
            own, other = abs(heights[j]), abs(height)
            mixed = [own * u + other * v for u, v in zip(row, rows[j], strict=True)]
            divisor = flint.fmpz(math.gcd(*map(int, mixed[:width])))
            # the form is linear on the cell with integer coefficients: the division is exact
            new = [v // divisor for v in mixed]
            kept.setdefault(tuple(new[:width]), new)
    return list(kept.values())


def _start(domain: Domain, dimension: int) -> Iterator[list[Row]]:
    """Iterate over cones whose affine parts cover the domain."""
    if isinstance(domain, Box):
        corners: list[tuple[Fraction, ...]] = list(domain.corners())
        if len(corners) == 4:  # around the rectangle, not zigzag
            corners[2], corners[3] = corners[3], corners[2]
        yield [_homogeneous(corner) for corner in corners]
        return
    apex = [0] * dimension + [1]
    for orthant in product((1, -1), repeat=dimension):
        rays = [[s * int(i == j) for j in range(dimension + 1)] for i, s in enumerate(orthant)]
        rows: list[Row] = [*rays, apex]
        if domain is not None:
            rows = _clipped(rows, *domain.inequalities(), dimension)
        # what lies on a coordinate hyperplane belongs to the orthant on its positive side
        flat = any(s < 0 and not any(r[i] for r in rows) for i, s in enumerate(orthant))
        if not flat and any(row[dimension] > 0 for row in rows):
            yield rows


def _clipped(rows: list[Row], A: RationalMatrix, b: RationalMatrix, dimension: int) -> list[Row]:
    """Return the generators of the part of a cone that satisfies A x ≤ b w."""
    joint = RationalMatrix.stack_columns([-A, b])
    for row in joint.numerators.tolist():
        form = list(map(int, row))
        heights = [sum(u * v for u, v in zip(form, r, strict=True)) for r in rows]
        rows = _half(rows, heights, dimension + 1)
        if not rows:
            break
    return rows


def _homogeneous(point: Sequence[Fraction]) -> Row:
    denominator = math.lcm(*(v.denominator for v in point))
    return [*(v.numerator * (denominator // v.denominator) for v in point), denominator]


def _finite_point(rows: Sequence[Row], dimension: int) -> tuple[Fraction, ...]:
    row = next(r for r in rows if r[dimension] > 0)
    return tuple(Fraction(v, row[dimension]) for v in row[:dimension])
