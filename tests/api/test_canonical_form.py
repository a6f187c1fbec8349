from __future__ import annotations

import importlib
import time
from typing import Any

import pytest

import tropnet
from tropnet.api.canonical_form import canonical_form
from tropnet.api.canonical_hash import canonical_hash
from tropnet.errors import DomainError, ShapeError


def test_its_digest_is_the_hash() -> None:
    box = tropnet.Box.cube(2, 0, 1)
    form = canonical_form("examples:moons_a", box)
    assert form.sha256 == canonical_hash("examples:moons_a", box)
    assert form == canonical_form("examples:moons_a_permuted", box)
    assert form != canonical_form("examples:moons_b", box)


def test_wrong_use() -> None:
    with pytest.raises(DomainError, match=r"time_limit=0 was up after .* needs all of them: allow"):
        canonical_form("examples:moons_a", time_limit=0)
    with pytest.raises(ShapeError):
        canonical_form("examples:moons_a", tropnet.Box.cube(3))


def test_the_time_limit_covers_the_form_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    complexes: Any = importlib.import_module("tropnet.geometry.polyhedral_complex")
    solve = complexes.vertices_exactly

    def slowly(*given: Any) -> Any:
        time.sleep(0.5)
        return solve(*given)

    monkeypatch.setattr(complexes, "_VERTICES", 8)
    monkeypatch.setattr(complexes, "vertices_exactly", slowly)
    started = time.monotonic()
    with pytest.raises(DomainError, match=r"^time_limit=1 was up while the form of \d+ cells"):
        tropnet.canonical_form("examples:moons_a", tropnet.Box.cube(2), time_limit=1)
    assert time.monotonic() - started < 5
