"""NumPy archives of weights."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError, UnsafeFileError, UnsupportedLayerError
from tropnet.io.architecture import network_of_weights
from tropnet.io.model_file import MOST_BYTES, ModelFile
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_ACTIVATIONS: Final = "activations"
#: How an array begins, and for each version how many bytes tell the length of its header.
_MAGIC: Final = b"\x93NUMPY"
_LENGTHS: Final = {"1.0": 2, "2.0": 4, "3.0": 4}
_MOST_HEADER: Final = 10_000
_DICT: Final = re.compile(
    r"\s*\{\s*'descr':\s*'(?P<descr>(?P<order>[<>|=]?)(?P<kind>[a-zA-Z?])(?P<width>\d{0,9}))',"
    r"\s*'fortran_order':\s*(?P<fortran>True|False),"
    r"\s*'shape':\s*\((?P<shape>(\d{1,30}L?,\s?)*(\d{1,30}L?)?)\),?\s?\}\s*"
)
_MOST_AXES: Final = 32
#: Bytes of one number, or of one text.
_WIDEST: Final = {"i": 8, "u": 8, "f": 8, "b": 1, "U": 4096, "S": 4096}
#: Numbers that archives may hold at any ratio, and for each of their bytes.
_HARMLESS: Final = 2**21
_MOST_NUMBERS: Final = 5
_WORDS: Final = {"relu": "relu", "linear": "identity", "identity": "identity", "none": "identity"}


@final
class NpzReader(FileReader):
    """Reads `.npz` archives: `W0, b0, W1, …`, torch names or `kernel`s; never object arrays.

    Numbered matrices may be `(out, in)` or `(in, out)`: whichever chains; where both do (all are
    square), the file is refused. An array `activations` of words (`relu`, `linear`) is obeyed.

    Example:
        >>> import numpy as np, tempfile
        >>> from tropnet.io import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/f.npz", W1=np.ones((2, 3)), b1=np.zeros(3), W2=np.ones((3, 1)))
        ...     load(f"{folder}/f.npz").architecture
        '2-3-1'
    """

    name = "npz"
    options = frozenset({"architecture", "example_input", "stop_before"})

    def recognise(self, file: ModelFile) -> None:
        """Accept a zip archive of .npy members."""
        members = file.members
        if members is None:
            raise Refusal("it is no zip archive")
        if not members or not all(name.endswith(".npy") for name in members):
            raise Refusal("its members are not all .npy arrays")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the arrays.

        Raises:
            TropnetError: as `load` says.
        """
        arrays = read_arrays(source)
        words = arrays.pop(_ACTIVATIONS, None)
        activations = None if words is None else [_word(str(w)) for w in words.reshape(-1)]
        return network_of_weights(arrays, options, activations=activations)


def read_arrays(file: ModelFile) -> dict[str, AnyArray]:
    """Return the arrays of an archive, each header checked against the bytes behind it.

    Raises:
        UnsafeFileError: an object array, or headers that ask for more than there is.
        FormatError: a damaged member.
    """
    arrays, entries = {}, 0
    with file.archive() as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as stream:
                header = _header(stream, name)
                header.require_sound(name, info.file_size)
                entries += header.size
                if entries > max(_HARMLESS, _MOST_NUMBERS * file.size):
                    raise UnsafeFileError(
                        f"{file.path} would unpack from {file.size:,} bytes to more than "
                        f"{entries:,} numbers, as zip bombs do; it was not unpacked"
                    )
                arrays[name] = header.array(stream, name)
    return arrays


@final
@dataclass(frozen=True, slots=True)
class _Header:
    """What stands before the numbers of an array."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def require_sound(self, name: str, held: int) -> None:
        """Refuse an array of other things than numbers, or of more than are stored."""
        if self.size * self.dtype.itemsize > held:
            raise UnsafeFileError(
                f"array {name!r} announces shape {self.shape}, more than the {held} bytes that are "
                "stored; not read"
            )
        if len(self.shape) > _MOST_AXES or max(self.shape, default=0) > MOST_BYTES:
            raise FormatError(f"array {name!r} announces {len(self.shape)} axes, up to "
                              f"{max(self.shape)} long; not read")  # fmt: skip
        if self.dtype.kind not in "iufbUS" or self.dtype.itemsize > _WIDEST[self.dtype.kind]:
            raise DomainError(
                f"array {name!r} has dtype {self.dtype}; real floats of up to 64 bits are read"
            )

    def array(self, stream: IO[bytes], name: str) -> AnyArray:
        """Return the numbers."""
        size = self.size * self.dtype.itemsize
        content = stream.read(size)
        if len(content) != size or stream.read(1):
            raise FormatError(f"array {name!r} of shape {self.shape} does not fill its member")
        array = np.frombuffer(content, dtype=self.dtype, count=self.size)
        return array.reshape(self.shape, order="F" if self.fortran else "C")


def _header(stream: IO[bytes], name: str) -> _Header:
    """Read a header, which is a Python literal, without asking Python to."""
    start = stream.read(len(_MAGIC) + 2)
    magic, version = start[: len(_MAGIC)], ".".join(map(str, start[len(_MAGIC) :]))
    if magic != _MAGIC or version not in _LENGTHS:
        raise FormatError(
            f"array {name!r} has npy version {version or '?'}; 1.0, 2.0 and 3.0 are read"
        )
    length = int.from_bytes(stream.read(_LENGTHS[version]), "little")
    if length > _MOST_HEADER:
        raise UnsafeFileError(f"array {name!r} has a header of {length:,} bytes; not read")
    match = _DICT.fullmatch(stream.read(length).decode("latin-1"))
    if match is None:
        raise FormatError(
            f"array {name!r} has a header that describes no plain array; records and damaged "
            "headers are not read"
        )
    kind = match["kind"]
    if kind == "O":
        raise UnsafeFileError(
            f"array {name!r} holds Python objects, which can run code; not read; save plain arrays"
        )
    shape = tuple(int(d) for d in re.findall(r"\d+", match["shape"]))
    try:
        dtype = np.dtype(match["order"] + kind + match["width"])
    except TypeError:
        raise FormatError(f"array {name!r} has the unknown dtype {match['descr']}") from None
    return _Header(shape, match["fortran"] == "True", dtype)


def _word(text: str) -> str:
    """Return the activation that a text such as `relu` or `('Dense', 'relu')` names."""
    last = re.findall(r"[A-Za-z_]\w*", text)[-1:] or [text]
    word = last[0].lower()
    if word not in _WORDS:
        raise UnsupportedLayerError(
            _ACTIVATIONS, text, "it is not relu or linear", "a network of ReLU layers"
        )
    return _WORDS[word]
