"""The least box around a domain, with multipliers that prove it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix, as_fractions

#: For each coordinate the multipliers of its lower and of its upper bound; None: no bound claimed.
HullProof = Sequence[tuple[Sequence[Fraction] | None, Sequence[Fraction] | None]]


def hull(domain: Domain, dimension: int, proof: Any = None) -> IntervalVector:
    """Return intervals that enclose every coordinate of a domain.

    For a polyhedron {A x ≤ b} a bound x_i ≤ c is proven by multipliers λ ≥ 0 with λA = e_i and
    λb = c (weak duality); −x_i likewise.

    Args:
        domain: the domain.
        dimension: its dimension n.
        proof: for a polyhedron, n pairs of multiplier vectors as texts (or None); else ignored.

    Raises:
        CertificateError: multipliers that prove nothing.

    Example:
        >>> from tropnet.checker.hull import hull
        >>> from tropnet.domains import Polyhedron
        >>> hull(Polyhedron([[1], [-2]], [3, 4]), 1, [[["0", "1/2"], ["1", "0"]]]).ends()
        [(Fraction(-2, 1), Fraction(3, 1))]
    """
    if domain is None:
        return IntervalVector.line(dimension)
    if isinstance(domain, Box):
        return IntervalVector.of(domain.lower, domain.upper)
    if not isinstance(proof, list) or len(proof) != dimension:
        raise CertificateError(f"the hull of a polyhedron needs {dimension} pairs of multipliers")
    lower: list[Fraction | None] = []
    upper: list[Fraction | None] = []
    for index, pair in enumerate(proof):
        if not isinstance(pair, list) or len(pair) != 2:
            raise CertificateError(f"hull[{index}] is not a pair of multiplier vectors")
        below, above = pair
        lower.append(None if below is None else -_bound(domain, index, -1, below))
        upper.append(None if above is None else _bound(domain, index, 1, above))
    return IntervalVector.of(lower, upper)


def fixed_coordinates(box: IntervalVector) -> dict[int, Fraction]:
    """Return the coordinates that have one value only, with it."""
    pairs = enumerate(box.ends())
    return {i: low for i, (low, high) in pairs if low is not None and low == high}


def _bound(domain: Polyhedron, index: int, sign: int, multipliers: Any) -> Fraction:
    """Return c with sign · x_index ≤ c on the domain."""
    if not isinstance(multipliers, list) or len(multipliers) != domain.A.shape[0]:
        raise CertificateError(f"hull[{index}] needs one multiplier for each inequality")
    row = as_fractions(multipliers, f"hull[{index}]")
    if any(v < 0 for v in row):
        raise CertificateError(f"hull[{index}] has a negative multiplier")
    combined = RationalMatrix.of([list(row)])
    target = [sign * int(i == index) for i in range(domain.dimension)]
    if combined @ domain.A != RationalMatrix.of([target]):
        raise CertificateError(f"hull[{index}]: the multipliers do not combine to the coordinate")
    return (combined @ domain.b)[0, 0]
