"""ONNX operators, each a small function registered under the operator's name.

A file here holds the operators of one kind; to support one more, write its function and, for a new
file, name it below.
"""

from __future__ import annotations

from tropnet.io.onnx_operators import (
    affine,
    choice,
    condition,
    constants,
    convolution,
    folding,
    normalise,
    order,
    piecewise,
    pooling,
    reduction,
    resize,
    shape,
)
from tropnet.io.onnx_operators.registry import Call, Held, Result, lookup, supported

__all__ = [
    "Call",
    "Held",
    "Result",
    "affine",
    "choice",
    "condition",
    "constants",
    "convolution",
    "folding",
    "lookup",
    "normalise",
    "order",
    "piecewise",
    "pooling",
    "reduction",
    "resize",
    "shape",
    "supported",
]
