"""The verbs: what a user calls. Anything that `load` reads may stand for a network."""

from __future__ import annotations

from tropnet.api.canonical_form import canonical_form
from tropnet.api.canonical_hash import canonical_hash
from tropnet.api.check import check
from tropnet.api.circuit_expression import circuit_expression
from tropnet.api.compare import compare
from tropnet.api.compare_regions import compare_regions
from tropnet.api.decision_boundary import decision_boundary
from tropnet.api.estimate_cells import estimate_cells
from tropnet.api.export_query import export_query
from tropnet.api.forms import forms
from tropnet.api.lattice_form import lattice_form
from tropnet.api.linear_regions import linear_regions
from tropnet.api.load_complex import load_complex
from tropnet.api.merge_units import merge_units
from tropnet.api.plan import plan
from tropnet.api.prune import prune
from tropnet.api.round_weights import round_weights
from tropnet.api.simplify import simplify
from tropnet.api.slice_network import slice_network
from tropnet.api.tropicalize import tropicalize
from tropnet.api.unit_signs import unit_signs
from tropnet.io import load, load_map, save, to_onnx, to_torch

__all__ = [
    "canonical_form",
    "canonical_hash",
    "check",
    "circuit_expression",
    "compare",
    "compare_regions",
    "decision_boundary",
    "estimate_cells",
    "export_query",
    "forms",
    "lattice_form",
    "linear_regions",
    "load",
    "load_complex",
    "load_map",
    "merge_units",
    "plan",
    "prune",
    "round_weights",
    "save",
    "simplify",
    "slice_network",
    "to_onnx",
    "to_torch",
    "tropicalize",
    "unit_signs",
]
