"""ONNX graphs read node by node; nothing is executed and nothing is rounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, final

from tropnet.errors import DomainError, FormatError, ShapeError, UnsupportedLayerError
from tropnet.io.onnx_operators import Call, lookup
from tropnet.io.onnx_tensor import array_of
from tropnet.io.operations import Operations
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.tensor import Shape, Tensor, Value, constant
from tropnet.io.unread_operations import reason_against
from tropnet.network import Network
from tropnet.network.network import Dtype

#: The operator sets whose operators are read as their versions say.
FIRST_OPSET, LAST_OPSET = 7, 23
_DOMAINS: Final = ("", "ai.onnx")
#: Float arithmetics by their numbers in TensorProto, the coarsest first.
_DTYPES: Final[dict[int, Dtype]] = {10: "float16", 1: "float32", 11: "float64"}


@final
class OnnxModelReader(ObjectReader):
    """Reads `onnx.ModelProto` objects."""

    name = "onnx.ModelProto"
    options = frozenset({"stop_before"})

    def recognise(self, source: object) -> None:
        """Accept a ModelProto."""
        if not any(base.endswith(".ModelProto") for base in bases(source)):
            raise Refusal("it is no ModelProto")

    def read(self, source: Any, options: Options) -> Network:
        """Return the network of the model's graph.

        Raises:
            TropnetError: as `load` says.
        """
        return network_of(source, None, options.stop_before)


def network_of(model: Any, folder: Path | None, stop_before: str | None = None) -> Network:
    """Return the network of an ONNX model.

    Free batch axes count as one item; a graph whose first axis is fixed is taken as it stands.

    Args:
        model: an `onnx.ModelProto`.
        folder: where its external data may lie.
        stop_before: name, output or operator of the node before which to stop.

    Raises:
        TropnetError: as `tropnet.load` says.
    """
    return _Graph(model, folder, stop_before).network()


class _Graph:
    """One pass over the nodes that the outputs need."""

    def __init__(self, model: Any, folder: Path | None, stop_before: str | None) -> None:
        self._graph = model.graph
        self._folder = folder
        self._opset = _opset(model)
        self._stored = {tensor.name: tensor for tensor in self._graph.initializer}
        self._producer: dict[str, Any] = {}
        for node in self._graph.node:
            for output in node.output:
                if output and (output in self._producer or output in self._stored):
                    raise FormatError(f"two nodes of the ONNX graph make {output!r}")
                self._producer[output] = node
        self._inputs = [i for i in self._graph.input if i.name not in self._stored]
        self._outputs = self._output_names(stop_before)
        self._nodes = self._needed()

    def network(self) -> Network:
        """Return the network."""
        dtype, notes = self._arithmetic()
        operations = Operations(dtype)
        shapes = [_shape(i) for i in self._inputs]
        tensors = operations.inputs(shapes)
        names = [i.name for i in self._inputs]
        values: dict[str, Value | None] = dict(zip(names, tensors, strict=True))
        for node in self._nodes:
            self._run(node, values, operations)
        outputs: list[Value] = [self._value(n, values, "the output list") for n in self._outputs]
        if not any(isinstance(v, Tensor) for v in outputs):
            notes.append("the outputs are constants: they do not depend on the inputs")
        return operations.build(
            outputs,
            input_names=names,
            output_names=self._outputs,
            notes=notes,
        )

    def _run(self, node: Any, values: dict[str, Value | None], operations: Operations) -> None:
        from onnx.helper import get_attribute_value

        function = lookup(node.op_type) if node.domain in _DOMAINS else None
        if function is None:
            raise _unsupported(node)
        call = Call(
            _name(node),
            node.op_type,
            tuple(self._value(i, values, _name(node)) if i else None for i in node.input),
            {a.name: get_attribute_value(a) for a in node.attribute},
            self._opset,
            operations,
        )
        result = function(call)
        results = result if isinstance(result, tuple) else (result,)
        for k, output in enumerate(node.output):
            values[output] = results[k] if k < len(results) else None

    def _value(self, name: str, values: dict[str, Value | None], reader: str) -> Value:
        if name not in values and name in self._stored:
            # read when first needed: weights that nothing uses cannot spoil a model
            values[name] = constant(array_of(self._stored[name], self._folder), name)
        found = values.get(name)
        if found is None and any(s.values.name == name for s in self._graph.sparse_initializer):
            raise UnsupportedLayerError(
                name, "sparse tensor", "it is not read yet", "dense weights"
            )
        if found is None:
            raise FormatError(
                f"{reader} reads {name!r}, which no node before it makes; the ONNX graph is broken"
            )
        return found

    def _output_names(self, stop_before: str | None) -> list[str]:
        names = [o.name for o in self._graph.output]
        if stop_before is None:
            if not names:
                raise FormatError("the ONNX graph has no outputs")
            return names
        nodes = [n for n in self._graph.node if stop_before in (n.name, *n.output)]
        nodes = nodes or [n for n in self._graph.node if n.op_type == stop_before]
        if len(nodes) != 1:
            known = ", ".join(_name(n) for n in list(self._graph.node)[-3:])
            raise FormatError(
                f"stop_before={stop_before!r} fits {len(nodes)} nodes; the last ones are {known}"
            )
        before = [i for i in nodes[0].input if i and i not in self._stored][:1]
        if not before:
            raise FormatError(f"nothing comes before the node {stop_before!r}")
        return before

    def _needed(self) -> list[Any]:
        """Return the nodes that the outputs depend on, in the file's order."""
        wanted, seen = list(self._outputs), set()
        while wanted:
            name = wanted.pop()
            if name not in seen:
                seen.add(name)
                wanted += list(self._producer[name].input) if name in self._producer else []
        return [n for n in self._graph.node if seen.intersection(o for o in n.output if o)]

    def _arithmetic(self) -> tuple[Dtype, list[str]]:
        kinds = set()
        for value in self._inputs:
            kind = int(value.type.tensor_type.elem_type)
            if kind not in _DTYPES:
                raise DomainError(
                    f"input {value.name!r} has ONNX element type {kind}; float16, float32 and "
                    "float64 are read; export the model with float inputs"
                )
            kinds.add(kind)
        attributes = [a for n in self._nodes if n.op_type == "Cast" for a in n.attribute]
        casts = {int(a.i) for a in attributes if a.name == "to"} & _DTYPES.keys()
        notes = []
        if casts - kinds:
            notes.append("casts between float types are read as the identity over the reals")
        kinds |= casts
        return next((name for kind, name in _DTYPES.items() if kind in kinds), "float32"), notes


