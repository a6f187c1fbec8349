"""Tensors of a model while it is read: wires with a shape, and constants."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.network import Wire
    from tropnet.typing import AnyArray

#: Entries that are still bearable: of a tensor, of a table of places, and of a matrix (1 GiB).
MOST_VALUES: Final = 2**22
MOST_PLACES: Final = 2**25
MOST_ENTRIES: Final = 2**27
#: Numbers that may become Fractions, of some hundred bytes each.
MOST_EXACT: Final = 2**20
_MOST_AXES: Final = 32
#: Entries that a file may unfold to in all, and for each of its bytes.
_HARMLESS_ENTRIES: Final = 2**23
_ENTRIES_OF_A_BYTE: Final = 64

Shape: TypeAlias = tuple[int, ...]


@final
@dataclass
class _Room:
    """The entries that the model being read may still make."""

    left: int
    whole: int


_ROOM: Final[ContextVar[_Room | None]] = ContextVar("room", default=None)


@contextmanager
def room_of_file(size: int) -> Iterator[None]:
    """Bound what is made meanwhile by the bytes of the file that it is made from.

    Single tensors are bounded always (`require_room`); the file of a small graph must not make a
    thousand large ones either.

    Args:
        size: the bytes.

    Example:
        >>> from tropnet.io.tensor import require_room, room_of_file
        >>> with room_of_file(1000):
        ...     for _ in range(10):
        ...         require_room(2**21, "a tensor")
        Traceback (most recent call last):
            ...
        tropnet.errors.BudgetExceeded: entries of all that the file's ... for a tensor: ...
    """
    whole = _HARMLESS_ENTRIES + _ENTRIES_OF_A_BYTE * size
    token = _ROOM.set(_Room(whole, whole))
    try:
        yield
    finally:
        _ROOM.reset(token)


@final
@dataclass(frozen=True, eq=False)
class Tensor:
    """Values that depend on the input: a wire in row-major order, and the shape for one item."""

    wire: Wire
    shape: Shape

    def __post_init__(self) -> None:
        _require_few_axes(len(self.shape))
        require_room(size_of(self.shape), "a tensor")


@final
@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that the model stores, or that follows from stored ones exactly.

    Attributes:
        values: int64, bool, float64, or Fractions in an object array where floats would round.
    """

    values: AnyArray

    def __post_init__(self) -> None:
        # numpy's sums and products of arrays without axes are bare numbers
        object.__setattr__(self, "values", np.asarray(self.values))
        _require_few_axes(self.values.ndim)
        require_room(self.values.size, "a constant")

    @property
    def shape(self) -> Shape:
        """The shape."""
        return tuple(int(d) for d in self.values.shape)

    @property
    def is_integer(self) -> bool:
        """Whether these are whole numbers such as shapes and axes are made of."""
        return self.values.dtype.kind in "iub"

    def numbers(self) -> AnyArray:
        """Return the values for arithmetic: float64 or Fractions."""
        if self.values.dtype.kind in "fO":
            return self.values
        return exact_array(self.values)

    def fractions(self) -> AnyArray:
        """Return the values as Fractions in an object array."""
        return exact_array(self.values)


Value: TypeAlias = Tensor | Constant


def constant(array: AnyArray, name: str) -> Constant:
    """Return a stored array as a constant, without rounding.

    Args:
        array: floats of up to 64 bits, integers or booleans.
        name: how an error message calls it.

    Raises:
        DomainError: NaN, infinities, or no real numbers.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.tensor import constant
        >>> constant(np.float16([0.1]), "w").values
        array([0.09997559])
    """
    array = np.asarray(array)
    if array.dtype.kind in "iub":
        return Constant(array)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise DomainError(
            f"{name!r} has dtype {array.dtype}; real floats of up to 64 bits are read"
        )
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        # one infinite number is rather a bound that binds nothing than a weight
        cause = "the training may have diverged"
        if array.size == 1 and not np.isnan(array[where]):
            cause = "leave out a bound that binds nothing, or give a finite one"
        raise DomainError(f"{name!r} has {array[where]} at {list(where)}; {cause}")
    return Constant(array.astype(np.float64))


def exact_array(values: AnyArray) -> AnyArray:
    """Return the values as Fractions in an object array of the same shape."""
    if values.dtype == object:
        return values
    require_room(values.size, "exact numbers", MOST_EXACT)
    exact = np.empty(values.shape, dtype=object)
    exact.reshape(-1)[:] = [
        Fraction(int(v)) if values.dtype.kind in "iub" else Fraction(float(v))
        for v in values.ravel().tolist()
    ]
    return exact


def scaled(values: AnyArray, factor: Fraction | float) -> AnyArray:
    """Return values · factor, exactly: no float product is rounded.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.tensor import scaled
        >>> scaled(np.array([0.1]), 3)[0] == 3 * Fraction(0.1)
        True
    """
    if factor == 1:
        return values
    require_room(values.size, "exact numbers", MOST_EXACT)
    if values.dtype.kind == "f" and values.size:
        # the rational matrix does the work of one Fraction object an entry
        flat = RationalMatrix.from_floats(values.reshape(1, -1)) * factor
        exact = np.empty(values.size, dtype=object)
        exact[:] = flat.to_fractions()[0]
        return exact.reshape(values.shape)
    return np.asarray(exact_array(values) * Fraction(factor), dtype=object)


def size_of(shape: Shape) -> int:
    """Return the number of values of a shape."""
    return math.prod(shape)


def require_room(entries: int, what: str, most: int = MOST_ENTRIES) -> None:
    """Refuse what would not fit into memory, before it is made.

    Args:
        entries: how many numbers will be made.
        what: of what, for messages.
        most: how many are bearable.

    Raises:
        BudgetExceeded: more entries than the most, or than are left to the file that is read
            (`room_of_file`).
    """
    if entries > most:
        raise BudgetExceeded(f"entries of {what}", entries, most, "a smaller model")
    room = _ROOM.get()
    if room is None:
        return
    room.left -= entries
    if room.left < 0:
        raise BudgetExceeded(
            f"entries of all that the file's graph makes, up to those for {what}",
            room.whole - room.left, room.whole, "a smaller model",
        )  # fmt: skip


def _require_few_axes(count: int) -> None:
    if count > _MOST_AXES:
        raise ShapeError(f"a tensor of {count} axes; at most {_MOST_AXES} are read")
