"""What the nodes of an exported graph hold, where some write into tensors that others see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import FormatError
from tropnet.io.operations import Operations
from tropnet.io.tensor import Constant, Tensor
from tropnet.io.torch_operators import Unread

if TYPE_CHECKING:
    from tropnet.typing import IntArray


#: Operations that ATen marks as writing, though no entry changes.
_WITHOUT_EFFECT: Final = ("detach_", "requires_grad_")


@final
class Memory:
    """The values of nodes; a write changes every node that shares the storage written into.

    Of a storage that some node writes into, the entries are kept by their place in the storage, and
    each node of it sees those that its shape and strides name. Other nodes keep their values.

    Args:
        nodes: the nodes of the graph that will run.
        operations: what values are made of.
    """

    def __init__(self, nodes: Sequence[Any], operations: Operations) -> None:
        self._do = operations
        self._written = {storage(n.args[0]) for n in nodes if writes(n)} - {None}
        self._values: dict[Any, Any] = {}
        #: For each storage that is written into, the entries of its first node.
        self._held: dict[Any, Any] = {}
        #: For each place of such a storage, which of these entries lies there.
        self._order: dict[Any, IntArray] = {}

    def __contains__(self, node: Any) -> bool:
        """Tell whether a node has been given a value."""
        return node in self._values

    def read(self, node: Any) -> Any:
        """Return what a node holds now."""
        place = storage(node)
        held = self._held.get(place)
        if held is None or isinstance(held, Unread):
            return self._values[node] if held is None else held
        found, order = node.meta["val"], self._order[place]
        if isinstance(found, list | tuple):
            return [self._do.pick(held, order[_places(part)]) for part in found]
        return self._do.pick(held, order[_places(found)])

    def give(self, node: Any, value: Any) -> None:
        """Keep what a node returned that writes nothing."""
        self._values[node] = value
        place = storage(node)
        if place in self._written and place not in self._held:
            places = _places(node.meta["val"]).reshape(-1)
            order = np.full(places.max(initial=-1) + 1, -1)
            order[places] = np.arange(places.size)
            self._order[place] = order
            self._held[place] = self._flat(value, node)

    def write(self, node: Any, value: Tensor | Constant) -> None:
        """Put a value where a node's first argument lies.

        Raises:
            FormatError: its entries are not distinct, or not defined afterwards.
        """
        target = node.args[0]
        place = storage(target)
        self._values[node] = value
        held, seen = self._held[place], self._order[place][_places(target.meta["val"])].reshape(-1)
        if len(np.unique(seen)) < seen.size or tuple(value.shape) != _shape(target.meta["val"]):
            raise FormatError(f"{node.name!r} writes twice into one entry, or in another shape")
        size = int((self._order[place] >= 0).sum())
        if isinstance(held, Unread) and seen.size < size:
            raise held.error
        new = self._flat(value, node)
        choice = np.arange(size)
        if seen.size == size:
            choice[seen] = np.arange(size)
            self._held[place] = self._do.pick(new, choice)
        else:
            choice[seen] = size + np.arange(seen.size)
            both = self._do.concatenate([held, new], 0, node.name)
            self._held[place] = self._do.pick(both, choice)

    def _flat(self, value: Any, node: Any) -> Any:
        if isinstance(value, Tensor | Constant):
            return self._do.reshape(value, (-1,), node.name)
        if isinstance(value, Unread):
            return value
        raise FormatError(f"{node.name!r} is written into, and is no tensor of numbers")


def writes(node: Any) -> bool:
    """Tell whether a node writes into its first argument.

    Raises:
        FormatError: it writes into another one.
    """
    schema = getattr(node.target, "_schema", None)
    if (
        node.op != "call_function"
        or schema is None
        or schema.name.removeprefix("aten::") in _WITHOUT_EFFECT
    ):
        return False
    marks = [a.alias_info is not None and a.alias_info.is_write for a in schema.arguments]
    if any(marks[1:]):
        raise FormatError(f"{node.name!r} ({node.target}) writes into an argument but the first")
    return bool(marks) and marks[0]


def storage(node: Any) -> int | None:
    """Return what tells the storage of a node from others; None where it has none."""
    found = node.meta.get("val") if hasattr(node, "meta") else None
    if isinstance(found, list | tuple):
        found = found[0] if found else None
    if found is None or not hasattr(found, "untyped_storage"):
        return None
    return int(found.untyped_storage()._cdata)


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(d) for d in tensor.shape)


def _places(tensor: Any) -> IntArray:
    """Return where in its storage each entry of a tensor lies."""
    places = np.full((), int(tensor.storage_offset()), dtype=np.int64)
    for size, stride in zip(_shape(tensor), tensor.stride(), strict=True):
        places = places[..., None] + np.arange(size) * int(stride)
    return places
