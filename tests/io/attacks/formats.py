"""All attacks, by format."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tests.io.attacks import (
    json_files,
    nnet_files,
    npz_files,
    onnx_files,
    onnx_graphs,
    places,
    safetensors_files,
    torch_files,
    vnnlib_files,
)
from tests.io.attacks.attack import Attack

FORMATS: dict[str, Callable[[], list[Attack]]] = {
    "places": cache(places.attacks),
    "torch": cache(torch_files.attacks),
    "npz": cache(npz_files.attacks),
    "safetensors": cache(safetensors_files.attacks),
    "nnet": cache(nnet_files.attacks),
    "onnx": cache(onnx_files.attacks),
    "graphs": cache(onnx_graphs.attacks),
    "json": cache(json_files.attacks),
    "vnnlib": cache(vnnlib_files.attacks),
}
