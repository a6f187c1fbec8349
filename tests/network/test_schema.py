"""The JSON form of networks is read strictly."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from tests.io.exports import all_kinds, convolution, float32_array
from tropnet import Network
from tropnet.errors import FormatError
from tropnet.network import Affine
from tropnet.network.schema import network_from_json, network_to_json
from tropnet.network.shared_linear import SharedLinear

_DATA = network_to_json(Network.from_dense([[[1.0], [-1]], [["1/3", 1]]], [[0, 2], [1]]))


def _set(*path: Any) -> Any:
    """Return a change that puts the last of `path` at the place that the others lead to."""
    *steps, last, value = path

    def change(data: Any) -> None:
        for step in steps:
            data = data[step]
        data[last] = value

    return change


_WEIGHTS = ("layers", 0, "affine", "terms", 0, "weights")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("version", 3), "version 3; this tropnet reads 'tropnet.network', versions 1 and 2"),
        (_set("version", True), "version True; this tropnet reads"),
        (_set("version", "2"), "version '2'; this tropnet reads"),
        (_set("n_inputs", 10**12), "n_inputs in JSON is 1000000000000; at most"),
        (_set("schema", "x"), "schema 'x'"),
        (_set("surplus", 1), r"has the unknown \['surplus'\]"),
        (lambda d: d.pop("notes"), r"lacks \['notes'\]"),
        (_set("n_inputs", 2), "do not chain"),
        (_set("n_inputs", True), "no whole number"),
        (_set("n_inputs", 0), "at least one input"),
        (_set("dtype", "float8"), "dtype is 'float8'"),
        (_set("dtype", []), "does not fit together|dtype is"),
        (_set("notes", "text"), "notes in JSON is no list"),
        (_set("notes", [1]), "no list of texts"),
        (_set("layers", 3), "layers in JSON is no list"),
        (_set("layers", 0, None), "a layer is no object"),
        (_set("layers", 0, "name", 3), "a text as its name"),
        (_set("layers", 0, "relu", [1, 0]), "booleans as its relu"),
        (_set("layers", 0, "relu", [True]), "for 2 units"),
        (_set("layers", 0, "affine", []), "an affine function is no object"),
        (_set("layers", 0, "affine", "terms", 0, "source", -1), "source in JSON is -1"),
        (_set("layers", 0, "affine", "terms", 0, "source", 1), "only 1 come before"),
        (_set(*_WEIGHTS, [[1.0], [2.0, 3.0]]), "not rows of one length"),
        (_set(*_WEIGHTS, []), "not rows of one length"),
        (_set(*_WEIGHTS, [[1.0], ["2"]]), "all numbers or all texts"),
        (_set(*_WEIGHTS, [[None], [None]]), "all numbers or all texts"),
        (_set(*_WEIGHTS, [["a"], ["b"]]), "is no rational"),
        (_set(*_WEIGHTS, [["1e999999999"], ["1"]]), "is no rational"),
        (_set(*_WEIGHTS, [[float("inf")], [1.0]]), "beyond float64"),
        (_set(*_WEIGHTS, [[10**400], [1]]), "beyond float64"),
        (_set(*_WEIGHTS, [[2**53 + 1], [1]]), "an integer in JSON is no float64"),
        (_set(*_WEIGHTS, [[1.5], [-1.0]]), "changed or damaged"),
        (_set("sha256", "0" * 64), "the file states 000000000000"),
        (_set("sha256", None), "the file states None"),
    ],
)
def test_changes_are_found(change: Any, message: str) -> None:
    data = copy.deepcopy(_DATA)
    change(data)
    with pytest.raises(FormatError, match=message):
        network_from_json(data)


_SHARED = network_to_json(
    Network(50, (), Affine({0: convolution(2, 5, float32_array(np.random.default_rng(0), 4, 18))}))
)
_MAP = ("output", "terms", 0, "weights")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("version", 1), "weights in JSON is no list but a dict"),
        (_set(*_MAP, "surplus", 1), r"a shared map in JSON lacks \[\] and has the unknown"),
        (_set(*_MAP, "columns", 10**12), "columns in JSON is 1000000000000; at most"),
        (_set(*_MAP, "columns", 2**24), "which has 50 values; the layers do not chain"),
        (_set(*_MAP, "columns", 51), "weights of shape .* for source 0, which has 50 values"),
        (_set(*_MAP, "columns", -1), "columns in JSON is -1, no whole number"),
        (_set(*_MAP, "columns", 49), "does not fit together"),
        (_set(*_MAP, "patches", 0, [1]), "patches in JSON are not rows of one length"),
        (_set(*_MAP, "patches", []), "patches in JSON are not rows of one length"),
        (_set(*_MAP, "patches", 0, 0, -2), "a patch in JSON is no list of indices from -1 on"),
        (_set(*_MAP, "patches", 0, 0, 2**40), "a patch in JSON is no list of indices"),
        (_set(*_MAP, "patches", 0, 0, 10**400), "a patch in JSON is no list of indices"),
        (_set(*_MAP, "patches", 0, 0, True), "a patch in JSON is no list of indices"),
        (_set(*_MAP, "patches", 0, 0, 50), "does not fit together"),
        (_set(*_MAP, "patches", 0, [3] * 18), "a patch in JSON names a value twice"),
        (_set(*_MAP, "kernel_of", 0, 4), "does not fit together"),
        (_set(*_MAP, "kernel_of", 0, -1), "kernel_of in JSON is no list of indices from 0"),
        (_set(*_MAP, "kernel_of", {}), "kernel_of in JSON is no list but a dict"),
        (_set(*_MAP, "patch_of", 0, 25), "does not fit together"),
        (_set(*_MAP, "patch_of", [0]), "does not fit together"),
        (_set(*_MAP, "kernel", []), "not rows of one length"),
        (_set(*_MAP, "kernel", [[1.0]]), "does not fit together"),
        (_set(*_MAP, "kernel", 0, 0, 0.25), "changed or damaged"),
        (_set(*_MAP, "patches", 0, 4, -1), "changed or damaged"),
        (_set(*_MAP, "patch_of", 0, 1), "changed or damaged"),
    ],
)
def test_changes_of_shared_maps_are_found(change: Any, message: str) -> None:
    data = copy.deepcopy(_SHARED)
    change(data)
    with pytest.raises(FormatError, match=message):
        network_from_json(data)


@pytest.mark.parametrize("kind", all_kinds())
def test_every_kind_of_network_comes_back(kind: str) -> None:
    f = all_kinds()[kind]
    data = json.loads(json.dumps(network_to_json(f)))
    g = network_from_json(data)
    assert g == f
    assert network_to_json(g) == data


def test_shared_maps_stay_shared() -> None:
    f = network_from_json(_SHARED)
    assert isinstance(f.output.terms[0][1], SharedLinear)
    assert len(json.dumps(_SHARED)) < 10_000


def test_version_1_is_still_read() -> None:
    data = copy.deepcopy(_DATA) | {"version": 1}
    assert network_from_json(data) == network_from_json(_DATA)


def test_two_terms_of_one_source() -> None:
    data = copy.deepcopy(_DATA)
    data["layers"][0]["affine"]["terms"] *= 2
    with pytest.raises(FormatError, match="two terms of source 0"):
        network_from_json(data)


def test_floats_stand_as_numbers_and_other_rationals_as_texts() -> None:
    assert _DATA["layers"][0]["affine"]["terms"][0]["weights"] == [[1.0], [-1.0]]
    assert _DATA["output"]["terms"][0]["weights"] == [["1/3", "1"]]


def test_the_data_as_it_was() -> None:
    assert network_to_json(network_from_json(_DATA)) == _DATA
