"""Dense files read and run a second time, in plain numpy and without a line of tropnet.

For formats without a runtime of their own (.npz, .safetensors, .nnet) this is the second opinion.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

#: (weights as out x in, bias) of each layer.
Layers = list[tuple[Any, Any]]


def forward(layers: Layers, points: Any, dtype: str) -> Any:
    """Return the outputs at the rows of `points`, one layer after the other, ReLU between them."""
    values = np.asarray(points).astype(dtype)
    for k, (weights, bias) in enumerate(layers):
        values = values @ weights.astype(dtype).T + bias.astype(dtype)
        if k + 1 < len(layers):
            values = np.where(values > 0, values, np.zeros((), dtype))
    return values


def npz_layers(path: Path) -> Layers:
    """Return the layers of an archive of out x in matrices, W0, b0, … or torch's names."""
    with np.load(path, allow_pickle=False) as archive:
        return _layers({name: archive[name] for name in archive.files})


def safetensors_layers(path: Path) -> Layers:
    """Return the layers of a safetensors file of float32 or float64 with torch's names."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            a, b = entry["data_offsets"]
            kind = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
            flat = np.frombuffer(content[start + a : start + b], kind)
            arrays[name] = flat.reshape(entry["shape"])
    return _layers(arrays)


def _layers(arrays: dict[str, Any]) -> Layers:
    def number(name: str) -> int:
        return int("".join(re.findall(r"\d", name)) or 0)

    weights = {number(n): a for n, a in arrays.items() if n.startswith("W") or "weight" in n}
    biases = {number(n): a for n, a in arrays.items() if n.startswith("b") or "bias" in n}
    return [(weights[k], biases[k]) for k in sorted(weights)]


def nnet_forward(path: Path, points: Any, *, normalise: bool) -> Any:
    """Return the outputs of a .nnet file in float64, as the format's own evaluator computes them.

    All numbers of the file in one list, taken from it one after the other; no clipping.
    """
    lines = [t for t in path.read_text().splitlines() if t.strip() and not t.startswith("//")]
    sizes = [int(v) for v in lines[1].split(",") if v.strip()]
    means, ranges = ([float(v) for v in lines[k].split(",") if v.strip()] for k in (5, 6))
    numbers = [float(v) for line in lines[7:] for v in line.split(",") if v.strip()]
    values = np.asarray(points, dtype=np.float64)
    if normalise:
        values = (values - np.array(means[: sizes[0]])) / np.array(ranges[: sizes[0]])
    layers: Layers = []
    position = 0
    for inputs, outputs in pairwise(sizes):
        middle = position + inputs * outputs
        block = np.array(numbers[position:middle]).reshape(outputs, inputs)
        layers.append((block, np.array(numbers[middle : middle + outputs])))
        position = middle + outputs
    assert position == len(numbers)
    result = forward(layers, values, "float64")
    return result * ranges[-1] + means[-1] if normalise else result
