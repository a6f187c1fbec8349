"""The verbs `prune`, `round_weights` and `merge_units`: near networks with proven distances."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tropnet
from tropnet.errors import ShapeError, TropnetError

MODEL = "examples:moons_sparse"
BOX = tropnet.Box.cube(2, -1, 2)
VERBS: dict[str, Callable[..., Any]] = {
    "prune": lambda model, box: tropnet.prune(model, box, fraction=0.1, time_limit=2),
    "round_weights": lambda model, box: tropnet.round_weights(model, "float16", box, time_limit=2),
    "merge_units": lambda model, box: tropnet.merge_units(
        model, box, tolerance="1/100", time_limit=2
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_the_bound_holds_at_points(verb: str) -> None:
    found = VERBS[verb](MODEL, BOX)
    assert found.bound is not None
    points = np.random.default_rng(0).integers(-64, 129, (40, 2)) / 64
    before = tropnet.load(MODEL).exact(points)
    after = found.result.exact(points)
    gap = max(
        abs(Fraction(u) - Fraction(v))
        for left, right in zip(before, after, strict=True)
        for u, v in zip(left, right, strict=True)
    )
    assert gap <= found.bound


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_use(verb: str) -> None:
    with pytest.raises(ShapeError):
        VERBS[verb](MODEL, tropnet.Box.cube(3, 0, 1))
    with pytest.raises(TropnetError):
        VERBS[verb]("no_such_file.onnx", BOX)


def test_what_to_do_must_be_said() -> None:
    with pytest.raises(TropnetError, match="fraction"):
        tropnet.prune(MODEL, BOX)
    with pytest.raises(TropnetError, match="float17"):
        tropnet.round_weights(MODEL, "float17", BOX)
    with pytest.raises(TropnetError, match="tolerance"):
        tropnet.merge_units(MODEL, BOX)
