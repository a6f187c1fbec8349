"""Attacks in the container of `.onnx` files: protobuf, stored tensors, external data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

from tests.io.attacks.attack import Attack, attack
from tests.io.attacks.sound import LAYERS
from tests.io.models import dense_onnx, onnx_model


def field(number: int, content: bytes) -> bytes:
    """Return a protobuf field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """Return a number as protobuf writes it."""
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


#: The fields that a ModelProto begins with: the IR version, and opset 17.
START = b"\x08\x08" + field(8, b"\x10\x11")


def model(graph: bytes) -> bytes:
    """Return a model with this graph, as bytes."""
    return START + field(7, graph)


def _changed(change: Callable[[Any], None]) -> bytes:
    """Return a sound model after a change."""
    changed = dense_onnx(LAYERS)
    change(changed)
    return bytes(changed.SerializeToString())


def _tensor(change: Callable[[Any], None]) -> bytes:
    return _changed(lambda m: change(m.graph.initializer[0]))


def _dims(*dims: int) -> Callable[[Any], None]:
    def change(tensor: Any) -> None:
        del tensor.dims[:]
        tensor.dims.extend(dims)

    return change


def _containers() -> Iterator[tuple[str, bytes, str]]:
    nested = b""
    for _ in range(2000):  # graphs in attributes of nodes of graphs
        nested = field(1, field(5, field(6, nested)))
    yield "graphs nested 2000 deep", model(nested), "no ONNX protobuf|nested"
    group = START + b"\x3b" * 100_000 + b"\x3c" * 100_000
    yield "groups nested 100,000 deep", group, "no ONNX protobuf"
    yield "10^6 empty nodes", model(field(1, b"") * 10**6), "would unfold to"
    yield "5 million empty nodes", model(field(1, b"") * 5 * 10**6), "would unfold to"
    yield (
        "10^6 nodes that do nothing",
        model(field(1, field(4, b"Relu")) * 10**6),
        "would unfold to",
    )
    yield "10^6 empty attributes", model(field(1, field(5, b"") * 10**6)), "would unfold to"
    yield "10^6 empty tensors", model(field(5, b"") * 10**6), "would unfold to"
    yield "10^6 empty inputs", model(field(11, b"") * 10**6), "would unfold to"
    yield "10^7 empty names", model(field(1, field(1, b"") * 10**7)), "would unfold to"
    yield "10^6 empty properties", START + field(14, b"") * 10**6, "would unfold to"
    yield "10^6 functions", START + field(25, b"") * 10**6, "would unfold to"
    yield "10^6 empty training infos", START + field(20, b"") * 10**6, "would unfold to"
    yield (
        "10^6 dimensions",
        model(field(11, field(2, field(1, field(2, field(1, b"") * 10**6))))),
        "would unfold to",
    )
    yield "10^7 unknown fields", START + b"\xf8\x07\x00" * 10**7, "would unfold to"
    yield "10^6 graphs, one after another", START + field(7, b"") * 10**6, "would unfold to"
    floats = field(4, b"\0" * 4 * 10**6) * 10
    yield "ten lists of floats for one tensor", model(field(5, floats)), "no outputs"
    packed = field(5, field(5, b"\0" * 3 * 10**7))
    yield "30 million integers of one byte", model(packed), "would unfold to"
    yield "a varint without an end", START + b"\x3a" + b"\xff" * 30, "no ONNX protobuf"
    yield "a length of 2^31", START + b"\x3a\xff\xff\xff\xff\x07" + b"\0" * 100, "no ONNX protobuf"
    yield "no graph", START, "holds no ONNX graph"
    yield "an empty graph", model(b""), "no outputs"
    yield "another protobuf", field(1, b"tensorflow") * 100, "holds no ONNX graph"
    yield "text behind a first byte", b"\x08hello world", "no ONNX protobuf|no ONNX graph"
    yield (
        "names that are no text",
        model(field(1, field(4, b"\xff\xfe"))),
        "a name that is no text",
    )


