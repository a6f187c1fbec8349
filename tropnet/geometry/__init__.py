"""Polyhedral complexes of networks: cells, linear regions, canonical forms, distances."""

from __future__ import annotations

from tropnet.geometry.bend_locus import BendLocus, bend_locus
from tropnet.geometry.decision_boundary import DecisionBoundary, decision_boundary
from tropnet.geometry.linear_region import LinearRegion
from tropnet.geometry.linear_regions import enumerate_cells
from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.geometry.slice_network import plane_through, slice_network
from tropnet.geometry.thin_cells import merge_thin_cells

__all__ = [
    "BendLocus",
    "DecisionBoundary",
    "LinearRegion",
    "PolyhedralComplex",
    "bend_locus",
    "decision_boundary",
    "enumerate_cells",
    "merge_thin_cells",
    "plane_through",
    "slice_network",
]
