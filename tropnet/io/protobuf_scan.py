"""The parts of a protobuf file, counted before anybody makes objects of them."""

from __future__ import annotations

import io
from typing import Final, TypeAlias, final

from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io.model_file import ModelFile

#: Which fields of a message are messages themselves, and of which kind.
Messages: TypeAlias = dict[str, dict[int, str]]

#: Parts of one file; a node of a model has about twenty.
MOST_PARTS: Final = 2**20
#: Bytes that the parts may take beyond five times those of the file.
_HARMLESS_BYTES: Final = 2**26
_MOST_GROWTH: Final = 5
_MOST_DEPTH: Final = 50
_WINDOW: Final = 2**16
_LONGEST_HEAD: Final = 32

#: The messages of ONNX: those in which others lie.
ONNX: Final[Messages] = {
    "model": {7: "graph", 8: "leaf", 14: "leaf", 20: "training", 25: "function", 26: "leaf"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 14: "annotation",
              15: "sparse", 16: "leaf"},
    "node": {5: "attribute", 9: "leaf", 10: "leaf"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 14: "type", 15: "type",
                  22: "sparse", 23: "sparse"},
    "tensor": {3: "leaf", 13: "leaf", 16: "leaf"},
    "sparse": {1: "tensor", 2: "tensor"},
    "value": {2: "type", 4: "leaf"},
    "type": {1: "tensor type", 4: "type in type", 5: "type in type", 8: "tensor type",
             9: "type in type"},
    "tensor type": {2: "shape"},
    "type in type": {1: "type", 2: "type"},
    "shape": {1: "leaf"},
    "training": {1: "graph", 2: "graph", 3: "leaf", 4: "leaf"},
    "function": {7: "node", 9: "leaf", 11: "attribute", 12: "value", 14: "leaf"},
    "annotation": {2: "leaf"},
    "leaf": {},
}  # fmt: skip
#: Where many small numbers may lie in one part, each of which takes eight bytes.
_PACKED: Final = {"tensor": {1, 5, 7, 11}, "sparse": {3}, "attribute": {8}}
_BYTES_OF_A_MESSAGE: Final = 160
_BYTES_OF_A_PART: Final = 24
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5


def require_bearable(file: ModelFile, root: str = "model", messages: Messages = ONNX) -> None:
    """Refuse a protobuf file of which a parser would make far more than it has bytes.

    Only the heads of the parts are read, so that a file of two gigabytes costs little.

    Args:
        file: the file.
        root: the kind of message that the file is.
        messages: which fields are messages.

    Raises:
        FormatError: no protobuf.
        UnsafeFileError: too many parts, nested too deeply, or too much memory for them.

    Example:
        >>> from tropnet import examples
        >>> from tropnet.io.model_file import ModelFile
        >>> from tropnet.io.protobuf_scan import require_bearable
        >>> require_bearable(ModelFile.open(examples.path("moons_a_permuted")))
    """
    with file.stream() as stream:
        _Scan(stream, file, messages).run(root)


@final
class _Scan:
    """One pass over the heads of all parts."""

    def __init__(self, stream: io.FileIO, file: ModelFile, messages: Messages) -> None:
        self._stream, self._file, self._messages = stream, file, messages
        self._window, self._start = b"", 0
        self._position = 0

    def run(self, root: str) -> None:
        """Count the parts."""
        ends, kinds = [self._file.size], [root]
        parts, growth = 0, 0
        most = _HARMLESS_BYTES + _MOST_GROWTH * self._file.size
        while ends:
            if self._position == ends[-1]:
                ends.pop()
                kinds.pop()
                continue
            parts += 1
            number, wire = self._head()
            if wire == _LENGTH:
                size = self._varint()
                if size > ends[-1] - self._position:
                    raise self._broken()
                kind = self._messages[kinds[-1]].get(number)
                if kind is None:
                    packed = number in _PACKED.get(kinds[-1], ())
                    growth += _BYTES_OF_A_PART + (8 * size if packed else 0)
                    self._position += size
                else:
                    growth += _BYTES_OF_A_MESSAGE
                    ends.append(self._position + size)
                    kinds.append(kind)
            elif self._position > ends[-1]:
                raise self._broken()
            if parts > MOST_PARTS or growth > most or len(ends) > _MOST_DEPTH:
                raise self._excess(len(ends), growth)

    def _head(self) -> tuple[int, int]:
        """Return number and kind of the next field, and pass over it if it is a single number."""
        tag = self._varint()
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            self._varint()
        elif wire == _EIGHT:
            self._position += 8
        elif wire == _FOUR:
            self._position += 4
        elif wire != _LENGTH:
            raise self._broken()  # groups, which ONNX does not have
        if number == 0:
            raise self._broken()
        return number, wire

    def _varint(self) -> int:
        place = self._position - self._start
        if not 0 <= place <= len(self._window) - _LONGEST_HEAD:
            self._start, place = self._position, 0
            self._stream.seek(self._position)
            self._window = self._stream.read(_WINDOW)
        if place < len(self._window) and self._window[place] < 128:  # nearly always
            self._position += 1
            return self._window[place]
        value = shift = 0
        for byte in self._window[place : place + 10]:
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                self._position += shift // 7
                return value
        raise self._broken()

    def _broken(self) -> FormatError:
        return FormatError(
            f"{self._file.path} is no ONNX protobuf (it is broken at byte {self._position:,}); was "
            "it copied completely, and saved as ONNX?"
        )

    def _excess(self, depth: int, growth: int) -> UnsafeFileError:
        what = f"{growth:,} bytes of objects"
        if depth > _MOST_DEPTH:
            what = f"parts nested {depth} deep"
        elif growth <= _HARMLESS_BYTES + _MOST_GROWTH * self._file.size:
            what = f"more than {MOST_PARTS:,} parts"
        return UnsafeFileError(
            f"{self._file.path} would unfold to {what}, more than a model has; it was not read"
        )
