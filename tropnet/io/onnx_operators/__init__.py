"""ONNX operators, each a small function registered under the operator's name.

A file here holds the operators of one kind; to support one more, write its function and, for a new
file, name it below.
"""

from __future__ import annotations

from tropnet.io.onnx_operators import affine, piecewise, shape
from tropnet.io.onnx_operators.registry import Call, Result, lookup, supported

__all__ = ["Call", "Result", "affine", "lookup", "piecewise", "shape", "supported"]
