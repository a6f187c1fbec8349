"""ONNX files."""

from __future__ import annotations

from typing import final

from tropnet.errors import FormatError
from tropnet.io.model_file import ModelFile
from tropnet.io.onnx_model import network_of
from tropnet.io.onnx_room import require_bearable_graph
from tropnet.io.protobuf_scan import require_bearable
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.io.tensor import room_of_file
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

        require_bearable(source)
        model = ModelProto()
        try:
            model.ParseFromString(source.content())
        except Exception:  # protobuf's DecodeError, whichever implementation is at work
            raise FormatError(
                f"{source.path} is no ONNX protobuf; was it copied completely, and saved as ONNX?"
            ) from None
        if not model.HasField("graph"):
            raise FormatError(f"{source.path} holds no ONNX graph; was it copied completely?")
        folder = source.path.parent
        outside = require_bearable_graph(model.graph, folder)
        with room_of_file(source.size + outside):
            return network_of(model, folder, options.stop_before)
