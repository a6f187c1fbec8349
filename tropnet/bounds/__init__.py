"""Bounds of networks and of their differences on boxes: zonotopes, branch and bound.

The floats here are rounded outward: a bound that comes out is proven, whatever the order of the
sums.
"""

from __future__ import annotations

from tropnet.bounds.branch_and_bound import BranchAndBound
from tropnet.bounds.joint_bounds import JointBounds

__all__ = ["BranchAndBound", "JointBounds"]
