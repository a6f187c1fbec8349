"""Graphs of ONNX while they are drawn: their nodes, their tensors, and values to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import numpy as np
from onnx import helper, numpy_helper

KINDS: Final = {"float16": 10, "float32": 1, "float64": 11}
BITS: Final = {"float16": 10, "float32": 23, "float64": 52}
LAST: Final = 2**63 - 1
#: Most entries of one value.
MOST: Final = 96


@dataclass(frozen=True)
class Entry:
    """A value of the graph: its name, its shape, and how many bits it may need at integers."""

    name: str
    shape: tuple[int, ...]
    sample: Any
    bits: float

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


class MisfitError(Exception):
    """An operator that does not fit what it was drawn for; another one is drawn."""


@dataclass
class Draft:
    """A graph while it grows.

    Args:
        rng: what decides.
        opset: the version of the operator set.
        dtype: the element type of its inputs and weights.
        wild: whether weights have all bits, instead of few.
    """

    rng: Random
    opset: int
    dtype: str
    wild: bool
    nodes: list[Any] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    pool: list[Entry] = field(default_factory=list)
    names: int = 0

    # ---- parts --------------------------------------------------------------------------------

    def name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def keep(self, array: Any) -> str:
        """Store a tensor, as an initializer or as a Constant node."""
        name = self.name()
        if self.rng.random() < 0.2:
            tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        else:
            self.stored[name] = np.asarray(array)
        return name

    def ints(self, *values: int, dtype: Any = np.int64) -> str:
        return self.keep(np.array(values, dtype=dtype))

    def numbers(self, *shape: int) -> Any:
        """Return weights: multiples of 1/4 up to 2 with zeros, or any."""
        seeded = np.random.default_rng(self.rng.getrandbits(32))
        if self.wild:
            return seeded.standard_normal(shape).astype(self.dtype)
        return (seeded.integers(-8, 9, shape) / 4).astype(self.dtype)

    def weights(self, *shape: int) -> str:
        return self.keep(self.numbers(*shape))

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        names = [self.name() for _ in range(outputs)]
        given = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(
            helper.make_node(op, list(inputs), names, name=f"{op}_{names[0]}", **given)
        )
        return names[0]

    def pick(self, rank: Callable[[int], bool] = lambda r: True) -> Entry:
        fitting = [e for e in self.pool if rank(len(e.shape))]
        if not fitting:
            raise MisfitError
        late = fitting[-3:] if self.rng.random() < 0.6 else fitting
        return self.rng.choice(late)

    def axis(self, rank: int) -> int:
        return self.rng.randrange(-rank, rank)

    def axes(self, rank: int) -> list[int]:
        count = self.rng.randint(1, rank)
        return [a - rank * (self.rng.random() < 0.3) for a in self.rng.sample(range(rank), count)]

    def listed(self, op: str, x: str, since: int, **lists: Any) -> str:
        """Make a node whose lists are attributes before an operator set, and inputs from it on."""
        if self.opset < since:
            return self.node(op, x, **lists)
        return self.node(op, x, *(self.ints(*v) if v is not None else "" for v in lists.values()))

    def model(self, outputs: Sequence[str]) -> Any:
        """Return the model with these outputs, its nodes, and its tensors."""
        kind = KINDS[self.dtype]
        given = [helper.make_tensor_value_info(k, kind, v) for k, v in self.inputs.items()]
        made = [helper.make_tensor_value_info(name, kind, None) for name in outputs]
        tensors = [numpy_helper.from_array(a, name) for name, a in self.stored.items()]
        graph = helper.make_graph(self.nodes, "random", given, made, tensors)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8
        )


#: The name of a new value, and the bits that it may need beyond those of its inputs.
Made = tuple[str, float]
#: More bits than any arithmetic has: of what is rounded.
NEVER: Final = 1e6
