"""Our own JSON: written whole or not at all, read back exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io.exports import all_kinds
from tests.io.models import dense_arrays, network
from tropnet import Network
from tropnet.errors import FormatError
from tropnet.io import load, save
from tropnet.network import Affine, NetworkBuilder
from tropnet.network.schema import network_from_json, network_to_json


def _with_everything() -> Network:
    b = NetworkBuilder("float32")
    x = b.input(2)
    y = b.maximum(b.linear(x, [["1/3", 0.1]], [5e-324]), b.take(x, [1]), "größer")
    return b.build(
        b.concatenate([b.shift(y, [1e308]), b.take(x, [0])]),
        input_names=["x"], output_names=["a", "b"], notes=["a note"],
    )  # fmt: skip


def test_a_round_trip_keeps_everything(tmp_path: Path) -> None:
    f = _with_everything()
    save(f, tmp_path / "f.json")
    g = load(tmp_path / "f.json")
    assert g == f
    assert (g.dtype, g.input_names, g.output_names, g.notes) == (
        "float32", ("x",), ("a", "b"), ("a note",),
    )  # fmt: skip
    assert [y.name for y in g.layers] == [y.name for y in f.layers]


def test_names_of_any_kind_are_kept(tmp_path: Path) -> None:
    f = Network(1, (), Affine({0: [[1.0]]}), input_names=("größe", "\ud800 half a pair", "\n"))
    save(f, tmp_path / "f.json")
    assert load(tmp_path / "f.json").input_names == f.input_names


@pytest.mark.parametrize("kind", all_kinds())
def test_every_kind_of_network_comes_back(kind: str, tmp_path: Path) -> None:
    f = all_kinds()[kind]
    save(f, tmp_path / "f.json")
    assert load(tmp_path / "f.json") == f


@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
        min_size=1,
        max_size=4,
    )
)
def test_every_float_survives(rows: list[list[float]]) -> None:
    f = Network.from_dense([rows])
    assert network_from_json(json.loads(json.dumps(network_to_json(f)))) == f


def test_an_existing_file_is_replaced_or_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text("before")
    with pytest.raises(FormatError, match="type int cannot be saved"):
        save(3, path)
    assert path.read_text() == "before"
    save(network(dense_arrays([2, 3, 1])), path)
    assert load(path).n_inputs == 2
    assert [p.name for p in tmp_path.iterdir()] == ["f.json"]


def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path) -> None:
    f = network(dense_arrays([2, 3, 1]))
    with pytest.raises(FormatError, match="cannot be written: No such file or directory"):
        save(f, tmp_path / "missing" / "f.json")
    with pytest.raises(FormatError, match="cannot be written"):
        save(f, tmp_path)
    assert list(tmp_path.iterdir()) == []


class _Other:
    def __init__(self, data: Any) -> None:
        self.data = data

    def to_json(self) -> Any:
        return self.data


def test_other_objects_save_themselves(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    save(_Other({"schema": "tropnet/other", "version": 1}), path)
    assert json.loads(path.read_text())["schema"] == "tropnet/other"
    with pytest.raises(FormatError, match=r"JSON schema 'tropnet/other', not 'tropnet/network'"):
        load(path)
    with pytest.raises(FormatError, match="no schema and version"):
        save(_Other({"version": 1}), path)
    with pytest.raises(FormatError, match="cannot be saved"):
        save(_Other, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "JSON schema None"),
        ('{"schema": "tropnet/network"}', "the file in JSON lacks"),
        ('{"schema": NaN}', "NaN is no number"),
        ('{"schema": 1, "schema": 2}', "stands twice"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "no sound JSON"),
        ('{"a"', "no sound JSON"),
        ("{\ud800", "no sound JSON"),
    ],
)
def test_json_that_is_not_ours(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(FormatError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)
