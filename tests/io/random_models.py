"""Random models against their runtimes: `python -m tests.io.random_models [N] [SEED] [onnx|torch]`.

What loads has to be what the runtime computes: within the computed bound at random points, at kinks
and at large numbers, and exactly at integers where the runtime rounds nothing. Refusals are counted
by their reasons.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from contextlib import suppress
from typing import Any

import numpy as np
import onnxruntime
import torch
from onnx.reference import ReferenceEvaluator

from tests.io.models import points_and_kinks
from tests.io.random_onnx import draw_graph
from tests.io.random_torch import draw_module
from tests.io.torch_operators.forwards import outputs, read
from tropnet import Network
from tropnet.errors import TropnetError
from tropnet.exact import RationalMatrix
from tropnet.io import load

_TORCH = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}


def session(model: Any, *, optimised: bool = False) -> Any:
    """Return an onnxruntime session, which runs nodes as they are unless optimised."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL
    content = model.SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run_once(model: Any, feed: dict[str, Any]) -> list[Any]:
    """Run a model by onnxruntime, or by ONNX's own reference where that lacks something."""
    try:
        return list(session(model).run(None, feed))
    except Exception:
        if "NOT_IMPLEMENTED" not in _failure(model) or misread(model):
            raise
    with np.errstate(all="ignore"):
        return [np.asarray(v) for v in ReferenceEvaluator(model).run(None, feed)]


def misread(model: Any) -> bool:
    """Tell whether ONNX's reference (1.23) does not do what the standard says of an operator.

    Up to operator set 13 it normalises by the statistics of the input; its pools mistake padding
    and axes, its transposed convolutions the groups, its resizing the coordinates.
    """
    old = model.opset_import[0].version < 14
    wrong = {"MaxPool", "AveragePool", "GlobalMaxPool", "ConvTranspose", "Resize"}
    return any(
        node.op_type in wrong or (node.op_type == "BatchNormalization" and old)
        for node in model.graph.node
    )


def _failure(model: Any) -> str:
    try:
        session(model)
    except Exception as error:
        return str(error)
    return ""


def points_of(f: Network, dtype: str, seed: int) -> Any:
    """Return points of the arithmetic: any, kinks, integers with ties, large and tiny ones."""
    random = np.random.default_rng(seed)
    count = f.n_inputs
    points = [
        points_and_kinks(f, seed, 6),
        random.integers(-4, 5, (8, count)),
        random.integers(-1, 2, (4, count)),
        np.zeros((1, count)),
        -np.zeros((1, count)),
        np.full((1, count), random.integers(-3, 4)),
    ]
    if dtype != "float16":
        points.append(random.standard_normal((2, count)) * 1e6)
        points.append(random.standard_normal((2, count)) * 1e-40)
    most = 1e2 if dtype == "float16" else 1e9
    return np.clip(np.concatenate(points), -most, most).astype(dtype)


def assert_enclosed(f: Network, points: Any, found: Any, dtype: Any, what: str) -> None:
    """Fail where outputs leave the computed bound."""
    wide = np.asarray(points, dtype=np.float64)
    assert np.shape(found) == (len(points), f.n_outputs), f"{what}: shape {np.shape(found)}"
    enclosure = f.enclosure(wide, dtype)
    gaps = np.abs(np.asarray(found, dtype=np.float64) - enclosure.values)
    wrong = ~(gaps <= enclosure.errors)
    assert np.isfinite(enclosure.values).all()
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise AssertionError(
            f"{what}: at {wide[row].tolist()} output {column} is {found[row][column]!r}, "
            f"{enclosure.values[row, column]!r} +- {enclosure.errors[row, column]:.3g} is computed"
        )


def assert_exact(f: Network, seed: int, run: Any, dtype: str) -> None:
    """Fail where outputs at small integers are not the exact ones."""
    grid = np.random.default_rng(seed).integers(-4, 5, (12, f.n_inputs)).astype(dtype)
    found = np.asarray(run(grid), dtype=np.float64)
    exact = f.exact(grid.astype(np.float64))
    assert found.shape == exact.shape
    if exact != RationalMatrix.from_floats(found):
        raise AssertionError(
            f"not exact: {np.abs(exact.to_floats() - found).max()} at integers, where the runtime "
            "rounds nothing"
        )


