"""Batch normalisation in evaluation mode, with one rounding that the network's notes tell of."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import DomainError, ShapeError, UnsupportedLayerError
from tropnet.io.operations.product import multiply
from tropnet.io.tensor import Constant, Value

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations

#: What the network's notes say of the multipliers that are no float64.
NOTE: Final = "batch normalisation: scale/sqrt(variance + epsilon) rounded to float64"


def batch_norm(
    do: Operations,
    x: Value,
    scale: Value | None,
    shift: Value | None,
    mean: Value,
    variance: Value,
    epsilon: float | Fraction,
    name: str = "",
) -> Value:
    """Return (x − mean) · scale / sqrt(variance + epsilon) + shift for each channel.

    The root is irrational in general: the multiplier of each channel is the float64 nearest to
    scale / sqrt(variance + epsilon) of the stored numbers, which defines the exact function. The
    network's notes name the nodes where that rounded something. Subtracting the mean is a layer of
    its own, so that `Network.enclosure` bounds runtimes that normalise in either order.

    Args:
        do: the operations of the model being read.
        x: channels on axis 1.
        scale: one for each channel; None for ones.
        shift: one for each channel; None for zeros.
        mean: the stored mean of each channel.
        variance: the stored variance of each channel.
        epsilon: what is added to the variances; rounded to the model's arithmetic unless a
            Fraction.
        name: the node, for messages and notes.

    Raises:
        UnsupportedLayerError: a parameter depends on the input.
        ShapeError: parameters of another length than the channels.
        DomainError: variance + epsilon is not positive, or a multiplier exceeds all floats.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.normalise import batch_norm
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float64")
        >>> [x] = do.inputs([(1, 1)])
        >>> one, four = constant(np.ones(1), "mean"), constant(np.full(1, 4.0), "variance")
        >>> y = batch_norm(do, x, None, None, one, four, 0.0, "bn")
        >>> do.build([y]).exact([4]).to_floats().tolist()
        [[1.5]]
    """
    what = name or "a batch normalisation"
    if len(x.shape) < 2:
        raise ShapeError(f"{what}: values of shape {x.shape} have no channels on axis 1")
    channels = x.shape[1]
    variances = _parameter(variance, channels, "variance", what)
    means = _parameter(mean, channels, "mean", what)
    scales = [Fraction(1)] * channels
    if scale is not None:
        scales = list(_parameter(scale, channels, "scale", what).fractions())
    added = do.scalar(epsilon, what)
    multipliers, rounded = np.empty(channels), False
    for channel, (factor, spread) in enumerate(zip(scales, variances.fractions(), strict=True)):
        if spread + added <= 0:
            raise DomainError(
                f"{what}: variance + epsilon is {float(spread + added):g} in channel {channel}; "
                "the file may be damaged"
            )
        multipliers[channel] = over_root(factor, spread + added)
        if not math.isfinite(multipliers[channel]):
            raise DomainError(f"{what}: scale / sqrt(variance + epsilon) of channel {channel} "
                              "exceeds all floats")  # fmt: skip
        rounded |= Fraction(multipliers[channel]) ** 2 * (spread + added) != factor**2
    if rounded:
        do.note(NOTE, what)
    per_channel = (channels, *([1] * (len(x.shape) - 2)))
    centred = do.subtract(x, Constant(means.values.reshape(per_channel)), name)
    scaled = multiply(do, centred, Constant(multipliers.reshape(per_channel)), name)
    if shift is None:
        return scaled
    shifts = _parameter(shift, channels, "shift", what)
    return do.add(scaled, Constant(shifts.values.reshape(per_channel)), name)


def over_root(factor: Fraction, square: Fraction) -> float:
    """Return the float64 nearest to factor / sqrt(square), ties to even.

    Args:
        factor: any rational.
        square: a positive rational.

    Returns:
        The nearest float64, subnormal ones included; infinite beyond the largest.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.io.operations.normalise import over_root
        >>> over_root(Fraction(-1), Fraction(2)) == -(0.5**0.5)
        True
    """
    if not factor:
        return 0.0
    ratio = factor * factor / square  # the result's square
    # the root lies in [2^exponent, 2^(exponent+2)), or below it by a factor of two
    exponent = (ratio.numerator.bit_length() - ratio.denominator.bit_length()) // 2 - 1
    last = max(exponent - 54, -1076)  # at least two bits below a float64's last
    scaled = ratio / Fraction(4) ** last
    root = math.isqrt(scaled.numerator // scaled.denominator)
    if root * root != scaled:
        root |= 1  # a bit that tells the rounding that there is more
    sign = 1 if factor > 0 else -1
    try:
        return float(sign * root * Fraction(2) ** last)
    except OverflowError:
        return sign * math.inf


def _parameter(value: Value, channels: int, meaning: str, what: str) -> Constant:
    if not isinstance(value, Constant):
        raise UnsupportedLayerError(
            what, "BatchNormalization", f"its {meaning} depends on the input",
            "evaluation mode: model.eval(), or stored statistics",
        )  # fmt: skip
    if value.shape != (channels,):
        raise ShapeError(
            f"{what}: {meaning} of shape {value.shape} for {channels} channels on axis 1"
        )
    return value
