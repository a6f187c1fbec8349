"""Forward passes of the normal form: float, exact, and float with a proven error bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.exact.arithmetic import Arithmetic, subnormals_are_flushed

if TYPE_CHECKING:
    from tropnet.network.network import Network
    from tropnet.typing import AnyArray, FloatArray


@final
@dataclass(frozen=True, slots=True)
class Enclosure:
    """Float64 outputs with bounds of their distance from the exact outputs.

    Attributes:
        values: `(batch, m)` computed in float64.
        errors: `(batch, m)` upper bounds of |values − exact|, and of |run − exact| for a run in the
            arithmetic asked for. Infinite where that run or float64 may overflow, or where the
            arithmetic is too short for so many terms: nothing is proven there.
    """

    values: FloatArray
    errors: FloatArray


def forward(network: Network, points: FloatArray, dtype: str = "float64") -> list[AnyArray]:
    """Return the values of all sources and of the output, in a float arithmetic.

    Args:
        network: the network.
        points: `(batch, n)`.
        dtype: the arithmetic; weights are rounded to it.

    Returns:
        The input, each layer's values `(batch, width)`, and the output `(batch, m)`.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.network.forward import forward
        >>> f = Network.from_dense([[[2]], [[1]]])
        >>> [v.tolist() for v in forward(f, np.array([[3.0]]))]
        [[[3.0]], [[6.0]], [[6.0]]]
    """
    masks: list[Any] = [layer.relu for layer in network.layers]
    with np.errstate(over="ignore", invalid="ignore"):
        values: list[AnyArray] = [points.astype(dtype)]
        for affine, relu in zip(network.affines, [*masks, None], strict=True):
            total: Any = None
            for source, weights in affine.terms:
                part = weights.apply(values[source])
                total = part if total is None else total + part
            bias = affine.bias.values[:, 0].astype(dtype, copy=False)
            total = np.tile(bias, (len(points), 1)) if total is None else total + bias
            values.append(_relu(total, relu))
    return values


def forward_exact(network: Network, points: RationalMatrix) -> list[RationalMatrix]:
    """Return the exact values of all sources and of the output at rational points `(batch, n)`."""
    values = [points]
    for layer in network.layers:
        before = layer.affine.exact(values)
        if layer.relu.all():
            values.append(before.relu())
        elif not layer.relu.any():
            values.append(before)
        else:
            values.append(before.relu(layer.relu))
    return [*values, network.output.exact(values)]


def enclose(network: Network, points: FloatArray, dtype: str = "float64") -> Enclosure:
    """Return float64 outputs with bounds of their distance from the exact ones.

    The bound is propagated layer by layer: |W|·(error of the input) plus the rounding of the layer
    itself (`Affine.error`); ReLU is 1-Lipschitz.

    Args:
        network: the network.
        points: `(batch, n)` float64, exact.
        dtype: the bound covers a run in this arithmetic as well, weights and points rounded to it.

    Raises:
        DomainError: an unknown arithmetic.
    """
    values, errors = enclose_layers(network, points, dtype)
    return Enclosure(values[-1], errors[-1])


def enclose_layers(
    network: Network, points: FloatArray, dtype: str = "float64"
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Return pre-activations of each layer and the output, with their error bounds.

    Returns:
        (values, errors): a list of `(batch, width)` each, the output last. Errors are never NaN.

    Raises:
        DomainError: an unknown arithmetic.
    """
    arithmetic, flushed = Arithmetic.of(dtype), subnormals_are_flushed()
    masks: list[Any] = [layer.relu for layer in network.layers]
    values, errors = [], []
    with np.errstate(over="ignore", invalid="ignore"):
        sources, spreads = [points], [np.abs(points - points.astype(dtype))]
        for affine, relu in zip(network.affines, [*masks, None], strict=True):
            before = affine(sources)
            error = affine.error(sources, spreads, arithmetic)
            if flushed:
                error[...] = np.inf
            values.append(before)
            errors.append(error)
            sources.append(_relu(before, relu))
            spreads.append(error)
    return values, errors


def _relu(before: Any, mask: Any) -> Any:
    if mask is None or not mask.any():
        return before
    after = np.maximum(before, 0)
    return after if mask.all() else np.where(mask, after, before)
