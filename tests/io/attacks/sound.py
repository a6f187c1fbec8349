"""Sound files of every format: what attacks are made from, and what readers are warmed up with."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as safetensors_bytes

from tests.io.models import dense_arrays, dense_onnx, network, nnet_text, state_dict
from tropnet.algebra import TropicalMap
from tropnet.io import save

LAYERS = dense_arrays([2, 3, 1])
VNNLIB = b"""(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real) ; comment
(assert (<= X_0 1.5))(assert (>= X_0 -1e-1))(assert (or (and (<= Y_0 1) (>= X_0 0)) (= X_0 (- 1))))
(assert (<= X_1 (/ 1 3)))(assert (>= X_1 0))
"""
DOMAINS = [
    b'{"lower": [0, "-1/3"], "upper": [0.25, 1]}',
    b'{"type": "polyhedron", "dimension": 2, "A": [["1", "1/3"], ["0", "-1"]], "b": ["2", "0"]}',
]
VNNLIB_2 = b"""(vnnlib-version <2.0>) ; two networks
(declare-network f (declare-input A real [1,2]) (declare-hidden H real [3] "relu_1")
 (declare-output B real [1, 1]))
(declare-network g (isomorphic-to f) (declare-input C real [1,2]) (declare-output D real [1,1]))
(assert (== A[0,0] C[0,0]))(assert (== A[0,1] C[0,1]))
(assert (and (<= A[0,0] 1.5) (>= C[0,0] -0.1)))(assert (<= (+ A[0,0] (* 2.0 A[0,1])) 1.0))
(assert (or (> B[0,0] (+ D[0,0] 0.01)) (< B[0,0] (- D[0,0] 0.01))))
"""


def torch_bytes(content: Any = None, **options: Any) -> bytes:
    """Return the file that `torch.save` writes of some content, of a state dict when left out."""
    buffer = io.BytesIO()
    torch.save(tensors() if content is None else content, buffer, **options)
    return buffer.getvalue()


def tensors() -> dict[str, Any]:
    """Return a state dict."""
    return {k: torch.from_numpy(np.array(v)) for k, v in state_dict(LAYERS).items()}


def npz_bytes(*, packed: bool = False) -> bytes:
    """Return a numpy archive."""
    buffer = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(buffer, **state_dict(LAYERS))
    return buffer.getvalue()


def json_bytes(value: Any = None) -> bytes:
    """Return the file that `save` writes of a network or map."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        save(network(LAYERS) if value is None else value, f"{folder}/f.json")
        return Path(folder, "f.json").read_bytes()


#: The bytes of a sound file for every name; the suffix says the format.
SOUND: dict[str, Callable[[], bytes]] = {
    "gemm.onnx": lambda: dense_onnx(LAYERS).SerializeToString(),
    "matmul.onnx": lambda: dense_onnx(LAYERS, gemm=False).SerializeToString(),
    "new.pt": torch_bytes,
    "old.pt": lambda: torch_bytes(_use_new_zipfile_serialization=False),
    "plain.npz": npz_bytes,
    "packed.npz": lambda: npz_bytes(packed=True),
    "f.safetensors": lambda: safetensors_bytes(state_dict(LAYERS)),
    "f.nnet": lambda: nnet_text(LAYERS).encode(),
    "network.json": json_bytes,
    "map.json": lambda: json_bytes(TropicalMap.identity(2)),
    "f.vnnlib": lambda: VNNLIB,
}
