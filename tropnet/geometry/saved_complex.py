"""Complexes as plain data: the network, the domain, and what was found there."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.domains import domain_from_json, domain_to_json, require_dimension
from tropnet.errors import DomainError, FormatError
from tropnet.network.schema import network_from_json, network_to_json

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex

#: The schema of the files that `save` writes of complexes.
SCHEMA: Final = "tropnet/polyhedral-complex"


def complex_to_json(complex: PolyhedralComplex) -> dict[str, Any]:  # noqa: A002
    """Return a complex as plain data.

    The data name the cells by a digest only: they are found again faster than they are read.

    Raises:
        DomainError: the complex is not complete.
    """
    if not complex.complete:
        raise DomainError(
            f"only {complex.n_done} of {complex.circuit.n_units} units have cut; "
            "a complex is saved when it is complete"
        )
    return {
        "schema": SCHEMA,
        "version": 1,
        "network": network_to_json(complex.network),
        "domain": domain_to_json(complex.domain),
        "engine": complex.engine,
        "cells": complex.n_cells,
        "linear_regions": complex.n_regions,
        "affine_maps": complex.n_affine_maps,
        "f_vector": list(complex.f_vector),
        "patterns": pattern_digest(complex),
    }


def complex_from_json(data: dict[str, Any]) -> PolyhedralComplex:
    """Return the complex of a file, enumerated again and held against what the file says.

    Raises:
        FormatError: not the data of a complex, or the cells are others than the file says.
        TropnetError: the network or the domain cannot be read.

    Cost: that of `enumerate_cells`.
    """
    from tropnet.geometry.linear_regions import enumerate_cells

    if data.get("schema") != SCHEMA or data.get("version") != 1:
        raise FormatError(
            f"the JSON schema is {data.get('schema')!r} version {data.get('version')!r}, "
            f"not {SCHEMA!r} version 1; it holds no complex"
        )
    missing = [
        key for key in ("network", "domain", "engine", "cells", "patterns") if key not in data
    ]
    if missing:
        raise FormatError(f"the complex has no entry {missing[0]!r}; the file was cut or edited")
    network, domain = network_from_json(data["network"]), domain_from_json(data["domain"])
    require_dimension(domain, network.n_inputs)
    count = data["cells"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise FormatError(f"the entry 'cells' is {count!r}; give a count")
    # no prediction is asked whether they are more, as it may err
    asked = {"engine": data["engine"], "max_cells": count, "time_limit": math.inf}
    found = enumerate_cells(network, domain, **asked)
    if pattern_digest(found) != data["patterns"]:
        raise FormatError(
            "the cells of the file are not those of its network on its domain; it was edited"
        )
    return found


def pattern_digest(complex: PolyhedralComplex) -> str:  # noqa: A002
    """Return the SHA-256 of the activation patterns of the cells, in increasing order."""
    rows = np.ascontiguousarray(complex.signs)
    digest = hashlib.sha256(f"{rows.shape[0]} {rows.shape[1]}\n".encode())
    for row in sorted(row.tobytes() for row in rows):
        digest.update(row)
    return digest.hexdigest()
