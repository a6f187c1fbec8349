"""Sound files with something changed: bytes, or parts of what the bytes mean."""

from __future__ import annotations

import io
import json
import pickletools
import re
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import onnx

_BYTES: Final = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"9" * 12,
    b"-",
    b"nan",
    b"inf",
    b"1e999",
    b"(",
    b"{",
    b"[",
    b"\n",
    b",",
    b'"',
    b"\x1b[2J",
    b"\xed\xa0\x80",
    b"\xff" * 8,
    b"\0" * 8,
    b"\0\0\0\x80",
    b"",
)
#: Whole numbers at the borders of what things can be.
WHOLE: Final = (
    0,
    1,
    -1,
    2,
    3,
    7,
    31,
    32,
    33,
    64,
    127,
    255,
    1000,
    2**15,
    2**16,
    10**6,
    2**24,
    2**31 - 1,
    2**31,
    2**32,
    10**12,
    2**53 + 1,
    2**62,
    2**63 - 1,
    -2,
    -3,
    -(2**31),
    -(2**63),
)
_REAL: Final = (0.0, -0.0, 0.5, -1.0, 1e-45, 3e38, -3e38, 1e-320, float("inf"), float("nan"), 1e9)
_NAMES: Final = (
    "",
    "x",
    "y",
    "W0",
    "0.weight",
    "\x1b[2J",
    "a" * 300,
    "../x",
    "ü",
    "weight",
    "relu",
)
_OPS: Final = (
    "Relu",
    "Conv",
    "ConvTranspose",
    "MaxPool",
    "AveragePool",
    "Pad",
    "Resize",
    "Tile",
    "Expand",
    "Concat",
    "Gemm",
    "MatMul",
    "Add",
    "Mul",
    "Div",
    "Einsum",
    "Slice",
    "Split",
    "Gather",
    "Reshape",
    "Transpose",
    "ReduceMax",
    "ReduceSum",
    "TopK",
    "Where",
    "Greater",
    "Range",
    "ConstantOfShape",
    "CumSum",
    "Clip",
    "LeakyRelu",
    "PRelu",
    "Max",
    "Min",
    "BatchNormalization",
    "GlobalMaxPool",
    "GlobalAveragePool",
    "DepthToSpace",
    "Squeeze",
    "Unsqueeze",
    "Cast",
    "Shape",
    "Flatten",
    "Identity",
    "Pow",
    "Trilu",
    "GatherND",
    "GatherElements",
    "Dropout",
    "DequantizeLinear",
    "Loop",
    "If",
    "Tanh",
    "Sum",
    "Mean",
)


def bytes_changed(content: bytes, random: Random) -> bytes:
    """Return the bytes with some changed, cut, repeated, swapped or put in."""
    for _ in range(random.randint(1, 4)):
        a, b = sorted(random.randint(0, len(content)) for _ in range(2))
        match random.randrange(7):
            case 0:
                content = content[:a] + random.randbytes(1) + content[a + 1 :]
            case 1:
                content = content[:b]
            case 2:
                content = content[:a] + content[a : a + 9] * 3 + content[a + 9 :]
            case 3:
                content = content[:a] + content[b:]
            case 4:
                bit = bytes([content[a] ^ 1 << random.randrange(8)]) if a < len(content) else b""
                content = content[:a] + bit + content[a + 1 :]
            case 5:
                content = content[:a] + content[b:] + content[a:b]
            case _:
                piece = random.choice(_BYTES)
                keep = 0 if random.random() < 0.5 else len(piece)
                content = content[:a] + piece + content[a + keep :]
    return content or b"x"


# ---- zip archives ------------------------------------------------------------------------------


