"""Networks as torch's two ONNX exporters write them, against onnxruntime and the live module."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.models import assert_within_bound, points_and_kinks, run_onnx
from tests.io.torch_models import MODELS, model_of
from tests.io.torch_operators.forwards import read
from tropnet import Network
from tropnet.io import load


def _exported(folder: Path, name: str, *, dynamo: bool) -> Path:
    """Return the ONNX file that torch writes of a model."""
    if dynamo:
        pytest.importorskip("onnxscript", reason="torch's newer exporter needs it")
    model, shape = model_of(name)
    path = folder / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options: dict[str, Any] = {"verbose": False} if dynamo else {}
        torch.onnx.export(model, (torch.zeros(shape),), str(path), dynamo=dynamo, **options)
    return path


def _largest_gap(f: Network, g: Network) -> float:
    points = np.random.default_rng(2).standard_normal((4, f.n_inputs))
    return float(np.abs(f.exact(points).to_floats() - g.exact(points).to_floats()).max())


@pytest.mark.parametrize("dynamo", [False, True], ids=["script", "dynamo"])
@pytest.mark.parametrize("name", list(MODELS))
def test_exports_are_what_onnxruntime_computes(tmp_path: Path, name: str, dynamo: bool) -> None:
    path = _exported(tmp_path, name, dynamo=dynamo)
    f = load(path)
    points = points_and_kinks(f, count=6)
    assert_within_bound(f, points, run_onnx(str(path), points))
    # exporters fold normalisation in float32: nearly torch's function, not always the same
    model, shape = model_of(name)
    g = read(model, shape)
    assert (f.n_inputs, f.n_outputs) == (g.n_inputs, g.n_outputs)
    assert _largest_gap(f, g) < 1e-4


@pytest.mark.parametrize("name", ["LeNet", "maxout"])
def test_exports_without_normalisation_are_the_same_function(tmp_path: Path, name: str) -> None:
    model, shape = model_of(name)
    f, g = load(_exported(tmp_path, name, dynamo=False)), read(model, shape)
    points = np.random.default_rng(3).standard_normal((5, f.n_inputs))
    assert f.exact(points) == g.exact(points)
