"""What an exported program consists of: its inputs, the calls that count, names and places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, final

from tropnet.errors import FormatError
from tropnet.io.tensor import Shape
from tropnet.io.torch_memory import writes

#: Checks that an export leaves in its graph; they compute nothing.
_CHECKS: Final = ("_assert", "sym_constrain_range", "_guards_fn")


@final
class Program:
    """The graph of a `torch.export.ExportedProgram`, up to a stop.

    Args:
        exported: traced without decompositions, for one item.
        stop_before: name, module or operation of the call before which to stop.

    Attributes:
        inputs: the nodes of the tensors that a caller gives.
        outputs: the nodes returned, or constants.
        output_names: a name for each.
        nodes: what the outputs need, in order.

    Raises:
        FormatError: `stop_before` fits no call, or one that reads several tensors.
    """

    def __init__(self, exported: Any, stop_before: str | None) -> None:
        self._exported = exported
        self._stop_before = stop_before
        signature = exported.graph_signature
        nodes = list(exported.graph.nodes)
        self.inputs = [
            n for n in nodes
            if n.op == "placeholder" and n.name in signature.user_inputs
            and hasattr(n.meta.get("val"), "shape")
        ]  # fmt: skip
        self._stored = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self._calls = [n for n in nodes if n.op == "call_function"]
        returned = next(n for n in nodes if n.op == "output").args[0]
        found = list(returned) if isinstance(returned, list | tuple) else [returned]
        names = _output_names(exported.call_spec.out_spec, len(found))
        kept = [k for k, node in enumerate(found) if node is not None]
        self.outputs, self.output_names = [found[k] for k in kept], [names[k] for k in kept]
        if stop_before is not None:
            stop = self._stop()
            self.outputs, self.output_names = [self._before(stop)], ["output"]
            nodes = nodes[: nodes.index(stop)]
        self.nodes = self._needed(nodes)

    def stored_name(self, node: Any) -> str | None:
        """Return the name of the stored tensor that a node stands for; None for other nodes."""
        return self._stored.get(node.name) if node.op == "placeholder" else None

    def tensor(self, name: str) -> Any:
        """Return a stored tensor."""
        found = self._exported.state_dict.get(name)
        return self._exported.constants[name] if found is None else found

    def depending(self) -> list[Any]:
        """Return the nodes that depend on the inputs, the inputs included, in order."""
        reached = dict.fromkeys(self.inputs)
        for node in self._calls:
            if any(n in reached for n in node.all_input_nodes):
                reached[node] = None
        return list(reached)

    def _needed(self, nodes: Sequence[Any]) -> list[Any]:
        """Return the nodes that the outputs depend on, and those that write.

        A node that writes is kept with what it needs, as its target may be read by other names.
        """
        wanted = [n for n in self.outputs if hasattr(n, "all_input_nodes")]
        wanted += [n for n in nodes if writes(n)]
        seen = set()
        while wanted:
            node = wanted.pop()
            if node not in seen:
                seen.add(node)
                wanted += node.all_input_nodes
        return [n for n in nodes if n in seen and not is_check(n)]

    def _stop(self) -> Any:
        """Return the call to stop before."""
        word = str(self._stop_before)
        found = [n for n in self._calls if word == n.name or word in _paths(n)][:1] or [
            n for n in self._calls if operation(n).partition(".")[0].strip("_") == word.lower()
        ]
        if len(found) != 1:
            known = ", ".join(n.name for n in self._calls[-3:])
            raise FormatError(
                f"stop_before={word!r} fits {len(found)} calls; the last ones are {known}"
            )
        return found[0]

    def _before(self, stop: Any) -> Any:
        """Return the one node that a call reads and that depends on the input."""
        reached = set(self.depending())
        before = [n for n in dict.fromkeys(stop.all_input_nodes) if n in reached]
        if len(before) != 1:
            names = ", ".join(n.name for n in before) or "nothing"
            raise FormatError(
                f"stop_before={self._stop_before!r} reads {names} of what depends on the input; "
                "stop before a call that reads one tensor"
            )
        return before[0]


def place(node: Any) -> str:
    """Return the path of the innermost module that a call belongs to, or the node's own name."""
    return (_paths(node) or [str(node.name)])[-1]


def operation(node: Any) -> str:
    """Return ATen's name of a call, `linear.default`; else what torch calls it."""
    if not hasattr(node.target, "_schema"):
        return str(getattr(node.target, "__name__", node.target))
    return str(node.target).removeprefix("aten.")


def is_check(node: Any) -> bool:
    """Tell whether a node only checks what is true of an export."""
    return node.op == "call_function" and any(check in operation(node) for check in _CHECKS)


def results(node: Any) -> list[Any]:
    """Return what stands for the results of a node while torch traces it."""
    found = node.meta.get("val")
    return list(found) if isinstance(found, list | tuple) else [found]


def fixed_shape(result: Any) -> Shape | None:
    """Return the shape of a traced tensor; None where a length depends on values."""
    sizes = list(getattr(result, "shape", ()))
    fixed = [d for d in sizes if isinstance(d, int)]
    return tuple(fixed) if len(fixed) == len(sizes) else None


def kinds(node: Any) -> list[Any]:
    """Return torch's types of the results of a node."""
    return [r.dtype for r in results(node) if hasattr(r, "dtype")]


def arithmetic_of(node: Any) -> str:
    """Return the arithmetic of a call: that of its float result, else of its arguments.

    It is `int64` where neither is of floats.
    """
    import torch

    found = [k for k in kinds(node)[:1] if k.is_floating_point]
    if not found:
        given = [k for n in node.all_input_nodes for k in kinds(n) if k.is_floating_point]
        for kind in given:
            found = [torch.promote_types(kind, *found)] if found else [kind]
    return str(found[0]).removeprefix("torch.") if found else "int64"


def _paths(node: Any) -> list[str]:
    """Return the paths of the modules that a call belongs to, the innermost last."""
    stack = node.meta.get("nn_module_stack") or {}
    return [str(path).removeprefix("L['self'].") for path, _ in stack.values() if path]


def _output_names(spec: Any, count: int) -> list[str]:
    """Return a name for each output: the keys of dicts, numbers of other positions."""
    from torch.utils import _pytree

    tree = _pytree.tree_unflatten(list(range(count)), spec)
    names = []
    for path, _ in _pytree.tree_flatten_with_path(tree)[0]:
        keys = [getattr(step, "key", getattr(step, "idx", None)) for step in path]
        words = ".".join(str(key) for key in keys)
        names.append(words if any(isinstance(k, str) for k in keys) else f"output {words}".strip())
    return names
