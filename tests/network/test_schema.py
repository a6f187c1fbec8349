"""The JSON form of networks is read strictly."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tropnet import Network
from tropnet.errors import FormatError
from tropnet.network.schema import network_from_json, network_to_json

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
        (_set("version", 2), "version 2; this tropnet reads 'tropnet.network', version 1"),
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
