"""Networks as ONNX graphs of standard operators, stored as compactly as the networks are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.io.float_form import FloatDtype, FloatForm, float_form, tiles_of
from tropnet.network import Affine, Layer, Linear, Network
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from tropnet.exact.sharing import Sharing
    from tropnet.typing import AnyArray, IntArray

#: Widely supported: onnxruntime 1.14 of 2023 and everything since.
OPSET: Final = 17
IR_VERSION: Final = 8
#: The entry of `metadata_props` that says how the network was laid out.
LAYOUT: Final = "tropnet.layout"
PRODUCER: Final = "tropnet"


def onnx_model_of(network: Network, dtype: FloatDtype) -> Any:
    """Return the `onnx.ModelProto` of a network whose weights are floats of a format.

    One input `input` of shape `(batch, n)`, one output `output` of shape `(batch, m)`; layer k
    gives `layer{k}`. Maps whose rows share kernels stay kernels and indices of patches.

    Args:
        network: as `in_floats` gives it.
        dtype: the format of the weights, of the input and of the output.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.io.onnx_export import onnx_model_of
        >>> model = onnx_model_of(Network.from_dense([[[1], [-1]], [[1, 1]]]), "float32")
        >>> [node.op_type for node in model.graph.node]
        ['Gemm', 'Relu', 'Gemm']
    """
    from onnx import helper

    graph = _Graph(network, dtype)
    model = helper.make_model(
        graph.proto(),
        producer_name=PRODUCER,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    layout = {
        "layers": [{"name": y.name, "sources": y.affine.sources} for y in network.layers],
        "output": {"sources": network.output.sources},
        "input_names": network.input_names,
        "output_names": network.output_names,
        "notes": network.notes,
    }
    entries = {
        "tropnet.sha256": network.sha256,
        LAYOUT: json.dumps(layout),
    }
    helper.set_model_props(model, entries)
    return model


@final
class _Graph:
    """The nodes and stored tensors of one network."""

    def __init__(self, network: Network, dtype: FloatDtype) -> None:
        self._dtype: FloatDtype = dtype
        self._network = network
        self._nodes: list[Any] = []
        self._stored: list[Any] = []
        self._values = ["input"]
        for number, layer in enumerate(network.layers, start=1):
            self._values.append(self._layer(layer, f"layer{number}"))
        self._affine(network.output, "output", "output")

    def proto(self) -> Any:
        """Return the GraphProto."""
        from onnx import TensorProto, helper

        element = TensorProto.FLOAT if self._dtype == "float32" else TensorProto.DOUBLE
        ends = [("input", self._network.n_inputs), ("output", self._network.n_outputs)]
        given, result = (helper.make_tensor_value_info(k, element, ["batch", n]) for k, n in ends)
        return helper.make_graph(self._nodes, "network", [given], [result], self._stored)

    # ---- parts --------------------------------------------------------------------------------

    def _layer(self, layer: Layer, name: str) -> str:
        if not layer.relu.any():
            return self._affine(layer.affine, name, name)
        before = self._affine(layer.affine, name, f"{name}.sum")
        if layer.relu.all():
            return self._node("Relu", [before], name)
        after = self._node("Relu", [before], f"{name}.relu")
        mask = self._store(f"{name}.mask", layer.relu)
        return self._node("Where", [mask, after, before], name)

    def _affine(self, affine: Affine, prefix: str, result: str) -> str:
        """Add the nodes of Σ weights · values + bias; return the name of their result."""
        bias = self._bias(affine.bias, prefix)
        total = ""
        for source, weights in affine.terms:
            name, value = f"{prefix}.from{source}", self._values[source]
            if isinstance(weights, SharedLinear):
                part = self._shared(weights, name, value)
            else:
                form = self._form(weights)
                taken = bias if not total and form.divisors is None else ""
                part = self._dense(form, name, value, taken)
                bias = "" if taken else bias
            total = self._node("Add", [total, part], f"{name}.added") if total else part
        if not total:  # constants, repeated for each item of the batch
            first = self._gathered(self._values[0], np.zeros(1, np.int64), f"{prefix}.first")
            nothing = FloatForm(np.zeros((affine.size, 1), dtype=self._dtype))
            total = self._dense(nothing, prefix, first, bias)
        elif bias:
            total = self._node("Add", [total, bias], prefix)
        self._nodes[-1].output[0] = self._nodes[-1].name = result
        return result

    def _bias(self, bias: Linear, prefix: str) -> str:
        """Return the name of a vector, empty where it is zero."""
        if bias.is_zero():
            return ""
        form = self._form(bias)
        name = self._store(f"{prefix}.bias", form.numerators[:, 0])
        if form.divisors is None:
            return name
        under = self._store(f"{prefix}.bias.divisor", form.divisors)
        return self._node("Div", [name, under], f"{prefix}.bias.exact")

    def _dense(self, form: FloatForm, name: str, value: str, bias: str) -> str:
        weights = self._store(f"{name}.weight", form.numerators)
        inputs = [value, weights, bias] if bias else [value, weights]
        product = self._node("Gemm", inputs, f"{name}.product", transB=1)
        if form.divisors is None:
            return product
        return self._node(
            "Div", [product, self._store(f"{name}.divisor", form.divisors)], f"{name}.divided"
        )

    # ---- maps whose rows share kernels --------------------------------------------------------

    def _shared(self, weights: SharedLinear, name: str, value: str) -> str:
        """Add the products of kernels and gathered patches, each pair once; return the rows."""
        share, form = weights.sharing, self._form(weights)
        kernel = self._store(f"{name}.kernel", form.numerators)
        divisor = "" if form.divisors is None else self._store(f"{name}.divisor", form.divisors)
        patches, places = share.patches.astype(np.int64), share.patches < 0
        if places.any():  # one more value, zero, stands behind the others
            patches[places] = share.columns
            ends = self._store(f"{name}.pads", np.array([0, 0, 0, 1]))
            value = self._node("Pad", [value, ends], f"{name}.padded")
        windows = self._store(f"{name}.patches", _indices(patches))
        if share.scattered:
            pairs = self._pairs(share, name, value, (kernel, divisor, windows))
            order: IntArray = np.arange(share.n_pairs)
        else:
            parts, places_of = [], []
            for number, (tile_patches, tile_kernels, tile_places) in enumerate(tiles_of(share)):
                inner = f"{name}.tiles{number}"
                parts.append(
                    self._tiles(inner, value, (kernel, divisor, windows), tile_patches,
                                tile_kernels, form.numerators.shape[0], len(patches))
                )  # fmt: skip
                places_of.append(tile_places.reshape(-1))
            pairs = parts[0]
            if len(parts) > 1:
                pairs = self._node("Concat", parts, f"{name}.pairs", axis=1)
            order = np.argsort(np.concatenate(places_of))
        rows = order if share.row_pairs is None else order[share.row_pairs]
        if np.array_equal(rows, np.arange(share.n_pairs)):
            return pairs
        return self._gathered(pairs, rows, f"{name}.rows")

    def _tiles(
        self,
        name: str,
        value: str,
        tensors: tuple[str, str, str],
        patch_lists: IntArray,
        kernel_lists: IntArray,
        n_kernels: int,
        n_patches: int,
    ) -> str:
        """Add the products of tiles of one size, `(batch, tiles · S · T)`."""
        kernel, divisor, windows = tensors
        single = len(patch_lists) == 1
        if single:
            patch_lists, kernel_lists = patch_lists[0], kernel_lists[0]
        if not single or not np.array_equal(patch_lists, np.arange(n_patches)):
            places = self._store(f"{name}.patches", _indices(patch_lists))
            windows = self._node("Gather", [windows, places], f"{name}.windows", axis=0)
        if not single or not np.array_equal(kernel_lists, np.arange(n_kernels)):
            chosen = self._store(f"{name}.kernels", _indices(kernel_lists))
            kernel = self._node("Gather", [kernel, chosen], f"{name}.kernel", axis=0)
            if divisor:
                divisor = self._node("Gather", [divisor, chosen], f"{name}.divisor", axis=0)
                if not single:
                    axis = self._store(f"{name}.axis", np.array([1]))
                    divisor = self._node("Unsqueeze", [divisor, axis], f"{name}.divisors")
        seen = self._node("Gather", [value, windows], f"{name}.seen", axis=1)
        order = [1, 0] if single else [0, 2, 1]
        turned = self._node("Transpose", [kernel], f"{name}.turned", perm=order)
        product = self._node("MatMul", [seen, turned], f"{name}.product")
        if divisor:
            product = self._node("Div", [product, divisor], f"{name}.divided")
        return self._node("Flatten", [product], f"{name}.flat", axis=1)

    def _pairs(self, share: Sharing, name: str, value: str, tensors: tuple[str, str, str]) -> str:
        """Add the products of pairs that form no large tiles, `(batch, pairs)`."""
        kernel, divisor, windows = tensors
        patch, which = share.pairs
        places = self._store(f"{name}.pairs.patches", _indices(patch))
        chosen = self._store(f"{name}.pairs.kernels", _indices(which))
        seen = self._node("Gather", [windows, places], f"{name}.windows", axis=0)
        seen = self._node("Gather", [value, seen], f"{name}.seen", axis=1)
        entries = self._node("Gather", [kernel, chosen], f"{name}.entries", axis=0)
        product = self._node("Mul", [seen, entries], f"{name}.products")
        axes = self._store(f"{name}.axes", np.array([2]))
        total = self._node("ReduceSum", [product, axes], f"{name}.total", keepdims=0)
        if divisor:
            divisor = self._node("Gather", [divisor, chosen], f"{name}.divisors", axis=0)
            total = self._node("Div", [total, divisor], f"{name}.divided")
        return total

    # ---- nodes and tensors --------------------------------------------------------------------

    def _form(self, entries: Linear) -> FloatForm:
        form = float_form(entries, self._dtype)
        assert form is not None, "in_floats lets no other weights through"
        return form

    def _node(self, kind: str, inputs: list[str], result: str, **attributes: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [result], name=result, **attributes))
        return result

    def _store(self, name: str, array: AnyArray) -> str:
        from onnx import numpy_helper

        self._stored.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _gathered(self, value: str, places: IntArray, name: str) -> str:
        stored = self._store(f"{name}.places", _indices(places))
        return self._node("Gather", [value, stored], name, axis=1)


def _indices(array: IntArray) -> AnyArray:
    """Return indices in 32 bits where they fit."""
    small = int(array.max(initial=0)) < 2**31
    return np.asarray(array, dtype=np.int32 if small else np.int64)
