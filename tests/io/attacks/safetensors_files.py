"""Attacks in `.safetensors` files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.io.attacks.attack import Attack, attack


def _file(header: Any, content: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + content


def _entry(shape: Any, start: Any, end: Any, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def _files() -> Iterator[tuple[str, bytes, str]]:
    body = b"\0" * 24
    sound = {"0.weight": _entry([2, 3], 0, 24)}
    name = "0.weight"
    yield "a header of 10^9 bytes", _file(sound, body, 10**9), "announces a header|does not begin"
    yield "a header of 10^8 bytes", _file(sound, body, 10**8), "announces a header of 100,000,000"
    yield (
        "a header of 2^64 - 1 bytes",
        _file(sound, body, 2**64 - 1),
        "announces a header|not begin",
    )
    yield (
        "a header of 5 MiB",
        _file(json.dumps(sound).encode() + b" " * 5 * 2**20, body),
        "at most 4",
    )
    yield "a header of lists", _file(b'{"a":' + b"[" * 10**6 + b"]" * 10**6 + b"}"), "unfold|nested"
    yield "a header of objects", _file(b'{"a":[' + b"{}," * 10**6 + b"{}]}"), "would unfold"
    yield "a header of zeros", _file(b'{"a":[' + b"0," * 2**21 + b"0]}"), "would unfold|at most"
    yield (
        "a header nested deeply",
        _file(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        "nested too deep",
    )
    yield "no JSON", _file(b"{not json", body), "no sound JSON"
    yield "not UTF-8", _file(b'{"\xff\xfe": 1}', body), "no sound JSON"
    yield "a list", _file(b"{}".replace(b"{}", b"{]"), body), "no sound JSON"
    yield "an empty header", _file({}), "no weights are stored"
    yield "an empty header with bytes", _file({}, body), "end at byte"
    yield (
        "overlapping tensors",
        _file({name: _entry([2, 3], 0, 24), "2.weight": _entry([1, 2], 16, 24)}, body),
        "overlap or leave",
    )
    yield (
        "the same bytes twice",
        _file({name: _entry([2, 3], 0, 24), "2.weight": _entry([2, 3], 0, 24)}, body),
        "overlap or leave",
    )
    yield "a gap", _file({name: _entry([2, 2], 8, 24)}, body), "overlap or leave gaps"
    yield "bytes behind", _file(sound, body + b"x"), "end at byte"
    yield "bytes missing", _file(sound, body[:-1]), "end at byte"
    yield "backwards", _file({name: _entry([2, 3], 24, 0)}, body), "overlap or leave gaps"
    yield "offsets beyond the end", _file({name: _entry([2, 3], 0, 2**62)}, body), "end at byte"
    yield "negative offsets", _file({name: _entry([2, 3], -24, 0)}, body), "of another kind"
    yield "10^12 values", _file({name: _entry([10**6, 10**6], 0, 24)}, body), "has 24 bytes"
    yield "2^126 values", _file({name: _entry([2**63, 2**63], 0, 24)}, body), "has 24 bytes"
    yield "a negative size", _file({name: _entry([-2, -3], 0, 24)}, body), "of another kind"
    yield "a fraction as size", _file({name: _entry([2.0, 3.0], 0, 24)}, body), "of another kind"
    yield "a boolean as size", _file({name: _entry([True, 6], 0, 24)}, body), "of another kind"
    yield (
        "a size of 5000 digits",
        _file(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,0]}}'),
        "no sound JSON",
    )
    yield "10,000 axes", _file({name: _entry([1] * 10_000, 0, 4)}, b"\0" * 4), "has 4 bytes"
    yield "a text as shape", _file({name: _entry("23", 0, 24)}, body), "of another kind"
    yield "a number as dtype", _file({name: _entry([2, 3], 0, 24, 32)}, body), "of another kind"
    yield (
        "an unknown dtype",
        _file({name: _entry([2, 3], 0, 24, "Q" * 10**5)}, body),
        "stored as QQ",
    )
    yield "integers", _file({name: _entry([3], 0, 24, "I64")}, body), "stored as I64"
    yield (
        "three offsets",
        _file({name: {**_entry([6], 0, 24), "data_offsets": [0, 1, 24]}}, body),
        ("of another kind"),
    )
    yield "a field missing", _file({name: {"dtype": "F32"}}, body), "not described by"
    yield (
        "a field more",
        _file({name: {**_entry([6], 0, 24), "code": "x"}}, body),
        "not described by",
    )
    yield "a tensor that is a number", _file({name: 1}, body), "not described by"
    entry = json.dumps(_entry([2, 3], 0, 24))
    yield (
        "a key twice",
        _file(f'{{"{name}":{entry},"{name}":{entry}}}'.encode(), body),
        "stands twice",
    )
    yield "NaN in the header", _file(b'{"a": NaN}', body), "NaN is no number"
    yield "weights of NaN", _file(sound, b"\0\0\xc0\x7f" * 6), "nan at"
    yield (
        "a name that clears the screen",
        _file({"\x1b[2J\r": _entry([6], 0, 24)}, body),
        r"\\x1b\[2J",
    )
    yield (
        "half a surrogate as a name",
        _file(b'{"\\ud800":' + entry.encode() + b"}", body),
        r"\\ud800",
    )
    yield (
        "a name of a megabyte",
        _file({"a" * 10**6: _entry([6], 0, 24)}, body),
        "no weight or bias",
    )
    yield (
        "10,000 empty tensors",
        _file({f"{k}.b": _entry([0], 0, 0) for k in range(10_000)}),
        "no weig",
    )


def attacks() -> list[Attack]:
    """Return all of them."""
    return [attack(name, "f.safetensors", content, says) for name, content, says in _files()]
