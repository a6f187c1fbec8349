"""Protobuf files are looked through before they are parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.io.attacks.onnx_files import START, field, model, varint
from tests.io.models import dense_arrays, dense_onnx
from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io.model_file import ModelFile
from tropnet.io.protobuf_scan import MOST_PARTS, require_bearable


def _scan(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "f.onnx"
    path.write_bytes(content)
    require_bearable(ModelFile.open(path))


def test_sound_models_pass_whatever_their_size(tmp_path: Path) -> None:
    for widths in ([2, 3, 1], [300, 400, 5]):  # larger than what is read at once
        _scan(tmp_path, dense_onnx(dense_arrays(widths)).SerializeToString())


def test_heads_at_the_borders_of_what_is_read_at_once(tmp_path: Path) -> None:
    for size in range(65_490, 65_550):
        _scan(tmp_path, START + field(2, b"a" * size) + field(7, field(2, b"b")))


def test_every_kind_of_field_is_passed_over(tmp_path: Path) -> None:
    known = [varint(900 << 3), varint(2**64 - 1), varint(901 << 3 | 1), b"\0" * 8,
             varint(902 << 3 | 5), b"\0" * 4, field(903, b"text")]  # fmt: skip
    _scan(tmp_path, START + b"".join(known) + field(7, b""))


@pytest.mark.parametrize(
    "broken",
    [
        b"\x3a", b"\x3a\x05ab",
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x08",
        b"\x09abc", b"\x0dabc", b"\x0b\x0c", b"\x0f", b"\x00\x00",
        b"\x02\x00", b"\x3a\x02\x0a\x05ab",
        b"\x80",        b"\x3a\x02\x08\xff\x01",
    ],
)  # fmt: skip
def test_what_is_no_protobuf(tmp_path: Path, broken: bytes) -> None:
    with pytest.raises(FormatError, match="is no ONNX protobuf"):
        _scan(tmp_path, START + broken)


def test_too_many_parts(tmp_path: Path) -> None:
    _scan(tmp_path, START + field(900, b"") * (MOST_PARTS - 10))
    with pytest.raises(UnsafeFileError, match="more than 1,048,576 parts"):
        _scan(tmp_path, START + field(900, b"") * MOST_PARTS)
    with pytest.raises(UnsafeFileError, match="bytes of objects"):
        _scan(tmp_path, model(field(1, b"") * 900_000))


def test_packed_numbers_count_by_what_they_become(tmp_path: Path) -> None:
    _scan(tmp_path, model(field(5, field(9, b"\0" * 20_000_000))))
    for number in (5, 7, 11):
        with pytest.raises(UnsafeFileError, match="bytes of objects"):
            _scan(tmp_path, model(field(5, field(number, b"\0" * 30_000_000))))


def test_nesting(tmp_path: Path) -> None:
    def nested(depth: int) -> bytes:
        graph = b""
        for _ in range(depth):
            graph = field(1, field(5, field(6, graph)))
        return model(graph)

    _scan(tmp_path, nested(15))
    with pytest.raises(UnsafeFileError, match="nested 51 deep"):
        _scan(tmp_path, nested(20))
