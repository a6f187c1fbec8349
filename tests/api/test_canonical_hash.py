from __future__ import annotations

from pathlib import Path

import pytest

from tropnet import Box, Network, save, tropicalize
from tropnet.algebra import parse
from tropnet.api.canonical_hash import canonical_hash
from tropnet.errors import BudgetExceeded, DomainError, ShapeError


def test_a_model_in_any_form(tmp_path: Path) -> None:
    net = Network.from_dense([[[1, 1], [-1, 1]], [[1, "1/3"]]], [[0, 1], [2]])
    save(net, tmp_path / "net.json")
    found = tropicalize(net)
    save(found, tmp_path / "map.json")
    hashes = {
        canonical_hash(source)
        for source in (net, found, tmp_path / "net.json", str(tmp_path / "map.json"))
    }
    assert len(hashes) == 1


def test_a_polynomial_and_a_network_of_it() -> None:
    absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
    polynomial = parse("max(x, -x)", syntax="classical")
    for domain in (None, Box.cube(1)):
        assert canonical_hash(polynomial, domain) == canonical_hash(absolute, domain)
    assert canonical_hash(polynomial) != canonical_hash(polynomial, Box.cube(1))


def test_refusals() -> None:
    with pytest.raises(ShapeError):
        canonical_hash("examples:moons_a", Box.cube(3))
    with pytest.raises(BudgetExceeded, match="raise max_cells"):
        canonical_hash("examples:moons_a", max_cells=3)
    with pytest.raises(BudgetExceeded, match="raise max_incidences"):
        canonical_hash("examples:moons_a", max_incidences=3)
    with pytest.raises(DomainError, match="time_limit=0 was up after "):
        canonical_hash("examples:moons_a", time_limit=0)
