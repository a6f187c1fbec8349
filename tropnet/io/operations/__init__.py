"""The operations of models on tensors: what ONNX nodes and torch calls are read into."""

from tropnet.io.operations.axis import axis_of
from tropnet.io.operations.operations import Operations

__all__ = ["Operations", "axis_of"]
