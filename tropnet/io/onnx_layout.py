"""ONNX files that `to_onnx` wrote, read back layer by layer as the networks that they came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.exact.sharing import Sharing
from tropnet.io.float_form import FloatDtype, FloatForm
from tropnet.io.onnx_export import LAYOUT, OPSET, PRODUCER, onnx_model_of
from tropnet.io.onnx_tensor import array_of
from tropnet.io.tensor import require_room
from tropnet.network import Affine, Layer, Linear, Network
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_DTYPES: Final[dict[int, FloatDtype]] = {1: "float32", 11: "float64"}
#: Layers and inputs of more values are left to the reader of all graphs.
_MOST_VALUES: Final = 2**22


def network_as_written(model: Any) -> Network | None:
    """Return the network that `to_onnx` made this model of, None if it is not such a model.

    What the file says of its layout is a proposal: the network is put together from it, written
    again, and taken only if the graph is then the given one, node by node and number by number. A
    graph that was changed is left to the reader of all graphs.

    Args:
        model: an `onnx.ModelProto`.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.io.onnx_export import onnx_model_of
        >>> from tropnet.io.onnx_layout import network_as_written
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> model = onnx_model_of(f, "float32")
        >>> network_as_written(model) == f
        True
        >>> del model.graph.node[1]
        >>> network_as_written(model) is None
        True
    """
    if model.producer_name != PRODUCER or model.functions:
        return None
    if [(o.domain, o.version) for o in model.opset_import] != [("", OPSET)]:
        return None
    layouts = [entry.value for entry in model.metadata_props if entry.key == LAYOUT]
    try:
        proposed = _Proposal(model.graph).network(json.loads(layouts[0]))
        dtype: FloatDtype = proposed.dtype  # type: ignore[assignment]
        again = onnx_model_of(proposed, dtype)
    except Exception:  # whatever a strange layout leads to, it is none of ours
        return None
    return proposed if again.graph == model.graph else None


@final
class _Proposal:
    """The network that a layout and the stored tensors make."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._results = {node.name for node in graph.node}
        self._widths = [int(graph.input[0].type.tensor_type.shape.dim[1].dim_value)]
        require_room(self._widths[0], "the input", _MOST_VALUES)

    def network(self, layout: dict[str, Any]) -> Network:
        """Return the proposed network."""
        layers = []
        for number, entry in enumerate(layout["layers"], start=1):
            prefix = f"layer{number}"
            affine = self._affine(prefix, entry["sources"])
            mask: Any = self._array(f"{prefix}.mask")
            if mask is None:
                mask = any(n.name == prefix and n.op_type == "Relu" for n in self._graph.node)
            layers.append(Layer(affine, mask, str(entry["name"])))
            self._widths.append(affine.size)
        return Network(
            self._widths[0],
            tuple(layers),
            self._affine("output", layout["output"]["sources"]),
            _DTYPES[int(self._graph.input[0].type.tensor_type.elem_type)],
            tuple(str(name) for name in layout["input_names"]),
            tuple(str(name) for name in layout["output_names"]),
            tuple(str(note) for note in layout["notes"]),
        )

    def _affine(self, prefix: str, sources: list[int]) -> Affine:
        terms = {source: self._map(f"{prefix}.from{source}", source) for source in sources}
        numerators = self._array(f"{prefix}.bias")
        bias: Linear | None = None
        if not terms and numerators is None:  # zeros
            numerators = np.zeros(len(self._need(f"{prefix}.weight")))
        if numerators is not None:
            bias = FloatForm(numerators[:, None], self._array(f"{prefix}.bias.divisor")).linear()
        return Affine(terms, bias)

    def _map(self, name: str, source: int) -> Linear:
        divisor = self._array(f"{name}.divisor")
        dense = self._array(f"{name}.weight")
        if dense is not None:
            return FloatForm(dense, divisor).linear()
        kernel = FloatForm(self._need(f"{name}.kernel"), divisor).linear()
        columns = self._widths[source]
        patches = self._need(f"{name}.patches").astype(np.int64)
        patches[patches == columns] = -1
        patch_of, kernel_of = self._pairs(name, len(patches), kernel.shape[0])
        rows = self._array(f"{name}.rows.places")
        if rows is not None:
            patch_of, kernel_of = patch_of[rows], kernel_of[rows]
        return SharedLinear(kernel, Sharing(patches, kernel_of, patch_of, columns))

    def _pairs(self, name: str, n_patches: int, n_kernels: int) -> tuple[AnyArray, AnyArray]:
        """Return the patch and the kernel of each pair, in the order of the graph."""
        patch = self._array(f"{name}.pairs.patches")
        if patch is not None:
            return patch, self._need(f"{name}.pairs.kernels")
        found: list[tuple[AnyArray, AnyArray]] = []
        total = 0
        while f"{name}.tiles{len(found)}.product" in self._results:
            inner = f"{name}.tiles{len(found)}"
            patches, kernels = self._array(f"{inner}.patches"), self._array(f"{inner}.kernels")
            patches = np.arange(n_patches) if patches is None else patches
            kernels = np.arange(n_kernels) if kernels is None else kernels
            total += patches.size * kernels.shape[-1]
            require_room(total, f"the rows of {name}", _MOST_VALUES)
            tiles = np.broadcast_arrays(patches[..., :, None], kernels[..., None, :])
            found.append((tiles[0].reshape(-1), tiles[1].reshape(-1)))
        patch_parts, kernel_parts = zip(*found, strict=True)
        return np.concatenate(patch_parts), np.concatenate(kernel_parts)

    def _array(self, name: str) -> AnyArray | None:
        tensor = self._stored.get(name)
        return None if tensor is None else array_of(tensor, None)

    def _need(self, name: str) -> AnyArray:
        return array_of(self._stored[name], None)
