"""Whether one domain lies inside another."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tropnet.domains import Box
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Infeasible, Optimal, maximize

if TYPE_CHECKING:
    from tropnet.domains import Domain


def inside(domain: Domain, outer: Domain) -> bool:
    """Tell exactly whether each point of a domain belongs to another one.

    Args:
        domain: a box, a polyhedron, or None for all of R^n.
        outer: likewise, in the same space.

    Cost: one exact linear program for each inequality of `outer`; nothing for boxes.

    Example:
        >>> from tropnet.algebra.inside import inside
        >>> from tropnet.domains import Box
        >>> inside(Box.cube(2, 0, 1), Box.cube(2)), inside(None, Box.cube(2))
        (True, False)
    """
    if outer is None or domain == outer:
        return True
    if isinstance(domain, Box) and isinstance(outer, Box):
        low = zip(outer.lower, domain.lower, strict=True)
        high = zip(domain.upper, outer.upper, strict=True)
        return all(a <= b for pairs in (low, high) for a, b in pairs)
    rows, bounds = outer.inequalities()
    n = outer.dimension
    own, own_bounds = (
        (RationalMatrix.zeros(0, n), RationalMatrix.zeros(0, 1))
        if domain is None
        else domain.inequalities()
    )
    for index in range(len(rows)):
        best = maximize(rows.rows([index]), own, own_bounds)
        if isinstance(best, Infeasible):
            return True
        if not isinstance(best, Optimal) or best.value > Fraction(bounds[index, 0]):
            return False
    return True
