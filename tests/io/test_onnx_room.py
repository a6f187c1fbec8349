"""Graphs are bounded before their first node is read, and by the bytes of their file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.io.models import onnx_model, write
from tropnet.errors import BudgetExceeded, ShapeError, UnsafeFileError
from tropnet.io import load
from tropnet.io.onnx_room import MOST_NODES, require_bearable_graph
from tropnet.io.tensor import Constant, Tensor, require_room, room_of_file
from tropnet.network import NetworkBuilder


def test_nodes_are_counted() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])] * (MOST_NODES + 1)
    with pytest.raises(BudgetExceeded, match="nodes of the ONNX graph: predicted 1e"):
        require_bearable_graph(helper.make_graph(nodes, "many", [], []), Path())
    assert require_bearable_graph(helper.make_graph(nodes[1:], "less", [], []), Path()) == 0


def test_weights_count_as_often_as_they_are_read() -> None:
    weights = numpy_helper.from_array(np.zeros((2**10, 2**10), np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])] * 129
    with pytest.raises(BudgetExceeded, match="as often as nodes read them"):
        require_bearable_graph(helper.make_graph(nodes, "again", [], [], [weights]), Path())
    require_bearable_graph(helper.make_graph(nodes[1:], "less", [], [], [weights]), Path())


def _beside(count: int) -> Any:
    tensors = []
    for k in range(count):
        tensor = TensorProto(name=f"w{k}", data_type=1, dims=[2, 3])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="w.bin")
        tensors.append(tensor)
    return helper.make_graph([], "beside", [], [], tensors)


def test_bytes_beside_the_model_are_counted_once(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 24)
    assert require_bearable_graph(_beside(3), tmp_path) == 24
    with pytest.raises(UnsafeFileError, match="tensors of 600 values share 24 bytes"):
        require_bearable_graph(_beside(100), tmp_path)
    # what is missing is named when it is read
    assert require_bearable_graph(_beside(100), tmp_path / "elsewhere") == 0


def test_a_small_file_has_a_small_room() -> None:
    with room_of_file(0):
        require_room(2**23, "the first")
        with pytest.raises(BudgetExceeded, match=r"up to those for the second: predicted 8\.39e"):
            require_room(1, "the second")
    require_room(2**26, "live modules have room of their own")
    with room_of_file(10**7):
        require_room(2**26, "a large file")
    with pytest.raises(BudgetExceeded, match="entries of too much"):
        require_room(2**28, "too much")


def test_axes_are_few() -> None:
    with pytest.raises(ShapeError, match="a tensor of 33 axes"):
        Constant(np.ones((1,) * 33))
    wire = NetworkBuilder().input(1)
    with pytest.raises(ShapeError, match="a tensor of 40 axes"):
        Tensor(wire, (1,) * 40)


def test_many_tensors_of_one_small_file(tmp_path: Path) -> None:
    def file(copies: int) -> Path:
        nodes = [helper.make_node("Expand", ["x", "s"], ["e"])]
        nodes += [helper.make_node("Relu", ["e"], [f"r{k}"]) for k in range(copies)]
        nodes += [helper.make_node("Concat", [f"r{k}" for k in range(copies)], ["y"], axis=1)]
        stored = {"s": np.array([1, 2**16])}
        return write(tmp_path / f"{copies}.onnx", onnx_model(nodes, stored, {"x": [1, 1]}))

    assert load(file(2)).n_relu == 2**17
    with pytest.raises(BudgetExceeded, match="entries of all that the file's graph makes"):
        load(file(40))
