"""State dict files: names, checkpoints, architectures, and files that would harm."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.io.models import dense_arrays, network, state_dict
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
_MEBIBYTE = 2**20


def _tensors(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: torch.from_numpy(np.array(a)) for name, a in arrays.items()}


def _saved(tmp_path: Path, content: Any, **options: Any) -> Path:
    path = tmp_path / "f.pt"
    torch.save(content, path, **options)
    return path


@pytest.mark.parametrize(
    "names",
    [
        ("0", "2", "4"),
        ("fc1", "fc2", "fc3"),
        ("fc9", "fc10", "fc11"),
        ("layers.0", "layers.1", "layers.2"),
        ("network.0", "network.3", "network.5"),
        ("module.0", "module.2", "module.4"),
        ("_orig_mod.module.fc1", "_orig_mod.module.fc2", "_orig_mod.module.fc3"),
        ("encoder", "middle", "decoder"),
        ("input.0", "hidden.0", "output"),
    ],
)
def test_names_that_are_understood(tmp_path: Path, names: tuple[str, ...]) -> None:
    arrays = _tensors(state_dict(_LAYERS, names))
    expected = network(_LAYERS)
    for order in (arrays, dict(reversed(arrays.items()))):
        f = load(_saved(tmp_path, order))
        assert f == expected
        assert f.dtype == "float32"
        assert "ReLU is taken to stand between" in f.notes[-1]
        assert load(order) == expected


def test_a_single_layer_and_no_bias(tmp_path: Path) -> None:
    layer = nn.Linear(3, 2, bias=False)
    f = load(_saved(tmp_path, layer.state_dict()))
    assert f.widths == ()
    assert np.array_equal(f([[1.0, 0, 0]])[0], layer.weight.detach().numpy()[:, 0])
    assert f.notes == ()


def test_bias_may_be_missing_in_some_layers(tmp_path: Path) -> None:
    arrays = _tensors(state_dict(_LAYERS))
    del arrays["2.bias"]
    f = load(_saved(tmp_path, arrays))
    assert not f.layers[1].affine.bias.values.any()
    assert f.layers[0].affine.bias.values.any()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_storage_types(tmp_path: Path, dtype: Any) -> None:
    layers = dense_arrays([3, 5, 2], dtype=dtype)
    f = load(_saved(tmp_path, _tensors(state_dict(layers))))
    assert (f.dtype, f) == (dtype, network(layers))


def test_bfloat16_is_exact_and_noted(tmp_path: Path) -> None:
    arrays = {k: v.bfloat16() for k, v in _tensors(state_dict(_LAYERS)).items()}
    f = load(_saved(tmp_path, arrays))
    assert np.array_equal(
        f.layers[0].affine.terms[0][1].values, arrays["0.weight"].double().numpy()
    )
    assert f.dtype == "float32"
    assert any("bfloat16" in note for note in f.notes)


def test_the_format_before_torch_1_6(tmp_path: Path) -> None:
    arrays = _tensors(state_dict(_LAYERS))
    path = _saved(tmp_path, arrays, _use_new_zipfile_serialization=False)
    assert load(path) == network(_LAYERS)


def test_shared_and_sliced_storages(tmp_path: Path) -> None:
    whole = torch.arange(40.0).reshape(5, 8)
    path = _saved(tmp_path, {"0.weight": whole[:, :3], "0.bias": whole[:, 7]})
    f = load(path)
    assert f([1.0, 0.0, 0.0]).tolist() == [7, 23, 39, 55, 71]


# ---- checkpoints and architectures ----------------------------------------------------------


def test_nested_checkpoints(tmp_path: Path) -> None:
    arrays = OrderedDict(_tensors(state_dict(_LAYERS)))
    path = _saved(tmp_path, {"epoch": 3, "run": {"a.b": arrays}, "optimizer": {"lr": 0.1}})
    assert load(path, key="run.a.b") == network(_LAYERS)
    with pytest.raises(
        FormatError,
        match=r"holds no tensors but epoch, run, optimizer; pass "
        r"key='run.a.b'",
    ):
        load(path)
    with pytest.raises(FormatError, match=r"nothing at key='model'; pass key='run.a.b'"):
        load(path, key="model")
    with pytest.raises(FormatError, match=r"nothing at key='epoch.x'"):
        load(path, key="epoch.x")
    with pytest.raises(FormatError, match="holds a int, not a state dict"):
        load(path, key="epoch")


def test_a_number_among_the_tensors_is_named(tmp_path: Path) -> None:
    arrays = {**_tensors(state_dict(_LAYERS)), "epoch": 3}
    with pytest.raises(FormatError, match="'epoch' is a int, not a tensor"):
        load(_saved(tmp_path, arrays))


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(5, 2)
        self.first = nn.Linear(3, 5)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.last(self.drop(nn.functional.relu(self.first(x))))
        return result.relu()


def test_architecture_as_a_module(tmp_path: Path) -> None:
    source, target = _Net(), _Net()
    before = target.first.weight.clone()
    path = _saved(tmp_path, {f"module.{k}": v for k, v in source.state_dict().items()})
    f = load(path, architecture=target)
    assert f == load(source.eval())
    assert f.widths == (5, 2)
    assert target.training
    assert torch.equal(before, target.first.weight)
    with pytest.raises(FormatError, match="do not fit the architecture Linear"):
        load(path, architecture=nn.Linear(3, 2))


def test_architecture_as_words(tmp_path: Path) -> None:
    square = dense_arrays([3, 3, 3])
    path = _saved(tmp_path, _tensors(state_dict(square, ["up", "down"])))
    with pytest.raises(
        FormatError, match="order of the stored layers is ambiguous: down 3x3, up 3x3"
    ):
        load(path)
    f = load(path, architecture=["flatten", "up", "relu", "dropout", "down", "relu"])
    assert f == load(path, architecture=("up", "relu", "identity", "down", "relu"))
    assert f.widths == (3, 3)
    assert f.notes == ()
    linear = load(path, architecture=["down", "up"])
    assert linear.n_relu == 0


def test_linear_stands_for_the_next_layer(tmp_path: Path) -> None:
    path = _saved(tmp_path, _tensors(state_dict(_LAYERS, ["0", "1", "3"])))
    with pytest.raises(FormatError, match="'0' and '1' follow each other without room"):
        load(path)
    words = ["linear", "relu", "linear", "relu", "linear"]
    assert load(path, architecture=words) == network(_LAYERS)
    assert load(path, architecture=["linear"] * 3).n_relu == 0


@pytest.mark.parametrize(
    ("architecture", "text"),
    [
        (["linear", "relu"], "does not use the stored layer"),
        (["linear"] * 4, "more 'linear' than 3"),
        (["linear", "blorp"], "architecture has 'blorp'"),
        ("relu", "architecture is str"),
        (3, "architecture is int"),
    ],
)
def test_architectures_that_do_not_fit(tmp_path: Path, architecture: Any, text: str) -> None:
    with pytest.raises(FormatError, match=text):
        load(_saved(tmp_path, _tensors(state_dict(_LAYERS))), architecture=architecture)


def test_an_architecture_may_be_smooth_or_not_chain(tmp_path: Path) -> None:
    path = _saved(tmp_path, _tensors(state_dict(_LAYERS)))
    with pytest.raises(UnsupportedLayerError, match=r"\(tanh\).*not piecewise linear"):
        load(path, architecture=["linear", "tanh", "linear", "linear"])
    with pytest.raises(ShapeError, match="layer '4' takes 4 values, 5 come before it"):
        load(path, architecture=["0", "4", "2"])


@pytest.mark.parametrize("names", [("0", "1", "2"), ("m.0", "m.1", "m.3"), ("0", "2", "3")])
def test_layers_without_room_for_an_activation(tmp_path: Path, names: Any) -> None:
    with pytest.raises(FormatError, match="follow each other without room for an activation"):
        load(_saved(tmp_path, _tensors(state_dict(_LAYERS, names))))


@pytest.mark.parametrize(
    ("arrays", "error", "text"),
    [
        ({}, FormatError, "empty state dict"),
        ({"0.weight": torch.zeros(2, 3, 3, 3)}, UnsupportedLayerError, r"\(Conv2d\)"),
        ({"0.weight": torch.zeros(2)}, UnsupportedLayerError, "1 dimensions"),
        ({"0.running_mean": torch.zeros(2)}, UnsupportedLayerError, "no weight or bias"),
        ({"0.bias": torch.zeros(2)}, FormatError, "no weights are stored"),
        (
            {"0.weight": torch.zeros(2, 3), "1.bias": torch.zeros(2)},
            FormatError,
            "'1' has a bias but no weights",
        ),
        (
            {"0.weight": torch.zeros(2, 3), "0.bias": torch.zeros(3)},
            ShapeError,
            "2 units and 3 biases",
        ),
        (
            {"0.weight": torch.zeros(2, 3), "0.bias": torch.zeros(2, 3)},
            ShapeError,
            "bias of shape",
        ),
        ({"0.weight": torch.zeros(0, 3)}, ShapeError, "empty shape"),
        (
            {"0.weight": torch.zeros(2, 3), "2.weight": torch.zeros(2, 3)},
            ShapeError,
            "do not chain",
        ),
        ({"0.weight": torch.full((2, 3), torch.nan)}, DomainError, "nan at"),
        ({"0.weight": torch.zeros(2, 3, dtype=torch.complex64)}, DomainError, "complex"),
        ({"0.weight": torch.zeros(2, 3).to_sparse()}, DomainError, "no plain dense tensor"),
        ({"0.weight": torch.zeros(2, 3).bool()}, DomainError, "booleans"),
        (
            {"0.weight": torch.zeros(2, 3), "module.0.weight": torch.zeros(2, 3)},
            FormatError,
            "stored twice",
        ),
        (torch.zeros(2, 3), FormatError, "holds a StoredTensor, not a state dict"),
        ([1, 2], FormatError, "holds a list"),
    ],
)
def test_state_dicts_that_are_refused(
    tmp_path: Path, arrays: Any, error: type[TropnetError], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        load(_saved(tmp_path, arrays))
    assert "\n" not in str(caught.value)


def test_subnormal_and_huge_weights_are_legal_and_exact(tmp_path: Path) -> None:
    weights = torch.tensor([[1e-45, 3e38, -1e-38]])
    f = load(_saved(tmp_path, {"0.weight": weights}))
    assert f.exact([1, 0, 0])[0, 0] == 2**-149
    assert f.exact([0, 1, 0])[0, 0] == int(np.float32(3e38))


# ---- files that would harm ------------------------------------------------------------------


class _Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("new", [True, False])
def test_code_in_a_pickle_is_not_run(tmp_path: Path, new: bool) -> None:
    evidence = tmp_path / "evidence"
    content = {**_tensors(state_dict(_LAYERS)), "x": _Bomb(evidence)}
    path = _saved(tmp_path, content, _use_new_zipfile_serialization=new)
    with pytest.raises(UnsafeFileError, match=r"fetch posix.mkdir and could run code"):
        load(path)
    assert not evidence.exists()


def test_plain_pickles_are_not_opened(tmp_path: Path) -> None:
    evidence, path = tmp_path / "evidence", tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(_Bomb(evidence)))
    with pytest.raises(UnsafeFileError, match="is a Python pickle"):
        load(path)
    assert not evidence.exists()


def test_whole_modules_are_refused_with_advice(tmp_path: Path) -> None:
    path = _saved(tmp_path, nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(UnsafeFileError, match=r"torch.nn.modules.*save model.state_dict\(\)"):
        load(path)


def test_torchscript_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "f.pt"
    jit: Any = torch.jit
    scripted = jit.trace(nn.Linear(2, 2), (torch.zeros(1, 2),))
    scripted.save(path)
    with pytest.raises(UnsafeFileError, match=r"TorchScript program.*save model.state_dict\(\)"):
        load(path)
    with pytest.raises(FormatError, match="TorchScript module"):
        load(scripted)


def test_exported_programs_are_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "f.pt2"
    torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.zeros(1, 2),)), path)
    with pytest.raises(UnsafeFileError, match=r"exported program.*save model.state_dict\(\)"):
        load(path)


def test_zip_bombs_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("f/data.pkl", b"\0" * (65 * _MEBIBYTE))
    assert path.stat().st_size < _MEBIBYTE
    with pytest.raises(UnsafeFileError, match="as zip bombs do"):
        load(path)


def test_strides_that_unfold_are_refused(tmp_path: Path) -> None:
    path = _saved(tmp_path, {"0.weight": torch.zeros(1).expand(10**5, 10**6)})
    assert path.stat().st_size < 4000
    with pytest.raises(UnsafeFileError, match=r"shape \(100000, 1000000\) over 1 stored values"):
        load(path)


def _with_pickle(path: Path, change: Any) -> None:
    """Rewrite the data.pkl of an archive."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, change(content) if name.endswith("data.pkl") else content)


