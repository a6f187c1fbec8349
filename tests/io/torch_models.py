"""Small networks of the kinds that people train, with statistics as if they had been trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class LeNet(nn.Module):
    """LeNet-5 with ReLU and maxima, for images of 1 x 16 x 16."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 2 * 2, 20)
        self.fc2 = nn.Linear(20, 14)
        self.fc3 = nn.Linear(14, 10)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.fc3(functional.relu(self.fc2(functional.relu(self.fc1(x)))))


class BasicBlock(nn.Module):
    """A residual block as in torchvision's ResNet-18."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Any) -> Any:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """A ResNet with one block a stage, of these widths."""

    def __init__(self, widths: tuple[int, ...] = (3, 4), blocks: int = 1, outputs: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        layers: list[nn.Module] = []
        before = widths[0]
        for width in widths:
            for k in range(blocks):
                layers.append(BasicBlock(before, width, 2 if k == 0 and width != before else 1))
                before = width
        self.layers = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, outputs)

    def forward(self, x: Any) -> Any:
        x = self.layers(functional.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.pool(x), 1))


class Maxout(nn.Module):
    """Two maxout layers, the largest of three linear pieces each."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 15), nn.Linear(5, 9)

    def forward(self, x: Any) -> Any:
        x = self.fc1(x).view(-1, 5, 3).max(dim=-1).values
        return self.fc2(x).view(-1, 3, 3).amax(-1)


class InvertedResidual(nn.Module):
    """MobileNet-V2's block: expand, depthwise, project, with ReLU6."""

    def __init__(self, channels: int = 2, expansion: int = 3) -> None:
        super().__init__()
        hidden = channels * expansion
        self.conv = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(True),
            nn.Conv2d(hidden, hidden, 3, 1, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden),
            nn.ReLU6(True), nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return x + self.conv(x)


class DenseBlock(nn.Module):
    """DenseNet's block: every layer reads all before it; then a transition."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(2 + 2 * k), nn.ReLU(), nn.Conv2d(2 + 2 * k, 2, 3, padding=1)
            )
            for k in range(3)
        )
        self.transition = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 3, 1))

    def forward(self, x: Any) -> Any:
        features = [x]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        return functional.avg_pool2d(self.transition(torch.cat(features, 1)), 2)


class UNet(nn.Module):
    """A U-Net of depth one, with a transposed convolution and a nearest upsampling."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 3, 3, padding=1)
        self.middle = nn.Conv2d(3, 4, 3, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 2, stride=2)
        self.out = nn.Conv2d(10, 2, 1)

    def forward(self, x: Any) -> Any:
        first = functional.leaky_relu(self.down(x), 0.1)
        middle = functional.relu(self.middle(functional.max_pool2d(first, 2)))
        wide = functional.interpolate(middle, scale_factor=2)
        return self.out(torch.cat([first, functional.relu(self.up(middle)), wide], dim=1))


def _vgg() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
        nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(24, 8), nn.ReLU(True), nn.Dropout(),
        nn.Linear(8, 3),
    )  # fmt: skip


def _line() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(2, 4, 5, stride=2, padding=2), nn.BatchNorm1d(4), nn.PReLU(4), nn.AvgPool1d(2),
        nn.Conv1d(4, 3, 3, dilation=2), nn.Hardtanh(), nn.Flatten(), nn.Linear(6, 2),
        nn.Hardsigmoid(),
    )  # fmt: skip


def _two_blocks() -> nn.Module:
    return nn.Sequential(BasicBlock(2, 2), BasicBlock(2, 3, 2))


#: For each kind its constructor and the shape of one input.
MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "LeNet": (LeNet, (1, 1, 16, 16)),
    "residual blocks": (_two_blocks, (1, 2, 5, 5)),
    "ResNet": (ResNet, (1, 3, 6, 6)),
    "VGG": (_vgg, (1, 3, 8, 8)),
    "maxout": (Maxout, (1, 4)),
    "inverted residual": (InvertedResidual, (1, 2, 4, 4)),
    "dense block": (DenseBlock, (1, 2, 4, 4)),
    "U-Net": (UNet, (1, 1, 6, 6)),
    "1-d convolutions": (_line, (1, 2, 24)),
}


def model_of(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    """Return a model in evaluation mode, the same each time, and the shape of its input."""
    make, shape = MODELS[name]
    torch.manual_seed(4)
    return trained(make()), shape


def trained(model: nn.Module) -> nn.Module:
    """Give a model's normalisations statistics that differ from channel to channel."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            with torch.no_grad():
                layer.running_mean.normal_(0, 0.3)
                layer.running_var.uniform_(0.3, 2)
                layer.weight.uniform_(-1, 2)
                layer.bias.normal_(0, 0.3)
    return model.eval()
