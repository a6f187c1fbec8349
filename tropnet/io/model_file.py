"""A file that may hold a model, looked at before it is opened by anybody."""

from __future__ import annotations

import os
import stat
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, final

from tropnet.errors import FormatError, UnsafeFileError

#: Larger files are refused; protobuf, the container of ONNX, ends here as well.
MOST_BYTES: Final = 2**31
#: A zip archive may unpack to this much at any ratio, and to `_MOST_RATIO` times its own size.
_HARMLESS_BYTES: Final = 2**26
_MOST_RATIO: Final = 20
_MOST_MEMBERS: Final = 2**16
_HEAD: Final = 512


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
            with path.open("rb") as stream:
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
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise FormatError(f"{self.path} cannot be read: {error.strerror}") from None

    @cached_property
    def members(self) -> dict[str, int] | None:
        """The names and unpacked sizes of a zip archive's members; None if it is no zip archive.

        Raises:
            FormatError: a zip archive that is damaged.
            UnsafeFileError: it would unpack to far more than it holds, or its members overlap.
        """
        if not self.head.startswith(b"PK"):
            return None
        try:
            with zipfile.ZipFile(self.path) as archive:
                found = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FormatError(
                f"{self.path} is a damaged zip archive ({error}); was it copied completely?"
            ) from None
        if len(found) > _MOST_MEMBERS:
            raise UnsafeFileError(f"{self.path} holds {len(found):,} members; it was not unpacked")
        packed, unpacked = (sum(sizes) for sizes in _sizes(found))
        if packed > self.size:
            raise UnsafeFileError(
                f"{self.path} holds overlapping members, as zip bombs do; it was not unpacked"
            )
        if unpacked > max(_HARMLESS_BYTES, _MOST_RATIO * self.size):
            raise UnsafeFileError(
                f"{self.path} would unpack from {self.size:,} to {unpacked:,} bytes, as zip bombs "
                "do; it was not unpacked; save the model uncompressed if it is yours"
            )
        names = [info.filename for info in found]
        if len(set(names)) != len(names):
            raise UnsafeFileError(f"{self.path} holds two members of one name; it was not unpacked")
        return {info.filename: info.file_size for info in found}


def _sizes(found: list[zipfile.ZipInfo]) -> tuple[list[int], list[int]]:
    return [info.compress_size for info in found], [info.file_size for info in found]
