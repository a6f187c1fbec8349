"""Networks held against their modules: what a wrong reading would look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.io.torch_operators.forwards import Forward, read
from tropnet import Network
from tropnet.errors import FormatError
from tropnet.io import torch_graph
from tropnet.io.torch_agreement import require_agreement
from tropnet.io.torch_examples import Examples
from tropnet.io.torch_operators import lookup

_ROW = Examples((torch.zeros(1, 2),), {})
_SUM = Network.from_dense([[[1, 1]]], dtype="float32")


def _runs(function: Callable[[Any], Any]) -> Callable[[Examples], Any]:
    return lambda given: [function(given.tensors[0])]


def test_a_module_that_agrees() -> None:
    require_agreement(_SUM, _runs(lambda x: x.sum(1)), _ROW)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x.sum(1) * (1 + 1e-5), "differs from the module itself"),
        (lambda x: x, "has 1 outputs, the module gives 2"),
        (lambda x: x.sum(1) * torch.inf, "overflows in float32 at every point tried; nothing"),
    ],
)
def test_modules_that_do_not(function: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(FormatError, match=text):
        require_agreement(_SUM, _runs(function), _ROW)


def _deep(width: int = 12, depth: int = 24) -> nn.Module:
    """Return a network so deep that the bound of rounding exceeds its outputs."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(width, width), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_deep_networks_are_held_against_float64(monkeypatch: Any, dtype: Any) -> None:
    model = _deep().to(dtype)
    f = read(model, (1, 12), dtype=dtype)
    bound = f.enclosure(np.ones((1, 12)), "float16")
    assert bound.errors.max() > np.abs(bound.values).max()

    def lying(op: str) -> Any:
        function = lookup(op)
        if op != "leaky_relu.default":
            return function
        return lambda call: call.operations.relu(call.value("self"), call.name)

    monkeypatch.setattr(torch_graph, "lookup", lying)
    with pytest.raises(FormatError, match="differs from the module"):
        read(model, (1, 12), dtype=dtype)


def test_a_bound_that_tells_nothing_is_not_relied_on() -> None:
    wide = Network.from_dense([[[1e9, 0], [1e9, 0]], [[1, -1]]], dtype="float32")
    exact, wrong = _runs(lambda x: 0 * x.sum(1)), _runs(lambda x: 1 + 0 * x.sum(1))
    one = Network.from_dense([[[1e9, 0], [1e9, 0]], [[1, -1]]], [[0, 0], [1]], dtype="float32")
    require_agreement(wide, exact, _ROW)
    require_agreement(one, wrong, _ROW)
    # within the bound of one point, and yet another function
    require_agreement(one, exact, _ROW)
    with pytest.raises(FormatError, match="run in float64 by 1, where outputs are as large as 1"):
        require_agreement(one, exact, _ROW, exact)


def test_where_the_bound_is_infinite_the_run_in_float64_decides() -> None:
    # (3|x|, |x|), then (a, b) -> (2a - b, a): sizes grow slowly, but their bound leaves float32
    first = [[[1.0, 0.0], [-1.0, 0.0]], [[3.0, 3.0], [1.0, 1.0]]]
    step, last = [[2.0, -1.0], [1.0, 0.0]], [[1.0, 0.0]]
    deep = Network.from_dense([*first, *[step] * 200, last], dtype="float32")
    run = _runs(lambda x: torch.from_numpy(deep(x.double().numpy())[0]))
    wrong = _runs(lambda x: torch.from_numpy(deep(x.double().numpy())[0]) * 1.01)
    bound = deep.enclosure(np.ones((1, 2)), "float32")
    assert np.isinf(bound.errors).all()
    assert np.isfinite(bound.values).all()
    require_agreement(deep, run, _ROW, run)
    with pytest.raises(FormatError, match="differs from the module run in float64"):
        require_agreement(deep, run, _ROW, wrong)
    with pytest.raises(FormatError, match="the bound of its rounding, overflows in float32"):
        require_agreement(deep, run, _ROW)


def test_runs_that_cannot_be_widened_are_left_out() -> None:
    def fails(_given: Examples) -> Any:
        raise RuntimeError("not in float64")

    one = Network.from_dense([[[1e9, 0], [1e9, 0]], [[1, -1]]], [[0, 0], [1]], dtype="float32")
    require_agreement(one, _runs(lambda x: 1 + 0 * x.sum(1)), _ROW, fails)


def test_programs_run_in_float64() -> None:
    model = Forward(lambda m, x: (x @ m.w + torch.ones(4, dtype=torch.float32)).float().relu())
    program = torch.export.export(model, (torch.zeros(1, 4),))
    point = torch.tensor([[0.1, -0.2, 0.3, 0.4]], dtype=torch.float64)
    [found] = torch_graph.run_program(program, None, [point.clone()], wide=True)
    assert found.dtype == torch.float64
    assert torch.equal(found, (point @ model.w.double() + 1).relu())
