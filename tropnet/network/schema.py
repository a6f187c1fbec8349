"""The JSON form of a network: exact, versioned, strictly read."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from tropnet.errors import DomainError, FormatError, TropnetError
from tropnet.exact import RationalMatrix
from tropnet.exact.sharing import Sharing
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer
from tropnet.network.linear import DenseLinear, Linear, linear
from tropnet.network.network import Network
from tropnet.network.shared_linear import SharedLinear

SCHEMA: Final = "tropnet/network"
#: Version 2 has maps whose rows share kernels and patches; version 1 has none, and is still read.
VERSION: Final = 2
_READ: Final = (1, 2)
#: Networks of more inputs are not read: a few bytes could ask for any amount of memory.
_MOST_INPUTS: Final = 2**24
_MOST_INDEX: Final = 2**31 - 2

_KEYS: Final = {
    "the file": ("schema", "version", "n_inputs", "dtype", "input_names", "output_names", "notes",
                 "layers", "output", "sha256"),
    "a layer": ("name", "relu", "affine"),
    "an affine function": ("terms", "bias"),
    "a term": ("source", "weights"),
    "a shared map": ("kernel", "patches", "kernel_of", "patch_of", "columns"),
}  # fmt: skip


def network_to_json(network: Network) -> dict[str, Any]:
    """Return a network as plain data.

    Float64 weights stand as numbers, which JSON carries exactly (Python writes the shortest decimal
    that reads back to the same float); other rationals stand as texts. Maps whose rows share
    kernels, such as convolutions, stand as kernels, patches, and which of each a row has.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.network.schema import network_to_json
        >>> network_to_json(Network.from_dense([[["1/3", 2]]]))["output"]["terms"]
        [{'source': 0, 'weights': [['1/3', '2']]}]
    """
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "n_inputs": network.n_inputs,
        "dtype": network.dtype,
        "input_names": list(network.input_names),
        "output_names": list(network.output_names),
        "notes": list(network.notes),
        "layers": [
            {"name": y.name, "relu": y.relu.tolist(), "affine": _affine_to_json(y.affine)}
            for y in network.layers
        ],
        "output": _affine_to_json(network.output),
        "sha256": network.sha256,
    }


def network_from_json(data: Any) -> Network:
    """Return the network that `network_to_json` wrote.

    Raises:
        FormatError: unknown or missing fields, values of the wrong kind, shapes that do not fit, or
            a digest that is not that of the weights.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.network.schema import network_from_json, network_to_json
        >>> f = Network.from_dense([[[0.1], [-1]], [["1/3", 1]]])
        >>> network_from_json(network_to_json(f)) == f
        True
    """
    data = _fields(data, "the file")
    version = data["version"]
    if data["schema"] != SCHEMA or version not in _READ or version is True:
        raise FormatError(
            f"JSON of schema {data['schema']!r}, version {version!r}; this tropnet reads "
            f"{SCHEMA!r}, versions {' and '.join(map(str, _READ))}"
        )
    n_inputs = _whole(data["n_inputs"], "n_inputs")
    if n_inputs > _MOST_INPUTS:
        raise FormatError(f"n_inputs in JSON is {n_inputs}; at most {_MOST_INPUTS} are read")
    try:
        network = Network(
            n_inputs,
            tuple(_layer(y, version) for y in _list(data["layers"], "layers")),
            _affine(data["output"], version),
            data["dtype"],
            _texts(data["input_names"], "input_names"),
            _texts(data["output_names"], "output_names"),
            _texts(data["notes"], "notes"),
        )
    except FormatError:
        raise
    except (TropnetError, TypeError) as error:
        raise FormatError(f"the JSON network does not fit together: {error}") from None
    if network.sha256 != data["sha256"]:
        raise FormatError(
            f"the JSON network has SHA-256 {network.sha256[:12]}…, the file states "
            f"{str(data['sha256'])[:12]}…; it was changed or damaged"
        )
    return network


def _affine_to_json(affine: Affine) -> dict[str, Any]:
    return {
        "terms": [{"source": s, "weights": _map_to_json(m)} for s, m in affine.terms],
        "bias": [row[0] for row in _linear_to_json(affine.bias)],
    }


def _map_to_json(weights: Linear) -> Any:
    if not isinstance(weights, SharedLinear):
        return _linear_to_json(weights)
    share = weights.sharing
    return {
        "kernel": _linear_to_json(weights.kernel),
        "patches": share.patches.tolist(),
        "kernel_of": share.kernel_of.tolist(),
        "patch_of": share.patch_of.tolist(),
        "columns": share.columns,
    }


def _linear_to_json(entries: Linear) -> list[list[Any]]:
    if isinstance(entries, DenseLinear):
        rows: list[list[Any]] = entries.values.tolist()
        return rows
    return [[str(v) for v in row] for row in entries.exact.to_fractions()]


def _layer(data: Any, version: int) -> Layer:
    data = _fields(data, "a layer")
    relu = _list(data["relu"], "relu")
    if not isinstance(data["name"], str) or not all(isinstance(r, bool) for r in relu):
        raise FormatError("a layer in JSON needs a text as its name and booleans as its relu")
    return Layer(_affine(data["affine"], version), relu, data["name"])


def _affine(data: Any, version: int) -> Affine:
    data = _fields(data, "an affine function")
    weights = {}
    for term in _list(data["terms"], "terms"):
        term = _fields(term, "a term")
        source = _whole(term["source"], "source")
        if source in weights:
            raise FormatError(f"an affine function in JSON has two terms of source {source}")
        shared = version > 1 and isinstance(term["weights"], dict)
        weights[source] = (_shared if shared else _rows)(term["weights"])
    bias = [[v] for v in _list(data["bias"], "bias")]
    return Affine(weights, _matrix(bias) if bias else DenseLinear(np.zeros((0, 1))))


def _shared(data: Any) -> Linear:
    data = _fields(data, "a shared map")
    patches = [_indices(row, "a patch", -1) for row in _list(data["patches"], "patches")]
    if len({len(row) for row in patches}) != 1:
        raise FormatError("patches in JSON are not rows of one length")
    places = np.array(patches, dtype=np.int64).reshape(len(patches), len(patches[0]))
    ordered = np.sort(places, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise FormatError("a patch in JSON names a value twice")
    kernel_of, patch_of = (
        np.array(_indices(data[name], name, 0), dtype=np.int64)
        for name in ("kernel_of", "patch_of")
    )
    columns = _whole(data["columns"], "columns")
    if columns > _MOST_INPUTS:
        raise FormatError(f"columns in JSON is {columns}; at most {_MOST_INPUTS} are read")
    return SharedLinear(_rows(data["kernel"]), Sharing(places, kernel_of, patch_of, columns))


def _indices(values: Any, what: str, least: int) -> list[int]:
    found = _list(values, what)
    if {type(v) for v in found} - {int} or not all(least <= v < _MOST_INDEX for v in found):
        raise FormatError(f"{what} in JSON is no list of indices from {least} on")
    return found


def _rows(data: Any) -> Linear:
    return _matrix([_list(row, "weights") for row in _list(data, "weights")])


def _matrix(rows: list[list[Any]]) -> Linear:
    kinds = {type(v) for row in rows for v in row}
    if len({len(row) for row in rows}) > 1 or not kinds:
        raise FormatError("weights in JSON are not rows of one length")
    if kinds <= {float, int}:
        try:
            floats = [[float(v) for v in row] for row in rows]
        except OverflowError:
            raise FormatError("a weight in JSON is beyond float64; write it as a text") from None
        if not all(math.isfinite(v) for row in floats for v in row):
            raise FormatError("a weight in JSON is beyond float64; write it as a text")
        if any(isinstance(v, int) and int(float(v)) != v for row in rows for v in row):
            raise FormatError("an integer in JSON is no float64; write it as a text")
        return DenseLinear(np.array(floats))
    if kinds != {str}:
        raise FormatError("weights in JSON are all numbers or all texts such as '1/3'")
    try:
        return linear(RationalMatrix.from_rows(rows, "weights"))
    except DomainError as error:
        raise FormatError(f"a weight in JSON is no rational: {error}") from None


def _fields(data: Any, what: str) -> dict[str, Any]:
    """Return the data if it is an object of exactly the fields that `what` has."""
    wanted = set(_KEYS[what])
    if not isinstance(data, dict):
        raise FormatError(f"{what} is no object in JSON but a {type(data).__name__}")
    if data.keys() != wanted:
        missing, extra = sorted(wanted - data.keys()), sorted(data.keys() - wanted)
        raise FormatError(f"{what} in JSON lacks {missing} and has the unknown {extra}")
    return data


def _list(data: Any, what: str) -> list[Any]:
    if not isinstance(data, list):
        raise FormatError(f"{what} in JSON is no list but a {type(data).__name__}")
    return data


def _texts(data: Any, what: str) -> tuple[str, ...]:
    found = _list(data, what)
    if not all(isinstance(v, str) for v in found):
        raise FormatError(f"{what} in JSON is no list of texts")
    return tuple(found)


def _whole(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise FormatError(f"{what} in JSON is {value!r}, no whole number")
    return value
