"""Tensors that a module computes from stored ones alone, held against what torch makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import UnsupportedLayerError
from tropnet.io.state_dict import array_of_tensor
from tropnet.io.tensor import MOST_VALUES, Constant, Tensor, constant, require_room, size_of
from tropnet.io.torch_memory import writes
from tropnet.io.torch_program import Program, fixed_shape, operation, place, results

if TYPE_CHECKING:
    from tropnet.network.network import Dtype

_WHY: Final = "it uses a tensor that the module computes from stored ones, rounding more than once"
_ADVICE: Final = (
    "a parameter or a buffer that holds the result; "
    "torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight') makes one"
)


@final
class ComputedConstants:
    """Checks constants where they meet values that depend on the input.

    The network holds them exactly, and bounds the roundings of its runtime as if each had been
    rounded once. That is so for a mask times a weight, and not for a weight over its norm.

    Args:
        program: the graph.
        dtype: the arithmetic of the model.
    """

    def __init__(self, program: Program, dtype: Dtype) -> None:
        self._program = program
        self._dtype = dtype
        self._known: dict[Any, Any] = {}
        self._checked: set[Any] = set()

    def require_one_rounding(self, node: Any, values: Iterable[tuple[Any, Any]]) -> None:
        """Refuse a call of a constant that torch rounds otherwise than to the nearest float.

        Args:
            node: the call.
            values: the nodes that it reads, each with its value.

        Raises:
            UnsupportedLayerError: there is one.
        """
        for read, value in values:
            computed = isinstance(value, Constant) and value.values.dtype == object
            if computed and read not in self._checked:
                self._checked.add(read)
                nearest = value.values.astype(np.float64).astype(self._dtype)
                found = self._computed(read)
                # what a clamp made constant depends on the input: then nothing may be rounded
                made = value.values if found is None else found.double().numpy()
                if not np.array_equal(made, nearest):
                    raise UnsupportedLayerError(place(node), operation(node), _WHY, _ADVICE)

    def _computed(self, node: Any) -> Any:
        """Return what torch computes at a node, None where it reads more than stored tensors."""
        import torch
        from torch.fx.node import map_arg

        wanted = [node]
        while wanted:
            first = wanted[-1]
            missing = [n for n in first.all_input_nodes if n not in self._known]
            name = self._program.stored_name(first)
            if missing:
                wanted += missing
                continue
            if name is not None:
                self._known[first] = self._program.tensor(name).detach()
            elif first.op != "call_function" or writes(first) or any(
                self._known[n] is None for n in first.all_input_nodes
            ):  # fmt: skip
                self._known[first] = None
            else:
                given = (first.args, dict(first.kwargs))
                args, kwargs = map_arg(given, self._known.__getitem__)
                with torch.no_grad():
                    self._known[first] = first.target(*args, **kwargs)
            wanted.pop()
        return self._known[node]


def whole_result(node: Any, values: Iterable[Any]) -> Constant | None:
    """Return the result of a call of stored whole numbers alone, which torch computes exactly.

    Args:
        node: the call.
        values: what the nodes that it reads hold.

    Returns:
        None where something is no stored whole number, or the results are no whole numbers.
    """
    import torch
    from torch.fx.node import map_arg

    held = dict(zip(node.all_input_nodes, values, strict=True))
    if not held or not all(isinstance(v, Constant) and v.is_integer for v in held.values()):
        return None
    found = results(node)
    shape = fixed_shape(found[0])
    if len(found) != 1 or getattr(found[0], "dtype", torch.float32).is_floating_point:
        return None
    if shape is None or writes(node) or torch.Tag.nondeterministic_seeded in node.target.tags:
        return None
    require_room(size_of(shape), f"the result of {place(node)}", MOST_VALUES)
    tensors = {n: torch.from_numpy(np.array(v.values)) for n, v in held.items()}
    args, kwargs = map_arg((node.args, dict(node.kwargs)), tensors.__getitem__)
    result = node.target(*args, **kwargs)
    return constant(array_of_tensor(result, node.name, set()), node.name)


def depends(values: Iterable[Any]) -> bool:
    """Tell whether one of some values depends on the network's input."""
    return any(
        depends(value) if isinstance(value, list | tuple) else isinstance(value, Tensor)
        for value in values
    )
