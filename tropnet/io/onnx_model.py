"""ONNX graphs read node by node; nothing is executed and nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError, ShapeError, UnsupportedLayerError
from tropnet.io.onnx_layout import network_as_written
from tropnet.io.onnx_operators import Call, Held, lookup
from tropnet.io.onnx_operators.element_types import element_types
from tropnet.io.onnx_operators.foldable import note_roundings, require_foldable, require_short
from tropnet.io.onnx_operators.registry import Operator
from tropnet.io.onnx_operators.signature import require_signature
from tropnet.io.onnx_tensor import array_of, array_of_sparse
from tropnet.io.operations import Operations
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.tensor import Constant, Shape, Tensor, Value, constant
from tropnet.io.unread_operations import advice_against, reason_against
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
    written = network_as_written(model) if stop_before is None else None
    return _Graph(model, folder, stop_before).network() if written is None else written


class _Graph:
    """One pass over the nodes that the outputs need."""

    def __init__(self, model: Any, folder: Path | None, stop_before: str | None) -> None:
        self._graph = model.graph
        self._folder = folder
        self._opset = _opset(model)
        self._functions = {(f.domain, f.name) for f in model.functions}
        self._stored: dict[str, Any] = {tensor.name: tensor for tensor in self._graph.initializer}
        self._sparse: dict[str, Any] = {t.values.name: t for t in self._graph.sparse_initializer}
        stored = self._stored.keys() | self._sparse.keys()
        counts = (len(self._graph.initializer), len(self._graph.sparse_initializer))
        if len(stored) != sum(counts):
            raise FormatError("the ONNX graph stores two tensors under one name")
        self._inputs = [i for i in self._graph.input if i.name not in stored]
        if len({i.name for i in self._inputs}) != len(self._inputs):
            raise FormatError("the ONNX graph has two inputs of one name")
        self._producer = _producers(self._graph, stored | {i.name for i in self._inputs})
        self._outputs = self._output_names(stop_before)
        self._nodes = self._needed()
        self._types = self._element_types()

    def network(self) -> Network:
        """Return the network."""
        for node in self._nodes:  # what is not read is named before anything is worked out
            self._operator(node)
        dtype, notes = self._arithmetic()
        operations = Operations(dtype)
        shapes = [_shape(i) for i in self._inputs]
        tensors = operations.inputs(shapes)
        names = [i.name for i in self._inputs]
        values: dict[str, Held | None] = dict(zip(names, tensors, strict=True))
        last = {name: k for k, node in enumerate(self._nodes) for name in node.input}
        for k, node in enumerate(self._nodes):
            self._run(node, values, operations)
            for name in {i for i in node.input if last[i] == k} - set(self._outputs):
                values.pop(name, None)  # nobody reads it again; it may be large
        outputs = [self._output(n, values) for n in self._outputs]
        if not any(isinstance(v, Tensor) for v in outputs):
            notes.append("the outputs are constants: they do not depend on the inputs")
        return operations.build(
            outputs,
            input_names=names,
            output_names=self._outputs,
            notes=notes,
        )

    def _run(self, node: Any, values: dict[str, Held | None], operations: Operations) -> None:
        from onnx.helper import get_attribute_value

        name, function = _name(node), self._operator(node)
        call = Call(
            name,
            node.op_type,
            tuple(self._value(i, values, name) if i else None for i in node.input),
            {a.name: get_attribute_value(a) for a in node.attribute},
            self._opset,
            operations,
            tuple(node.output),
            tuple(self._types.get(i, 0) for i in node.input),
        )
        with _named(node, name):
            require_foldable(call)
            result = function(call)
            require_short(call, result)
            note_roundings(call)
        results = result if isinstance(result, tuple) else (result,)
        for k, output in enumerate(node.output):
            values[output] = results[k] if k < len(results) else None

    def _operator(self, node: Any) -> Operator:
        """Return what reads a node."""
        name, function = _name(node), lookup(node.op_type)
        if node.domain not in _DOMAINS or (node.domain, node.op_type) in self._functions:
            raise self._foreign(node)
        if function is None:
            advice = advice_against(node.op_type, name)
            raise UnsupportedLayerError(name, node.op_type, reason_against(node.op_type), advice)
        require_signature(node, name, self._opset)
        return function

    def _value(self, name: str, values: dict[str, Held | None], reader: str) -> Held:
        # stored tensors are read when first needed: weights that nothing uses cannot spoil a model
        if name not in values and name in self._stored:
            values[name] = constant(array_of(self._stored[name], self._folder), name)
        if name not in values and name in self._sparse:
            values[name] = constant(array_of_sparse(self._sparse[name], self._folder), name)
        found = values.get(name)
        if found is None and name in values:
            node = self._producer[name]
            raise UnsupportedLayerError(
                _name(node), node.op_type,
                f"{reader} reads its output {name!r}, which is not of the values but of places",
                "the first output alone",
            )  # fmt: skip
        if found is None:
            raise FormatError(
                f"{reader} reads {name!r}, which no node before it makes; the ONNX graph is broken"
            )
        return found

    def _output(self, name: str, values: dict[str, Held | None]) -> Value:
        found = self._value(name, values, "the output list")
        if isinstance(found, Tensor | Constant):
            return found
        node = self._producer[name]
        raise UnsupportedLayerError(
            _name(node), node.op_type, "the truth of a comparison, an output of the model, jumps",
            f"stop_before={_name(node)!r}, which reads what is compared",
        )  # fmt: skip

    def _foreign(self, node: Any) -> UnsupportedLayerError:
        """Return the error for a node that is not of ONNX's own operators."""
        name = _name(node)
        why, advice = f"its domain {node.domain!r} is not ONNX's own", "an export without it"
        if (node.domain, node.op_type) in self._functions:
            why = "it is a function that the model itself defines"
            advice = "onnx.inliner.inline_local_functions(model) first"
        stop = f"stop_before={name!r} reads what comes before it"
        return UnsupportedLayerError(name, node.op_type, why, f"{advice}; {stop}")

    def _output_names(self, stop_before: str | None) -> list[str]:
        if stop_before is None:
            names = [o.name for o in self._graph.output]
            if not names:
                raise FormatError("the ONNX graph has no outputs")
            return names
        nodes = [n for n in self._graph.node if stop_before in (n.name, *n.output)]
        nodes = nodes or [n for n in self._graph.node if n.op_type == stop_before]
        if len(nodes) != 1:
            shown = nodes if 1 < len(nodes) < 8 else list(self._graph.node)[-3:]
            what = "they are" if shown is nodes else "the last ones are"
            known = ", ".join(f"{_name(n)} ({n.op_type})" for n in shown)
            raise FormatError(
                f"stop_before={stop_before!r} fits {len(nodes)} nodes; {what} {known}"
            )
        stored = self._stored.keys() | self._sparse.keys()
        before = [i for i in nodes[0].input if i and i not in stored][:1]
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
                wanted += (
                    [i for i in self._producer[name].input if i] if name in self._producer else []
                )
        return [n for n in self._graph.node if seen.intersection(o for o in n.output if o)]

    def _element_types(self) -> dict[str, int]:
        known = {i.name: int(i.type.tensor_type.elem_type) for i in self._inputs}
        known |= {name: int(t.data_type) for name, t in self._stored.items()}
        known |= {name: int(t.values.data_type) for name, t in self._sparse.items()}
        return element_types(self._nodes, known)

    def _arithmetic(self) -> tuple[Dtype, list[str]]:
        """Return the coarsest float arithmetic that values depending on the input go through."""
        for value in self._inputs:
            kind = self._types[value.name]
            if kind not in _DTYPES:
                raise DomainError(
                    f"input {value.name!r} has ONNX element type {kind}; float16, float32 and "
                    "float64 are read; export the model with float inputs"
                )
        moving = {i.name for i in self._inputs}
        for node in self._nodes:
            if node.op_type not in ("Shape", "Size") and moving.intersection(node.input):
                moving.update(o for o in node.output if o)
        kinds = {self._types.get(name, 0) for name in moving} & _DTYPES.keys()
        notes = []
        if len(kinds) > 1:
            notes.append("casts between float types are read as the identity over the reals")
        return next((name for kind, name in _DTYPES.items() if kind in kinds), "float32"), notes


