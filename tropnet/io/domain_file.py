"""Domains in files: tropnet's JSON, and VNN-LIB."""

from __future__ import annotations

import os
from typing import Final

from tropnet.domains import Domain, domain_from_json
from tropnet.errors import DomainError, FormatError, ShapeError
from tropnet.io.model_file import ModelFile
from tropnet.io.one_line import one_line_errors
from tropnet.io.strict_json import strict_json
from tropnet.io.vnnlib import read_vnnlib

_MOST_BYTES: Final = 2**26


def read_domain(path: str | os.PathLike[str]) -> Domain:
    """Read the one domain that a file holds.

    A file that begins with a brace is JSON: a box `{"lower": [0, "1/3"], "upper": [1, 0.5]}`, or
    what `domain_to_json` writes. Any other is VNN-LIB, version 1 or 2, of which the constraints on
    inputs are taken. Numbers are the decimals and fractions that stand there.

    Args:
        path: the file.

    Returns:
        A `Box`, a `Polyhedron`, or None for all of R^n.

    Raises:
        DomainError: a VNN-LIB file of several cases, which `read_vnnlib` returns one by one; or an
            empty box.
        FormatError: no such file, or unknown or incomplete data.

    Example:
        >>> import pathlib, tempfile
        >>> from tropnet.io import read_domain
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "box.json")
        ...     _ = path.write_text('{"lower": [0, "-1/3"], "upper": [0.1, 1]}')
        ...     read_domain(path)
        Box(['0', '-1/3'], ['1/10', '1'])
    """
    with one_line_errors():
        file = ModelFile.open(path)
        if file.text(_MOST_BYTES).lstrip()[:1] in (b"{", b"["):
            return _from_json(file)
    found = read_vnnlib(path)
    if len(found) > 1:
        raise DomainError(
            f"{os.fspath(path)} has {len(found)} cases, each a domain of its own; take them one "
            "after the other: for domain in read_vnnlib(path)"
        )
    return found[0]


def _from_json(file: ModelFile) -> Domain:
    # every number stays the text it was written as, so that 0.1 is one tenth
    data = strict_json(file.text(_MOST_BYTES), str(file.path), numbers_as_texts=True)
    if "type" not in data:
        unknown = sorted(set(data) - {"lower", "upper"})
        if unknown:
            raise FormatError(f"{file.path} has a field {unknown[0]!r}; known: lower, upper")
        data = {"type": "box", **data}
    if isinstance(size := data.get("dimension"), str) and size.isdecimal() and len(size) < 9:
        data = {**data, "dimension": int(size)}
    try:
        return domain_from_json(data)
    except (DomainError, FormatError, ShapeError) as error:
        raise type(error)(f"{file.path}: {error}") from None