def member_changed(content: bytes, random: Random) -> bytes:
    """Return a sound zip archive with the bytes of one member changed, or with other members."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = sorted(members)
    name = random.choice(names)
    if random.random() < 0.6:  # the member that all else hangs on
        name = next((n for n in names if n.endswith("data.pkl")), name)
    what = random.random()
    if name.endswith("data.pkl") and what < 0.7:
        members[name] = pickle_changed(members[name], random)
    elif name.endswith(".npy") and what < 0.7:
        members[name] = header_changed(members[name], random)
    elif what < 0.85:
        members[name] = bytes_changed(members[name], random)
    elif what < 0.9:
        del members[name]
    elif what < 0.95:
        members[random.choice(_NAMES) or "f"] = members[name]
    else:
        members[name], members[names[0]] = members[names[0]], members[name]
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if random.random() < 0.1 else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for key, value in members.items():
            archive.writestr(key, value)
    return buffer.getvalue()


def pickle_changed(content: bytes, random: Random) -> bytes:
    """Return a pickle with operations left out, repeated, swapped, or given other arguments."""
    starts = [place for _, _, place in pickletools.genops(content) if place is not None]
    parts = [content[a:b] for a, b in zip(starts, [*starts[1:], len(content)], strict=True)]
    for _ in range(random.randint(1, 3)):
        k, other = random.randrange(len(parts)), random.randrange(len(parts))
        match random.randrange(6):
            case 0:
                parts[k] = b""
            case 1:
                parts[k] *= random.choice((2, 3, 100))
            case 2:
                parts[k], parts[other] = parts[other], parts[k]
            case 3:
                parts[k] = parts[other]
            case 4:
                parts[k] = parts[k][:1] + random.choice((b"\xff", b"\0", b"\x7f")) * (
                    len(parts[k]) - 1
                )
            case _:
                number = random.choice(WHOLE)
                size = (number.bit_length() + 8) // 8
                parts[k] = b"\x8a" + bytes([size]) + number.to_bytes(size, "little", signed=True)
    return b"".join(parts) or b"."


def old_pickle_changed(content: bytes, random: Random) -> bytes:
    """Return a file of torch before 1.6 with one of its pickles changed."""
    starts = [m.start() for m in re.finditer(rb"\x80\x02", content)][:5]
    k = random.randrange(len(starts))
    a = starts[k]
    b = starts[k + 1] if k + 1 < len(starts) else len(content)
    try:
        return content[:a] + pickle_changed(content[a:b], random) + content[b:]
    except ValueError:  # numbers lie behind the last one
        return bytes_changed(content, random)


def header_changed(content: bytes, random: Random) -> bytes:
    """Return an array of numpy's format with a number or a word of its header changed."""
    length = int.from_bytes(content[8:10], "little")
    header = text_changed(content[10 : 10 + length], random)
    if random.random() < 0.8:
        header = header.ljust(length)[:length] if random.random() < 0.5 else header
        size = len(header).to_bytes(4, "little")[:2]
    else:
        size = content[8:10]
    return content[:8] + size + header + content[10 + length :]


# ---- texts -------------------------------------------------------------------------------------


def text_changed(content: bytes, random: Random) -> bytes:
    """Return a text with numbers or words of it replaced, left out, repeated or swapped."""
    tokens = re.split(rb"(-?\d+\.?\d*(?:e[+-]?\d+)?|\w+|[^\w\s])", content)
    places = range(1, len(tokens), 2)
    for _ in range(random.randint(1, 3)):
        k, other = random.choice(places), random.choice(places)
        match random.randrange(7):
            case 0:
                tokens[k] = str(random.choice(WHOLE)).encode()
            case 1:
                tokens[k] = repr(random.choice(_REAL)).encode()
            case 2:
                tokens[k] = b""
            case 3:
                tokens[k] *= random.choice((2, 50))
            case 4:
                tokens[k], tokens[other] = tokens[other], tokens[k]
            case 5:
                tokens[k] = tokens[other]
            case _:
                tokens[k] = random.choice(_BYTES)
    return b"".join(tokens) or b"x"


def json_changed(content: bytes, random: Random) -> bytes:
    """Return a JSON text with a value of it replaced, moved, left out or repeated."""
    data = json.loads(content)
    for _ in range(random.randint(1, 3)):
        _change_tree(data, random)
    return json.dumps(data).encode()


def safetensors_changed(content: bytes, random: Random) -> bytes:
    """Return a safetensors file with a change in its header, whose length is right mostly."""
    length = int.from_bytes(content[:8], "little")
    header = json_changed(content[8 : 8 + length], random)
    size = random.choice(WHOLE) % 2**64 if random.random() < 0.05 else len(header)
    return size.to_bytes(8, "little") + header + content[8 + length :]


def _change_tree(data: Any, random: Random) -> None:
    place = data
    while True:
        keys: Sequence[Any] = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            return
        key = random.choice(keys)
        if not (isinstance(place[key], dict | list) and place[key]) or random.random() < 0.1:
            break
        place = place[key]
    other = random.choice(keys)
    match random.randrange(7):
        case 0 | 1:
            place[key] = random.choice(WHOLE)
        case 2:
            choice: Any = random.choice(
                (*_REAL[:9], "1/3", "1e5", "x", "", None, True, [], {}, [[]])
            )
            place[key] = choice if choice != float("inf") else 0.25
        case 3:
            del place[key]
        case 4:
            place[key] = place[other]
        case 5 if isinstance(place, list):
            place.append(place[key])
        case 5:
            place[random.choice(_NAMES)] = place[key]
        case _:
            place[key] = [place[key]]


