from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.domains import (
    Box,
    Domain,
    Polyhedron,
    domain_from_json,
    domain_to_json,
    require_dimension,
)
from tropnet.errors import DomainError, FormatError, ShapeError
from tropnet.testing.strategies import nasty_floats, points, rationals


@pytest.mark.parametrize(
    "domain",
    [
        None,
        Box(["-1/3", 0.1], [5e-324, 1e300]),
        Box(["1e20000"], ["1e20000"]),
        Polyhedron([["1/3", 0.1], [0, 0]], [1e300, "-1/7"]),
        Polyhedron(np.zeros((0, 3)), []),
    ],
)
def test_domains_come_back_from_json(domain: Domain) -> None:
    assert domain_from_json(json.loads(json.dumps(domain_to_json(domain)))) == domain


@given(st.lists(points(2, rationals() | nasty_floats()), min_size=1, max_size=3), points(3))
def test_polyhedra_come_back_from_json(rows: Any, bounds: Any) -> None:
    domain = Polyhedron(rows, bounds[: len(rows)])
    assert domain_from_json(json.loads(json.dumps(domain_to_json(domain)))) == domain


def test_the_dimension_may_be_left_out_by_hand() -> None:
    data = {"type": "polyhedron", "A": [["1", "2"]], "b": ["3"]}
    assert domain_from_json(data) == Polyhedron([[1, 2]], [3])


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (None, FormatError, "lacks or garbles"),
        ([], FormatError, "lacks or garbles"),
        ("box", FormatError, "lacks or garbles"),
        ({}, FormatError, "lacks or garbles the field 'type'"),
        (
            {"type": "ball"},
            FormatError,
            "unknown domain type 'ball'; known: space, box, polyhedron",
        ),
        ({"type": "box", "lower": ["0"]}, FormatError, "the field 'upper'"),
        ({"type": "box", "lower": [0], "upper": [1]}, FormatError, "lists of texts such as '1/3'"),
        ({"type": "box", "lower": "0", "upper": "1"}, FormatError, "lists of texts"),
        ({"type": "box", "lower": ["1"], "upper": ["0"]}, DomainError, "the box is empty"),
        ({"type": "box", "lower": ["nan"], "upper": ["0"]}, DomainError, "lower[0] is 'nan'"),
        ({"type": "box", "lower": ["1e999999999"], "upper": ["0"]}, DomainError, "exponent"),
        ({"type": "box", "lower": ["0"], "upper": ["0", "1"]}, ShapeError, "1 lower and 2 upper"),
        ({"type": "polyhedron", "A": "1", "b": ["1"]}, FormatError, "lists of texts"),
        ({"type": "polyhedron", "A": 5, "b": ["1"]}, FormatError, "lacks or garbles"),
        ({"type": "polyhedron", "A": [], "b": []}, FormatError, "the dimension None"),
        ({"type": "polyhedron", "A": [], "b": [], "dimension": 0}, FormatError, "the dimension 0"),
        ({"type": "polyhedron", "A": [], "b": [], "dimension": True}, FormatError, "True"),
        ({"type": "polyhedron", "A": [["1"]], "b": ["1"], "dimension": 2}, ShapeError, "1 columns"),
        ({"type": "polyhedron", "A": [["1"], ["1", "2"]], "b": ["1", "1"]}, ShapeError, "lengths"),
        ({"type": "polyhedron", "A": [["1"]], "b": []}, ShapeError, "b has shape (0, 1)"),
    ],
)
def test_what_is_no_domain_in_a_file(data: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        domain_from_json(data)
    assert text in str(caught.value)


def test_a_domain_fits_the_function() -> None:
    for domain in (None, Box.cube(2), Polyhedron([[1, 2]], [1])):
        require_dimension(domain, 2)
    with pytest.raises(ShapeError, match="the domain has 2 coordinates, the function has 3 inputs"):
        require_dimension(Polyhedron([[1, 2]], [1]), 3)
    with pytest.raises(DomainError, match=r"the domain is a list; give Box\(lower, upper\)"):
        require_dimension([[0, 1]], 1)  # type: ignore[arg-type]
