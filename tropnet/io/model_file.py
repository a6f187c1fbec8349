"""A file that may hold a model, looked at before it is opened by anybody."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, final

from tropnet.errors import FormatError, TropnetError, UnsafeFileError
from tropnet.io.one_line import one_line_errors

#: Larger files are refused; protobuf, the container of ONNX, ends here as well.
MOST_BYTES: Final = 2**31
#: A zip archive may unpack to this much at any ratio, and to `_MOST_RATIO` times its own size.
_HARMLESS_BYTES: Final = 2**24
_MOST_RATIO: Final = 20
_MOST_MEMBERS: Final = 2**15
#: Bytes of a zip archive's list of members; a list of objects of this length is bearable.
_MOST_LIST: Final = 2**22
_HEAD: Final = 512
_BEGINNING: Final = 2**20
#: Bytes that no text has.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
#: Ways of packing whose unpacked size can be limited while unpacking.
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 1
_LOCAL_HEADER: Final = 30


@final
@dataclass(frozen=True, eq=False)
class ModelFile:
    """A regular, readable, non-empty file of bearable size.

    Attributes:
        path: where it lies.
        size: its bytes.
        head: its first bytes, for recognising it.
    """

    path: Path
    size: int
    head: bytes

    @staticmethod
    @one_line_errors()
    def open(source: str | os.PathLike[str]) -> ModelFile:
        """Look at a path.

        Raises:
            FormatError: nothing there, a folder, a device, an empty or unreadable file.
            UnsafeFileError: the file is too large to be a model.
        """
        path = Path(source)
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                raise FormatError(f"{path} is a folder; give the model file inside it")
            if not stat.S_ISREG(status.st_mode):
                raise FormatError(f"{path} is a device or a pipe, not a file; save the model first")
            if status.st_size == 0:
                raise FormatError(f"{path} is empty; was the model saved completely?")
            if status.st_size > MOST_BYTES:
                raise UnsafeFileError(
                    f"{path} has {status.st_size:,} bytes, more than {MOST_BYTES:,}; it was not "
                    "opened"
                )
            with _opened(path) as stream:
                head = stream.read(_HEAD)
        except FileNotFoundError:
            raise FormatError(f"there is no file {path}; check the path") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise FormatError(f"{str(source)!r} cannot be opened: {reason}") from None
        return ModelFile(path, status.st_size, head)

    def content(self) -> bytes:
        """Return all bytes.

        Raises:
            FormatError: the file can no longer be read.
        """
        return self.part(0, self.size)

    def part(self, start: int, count: int) -> bytes:
        """Return some bytes; fewer where the file ends before.

        Raises:
            FormatError: the file can no longer be read.
        """
        with self.stream() as stream:
            stream.seek(start)
            return stream.read(count)

    @contextmanager
    def stream(self) -> Iterator[io.FileIO]:
        """Open the file for reading.

        Raises:
            FormatError: the file can no longer be read.
        """
        try:
            with _opened(self.path) as stream:
                yield stream
        except OSError as error:
            raise FormatError(f"{self.path} cannot be read: {error.strerror}") from None

    def text(self, most: int) -> bytes:
        """Return all bytes of a file that is text: the beginning is looked at first.

        Raises:
            FormatError: the file can no longer be read, or is no text.
            UnsafeFileError: it has more than so many bytes.
        """
        if self.size > most:
            raise UnsafeFileError(
                f"{self.path} has {self.size:,} bytes, more than a text of this kind: {most:,}; it "
                "was not read"
            )
        beginning = self.part(0, _BEGINNING)
        if found := _CONTROL.search(beginning):
            raise FormatError(f"{self.path} is no text: byte {found.start():,} is {found[0]!r}")
        return beginning if self.size <= _BEGINNING else self.content()

    def lines(self, most: int) -> Iterator[bytes]:
        """Yield the lines, with their ends.

        Raises:
            FormatError: the file can no longer be read.
            UnsafeFileError: a line has more than so many bytes.
        """
        with self.stream() as raw, io.BufferedReader(raw) as stream:
            while line := stream.readline(most + 1):
                if len(line) > most:
                    raise UnsafeFileError(
                        f"{self.path} has a line of more than {most:,} bytes; it was not read"
                    )
                yield line

    # ---- zip archives -------------------------------------------------------------------------

    @cached_property
    def members(self) -> dict[str, int] | None:
        """The names and unpacked sizes of a zip archive's members; None if it is no zip archive.

        Raises:
            FormatError: a zip archive that is damaged.
            UnsafeFileError: it would unpack to far more than it holds, or its members overlap.
        """
        if not self.head.startswith(b"PK"):
            return None
        with self.archive() as archive:
            found = archive.infolist()
            self._require_harmless(found, archive.start_dir)
        return {info.filename: info.file_size for info in found}

    @contextmanager
    def archive(self) -> Iterator[zipfile.ZipFile]:
        """Open the zip archive.

        Raises:
            FormatError: it is damaged, as far as that shows while it is open.
            UnsafeFileError: its list of members is too long.
        """
        try:
            with (
                _Frugal(_opened(self.path)) as stream,
                zipfile.ZipFile(stream) as archive,
            ):
                stream.most = None
                yield archive
        except TropnetError:
            raise
        except _TooMuch:
            raise UnsafeFileError(
                f"{self.path} lists more members than a model has; it was not unpacked"
            ) from None
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError,
                NotImplementedError, OverflowError) as error:  # fmt: skip
            raise FormatError(
                f"{self.path} is a damaged zip archive ({error}); was it copied completely?"
            ) from None

    def _require_harmless(self, found: list[zipfile.ZipInfo], end: int) -> None:
        """Refuse what zip bombs do, by the list of members alone."""
        if len(found) > _MOST_MEMBERS:
            raise UnsafeFileError(f"{self.path} holds {len(found):,} members; it was not unpacked")
        for info in found:
            if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
                raise UnsafeFileError(
                    f"{self.path} packs {info.filename!r} in a way that neither torch nor numpy "
                    "uses; it was not unpacked"
                )
        unpacked = sum(info.file_size for info in found)
        if unpacked > max(_HARMLESS_BYTES, _MOST_RATIO * self.size):
            raise UnsafeFileError(
                f"{self.path} would unpack from {self.size:,} to {unpacked:,} bytes, as zip bombs "
                "do; it was not unpacked; save the model uncompressed if it is yours"
            )
        places = [(i.header_offset, i.header_offset + _LOCAL_HEADER + i.compress_size)
                  for i in found]  # fmt: skip
        if any(a[1] > b[0] for a, b in pairwise([*sorted(places), (end, end)])):
            raise UnsafeFileError(
                f"{self.path} holds overlapping members, as zip bombs do; it was not unpacked"
            )
        names = [info.filename for info in found]
        if len(set(names)) != len(names):
            raise UnsafeFileError(f"{self.path} holds two members of one name; it was not unpacked")
        for info in found:
            if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
                raise FormatError(
                    f"{self.path} states two sizes of {info.filename!r}; it is broken"
                )


class _TooMuch(Exception):  # noqa: N818 - it is caught where it is raised from
    """More was to be read at once than is allowed."""


@final
class _Frugal(io.BufferedReader):
    """A stream that refuses to read much at once, until it is told otherwise."""

    most: int | None = _MOST_LIST

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to so many bytes, or all that are left."""
        if self.most is None:
            return super().read(size)
        wanted = self.most + 1 if size is None or size < 0 else size
        found = super().read(min(wanted, self.most + 1))
        if len(found) > self.most:
            raise _TooMuch
        return found


def _opened(path: Path) -> io.FileIO:
    """Open a file for reading; a pipe that took its place meanwhile does not make us wait."""
    return io.FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
