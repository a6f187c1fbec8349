"""The verbs `unit_signs` and `forms`."""

from __future__ import annotations

from pathlib import Path

import pytest

import tropnet
from tropnet.errors import DomainError, ShapeError


def test_signs_from_files(tmp_path: Path) -> None:
    file = tmp_path / "box.json"
    file.write_text('{"lower": [-2, -2], "upper": [3, 3]}')
    signs = tropnet.unit_signs("examples:moons_sparse", str(file))
    assert signs.complete
    signs.check()


def test_forms_from_files() -> None:
    found = tropnet.forms("examples:moons_a", tropnet.Box.cube(2, 0, 1))
    assert "regions" in str(found)


def test_wrong_use() -> None:
    with pytest.raises(ShapeError):
        tropnet.unit_signs("examples:moons_a", tropnet.Box.cube(3, 0, 1))
    with pytest.raises(DomainError, match="time_limit"):
        tropnet.unit_signs("examples:moons_a", time_limit=float("nan"))
    with pytest.raises(ShapeError):
        tropnet.forms("examples:moons_a", tropnet.Box.cube(3, 0, 1))
