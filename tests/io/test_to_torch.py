"""Networks as torch modules: the same function, trainable, read back as they then are."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn

from tests.io.exports import all_kinds
from tests.io.models import assert_within_bound, points_and_kinks
from tropnet import Equivalent, Network, compare, load, to_torch
from tropnet.errors import DomainError, FormatError
from tropnet.io.exported_module import network_as_made
from tropnet.network import Affine, Layer
from tropnet.testing.strategies import float32_values, nasty_floats, networks

_KINDS = all_kinds()
_CHAINS = ("chain", "one affine map", "float64", "identity layers", "subnormal")


@pytest.mark.parametrize("kind", _KINDS)
def test_what_is_read_back_is_the_network(kind: str) -> None:
    f = _KINDS[kind]
    module = to_torch(f)
    if kind != "subnormal":  # overflows at every point tried
        assert load(module) == f
    made = network_as_made(module)
    assert (type(module) is nn.Sequential, made is None) == (kind in _CHAINS, kind in _CHAINS)
    if made is not None:
        assert made == f
        assert [y.name for y in made.layers] == [y.name for y in f.layers]


@pytest.mark.parametrize("kind", _KINDS)
def test_torch_stays_within_the_bound_of_the_network(kind: str) -> None:
    f = _KINDS[kind]
    module = to_torch(f)
    dtype = next(module.parameters()).dtype
    g = Network(f.n_inputs, f.layers, f.output, str(dtype).removeprefix("torch."))  # type: ignore[arg-type]
    points = points_and_kinks(f) * (1e-3 if kind == "subnormal" else 1)  # lest 1e308 overflow
    with torch.no_grad():
        found = module(torch.tensor(points, dtype=dtype))
        rows = module(torch.tensor(points[:6], dtype=dtype).reshape(2, 3, -1))
    assert_within_bound(g, points, found)
    assert_within_bound(g, points[:6], rows.reshape(6, -1))


@pytest.mark.parametrize("kind", [k for k in _KINDS if k not in ("no units", "subnormal")])
def test_torch_export_reads_it_as_any_other_module(kind: str) -> None:
    f = _KINDS[kind]
    inside = nn.Sequential(nn.Identity(), to_torch(f)).eval()
    example = torch.zeros(1, f.n_inputs, dtype=next(inside.parameters()).dtype)
    assert isinstance(compare(load(inside, example_input=example), f), Equivalent)


@given(networks(entries=float32_values()))
def test_any_float32_network_comes_back(f: Network) -> None:
    module = to_torch(f)  # in float64 where the strategy doubled what float32 ends with
    assert {p.dtype for p in module.parameters()} <= {torch.float32, torch.float64}
    assert network_as_made(module) in (f, None)


@given(networks(entries=nasty_floats()))
def test_any_float64_network_comes_back(f: Network) -> None:
    assert network_as_made(to_torch(f, dtype="float64")) in (f, None)


def test_a_chain_is_torchs_own_layers() -> None:
    module = to_torch(_KINDS["chain"])
    assert [type(m).__name__ for m in module.children()] == [
        "Linear",
        "ReLU",
        "Linear",
        "ReLU",
        "Linear",
    ]
    assert list(module.state_dict()) == [f"{k}.{p}" for k in (0, 2, 4) for p in ("weight", "bias")]


@pytest.mark.parametrize("kind", ["chain", "skips", "convolution", "depthwise", "mixed layer"])
def test_it_can_be_trained_and_read_again(kind: str) -> None:
    module = to_torch(_KINDS[kind])
    before = load(module)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, before.n_inputs, generator=generator)
    module(x).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
    optimiser.step()
    after = load(module)
    assert after != before
    with torch.no_grad():
        assert_within_bound(after, x, module(x))


def test_gradients_are_those_of_the_function() -> None:
    f = _KINDS["convolution"]
    x = torch.randn(1, f.n_inputs, generator=torch.Generator().manual_seed(1), requires_grad=True)
    to_torch(f)(x)[0, 0].backward()
    exact = f.affine_map(x.detach().double().numpy()).matrix.to_floats()[0]
    assert x.grad is not None
    assert np.allclose(x.grad[0], exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["chain", "skips", "groups"])
def test_it_is_saved_copied_and_moved_as_modules_are(kind: str) -> None:
    f = _KINDS[kind]
    module = to_torch(f)
    assert load(copy.deepcopy(module)) == f
    assert load(pickle.loads(pickle.dumps(module))) == f
    assert load(module.double()) == f
    stream = io.BytesIO()
    torch.save(module.state_dict(), stream)
    stream.seek(0)
    empty = to_torch(f)
    with torch.no_grad():
        for parameter in empty.parameters():
            parameter.zero_()
    assert load(empty) != f
    empty.load_state_dict(torch.load(stream, weights_only=True))
    assert load(empty) == f


def test_its_text_tells_the_layers() -> None:
    text = repr(to_torch(_KINDS["skips"]))
    assert "3 inputs, 2 outputs, float32" in text
    assert "5 units of input, layers[0], ReLU" in text
    assert "2 units of input, layers[1]" in text
    assert "over divisors" in repr(to_torch(_KINDS["depthwise"]))
    assert "4 kernels of 18 on 25 patches of 50" in repr(to_torch(_KINDS["convolution"]))


def _hooked(module: Any) -> None:
    module.register_forward_hook(lambda _m, _i, o: o * 2)


def _overridden(module: Any) -> None:
    module.output.forward = lambda values: values[0]


def _replaced(module: Any) -> None:
    module.output = nn.Identity()


@pytest.mark.parametrize("change", [_hooked, _overridden, _replaced])
def test_a_module_that_was_changed_is_read_as_any_other(change: Any) -> None:
    module = to_torch(_KINDS["mixed layer"])
    change(module)
    assert network_as_made(module) is None


def test_a_hook_counts() -> None:
    f = Network(2, (Layer(Affine({0: np.eye(2)})),), Affine({0: np.ones((1, 2)), 1: [[1, -1]]}))
    module = to_torch(f)
    _hooked(module)
    g = load(module, example_input=torch.zeros(1, 2))
    assert g.exact([[1, "1/2"]]) == f.exact([[1, "1/2"]]) * 2


def test_parameters_that_diverged_are_refused() -> None:
    module = to_torch(_KINDS["skips"])
    with torch.no_grad():
        module.get_parameter("output.bias")[0] = torch.nan
    with pytest.raises(DomainError, match=r"'output.bias' has nan"):
        load(module)


def test_what_is_no_float_is_refused_or_rounded() -> None:
    f = Network.from_dense([[["1/3", 0.1]]])
    with pytest.raises(DomainError, match=r"the output have 1/3 at \[0, 0\], which is no float64"):
        to_torch(f)
    g = load(to_torch(f, rounded=True))
    assert g.output.terms[0][1].values.tolist() == [[1 / 3, 0.1]]


def test_whatever_load_reads_may_stand_for_a_network() -> None:
    assert load(to_torch("examples:moons_a")) == load("examples:moons_a")
    with pytest.raises(FormatError, match=r"there is no file model.pt"):
        to_torch("model.pt")
