"""Stored tensors of ONNX files as arrays: sizes first, bytes after."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tropnet.errors import DomainError, FormatError, UnsafeFileError
from tropnet.io.model_file import MOST_BYTES

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

#: Bytes of one element, for the element types that are read, by their numbers in TensorProto.
_BYTES: Final = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8}
#: The field that holds the elements where they are not raw bytes.
_FIELDS: Final = {1: "float_data", 7: "int64_data", 11: "double_data", 12: "uint64_data"}
_EXTERNAL: Final = 1


def array_of(tensor: Any, folder: Path | None) -> AnyArray:
    """Return the array that a TensorProto stores.

    Args:
        tensor: an `onnx.TensorProto`.
        folder: where external data may lie; None where there is no such place.

    Raises:
        FormatError: the number of stored elements is not that of the shape.
        UnsafeFileError: external data outside the folder.
        DomainError: an element type that is not read.
    """
    from onnx import TensorProto, numpy_helper

    dims, kind, name = list(tensor.dims), int(tensor.data_type), tensor.name
    if kind not in _BYTES:
        known = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else kind
        raise DomainError(
            f"tensor {name!r} is stored as {known}; float16, float32, float64 and integers are read"
        )
    if any(d < 0 for d in dims):
        raise FormatError(f"tensor {name!r} has the impossible shape {dims}")
    count = math.prod(dims)
    if tensor.data_location == _EXTERNAL:
        return _external(tensor, count * _BYTES[kind], folder)
    if tensor.HasField("raw_data"):
        stored = len(tensor.raw_data) / _BYTES[kind]
    else:
        field = "uint64_data" if kind == 13 else _FIELDS.get(kind, "int32_data")
        stored = len(getattr(tensor, field))
    if stored != count:
        raise FormatError(
            f"tensor {name!r} of shape {dims} needs {count} elements, the file holds {stored:g}"
        )
    return numpy_helper.to_array(tensor)


def _external(tensor: Any, size: int, folder: Path | None) -> AnyArray:
    """Read elements from a file beside the model, and from nowhere else."""
    import numpy as np
    from onnx.helper import tensor_dtype_to_np_dtype

    where = {entry.key: entry.value for entry in tensor.external_data}
    location = where.get("location", "")
    if folder is None:
        raise FormatError(
            f"tensor {tensor.name!r} lies in {location!r}; load the file, not the object, so that "
            "its folder is known"
        )
    home = folder.resolve()
    try:
        path = (home / location).resolve()
        inside = path.is_relative_to(home) and not Path(location).is_absolute()
    except (OSError, ValueError, RuntimeError):  # loops of links, NUL bytes
        inside = False
    if not location or not inside:
        raise UnsafeFileError(
            f"tensor {tensor.name!r} points to {location!r} outside the model's folder; not read"
        )
    if not path.is_file():
        raise FormatError(f"tensor {tensor.name!r} needs the file {location!r}; copy it along")
    try:
        offset = int(where.get("offset", "0"))
        length = int(where.get("length", str(size)))
    except ValueError:
        raise FormatError(f"tensor {tensor.name!r} has a garbled place in {location!r}") from None
    held = path.stat().st_size
    if length != size or offset < 0 or offset + length > held or size > MOST_BYTES:
        raise FormatError(
            f"tensor {tensor.name!r} needs {size} bytes; {length} at {offset} are announced, and "
            f"{location!r} holds {held}"
        )
    with path.open("rb") as stream:
        stream.seek(offset)
        content = stream.read(size)
    dtype = np.dtype(tensor_dtype_to_np_dtype(tensor.data_type)).newbyteorder("<")
    return np.frombuffer(content, dtype=dtype).reshape(list(tensor.dims))
