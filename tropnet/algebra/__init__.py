"""Max-plus algebra: arrays, polynomials, quotients P ⊘ Q, maps. Knows no networks."""

from __future__ import annotations

from tropnet.algebra.essential import EssentialTerms, essential_terms
from tropnet.algebra.factored import Factored
from tropnet.algebra.json_form import from_json, to_json
from tropnet.algebra.max_plus import MaxPlus
from tropnet.algebra.newton_polytope import newton_vertices
from tropnet.algebra.parser import parse
from tropnet.algebra.sympy_form import from_sympy, to_sympy
from tropnet.algebra.tropical_function import TropicalFunction
from tropnet.algebra.tropical_map import TropicalMap
from tropnet.algebra.tropical_polynomial import Term, TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.algebra.univariate import Root, roots, split_form

__all__ = [
    "EssentialTerms",
    "Factored",
    "MaxPlus",
    "Root",
    "Term",
    "TropicalFunction",
    "TropicalMap",
    "TropicalPolynomial",
    "TropicalRational",
    "essential_terms",
    "from_json",
    "from_sympy",
    "newton_vertices",
    "parse",
    "roots",
    "split_form",
    "to_json",
    "to_sympy",
]
