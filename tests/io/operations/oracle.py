"""What an operation is read into, against the same operation in torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from tests.io.models import points_and_kinks
from tropnet import Network
from tropnet.io.operations import Operations
from tropnet.io.tensor import Constant, constant

Build = Callable[..., Any]


def read(shapes: Sequence[Sequence[int]], build: Build, dtype: Any = "float32") -> Network:
    """Return the network of an operation on inputs of these shapes."""
    do = Operations(dtype)
    result = build(do, *do.inputs([tuple(s) for s in shapes]))
    return do.build(result if isinstance(result, list) else [result])


def stored(array: Any) -> Constant:
    """Return an array or tensor as a constant."""
    return constant(np.asarray(array), "stored")


def run(shapes: Sequence[Sequence[int]], oracle: Build, points: Any, dtype: str) -> Any:
    """Return torch's results for each row of points, in float64."""
    ends = np.cumsum([int(np.prod(s)) for s in shapes])[:-1]
    rows = []
    for point in points:
        pieces = [
            torch.tensor(part.reshape(tuple(shape)).astype(dtype))
            for part, shape in zip(np.split(point, ends), shapes, strict=True)
        ]
        results = oracle(*pieces)
        results = results if isinstance(results, list | tuple) else [results]
        rows.append(np.concatenate([r.numpy().astype(np.float64).reshape(-1) for r in results]))
    return np.array(rows)


def agree(
    shapes: Sequence[Sequence[int]],
    build: Build,
    oracle: Build,
    *,
    dtype: Any = "float32",
    unit: float | None = 1,
    count: int = 6,
) -> Network:
    """Check an operation: exactly on multiples of `unit`, within the enclosure elsewhere.

    The oracle computes in the precision of its arguments; with `unit` it is exact in float64 on
    multiples of that.
    """
    f = read(shapes, build, dtype)
    random = np.random.default_rng(5)
    if unit is not None:
        # small numbers, so that ties are met
        whole = random.integers(-3, 4, size=(count, f.n_inputs)) * float(unit)
        expected = run(shapes, oracle, whole, "float64")
        assert f.n_outputs == expected.shape[1]
        assert f.exact(whole).to_floats().tolist() == expected.tolist()
    for kind in {dtype, "float64"}:
        # read again, since numbers that an operation is given are rounded to the arithmetic
        g = f if kind == dtype else read(shapes, build, kind)
        points = points_and_kinks(g, count=count).astype(np.float64)
        if kind == "float16":
            points = np.clip(points, -100, 100).astype(np.float16).astype(np.float64)
        found = run(shapes, oracle, points, kind)
        enclosure = g.enclosure(points, kind)
        gaps = np.abs(found - enclosure.values)
        assert np.isfinite(enclosure.errors).all()
        assert (gaps <= enclosure.errors).all(), (
            f"{kind}: off by {gaps.max()}, bound {enclosure.errors.max()}"
        )
    return f