def _rows(run: Any, shapes: dict[str, tuple[int, ...]], points: Any) -> Any:
    rows = []
    for point in points:
        feed, start = {}, 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            feed[name] = np.ascontiguousarray(point[start : start + size].reshape(shape))
            start += size
        found = run(feed)
        rows.append(np.concatenate([np.asarray(v, np.float64).reshape(-1) for v in found]))
    return np.array(rows)


def examine_onnx(seed: int) -> str:
    """Read a random graph and hold it against the runtime.

    Returns:
        `matched` and by which runtime, or why it was refused.

    Raises:
        AssertionError: they differ.
    """
    drawn = draw_graph(seed, run_once)
    if drawn is None:
        return "nothing drawn"
    model, shapes, exact = drawn
    try:
        f = load(model)
    except TropnetError as error:
        return f"refused: {reason(error)}"
    kind = model.graph.input[0].type.tensor_type.elem_type
    dtype = {10: "float16", 1: "float32", 11: "float64"}[kind]
    if any("roundings of them by a runtime" in note for note in f.notes):
        return "read, with constants that a runtime rounds"
    points = points_of(f, dtype, seed)
    runtimes: dict[str, Any] = {}
    if _failure(model):
        evaluator = ReferenceEvaluator(model)
        runtimes["reference"] = lambda feed: evaluator.run(None, feed)
    else:
        plain = session(model)
        runtimes["onnxruntime"] = lambda feed: plain.run(None, feed)
        with suppress(Exception):  # its fusions fail at clips in float64
            fast = session(model, optimised=True)
            runtimes["optimised"] = lambda feed: fast.run(None, feed)
    for name, run in runtimes.items():
        with np.errstate(all="ignore"):
            try:
                rows = _rows(run, shapes, points)
            except Exception:
                if name == "optimised":  # it fails at shapes that it infers wrongly
                    continue
                raise
            assert_enclosed(f, points, rows, dtype, name)
            if exact:
                assert_exact(f, seed, lambda grid, run=run: _rows(run, shapes, grid), dtype)
    return f"matched {next(iter(runtimes))}{' exactly' if exact else ''}"


def examine_torch(seed: int) -> str:
    """Read a random module and hold it against torch; returns and raises as `examine_onnx`."""
    dtype = ["float32", "float64", "float32", "float16"][seed % 4]
    drawn = draw_module(seed, _TORCH[dtype])
    if drawn is None:
        return "nothing drawn"
    module, shapes, exact = drawn
    try:
        f = read(module, *shapes, dtype=_TORCH[dtype])
    except TropnetError as error:
        return f"refused: {reason(error)}"
    points = points_of(f, dtype, seed)

    def run(rows: Any) -> Any:
        return outputs(module, rows, shapes, _TORCH[dtype])

    assert_enclosed(f, points, run(points), dtype, "torch")
    if exact and dtype == "float64":
        assert_exact(f, seed, run, dtype)
    return f"matched torch{' exactly' if exact and dtype == 'float64' else ''}"


def reason(error: TropnetError) -> str:
    """Return an error's text without names and numbers, to be counted."""
    text = re.sub(r"'[^']*'", "_", str(error))
    return f"{type(error).__name__}: " + re.sub(r"[-+]?[0-9][0-9.e]*", "#", text)[:110]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 200
    first = int(arguments[1]) if len(arguments) > 1 else 0
    chosen = {"onnx": examine_onnx, "torch": examine_torch}
    if len(arguments) > 2:
        chosen = {arguments[2]: chosen[arguments[2]]}
    warnings.simplefilter("ignore")
    wrong = 0
    for name, examine in chosen.items():
        tally: Counter[str] = Counter()
        for seed in range(first, first + count):
            try:
                tally[examine(seed)] += 1
            except Exception as error:
                wrong += 1
                say(f"{name} {seed}: {type(error).__name__}: {str(error)[:400]}")
        for what, number in tally.most_common():
            say(f"{number:>6}  {name} {what}")
    say(f"{wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
