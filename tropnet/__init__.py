"""Exact tropical geometry of ReLU networks.

`load` a saved model into a `Network`, turn it into a `TropicalMap` with `tropicalize`, `compare` it
with another one, and `check` the certificate of the verdict.

Public names are imported when they are first used, so that `import tropnet` itself costs nothing:
neither numpy nor torch is loaded by it.

Example:
    >>> import tropnet
    >>> "compare" in dir(tropnet)
    True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Each verb from its own module: mypy could take `tropnet.api.compare` for the module.
    from tropnet import errors, examples, testing
    from tropnet.algebra import Factored, MaxPlus, TropicalMap, TropicalPolynomial, TropicalRational
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
    from tropnet.checker import Certificate, CheckReport
    from tropnet.conversion import CircuitExpression, LatticeForm, Plan
    from tropnet.conversion.forms import ExplicitForms
    from tropnet.domains import Box, Polyhedron
    from tropnet.equivalence import (
        Argmax,
        Argmin,
        Different,
        Equivalent,
        Undecided,
        Verdict,
        Witness,
    )
    from tropnet.errors import (
        BudgetExceeded,
        CertificateError,
        DomainError,
        FormatError,
        ShapeError,
        TropnetError,
        UnsafeFileError,
        UnsupportedLayerError,
    )
    from tropnet.exact import RationalMatrix
    from tropnet.geometry import (
        BendLocus,
        DecisionBoundary,
        LinearRegion,
        PolyhedralComplex,
        bend_locus,
        merge_thin_cells,
        plane_through,
    )
    from tropnet.geometry.canonical_form import CanonicalForm
    from tropnet.geometry.comparison.region_comparison import RegionComparison
    from tropnet.geometry.tree.estimate import CellEstimate
    from tropnet.io import read_domain, read_vnnlib
    from tropnet.io.load import load
    from tropnet.io.load_map import load_map
    from tropnet.io.save import save
    from tropnet.io.to_onnx import to_onnx
    from tropnet.io.to_torch import to_torch
    from tropnet.network import Network
    from tropnet.plotting.plot import plot
    from tropnet.plotting.plot_bend_locus import plot_bend_locus
    from tropnet.plotting.plot_cells import plot_cells
    from tropnet.plotting.plot_decision_boundary import plot_decision_boundary
    from tropnet.plotting.plot_difference import plot_difference
    from tropnet.plotting.plot_regions import plot_regions
    from tropnet.plotting.plot_surface import plot_surface
    from tropnet.plotting.plot_training import plot_training
    from tropnet.simplification import Approximation, Simplification, UnitSigns
    from tropnet.simplification.factor import Factorisation, factor

__version__ = "0.1.0"

__all__ = [
    "Approximation",
    "Argmax",
    "Argmin",
    "BendLocus",
    "Box",
    "BudgetExceeded",
    "CanonicalForm",
    "CellEstimate",
    "Certificate",
    "CertificateError",
    "CheckReport",
    "CircuitExpression",
    "DecisionBoundary",
    "Different",
    "DomainError",
    "Equivalent",
    "ExplicitForms",
    "Factored",
    "Factorisation",
    "FormatError",
    "LatticeForm",
    "LinearRegion",
    "MaxPlus",
    "Network",
    "Plan",
    "PolyhedralComplex",
    "Polyhedron",
    "RationalMatrix",
    "RegionComparison",
    "ShapeError",
    "Simplification",
    "TropicalMap",
    "TropicalPolynomial",
    "TropicalRational",
    "TropnetError",
    "Undecided",
    "UnitSigns",
    "UnsafeFileError",
    "UnsupportedLayerError",
    "Verdict",
    "Witness",
    "__version__",
    "bend_locus",
    "canonical_form",
    "canonical_hash",
    "check",
    "circuit_expression",
    "compare",
    "compare_regions",
    "decision_boundary",
    "errors",
    "estimate_cells",
    "examples",
    "export_query",
    "factor",
    "forms",
    "lattice_form",
    "linear_regions",
    "load",
    "load_complex",
    "load_map",
    "merge_thin_cells",
    "merge_units",
    "plan",
    "plane_through",
    "plot",
    "plot_bend_locus",
    "plot_cells",
    "plot_decision_boundary",
    "plot_difference",
    "plot_regions",
    "plot_surface",
    "plot_training",
    "prune",
    "read_domain",
    "read_vnnlib",
    "round_weights",
    "save",
    "simplify",
    "slice_network",
    "testing",
    "to_onnx",
    "to_torch",
    "tropicalize",
    "unit_signs",
]

#: Where each public name lives.
_HOMES = {
    "tropnet.algebra": (
        "Factored",
        "MaxPlus",
        "TropicalMap",
        "TropicalPolynomial",
        "TropicalRational",
    ),
    "tropnet.api": (
        "lattice_form",
        "export_query",
        "estimate_cells",
        "compare_regions",
        "circuit_expression",
        "canonical_hash",
        "canonical_form",
        "check",
        "compare",
        "decision_boundary",
        "linear_regions",
        "load",
        "load_complex",
        "load_map",
        "plan",
        "forms",
        "merge_units",
        "prune",
        "round_weights",
        "unit_signs",
        "save",
        "simplify",
        "slice_network",
        "to_onnx",
        "to_torch",
        "tropicalize",
    ),
    "tropnet.checker": ("Certificate", "CheckReport"),
    "tropnet.conversion": ("CircuitExpression", "LatticeForm", "Plan"),
    "tropnet.domains": ("Box", "Polyhedron"),
    "tropnet.equivalence": (
        "Argmax",
        "Argmin",
        "Different",
        "Equivalent",
        "Undecided",
        "Verdict",
        "Witness",
    ),
    "tropnet.errors": (
        "BudgetExceeded",
        "CertificateError",
        "DomainError",
        "FormatError",
        "ShapeError",
        "TropnetError",
        "UnsafeFileError",
        "UnsupportedLayerError",
    ),
    "tropnet.exact": ("RationalMatrix",),
    "tropnet.geometry.canonical_form": ("CanonicalForm",),
    "tropnet.geometry.tree.estimate": ("CellEstimate",),
    "tropnet.geometry.comparison.region_comparison": ("RegionComparison",),
    "tropnet.geometry": (
        "BendLocus",
        "DecisionBoundary",
        "LinearRegion",
        "PolyhedralComplex",
        "bend_locus",
        "merge_thin_cells",
        "plane_through",
    ),
    "tropnet.io": ("read_domain", "read_vnnlib"),
    "tropnet.network": ("Network",),
    "tropnet.simplification": ("Approximation", "Simplification", "UnitSigns"),
    "tropnet.conversion.forms": ("ExplicitForms",),
    "tropnet.simplification.factor": ("Factorisation", "factor"),
    "tropnet.plotting": (
        "plot",
        "plot_bend_locus",
        "plot_cells",
        "plot_decision_boundary",
        "plot_difference",
        "plot_regions",
        "plot_surface",
        "plot_training",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = frozenset({"errors", "examples", "testing"})


def __getattr__(name: str) -> object:
    """Import a public name at its first use (PEP 562) and keep it."""
    if name in _MODULES:
        return import_module(f"tropnet.{name}")
    if name in _HOME_OF:
        value: object = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'tropnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, whether or not they have been imported yet."""
    return sorted({*globals(), *__all__})
