"""Tensors as torch's files describe them: a storage, and which of its numbers are meant."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.errors import DomainError, UnsafeFileError

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

#: Numpy's names of the numbers in torch's storages; bfloat16 is the upper half of a float32.
DTYPES: Final = {
    "Double": "f8", "Float": "f4", "Half": "f2", "BFloat16": "u2", "Long": "i8", "Int": "i4",
    "Short": "i2", "Char": "i1", "Byte": "u1", "Bool": "?", "ComplexDouble": "c16",
    "ComplexFloat": "c8", "Untyped": "u1",
}  # fmt: skip
_NARROW: Final = "BFloat16"
#: Tensors may share their storage, as tied weights do, this often.
_MOST_SHARING: Final = 8
_HARMLESS: Final = 2**16
_LONGEST: Final = 2**40


@final
@dataclass(eq=False)
class Storage:
    """The numbers of one or more tensors, in a row.

    Attributes:
        kind: torch's name of their type (`"Float"`).
        key: how the file calls the storage.
        size: how many there are, as the tensors' description claims.
        numbers: the numbers, once they are read.
    """

    kind: str
    key: str
    size: int
    numbers: AnyArray | None = None

    @property
    def nbytes(self) -> int:
        """The bytes of the numbers."""
        return self.size * np.dtype(DTYPES[self.kind]).itemsize


@final
@dataclass(frozen=True, eq=False)
class StoredTensor:
    """Which numbers of a storage make a tensor.

    Attributes:
        storage: where the numbers lie.
        offset: the place of the first.
        shape: the sizes of the axes.
        strides: for each axis, how many places lie between neighbours.
        plain: whether the numbers are the values, not their negatives or conjugates.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    plain: bool = True

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)

    @property
    def is_bfloat16(self) -> bool:
        """Whether the values are stored as bfloat16."""
        return self.storage.kind == _NARROW

    def require_sound(self, name: str) -> None:
        """Refuse a tensor that repeats its numbers or reaches beyond them.

        Raises:
            UnsafeFileError: the shape claims more values than are stored, or others.
            DomainError: complex values, or not the stored ones.
        """
        if self.size > self.storage.size or max(self.shape, default=0) > _LONGEST:
            raise UnsafeFileError(
                f"{name!r} has shape {self.shape} over {self.storage.size} stored values; it was "
                "not unfolded; save contiguous tensors"
            )
        steps = (d - 1 for d in self.shape)
        last = self.offset + sum(n * s for n, s in zip(steps, self.strides, strict=True))
        if self.size and last >= self.storage.size:
            raise UnsafeFileError(
                f"{name!r} reaches up to value {last:,} of {self.storage.size:,} stored ones; it "
                "was not read"
            )
        if self.storage.kind.startswith("Complex") or not self.plain:
            raise DomainError(f"{name!r} is complex or negated lazily; real weights are read")

    def array(self) -> AnyArray:
        """Return the values of a sound tensor whose storage was read; bfloat16 as float32."""
        numbers = self.storage.numbers
        assert numbers is not None
        steps = zip(self.strides, self.shape, strict=True)
        strides = [s * numbers.itemsize if d > 1 else 0 for s, d in steps]
        view = np.lib.stride_tricks.as_strided(
            numbers[self.offset :], self.shape, strides, writeable=False
        )
        if self.is_bfloat16:
            return (view.astype(np.uint32, order="C") << 16).view(np.float32)
        return np.array(view, order="C")


@final
@dataclass(frozen=True, slots=True)
class Unread:
    """Something that a checkpoint may hold beside its weights, and that is not read.

    Attributes:
        name: the class or function that would make it.
    """

    name: str

    @property
    def is_tensor(self) -> bool:
        """Whether it is a tensor, of a kind that is not dense."""
        return "._rebuild_" in self.name


def require_sound(tensors: Iterable[tuple[str, StoredTensor]], what: str) -> None:
    """Refuse tensors that are not sound, or that share their storages suspiciously often.

    Args:
        tensors: names and tensors.
        what: how an error message calls the file.

    Raises:
        TropnetError: as `StoredTensor.require_sound`.
        UnsafeFileError: together they would take far more memory than their storages.
    """
    values, storages = 0, dict[int, int]()
    for name, tensor in tensors:
        tensor.require_sound(name)
        values += tensor.size
        storages[id(tensor.storage)] = tensor.storage.size
    stored = sum(storages.values())
    if values > max(_HARMLESS, _MOST_SHARING * stored):
        raise UnsafeFileError(
            f"{what} has {values:,} values in tensors that share {stored:,} stored ones; it was "
            "not unfolded; save contiguous tensors"
        )
