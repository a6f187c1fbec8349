"""Networks in ReLU normal form: evaluation, patterns, identity; no files, no polyhedra."""

from __future__ import annotations

from tropnet.network.affine import Affine
from tropnet.network.affine_map import AffineMap, affine_map
from tropnet.network.builder import NetworkBuilder, Wire
from tropnet.network.forward import Enclosure
from tropnet.network.layer import Layer
from tropnet.network.linear import DenseLinear, Linear, RationalLinear, linear
from tropnet.network.network import Network

__all__ = [
    "Affine",
    "AffineMap",
    "DenseLinear",
    "Enclosure",
    "Layer",
    "Linear",
    "Network",
    "NetworkBuilder",
    "RationalLinear",
    "Wire",
    "affine_map",
    "linear",
]
