"""Damaged files of every kind load, or end in a TropnetError of one line, and nothing else happens.

Each file is a sound one with bytes changed, cut, repeated or swapped; for zip archives the bytes of
a member too, behind a sound checksum, so that the damage reaches the reader. `FUZZ_FILES` sets how
many of each kind.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save as safetensors_bytes

from tests.io.models import dense_arrays, dense_onnx, network, nnet_text, state_dict
from tropnet.errors import TropnetError
from tropnet.io import load, read_vnnlib, save

_COUNT = int(os.environ.get("FUZZ_FILES", "150"))
_LAYERS = dense_arrays([2, 3, 1])
_VNNLIB = b"""(declare-const X_0 Real)(declare-const Y_0 Real) ; comment
(assert (<= X_0 1.5))(assert (>= X_0 -1e-1))(assert (or (and (<= Y_0 1) (>= X_0 0)) (= X_0 (- 1))))
"""
_INTERESTING = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"9" * 12,
    b"-",
    b"nan",
    b"(",
    b"{",
    b"[",
    b"\n",
    b"",
)


def _torch(*, new: bool = True) -> bytes:
    buffer = io.BytesIO()
    tensors = {k: torch.from_numpy(np.array(v)) for k, v in state_dict(_LAYERS).items()}
    torch.save(tensors, buffer, _use_new_zipfile_serialization=new)
    return buffer.getvalue()


def _npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **state_dict(_LAYERS))
    return buffer.getvalue()


def _json(tmp_path: Path) -> bytes:
    save(network(_LAYERS), tmp_path / "source.json")
    return (tmp_path / "source.json").read_bytes()


_KINDS: dict[str, Callable[[Path], bytes]] = {
    "onnx": lambda _: dense_onnx(_LAYERS).SerializeToString(),
    "onnx without gemm": lambda _: dense_onnx(_LAYERS, gemm=False).SerializeToString(),
    "pt": lambda _: _torch(),
    "pt before 1.6": lambda _: _torch(new=False),
    "npz": lambda _: _npz(),
    "safetensors": lambda _: safetensors_bytes(state_dict(_LAYERS)),
    "nnet": lambda _: nnet_text(_LAYERS).encode(),
    "json": _json,
    "vnnlib": lambda _: _VNNLIB,
}


def _damaged(content: bytes, random: np.random.Generator) -> bytes:
    for _ in range(random.integers(1, 4)):
        a, b = sorted(random.integers(0, len(content) + 1, size=2).tolist())
        match random.integers(0, 6):
            case 0:
                content = content[:a] + random.bytes(1) + content[a + 1 :]
            case 1:
                content = content[:b] or b"x"
            case 2:
                content = content[:a] + content[a : a + 9] * 3 + content[a + 9 :]
            case 3:
                content = content[:a] + content[b:] or b"x"
            case 4:
                bit = 1 << int(random.integers(0, 8))
                middle = bytes([content[a] ^ bit]) if a < len(content) else b""
                content = content[:a] + middle + content[a + 1 :]
            case _:
                piece = _INTERESTING[random.integers(0, len(_INTERESTING))]
                content = content[:a] + piece + content[a + len(piece) :]
    return content or b"x"


def _damaged_inside(content: bytes, random: np.random.Generator) -> bytes:
    """Damage one member of a zip archive, and write a sound archive around it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(members)[random.integers(0, len(members))]
    if random.random() < 0.5:  # the member that all else hangs on
        name = next((n for n in members if n.endswith("data.pkl")), name)
    members[name] = _damaged(members[name], random)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key, value in members.items():
            archive.writestr(key, value)
    return buffer.getvalue()


def _refusal(read: Any, path: Path) -> str | None:
    try:
        read(path)
    except TropnetError as error:
        return str(error)
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", list(_KINDS))
def test_only_tropnet_errors_leave_load(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(len(kind))
    sound = _KINDS[kind](tmp_path)
    path = tmp_path / f"f.{kind.split(' ')[0]}"
    before = {p.name for p in tmp_path.iterdir()} | {path.name}
    read: Any = read_vnnlib if kind == "vnnlib" else load
    path.write_bytes(sound)
    read(path)
    refused = 0
    for number in range(_COUNT):
        inside = sound.startswith(b"PK") and number % 2
        path.write_bytes((_damaged_inside if inside else _damaged)(sound, random))
        message = _refusal(read, path)
        refused += message is not None
        assert (message or "x").isprintable()
        assert len(message or "") <= 1000
    assert refused > _COUNT // 10
    assert {p.name for p in tmp_path.iterdir()} == before
