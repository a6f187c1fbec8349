"""safetensors files, sound and broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

from tests.io.models import (
    assert_within_bound,
    dense_arrays,
    network,
    points_and_kinks,
    state_dict,
)
from tests.oracles.numpy_forward import forward, safetensors_layers
from tropnet.errors import DomainError, FormatError, TropnetError
from tropnet.io import load

_LAYERS = dense_arrays([3, 5, 4, 2])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_weights_are_read_exactly(tmp_path: Path, dtype: Any) -> None:
    layers = dense_arrays([3, 5, 4, 2], dtype=dtype)
    path = tmp_path / "f.safetensors"
    save_file(state_dict(layers), path, metadata={"format": "pt"})
    assert load(path) == network(layers)
    assert load(path).dtype == dtype


def test_against_the_second_reader(tmp_path: Path) -> None:
    path = tmp_path / "f.safetensors"
    save_file(state_dict(_LAYERS), path)
    f = load(path)
    points = points_and_kinks(f)
    assert_within_bound(f, points, forward(safetensors_layers(path), points, "float32"))


def test_known_by_content_and_with_an_architecture(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    save_file(state_dict(_LAYERS, ["a", "b", "c"]), path)
    assert load(path) == network(_LAYERS)
    assert load(path, architecture=["a", "relu", "b", "c"]).n_relu == 5


def test_bfloat16(tmp_path: Path) -> None:
    tensor = torch.tensor([[0.1, -3.0, 1e-40]]).bfloat16()
    path = tmp_path / "f.safetensors"
    save_torch_file({"0.weight": tensor}, path)
    f = load(path)
    assert f.exact(np.eye(3)).to_floats().ravel().tolist() == tensor.double().ravel().tolist()
    assert any("bfloat16" in note for note in f.notes)


def test_other_storage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.safetensors"
    save_file({"0.weight": np.ones((2, 2), np.int64)}, path)
    with pytest.raises(DomainError, match="stored as I64"):
        load(path)


def _written(tmp_path: Path, header: Any, content: bytes, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "f.safetensors"
    size = len(text) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + text + content)
    return path


def _entry(shape: list[int], a: int, b: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [a, b]}


@pytest.mark.parametrize(
    ("header", "content", "length"),
    [
        ({"0.weight": _entry([1, 2], 0, 8), "2.weight": _entry([1, 1], 4, 8)}, 8, None),
        ({"0.weight": _entry([1, 2], 0, 8)}, 4, None),
        ({"0.weight": _entry([1, 2], 0, 8)}, 16, None),
        ({"0.weight": _entry([10**6, 10**6], 0, 8)}, 8, None),
        ({"0.weight": _entry([2**63, 2**63], 0, 8)}, 8, None),
        ({"0.weight": _entry([1, 2], 8, 0)}, 8, None),
        ({"0.weight": {"dtype": "F32"}}, 8, None),
        (b"{not json", 8, None),
        ({"0.weight": _entry([1, 2], 0, 8)}, 8, 2**63),
        ({"0.weight": _entry([1, 2], 0, 8)}, 8, 10**6),
        ({}, 0, None),
    ],
)
def test_broken_headers(tmp_path: Path, header: Any, content: int, length: int | None) -> None:
    path = _written(tmp_path, header, b"\0" * content, length)
    with pytest.raises(FormatError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_truncated_files(tmp_path: Path) -> None:
    path = tmp_path / "f.safetensors"
    save_file(state_dict(_LAYERS), path)
    content = path.read_bytes()
    for end in range(1, len(content), 53):
        path.write_bytes(content[:end])
        with pytest.raises(TropnetError):
            load(path)


def test_a_header_whose_length_looks_like_a_pickle(tmp_path: Path) -> None:
    header = json.dumps({"0.weight": _entry([1, 2], 0, 8)}).encode()
    path = _written(tmp_path, header + b" " * (0x80 - len(header)), b"\0" * 8)
    assert path.read_bytes()[0] == 0x80
    assert load(path).n_inputs == 2
    renamed = path.rename(tmp_path / "weights")
    assert load(renamed).n_inputs == 2
