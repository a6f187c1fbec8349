"""safetensors files of weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, cast, final

import numpy as np

from tropnet.errors import DomainError, FormatError
from tropnet.io.architecture import network_of_weights
from tropnet.io.model_file import ModelFile
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.io.state_dict import BFLOAT16_NOTE
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_DTYPES: Final = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}
#: The format's own limit of its header.
_MOST_HEADER: Final = 100_000_000


@final
class SafetensorsReader(FileReader):
    """Reads `.safetensors` files of float16, bfloat16, float32 or float64 weights.

    Example:
        >>> import numpy as np, tempfile
        >>> from safetensors.numpy import save_file
        >>> from tropnet.io import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_file({"0.weight": np.ones((2, 3), np.float32)}, f"{folder}/f.safetensors")
        ...     load(f"{folder}/f.safetensors").dtype
        'float32'
    """

    name = "safetensors"
    options = frozenset({"architecture", "example_input"})
    suffixes = frozenset({".safetensors"})

    def recognise(self, file: ModelFile) -> None:
        """Accept a length of eight bytes with a JSON object behind it."""
        length = int.from_bytes(file.head[:8], "little")
        if not (file.head[8:9] == b"{" and length <= min(file.size - 8, _MOST_HEADER)):
            raise Refusal("it does not begin with the length of a JSON header")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the tensors.

        Raises:
            TropnetError: as `load` says.
        """
        import safetensors

        content, parse = source.content(), cast(Any, safetensors.deserialize)
        try:
            stored = parse(content)
        except safetensors.SafetensorError as error:
            raise FormatError(f"{source.path} is no sound safetensors file: {error}") from None
        arrays: dict[str, AnyArray] = {}
        narrow = any(entry["dtype"] == "BF16" for _, entry in stored)
        for name, entry in stored:
            arrays[name] = _array(name, entry)
        notes = [BFLOAT16_NOTE] if narrow else []
        return network_of_weights(arrays, options, notes=notes)


def _array(name: str, entry: dict[str, Any]) -> AnyArray:
    kind, shape = entry["dtype"], [int(d) for d in entry["shape"]]
    if kind not in _DTYPES:
        raise DomainError(f"tensor {name!r} is stored as {kind}; F16, BF16, F32 and F64 are read")
    array: Any = np.frombuffer(entry["data"], dtype=_DTYPES[kind])
    if array.size != math.prod(shape):
        raise FormatError(f"tensor {name!r} of shape {shape} holds {array.size} numbers")
    if kind == "BF16":  # bfloat16 is the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return np.asarray(array.reshape(shape))
