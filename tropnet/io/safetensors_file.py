"""safetensors files of weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError, UnsafeFileError
from tropnet.io.architecture import network_of_weights
from tropnet.io.model_file import ModelFile
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.io.state_dict import BFLOAT16_NOTE
from tropnet.io.strict_json import strict_json
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_DTYPES: Final = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}
_NARROW: Final = "BF16"
#: The first bytes tell the length of the header.
_LENGTH: Final = 8
#: The format's own limit of its header, by which it is known; those of models are far smaller.
_MOST_HEADER: Final = 100_000_000
_MOST_READ: Final = 2**22
_METADATA: Final = "__metadata__"
_FIELDS: Final = {"dtype", "shape", "data_offsets"}
_MOST_AXES: Final = 32


@final
class SafetensorsReader(FileReader):
    """Reads `.safetensors` files of float16, bfloat16, float32 or float64 weights.

    Example:
        >>> import numpy as np, tempfile
        >>> from safetensors.numpy import save_file
        >>> from tropnet.io import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_file({"0.weight": np.ones((2, 3), np.float32)}, f"{folder}/f.safetensors")
        ...     load(f"{folder}/f.safetensors").dtype
        'float32'
    """

    name = "safetensors"
    options = frozenset({"architecture", "example_input", "stop_before"})
    suffixes = frozenset({".safetensors"})

    def recognise(self, file: ModelFile) -> None:
        """Accept a length of eight bytes with a JSON object behind it."""
        if file.head[_LENGTH : _LENGTH + 1] != b"{" or _length(file) > _MOST_HEADER:
            raise Refusal("it does not begin with the length of a JSON header")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the tensors.

        Raises:
            TropnetError: as `load` says.
        """
        entries = _entries(source)
        arrays = {entry.name: entry.array(source) for entry in entries}
        narrow = any(entry.kind == _NARROW for entry in entries)
        return network_of_weights(arrays, options, notes=[BFLOAT16_NOTE] if narrow else [])


@final
@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a tensor lies in the file, and how."""

    name: str
    kind: str
    shape: tuple[int, ...]
    start: int
    end: int

    def require_sound(self) -> None:
        """Refuse what is not read, and a shape that its bytes do not fill."""
        if self.kind not in _DTYPES:
            raise DomainError(
                f"tensor {self.name!r} is stored as {self.kind[:20]}; F16, BF16, F32 and F64 are "
                "read"
            )
        count, size = math.prod(self.shape), np.dtype(_DTYPES[self.kind]).itemsize
        if len(self.shape) > _MOST_AXES or count * size != self.end - self.start:
            raise FormatError(
                f"tensor {self.name!r} of shape {list(self.shape)} and dtype {self.kind} has "
                f"{self.end - self.start:,} bytes in the file; it is broken"
            )

    def array(self, file: ModelFile) -> AnyArray:
        """Return the numbers; bfloat16, the upper half of a float32, as float32."""
        content = file.part(self.start, self.end - self.start)
        array: Any = np.frombuffer(content, dtype=_DTYPES[self.kind])
        if self.kind == _NARROW:
            array = (array.astype(np.uint32) << 16).view(np.float32)
        return np.asarray(array.reshape(self.shape))


def _length(file: ModelFile) -> int:
    return int.from_bytes(file.head[:_LENGTH], "little")


def _entries(file: ModelFile) -> list[_Entry]:
    """Return the tensors of a file, having checked that they fill it without gaps and overlaps."""
    length = _length(file)
    if file.size < _LENGTH or length > file.size - _LENGTH:
        raise FormatError(
            f"{file.path} announces a header of {length:,} bytes and has {file.size:,} in all; was "
            "it copied completely?"
        )
    if length > _MOST_READ:
        raise UnsafeFileError(
            f"{file.path} has a header of {length:,} bytes; at most {_MOST_READ:,} are read"
        )
    header = strict_json(file.part(_LENGTH, length), f"the header of {file.path}")
    header.pop(_METADATA, None)
    entries = [_entry(name, fields, _LENGTH + length) for name, fields in header.items()]
    end = _LENGTH + length
    for entry in sorted(entries, key=lambda e: (e.start, e.end)):
        if entry.start != end or entry.end < entry.start:
            raise FormatError(
                f"{file.path}: tensor {entry.name!r} lies at bytes {entry.start:,} to "
                f"{entry.end:,}, expected from {end:,}: its tensors overlap or leave gaps"
            )
        end = entry.end
    if end != file.size:
        raise FormatError(
            f"{file.path}: its tensors end at byte {end:,} of {file.size:,}; was it copied "
            "completely?"
        )
    for entry in entries:
        entry.require_sound()
    return entries


def _entry(name: str, fields: Any, start: int) -> _Entry:
    if not isinstance(fields, dict) or fields.keys() != _FIELDS:
        raise FormatError(f"tensor {name!r} is not described by dtype, shape and data_offsets")
    kind, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    lists = isinstance(shape, list) and isinstance(offsets, list) and isinstance(kind, str)
    if not lists or len(offsets) != 2 or not all(_is_size(n) for n in (*shape, *offsets)):
        raise FormatError(f"tensor {name!r} has a dtype, shape or data_offsets of another kind")
    return _Entry(name, kind, tuple(shape), start + offsets[0], start + offsets[1])


def _is_size(value: Any) -> bool:
    return type(value) is int and value >= 0
