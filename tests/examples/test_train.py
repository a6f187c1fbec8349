from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from tropnet import examples
from tropnet.examples import shipped, train

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME_TORCH = torch.__version__.partition("+")[0] == train.TORCH


def _shipped_layers(name: str) -> list[train.Layer]:
    """The layers as they lie in the file, read without tropnet's readers."""
    file = examples.path(name)
    if file.suffix == ".pt":
        state = torch.load(file, weights_only=True)
        arrays = {key: value.numpy() for key, value in state.items()}
        return [train.Layer(arrays[f"{i}.weight"], arrays[f"{i}.bias"]) for i in (0, 2, 4)]
    weights = onnx.load(file).graph.initializer
    named = {tensor.name: numpy_helper.to_array(tensor) for tensor in weights}
    return [train.Layer(named[f"weight_{i}"], named[f"bias_{i}"]) for i in range(3)]


def _exact(layers: Sequence[train.Layer], point: Sequence[Fraction]) -> list[Fraction]:
    values = list(point)
    for i, layer in enumerate(layers):
        values = [
            sum((Fraction(float(w)) * v for w, v in zip(row, values, strict=True)), Fraction(bias))
            for row, bias in zip(layer.weight, layer.bias.tolist(), strict=True)
        ]
        if i < len(layers) - 1:
            values = [max(value, Fraction(0)) for value in values]
    return values


@pytest.mark.skipif(not SAME_TORCH, reason=f"the files were made with torch {train.TORCH}")
def test_the_script_makes_the_shipped_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--check"]) == 0
    assert "agree with the shipped ones" in capsys.readouterr().out


def test_check_notices_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (shipped.DATA / shipped.SUMS).read_text().splitlines()
    lines[1] = "0" * 64 + lines[1][64:]
    (tmp_path / shipped.SUMS).write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(train, "DATA", tmp_path)
    monkeypatch.setattr(train, "EPOCHS", 1)
    assert train.main(["--check"]) == 1
    error = capsys.readouterr().err
    assert "moons_a_permuted.onnx" in error
    assert f"made with torch {train.TORCH}" in error


def test_noise_of_other_processors_changes_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "EPOCHS", 10)
    plain, disturbed = train.train(3), train.train(3, jitter=1e-15)
    for one, other in zip(plain, disturbed, strict=True):
        assert np.array_equal(one.weight, other.weight)
        assert np.array_equal(one.bias, other.bias)


def test_noise_above_the_grid_does_change_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "EPOCHS", 1)
    plain, disturbed = train.train(3), train.train(3, jitter=1e-6)
    assert not np.array_equal(plain[0].weight, disturbed[0].weight)


@pytest.mark.parametrize("name", examples.names())
def test_every_network_tells_the_moons_apart(name: str) -> None:
    assert train.accuracy(_shipped_layers(name)) >= 0.95


def test_the_two_trainings_differ() -> None:
    a, b = _shipped_layers("moons_a"), _shipped_layers("moons_b")
    assert all(np.abs(x.weight - y.weight).max() > 0.1 for x, y in zip(a, b, strict=True))


def test_the_disguise_has_other_weights_and_exactly_the_same_values() -> None:
    a, other = _shipped_layers("moons_a"), _shipped_layers("moons_a_permuted")
    assert sorted(a[0].bias) != sorted(other[0].bias)
    rng = np.random.default_rng(0)
    for numerators in rng.integers(-300, 300, size=(50, 2)).tolist():
        point = [Fraction(numerator, 97) for numerator in numerators]
        assert _exact(a, point) == _exact(other, point)


def test_the_pruned_copy_has_thirty_percent_zeros_and_else_the_same_weights() -> None:
    a, pruned = _shipped_layers("moons_a"), _shipped_layers("moons_a_pruned")
    zeros = sum(int((layer.weight == 0).sum()) for layer in pruned)
    assert zeros == round(0.3 * sum(layer.weight.size for layer in a))
    for one, other in zip(a, pruned, strict=True):
        kept = other.weight != 0
        assert np.array_equal(one.weight[kept], other.weight[kept])
        assert np.array_equal(one.bias, other.bias)


def test_two_networks_together_have_at_most_32_units() -> None:
    assert 2 * sum(len(layer.bias) for layer in _shipped_layers("moons_a")[:-1]) <= 32


def test_onnxruntime_runs_the_graph() -> None:
    session = onnxruntime.InferenceSession(examples.path("moons_a_permuted"))
    points = train.two_moons(20, seed=9)[0].astype(np.float32)
    found = session.run(None, {"input": points})[0]
    layers = _shipped_layers("moons_a")
    expected = [float(_exact(layers, [Fraction(float(x)) for x in p])[0]) for p in points]
    assert np.allclose(found[:, 0], expected, atol=1e-4)
