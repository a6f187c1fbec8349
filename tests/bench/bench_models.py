"""Models as people have them: LeNet-5 and a block of a ResNet-18, read from torch and compared.

References: torch's forward pass for the enclosure of a point, the unit for what torch does not do.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.bench.bench_compare import _expect
from tests.bench.measure import Measurement, Reference, measure
from tests.io.torch_models import BasicBlock, trained
from tropnet.checker import check_networks
from tropnet.domains import Box
from tropnet.equivalence import Different, Equivalent
from tropnet.equivalence.compare import compare_networks
from tropnet.io import load

#: An enclosure as a multiple of torch's forward pass; then, as multiples of the unit: reading, one
#: exact point, the proof of a copy, its replay, one ulp refuted on R^n, and for the smaller network
#: in a box.
LENET = (70, 8, 3, 75, 60, 150, 1000)
BLOCK = (100, 20, 12, 225, 225, 400)


class LeNet5(nn.Module):
    """LeNet-5 with ReLU and maxima, for images of 1 x 28 x 28."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Any) -> Any:
        x = nn.functional.max_pool2d(nn.functional.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(nn.functional.relu(self.conv2(x)), 2)
        x = nn.functional.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(nn.functional.relu(self.fc2(x)))


def _recoding(channels: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return an order of channels and a power of two for each."""
    generator = torch.Generator().manual_seed(seed)
    exponents = torch.randint(-3, 4, (channels,), generator=generator)
    return torch.randperm(channels, generator=generator), 2.0**exponents


def _rows(tensor: torch.Tensor, order: torch.Tensor, scale: torch.Tensor) -> None:
    tensor.copy_(tensor[order] * scale.reshape(-1, *[1] * (tensor.ndim - 1)))


def _columns(tensor: torch.Tensor, order: torch.Tensor, scale: torch.Tensor) -> None:
    """Undo what was done to the channels that these weights read, each some places long."""
    length = tensor.shape[1] // len(order)
    places = (order[:, None] * length + torch.arange(length)).reshape(-1)
    factors = scale.repeat_interleave(length).reshape(1, -1, *[1] * (tensor.ndim - 2))
    tensor.copy_(tensor[:, places] / factors)


@torch.no_grad()
def disguised_lenet(model: Any) -> Any:
    """Return a copy with channels and units permuted and rescaled by powers of two."""
    model = copy.deepcopy(model)
    layers = [model.conv1, model.conv2, model.fc1, model.fc2, model.fc3]
    for k, (layer, after) in enumerate(pairwise(layers)):
        order, scale = _recoding(len(layer.weight), k)
        _rows(layer.weight, order, scale)
        _rows(layer.bias, order, scale)
        _columns(after.weight, order, scale)
    return model


@torch.no_grad()
def disguised_block(model: Any) -> Any:
    """Return a copy with the inner channels permuted and rescaled by powers of two."""
    model = copy.deepcopy(model)
    order, scale = _recoding(len(model.conv1.weight), 0)
    same = torch.ones(len(order))
    for tensor in (model.conv1.weight, model.bn1.running_mean, model.bn1.running_var):
        _rows(tensor, order, same)
    for tensor in (model.bn1.weight, model.bn1.bias):
        _rows(tensor, order, scale)
    _columns(model.conv2.weight, order, scale)
    return model


@torch.no_grad()
def nudged(model: Any, name: str) -> Any:
    """Return a copy with one weight moved by an ulp."""
    model = copy.deepcopy(model)
    entries = model.get_parameter(name).reshape(-1)
    entries[0] = torch.nextafter(entries[0], torch.tensor(torch.inf))
    return model


def measurements() -> Iterator[Measurement]:
    torch.manual_seed(0)
    lenet = trained(LeNet5())
    other = disguised_lenet(lenet)
    yield from _model("LeNet-5", lenet, other, nudged(other, "fc3.weight"), (1, 28, 28), LENET)
    block = trained(BasicBlock(64, 64))
    other = disguised_block(block)
    yield from _model(
        "ResNet block", block, other, nudged(other, "conv2.weight"), (64, 14, 14), BLOCK
    )


def _model(
    name: str, model: Any, copied: Any, changed: Any, shape: tuple[int, ...],
    limits: tuple[int, ...],
) -> Iterator[Measurement]:  # fmt: skip
    example = torch.zeros(1, *shape)
    first, second, third = (load(m, example_input=example) for m in (model, copied, changed))
    point = torch.randn(1, *shape)
    flat = point.double().numpy().reshape(1, -1)

    def run() -> None:
        with torch.no_grad():
            model(point)

    def enclosed() -> None:
        found = first.enclosure(flat, "float32")
        with torch.no_grad():
            gaps = np.abs(model(point).double().numpy().reshape(1, -1) - found.values)
        assert (gaps <= found.errors).all()

    certificate = compare_networks(first, second).certificate

    def replay() -> None:
        assert check_networks(certificate, first, second).valid

    box = Box.cube(first.n_inputs)
    runs: list[tuple[str, Callable[[], object]]] = [
        ("read", lambda: load(model, example_input=example)),
        ("one exact point", lambda: first.exact(flat)),
        ("copy proved on R^n", lambda: _expect(compare_networks(first, second), Equivalent)),
        ("its certificate replayed", replay),
        ("one ulp refuted on R^n", lambda: _expect(compare_networks(first, third), Different)),
        ("one ulp refuted in a box", lambda: _expect(compare_networks(first, third, box),
                                                     Different)),
    ]  # fmt: skip
    for (what, work), at_most in zip(runs, limits[1:], strict=False):
        yield measure(f"{name}, {what}", work, at_most=at_most, repeats=2)
    torch_forward = Reference("torch forward", run)
    yield measure(
        f"{name}, enclosure of a point", enclosed, at_most=limits[0], reference=torch_forward
    )
