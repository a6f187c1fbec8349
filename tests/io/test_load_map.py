"""Tropical maps: files there and back."""

from __future__ import annotations

from pathlib import Path

import pytest

import tropnet
from tropnet.algebra import TropicalMap, TropicalPolynomial
from tropnet.errors import FormatError
from tropnet.io import holds_map, load, load_map, save


def test_each_kind_comes_back_as_a_map(tmp_path: Path) -> None:
    x, y = TropicalPolynomial.variables(2)
    path = tmp_path / "f.json"
    for value in (x + y * "1/3", (x + y) / (0 + y), TropicalMap([x, y / x])):
        save(value, path)
        assert holds_map(path)
        whole = value if isinstance(value, TropicalMap) else TropicalMap([value])
        assert load_map(path) == whole


def test_a_saved_map_stands_on_either_side_of_compare(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    save(tropnet.tropicalize("examples:moons_a"), path)
    small = tropnet.Box.cube(2, 0, "1/2")
    assert tropnet.compare(path, "examples:moons_a_permuted", small)


def test_load_and_load_map_send_you_to_each_other(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    save(TropicalMap.identity(2), path)
    with pytest.raises(FormatError, match=r"tropnet\.load_map reads tropical maps"):
        load(path)
    save(load("examples:moons_a"), path)
    assert not holds_map(path)
    with pytest.raises(FormatError, match=r"tropnet\.load reads networks"):
        load_map(path)


def test_what_is_missing_or_garbled(tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        load_map(tmp_path / "nowhere.json")
    path = tmp_path / "f.json"
    path.write_text('{"schema": "tropnet/tropical-map", "version": 1}')
    with pytest.raises(FormatError):
        load_map(path)
