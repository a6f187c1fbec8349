"""Paths that lead to no file, to no end, or to a file of no format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.io.attacks.attack import Attack, attack
from tests.io.attacks.sound import SOUND
from tropnet.io.model_file import MOST_BYTES

_SUFFIXES = ("onnx", "pt", "pth", "pt2", "npz", "safetensors", "nnet", "json", "txt")
#: How files of each format begin.
_BEGINNINGS = {
    "onnx": b"\x08\x08",
    "pt": b"PK\3\4",
    "pkl": b"\x80\x02",
    "json": b'{"schema": ',
    "nnet": b"// x\n",
    "header.nnet": b"1,1,1,1,\n",
    "safetensors": b"\0\0\0\x70\0\0\0\0{",
    "map": b'{"schema": "tropnet/tro',
    "short.safetensors": b"\0\0\1\0\0\0\0\0{",
}


def _at(path: str | Path) -> Callable[[Path], Path]:
    return lambda _: Path(path)


def _folder(folder: Path) -> Path:
    (folder / "model.onnx").mkdir()
    return folder / "model.onnx"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.onnx")
    return folder / "pipe.onnx"


def _loop(folder: Path) -> Path:
    (folder / "a.pt").symlink_to(folder / "b.pt")
    (folder / "b.pt").symlink_to(folder / "a.pt")
    return folder / "a.pt"


def _long_loop(folder: Path) -> Path:
    (folder / "deep").symlink_to(folder)
    return folder / Path(*["deep"] * 60) / "missing.pt"


def _nowhere(folder: Path) -> Path:
    (folder / "link.json").symlink_to(folder / "missing")
    return folder / "link.json"


def _to_device(folder: Path) -> Path:
    (folder / "link.nnet").symlink_to("/dev/zero")
    return folder / "link.nnet"


def _forbidden(folder: Path) -> Path:
    path = folder / "secret.onnx"
    path.write_bytes(SOUND["gemm.onnx"]())
    path.chmod(0)
    return path


def _large(beginning: bytes, size: int) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "large"
        with path.open("wb") as stream:
            stream.write(beginning)
            stream.truncate(size)  # a hole: it takes no space
        return path

    return make


def _named(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def _places() -> Iterator[Attack]:
    yield Attack("a folder", _folder, "is a folder")
    yield Attack("the root", _at("/"), "is a folder")
    yield Attack("a pipe", _pipe, "device or a pipe")
    for device in ("zero", "full", "null", "stdin"):
        yield Attack(f"/dev/{device}", _at(f"/dev/{device}"), "device or a pipe")
    yield Attack("a link to /dev/zero", _to_device, "device or a pipe")
    yield Attack("/proc/self/environ", _at("/proc/self/environ"), "is empty|no model")
    yield Attack("/proc/self/mem", _at("/proc/self/mem"), "is empty|cannot be")
    yield Attack(
        "a loop of links", _loop, "cannot be opened: Too many levels|cannot be opened: Symlink"
    )
    yield Attack("a path through 60 links", _long_loop, "cannot be opened: Too many levels")
    yield Attack("a link to nowhere", _nowhere, "there is no file")
    yield Attack("nowhere", lambda folder: folder / "missing.onnx", "there is no file")
    yield Attack(
        "below a file", lambda folder: _named("f", b"x")(folder) / "g.pt", "cannot be opened"
    )
    yield Attack(
        "a name of 300 letters", lambda folder: folder / ("a" * 300), "cannot be opened: File"
    )
    yield Attack(
        "a path of 100,000 letters", lambda folder: folder / ("a/" * 50_000), "cannot be op"
    )
    yield Attack(
        "a zero byte", lambda folder: folder / "a\0b.pt", "cannot be opened: embedded null"
    )
    yield Attack(
        "a name that clears the screen",
        lambda folder: folder / "\x1b[2J\r\n.onnx",
        r"there is no file .*\\x1b\[2J\\r\\n\.onnx",
    )
    yield Attack(
        "half a surrogate", lambda folder: folder / "\udcff.onnx", r"no file .*\\udcff\.onnx"
    )
    yield Attack(
        "a name from right to left", lambda folder: folder / "\u202etp.exe", r"\\u202etp\.exe"
    )
    if os.geteuid():  # root may read everything
        yield Attack(
            "a file that may not be read", _forbidden, "cannot be opened: Permission denied"
        )
    yield Attack("more than 2 GiB", _large(b"\x08", MOST_BYTES + 1), "more than 2,147,483,648")
    for suffix, beginning in _BEGINNINGS.items():
        yield Attack(f"2 GiB of nothing, {suffix}", _large(beginning, MOST_BYTES), ".")
        yield Attack(f"100 MiB of nothing, {suffix}", _large(beginning, 100 * 2**20), ".")


def _contents() -> Iterator[Attack]:
    for suffix in _SUFFIXES:
        yield attack(
            f"empty, .{suffix}", f"f.{suffix}", b"", "is empty; was the model saved completely"
        )
        yield attack(
            f"text, .{suffix}",
            f"f.{suffix}",
            b"hello\n",
            "no model|announces|no ONNX|ends bef|numbers for|no numbers",
        )
        yield attack(
            f"a web page, .{suffix}",
            f"f.{suffix}",
            b"<!DOCTYPE html><html>404</html>",
            "no model|announces|no ONNX|ends before|numbers for|no numbers",
        )
        yield attack(
            f"zeros, .{suffix}", f"f.{suffix}", b"\0" * 5000, "no model|no ONNX|no sound|num"
        )
        yield attack(
            f"a Git LFS pointer, .{suffix}",
            f"f.{suffix}",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "no model|no ONNX|announces|numbers",
        )
    for name, sound in SOUND.items():
        if name.endswith(".vnnlib"):
            continue
        content = sound()
        for numerator in (1, 2, 3):
            cut = content[: len(content) * numerator // 4]
            yield attack(f"{numerator}/4 of {name}", name, cut, ".")
        if not name.endswith(".nnet"):
            yield attack(f"all but two bytes of {name}", name, content[:-2], ".")
    yield Attack(
        "bytes in a name of escapes", _named("\x1b]0;x\a.txt", b"hello"), r"\\x1b\]0;x\\x07"
    )


def attacks() -> list[Attack]:
    """Return all of them."""
    return [*_places(), *_contents()]
