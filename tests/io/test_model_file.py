"""Files are looked at before anybody opens them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from tests.io.attacks.zips import archive, in_list, many_entries
from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io import model_file
from tropnet.io.model_file import ModelFile


def _file(tmp_path: Path, content: bytes) -> ModelFile:
    path = tmp_path / "f"
    path.write_bytes(content)
    return ModelFile.open(path)


def test_parts_and_lines(tmp_path: Path) -> None:
    file = _file(tmp_path, b"ab\ncd\n\nlast")
    assert file.content() == b"ab\ncd\n\nlast"
    assert (file.part(3, 2), file.part(9, 100), file.part(100, 5)) == (b"cd", b"st", b"")
    assert list(file.lines(5)) == [b"ab\n", b"cd\n", b"\n", b"last"]
    with pytest.raises(UnsafeFileError, match="a line of more than 3 bytes"):
        list(file.lines(3))


def test_what_is_no_text(tmp_path: Path) -> None:
    assert _file(tmp_path, "é\t\r\n\x1b\f".encode()).text(100)
    with pytest.raises(FormatError, match=r"is no text: byte 2 is b'\\x00'"):
        _file(tmp_path, b"ab\0").text(100)
    with pytest.raises(UnsafeFileError, match="has 101 bytes, more than a text of this kind: 100"):
        _file(tmp_path, b"a" * 101).text(100)
    whole = b"a" * (2**20 + 5)
    assert _file(tmp_path, whole).text(2**21) == whole


def test_files_that_vanish_or_change(tmp_path: Path) -> None:
    file = _file(tmp_path, archive({"a": b"b"}))
    file.path.unlink()
    for read in (file.content, lambda: file.members, lambda: list(file.lines(9))):
        with pytest.raises(FormatError, match="No such file"):
            read()
    os.mkfifo(file.path)  # does not make us wait for a writer
    with pytest.raises(FormatError, match="cannot be read: Illegal seek"):
        file.part(0, 5)


def test_members_of_sound_archives(tmp_path: Path) -> None:
    assert _file(tmp_path, b"no archive").members is None
    members = {"a": b"1", "b/c": b"", "ü": b"x" * 1000}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = _file(tmp_path, archive(members, method))
        assert file.members == {name: len(content) for name, content in members.items()}
        with file.archive() as opened:
            assert opened.read("ü") == members["ü"]


def test_large_lists_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(UnsafeFileError, match="lists more members than a model has"):
        _ = _file(tmp_path, many_entries("a", 100_000)).members
    with pytest.raises(UnsafeFileError, match="holds 40,000 members"):
        _ = _file(tmp_path, many_entries("a", 40_000)).members


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_cannot_be_limited(tmp_path: Path, method: int) -> None:
    with pytest.raises(UnsafeFileError, match="in a way that neither torch nor numpy uses"):
        _ = _file(tmp_path, archive({"a": b"b"}, method)).members


def test_the_ratio_counts_from_16_mebibytes(tmp_path: Path) -> None:
    size = 2**24
    assert _file(tmp_path, archive({"a": b"\0" * size}, 8)).members == {"a": size}
    with pytest.raises(UnsafeFileError, match=r"would unpack from .* to 16,777,217 bytes"):
        _ = _file(tmp_path, archive({"a": b"\0" * (size + 1)}, 8)).members


def test_sizes_that_contradict(tmp_path: Path) -> None:
    stored = archive({"a": b"b" * 100})
    with pytest.raises(FormatError, match="states two sizes of 'a'"):
        _ = _file(tmp_path, in_list(stored, 24, (99).to_bytes(4, "little"))).members


def test_errors_inside_an_open_archive_are_damage(tmp_path: Path) -> None:
    file = _file(tmp_path, in_list(archive({"a": b"b"}), 16, b"\0\0\0\0"))
    with (
        pytest.raises(FormatError, match=r"is a damaged zip archive \(Bad CRC-32"),
        file.archive() as f,
    ):
        f.read("a")


def test_a_frugal_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file._Frugal, "most", 4)
    (tmp_path / "f").write_bytes(b"12345678")

    with model_file._Frugal(io.FileIO(tmp_path / "f")) as stream:
        assert (stream.read(4), stream.read(0)) == (b"1234", b"")
        for size in (5, -1, None, 10**18):
            stream.seek(0)
            with pytest.raises(model_file._TooMuch):
                stream.read(size)
        stream.seek(5)
        assert stream.read() == b"678"
