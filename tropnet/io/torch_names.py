"""What stands for the classes and functions that torch's checkpoints name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tropnet.errors import FormatError
from tropnet.io.plain_pickle import Maker, Named, Names, entries_of
from tropnet.io.stored_tensor import DTYPES, Storage, StoredTensor, Unread

_MOST_AXES: Final = 32


def _unread(name: str) -> Maker:
    return lambda _: Unread(name)


def _ordered(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    return entries_of(arguments[0] if arguments else ())


def _tensor(arguments: tuple[Any, ...]) -> StoredTensor | Unread:
    """Return the tensor of `_rebuild_tensor_v2(storage, offset, shape, strides, …)`."""
    storage, offset, shape, strides = arguments[:4]
    if isinstance(storage, Unread):
        return storage
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides) or len(shape) > _MOST_AXES:
        raise FormatError("a tensor in it has no storage, or not a stride for each axis")
    if not all(type(n) is int and n >= 0 for n in numbers):
        raise FormatError("a tensor in it has an offset, a size or a stride that is no number")
    bits = arguments[6] if len(arguments) > 6 else None
    plain = not (isinstance(bits, dict) and any(bits.values()))
    return StoredTensor(storage, offset, tuple(shape), tuple(strides), plain)


def _parameter(arguments: tuple[Any, ...]) -> Any:
    if not isinstance(arguments[0], StoredTensor | Unread):
        raise FormatError("a parameter in it is no tensor")
    return arguments[0]


def _size(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(arguments[0])


def _encoded(arguments: tuple[Any, ...]) -> bytes:
    """Return bytes, which protocol 2 writes as texts to be encoded."""
    text: str = arguments[0]
    return text.encode("latin-1")


def _set(arguments: tuple[Any, ...]) -> set[Any]:
    return set(entries_of([(item, None) for item in arguments[0]]))


_KNOWN: Final[dict[str, Maker]] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.Size": _size,
    "_codecs.encode": _encoded,
    "builtins.set": _set,
    "__builtin__.set": _set,
}
#: What torch itself allows in a state dict and what dense weights do not consist of.
_LEFT_ASIDE: Final = """
    torch.device builtins.complex __builtin__.complex builtins.bytearray __builtin__.bytearray
    torch.serialization._get_layout torch._tensor._rebuild_from_type_v2
    torch._utils._rebuild_sparse_tensor torch._utils._rebuild_sparse_csr_tensor
    torch._utils._rebuild_qtensor torch._utils._rebuild_tensor_v3
    torch._utils._rebuild_meta_tensor_no_storage torch._utils._rebuild_nested_tensor
    torch._utils._rebuild_device_tensor_from_numpy
    torch._utils._rebuild_device_tensor_from_cpu_tensor
    torch._utils._rebuild_wrapper_subclass torch._utils._rebuild_xla_tensor
    torch.Tensor torch.nn.parameter.Parameter
    torch.per_tensor_affine torch.per_tensor_symmetric torch.per_channel_affine
    torch.per_channel_symmetric torch.per_channel_affine_float_qparams
"""
_TYPES: Final = """
    float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool
    complex32 complex64 complex128 qint8 quint8 qint32 float8_e4m3fn float8_e5m2 float8_e4m3fnuz
    float8_e5m2fnuz float8_e8m0fnu
"""
_STORAGES: Final = (*DTYPES, "QInt8", "QUInt8", "QInt32")


def _names() -> dict[str, Maker]:
    plain = [*_LEFT_ASIDE.split(), *(f"torch.{t}" for t in _TYPES.split())]
    plain += [f"torch.{kind}Storage" for kind in _STORAGES]
    plain += ["torch.storage.UntypedStorage", "torch.storage._UntypedStorage"]
    return {name: _unread(name) for name in plain} | _KNOWN


NAMES: Final[Names] = _names()


def storage_maker(storages: dict[str, Storage]) -> Callable[[Any], Storage | Unread]:
    """Return what turns the ids in a checkpoint into storages, collected by their keys.

    An id is `("storage", type, key, place, size)`, in files before torch 1.6 with a view behind it.
    """

    def storage(pid: Any) -> Storage | Unread:
        if not (type(pid) is tuple and len(pid) in (5, 6) and pid[0] in ("storage", b"storage")):
            raise FormatError("it names a storage in an unknown way")
        kind, key, size = pid[1], str(pid[2]), pid[4]
        name = kind.name.rpartition(".")[2] if isinstance(kind, Named) else ""
        name = name.removeprefix("_").removesuffix("Storage")
        if name not in _STORAGES or type(size) is not int or size < 0:
            raise FormatError(f"its storage {key!r} has {size!r} elements of {name or kind!r}")
        if name not in DTYPES or (len(pid) == 6 and pid[5] is not None):
            return Unread(f"a {name}Storage" if name not in DTYPES else "a view of a storage")
        found = storages.setdefault(key, Storage(name, key, size))
        if (found.kind, found.size) != (name, size):
            raise FormatError(f"it describes its storage {key!r} in two ways")
        return found

    return storage
