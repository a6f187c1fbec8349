"""Exact entries of linear maps as floats of a format, where that is possible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network import Linear, linear
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from tropnet.exact.sharing import Sharing, Tile
    from tropnet.typing import AnyArray, BoolArray, FloatArray, IntArray

#: The formats that models are written in.
FloatDtype: TypeAlias = Literal["float32", "float64"]

#: Integers below this are floats of the format.
_INTEGERS: Final[dict[FloatDtype, int]] = {"float32": 2**24, "float64": 2**53}


@final
@dataclass(frozen=True, eq=False, slots=True)
class FloatForm:
    """Entries `numerators[i, j] / divisors[i]`, exactly.

    Attributes:
        numerators: `(R, J)` of the format.
        divisors: `(R,)` of the format, above one half and at most one, so that numerators are no
            larger than entries; None where all are one.
    """

    numerators: AnyArray
    divisors: AnyArray | None = None

    def linear(self) -> Linear:
        """Return the entries as a linear map.

        Example:
            >>> import numpy as np
            >>> from tropnet.io.float_form import FloatForm
            >>> FloatForm(np.array([[0.5]]), np.array([0.75])).linear().exact
            RationalMatrix([['2/3']])
        """
        if self.divisors is None:
            with np.errstate(invalid="ignore"):  # NaN is refused in the next line
                wide = self.numerators.astype(np.float64)
            return linear(wide)
        factors = [1 / Fraction(d) for d in self.divisors.tolist()]
        return linear(RationalMatrix.from_floats(self.numerators).scale_rows(factors))


def kernel_of(entries: Linear) -> Linear:
    """Return the map that holds the entries which a map stores: the kernels of a shared one."""
    return entries.kernel if isinstance(entries, SharedLinear) else entries


def float_form(entries: Linear, dtype: FloatDtype) -> FloatForm | None:
    """Return the stored entries of a map in a float format, exactly; None where they do not fit.

    Entries that are floats stand as they are. Others, such as an average's 1/9, fit where each row
    is a row of floats over one divisor: 1/9 is 0.0625 / 0.5625.

    Args:
        entries: any linear map; of one whose rows share kernels, the kernels.
        dtype: the format.

    Example:
        >>> from tropnet.io.float_form import float_form
        >>> from tropnet.network import linear
        >>> form = float_form(linear([["1/9", "2/9"]]), "float32")
        >>> form.numerators.tolist(), form.divisors.tolist()
        ([[0.0625, 0.125]], [0.5625])
        >>> float_form(linear([["0.1", 1]]), "float32").divisors.tolist()
        [0.625]
        >>> float_form(linear([["1/3", "1/100000007"]]), "float32") is None
        True
    """
    stored = kernel_of(entries)
    if stored.entry_rounding is None:
        return None if misfits(stored.entries, dtype).any() else FloatForm(
            stored.entries.astype(dtype)
        )  # fmt: skip
    divisors = [_divisor(row) for row in stored.exact.to_fractions()]
    if any(d >= _INTEGERS[dtype] for d in divisors):
        return None
    scaled = [Fraction(d, 1 << (d - 1).bit_length()) for d in divisors]
    numerators = stored.exact.scale_rows(scaled)
    floats = numerators.to_floats()
    if not np.isfinite(floats).all() or RationalMatrix.from_floats(floats) != numerators:
        return None
    if misfits(floats, dtype).any():
        return None
    return FloatForm(floats.astype(dtype), np.array([float(s) for s in scaled], dtype=dtype))


def tiles_of(share: Sharing) -> list[tuple[IntArray, IntArray, IntArray]]:
    """Return the tiles of a sharing, those of one size together.

    Returns:
        For each size: patches `(G, S)`, kernels `(G, T)`, places among the pairs `(G, S, T)`.
    """
    sizes: dict[tuple[int, int], list[Tile]] = {}
    for tile in share.tiles:
        sizes.setdefault((len(tile.patches), len(tile.kernels)), []).append(tile)
    return [
        (
            np.stack([tile.patches for tile in found]),
            np.stack([tile.kernels for tile in found]),
            np.stack([tile.places for tile in found]),
        )
        for found in sizes.values()
    ]


def misfits(values: FloatArray, dtype: FloatDtype) -> BoolArray:
    """Tell which float64 numbers are no floats of a format."""
    values = np.ascontiguousarray(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        back = values.astype(dtype).astype(np.float64)
    # by the bits, lest a subnormal number compare equal to zero (torch.set_flush_denormal)
    return np.asarray(back.view(np.int64) != values.view(np.int64))


def _divisor(row: list[Fraction]) -> int:
    """Return the least odd number whose product with each entry has a power of two below it."""
    common = math.lcm(*(v.denominator for v in row))
    return common // (common & -common)
