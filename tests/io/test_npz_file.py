"""Archives of arrays: names, orientation, activations, and archives that would harm."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.io.models import (
    assert_within_bound,
    dense_arrays,
    network,
    points_and_kinks,
    state_dict,
)
from tests.oracles.numpy_forward import forward, npz_layers
from tropnet.errors import (
    DomainError,
    FormatError,
    ShapeError,
    TropnetError,
    UnsafeFileError,
    UnsupportedLayerError,
)
from tropnet.io import load

_LAYERS = dense_arrays([3, 5, 4, 2])


def _saved(tmp_path: Path, arrays: dict[str, Any], *, packed: bool = False) -> Path:
    path = tmp_path / "f.npz"
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


def _numbered(layers: Any, first: int = 0, *, flip: bool = False) -> dict[str, Any]:
    arrays = {}
    for k, (weights, bias) in enumerate(layers, start=first):
        arrays[f"W{k}"] = weights.T if flip else weights
        arrays[f"b{k}"] = bias
    return arrays


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_numbered_matrices_of_either_orientation(
    tmp_path: Path, first: int, flip: bool, packed: bool
) -> None:
    path = _saved(tmp_path, _numbered(_LAYERS, first, flip=flip), packed=packed)
    assert load(path) == network(_LAYERS)


def test_against_the_second_reader(tmp_path: Path) -> None:
    path = _saved(tmp_path, _numbered(_LAYERS))
    f = load(path)
    points = points_and_kinks(f)
    assert_within_bound(f, points, forward(npz_layers(path), points, "float32"))


def test_torch_and_keras_names(tmp_path: Path) -> None:
    assert load(_saved(tmp_path, state_dict(_LAYERS))) == network(_LAYERS)
    square = dense_arrays([3, 3, 3])
    kernels = {f"{k}.kernel": w.T for k, (w, _) in zip((0, 2), square, strict=True)}
    biases = {f"{k}.bias": b for k, (_, b) in zip((0, 2), square, strict=True)}
    assert load(_saved(tmp_path, {**kernels, **biases})) == network(square)


@pytest.mark.parametrize("widths", [[3, 3, 3], [2, 2]])
def test_square_matrices_are_ambiguous(tmp_path: Path, widths: list[int]) -> None:
    with pytest.raises(ShapeError, match=r"fit as \(out, in\) and as \(in, out\)"):
        load(_saved(tmp_path, _numbered(dense_arrays(widths))))
    assert load(_saved(tmp_path, state_dict(dense_arrays(widths)))).n_inputs == widths[0]


def test_a_bias_or_one_oblong_matrix_decides(tmp_path: Path) -> None:
    for widths in ([3, 3, 2], [2, 3, 3], [3, 2]):
        layers = dense_arrays(widths)
        assert load(_saved(tmp_path, _numbered(layers))) == network(layers)
    with pytest.raises(ShapeError, match="fit as"):  # 2x3 without a bias: 3 -> 2 or 2 -> 3?
        load(_saved(tmp_path, {"W0": np.ones((2, 3))}))


def test_matrices_that_chain_in_no_orientation(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"W0": np.ones((2, 3)), "W1": np.ones((4, 5))}
    with pytest.raises(ShapeError, match="chain neither"):
        load(_saved(tmp_path, arrays))
    arrays = {"W0": np.ones((2, 3)), "b0": np.ones(7)}
    with pytest.raises(ShapeError, match="chain neither"):
        load(_saved(tmp_path, arrays))


def test_activations_in_the_archive_are_obeyed(tmp_path: Path) -> None:
    arrays = _numbered(_LAYERS)
    words = ["linear", "('Dense', 'relu')", "relu"]
    f = load(_saved(tmp_path, {**arrays, "activations": np.array(words)}))
    assert f.notes == ()
    assert [bool(y.relu.any()) for y in f.layers] == [False, True, True]
    with pytest.raises(UnsupportedLayerError, match="tanh"):
        load(_saved(tmp_path, {**arrays, "activations": np.array(["relu", "tanh", "linear"])}))
    with pytest.raises(FormatError, match="2 activations for 3 stored layers"):
        load(_saved(tmp_path, {**arrays, "activations": np.array(["relu", "linear"])}))


def test_integers_and_other_byte_orders_are_exact(tmp_path: Path) -> None:
    arrays = {"W0": np.array([[1, -2]]), "b0": np.array([3.5], dtype=">f4")}
    assert load(_saved(tmp_path, arrays)).exact([1, 1]).to_floats().tolist() == [[2.5]]
    with pytest.raises(DomainError, match=r"beyond 2\^53"):
        load(_saved(tmp_path, {"W0": np.array([[2**53 + 1, 1]]), "b0": np.zeros(1)}))


@pytest.mark.parametrize(
    ("arrays", "error", "text"),
    [
        ({"W0": np.ones((2, 3)), "extra": np.ones(2)}, UnsupportedLayerError, "'extra'"),
        ({"b0": np.ones(2)}, FormatError, "no weights are stored"),
        ({"W0": np.ones((2, 3)) * np.nan, "b0": np.ones(2)}, DomainError, "nan at"),
        ({"W0": np.ones((2, 3), complex), "b0": np.ones(2)}, DomainError, "complex"),
        ({"W0": np.array([["a", "b"]]), "b0": np.ones(1)}, DomainError, "dtype"),
        ({"W0": np.ones((2, 3), np.longdouble), "b0": np.ones(2)}, DomainError, "float128|dtype"),
        ({"W0": np.array([{}], object)}, UnsafeFileError, "Python objects"),
    ],
)
def test_refusals(tmp_path: Path, arrays: Any, error: type[TropnetError], text: str) -> None:
    with pytest.raises(error, match=text):
        load(_saved(tmp_path, arrays))


def _member(path: Path, header: dict[str, Any], content: bytes) -> Path:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("W0.npy", stream.getvalue() + content)
    return path


@pytest.mark.parametrize("shape", [(10**6, 10**6), (2**62, 4), (3,)])
def test_headers_that_announce_more_than_is_stored(tmp_path: Path, shape: Any) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    path = _member(tmp_path / "f.npz", header, b"\0" * 16)
    with pytest.raises((UnsafeFileError, FormatError), match=r"announces|does not fill"):
        load(path)


def test_bytes_after_the_array_are_refused(tmp_path: Path) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (1, 2)}
    path = _member(tmp_path / "f.npz", header, b"\0" * 24)
    with pytest.raises(FormatError, match="does not fill its member"):
        load(path)


def test_bombs(tmp_path: Path) -> None:
    path = _saved(tmp_path, {"W0": np.zeros((3000, 3000))}, packed=True)
    with pytest.raises(UnsafeFileError, match="as zip bombs do"):
        load(path)
    path = tmp_path / "twice.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("W0.npy", b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("W0.npy", b"")
    with pytest.raises(UnsafeFileError, match="two members of one name"):
        load(path)
