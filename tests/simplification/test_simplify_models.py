"""Models of other makers, simplified: convolutions, residuals, normalisations, public networks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.equivalence.random_convolutions import sharing_everything
from tests.simplification.network_checks import simplified
from tropnet import Box, Network, compare, load, to_onnx, to_torch
from tropnet.network.shared_linear import SharedLinear
from tropnet.simplification.simplify_network import simplify_network

torch = pytest.importorskip("torch")
NETS = Path(os.environ.get("TROPNET_DATA", "/nonexistent")) / "nets" / "mnist8x8"


def _convolutional(scale: float) -> Any:
    """Return a model with a normalisation, a residual block and a max pooling.

    Channels 1 and 2 of the first convolution are one function; channel 3 is dead on images.
    """
    torch.manual_seed(0)

    class Block(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(1, 5, 3, padding=1)
            self.norm = torch.nn.BatchNorm2d(5, eps=0)
            self.second = torch.nn.Conv2d(5, 5, 3, padding=1)
            self.pool = torch.nn.MaxPool2d(4)
            self.head = torch.nn.Linear(5, 2)

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.norm(self.first(x)))
            y = torch.relu(self.second(y) + y)
            return self.head(torch.flatten(self.pool(y), 1))

    model = Block().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randint(-4, 5, p.shape) / 4)
        model.norm.weight.fill_(scale)
        model.norm.bias.zero_()
        model.first.weight[2] = model.first.weight[1]
        model.first.bias[2] = model.first.bias[1]
        model.first.weight[3] = -model.first.weight[3].abs()
        model.first.bias[3] = -1
        model.second.weight[2] = model.second.weight[1]
        model.second.bias[2] = model.second.bias[1]
    return model


@pytest.fixture(scope="module")
def image_model() -> Network:
    return load(_convolutional(2.0), example_input=torch.zeros(1, 1, 4, 4))


def test_channels_go_whole() -> None:
    with sharing_everything():  # small convolutions are stored dense else
        network = load(_convolutional(2.0), example_input=torch.zeros(1, 1, 4, 4))
        found = simplified(network, Box.cube(16, 0, 1), ["dead", "parallel", "unused"], again=False)
    convolution, smaller = network.layers[0], found.result.layers[0]
    assert (convolution.width, smaller.width) == (80, 48)  # channels of 16 positions
    (_, weights) = smaller.affine.terms[0]
    assert isinstance(weights, SharedLinear)
    assert weights.kernel.shape == (3, 9)
    assert found.result.dtype == network.dtype


def test_results_go_to_a_runtime(image_model: Network, tmp_path: Path) -> None:
    box = Box.cube(16, 0, 1)
    result = simplify_network(image_model, box, rules=["dead", "parallel", "unused"]).result
    assert result.n_relu < image_model.n_relu
    assert load(to_torch(result), example_input=torch.zeros(1, 16)) is not None
    to_onnx(result, tmp_path / "small.onnx")
    assert compare(load(tmp_path / "small.onnx"), result)


@pytest.mark.skipif(not NETS.is_dir(), reason="no public networks: TROPNET_DATA is not set")
@pytest.mark.parametrize(
    ("name", "most", "dead", "active"),
    [("mlp_prox_0.001_seed0.pt", 2025, 155, 8), ("mlp_thr_0.001_seed0.pt", 7551, 80, 15)],
)
def test_sparse_digit_networks(name: str, most: int, dead: int, active: int) -> None:
    network = load(NETS / name)
    found = simplify_network(network, Box.cube(64, 0, 1))
    assert found.by_rule()["dead"] == dead
    assert found.by_rule()["active"] == active
    assert _entries(found.result) <= most
    report = found.replay()
    assert report
    points = np.random.default_rng(0).integers(0, 17, size=(20, 64)) / 16
    assert network.exact(points) == found.result.exact(points)
    assert compare(network, found.result, Box.cube(64, 0, 1), evidence=found.certificate)


def _entries(network: Network) -> int:
    return sum(m.shape[0] * m.shape[1] for y in network.affines for _, m in y.terms) + sum(
        y.size for y in network.affines
    )
