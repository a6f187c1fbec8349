"""Graphs that `torch.export` traced, read call by call."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, final

from tropnet.errors import DomainError, FormatError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.state_dict import array_of_tensor
from tropnet.io.tensor import Constant, Shape, Tensor, Value, constant
from tropnet.io.torch_memory import Memory, storage, writes
from tropnet.io.torch_operators import AtenCall, Unread, lookup
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
#: Checks that an export leaves in its graph; they compute nothing.
_CHECKS: Final = ("_assert", "sym_constrain_range", "_guards_fn")
_CASTS: Final = "casts between float types are read as the identity over the reals"


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
    return _Program(program, stop_before, module_name).network(notes)


def run_before(program: Any, stop_before: str, tensors: Sequence[Any]) -> Any:
    """Return what torch itself computes before a call.

    Args:
        program: a `torch.export.ExportedProgram`.
        stop_before: name, module or operation of the call.
        tensors: the inputs.

    Raises:
        FormatError: no such call.
    """
    from torch.fx.node import map_arg

    read = _Program(program, stop_before, "")
    known: dict[Any, Any] = dict(zip(read.inputs, tensors, strict=True))
    for node in read.nodes:
        if node.op == "placeholder" and node not in known:
            known[node] = read.tensor(node)
        elif node.op == "call_function":
            args, kwargs = map_arg((node.args, dict(node.kwargs)), known.__getitem__)
            known[node] = node.target(*args, **kwargs)
    return known[read.outputs[0]]


@final
class _Program:
    def __init__(self, program: Any, stop_before: str | None, module_name: str) -> None:
        self._program = program
        self._stop_before = stop_before
        self._module_name = module_name
        signature = program.graph_signature
        nodes = list(program.graph.nodes)
        placeholders = [n for n in nodes if n.op == "placeholder"]
        self.inputs = [
            n for n in placeholders
            if n.name in signature.user_inputs and hasattr(n.meta.get("val"), "shape")
        ]  # fmt: skip
        self._stored = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self._calls = [n for n in nodes if n.op == "call_function"]
        returned = next(n for n in nodes if n.op == "output").args[0]
        self.outputs = list(returned) if isinstance(returned, list | tuple) else [returned]
        self._names = _names(program.call_spec.out_spec, len(self.outputs))
        if stop_before is not None:
            self.outputs, self._names = [self._before(self._stop())], ["output"]
        self.nodes = self._needed(nodes)
        self._kept = {storage(n) for n in placeholders if n.name in self._stored}

    def network(self, notes: Sequence[str]) -> Network:
        """Return the network."""
        if not self.inputs:
            raise FormatError("the module takes no tensor")
        dtype, own = self._arithmetic()
        operations = Operations(dtype)
        memory = Memory(self.nodes, operations)
        shapes = [_shape(n.meta["val"]) for n in self.inputs]
        if None in shapes:
            raise FormatError("the module's inputs have no fixed shapes")
        tensors = operations.inputs([s for s in shapes if s is not None])
        for node, tensor in zip(self.inputs, tensors, strict=True):
            memory.give(node, tensor)
        for node in self.nodes:
            if node.op == "call_function":
                self._run(node, memory, operations)
            elif node.op == "placeholder" and node.name in self._stored:
                name = self._stored[node.name]
                array = array_of_tensor(self.tensor(node), name, set())
                memory.give(node, constant(array, name))
        outputs = [self._returned(n, memory) for n in self.outputs]
        own += [] if any(isinstance(v, Tensor) for v in outputs) else [
            "the outputs are constants: they do not depend on the inputs"
        ]  # fmt: skip
        return operations.build(
            outputs,
            input_names=[n.name for n in self.inputs],
            output_names=self._names if len(outputs) > 1 else (),
            notes=[*notes, *own],
        )

    # ---- the graph ----------------------------------------------------------------------------

    def _needed(self, nodes: Sequence[Any]) -> list[Any]:
        """Return the nodes that the outputs depend on, and those that write before they are read.

        A node that writes is kept with what it needs, as its target may be read by other names.
        """
        if self._stop_before is not None:
            nodes = nodes[: nodes.index(self._stop())]
        wanted = [n for n in self.outputs if hasattr(n, "all_input_nodes")]
        wanted += [n for n in nodes if writes(n)]
        seen = set()
        while wanted:
            node = wanted.pop()
            if node not in seen:
                seen.add(node)
                wanted += node.all_input_nodes
        return [n for n in nodes if n in seen]

    def _arithmetic(self) -> tuple[Dtype, list[str]]:
        """Return the coarsest arithmetic among the tensors that depend on the input, and notes."""
        for node in self.inputs:
            if str(node.meta["val"].dtype) not in _DTYPES:
                raise DomainError(
                    f"input {node.name!r} is of {node.meta['val'].dtype}; float16, float32 and "
                    "float64 are read; pass example_input= of floats"
                )
        reached = set(self.inputs)
        kinds = {str(n.meta["val"].dtype) for n in self.inputs}
        for node in self.nodes:
            if node in reached or reached.intersection(node.all_input_nodes):
                reached.add(node)
                found = [
                    k for k in map(str, _kinds(node)) if k not in ("torch.bool", "torch.int64")
                ]
                strange = [k for k in found if k not in _DTYPES]
                if strange and not self._is_check(node):
                    raise UnsupportedLayerError(
                        self._place(node), _name(node), f"it computes in {strange[0]}",
                        "float16, float32 or float64 throughout: model.float()",
                    )  # fmt: skip
                kinds |= {k for k in found if k in _DTYPES}
        coarsest = next(dtype for kind, dtype in _DTYPES.items() if kind in kinds)
        return coarsest, [_CASTS] if len(kinds) > 1 else []

    def tensor(self, node: Any) -> Any:
        """Return the stored tensor that a placeholder stands for."""
        name = self._stored[node.name]
        found = self._program.state_dict.get(name)
        return self._program.constants[name] if found is None else found

    def _run(self, node: Any, memory: Memory, operations: Operations) -> None:
        """Give a call its value."""
        if self._is_check(node):
            return
        if node.target is operator.getitem:
            memory.give(node, memory.read(node.args[0])[node.args[1]])
            return
        name = _name(node)
        function = lookup(name)
        if function is None:
            raise self._unsupported(node, name)
        results = _results(node)
        call = AtenCall(
            self._place(node),
            name,
            node.target,
            {k: _argument(a, memory) for k, a in _given(node)},
            operations,
            _dtype(node),
            [_shape(r) for r in results],
            getattr(results[0], "dtype", None) if results else None,
        )
        value: Any = function(call)
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

    def _is_check(self, node: Any) -> bool:
        return any(check in _name(node) for check in _CHECKS)

    def _returned(self, node: Any, memory: Memory) -> Value:
        found = memory.read(node) if hasattr(node, "op") and node in memory else None
        if isinstance(found, Unread):
            raise found.error
        if not isinstance(found, Tensor | Constant):
            raise FormatError(
                f"{self._module_name} returns something that is no tensor of real numbers; "
                "stop_before= names the call to stop before"
            )
        return found

    # ---- places and names ---------------------------------------------------------------------

    def _paths(self, node: Any) -> list[str]:
        """Return the paths of the modules that a call belongs to, the innermost last."""
        stack = node.meta.get("nn_module_stack") or {}
        return [str(path).removeprefix("L['self'].") for path, _ in stack.values() if path]

    def _place(self, node: Any) -> str:
        """Return the path of the innermost module that a call belongs to."""
        return (self._paths(node) or [str(node.name)])[-1]

    def _stop(self) -> Any:
        """Return the call to stop before."""
        word = str(self._stop_before)
        found = [n for n in self._calls if word == n.name or word in self._paths(n)][:1] or [
            n for n in self._calls if _name(n).partition(".")[0].strip("_") == word.lower()
        ]
        if len(found) != 1:
            known = ", ".join(n.name for n in self._calls[-3:])
            raise FormatError(
                f"stop_before={word!r} fits {len(found)} calls; the last ones are {known}"
            )
        return found[0]

    def _before(self, stop: Any) -> Any:
        """Return the one node that a call reads and that depends on the input."""
        reached = set(self.inputs)
        for node in self._calls:
            if reached.intersection(node.all_input_nodes):
                reached.add(node)
        before = [n for n in dict.fromkeys(stop.all_input_nodes) if n in reached]
        if len(before) != 1:
            names = ", ".join(n.name for n in before) or "nothing"
            raise FormatError(
                f"stop_before={self._stop_before!r} reads {names} of what depends on the input; "
                "stop before a call that reads one tensor"
            )
        return before[0]

    def _unsupported(self, node: Any, name: str) -> UnsupportedLayerError:
        place = self._place(node)
        return UnsupportedLayerError(place, name, reason_against(name), advice_against(name, place))


def _names(spec: Any, count: int) -> list[str]:
    """Return a name for each output: the keys of dicts, numbers of other positions."""
    from torch.utils import _pytree

    tree = _pytree.tree_unflatten(list(range(count)), spec)
    paths = [path for path, _ in _pytree.tree_flatten_with_path(tree)[0]]
    names = []
    for path in paths:
        keys = [
            getattr(step, "key", getattr(step, "idx", getattr(step, "name", ""))) for step in path
        ]
        words = ".".join(str(key) for key in keys)
        names.append(words if any(isinstance(k, str) for k in keys) else f"output {words}".strip())
    return names


def _name(node: Any) -> str:
    """Return ATen's name of a call, `linear.default`; else what torch calls it."""
    if not hasattr(node.target, "_schema"):
        return str(getattr(node.target, "__name__", node.target))
    return str(node.target).removeprefix("aten.")


