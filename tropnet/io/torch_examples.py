"""Example inputs of live modules: those that a caller gives, or a guess from the first layer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from tropnet.errors import FormatError, ShapeError

#: What a first layer takes, where its name tells.
_SHAPES: Final = {"1d": "length", "2d": "height, width", "3d": "depth, height, width"}


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """The arguments of one call of a module's forward, of a batch of one item.

    Attributes:
        args: those given by position.
        kwargs: those given by name.

    Example:
        >>> import torch
        >>> from tropnet.io.torch_examples import Examples
        >>> Examples.of(torch.zeros(7, 3), torch.float32).tensors[0].shape
        torch.Size([1, 3])
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @staticmethod
    def of(given: Any, dtype: Any) -> Examples:
        """Return the examples that a caller gave.

        Args:
            given: a tensor or an array, a tuple or list of the arguments, or a dict of named ones;
                of a batch the first item counts. Numbers, strings and None are passed on.
            dtype: of the floats; None: as they are.

        Raises:
            FormatError: something that holds no tensor.
        """
        if isinstance(given, Mapping):
            found = Examples((), {str(k): _prepared(v, dtype) for k, v in given.items()})
        else:
            parts = given if isinstance(given, tuple | list) else (given,)
            found = Examples(tuple(_prepared(part, dtype) for part in parts), {})
        if not found.tensors:
            raise FormatError(
                f"example_input is a {type(given).__name__} without tensors; give a tensor with a "
                "batch of one, a tuple of the arguments, or a dict of named ones"
            )
        return found

    @property
    def tensors(self) -> list[Any]:
        """All tensors, in the order in which a network concatenates its inputs."""
        from torch import Tensor
        from torch.utils import _pytree

        leaves = _pytree.tree_leaves((self.args, self.kwargs))
        return [leaf for leaf in leaves if isinstance(leaf, Tensor)]

    def replaced(self, tensors: Sequence[Any]) -> Examples:
        """Return the same arguments with other tensors."""
        from torch import Tensor
        from torch.utils import _pytree

        rest = iter(tensors)
        args, kwargs = _pytree.tree_map(
            lambda leaf: next(rest) if isinstance(leaf, Tensor) else leaf, (self.args, self.kwargs)
        )
        return Examples(args, kwargs)


def guessed_examples(module: Any, dtype: Any) -> Examples:
    """Return one row for the first Linear layer, as the only input.

    Raises:
        ShapeError: the module begins with something else, or takes rows of two widths.
    """
    import torch

    # a parametrized Linear has children that make its weights
    weighted = [
        m for m in module.modules()
        if isinstance(m, torch.nn.Linear)
        or (not any(True for _ in m.children()) and any(True for _ in m.parameters()))
    ]  # fmt: skip
    if not weighted or not isinstance(weighted[0], torch.nn.Linear):
        raise _unknown(module, weighted)
    # layers need not be registered in the order of their use: which width does forward take?
    widths = dict.fromkeys(m.in_features for m in weighted if isinstance(m, torch.nn.Linear))
    rows = [torch.zeros(1, width, dtype=dtype) for width in widths]
    taken = [row for row in rows if len(rows) == 1 or _takes(module, row)]
    if len(taken) > 1:
        raise ShapeError(
            f"{type(module).__name__} takes inputs of "
            f"{' and of '.join(str(len(t[0])) for t in taken)} values; pass example_input="
        )
    return Examples(((taken or rows)[0],), {})


def _unknown(module: Any, weighted: Sequence[Any]) -> ShapeError:
    kind = type(weighted[0]).__name__ if weighted else ""
    shape = _SHAPES.get(kind[-2:].lower())
    channels = getattr(weighted[0], "in_channels", getattr(weighted[0], "num_features", None)) if (
        weighted
    ) else None  # fmt: skip
    example = "a tensor with a batch of one"
    if shape is not None and channels is not None:
        example = f"such as torch.zeros(1, {channels}, {shape})"
    return ShapeError(
        f"{type(module).__name__} begins with {f'a {kind}' if kind else 'no layer with weights'}, "
        f"so its input shape is unknown; pass example_input=, {example}"
    )


def _prepared(part: Any, dtype: Any) -> Any:
    """Return an argument with its tensors on the CPU, of a batch of one and all distinct."""
    import numpy as np
    import torch

    if part is None or isinstance(part, bool | int | float | str):
        return part
    if isinstance(part, Mapping):
        return {k: _prepared(v, dtype) for k, v in part.items()}
    if isinstance(part, tuple | list) and any(
        isinstance(p, torch.Tensor | np.ndarray | Mapping) for p in part
    ):
        return type(part)(_prepared(p, dtype) for p in part)
    tensor = torch.as_tensor(part).detach().cpu()
    if dtype is not None or not tensor.is_floating_point():
        tensor = tensor.to(dtype or torch.get_default_dtype())
    # torch.export takes two inputs that are one tensor for one input
    return (tensor[:1] if tensor.dim() > 1 else tensor).clone()


def _takes(module: Any, row: Any) -> bool:
    """Tell whether a module's forward runs on an input."""
    import torch

    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module(row)
    except Exception:  # whatever a forward raises, it does not take this row
        return False
    return True
