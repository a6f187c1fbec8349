"""What reading an ONNX graph may take, bounded before its first node is read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

from tropnet.errors import BudgetExceeded, FormatError, UnsafeFileError
from tropnet.io.tensor import MOST_ENTRIES, require_room

#: Nodes of one graph; each makes a layer or more, in about a millisecond.
MOST_NODES: Final = 10_000
#: Tensors may share the bytes of the files beside the model, as tied weights do, this often.
_MOST_SHARING: Final = 4
_EXTERNAL: Final = 1
_LEAST_BITS: Final = 8


def require_bearable_graph(graph: Any, folder: Path) -> int:
    """Refuse a graph with too many nodes, or whose stored tensors would be read too often.

    Args:
        graph: an `onnx.GraphProto`.
        folder: where its external data lie.

    Returns:
        The bytes of the files beside the model that hold its tensors.

    Raises:
        FormatError: names that are no text.
        BudgetExceeded: too many nodes, or too many weights in all that they read.
        UnsafeFileError: tensors that share the bytes of a file far too often.

    Example:
        >>> from pathlib import Path
        >>> from onnx import helper
        >>> from tropnet.io.onnx_room import require_bearable_graph
        >>> nodes = [helper.make_node("Relu", ["x"], ["y"])]
        >>> require_bearable_graph(helper.make_graph(nodes, "one", [], []), Path())
        0
    """
    if len(graph.node) > MOST_NODES:
        raise BudgetExceeded(
            "nodes of the ONNX graph", len(graph.node), MOST_NODES, "a smaller model"
        )
    for node in graph.node:
        words = (node.name, node.op_type, node.domain, *node.input, *node.output)
        if not all(isinstance(word, str) for word in words):  # protobuf leaves it bytes then
            raise FormatError(f"a node of the ONNX graph has a name that is no text: {words}")
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    # tensors that claim more than can be stored are refused when they are read
    sizes = {name: size if 0 <= size <= MOST_ENTRIES else 0 for name, size in sizes.items()}
    read = sum(sizes.get(name, 0) for node in graph.node for name in node.input)
    require_room(read, "all stored tensors, as often as nodes read them")
    claimed, held = 0, dict[str, int]()
    for tensor in graph.initializer:
        if tensor.data_location == _EXTERNAL:
            claimed += sizes[tensor.name] * _LEAST_BITS // 8
            for entry in tensor.external_data:
                if entry.key == "location" and entry.value not in held:
                    held[entry.value] = _bytes_of(folder, entry.value)
    outside = sum(held.values())
    if held and claimed > _MOST_SHARING * outside and all(held.values()):
        raise UnsafeFileError(
            f"tensors of {claimed:,} values share {outside:,} bytes beside the model; they were "
            "not read"
        )
    return outside


def _bytes_of(folder: Path, location: str) -> int:
    """Return the size of a file beside the model; what is none is refused when it is read."""
    try:
        path = folder / location
        return path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        return 0
