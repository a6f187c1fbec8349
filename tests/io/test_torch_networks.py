"""Networks of the kinds that people train, as live modules and from their state dicts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.io.models import assert_within_bound, points_and_kinks
from tests.io.torch_models import MODELS, BasicBlock, LeNet, model_of, trained
from tests.io.torch_operators.forwards import outputs, read
from tropnet import compare
from tropnet.errors import FormatError, ShapeError, UnsupportedLayerError
from tropnet.io import load


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", list(MODELS))
def test_they_are_what_torch_computes(name: str, dtype: Any) -> None:
    model, shape = model_of(name)
    f = read(model.to(dtype), shape, dtype=dtype)
    points = points_and_kinks(f, count=6)
    assert_within_bound(f, points, outputs(model, points, [shape], dtype))


@pytest.mark.parametrize("name", ["LeNet", "residual blocks", "maxout", "U-Net"])
def test_they_evaluate_exactly(name: str) -> None:
    # whole weights without normalisation: torch's float64 is exact as well
    model, shape = model_of(name)
    layers = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((2 * parameter).round())
        for layer in layers:
            assert layer.running_var is not None
            layer.running_var.fill_(0.75)
            layer.eps = 0.25
            assert layer.running_mean is not None
            layer.running_mean.round_()
            layer.weight.copy_(layer.weight.round())
            layer.bias.round_()
    f = read(model.double(), shape, dtype=torch.float64)
    points = np.random.default_rng(0).integers(-4, 5, size=(3, f.n_inputs)).astype(np.float64)
    if name == "U-Net":
        return _assert_slope(f, points, model, shape)
    assert np.array_equal(
        f.exact(points).to_floats(), outputs(model, points, [shape], torch.float64)
    )
    return None


def _assert_slope(f: Any, points: Any, model: nn.Module, shape: tuple[int, ...]) -> None:
    # its slope of 0.1 is no short binary number: the exact value is near, and not torch's
    exact, found = f.exact(points).to_floats(), outputs(model, points, [shape], torch.float64)
    assert np.allclose(exact, found, rtol=0, atol=1e-12)


def test_permuted_channels_are_the_same_function() -> None:
    lenet, shape = model_of("LeNet")
    assert isinstance(lenet, LeNet)
    copy, _ = model_of("LeNet")
    assert isinstance(copy, LeNet)
    with torch.no_grad():
        order = torch.randperm(6)
        copy.conv1.weight.copy_(lenet.conv1.weight[order])
        assert copy.conv1.bias is not None
        assert lenet.conv1.bias is not None
        copy.conv1.bias.copy_(lenet.conv1.bias[order])
        copy.conv2.weight.copy_(lenet.conv2.weight[:, order])
    f, g = read(lenet, shape), read(copy, shape)
    assert f != g
    assert bool(compare(f, g))


def test_a_block_and_its_permuted_copy() -> None:
    torch.manual_seed(0)
    block = trained(BasicBlock(2, 3, 2))
    torch.manual_seed(0)
    copy = trained(BasicBlock(2, 3, 2))
    assert isinstance(copy, BasicBlock)
    order = torch.tensor([2, 0, 1])
    with torch.no_grad():
        copy.conv1.weight.copy_(copy.conv1.weight[order])
        for part in ("weight", "bias", "running_mean", "running_var"):
            getattr(copy.bn1, part).copy_(getattr(copy.bn1, part)[order].clone())
        copy.conv2.weight.copy_(copy.conv2.weight[:, order].clone())
    f, g = read(block, (1, 2, 4, 4)), read(copy, (1, 2, 4, 4))
    assert bool(compare(f, g))
    with torch.no_grad():
        copy.conv2.weight[0, 0, 0, 0] += 0.25
    assert not bool(compare(f, read(copy, (1, 2, 4, 4))))


def test_state_dicts_go_into_modules(tmp_path: Path) -> None:
    for name in ("ResNet", "U-Net"):
        source, shape = model_of(name)
        path = tmp_path / f"{name}.pt"
        torch.save(source.state_dict(), path)
        torch.manual_seed(9)
        empty = MODELS[name][0]()
        example = torch.zeros(2, *shape[1:])
        f = load(path, architecture=empty, example_input=example)
        assert f == read(source, shape)
        assert load(source.state_dict(), architecture=empty, example_input=example) == f
        with pytest.raises(ShapeError, match="pass example_input="):
            load(path, architecture=empty)
        with pytest.raises(FormatError, match="do not fit the architecture"):
            load(path, architecture=nn.Sequential(nn.Conv2d(1, 1, 1)), example_input=example)


def test_a_softmax_after_stored_weights_is_left_out(tmp_path: Path) -> None:
    source, shape = model_of("LeNet")
    path = tmp_path / "lenet.pt"
    torch.save({f"0.{k}": v for k, v in source.state_dict().items()}, path)
    f = load(
        path, architecture=nn.Sequential(LeNet(), nn.Softmax(1)), example_input=torch.zeros(shape),
        stop_before="softmax",
    )  # fmt: skip
    assert f == read(source, shape)
    weights = {"0.weight": np.eye(2)}
    for option in ({"stop_before": "softmax"}, {"example_input": torch.zeros(1, 2)}):
        with pytest.raises(FormatError, match="goes with a torch module as architecture="):
            load(weights, **option)


def test_convolutions_need_more_than_their_weights(tmp_path: Path) -> None:
    source, _ = model_of("LeNet")
    path = tmp_path / "lenet.pt"
    torch.save(source.state_dict(), path)
    with pytest.raises(UnsupportedLayerError, match=r"architecture=.*example_input="):
        load(path)


def test_notes_tell_of_the_rounding_of_normalisation() -> None:
    f = read(*model_of("ResNet"))
    assert len([note for note in f.notes if "ound" in note]) == 1


def test_means_stay_rational() -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    f = read(model, (1, 1, 3, 3))
    assert f.exact([1] * 3 + [0] * 6).to_fractions() == [[Fraction(1, 3)]]
