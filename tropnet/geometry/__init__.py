"""Polyhedral complexes of networks: cells, linear regions, canonical forms, distances."""

from __future__ import annotations

from tropnet.geometry.linear_region import LinearRegion
from tropnet.geometry.linear_regions import enumerate_cells
from tropnet.geometry.polyhedral_complex import PolyhedralComplex

__all__ = ["LinearRegion", "PolyhedralComplex", "enumerate_cells"]