def _models() -> Iterator[tuple[str, bytes, str]]:
    """Yield sound models with one thing changed."""

    def clear(name: str) -> Callable[[Any], None]:
        return lambda m: m.graph.ClearField(name)

    yield "no outputs", _changed(clear("output")), "no outputs"
    yield "no nodes", _changed(clear("node")), "which no node"
    yield "no inputs", _changed(clear("input")), "needs inputs"
    yield "no weights", _changed(clear("initializer")), "which no node before it makes"
    yield "no operator set", _changed(lambda m: m.ClearField("opset_import")), "which operator set"

    def opset(version: int) -> Callable[[Any], None]:
        def change(m: Any) -> None:
            m.opset_import[0].version = version

        return change

    for version in (-1, 0, 6, 1000, 2**62):
        yield f"operator set {version}", _changed(opset(version)), "uses operator set"

    def rename(index: int, **names: str) -> Callable[[Any], None]:
        def change(m: Any) -> None:
            for name, value in names.items():
                setattr(m.graph.node[index], name, value)

        return change

    yield "an operator of elsewhere", _changed(rename(0, domain="evil")), "domain 'evil'"
    yield (
        "an operator that clears the screen",
        _changed(rename(0, op_type="\x1b[2J\n")),
        r"\\x1b\[2J\\n",
    )
    yield (
        "a node of a name of 10^6 letters",
        _changed(rename(0, name="a" * 10**6, op_type="Tanh")),
        "not piecewise linear",
    )
    yield (
        "an operator that is code",
        _changed(rename(0, op_type="__import__('os').system('x')")),
        "support",
    )

    def loop(m: Any) -> None:
        m.graph.node[0].input[0] = m.graph.node[-1].output[0]

    yield (
        "a graph that bites its tail",
        _changed(loop),
        "which no node before it makes|not of ONNX|bro",
    )

    def twice(m: Any) -> None:
        m.graph.node.append(m.graph.node[0])

    yield "two nodes that make one value", _changed(twice), "two nodes of the ONNX graph make"

    def shape(*dims: Any) -> Callable[[Any], None]:
        def change(m: Any) -> None:
            m.graph.input[0].CopyFrom(
                helper.make_tensor_value_info("x", TensorProto.FLOAT, list(dims))
            )

        return change

    for dims in ((1, 10**12), (2**40, 2**40), (1, 2**62), (1,) * 1000, (1, 0)):
        told = "the input|multiply|axes|fit|not a matrix|with values"
        yield f"an input of shape {dims[:3]}", _changed(shape(*dims)), told
    yield "an input of free shape", _changed(shape(None, None)), "only the first of several axes"
    integer = onnx_model([helper.make_node("Relu", ["x"], ["y"])], inputs={"x": ["N", 3]})
    integer.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    yield "integers as input", integer.SerializeToString(), "ONNX element type"


def _tensors() -> Iterator[tuple[str, bytes, str]]:
    name = "tensor 'W0'"
    yield "10^12 elements", _tensor(_dims(10**6, 10**6)), f"{name} of shape .* needs 10{'0' * 11}"
    yield "2^126 elements", _tensor(_dims(2**62, 2**62, 4)), "impossible shape"
    yield "a negative dimension", _tensor(_dims(-3, -2)), "impossible shape"
    yield "100,000 dimensions", _tensor(_dims(*[1] * 100_000)), "needs 1 elements|axes|dimensions"
    yield "1000 dimensions of one", _tensor(_dims(6, *[1] * 1000)), "axes|dimensions"
    yield "zero dimensions", _tensor(_dims()), "needs 1 elements"

    def kind(number: int) -> Callable[[Any], None]:
        def change(tensor: Any) -> None:
            tensor.data_type = number

        return change

    for number in (0, 8, 14, 15, 17, 99):
        yield f"elements of type {number}", _tensor(kind(number)), "is stored as"
    yield "elements of type 11", _tensor(kind(11)), "needs 6 elements"

    def raw(content: bytes) -> Callable[[Any], None]:
        def change(tensor: Any) -> None:
            tensor.raw_data = content

        return change

    yield "a byte too few", _tensor(raw(b"\0" * 23)), "needs 6 elements"
    yield "a byte too many", _tensor(raw(b"\0" * 25)), "needs 6 elements"
    yield "NaN", _tensor(raw(b"\0\0\xc0\x7f" * 6)), "nan at"
    yield "infinity", _tensor(raw(b"\0\0\x80\x7f" * 6)), "inf at"

    def sparse(dims: tuple[int, ...], indices: list[int]) -> bytes:
        def change(m: Any) -> None:
            del m.graph.initializer[0]
            values = numpy_helper.from_array(np.ones(len(indices), np.float32), "W0")
            places = numpy_helper.from_array(np.array(indices, np.int64), "W0_indices")
            m.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, dims))

        return _changed(change)

    yield "a sparse tensor of 10^12", sparse((10**6, 10**6), [0]), "sparse tensor"
    yield "a sparse tensor of 2^124", sparse((2**62, 2**62), [0]), "sparse tensor"
    yield "a sparse index outside", sparse((3, 2), [6]), "indices outside"
    yield "a sparse index below zero", sparse((3, 2), [-1]), "indices outside"
    yield "a sparse index twice", sparse((3, 2), [1, 1]), "an index twice"


