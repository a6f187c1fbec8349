"""Smaller networks and tropical expressions that are provably the same, or provably near."""

from tropnet.simplification.simplification import Simplification
from tropnet.simplification.step import Step

__all__ = ["Simplification", "Step"]
