from __future__ import annotations

import time

import numpy as np
import pytest

from tropnet.checker.cells import supremum
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.predict_cells import predict_cells
from tropnet.network import Network


def normal(widths: tuple[int, ...], seed: int) -> Network:
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    return Network.from_dense(weights, [rng.standard_normal(s[0]) / 10 for s in shapes])


@pytest.mark.parametrize("widths", [(3, 8, 8, 1), (3, 20, 1), (4, 6, 6, 1), (5, 8, 1)])
@pytest.mark.parametrize("bounded", [True, False])
def test_the_prediction_is_off_by_a_small_factor(widths: tuple[int, ...], bounded: bool) -> None:
    n = widths[0]
    f, zero = normal(widths, 0), Network.from_dense([np.zeros((1, n))])
    domain: Domain = Box.cube(n) if bounded else Polyhedron(np.ones((1, n)), [1])
    predicted = predict_cells(f, zero, domain, np.random.default_rng(0))
    truth = supremum(f, zero, domain).cells
    assert truth / 6 < predicted.cells < truth * 6


def test_one_cell_is_predicted_exactly() -> None:
    dead = Network.from_dense([[[1, 0, 0]], [[1]]], [[-9], [0]])
    assert predict_cells(dead, dead, Box.cube(3), np.random.default_rng(0)).cells == 1


def test_hopeless_pairs_are_told_soon() -> None:
    a, b = normal((5, 50, 50, 50, 1), 0), normal((5, 50, 50, 50, 1), 1)
    start = time.perf_counter()
    predicted = predict_cells(a, b, Box.cube(5), np.random.default_rng(0))
    assert time.perf_counter() - start < 5
    assert predicted.cells > 10**5
    assert predicted.seconds > 60


def test_the_watch_ends_it() -> None:
    class EnoughError(Exception):
        pass

    def watch() -> None:
        raise EnoughError

    f = normal((3, 4, 1), 0)
    with pytest.raises(EnoughError):
        predict_cells(f, f, Box.cube(3), np.random.default_rng(0), watch)