def _external() -> Iterator[Attack]:
    def make(
        says: str, name: str, around: Callable[[Path], None] | None = None, **entries: Any
    ) -> Attack:
        def build(folder: Path) -> Path:
            home = folder / "model"
            home.mkdir()
            (home / "w.bin").write_bytes(b"\0" * 24)
            (folder / "secret.bin").write_bytes(b"\0" * 24)
            if around is not None:
                around(folder)
            changed = dense_onnx(LAYERS)
            tensor = changed.graph.initializer[0]
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in entries.items():
                text = str(value).replace("{folder}", str(folder))
                tensor.external_data.add(key=key, value=text)
            (home / "f.onnx").write_bytes(changed.SerializeToString())
            return home / "f.onnx"

        return Attack(f"external data {name}", build, says)

    outside = r"outside the model's folder; not read"
    for location in (
        "../secret.bin",
        "{folder}/secret.bin",
        "/etc/passwd",
        "sub/../../secret.bin",
        "a/../../secret.bin",
        "/dev/zero",
        "/proc/self/mem",
        "\0",
        "w.bin\0.txt",
        "/",
        "//etc/passwd",
        "..",
    ):
        yield make(outside, f"at {location!r}", location=location)
    yield make(outside, "at an absolute path inside", location="{folder}/model/w.bin")
    yield make(outside, "nowhere")
    yield make("needs the file '.'", "at the folder itself", location=".")
    yield make("needs the file|outside", "at a path of 10^5 letters", location="a/" * 50_000)
    yield make(
        r"needs the file '\\x1b\[2J'", "at a name that clears the screen", location="\x1b[2J"
    )
    yield make("needs the file", "that is missing", location="missing.bin")
    yield make("needs the file", "at ~", location="~/w.bin")
    yield make("needs the file", "at an address", location="http://localhost/w.bin")
    yield make("needs the file", "at an address of files", location="file:///etc/passwd")
    yield make("needs the file", "with a backslash", location="..\\secret.bin")

    def link(target: str) -> Callable[[Path], None]:
        def around(folder: Path) -> None:
            (folder / "model" / "link").symlink_to(target.replace("{folder}", str(folder)))

        return around

    yield make(outside, "behind a link to the outside", link("../secret.bin"), location="link")
    yield make(outside, "behind a link to /dev/zero", link("/dev/zero"), location="link")
    yield make(outside, "below a link to /", link("/"), location="link/etc/passwd")
    yield make(f"{outside}|needs the file", "behind a loop of links", link("link"), location="link")

    def pipe(folder: Path) -> None:
        os.mkfifo(folder / "model" / "pipe")

    yield make("needs the file", "in a pipe", pipe, location="pipe")
    short = "needs 24 bytes"
    places: dict[str, dict[str, Any]] = {
        "beyond the end": {"offset": 1},
        "from below zero": {"offset": -24},
        "at 2^63": {"offset": 2**63},
        "too short": {"length": 23},
        "too long": {"length": 25},
        "of length below zero": {"length": -1},
        "of 2^63 bytes": {"length": 2**63},
    }
    for name, entries in places.items():
        yield make(short, name, location="w.bin", **entries)
    for name, value in (("of letters", "abc"), ("of 5000 digits", "9" * 5000), ("empty", "")):
        yield make("garbled place", f"at an offset {name}", location="w.bin", offset=value)

    def large(folder: Path) -> Path:
        changed = dense_onnx(LAYERS)
        tensor = changed.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        _dims(2**15, 2**14)(tensor)
        tensor.external_data.add(key="location", value="w.bin")
        with (folder / "w.bin").open("wb") as stream:
            stream.truncate(2**31)  # a hole: it takes no space
        (folder / "f.onnx").write_bytes(changed.SerializeToString())
        return folder / "f.onnx"

    yield Attack("external data of 2 GiB of nothing", large, "predicted|needs")


def _subgraphs() -> Iterator[tuple[str, bytes, str]]:
    body = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["z"])],
        "b",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )
    condition = helper.make_node(
        "Constant", [], ["c"], value=helper.make_tensor("c", 9, [], [True])
    )
    for op in ("If", "Loop", "Scan", "SequenceMap"):
        attributes = {
            "If": {"then_branch": body, "else_branch": body},
            "Scan": {"body": body},
            "Loop": {"body": body},
            "SequenceMap": {"body": body},
        }
        node = helper.make_node(op, ["c"], ["y"], **attributes[op])
        yield (
            f"an {op}",
            onnx_model([condition, node]).SerializeToString(),
            "not supported|not read",
        )
    reference = ModelProto()
    reference.CopyFrom(dense_onnx(LAYERS))
    reference.graph.node[0].attribute[0].ClearField("i")
    reference.graph.node[0].attribute[0].ref_attr_name = "alpha"
    yield "an attribute that refers to nothing", reference.SerializeToString(), "."
    strange = ModelProto()
    strange.CopyFrom(dense_onnx(LAYERS))
    strange.graph.node[0].attribute[0].type = AttributeProto.SPARSE_TENSOR
    yield "an attribute of another type", strange.SerializeToString(), "."


def attacks() -> list[Attack]:
    """Return all of them."""
    found = [attack(n, "f.onnx", c, s) for n, c, s in (*_containers(), *_models(), *_subgraphs())]
    found += [attack(f"tensor: {n}", "f.onnx", c, s) for n, c, s in _tensors()]
    return [*found, *_external()]
