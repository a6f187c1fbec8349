"""Float pre-activations of a network at many points, for searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tropnet.network import Network
    from tropnet.typing import FloatArray


def heights(network: Network, points: FloatArray) -> list[FloatArray]:
    """Return the pre-activations of each layer and the outputs, in float64, without error bounds.

    Args:
        network: the network.
        points: `(batch, n)`.

    Returns:
        `(batch, width)` for each layer, `(batch, m)` last; not finite where floats overflow.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.equivalence.heights import heights
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> [v.tolist() for v in heights(f, np.array([[-3.0]]))]
        [[[-3.0, 3.0]], [[3.0]]]
    """
    sources, found = [points], []
    with np.errstate(all="ignore"):
        for layer in network.layers:
            before = layer.affine(sources)
            found.append(before)
            sources.append(np.where(layer.relu, np.maximum(before, 0), before))
        found.append(network.output(sources))
    return found
