"""ONNX files."""

from __future__ import annotations

from typing import final

from tropnet.errors import FormatError
from tropnet.io.model_file import ModelFile
from tropnet.io.onnx_model import network_of
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.network import Network

#: The first byte of a serialised ModelProto: the tag of its first field, the IR version.
_FIRST_BYTE = b"\x08"


@final
class OnnxReader(FileReader):
    """Reads `.onnx` files, external data beside them included.

    Example:
        >>> from tropnet.io import load
        >>> load("examples:moons_a_permuted").architecture
        '2-8-8-1'
    """

    name = "ONNX"
    options = frozenset({"stop_before"})
    suffixes = frozenset({".onnx"})

    def recognise(self, file: ModelFile) -> None:
        """Accept what begins as a protobuf of this kind."""
        if not file.head.startswith(_FIRST_BYTE):
            raise Refusal("it does not begin as an ONNX protobuf does")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the file's graph.

        Raises:
            TropnetError: as `load` says.
        """
        from onnx import ModelProto

        model = ModelProto()
        content = source.content()
        try:
            model.ParseFromString(content)
        except Exception:  # protobuf's DecodeError, whichever implementation is at work
            raise FormatError(
                f"{source.path} is no ONNX protobuf; was it copied completely, and saved as ONNX?"
            ) from None
        if not model.HasField("graph"):
            raise FormatError(f"{source.path} holds no ONNX graph; was it copied completely?")
        return network_of(model, source.path.parent, options.stop_before)
