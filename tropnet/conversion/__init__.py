"""From networks to tropical maps, and back."""

from __future__ import annotations

from tropnet.conversion.circuit_expression import CircuitExpression, circuit_expression
from tropnet.conversion.lattice_form import LatticeForm, lattice_form
from tropnet.conversion.plan import Plan, plan
from tropnet.conversion.to_network import to_network
from tropnet.conversion.tropicalize import tropicalize

__all__ = [
    "CircuitExpression",
    "LatticeForm",
    "Plan",
    "circuit_expression",
    "lattice_form",
    "plan",
    "to_network",
    "tropicalize",
]
