"""State dicts: the tensors of a checkpoint, as arrays that are no larger than what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tropnet.errors import DomainError, FormatError, UnsafeFileError
from tropnet.io.reader import bases
from tropnet.io.stored_tensor import StoredTensor, Unread

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

TENSOR: Final = "torch.Tensor"
BFLOAT16_NOTE: Final = (
    "tensors stored as bfloat16 are read exactly, and float32 is taken as the arithmetic"
)


def picked(content: Any, key: str | None, what: str) -> Mapping[str, Any]:
    """Return the state dict inside a checkpoint.

    Args:
        content: what the file holds.
        key: dotted path; keys that contain dots themselves are understood.
        what: how an error message calls the checkpoint.

    Raises:
        FormatError: no such path, or no tensors there; the text names the paths that have some.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.state_dict import picked
        >>> list(picked({"model": {"0.weight": np.eye(2)}}, "model", "the checkpoint"))
        ['0.weight']
    """
    found, rest = content, key or ""
    while rest:
        if not isinstance(found, Mapping):
            raise FormatError(f"{what} has nothing at key={key!r}{_hint(content)}")
        step = next((rest[:end] for end in _ends(rest) if rest[:end] in found), None)
        if step is None:
            raise FormatError(f"{what} has nothing at key={key!r}{_hint(content)}")
        found, rest = found[step], rest[len(step) + 1 :]
    if not isinstance(found, Mapping):
        raise FormatError(
            f"{what} holds a {type(found).__name__}, not a state dict; save model.state_dict()"
        )
    if not found:
        raise FormatError(f"{what} holds an empty state dict; was it saved before the model was?")
    if not any(_is_array(v) for v in found.values()):
        names = ", ".join(str(k) for k in list(found)[:6])
        raise FormatError(f"{what} holds no tensors but {names}{_hint(content)}")
    others = [(k, v) for k, v in found.items() if not _is_array(v)]
    if others:
        name, value = others[0]
        raise FormatError(
            f"{what}: {name!r} is a {type(value).__name__}, not a tensor{_hint(found)}"
        )
    return found


def _ends(text: str) -> list[int]:
    """Return where a key may end in a dotted path, the longest first."""
    return [len(text), *(k for k in range(len(text) - 1, 0, -1) if text[k] == ".")]


def _hint(content: Any) -> str:
    """Return the paths to state dicts inside a checkpoint, as advice."""
    paths: list[str] = []
    stack: list[tuple[tuple[str, ...], Any]] = [((), content)]
    while stack and len(paths) < 4:
        path, node = stack.pop()
        if not isinstance(node, Mapping) or len(path) > 4:
            continue
        if path and node and all(_is_array(v) for v in node.values()):
            paths.append(".".join(path))
        stack += [((*path, str(k)), v) for k, v in reversed(list(node.items()))]
    return f"; pass key={' or key='.join(map(repr, paths))}" if paths else ""


def _is_array(value: Any) -> bool:
    if isinstance(value, StoredTensor | Unread):
        return isinstance(value, StoredTensor) or value.is_tensor
    return TENSOR in bases(value) or "numpy.ndarray" in bases(value)


def array_of_tensor(tensor: Any, name: str, notes: set[str]) -> AnyArray:
    """Return a tensor as an array, without rounding and without unfolding tricks of strides.

    Args:
        tensor: a `torch.Tensor`.
        name: how an error message calls it.
        notes: receives a note where the arithmetic of the model is not the storage's.

    Raises:
        UnsafeFileError: the shape claims more values than are stored.
        DomainError: sparse, quantised, complex or placeless tensors.
    """
    import torch

    tensor = tensor.detach()
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise DomainError(f"{name!r} is no plain dense tensor; save dense float weights")
    stored = tensor.untyped_storage().nbytes() // max(tensor.element_size(), 1)
    if tensor.numel() > stored:
        raise UnsafeFileError(
            f"{name!r} has shape {tuple(tensor.shape)} over {stored} stored values; it was not "
            "unfolded; save contiguous tensors"
        )
    if tensor.dtype == torch.bfloat16:
        notes.add(BFLOAT16_NOTE)
        tensor = tensor.to(torch.float32)
    if tensor.dtype.is_complex:
        raise DomainError(f"{name!r} is complex; real weights are read")
    if tensor.dtype.is_floating_point and tensor.element_size() == 1:
        raise DomainError(f"{name!r} is stored as {tensor.dtype}; convert it to float16 first")
    array: AnyArray = tensor.cpu().resolve_neg().numpy()
    return array
