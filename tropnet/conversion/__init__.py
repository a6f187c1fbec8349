"""From networks to tropical maps, and back."""

from __future__ import annotations

from tropnet.conversion.circuit_expression import CircuitExpression, circuit_expression
from tropnet.conversion.lattice_form import LatticeForm, lattice_form
from tropnet.conversion.plan import Plan, plan
from tropnet.conversion.regions_form import RegionsForm, regions_form
from tropnet.conversion.to_network import to_network
from tropnet.conversion.tropicalize import tropicalize

__all__ = [
    "CircuitExpression",
    "LatticeForm",
    "Plan",
    "RegionsForm",
    "circuit_expression",
    "lattice_form",
    "plan",
    "regions_form",
    "to_network",
    "tropicalize",
]
