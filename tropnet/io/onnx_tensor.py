"""Stored tensors of ONNX files as arrays: sizes first, bytes after."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tropnet.errors import DomainError, FormatError, UnsafeFileError
from tropnet.io.model_file import MOST_BYTES
from tropnet.io.tensor import MOST_VALUES, require_room

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

#: Bits of one element, for the element types that are read, by their numbers in TensorProto.
_BITS: Final = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32,
                13: 64, 16: 16, 21: 4, 22: 4}  # fmt: skip
#: What arrays of types that NumPy lacks become: bfloat16, and integers of four bits, two in a byte.
_WIDER: Final = {16: "float32", 21: "uint8", 22: "int8"}
#: The field that holds the elements where they are not raw bytes.
_FIELDS: Final = {1: "float_data", 7: "int64_data", 11: "double_data", 12: "uint64_data"}
_EXTERNAL: Final = 1
_MOST_AXES: Final = 32


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
    if kind not in _BITS:
        known = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else kind
        raise DomainError(
            f"tensor {name!r} is stored as {known}; floats of 16 to 64 bits and integers are read"
        )
    if any(d < 0 or d > MOST_BYTES for d in dims):
        raise FormatError(f"tensor {name!r} has the impossible shape {dims}")
    if len(dims) > _MOST_AXES:
        raise FormatError(f"tensor {name!r} has {len(dims)} axes; at most {_MOST_AXES} are read")
    count = math.prod(dims)
    bits = _BITS[kind]
    if tensor.data_location == _EXTERNAL:
        if bits < 8:
            raise DomainError(f"tensor {name!r} has {bits} bits an element beside the model")
        require_room(count, f"tensor {name!r}")
        return _external(tensor, count * bits // 8, folder)
    if tensor.HasField("raw_data"):
        stored = len(tensor.raw_data) * 8 / bits
    else:
        field = "uint64_data" if kind == 13 else _FIELDS.get(kind, "int32_data")
        stored = len(getattr(tensor, field)) * max(1, 8 // bits)
    # the last byte of packed elements may be filled up
    if stored != (count if bits >= 8 else -(-count * bits // 8) * 8 / bits):
        raise FormatError(
            f"tensor {name!r} of shape {dims} needs {count} elements, the file holds {stored:g}"
        )
    array: AnyArray = numpy_helper.to_array(tensor)
    return array.astype(_WIDER[kind]) if kind in _WIDER else array


def array_of_sparse(tensor: Any, folder: Path | None) -> AnyArray:
    """Return the dense array that a SparseTensorProto stands for.

    Args:
        tensor: an `onnx.SparseTensorProto`.
        folder: as for `array_of`.

    Raises:
        FormatError: indices of another shape, out of range or repeated.
        BudgetExceeded: the dense array would be too large.
    """
    import numpy as np

    shape, name = tuple(int(d) for d in tensor.dims), tensor.values.name
    if not shape or any(d < 1 for d in shape):
        raise FormatError(f"sparse tensor {name!r} has the impossible shape {list(shape)}")
    require_room(math.prod(shape), f"the sparse tensor {name!r}", MOST_VALUES)
    values, places = array_of(tensor.values, folder), array_of(tensor.indices, folder)
    count = values.size
    if places.dtype != np.int64 or places.shape not in ((count,), (count, len(shape))):
        raise FormatError(
            f"sparse tensor {name!r} has indices of shape {places.shape} and type {places.dtype} "
            f"for {count} values"
        )
    columns = places.T if places.ndim == 2 else (places,)
    sizes = shape if places.ndim == 2 else (math.prod(shape),)
    if any(((c < 0) | (c >= d)).any() for c, d in zip(columns, sizes, strict=True)):
        raise FormatError(f"sparse tensor {name!r} of shape {list(shape)} has indices outside")
    flat = np.ravel_multi_index(tuple(columns), sizes)
    if len(np.unique(flat)) != count:
        raise FormatError(f"sparse tensor {name!r} has an index twice")
    dense = np.zeros(math.prod(shape), dtype=values.dtype)
    dense[flat] = values.reshape(-1)
    return dense.reshape(shape)


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
        found = inside and path.is_file()
    except (OSError, ValueError, RuntimeError):  # loops of links, NUL bytes
        inside = found = False
    if not location or not inside:
        raise UnsafeFileError(
            f"tensor {tensor.name!r} points to {location!r} outside the model's folder; not read"
        )
    if not found:
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
    array = np.frombuffer(content, dtype=dtype).reshape(list(tensor.dims))
    return array.astype(_WIDER.get(int(tensor.data_type), array.dtype))
