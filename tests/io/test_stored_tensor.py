"""Tensors as torch's files describe them, and the names in such files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tropnet.errors import DomainError, FormatError, UnsafeFileError
from tropnet.io.plain_pickle import Named
from tropnet.io.stored_tensor import Storage, StoredTensor, Unread, require_sound
from tropnet.io.torch_names import NAMES, storage_maker


def _tensor(
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    kind: str = "Float",
    size: int = 12,
) -> StoredTensor:
    numbers = np.arange(size, dtype=np.float32)
    return StoredTensor(Storage(kind, "0", size, numbers), offset, shape, strides)


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (3, 4), (4, 1)), (0, (4, 3), (1, 4)), (1, (2, 2), (5, 2)), (11, (), ()),
        (11, (1,), (2**80,)),
        (0, (0, 5), (1, 1)), (3, (2, 1, 3), (4, 99, 1)), (0, (2, 3), (0, 1)),
    ],
)  # fmt: skip
def test_values_are_those_of_the_strides(offset: int, shape: Any, strides: Any) -> None:
    tensor = _tensor(offset, shape, strides)
    tensor.require_sound("t")
    found = tensor.array()
    assert found.shape == shape
    for place in np.ndindex(*shape):
        assert found[place] == offset + sum(i * s for i, s in zip(place, strides, strict=True) if i)


@pytest.mark.parametrize(
    ("offset", "shape", "strides", "said"),
    [
        (0, (13,), (1,), "over 12 stored values"),
        (0, (10**6, 10**6), (0, 0), "over 12 stored values"),
        (1, (3, 4), (4, 1), "reaches up to value 12 of 12"),
        (0, (2,), (12,), "reaches up to value 12 of 12"),
        (12, (1,), (1,), "reaches up to value 12"),
        (0, (2**50, 0), (1, 1), "over 12 stored values"),
    ],
)
def test_shapes_beyond_what_is_stored(offset: int, shape: Any, strides: Any, said: str) -> None:
    with pytest.raises(UnsafeFileError, match=said):
        _tensor(offset, shape, strides).require_sound("t")


def test_bfloat16_is_the_upper_half_of_a_float32() -> None:
    numbers = np.array([0x3F80, 0xC040, 0x0001, 0x7F7F], np.uint16)
    tensor = StoredTensor(Storage("BFloat16", "0", 4, numbers), 0, (2, 2), (1, 2))
    assert tensor.array().tolist() == [[1.0, 2.0**-133], [-3.0, float(np.float32(3.3895314e38))]]


def test_complex_and_negated_values() -> None:
    with pytest.raises(DomainError, match="'t' is complex"):
        _tensor(0, (1,), (1,), "ComplexFloat").require_sound("t")
    storage = Storage("Float", "0", 1)
    with pytest.raises(DomainError, match="negated lazily"):
        StoredTensor(storage, 0, (1,), (1,), plain=False).require_sound("t")


def test_a_storage_may_be_shared_and_not_a_thousand_times() -> None:
    storage = Storage("Float", "0", 2**16)
    tied = [(str(k), StoredTensor(storage, 0, (2**16,), (1,))) for k in range(9)]
    require_sound(tied[:8], "f.pt")
    with pytest.raises(
        UnsafeFileError, match=r"f\.pt has 589,824 values in tensors that share 65,536"
    ):
        require_sound(tied, "f.pt")


# ---- names -------------------------------------------------------------------------------------


def _pid(kind: str = "torch.FloatStorage", size: Any = 6, key: Any = "0", *more: Any) -> Any:
    return ("storage", Named(kind, NAMES[kind]), key, "cpu", size, *more)


def test_ids_of_storages() -> None:
    storages: dict[str, Storage] = {}
    make = storage_maker(storages)
    found = make(_pid())
    assert isinstance(found, Storage)
    assert (found.kind, found.size, found.nbytes) == ("Float", 6, 24)
    assert make(_pid()) is found
    assert make(_pid("torch.storage.UntypedStorage", 5, 1)).kind == "Untyped"  # type: ignore[union-attr]
    assert make(_pid("torch.QInt8Storage", 5, "q")) == Unread("a QInt8Storage")
    assert isinstance(make(_pid("torch.FloatStorage", 5, "v", ("view", 0, 3))), Unread)
    assert set(storages) == {"0", "1"}


@pytest.mark.parametrize(
    "pid",
    [
        None, 3, (), ("storage",), ("module", 1, 2, 3, 4), _pid(size=-1), _pid(size=True),
        _pid(size=2.0), _pid("torch.float32"), ("storage", "FloatStorage", "0", "cpu", 6),
        _pid("torch.DoubleStorage"), _pid(size=7), list(_pid()),
    ],
)  # fmt: skip
def test_other_ids(pid: Any) -> None:
    make = storage_maker({"0": Storage("Float", "0", 6)})
    with pytest.raises(FormatError):
        make(pid)


def test_what_beside_dense_tensors_is_left_aside() -> None:
    sparse = NAMES["torch._utils._rebuild_sparse_tensor"](())
    assert sparse == Unread("torch._utils._rebuild_sparse_tensor")
    assert sparse.is_tensor
    assert not NAMES["torch.device"](("cpu",)).is_tensor
    assert NAMES["torch._utils._rebuild_parameter"]((sparse, True, {})) is sparse
    with pytest.raises(FormatError, match="a parameter in it is no tensor"):
        NAMES["torch._utils._rebuild_parameter"]((3, True, {}))


def test_no_name_reaches_beyond_plain_data() -> None:
    known = ("torch.", "collections.OrderedDict", "_codecs.encode")
    modules, kinds = ("builtins", "__builtin__"), ("set", "complex", "bytearray")
    builtins = {f"{module}.{kind}" for module in modules for kind in kinds}
    assert all(name.startswith(known) or name in builtins for name in NAMES)
