"""Where functions are compared: boxes, rational polyhedra, and all of R^n (written None)."""

from __future__ import annotations

from tropnet.domains.box import Box
from tropnet.domains.domain import Domain, domain_from_json, domain_to_json, require_dimension
from tropnet.domains.polyhedron import Polyhedron

__all__ = [
    "Box",
    "Domain",
    "Polyhedron",
    "domain_from_json",
    "domain_to_json",
    "require_dimension",
]