def _opset(model: Any) -> int:
    versions = [o.version for o in model.opset_import if o.domain in _DOMAINS]
    if not versions:
        raise FormatError("the ONNX model does not say which operator set it uses")
    version = int(max(versions))
    if not FIRST_OPSET <= version <= LAST_OPSET:
        raise FormatError(
            f"the ONNX model uses operator set {version}; {FIRST_OPSET} to {LAST_OPSET} are read; "
            "convert it with onnx.version_converter or export it again"
        )
    return version


def _shape(value: Any) -> Shape:
    """Return an input's shape for a batch of one."""
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not tensor.HasField("shape"):
        raise ShapeError(
            f"input {value.name!r} has no shape; export the model with fixed shapes but the batch"
        )
    dims = [d.dim_value if d.HasField("dim_value") else 0 for d in tensor.shape.dim]
    free = [k for k, d in enumerate(dims) if d < 1]
    shown = [d.dim_param or d.dim_value or "?" for d in tensor.shape.dim]
    if free and (free != [0] or len(dims) == 1):
        raise ShapeError(
            f"input {value.name!r} has shape {shown}: only the first of several axes may be free; "
            "export the model with fixed shapes but the batch"
        )
    return tuple(1 if k in free else int(d) for k, d in enumerate(dims))


def _name(node: Any) -> str:
    return str(node.name or next((o for o in node.output if o), node.op_type))


def _unsupported(node: Any) -> UnsupportedLayerError:
    why = reason_against(node.op_type)
    if node.domain not in _DOMAINS:
        why = f"its domain {node.domain!r} is not ONNX's own"
    advice = f"stop_before={_name(node)!r} reads what comes before it"
    if why.endswith("yet"):
        advice = f"a model of dense layers and ReLU ({advice})"
    return UnsupportedLayerError(_name(node), node.op_type, why, advice)