def _producers(graph: Any, taken: AbstractSet[str]) -> dict[str, Any]:
    """Return which node makes each value; every value is made once."""
    producers: dict[str, Any] = {}
    for node in graph.node:
        for output in node.output:
            if output in producers:
                raise FormatError(f"two nodes of the ONNX graph make {output!r}")
            if output in taken:
                raise FormatError(f"a node of the ONNX graph makes {output!r}, which is given")
            if output:
                producers[output] = node
    return producers


@contextmanager
def _named(node: Any, name: str) -> Iterator[None]:
    """Have refusals name the node, its operator and what to try."""
    op, who = node.op_type, f"node {name!r} ({node.op_type})"
    try:
        with np.errstate(all="ignore"):  # integers of shapes wrap as a runtime's do
            yield
    except UnsupportedLayerError as error:
        advice = error.advice
        if "stop_before" not in advice:
            advice += f"; stop_before={name!r} reads what comes before it"
        raise UnsupportedLayerError(name, op, error.why, advice) from None
    except (ShapeError, DomainError, FormatError) as error:
        text = str(error)
        if text.startswith(who):
            raise
        raise type(error)(f"{who}: {text.removeprefix(f'{name}: ')}") from None


def _opset(model: Any) -> int:
    versions = {int(o.version) for o in model.opset_import if o.domain in _DOMAINS}
    if len(versions) != 1:
        found = " and ".join(map(str, sorted(versions))) or "none"
        raise FormatError(
            f"the ONNX model does not say which operator set it uses (it names {found})"
        )
    version = versions.pop()
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
