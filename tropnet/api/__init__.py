"""The verbs: what a user calls. Anything that `load` reads may stand for a network."""

from __future__ import annotations

from tropnet.api.check import check
from tropnet.api.compare import compare
from tropnet.api.linear_regions import linear_regions
from tropnet.api.load_complex import load_complex
from tropnet.api.plan import plan
from tropnet.api.tropicalize import tropicalize
from tropnet.io import load, load_map, save, to_onnx, to_torch

__all__ = [
    "check",
    "compare",
    "linear_regions",
    "load",
    "load_complex",
    "load_map",
    "plan",
    "save",
    "to_onnx",
    "to_torch",
    "tropicalize",
]
