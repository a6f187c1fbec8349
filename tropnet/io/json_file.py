"""Our own versioned JSON: writing whole files or nothing, and reading them strictly."""

from __future__ import annotations

import json
import os
from typing import Any, Final, final

from tropnet.errors import FormatError
from tropnet.io.model_file import ModelFile
from tropnet.io.rational_texts import require_room_for_rationals
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.io.strict_json import strict_json
from tropnet.io.whole_file import write_whole
from tropnet.network import Network
from tropnet.network.schema import SCHEMA, network_from_json

_SPACE: Final = b" \t\r\n"
#: Larger texts are no networks: one of ten million weights takes 200 MB.
_MOST_JSON: Final = 2**30


@final
class JsonReader(FileReader):
    """Reads the `.json` files that `save` writes of networks.

    Example:
        >>> import tempfile
        >>> from tropnet.io import load, save
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(load("examples:moons_b"), f"{folder}/b.json")
        ...     load(f"{folder}/b.json") == load("examples:moons_b")
        True
    """

    name = "tropnet JSON"

    def recognise(self, file: ModelFile) -> None:
        """Accept text that begins with a brace."""
        if not file.head.lstrip(_SPACE).startswith(b"{"):
            raise Refusal("it does not begin with {")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the file.

        Raises:
            FormatError: not our JSON, or not that of a network.
        """
        del options
        data = read_json(source)
        kind = data.get("schema")
        if kind != SCHEMA:
            advice = ""
            if str(kind).startswith("tropnet/tropical-"):
                advice = "; tropnet.load_map reads tropical maps"
            raise FormatError(
                f"{source.path} has the JSON schema {kind!r}, not {SCHEMA!r}; it holds no network"
                + advice
            )
        return network_from_json(data)


def read_json(file: ModelFile) -> dict[str, Any]:
    """Return the object of a JSON file, read strictly: no NaN, no key twice.

    Raises:
        FormatError: no such JSON.
        UnsafeFileError: it would take far more memory than the file has bytes.
        BudgetExceeded: so would its numbers.
    """
    data = strict_json(file.text(_MOST_JSON), str(file.path))
    require_room_for_rationals(data, str(file.path))
    return data


def write_json(data: dict[str, Any], path: str | os.PathLike[str]) -> None:
    r"""Write an object as JSON: the whole file, or nothing.

    Raises:
        FormatError: the folder is missing or cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from tropnet.io.json_file import write_json
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_json({"schema": "example"}, f"{folder}/x.json")
        ...     pathlib.Path(folder, "x.json").read_text()
        '{"schema": "example"}\n'
    """
    text = json.dumps(data, allow_nan=False, ensure_ascii=False)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # a name with half a surrogate pair
            text = json.dumps(data, allow_nan=False)
    write_whole(text.encode() + b"\n", path)
