from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest

from tropnet import Network


@pytest.fixture(autouse=True)
def _no_windows() -> Iterator[None]:
    """Draw without a screen, and leave no figures behind."""
    from matplotlib import pyplot as plt

    before = mpl.get_backend()
    plt.switch_backend("Agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


@pytest.fixture
def corner() -> Network:
    """relu(x) + relu(y)."""
    return Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])


@pytest.fixture
def flat_half() -> Network:
    """relu(x) − relu(−x), which is x, and so has one region of two cells."""
    return Network.from_dense([[[1, 0], [-1, 0]], [[1, -1]]])


@pytest.fixture
def generic() -> Network:
    rng = np.random.default_rng(5)
    shapes = [(8, 2), (6, 8), (3, 6)]
    return Network.from_dense(
        [rng.standard_normal(shape) for shape in shapes],
        [rng.standard_normal(shape[0]) / 2 for shape in shapes],
    )
