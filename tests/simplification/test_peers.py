"""Networks on which other simplifiers leave units, or change the function."""

from __future__ import annotations

import pytest

from tests.bench.simplifying_peers import (
    BOX,
    onnxsim,
    onnxsim_on_box,
    row_of_opposites,
    torch_simplify,
    wasteful,
)
from tropnet.domains import Box
from tropnet.equivalence.compare import compare_networks
from tropnet.simplification.simplify_network import simplify_network


@pytest.mark.parametrize("domain", [None, Box.cube(2), Box.cube(2, 0, 1)], ids=str)
def test_weights_that_add_up_to_zero_are_not_zero(domain: Box | None) -> None:
    f = row_of_opposites()
    found = simplify_network(f, domain)
    assert found.replay()
    assert compare_networks(f, found.result, domain).upper == 0
    # max(x − y, 0) stays; x + y is always on where neither is negative
    positive = domain == Box.cube(2, 0, 1)
    assert found.result.n_relu == (1 if positive else 2)
    assert found.result.exact([[3, 1]]).to_fractions() == [[6]]


@pytest.mark.parametrize("kind", ["dead", "collinear", "always on", "unread", "all"])
def test_units_to_spare_go(kind: str) -> None:
    f, spare = wasteful(kind)
    for domain in (None, BOX):
        found = simplify_network(f, domain)
        assert found.result.n_relu <= f.n_relu - spare
        assert found.replay()


def test_peers_that_are_installed() -> None:
    f = row_of_opposites()
    theirs = torch_simplify(f)
    assert theirs.units is None or theirs.changed
    for left in (onnxsim(f), onnxsim_on_box(f, Box.cube(2))):
        assert left.units in (None, 2)
        assert not left.changed
