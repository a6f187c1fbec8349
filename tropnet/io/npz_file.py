"""NumPy archives of weights."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final, final

from tropnet.errors import FormatError, UnsafeFileError, UnsupportedLayerError
from tropnet.io.architecture import network_of_weights
from tropnet.io.model_file import ModelFile
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_ACTIVATIONS: Final = "activations"
_WORDS: Final = {"relu": "relu", "linear": "identity", "identity": "identity", "none": "identity"}


@final
class NpzReader(FileReader):
    """Reads `.npz` archives: `W0, b0, W1, …`, torch names or `kernel`s; never object arrays.

    Numbered matrices may be `(out, in)` or `(in, out)`: whichever chains; where both do (all are
    square), the file is refused. An array `activations` of words (`relu`, `linear`) is obeyed.

    Example:
        >>> import numpy as np, tempfile
        >>> from tropnet.io import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/f.npz", W1=np.ones((2, 3)), b1=np.zeros(3), W2=np.ones((3, 1)))
        ...     load(f"{folder}/f.npz").architecture
        '2-3-1'
    """

    name = "npz"
    options = frozenset({"architecture", "example_input"})

    def recognise(self, file: ModelFile) -> None:
        """Accept a zip archive of .npy members."""
        members = file.members
        if members is None:
            raise Refusal("it is no zip archive")
        if not members or not all(name.endswith(".npy") for name in members):
            raise Refusal("its members are not all .npy arrays")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the arrays.

        Raises:
            TropnetError: as `load` says.
        """
        arrays = read_arrays(source)
        words = arrays.pop(_ACTIVATIONS, None)
        activations = None if words is None else [_word(str(w)) for w in words.reshape(-1)]
        return network_of_weights(arrays, options, activations=activations)


def read_arrays(file: ModelFile) -> dict[str, AnyArray]:
    """Return the arrays of an archive, each header checked against the bytes behind it.

    Raises:
        UnsafeFileError: an object array, or a header that asks for more than there is.
        FormatError: a damaged member.
    """
    arrays = {}
    try:
        with zipfile.ZipFile(file.path) as archive:
            for info in archive.infolist():
                with archive.open(info) as stream:
                    arrays[info.filename.removesuffix(".npy")] = _array(stream, info)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, SyntaxError) as error:
        text = str(error).partition("\n")[0][:120]
        raise FormatError(f"{file.path} is a damaged npz archive: {text}") from None
    return arrays


def _array(stream: Any, info: zipfile.ZipInfo) -> AnyArray:
    import numpy as np
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in headers:
        raise FormatError(
            f"array {info.filename!r} has npy version {version}; 1.0 and 2.0 are read"
        )
    shape, fortran, dtype = headers[version](stream)
    if dtype.hasobject:
        raise UnsafeFileError(
            f"array {info.filename!r} holds Python objects, which can run code; not read; save "
            "plain arrays"
        )
    count = 1
    for d in shape:
        count *= int(d)
    if any(d < 0 for d in shape) or count * dtype.itemsize > info.file_size:
        raise UnsafeFileError(
            f"array {info.filename!r} announces shape {shape}, more than the {info.file_size} "
            "bytes that are stored; not read"
        )
    content = stream.read(count * dtype.itemsize)
    if len(content) != count * dtype.itemsize or stream.read(1):
        raise FormatError(f"array {info.filename!r} of shape {shape} does not fill its member")
    array = np.frombuffer(content, dtype=dtype, count=count)
    return array.reshape(shape, order="F" if fortran else "C")


def _word(text: str) -> str:
    """Return the activation that a text such as `relu` or `('Dense', 'relu')` names."""
    last = re.findall(r"[A-Za-z_]\w*", text)[-1:] or [text]
    word = last[0].lower()
    if word not in _WORDS:
        raise UnsupportedLayerError(
            _ACTIVATIONS, text, "it is not relu or linear", "a network of ReLU layers"
        )
    return _WORDS[word]
