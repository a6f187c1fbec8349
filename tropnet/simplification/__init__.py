"""Smaller networks and tropical expressions that are provably the same, or provably near."""

from tropnet.simplification.approximation import Approximation
from tropnet.simplification.simplification import Simplification
from tropnet.simplification.step import Step
from tropnet.simplification.unit_signs import UnitSigns

__all__ = ["Approximation", "Simplification", "Step", "UnitSigns"]