# ---- ONNX --------------------------------------------------------------------------------------


def onnx_changed(content: bytes, random: Random) -> bytes:
    """Return an ONNX model with nodes, attributes, tensors or shapes changed."""
    model = onnx.ModelProto()
    model.ParseFromString(content)
    for _ in range(random.randint(1, 3)):
        random.choice(_CHANGES)(model, random)
    return bytes(model.SerializeToString())


def _change_attribute(model: Any, random: Random) -> None:
    attributes = [a for node in model.graph.node for a in node.attribute]
    if not attributes:
        return
    attribute = random.choice(attributes)
    if attribute.ints:
        k = random.randrange(len(attribute.ints))
        attribute.ints[k] = random.choice(WHOLE)
        if random.random() < 0.2:
            attribute.ints.append(random.choice(WHOLE))
    elif attribute.floats:
        attribute.floats[random.randrange(len(attribute.floats))] = random.choice(_REAL[:7])
    elif attribute.HasField("t"):
        _change_tensor(attribute.t, random)
    elif attribute.HasField("s"):
        attribute.s = bytes_changed(attribute.s or b"x", random)
    elif attribute.HasField("f"):
        attribute.f = random.choice(_REAL)
    else:
        attribute.i = random.choice(WHOLE)
    if random.random() < 0.1:
        attribute.name = random.choice(attributes).name


def _change_tensor(tensor: Any, random: Random) -> None:
    match random.randrange(5):
        case 0:
            tensor.dims.append(random.choice(WHOLE))
        case 1 if tensor.dims:
            tensor.dims[random.randrange(len(tensor.dims))] = random.choice(WHOLE)
        case 2 if len(tensor.dims) > 1:
            dims = [*tensor.dims[1:], tensor.dims[0]]
            del tensor.dims[:]
            tensor.dims.extend(dims)
        case 3:
            tensor.data_type = random.randrange(24)
        case _ if tensor.HasField("raw_data") and len(tensor.raw_data) >= 8:
            # whole numbers are shapes and axes: one of them becomes odd
            size = 8 if tensor.data_type == onnx.TensorProto.INT64 else 4
            k = random.randrange(len(tensor.raw_data) // size) * size
            value = (random.choice(WHOLE) % 2 ** (8 * size)).to_bytes(size, "little")
            tensor.raw_data = tensor.raw_data[:k] + value + tensor.raw_data[k + size :]
        case _:
            tensor.raw_data = bytes_changed(tensor.raw_data or b"x", random)


def _change_stored(model: Any, random: Random) -> None:
    if model.graph.initializer:
        _change_tensor(random.choice(model.graph.initializer), random)


def _change_node(model: Any, random: Random) -> None:
    if not model.graph.node:
        return
    node = random.choice(model.graph.node)
    match random.randrange(6):
        case 0 | 1:
            node.op_type = random.choice(_OPS)
        case 2 if node.input:
            names = [n for other in model.graph.node for n in (*other.input, *other.output)]
            node.input[random.randrange(len(node.input))] = random.choice([*names, ""])
        case 3:
            model.graph.node.add().CopyFrom(node)
            if node.output:
                node.output[0] = "copied"
        case 4 if node.input:
            del node.input[random.randrange(len(node.input))]
        case _:
            node.input.append(random.choice([*node.input, *node.output, "x", ""]))


def _change_input(model: Any, random: Random) -> None:
    shapes = [i.type.tensor_type.shape for i in model.graph.input]
    dims = [d for shape in shapes for d in shape.dim]
    if not dims:
        return
    if random.random() < 0.2:
        random.choice(shapes).dim.add().dim_value = random.choice(WHOLE)
    else:
        random.choice(dims).dim_value = random.choice(WHOLE)


def _change_version(model: Any, random: Random) -> None:
    if model.opset_import:
        model.opset_import[0].version = random.choice([*range(5, 26), *WHOLE])


_CHANGES: Final[list[Callable[[Any, Random], None]]] = [
    _change_attribute,
    _change_attribute,
    _change_stored,
    _change_stored,
    _change_node,
    _change_node,
    _change_input,
    _change_version,
]
