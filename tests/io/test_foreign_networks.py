"""Every dense network under $TROPNET_DATA loads and matches its own runtime, or says why not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.io.models import assert_within_bound, points_and_kinks, run_onnx
from tests.oracles.numpy_forward import forward, nnet_forward, npz_layers
from tropnet import compare
from tropnet.domains import Box
from tropnet.errors import FormatError, UnsupportedLayerError
from tropnet.io import load, read_vnnlib

_ROOT = Path(os.environ.get("TROPNET_DATA", "/nonexistent"))
_REFUSED = {"attitude_control_3_64_torch.onnx": r"\(Sigmoid\) .*not piecewise linear.*stop_before="}


def _files(*patterns: str) -> list[Path]:
    return sorted(p.relative_to(_ROOT) for pattern in patterns for p in _ROOT.glob(pattern))


def _named(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("name", _files("nets/*/*.onnx"), ids=_named)
def test_onnx_files_match_onnxruntime(tropnet_data: Path, name: Path) -> None:
    path = tropnet_data / name
    if path.name in _REFUSED:
        with pytest.raises(UnsupportedLayerError, match=_REFUSED[path.name]):
            load(path)
        return
    f = load(path)
    points = points_and_kinks(f, count=100)
    assert len(points) >= 100
    assert_within_bound(f, points, run_onnx(str(path), points))


@pytest.mark.parametrize("name", _files("nets/*/*.pt"), ids=_named)
def test_state_dicts_match_torch(tropnet_data: Path, name: Path) -> None:
    import torch

    path = tropnet_data / name
    f = load(path)
    stored = torch.load(path, weights_only=True)
    modules: list[torch.nn.Module] = []
    for key in sorted(k for k in stored if k.endswith("weight")):
        rows, columns = stored[key].shape
        modules += [torch.nn.Linear(columns, rows), torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1])
    model.load_state_dict(stored)
    points = points_and_kinks(f)
    with torch.no_grad():
        assert_within_bound(f, points, model(torch.from_numpy(points)).numpy())
    assert load(model) == f
    assert load(path, architecture=model) == f


@pytest.mark.parametrize("name", _files("nets/*/*.npz", "regions/*.npz"), ids=_named)
def test_archives_match_numpy(tropnet_data: Path, name: Path) -> None:
    path = tropnet_data / name
    f = load(path)
    points = points_and_kinks(f)
    assert_within_bound(f, points, forward(npz_layers(path), points, f.dtype))


@pytest.mark.parametrize("name", _files("nets/*/*.nnet"), ids=_named)
@pytest.mark.parametrize("normalise", [False, True])
def test_nnet_files_match_numpy(tropnet_data: Path, name: Path, normalise: bool) -> None:
    path = tropnet_data / name
    if path.stem.endswith("16bit") and normalise:
        with pytest.raises(FormatError, match="7 minima, 7 maxima, 8 means and 8 ranges"):
            load(path, normalise=True)
        return
    f = load(path, normalise=normalise)
    points = points_and_kinks(load(path))
    assert_within_bound(f, points, nnet_forward(path, points, normalise=normalise))


def test_the_two_forms_of_one_acas_network_agree_without_normalisation(tropnet_data: Path) -> None:
    folder = tropnet_data / "nets" / "acasxu"
    text = load(folder / "ACASXU_run2a_1_1_batch_2000.nnet")
    graph = load(folder / "ACASXU_run2a_1_1_batch_2000.onnx")
    assert text.architecture == graph.architecture == "5-50x6-5"
    for a, b in zip(text.affines, graph.affines, strict=True):
        assert np.array_equal(a.bias.values.astype(np.float32), b.bias.values)
        for (_, v), (_, w) in zip(a.terms, b.terms, strict=True):
            assert np.array_equal(v.values.astype(np.float32), w.values)


@pytest.mark.parametrize("advisory", ["pra01", "pra02"])
def test_the_two_forms_of_one_vertical_controller(tropnet_data: Path, advisory: str) -> None:
    """The ONNX form writes the dense layers as convolutions, over weights rounded to float32."""
    folder, name = tropnet_data / "nets" / "vcas", f"VertCAS_noResp_{advisory}_v9_20HU_200"
    graph, text = load(folder / f"{name}.onnx"), load(folder / f"{name}.nnet")
    assert text.architecture == graph.architecture == "3-20x5-9"
    for a, b in zip(text.affines, graph.affines, strict=True):
        assert np.array_equal(a.bias.values.astype(np.float32), b.bias.values)
        for (_, v), (_, w) in zip(a.terms, b.terms, strict=True):
            assert np.array_equal(v.values.astype(np.float32), w.values)
    box = Box([-0.5] * 3, [0.5] * 3)  # the inputs as normalised
    assert not compare(graph, text, box)
    verdict = compare(graph, text, box, atol=1e-4)
    assert verdict
    assert 1e-8 <= verdict.lower <= verdict.upper <= 1e-4
    normalised = load(folder / f"{name}.nnet", normalise=True)
    assert compare(graph, normalised, box, atol=1).lower > 24


@pytest.mark.parametrize("name", _files("nets/acasxu/*.vnnlib"), ids=_named)
def test_the_boxes_of_the_properties(tropnet_data: Path, name: Path) -> None:
    found = read_vnnlib(tropnet_data / name)
    assert len(found) == 1
    assert isinstance(found[0], Box)
    assert found[0].dimension == found.n_inputs == found.n_outputs == 5
    assert found.output_constraints >= 1


def test_the_box_of_property_one(tropnet_data: Path) -> None:
    found = read_vnnlib(tropnet_data / "nets" / "acasxu" / "prop_1.vnnlib")
    lower = ["0.6", "-0.5", "-0.5", "0.45", "-0.5"]
    assert found.domains == (Box(lower, ["0.679857769", "0.5", "0.5", "0.5", "-0.45"]),)
