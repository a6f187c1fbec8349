"""Pickles are looked through without being run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io.pickle_scan import scan


class _Maker:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_nothing_is_imported_or_called(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps([_Maker(tmp_path / "made"), {1, 2}, {"a": (None, 1.5)}], protocol)
    found = scan(content + b"rest", "a test")
    assert found.globals[0] == "posix.mkdir"
    assert found.length == len(content)
    assert not (tmp_path / "made").exists()


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return obj if isinstance(obj, tuple) else None


def _with_storage(tmp_path: Path, storage: Any) -> bytes:
    path = tmp_path / "p"
    with path.open("wb") as stream:
        _Pickler(stream, protocol=2).dump([storage])
    return path.read_bytes()


@pytest.mark.parametrize("pid", [("storage",), ("other", 1, "0", "cpu", 4)])
def test_unknown_storages(tmp_path: Path, pid: Any) -> None:
    with pytest.raises(FormatError, match="unknown way"):
        scan(_with_storage(tmp_path, pid), "a test")
    with pytest.raises(FormatError, match="a storage of -1 elements"):
        scan(_with_storage(tmp_path, ("storage", "kind", "0", "cpu", -1)), "a test")


def test_damage_and_bombs() -> None:
    with pytest.raises(FormatError, match="damaged pickle"):
        scan(b"\x80\x02", "a test")
    with pytest.raises(UnsafeFileError, match="BYTEARRAY8"):
        scan(pickle.dumps(bytearray(b"x"), 5), "a test")
    with pytest.raises(UnsafeFileError, match="memos"):
        scan(b"\x80\x02Nr\xff\xff\xff\x7f.", "a test")
