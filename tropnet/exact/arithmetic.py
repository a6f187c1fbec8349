"""What a proof needs to know about a float arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from tropnet.errors import DomainError

_NORMAL: Final = 2.0**-1022


@final
@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Rounding to nearest in a binary float format.

    Attributes:
        dtype: numpy's name of the format.
        unit_roundoff: half the distance from 1 to the next float.
        underflow: more than the absolute error that underflow adds to one operation, results
            flushed to zero included.
        largest: the largest finite float.

    Example:
        >>> from tropnet.exact.arithmetic import Arithmetic
        >>> Arithmetic.of("float32").unit_roundoff == 2.0**-24
        True
    """

    dtype: str
    unit_roundoff: float
    underflow: float
    largest: float

    @staticmethod
    def of(dtype: str) -> Arithmetic:
        """Return the arithmetic of a format.

        Raises:
            DomainError: an unknown format.
        """
        if dtype not in _KNOWN:
            raise DomainError(f"dtype is {dtype!r}; known: {', '.join(_KNOWN)}")
        return _KNOWN[dtype]


_KNOWN: Final = {
    "float16": Arithmetic("float16", 2.0**-11, 2.0**-13, 65504.0),
    "float32": Arithmetic("float32", 2.0**-24, 2.0**-125, (2 - 2.0**-23) * 2.0**127),
    "float64": Arithmetic("float64", 2.0**-53, 2.0**-1021, (2 - 2.0**-52) * 2.0**1023),
}

FLOAT64: Final = _KNOWN["float64"]


def subnormals_are_flushed() -> bool:
    """Tell whether this thread's processor treats subnormal float64 numbers as zero.

    `torch.set_flush_denormal(True)` or a library compiled with `-ffast-math` leave it so. Then a
    product with a subnormal factor is lost whole, and no error bound of ours holds.
    """
    return _NORMAL * 0.5 * 2.0 != _NORMAL
