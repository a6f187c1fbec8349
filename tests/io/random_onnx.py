"""Random ONNX graphs of every operator that is read, with what a runtime can hold exactly."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import numpy as np

from tests.io import random_onnx_choices as choices
from tests.io import random_onnx_functions as functions
from tests.io.onnx_draft import BITS, MOST, Draft, Entry, Made, MisfitError

OPERATORS: Final[tuple[Callable[[Draft], Made], ...]] = (
    functions.affine, functions.convolution, functions.convolution, functions.pool, functions.pool,
    functions.normalisation, functions.total, functions.total, functions.piecewise,
    functions.piecewise, functions.piecewise, functions.reduction, choices.shape, choices.shape,
    choices.choice, choices.choice, choices.order, choices.resize, functions.where,
)  # fmt: skip

Run = Callable[[Any, dict[str, Any]], list[Any]]


def draw_graph(seed: int, run: Run) -> tuple[Any, dict[str, tuple[int, ...]], bool] | None:
    """Draw a model of 3 to 15 operators.

    Args:
        seed: decides everything.
        run: runs a model; raises where the runtime refuses it.

    Returns:
        The model, its inputs' shapes, and whether the runtime is exact at small integers; None if
        the runtime refused everything that was drawn.
    """
    rng = Random(seed)
    dtype = rng.choice(["float32", "float32", "float32", "float64", "float16"])
    d = Draft(rng, rng.randint(7, 23), dtype, rng.random() < 0.3)
    for _ in range(rng.choice([1, 1, 2])):
        shape = rng.choice([
            (1, 4), (1, 6), (1, 2, 4), (1, 3, 3), (1, 1, 4, 4), (1, 2, 3, 3), (1, 4, 3, 2), (3,),
            (1, 2, 2, 3, 2), (2, 3),
        ])  # fmt: skip
        name = f"x{len(d.inputs)}"
        d.inputs[name] = shape
        sample = np.array([rng.randint(-4, 4) for _ in range(int(np.prod(shape)))], d.dtype)
        d.pool.append(Entry(name, shape, sample.reshape(shape), 4))
    wanted, tries = rng.randint(3, 15), 0
    while wanted and tries < 60:
        tries += 1
        state = len(d.nodes), dict(d.stored)
        try:
            name, more = rng.choice(OPERATORS)(d)
            entry = _ran(d, state[0], name, more, run)
        except MisfitError:
            entry = None
        if entry is None:
            del d.nodes[state[0] :]
            d.stored = state[1]
            continue
        d.pool.append(entry)
        wanted -= 1
    made = d.pool[len(d.inputs) :]
    if not made:
        return None
    last = [made[-1], *rng.sample(made, min(len(made), rng.choice([0, 0, 1, 2])))]
    outputs = list({e.name: e for e in last}.values())
    exact = not d.wild and all(e.bits <= BITS[dtype] for e in outputs)
    return d.model([e.name for e in outputs]), d.inputs, exact


def _ran(d: Draft, since: int, name: str, more: float, run: Run) -> Entry | None:
    """Return the new value as the runtime computes it; None where it cannot, or it is too large."""
    known = {e.name: e for e in d.pool}
    feed = {k: known[k].sample for k in d.inputs}
    model = d.model([name])
    try:
        [found] = run(model, feed)
    except Exception:
        return None
    if not 0 < found.size <= MOST or not np.isfinite(found).all() or found.ndim > 5:
        return None
    if found.dtype != np.dtype(d.dtype) or np.abs(found).max() > 1e4:
        return None
    read = {i for node in d.nodes[since:] for i in node.input}
    bits = max(e.bits for e in d.pool if e.name in read) + more
    return Entry(name, found.shape, found, bits)
