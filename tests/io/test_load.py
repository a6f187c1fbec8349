"""The one verb: which reader, which options, and what is said when none fits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.io.models import dense_arrays, dense_onnx, network, nnet_text, state_dict
from tropnet.errors import FormatError, TropnetError, UnsafeFileError
from tropnet.io import load
from tropnet.io.load import FILE_READERS, OBJECT_READERS
from tropnet.io.model_file import MOST_BYTES
from tropnet.io.reader import Options

_LAYERS = dense_arrays([3, 5, 2])


def test_a_network_passes_through() -> None:
    f = network(_LAYERS)
    assert load(f) is f
    with pytest.raises(FormatError, match="a Network has no use for key=; it takes no options"):
        load(f, key="x")


def test_examples() -> None:
    assert load("examples:moons_a").n_inputs == 2
    with pytest.raises(TropnetError, match="no example is called 'nothing'"):
        load("examples:nothing")


def test_when_no_reader_knows_a_file_each_says_why(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes.")
    with pytest.raises(FormatError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path} is no model that can be read. Tried ")
    assert all(f"{reader.name}: " in text for reader in FILE_READERS)
    assert "\n" not in text


@pytest.mark.parametrize("source", [3, None, b"bytes", [1, 2], object()])
def test_when_no_reader_knows_an_object_each_says_why(source: Any) -> None:
    with pytest.raises(FormatError, match="an object of type") as caught:
        load(source)
    assert all(f"{reader.name}: " in str(caught.value) for reader in OBJECT_READERS)


def test_paths_that_hold_no_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"there is no file .*missing.onnx; check the path"):
        load(tmp_path / "missing.onnx")
    with pytest.raises(FormatError, match="is a folder"):
        load(tmp_path)
    (tmp_path / "empty.pt").touch()
    with pytest.raises(FormatError, match=r"empty.pt is empty"):
        load(str(tmp_path / "empty.pt"))
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(FormatError, match="cannot be opened"):
        load(tmp_path / "a")
    with pytest.raises(FormatError, match="cannot be opened"):
        load("nul\0byte")
    with pytest.raises(FormatError, match="device or a pipe"):
        load("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="device or a pipe"):
        load(tmp_path / "pipe")


def test_files_too_large_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)  # sparse: takes no space
    with pytest.raises(UnsafeFileError, match="more than 2,147,483,648"):
        load(path)


def test_unicode_names(tmp_path: Path) -> None:
    path = tmp_path / "модель 🧠.nnet"
    path.write_text(nnet_text(_LAYERS))
    assert load(path).n_inputs == 3


@pytest.mark.parametrize("suffix", ["onnx", "pt", "npz", "safetensors", "json", "nnet", ""])
def test_content_goes_before_the_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"f.{suffix}"
    for expected, content in {
        "npz": _npz(tmp_path),
        "json": b'{"schema": "x"}',
        "torch": b"\x80\x02.",
    }.items():
        path.write_bytes(content)
        try:
            found = load(path).architecture
        except TropnetError as error:
            found = str(error)
        assert {"npz": "3-5-2", "json": "JSON", "torch": "pickle"}[expected] in found


def _npz(tmp_path: Path) -> bytes:
    np.savez(tmp_path / "source.npz", **state_dict(_LAYERS))
    return (tmp_path / "source.npz").read_bytes()


@pytest.mark.parametrize(
    ("option", "value"), [("key", "x"), ("normalise", True), ("architecture", []),
                          ("example_input", 1)]
)  # fmt: skip
def test_options_without_a_meaning_are_refused(option: str, value: Any) -> None:
    with pytest.raises(FormatError, match=f"no use for {option}=; it takes stop_before="):
        load(dense_onnx(_LAYERS), **{option: value})


def test_options_given() -> None:
    assert Options().given == frozenset()
    assert Options(architecture=np.zeros(2), key="").given == {"architecture", "key"}


class _Surprise:
    """A mapping whose reading raises something unforeseen."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("first line\nsecond line")

    def __iter__(self) -> Any:
        return iter(["0.weight"])

    def __len__(self) -> int:
        return 1


def test_whatever_a_library_raises_becomes_one_line() -> None:
    from collections.abc import Mapping

    Mapping.register(_Surprise)
    with pytest.raises(FormatError, match=r": \w+Error: ") as caught:
        load(_Surprise())
    assert "\n" not in str(caught.value)


def test_neither_sklearn_nor_onnxruntime_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "f.npz"
    path.write_bytes(_npz(tmp_path))
    program = (
        "import sys\n"
        "for name in ('sklearn', 'onnxruntime', 'torch', 'onnx', 'safetensors'):\n"
        "    sys.modules[name] = None\n"
        f"from tropnet.io import load\nprint(load({str(path)!r}).architecture)\n"
        "print(load('examples:moons_a').architecture)\n"  # a state dict of torch
        "try: load(3)\nexcept Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["3-5-2", "2-8-8-1", "FormatError"]
