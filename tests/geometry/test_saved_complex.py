from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tropnet
from tropnet import Box, Polyhedron
from tropnet.errors import DomainError, FormatError


@pytest.mark.parametrize(
    "domain", [Box.cube(2), None, Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, "1/3"])]
)
def test_a_complex_comes_back(tmp_path: Path, domain: Any) -> None:
    cells = tropnet.linear_regions("examples:moons_a", domain)
    tropnet.save(cells, tmp_path / "cells.json")
    again = tropnet.load_complex(tmp_path / "cells.json")
    assert (again.signs == cells.signs).all()
    assert again.f_vector == cells.f_vector


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schema", "tropnet/network", "it holds no complex"),
        ("version", 2, "it holds no complex"),
        ("patterns", "0" * 64, "it was edited"),
        ("cells", -1, "give a count"),
        ("cells", True, "give a count"),
        ("engine", "magic", "is unknown"),
    ],
)
def test_edited_files_are_refused(tmp_path: Path, key: str, value: Any, message: str) -> None:
    path = tmp_path / "cells.json"
    tropnet.save(tropnet.linear_regions("examples:moons_a", Box.cube(2)), path)
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, key: value}))
    with pytest.raises((FormatError, DomainError), match=message):
        tropnet.load_complex(path)
    del data["network"]
    path.write_text(json.dumps(data))
    with pytest.raises(FormatError, match="no entry 'network'"):
        tropnet.load_complex(path)


def test_a_file_that_counts_too_few(tmp_path: Path) -> None:
    path = tmp_path / "cells.json"
    tropnet.save(tropnet.linear_regions("examples:moons_a", Box.cube(2)), path)
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "cells": 3}))
    with pytest.raises(FormatError, match="it was edited"):
        tropnet.load_complex(path)


def test_partial_complexes_are_not_saved(tmp_path: Path) -> None:
    part = tropnet.linear_regions("examples:moons_a", Box.cube(2), time_limit=0)
    if not part.complete:
        with pytest.raises(DomainError, match="saved when it is complete"):
            tropnet.save(part, tmp_path / "part.json")
