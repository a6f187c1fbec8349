"""Live modules: chains, forwards of their own, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune

from tests.io.models import assert_within_bound, points_and_kinks
from tropnet.errors import (
    DomainError,
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.io import load


class _Custom(nn.Module):
    """Two layers and a forward given as a function."""

    def __init__(self, forward: Callable[[Any, Any], Any], out: int = 2) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.fc1 = nn.Linear(4, 6)
        self.fc2 = nn.Linear(6, out)
        self.drop = nn.Dropout(0.5)
        self.offset = nn.Parameter(torch.tensor([0.1, -0.7]))
        self.register_buffer("mean", torch.tensor([0.1, 0.2, 0.3, 0.4]))
        self._forward = forward

    def forward(self, x: Any) -> Any:
        return self._forward(self, x)


_FORWARDS: dict[str, Callable[[Any, Any], Any]] = {
    "functional relu": lambda m, x: m.fc2(functional.relu(m.fc1(x))),
    "method relu": lambda m, x: m.fc2(m.fc1(x).relu()),
    "flatten and dropout": lambda m, x: m.fc2(m.drop(torch.relu(m.fc1(torch.flatten(x, 1))))),
    "view": lambda m, x: m.fc2(functional.relu(m.fc1(x.view(x.size(0), -1)))),
    "buffer": lambda m, x: m.fc2(functional.relu(m.fc1(x - m.mean))),
    "parameter": lambda m, x: m.fc2(functional.relu(m.fc1(x))) + m.offset,
    "number": lambda m, x: m.fc2(functional.relu(m.fc1(x)) + 0.1),
    "residual": lambda m, x: (lambda h: m.fc2(h + functional.relu(h)))(m.fc1(x)),
    "from a number": lambda m, x: 1.5 - m.fc2(functional.relu(m.fc1(x))),
    "negation": lambda m, x: -m.fc2(functional.relu(-m.fc1(x))),
    "matmul": lambda m, x: functional.relu(x @ m.fc1.weight.T + m.fc1.bias) @ m.fc2.weight.t(),
    "addmm": lambda m, x: torch.addmm(m.offset, functional.relu(m.fc1(x)), m.fc2.weight.t()),
    "alpha": lambda m, x: torch.add(m.fc2(functional.relu(m.fc1(x))), m.offset, alpha=3),
    "concatenation": lambda m, x: torch.cat([m.fc1(x), functional.relu(-x)], dim=-1),
    "axes": lambda m, x: m.fc1(x).unsqueeze(1).squeeze(1).transpose(0, 1).unsqueeze(-1).flatten(),
    "two outputs": lambda m, x: (m.fc2(functional.relu(m.fc1(x))), functional.relu(x)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_forwards_of_users(name: str) -> None:
    model = _Custom(_FORWARDS[name]).eval()
    f = load(model)
    points = points_and_kinks(f)
    with torch.no_grad():
        rows = [model(torch.from_numpy(p[None, :])) for p in points]
    found = [np.concatenate([t.numpy().reshape(-1) for t in r]) if isinstance(r, tuple) else
             r.numpy().reshape(-1) for r in rows]  # fmt: skip
    assert_within_bound(f, points, np.array(found))


def test_a_chain_and_its_export_are_one_network() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Flatten(), nn.Sequential(nn.Linear(4, 3), nn.ReLU()), nn.Identity(), nn.Dropout(0.0),
        nn.Linear(3, 3, bias=False), nn.ReLU(), nn.Linear(3, 2),
    ).eval()  # fmt: skip
    f = load(model)
    assert f.architecture == "4-3-3-2"
    assert load(model, example_input=torch.zeros(5, 4)) == f
    assert load(model, example_input=(np.zeros((1, 2, 2), np.float32),)) == f


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_arithmetics(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(dtype)
    assert f"torch.{load(model).dtype}" == str(dtype)


def test_bfloat16_modules_are_exact_and_noted() -> None:
    model = nn.Linear(2, 1, bias=False).to(torch.bfloat16)
    f = load(model)
    assert f([1.0, 0.0])[0] == model.weight[0, 0].item()
    assert model.weight.dtype == torch.bfloat16
    assert any("bfloat16" in note for note in f.notes)


def test_several_inputs_are_concatenated() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(2, 3)

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return functional.relu(self.fc(a)) - b

    f = load(Two(), example_input=(torch.zeros(1, 2), torch.zeros(1, 3)))
    assert (f.n_inputs, f.n_outputs) == (5, 3)
    assert len(f.input_names) == 2


def test_wrappers_are_looked_through() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    expected = load(model)
    parallel = nn.DataParallel(model)
    for wrapped in (parallel, torch.compile(model), torch.compile(parallel)):
        assert load(wrapped) == expected


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_quantised_modules_are_refused() -> None:
    quantise: Any = torch.ao.quantization.quantize_dynamic
    model = quantise(nn.Sequential(nn.Linear(3, 2)), {nn.Linear})
    with pytest.raises(UnsupportedLayerError, match=r"'0' \(Linear\).*the float module"):
        load(model, example_input=torch.zeros(1, 3))


def test_layers_on_several_rows() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    f = load(model, example_input=torch.zeros(1, 4, 3))
    assert (f.n_inputs, f.n_outputs) == (12, 8)


def test_pruned_layers_are_read_with_their_masks() -> None:
    # prune keeps weight_orig and a mask; a reader that looked at parameters alone would be wrong
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    pruning: Any = prune
    pruning.l1_unstructured(model[0], "weight", amount=0.5)
    masked = load(model)
    pruning.remove(model[0], "weight")
    assert (load(model).layers[0].affine.terms[0][1].values == 0).sum() == 6
    assert masked == load(model)


def test_parametrized_and_hooked_layers_are_not_taken_at_face_value() -> None:
    with pytest.raises(TropnetError):
        load(nn.Sequential(parametrizations.weight_norm(nn.Linear(2, 2))))
    hooked = nn.Sequential(nn.Linear(2, 2))
    hooked[0].register_forward_hook(lambda _module, _inputs, output: output + 1)
    plain = load(nn.Sequential(hooked[0].__class__(2, 2)))
    f = load(hooked)
    assert plain.n_inputs == f.n_inputs
    expected = hooked(torch.zeros(1, 2)).detach().numpy()
    assert np.allclose(f([[0.0, 0.0]]), expected)


def test_a_replaced_forward_is_seen() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    layer: Any = model[0]
    layer.forward = lambda x: x - 7.0
    assert np.array_equal(load(model)([[1.0, 2.0]]), [[-6.0, -5.0]])


class _Stochastic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        result: torch.Tensor = self.fc(x) + float(self.calls)
        return result


def test_modules_that_keep_state_are_found_out() -> None:
    with pytest.raises(FormatError, match="differs from the module itself"):
        load(_Stochastic())


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()), UnsupportedLayerError,
         r"'1' \(sigmoid.default\).*not piecewise linear.*stop_before='1'"),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).train(), UnsupportedLayerError,
         "training mode"),
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 3)), ShapeError, "takes 2 values, 3 come"),
        (nn.Sequential(nn.ReLU()), ShapeError, "example_input="),
        (nn.Sequential(nn.Conv2d(1, 1, 3)), ShapeError, "begins with a Conv2d"),
        (nn.Linear(2, 2, device="meta"), FormatError, "meta device"),
        (nn.Sequential(nn.LazyLinear(2)), FormatError, "lazy layers"),
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).double()), DomainError, "dtypes"),
        (_Custom(lambda m, x: m.fc1(x) if x.sum() > 0 else -m.fc1(x)), FormatError,
         "torch.export cannot trace"),
        (_Custom(lambda m, x: m.fc1(x) * m.fc1(x)), UnsupportedLayerError, "mul"),
        (_Custom(lambda m, x: m.fc1(x) @ m.fc1(x).T), UnsupportedLayerError, "depend on the input"),
        (_Custom(lambda m, x: m.fc1(x) and 3), FormatError, "torch.export cannot trace"),
        (_Custom(lambda m, x: (m.fc1(x), 3)[1]), FormatError, "returns something that is no"),
        (_Custom(lambda m, x: m.drop(m.fc1(x))).train(), UnsupportedLayerError, "training mode"),
    ],
)  # fmt: skip
def test_refusals(model: nn.Module, error: type[TropnetError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        load(model)
    assert "\n" not in str(caught.value)


def test_nan_weights() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    with torch.no_grad():
        next(model.parameters())[1, 0] = torch.nan
    with pytest.raises(DomainError, match=r"'0.weight' has nan at \[1, 0\]"):
        load(model)
    with pytest.raises(DomainError, match="nan"):
        load(model, example_input=torch.zeros(1, 2))


def test_stop_before() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.Softmax(dim=1))
    expected = load(nn.Sequential(*list(model)[:3]))
    assert load(model, stop_before="3") == expected
    assert load(model, stop_before="softmax") == expected
    with pytest.raises(FormatError, match="fits 0 calls"):
        load(model, stop_before="nowhere")


def test_the_module_is_left_as_it_was() -> None:
    model = _Custom(_FORWARDS["flatten and dropout"]).eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    load(model)
    assert not model.training
    assert all(p.requires_grad for p in model.parameters())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
