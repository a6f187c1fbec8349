"""The operations of models on tensors: what ONNX nodes and torch calls are read into."""

from tropnet.io.operations.operations import Operations, axis_of

__all__ = ["Operations", "axis_of"]