def test_storages_that_claim_more_than_is_stored(tmp_path: Path) -> None:
    path = _saved(tmp_path, {"0.weight": torch.zeros(3, 71)})
    count = (3 * 71).to_bytes(1, "little")
    assert path.read_bytes().count(b"K" + count) == 1
    _with_pickle(path, lambda c: c.replace(b"K" + count, b"J\x00\x00\x00\x40"))
    with pytest.raises(UnsafeFileError, match=r"claims 4,294,967,296 bytes for storage '0' and ho"):
        load(path)


def test_storages_of_old_files_that_claim_more_than_is_stored(tmp_path: Path) -> None:
    path = _saved(tmp_path, {"0.weight": torch.zeros(3, 71)}, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"K\xd5", b"J\x00\x00\x00\x40"))
    with pytest.raises(UnsafeFileError, match="claims 4,294,967,296 bytes of tensors"):
        load(path)


@pytest.mark.parametrize(
    "attack",
    [
        b"\x80\x05\x96\xff\xff\xff\xff\xff\x00\x00\x00.",  # BYTEARRAY8 of 2^40 bytes
        b"\x80\x02Nr\xff\xff\xff\x7f.",  # LONG_BINPUT at memo 2^31
        b"\x80\x02(cos\nsystem\n)o.",  # OBJ
        b"\x80\x02(K\x01ios\nsystem\n.",  # INST
    ],
)
def test_pickle_operations_that_no_state_dict_needs(tmp_path: Path, attack: bytes) -> None:
    path = _saved(tmp_path, _tensors(state_dict(_LAYERS)))
    _with_pickle(path, lambda _: attack)
    with pytest.raises((UnsafeFileError, FormatError)):
        load(path)


def test_a_checkpoint_inside_an_archive_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FormatError, match="none that torch or numpy wrote"):
        load(path)


@pytest.mark.parametrize("extra", ["other/data.pkl", "f/DATA.PKL"])
def test_archives_that_two_readers_may_read_differently(tmp_path: Path, extra: str) -> None:
    path = _saved(tmp_path, _tensors(state_dict(_LAYERS)))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(extra, b"\x80\x02}.")
    with pytest.raises(UnsafeFileError, match="as torch never writes them"):
        load(path)


def test_truncated_checkpoints(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(_tensors(state_dict(_LAYERS)), buffer)
    path = tmp_path / "cut.pt"
    for length in range(1, buffer.tell(), 301):
        path.write_bytes(buffer.getvalue()[:length])
        with pytest.raises(TropnetError):
            load(path)
