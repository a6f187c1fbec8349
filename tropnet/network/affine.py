"""Affine functions of earlier values of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.exact import RationalMatrix, as_fractions
from tropnet.exact.arithmetic import FLOAT64, Arithmetic
from tropnet.exact.signs import dot_error
from tropnet.network.linear import Linear, linear
from tropnet.network.shared_linear import SharedLinear, from_matrix

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


@final
@dataclass(frozen=True, eq=False, init=False)
class Affine:
    """The affine function bias + Σ_s weights_s · value_s of the values of some sources.

    Source 0 is the network's input, source k the values of its layer k (counted from 1). Linear
    maps that are zero are dropped, the others sorted by source.

    Args:
        weights: the linear map for each source, `(size, width of the source)`.
        bias: `size` numbers; zero when left out.

    Raises:
        ShapeError: the parts have different sizes, or there is neither weight nor bias.
        DomainError: an entry is not a finite number.

    Example:
        >>> from tropnet.network import Affine
        >>> f = Affine({0: [[1, 2]]}, ["1/2"])
        >>> f.size, f.sources
        (1, (0,))
    """

    terms: tuple[tuple[int, Linear], ...]
    bias: Linear

    def __init__(self, weights: Mapping[int, Any], bias: Any = None) -> None:
        maps = {source: linear(weights[source]) for source in sorted(weights)}
        column = None if bias is None else bias_column(bias)
        sizes = {m.shape[0] for m in maps.values()} | ({column.shape[0]} if column else set())
        if len(sizes) != 1:
            raise ShapeError(f"an affine function needs one size; its parts have {sorted(sizes)}")
        size = sizes.pop()
        kept = tuple((s, m) for s, m in maps.items() if not m.is_zero())
        object.__setattr__(self, "terms", kept)
        object.__setattr__(self, "bias", column or linear(np.zeros((size, 1))))

    @property
    def size(self) -> int:
        """The number of outputs."""
        return self.bias.shape[0]

    @property
    def sources(self) -> tuple[int, ...]:
        """The sources that are read."""
        return tuple(source for source, _ in self.terms)

    def __call__(self, values: Sequence[FloatArray]) -> FloatArray:
        """Return the float64 result `(batch, size)` from the values of all sources so far."""
        total = np.broadcast_to(self.bias.values[:, 0], (len(values[0]), self.size))
        for source, weights in self.terms:
            total = weights.apply(values[source]) + total
        return np.array(total)

    def exact(self, values: Sequence[RationalMatrix]) -> RationalMatrix:
        """Return the exact result `(batch, size)` from exact values of all sources so far."""
        total: RationalMatrix | None = None
        for source, weights in self.terms:
            part = weights.apply_exact(values[source])
            total = part if total is None else total + part
        if total is None:
            total = RationalMatrix.zeros(values[0].shape[0], self.size)
        return total + self.bias.exact.T

    def error(
        self,
        values: Sequence[FloatArray],
        errors: Sequence[FloatArray],
        arithmetic: Arithmetic = FLOAT64,
    ) -> FloatArray:
        """Bound |computed − exact| for the result computed from inexact values.

        It holds for `computed` = `self(values)` and for a run in another arithmetic, weights
        rounded to it, from values of its own that are as near to the exact ones. Where the run may
        overflow, the bound is infinite.

        Args:
            values: float64 values of all sources, `(batch, width)` each.
            errors: bounds of |computed − exact| for them and for the values of the run.
            arithmetic: that of the run.

        Returns:
            `(batch, size)`, never NaN; valid for any order of summation (`dot_error`).
        """
        count = 2 + sum(weights.summands for _, weights in self.terms)
        bias_size, bias_rounding = _sizes(self.bias, arithmetic)
        magnitude: Any = bias_size[:, 0]
        spread: Any = 0.0 if bias_rounding is None else bias_rounding[:, 0]
        for source, weights in self.terms:
            # the run's values are as far from the exact ones, maybe on the other side
            size = np.abs(values[source]) + 2 * errors[source]
            entries, rounding = _sizes(weights, arithmetic)
            magnitude = weights.apply(size, entries) + magnitude
            spread = weights.apply(errors[source], entries) + spread
            if rounding is not None:
                spread = weights.apply(size, rounding) + spread
        magnitude = np.broadcast_to(magnitude, (len(values[0]), self.size))
        rounded = dot_error(count, magnitude, arithmetic) + 2 * count * arithmetic.underflow
        # 2^-20 covers the float64 rounding of the bound itself, for up to a billion terms
        bound = (spread + rounded) * (1 + 2.0**-20)
        fits = (magnitude + rounded) * (1 + 2.0**-20) <= arithmetic.largest
        return np.where(fits & np.isfinite(bound), bound, np.inf)

    def take(self, rows: Iterable[int]) -> Affine:
        """Return the chosen outputs, in this order."""
        chosen = list(rows)
        return Affine({s: m.take(chosen) for s, m in self.terms}, self.bias.take(chosen))

    def __add__(self, other: Affine) -> Affine:
        """Return the exact sum.

        Raises:
            ShapeError: different sizes.
        """
        if self.size != other.size:
            raise ShapeError(f"cannot add {other.size} values to {self.size}")
        weights: dict[int, Any] = dict(self.terms)
        for source, part in other.terms:
            weights[source] = _sum(weights[source], part) if source in weights else part
        if self.bias.is_zero() or other.bias.is_zero():  # as where a bias is added to a product
            return Affine(weights, other.bias if self.bias.is_zero() else self.bias)
        return Affine(weights, linear(self.bias.exact + other.bias.exact))

    def __neg__(self) -> Affine:
        return Affine({s: -m for s, m in self.terms}, -self.bias)

    def content(self) -> bytes:
        """Bytes that depend on the exact function alone, for a digest."""
        parts = [b"affine %d of" % self.size]
        for source, weights in self.terms:
            parts += [b" %d: " % source, weights.content()]
        return b"".join([*parts, b" bias ", self.bias.content()])


def _sum(first: Linear, second: Linear) -> Linear:
    if isinstance(first, SharedLinear) or isinstance(second, SharedLinear):
        return from_matrix(first.matrix + second.matrix)
    return linear(first.exact + second.exact)


def _sizes(weights: Linear, arithmetic: Arithmetic) -> tuple[FloatArray, FloatArray | None]:
    """Bound the entries, exact or rounded to the arithmetic, and the distance between the two.

    None stands for no distance: the entries are floats of the arithmetic.
    """
    entries, rounding = np.abs(weights.entries), weights.entry_rounding
    if arithmetic is not FLOAT64:
        # exact: a float64 less its rounding to a shorter format is a float64, or overflows
        lost = np.abs(weights.entries - weights.entries.astype(arithmetic.dtype))
        if lost.any():
            entries = entries + lost
            rounding = lost if rounding is None else (lost + rounding) * (1 + 2.0**-50)
    return entries, rounding


def bias_column(bias: Any, name: str = "bias") -> Linear:
    """Return a bias, a vector of numbers, as a linear map of one column.

    Raises:
        DomainError: an entry is not a finite number.
        ShapeError: not a vector.
    """
    if hasattr(bias, "__array__"):  # a tensor
        bias = np.asarray(bias)
    if isinstance(bias, np.ndarray | Linear | RationalMatrix):
        if len(bias.shape) not in (1, 2) or (len(bias.shape) == 2 and 1 not in bias.shape):
            raise ShapeError(f"{name} has shape {tuple(bias.shape)}; a bias is a vector")
        if isinstance(bias, Linear):
            return bias if bias.shape[1] == 1 else linear(bias.exact.T)
        if isinstance(bias, RationalMatrix):
            return linear(bias if bias.shape[1] == 1 else bias.T, name)
        return linear(bias.reshape(-1, 1), name)
    entries = as_fractions(bias, name)
    return linear([[v] for v in entries] if entries else np.zeros((0, 1)), name)
