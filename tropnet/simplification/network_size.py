"""How large a network is, and what numbers it needs."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from tropnet.network import Network
from tropnet.network.linear import Linear
from tropnet.network.shared_linear import SharedLinear

#: ReLU units, nonzero weights and biases, all units, inputs read, layers: what comes first counts
#: most.
Size: TypeAlias = tuple[int, int, int, int, int]

#: What the entries of matrices are, from the simplest: floats of the model's own arithmetic,
#: float64, rationals.
OWN: Final = 0
FLOAT64: Final = 1
RATIONAL: Final = 2


def network_size(network: Network) -> Size:
    """Return what is compared to tell which of two networks is smaller.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.simplification.network_size import network_size
        >>> network_size(Network.from_dense([[[1], [-1]], [[1, 1]]]))
        (2, 4, 2, 1, 1)
    """
    read = [m.reads(np.ones(m.shape[0], dtype=np.bool_)) for y in network.affines
            for source, m in y.terms if source == 0]  # fmt: skip
    inputs = int(np.any(read, axis=0).sum()) if read else 0
    units, layers = sum(network.widths), len(network.layers)
    return network.n_relu, network.n_parameters, units, inputs, layers


def numbers_of(network: Network) -> int:
    """Return what kind of numbers a network's weights and biases are."""
    return max(
        _kind(part, network.dtype)
        for affine in network.affines
        for part in (*(m for _, m in affine.terms), affine.bias)
    )


def _kind(part: Linear, dtype: str) -> int:
    kernel = part.kernel if isinstance(part, SharedLinear) else part
    if kernel.entry_rounding is not None:
        return RATIONAL
    entries = kernel.entries
    with np.errstate(over="ignore"):
        short = entries.astype(dtype).astype(np.float64)
    return OWN if np.array_equal(short, entries) else FLOAT64
