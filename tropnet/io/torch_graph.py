"""Graphs that `torch.export` traced, read call by call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, final

from tropnet.errors import DomainError, FormatError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.state_dict import array_of_tensor
from tropnet.io.tensor import Tensor, Value, constant
from tropnet.io.torch_operators import AtenCall, lookup
from tropnet.io.unread_operations import reason_against
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.network.network import Dtype

_DTYPES: Final[dict[str, Dtype]] = {
    "torch.float16": "float16",
    "torch.float32": "float32",
    "torch.float64": "float64",
}
#: Checks that an export leaves in its graph; they compute nothing.
_CHECKS: Final = ("_assert", "sym_constrain_range", "_guards_fn")


def network_of_program(
    program: Any, stop_before: str | None, module_name: str, notes: Sequence[str] = ()
) -> Network:
    """Return the network of a `torch.export.ExportedProgram`.

    Raises:
        TropnetError: as `tropnet.load` says.
    """
    return _Program(program, stop_before, module_name).network(notes)


@final
class _Program:
    def __init__(self, program: Any, stop_before: str | None, module_name: str) -> None:
        self._program = program
        self._nodes = list(program.graph.nodes)
        self._stop_before = stop_before
        self._module_name = module_name
        signature = program.graph_signature
        self._user_inputs = set(signature.user_inputs)
        self._stored = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }

    def network(self, notes: Sequence[str]) -> Network:
        """Return the network."""
        placeholders = [n for n in self._nodes if n.op == "placeholder"]
        inputs = [n for n in placeholders if n.name in self._user_inputs]
        if not inputs:
            raise FormatError("the module takes no tensor")
        dtype = self._dtype(inputs)
        operations = Operations(dtype)
        shapes = [tuple(int(d) for d in n.meta["val"].shape) for n in inputs]
        values: dict[Any, Any] = dict(zip(inputs, operations.inputs(shapes), strict=True))
        for node in placeholders:
            if node.name in self._stored:
                values[node] = self._constant(self._stored[node.name])
        outputs = self._run(values, operations)
        return operations.build(
            outputs,
            input_names=[n.name for n in inputs],
            output_names=[f"output {k}" for k in range(len(outputs))] if len(outputs) > 1 else (),
            notes=notes,
        )

    def _dtype(self, inputs: Sequence[Any]) -> Dtype:
        names = {str(n.meta["val"].dtype) for n in inputs}
        if len(names) != 1 or not names <= _DTYPES.keys():
            raise DomainError(
                f"the module takes tensors of {sorted(names)}; one float dtype is read"
            )
        return _DTYPES[names.pop()]

    def _constant(self, name: str) -> Value:
        stored = self._program.state_dict.get(name)
        tensor = self._program.constants[name] if stored is None else stored
        return constant(array_of_tensor(tensor, name, set()), name)

    def _run(self, values: dict[Any, Any], operations: Operations) -> list[Value]:
        calls = [n for n in self._nodes if n.op == "call_function"]
        stop = self._stop(calls)
        for node in calls:
            name = str(node.target).removeprefix("aten.")
            if node is stop:
                before = next((a for a in node.args if a in values), None)
                if before is None:
                    raise FormatError(f"nothing comes before {self._stop_before!r}")
                return [values[before]]
            if any(check in name for check in _CHECKS):
                continue
            function = lookup(name)
            if function is None:
                raise self._unsupported(node, name)
            arguments = [self._argument(a, values) for a in node.args]
            keywords = {k: self._argument(a, values) for k, a in node.kwargs.items()}
            self._wrap_numbers(name, arguments)
            values[node] = function(
                AtenCall(self._place(node), name, arguments, keywords, operations)
            )
        last = next(n for n in self._nodes if n.op == "output")
        returned = _flat(last.args[0])
        found: list[Value] = [values[a] for a in returned if a in values]
        if not found or len(found) < len(returned):
            raise FormatError("the module returns something that is no tensor")
        return found

    def _argument(self, argument: Any, values: dict[Any, Any]) -> Any:
        if isinstance(argument, list | tuple):
            return [self._argument(a, values) for a in argument]
        if hasattr(argument, "op") and hasattr(argument, "users"):
            if argument not in values:
                raise FormatError(f"the graph reads {argument.name!r} before it is made")
            return values[argument]
        return argument

    def _wrap_numbers(self, name: str, arguments: list[Any]) -> None:
        """Turn Python numbers in sums into constants, rounded as torch rounds them."""
        if name.partition(".")[0] not in ("add", "add_", "sub", "sub_", "rsub"):
            return
        import numpy as np

        tensor = next((a for a in arguments if isinstance(a, Tensor)), None)
        for k, argument in enumerate(arguments[:2]):
            if isinstance(argument, int | float) and tensor is not None:
                # a scalar beside a tensor takes the tensor's arithmetic
                arguments[k] = constant(np.asarray(argument, dtype=self._scalar), "a number")

    @property
    def _scalar(self) -> str:
        inputs = [n for n in self._nodes if n.op == "placeholder" and n.name in self._user_inputs]
        return self._dtype(inputs)

    def _place(self, node: Any) -> str:
        """Return the path of the innermost module that a call belongs to."""
        stack = node.meta.get("nn_module_stack") or {}
        paths = [path for path, _ in stack.values() if path]
        return str(paths[-1] if paths else node.name).removeprefix("L['self'].")

    def _stop(self, calls: Sequence[Any]) -> Any:
        if self._stop_before is None:
            return None
        word = self._stop_before
        found = [n for n in calls if word in (n.name, self._place(n))][:1] or [
            n
            for n in calls
            if str(n.target).removeprefix("aten.").partition(".")[0] == word.lower()
        ]
        if len(found) != 1:
            known = ", ".join(n.name for n in calls[-3:])
            raise FormatError(
                f"stop_before={word!r} fits {len(found)} calls; the last ones are {known}"
            )
        return found[0]

    def _unsupported(self, node: Any, name: str) -> UnsupportedLayerError:
        why = reason_against(name)
        advice = "a model of dense layers and ReLU"
        if why != "it is not read yet":
            advice = f"stop_before={self._place(node)!r} reads what comes before it"
        return UnsupportedLayerError(self._place(node), name, why, advice)


def _flat(arguments: Any) -> list[Any]:
    if isinstance(arguments, list | tuple):
        return [leaf for a in arguments for leaf in _flat(a)]
    return [arguments]
