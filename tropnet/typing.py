"""The types that signatures share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    IntArray: TypeAlias = NDArray[np.int64]
    SignArray: TypeAlias = NDArray[np.int8]
    BoolArray: TypeAlias = NDArray[np.bool_]
    AnyArray: TypeAlias = NDArray[Any]

#: A number with one exact rational value: an int, a finite float, a Fraction, a Decimal, or a text
#: such as ``"1/3"`` or ``"0.1"`` (read as the decimal, not as the float).
Rational: TypeAlias = int | float | Fraction | Decimal | str

#: Rows of such numbers.
RationalRows: TypeAlias = Sequence[Sequence[Rational]]
