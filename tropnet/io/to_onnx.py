"""`to_onnx`: networks into ONNX files that every runtime reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from tropnet.errors import BudgetExceeded
from tropnet.io.float_form import FloatDtype, kernel_of
from tropnet.io.in_floats import in_floats
from tropnet.io.load import load
from tropnet.io.onnx_export import onnx_model_of
from tropnet.io.whole_file import write_whole
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tropnet.network import Network

#: Protobuf ends at 2 GiB.
_MOST_BYTES: Final = 2**31 - 2**20


@final
@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What `to_onnx` wrote.

    Attributes:
        path: the file.
        dtype: the format of its weights, its input and its output.
        rounded: how many weights were no floats of the format and became the nearest ones; with
            none, the file denotes exactly the network's function.
        size: its bytes.
    """

    path: Path
    dtype: FloatDtype
    rounded: int
    size: int


def to_onnx(
    network: Any,
    path: str | os.PathLike[str],
    *,
    dtype: FloatDtype | None = None,
    rounded: bool = False,
) -> OnnxFile:
    """Write a network as an ONNX file.

    The graph has one input `input` of shape `(batch, n)`, and one output `output` of shape
    `(batch, m)`: several tensors of the model that the network came from are flattened and follow
    each other, as everywhere in tropnet; their names, and the network's notes, stand in the file's
    metadata. It is of ONNX's own operators, opset 17. Convolutions stay kernels and indices of
    patches, so that the file is about as large as the network in memory.

    The file denotes the very function of the network, or is not written. A weight that is no float,
    such as an average's 1/9, is written as a quotient of two floats, 0.0625 / 0.5625, which readers
    as exact as `load` read as 1/9, and runtimes round once.

    Args:
        network: a Network, or anything that `load` reads.
        path: where to; an existing file is replaced, and is whole or untouched at any time.
        dtype: the format of the weights, and so of the runtime's arithmetic. Left out, float32
            where every weight is exact in it, else float64.
        rounded: where a weight is neither a float of the format nor such a quotient, write the
            nearest float. The result and the notes of the network read back say how many were.

    Returns:
        The path, the format, the number of rounded weights and the size.

    Raises:
        DomainError: a weight is not exact in the format, and `rounded` is not set; or it is beyond
            the format.
        BudgetExceeded: more than the 2 GiB that an ONNX file holds.
        FormatError: a path that cannot be written.
        TropnetError: whatever `load` raises.

    Cost: linear in the stored weights.

    Example:
        >>> import tempfile, tropnet
        >>> f = tropnet.load("examples:moons_a")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = tropnet.to_onnx(f, f"{folder}/a.onnx")
        ...     tropnet.load(written.path) == f
        True
        >>> written.dtype, written.rounded
        ('float32', 0)
    """
    exact, used, count = in_floats(load(network), dtype, rounded=rounded)
    size = sum(_sizes(exact, 4 if used == "float32" else 8))
    if size > _MOST_BYTES:
        raise BudgetExceeded("bytes of an ONNX file", size, _MOST_BYTES, "a smaller network")
    content = onnx_model_of(exact, used).SerializeToString()
    return OnnxFile(write_whole(content, path), used, count, len(content))


def _sizes(network: Network, width: int) -> Iterator[int]:
    """Yield about the bytes that each stored array takes in the file."""
    for affine in network.affines:
        yield affine.size * width
        for _, weights in affine.terms:
            yield kernel_of(weights).entries.size * width
            if isinstance(weights, SharedLinear):
                share = weights.sharing
                yield 4 * (share.patches.size + 2 * share.n_pairs + len(share))
