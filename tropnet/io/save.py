"""`save`: networks and maps into versioned JSON files."""

from __future__ import annotations

import os
from typing import Any, Protocol, runtime_checkable

from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational, to_json
from tropnet.errors import FormatError
from tropnet.io.json_file import write_json
from tropnet.network import Network
from tropnet.network.schema import network_to_json


@runtime_checkable
class Savable(Protocol):
    """Anything that can turn itself into JSON with a `schema` and a `version`."""

    def to_json(self) -> dict[str, Any]:
        """Return the object as plain data."""


def save(obj: Any, path: str | os.PathLike[str]) -> None:
    """Write an object to a versioned JSON file that holds its exact numbers.

    The file is written whole or not at all.

    Args:
        obj: a Network; a TropicalMap, TropicalRational or TropicalPolynomial, which
            `load_map` reads back; or an object with `to_json()`.
        path: where to; an existing file is replaced.

    Raises:
        FormatError: an object of another kind, or a path that cannot be written.

    Example:
        >>> import tempfile
        >>> from tropnet.io import load, save
        >>> f = load("examples:moons_a")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(f, f"{folder}/a.json")
        ...     load(f"{folder}/a.json").sha256 == f.sha256
        True
    """
    if isinstance(obj, TropicalMap | TropicalRational | TropicalPolynomial):
        write_json(to_json(obj), path)
        return
    if isinstance(obj, Network):
        data: Any = network_to_json(obj)
    elif isinstance(obj, Savable) and not isinstance(obj, type):
        data = obj.to_json()
    else:
        raise FormatError(
            f"an object of type {type(obj).__name__} cannot be saved; networks and maps can"
        )
    if not isinstance(data, dict) or not {"schema", "version"} <= data.keys():
        raise FormatError(f"{type(obj).__name__}.to_json() gives no schema and version")
    write_json(data, path)
