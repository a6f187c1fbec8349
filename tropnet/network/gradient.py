"""Gradients of float forward passes, for searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.network.forward import forward

if TYPE_CHECKING:
    from tropnet.network.network import Network
    from tropnet.typing import FloatArray


def gradient(network: Network, points: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the gradients of x ↦ weights · f(x) at many points, in float64.

    ReLU units at zero count as inactive. The result serves searches only; the exact slope of a cell
    is `Network.affine_map`.

    Args:
        network: the network f.
        points: `(batch, n)`.
        weights: `(batch, m)`, one combination of the outputs for each point.

    Returns:
        `(batch, n)`.

    Cost: one forward and one backward pass.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.network.gradient import gradient
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> gradient(f, np.array([[2.0], [-2.0]]), np.ones((2, 1))).tolist()
        [[1.0], [-1.0]]
    """
    values = forward(network, points)
    paths: dict[int, Any] = {s: m.pull(weights) for s, m in network.output.terms}
    for index in range(len(network.layers), 0, -1):
        path = paths.pop(index, None)
        if path is None:
            continue
        layer = network.layers[index - 1]
        path = np.where(~layer.relu | (values[index] > 0), path, 0.0)
        for source, part in layer.affine.terms:
            paths[source] = paths.get(source, 0.0) + part.pull(path)
    return np.asarray(paths.get(0, np.zeros_like(points)))
