from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from tests.strategies.tropical import polynomials, tropical_maps, tropical_rationals
from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational, from_json, to_json
from tropnet.domains import Box
from tropnet.errors import DomainError, FormatError


@given(polynomials(2, huge=True), tropical_rationals(2, huge=True), tropical_maps(3, 2))
def test_what_is_written_is_read_back(
    p: TropicalPolynomial, f: TropicalRational, g: TropicalMap
) -> None:
    for value in (p, f, g):
        text = json.dumps(to_json(value))
        back = from_json(json.loads(text))
        assert type(back) is type(value)
        assert back == value


X, Y = TropicalPolynomial.variables(2)
DATA = to_json(TropicalMap([X / (Y + "1/2"), Y]))


def test_the_schema_is_stated() -> None:
    assert DATA == {
        "schema": "tropnet/tropical-map",
        "version": 1,
        "n": 2,
        "outputs": [
            {
                "numerator": {"exponents": [["1", "0"]], "coefficients": ["0"]},
                "denominator": {
                    "exponents": [["0", "0"], ["0", "1"]],
                    "coefficients": ["1/2", "0"],
                },
            },
            {
                "numerator": {"exponents": [["0", "1"]], "coefficients": ["0"]},
                "denominator": {"exponents": [["0", "0"]], "coefficients": ["0"]},
            },
        ],
    }


def change(path: list[Any], value: Any) -> Callable[[dict[str, Any]], None]:
    def act(data: dict[str, Any]) -> None:
        place: Any = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return act


NUMERATOR = ["outputs", 0, "numerator"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["schema"], "tropnet/network", "the schema is 'tropnet/network'; known: tropnet/tropical"),
        (["schema"], ["tropnet/tropical-map"], "the schema is"),
        (["version"], 2, "version 2; this tropnet reads version 1: a newer one"),
        (["version"], True, "version True"),
        (["version"], "1", "version '1'"),
        (["n"], 0, "n is 0, not a positive integer"),
        (["n"], 3, "a list of 3 texts"),
        (["extra"], 1, "expected the fields .'outputs'., found .'extra', 'outputs'."),
        (["outputs"], [], "not a list of at least one output"),
        (["outputs"], {"0": 1}, "not a list"),
        ([*NUMERATOR, "coefficients"], [], "not lists of one length"),
        ([*NUMERATOR, "coefficients"], [0], "'0' is not a rational number|is not a rational"),
        ([*NUMERATOR, "coefficients"], ["0.5"], "'0.5' is not a rational number"),
        ([*NUMERATOR, "coefficients"], ["1/0"], "'1/0' is not a rational number"),
        ([*NUMERATOR, "coefficients"], ["nan"], "'nan' is not a rational number"),
        ([*NUMERATOR, "coefficients"], ["1" * 100_001], "of at most 100000 characters"),
        ([*NUMERATOR, "coefficients"], ["1" * 10**6], "is not a rational number"),
        ([*NUMERATOR, "exponents"], [["1"]], "a list of 2 texts"),
        ([*NUMERATOR], {"exponents": [["1", "0"], ["1", "0"]], "coefficients": ["0", "1"]},
         "two terms have the same exponents"),
        (["outputs", 0, "denominator"], {"exponents": [], "coefficients": []}, "tropical zero"),
        (["outputs", 0], [1], "expected the fields .'denominator', 'numerator'., found list"),
    ],
)  # fmt: skip
def test_garbled_data_is_refused(path: list[Any], value: Any, message: str) -> None:
    data = copy.deepcopy(DATA)
    change(path, value)(data)
    with pytest.raises(FormatError, match=message):
        from_json(data)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_other_data_is_refused(data: Any) -> None:
    with pytest.raises(FormatError, match="the schema is None"):
        from_json(data)


def test_other_objects_are_not_written() -> None:
    wrong: Any = "x"
    with pytest.raises(DomainError, match="a str is not a tropical function or map"):
        to_json(wrong)


def test_long_numbers_are_written_and_read() -> None:
    p = TropicalPolynomial([[10**5000]], ["1/7"]).power("1e-6000")
    assert from_json(to_json(p)) == p


def test_a_domain_is_kept_and_checked() -> None:
    here = TropicalMap(TropicalMap.identity(2).outputs, domain=Box([0, 0], ["1/3", 1]))
    data = to_json(here)
    assert from_json(data) == here
    assert from_json(data) != TropicalMap.identity(2)
    for garbled in ({"type": "ball"}, {"type": "box", "lower": ["0"], "upper": ["1"]}, None):
        with pytest.raises(FormatError):
            from_json(data | {"domain": garbled})
