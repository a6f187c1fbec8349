"""ATen's operations, each a small function registered under the names of its overloads.

A file here holds the operations of one kind; to support one more, write its function and, for a new
file, name it below.
"""

from __future__ import annotations

from tropnet.io.torch_operators import (
    affine,
    choice,
    condition,
    constants,
    convolution,
    normalise,
    order,
    piecewise,
    pooling,
    reduction,
    resize,
)
from tropnet.io.torch_operators.registry import AtenCall, Result, Unread, lookup, supported

__all__ = [
    "AtenCall",
    "Result",
    "Unread",
    "affine",
    "choice",
    "condition",
    "constants",
    "convolution",
    "lookup",
    "normalise",
    "order",
    "piecewise",
    "pooling",
    "reduction",
    "resize",
    "supported",
]
