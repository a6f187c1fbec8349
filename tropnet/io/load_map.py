"""`load_map`: tropical maps back from the files that `save` writes."""

from __future__ import annotations

import os
import re
from typing import Final

from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational, from_json
from tropnet.errors import FormatError
from tropnet.io.json_file import read_json
from tropnet.io.model_file import ModelFile
from tropnet.io.one_line import one_line_errors
from tropnet.io.tensor import require_room

_MOST_INPUTS: Final = 2**20
#: How the files of tropical objects begin.
_BEGINNING: Final = re.compile(rb'\s*\{\s*"schema"\s*:\s*"tropnet/tropical-')


def holds_map(source: str | os.PathLike[str]) -> bool:
    """Tell from its first bytes whether a file is one that `save` wrote of a tropical object.

    Raises:
        FormatError: there is no such file.
    """
    return _BEGINNING.match(ModelFile.open(source).head) is not None


@one_line_errors()
def load_map(source: str | os.PathLike[str]) -> TropicalMap:
    """Read a tropical map from a JSON file that `save` wrote.

    Args:
        source: the path; a saved polynomial or quotient becomes a map of one output.

    Raises:
        FormatError: no such file, not our JSON, or no tropical object in it.
        UnsafeFileError: it would take far more memory than the file has bytes.
        BudgetExceeded: so would its numbers, or it has more inputs than are bearable.

    Example:
        >>> import tempfile
        >>> from tropnet.algebra import TropicalMap
        >>> from tropnet.io import load_map, save
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(TropicalMap.identity(2), f"{folder}/f.json")
        ...     load_map(f"{folder}/f.json") == TropicalMap.identity(2)
        True
    """
    file = ModelFile.open(source)
    data = read_json(file)
    kind = str(data.get("schema"))
    if not kind.startswith("tropnet/tropical-"):
        raise FormatError(
            f"{file.path} has the JSON schema {kind!r}; it holds no tropical map; tropnet.load "
            "reads networks"
        )
    inputs = data.get("n")
    if isinstance(inputs, int):
        require_room(inputs, "the inputs", _MOST_INPUTS)
    value = from_json(data)
    if isinstance(value, TropicalMap):
        return value
    if isinstance(value, TropicalPolynomial):
        value = TropicalRational(value)
    return TropicalMap([value])
