"""Linear relations between functions, read off their exact values at points.

The values of units of networks at many rational points are columns of a matrix; vectors of its
kernel are relations that hold at these points. They are proposals: a function that is zero at all
points looks like zero. Who proposes a relation of functions proves it elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network.forward import forward_exact

if TYPE_CHECKING:
    from tropnet.network.network import Network

#: The prime modulo which the rank is looked at, 2^61 − 1.
_PRIME: Final = 2**61 - 1


@final
@dataclass(frozen=True, slots=True)
class LinearRelation:
    """A column that is a combination of earlier, independent columns.

    Attributes:
        column: the dependent column.
        combination: earlier column → nonzero coefficient.
    """

    column: int
    combination: dict[int, Fraction]


def linear_relations(table: RationalMatrix, most: int | None = None) -> list[LinearRelation]:
    """Return the columns of a matrix that are combinations of earlier columns.

    The combinations are the rows of the reduced echelon form of the kernel: unique, over columns
    that are independent of those before them. A prime is the filter: elimination modulo 2^61 − 1
    tells which columns take part, and each combination is then solved for and verified in
    rationals, so that none is returned that does not hold for all rows.

    Args:
        table: `(points, columns)`; with fewer points than columns nothing can be told apart.
        most: leave out combinations of more columns than this.

    Returns:
        The relations in the order of their columns. Ones that the prime hides are left out.

    Cost: one elimination modulo a word-size prime, and a rational system as large as its
    combination for each relation.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.network.linear_relations import linear_relations
        >>> table = RationalMatrix.of([[1, 2, 4], [1, 3, 5], [1, 5, 7], [1, 1, 3]])
        >>> linear_relations(table)
        [LinearRelation(column=2, combination={0: Fraction(2, 1), 1: Fraction(1, 1)})]
    """
    points, columns = table.shape
    if not points or not columns:
        return []
    residues = flint.nmod_mat(table.numerators, _PRIME)
    echelon, rank = residues.rref()
    pivots: list[int] = []
    for i in range(rank):
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(j for j in range(start, columns) if int(echelon[i, j])))
    dependent = sorted(set(range(columns)) - set(pivots))
    found, transposed = [], table.T
    for j in dependent:
        support = [p for i, p in enumerate(pivots) if p < j and int(echelon[i, j])]
        if most is None or len(support) <= most:
            combination = _combination(transposed, j, support)
            if combination is not None:
                found.append(LinearRelation(j, combination))
    return found


def rank_of(table: RationalMatrix) -> int:
    """Return the rank modulo 2^61 − 1 of the numerators: at most the rank.

    Columns are certainly independent where it is their number.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.network.linear_relations import rank_of
        >>> rank_of(RationalMatrix.of([[1, 2], [2, 4], [3, 6]]))
        1
    """
    return int(flint.nmod_mat(table.numerators, _PRIME).rank()) if len(table) else 0


def _combination(
    columns: RationalMatrix, column: int, support: Sequence[int]
) -> dict[int, Fraction] | None:
    """Return the coefficients of these columns that add up to the column; None if they do not.

    The columns come as the rows of a matrix.
    """
    target, chosen = columns.rows([column]).T, columns.rows(support)
    if not support:
        return {} if target.is_zero() else None
    # as many points as unknowns are enough to solve; all of them verify
    echelon, rank = flint.nmod_mat(chosen.numerators, _PRIME).rref()
    rows: list[int] = []
    for i in range(rank):
        start = rows[-1] + 1 if rows else 0
        rows.append(next(j for j in range(start, columns.shape[1]) if int(echelon[i, j])))
    left = chosen.T
    solution = left.rows(rows).solve(target.rows(rows))
    if solution is None or left @ solution != target:
        return None
    return {s: row[0] for s, row in zip(support, solution, strict=True) if row[0]}


def unit_values(
    network: Network, points: RationalMatrix, units: Sequence[tuple[int, int]]
) -> RationalMatrix:
    """Return the exact values of some units at points, `(points, units)`.

    Args:
        network: the network.
        points: `(points, n)`.
        units: (layer, index) of each; layers count from 1, layer 0 is the input.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.network.linear_relations import unit_values
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> unit_values(absolute, RationalMatrix.of([[-3]]), [(1, 0), (1, 1)])
        RationalMatrix([['0', '3']])
    """
    values = forward_exact(network, points)
    layers = np.array([layer for layer, _ in units], dtype=np.int64)
    parts: list[Any] = []
    order: list[int] = []
    for layer in np.unique(layers).tolist():
        places = np.flatnonzero(layers == layer)
        parts.append(values[layer].columns([units[p][1] for p in places.tolist()]))
        order += places.tolist()
    if not parts:
        return RationalMatrix.zeros(points.shape[0], 0)
    back = np.argsort(np.array(order)).tolist()
    return RationalMatrix.stack_columns(parts).columns(back)
