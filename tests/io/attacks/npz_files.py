"""Attacks in `.npz` files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.io.attacks.attack import Attack, attack
from tests.io.attacks.sound import npz_bytes
from tests.io.attacks.zips import archive, broken


def _npy(header: bytes | dict[str, Any], content: bytes = b"", version: bytes = b"\1\0") -> bytes:
    text = header if isinstance(header, bytes) else repr(header).encode()
    width = 2 if version == b"\1\0" else 4
    return b"\x93NUMPY" + version + len(text).to_bytes(width, "little") + text + content


def _header(shape: Any, descr: Any = "<f8", *, fortran: bool = False) -> dict[str, Any]:
    return {"descr": descr, "fortran_order": fortran, "shape": shape}


def _npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _member(content: bytes, name: str = "0.weight.npy") -> bytes:
    return archive({name: content})


def _headers() -> Iterator[tuple[str, bytes, str]]:
    """Yield single arrays with a name and what the refusal says."""
    body = b"\0" * 48
    yield (
        "10^12 values",
        _npy(_header((10**6, 10**6)), body),
        r"announces shape \(1000000, 1000000\)",
    )
    yield "a product beyond 64 bits", _npy(_header((2**33, 2**33)), body), "announces shape"
    yield "a size beyond 64 bits", _npy(_header((2**80, 1)), body), "announces shape"
    yield "a size of 10^40", _npy(_header((10**40, 0)), body), "no plain array"
    yield "nothing times 2^62", _npy(_header((2**62, 0))), "announces 2 axes"
    yield "a negative size", _npy(_header((-1, 6)), body), "describes no plain array"
    yield "too few values", _npy(_header((3, 1)), body), "does not fill"
    yield "Fortran order, too few", _npy(_header((3, 1), fortran=True), body), "does not fill"
    yield "too many values", _npy(_header((30, 30)), body), "announces shape"
    yield "100 axes", _npy(_header((1,) * 100), body[:8]), "announces 100 axes"
    yield "an object array", _npy(_header((1,), "|O"), b"cos\nsystem\n(S'x'\ntR."), "Python objects"
    yield "records", _npy(_header((1,), [("a", "<f8")]), body), "no plain array"
    yield "records with objects", _npy(_header((1,), [("a", "|O")]), body), "no plain array"
    yield "a void of 10^9 bytes", _npy(_header((1,), "|V1000000000"), body), "no plain array"
    yield "a text of 10^9 letters", _npy(_header((1,), "<U999999999"), body), "announces|dtype"
    yield "10^9 texts of no width", _npy(_header((10**9,), "<U0"), body), "as zip bombs do"
    yield "dates", _npy(_header((1,), "<M8[ns]"), body), "no plain array"
    yield "complex numbers", _npy(_header((3,), "<c16"), body), "dtype complex128"
    yield "an unknown kind", _npy(_header((6,), "<q17"), body), "unknown dtype|dtype"
    yield "subarrays", _npy(_header((1,), ("<f8", (10**6, 10**6))), body), "no plain array"
    yield "a header that calls", _npy(b"__import__('os').system('x')", body), "no plain array"
    yield "a header of nested brackets", _npy(b"(" * 9000, body), "no plain array"
    yield "a header of minus signs", _npy(b"-" * 9000 + b"1", body), "no plain array"
    yield (
        "a header of 2^32 bytes",
        _npy(b"", body, b"\2\0")[:8] + b"\xff" * 4 + body,
        "header of 4,2",
    )
    yield (
        "a header of 60,000 bytes",
        _npy(repr(_header((1,))).encode() + b" " * 60_000),
        "a header of",
    )
    yield "a header without an end", _npy(_header((6,)), body)[:30], "no plain array"
    yield "version 9", _npy(_header((6,)), body, b"\x09\0"), r"npy version 9\.0"
    yield "no magic", b"hello", "npy version"
    yield "empty", b"", "npy version"
    yield "a pickle", b"\x80\x04cos\nsystem\n(S'x'\ntR.", "npy version"


def _contents() -> Iterator[tuple[str, bytes, str]]:
    """Yield whole archives."""
    eye: Any = np.eye(2)
    with np.errstate(all="ignore"):
        yield "objects", _npz(W0=np.array([{}], dtype=object)), "Python objects"
        yield "long doubles", _npz(**{"0.weight": eye.astype(np.longdouble)}), "dtype|float128"
        yield "texts as weights", _npz(**{"0.weight": np.array([["a", "b"]])}), "dtype"
        yield "booleans as weights", _npz(**{"0.weight": eye.astype(bool)}), "booleans"
        yield "NaN", _npz(**{"0.weight": eye * np.nan}), "nan at"
        yield "infinities", _npz(**{"0.weight": eye.astype(np.float32) / 0}), "(inf|nan) at"
        yield "integers beyond 2^53", _npz(**{"0.weight": np.full((1, 1), 2**53 + 1)}), r"2\^53"
        yield "negative ones", _npz(**{"0.weight": np.full((1, 1), -(2**63))}), r"2\^53"
        yield "unsigned ones", _npz(**{"0.weight": np.full((1, 1), 2**64 - 1, np.uint64)}), r"2\^53"
    yield "a name that clears the screen", _npz(**{"\x1b[2J\n.weight": np.ones(3)}), r"\\x1b\[2J\\n"
    yield "a surrogate as a name", _npz(**{"💣" * 300: np.ones(3)}), "no weight or bias"
    yield (
        "activations of code",
        _npz(
            W0=np.ones((2, 3)),
            b0=np.ones(2),
            activations=np.array(["__import__('os').system('x')"]),
        ),
        "is not relu or linear",
    )
    small: Any = np.zeros((4000, 4000), np.int8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{"0.weight": small})
    yield "16 million zeros in a byte each", buffer.getvalue(), "as zip bombs do"
    nested = archive({"0.weight.npy": npz_bytes()}, zipfile.ZIP_DEFLATED)
    yield "an archive in an archive", nested, "npy version"
    yield (
        "5,000 layers that do not chain",
        archive({f"l{k}.weight.npy": _npy(_header((1, 2)), b"\0" * 16) for k in range(5_000)}),
        "do not chain|order",
    )


def attacks() -> list[Attack]:
    """Return all of them."""
    found = [attack(f"array: {n}", "f.npz", _member(c), s) for n, c, s in _headers()]
    found += [attack(f"archive: {n}", "f.npz", c, s) for n, c, s in _contents()]
    for name, content, says in broken(npz_bytes, "0.weight.npy", ".npy"):
        found.append(attack(f"zip: {name}", "f.npz", content, says))
    return found
