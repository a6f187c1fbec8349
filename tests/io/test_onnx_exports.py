"""What torch exports to ONNX, by its old exporter and by the one on torch.export."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from tests.io.models import assert_within_bound, points_and_kinks, run_onnx
from tropnet.io import load


class _Residual(torch.nn.Module):
    """Two convolutions, batch normalisations and a way around them; pools; a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(2, 3, 3, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(3)
        self.second = torch.nn.Conv2d(3, 3, 3, padding=1)
        self.around = torch.nn.Conv2d(2, 3, 1)
        self.dense = torch.nn.Linear(3, 4)
        self.norm.running_var = torch.rand(3) + 0.5
        self.norm.running_mean = torch.randn(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.norm(self.first(x)))
        h = torch.relu(self.second(h) + self.around(x))
        h = functional.adaptive_avg_pool2d(functional.max_pool2d(h, 2), 1)
        scores: torch.Tensor = self.dense(h.flatten(1))
        return scores


class _Resized(torch.nn.Module):
    """Down and up again in two ways, joined, and moved about with the batch size in a shape."""

    def __init__(self) -> None:
        super().__init__()
        self.down = torch.nn.Conv2d(1, 2, 3, stride=2, padding=1)
        self.up = torch.nn.ConvTranspose2d(2, 1, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = functional.leaky_relu(self.down(x), 0.1)
        nearest = functional.interpolate(h, scale_factor=2, mode="nearest")
        both = torch.cat([nearest[:, :1], self.up(h)], 1)
        return both.permute(0, 2, 3, 1).reshape(x.size(0), -1)


class _Pieces(torch.nn.Module):
    """Everything that bends."""

    def __init__(self) -> None:
        super().__init__()
        self.dense, self.prelu = torch.nn.Linear(4, 6), torch.nn.PReLU(6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.prelu(self.dense(x))
        a, b = h.chunk(2, 1)
        m = torch.maximum(a, b)
        c = torch.clamp(m, -0.5, 0.75)
        d = functional.hardtanh(a) + functional.relu6(b) + functional.hardsigmoid(c)
        e = torch.where(a > 0, a, 0.5 * a).abs()
        most = h.amax(1, keepdim=True) - m.mean(1, keepdim=True)
        return torch.cat([d, e, most, functional.pad(c, (1, 2)), h.topk(2, 1).values], 1)


_EXPORTED: Any = {
    "residual": (_Residual, (1, 2, 6, 6)),
    "resized": (_Resized, (1, 1, 4, 4)),
    "pieces": (_Pieces, (1, 4)),
}


def _exported(name: str, path: Path, **options: Any) -> Path:
    torch.manual_seed(0)
    made, shape = _EXPORTED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            made().eval(), (torch.zeros(shape),), path, input_names=["x"], verbose=False, **options
        )
    return path


@pytest.mark.parametrize("name", list(_EXPORTED))
@pytest.mark.parametrize("opset", [9, 11, 13, 17, 20])
def test_exports_of_torch_match_onnxruntime(tmp_path: Path, name: str, opset: int) -> None:
    axes = {"x": {0: "batch"}}
    path = _exported(
        name, tmp_path / "f.onnx", dynamo=False, opset_version=opset, dynamic_axes=axes
    )
    f = load(path)
    points = points_and_kinks(f, count=50)
    assert_within_bound(f, points, run_onnx(str(path), points))


@pytest.mark.parametrize("name", list(_EXPORTED))
@pytest.mark.parametrize("opset", [18, 23])
def test_exports_of_torch_export_match_onnxruntime(tmp_path: Path, name: str, opset: int) -> None:
    pytest.importorskip("onnxscript")
    path = _exported(name, tmp_path / "f.onnx", dynamo=True, opset_version=opset)
    f = load(path)
    points = points_and_kinks(f, count=50)
    assert_within_bound(f, points, run_onnx(str(path), points))


def test_a_dense_export_is_the_module_itself(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)
    ).eval()
    path = tmp_path / "export.onnx"
    torch.onnx.export(
        model, (torch.zeros(1, 2, 3),), path, dynamo=False, input_names=["x"],
        dynamic_axes={"x": {0: "batch"}}, verbose=False,
    )  # fmt: skip
    assert load(path) == load(model, example_input=torch.zeros(1, 2, 3))