def _given(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a call by their names, defaults filled in."""
    for k, argument in enumerate(node.target._schema.arguments):
        if k < len(node.args):
            yield argument.name, node.args[k]
        else:
            default = argument.default_value if argument.has_default_value() else None
            yield argument.name, node.kwargs.get(argument.name, default)


def _argument(argument: Any, memory: Memory) -> Any:
    if isinstance(argument, list | tuple):
        return [_argument(a, memory) for a in argument]
    if hasattr(argument, "op") and hasattr(argument, "users"):
        if argument not in memory:
            raise FormatError(f"the graph reads {argument.name!r} before it is made")
        return memory.read(argument)
    return argument


def _results(node: Any) -> list[Any]:
    found = node.meta.get("val")
    return list(found) if isinstance(found, list | tuple) else [found]


def _shape(result: Any) -> Shape | None:
    """Return the shape of a traced tensor; None where a length depends on values."""
    sizes = list(getattr(result, "shape", ()))
    fixed = [d for d in sizes if isinstance(d, int)]
    return tuple(fixed) if len(fixed) == len(sizes) else None


def _kinds(node: Any) -> list[Any]:
    return [r.dtype for r in _results(node) if hasattr(r, "dtype")]


def _dtype(node: Any) -> str:
    """Return the arithmetic of a call: that of its float result, else of its arguments."""
    import torch

    found = [k for k in _kinds(node)[:1] if k.is_floating_point]
    if not found:
        kinds = [k for n in node.all_input_nodes for k in _kinds(n) if k.is_floating_point]
        for kind in kinds:
            found = [torch.promote_types(kind, *found)] if found else [kind]
    return str(found[0]).removeprefix("torch.") if found else "float64"
