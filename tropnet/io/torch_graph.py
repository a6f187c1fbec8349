"""Graphs that `torch.export` traced, read call by call."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, final

from tropnet.errors import DomainError, FormatError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.state_dict import array_of_tensor
from tropnet.io.tensor import Constant, Tensor, Value, constant
from tropnet.io.torch_constants import ComputedConstants, depends, whole_result
from tropnet.io.torch_memory import Memory, storage, writes
from tropnet.io.torch_operators import AtenCall, Unread, lookup
from tropnet.io.torch_program import (
    Program,
    arithmetic_of,
    fixed_shape,
    kinds,
    operation,
    place,
    results,
)
from tropnet.io.unread_operations import advice_against, reason_against
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.network.network import Dtype

#: Float arithmetics, the coarsest first.
_DTYPES: Final[dict[str, Dtype]] = {
    "torch.float16": "float16",
    "torch.float32": "float32",
    "torch.float64": "float64",
}
_WHOLE: Final = ("torch.bool", "torch.int64", "torch.int32", "torch.int16", "torch.int8")
_CASTS: Final = "casts between float types are read as the identity over the reals"
_CONSTANT: Final = "the outputs are constants: they do not depend on the inputs"


def network_of_program(
    program: Any, stop_before: str | None, module_name: str, notes: Sequence[str] = ()
) -> Network:
    """Return the network of a `torch.export.ExportedProgram`.

    Args:
        program: traced without decompositions, for one item.
        stop_before: name, module or operation of the call before which to stop.
        module_name: how an error message calls the module.
        notes: what the network's notes begin with.

    Raises:
        TropnetError: as `tropnet.load` says.
    """
    return _Reading(Program(program, stop_before), module_name).network(notes)


def run_program(
    program: Any, stop_before: str | None, tensors: Sequence[Any], *, wide: bool = False
) -> list[Any]:
    """Return what torch itself computes with a program.

    Args:
        program: a `torch.export.ExportedProgram`.
        stop_before: name, module or operation of the call before which to stop.
        tensors: the inputs; they may be written into.
        wide: compute in float64 throughout. Stored tensors are widened where they are used, one at
            a time.

    Returns:
        The outputs that are tensors.

    Raises:
        FormatError: `stop_before` names no call.
    """
    import torch
    from torch.utils import _pytree

    graph = Program(program, stop_before)
    known: dict[Any, Any] = dict(zip(graph.inputs, tensors, strict=True))

    def given(leaf: Any) -> Any:
        found = known[leaf] if isinstance(leaf, torch.fx.Node) else leaf
        if wide and isinstance(found, torch.Tensor) and found.is_floating_point():
            return found.double()
        if wide and isinstance(found, torch.dtype) and found.is_floating_point:
            return torch.float64
        return found

    for node in graph.nodes:
        name = graph.stored_name(node)
        if name is not None:
            known[node] = graph.tensor(name)
        elif node.op == "call_function":
            args, kwargs = _pytree.tree_map(given, (tuple(node.args), dict(node.kwargs)))
            known[node] = node.target(*args, **kwargs)
    outputs = [given(node) for node in graph.outputs]
    return [output for output in outputs if isinstance(output, torch.Tensor)]


@final
class _Reading:
    """One pass over the nodes of a program."""

    def __init__(self, program: Program, module_name: str) -> None:
        if not program.inputs:
            raise FormatError("the module takes no tensor")
        self._program = program
        self._module_name = module_name
        self._dtype, self._notes = _arithmetic(program)
        self._do = Operations(self._dtype)
        self._memory = Memory(program.nodes, self._do)
        self._constants = ComputedConstants(program, self._dtype)
        self._kept = {storage(n) for n in program.nodes if program.stored_name(n) is not None}

    def network(self, notes: Sequence[str]) -> Network:
        """Return the network."""
        program = self._program
        shapes = [fixed_shape(n.meta["val"]) for n in program.inputs]
        tensors = self._do.inputs([s for s in shapes if s is not None])
        if len(tensors) != len(shapes):
            raise FormatError("the module's inputs have no fixed shapes")
        for node, tensor in zip(program.inputs, tensors, strict=True):
            self._memory.give(node, tensor)
        for node in program.nodes:
            name = program.stored_name(node)
            if name is not None:
                array = array_of_tensor(program.tensor(name), name, set())
                self._memory.give(node, constant(array, name))
            elif node.op == "call_function":
                self._run(node)
        outputs = [self._returned(n) for n in program.outputs]
        if not outputs:
            raise FormatError(f"{self._module_name} returns nothing")
        return self._do.build(
            outputs,
            input_names=[n.name for n in program.inputs],
            output_names=program.output_names if len(outputs) > 1 else (),
            notes=[*notes, *self._notes, *([] if depends(outputs) else [_CONSTANT])],
        )

    def _run(self, node: Any) -> None:
        """Give a call its value."""
        value: Any
        memory, name = self._memory, operation(node)
        if not hasattr(node.target, "_schema") and node.target is not operator.getitem:
            raise _unsupported(node, name)
        found = {n: self._read(n) for n in node.all_input_nodes}
        if node.target is operator.getitem:
            memory.give(node, found[node.args[0]][node.args[1]])
            return
        if depends(found.values()):
            self._constants.require_one_rounding(node, found.items())
        call, value = self._call(node, found), whole_result(node, found.values())
        if value is None:
            function = lookup(name)
            if function is None:
                raise _unsupported(node, name)
            value = function(call)
        if not writes(node):
            memory.give(node, value)
        elif storage(node.args[0]) in self._kept:
            raise call.unsupported(
                "it writes into a stored tensor: the module changes with every call",
                "a forward that keeps no state",
            )
        elif isinstance(value, Tensor | Constant):
            memory.write(node, value)
        else:
            raise call.unsupported("it writes something that is no number", "a new tensor")

    def _read(self, node: Any) -> Any:
        if node not in self._memory:
            raise FormatError(f"the graph reads {node.name!r} before it is made")
        return self._memory.read(node)

    def _call(self, node: Any, found: Mapping[Any, Any]) -> AtenCall:
        made = results(node)
        return AtenCall(
            place(node),
            operation(node),
            node.target,
            {name: _argument(given, found) for name, given in _given(node)},
            self._do,
            arithmetic_of(node),
            [fixed_shape(r) for r in made],
            getattr(made[0], "dtype", None) if made else None,
        )

    def _returned(self, node: Any) -> Value:
        found = self._read(node) if hasattr(node, "op") else None
        if isinstance(found, Unread):
            raise found.error
        if not isinstance(found, Tensor | Constant):
            raise FormatError(
                f"{self._module_name} returns something that is no tensor of real numbers; "
                "stop_before= names the call to stop before"
            )
        if isinstance(found, Constant) and node.op == "call_function":
            self._constants.require_one_rounding(node, [(node, found)])
        return found


def _arithmetic(program: Program) -> tuple[Dtype, list[str]]:
    """Return the coarsest arithmetic among the tensors that depend on the input, and notes."""
    for node in program.inputs:
        if str(node.meta["val"].dtype) not in _DTYPES:
            raise DomainError(
                f"input {node.name!r} is of {node.meta['val'].dtype}; float16, float32 and "
                "float64 are read; pass example_input= of floats"
            )
    nodes = set(program.nodes)
    seen = {str(n.meta["val"].dtype) for n in program.inputs}
    for node in program.depending():
        found = [k for k in map(str, kinds(node)) if k not in _WHOLE] if node in nodes else []
        strange = [k for k in found if k not in _DTYPES]
        if strange:
            raise UnsupportedLayerError(
                place(node), operation(node), f"it computes in {strange[0]}",
                "float16, float32 or float64 throughout: model.float()",
            )  # fmt: skip
        seen.update(found)
    coarsest = next(dtype for kind, dtype in _DTYPES.items() if kind in seen)
    return coarsest, [_CASTS] if len(seen) > 1 else []


def _unsupported(node: Any, name: str) -> UnsupportedLayerError:
    where = place(node)
    return UnsupportedLayerError(where, name, reason_against(name), advice_against(name, where))


def _given(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a call by their names, defaults filled in."""
    schema = getattr(node.target, "_schema", None)
    for k, argument in enumerate(() if schema is None else schema.arguments):
        if k < len(node.args):
            yield argument.name, node.args[k]
        else:
            default = argument.default_value if argument.has_default_value() else None
            yield argument.name, node.kwargs.get(argument.name, default)


def _argument(argument: Any, found: Mapping[Any, Any]) -> Any:
    if isinstance(argument, list | tuple):
        return [_argument(a, found) for a in argument]
    if hasattr(argument, "op") and hasattr(argument, "users"):
        return found[argument]
    return argument
