"""Max-plus algebra: arrays, polynomials, quotients P ⊘ Q, maps. Knows no networks."""

from __future__ import annotations

from tropnet.algebra.tropical_map import TropicalMap
from tropnet.algebra.tropical_polynomial import Term, TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational

__all__ = ["Term", "TropicalMap", "TropicalPolynomial", "TropicalRational"]
