"""No mutant of a certificate is called valid unless what it claims is true."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.checker.mutants import bases, fate, mutants
from tropnet.checker import Certificate, check_networks
from tropnet.checker.relation import KINDS
from tropnet.network import Network

NAMES = [
    "identical", "relations on the plane", "relations in a box", "relations in a triangle",
    "cells", "cells in a box", "a difference", "drift on the plane", "drift in a strip",
    "a bounded difference", "intervals", "a bracket", "two maxima",
    "order", "no order", "a constant apart", "no constant apart", "argmax within a margin",
    "another argmax", "another argmin", "tolerances", "relative tolerances",
    "boxes", "boxes in a triangle", "boxes for order", "boxes up to a constant",
    "boxes for argmax", "boxes for argmin",
    "cases of signs", "cases of signs for order", "cases of signs up to a constant",
    "cases of signs for argmax", "cases of signs for argmin",
    "cells in space", "cells in a wedge", "a difference in space",
]  # fmt: skip


@cache
def originals() -> dict[str, tuple[Network, Network, dict[str, Any]]]:
    return bases()


def test_every_kind_of_claim_and_method_is_mutated() -> None:
    found = [Certificate.from_json(data) for _, _, data in originals().values()]
    assert sorted(originals()) == sorted(NAMES)
    assert {c.claim for c in found} == {"equivalent", "different", "bracket"}
    methods = {c.upper.method for c in found}
    assert {c.relation for c in found} == set(KINDS)
    assert {(c.claim, c.relation) for c in found} >= {
        (claim, kind) for claim in ("equivalent", "different") for kind in KINDS
    }
    assert {c.spread is None for c in found if c.scales is not None} == {True, False}
    assert methods == {"identical", "relations", "intervals", "boxes", "cases", "cells", "none"}


def test_some_need_cells_in_space() -> None:
    for name in NAMES[-3:]:
        a, _, data = originals()[name]
        assert a.n_inputs == 3
        assert data["upper"]["method"] == "cells"
        assert data["upper"]["data"]["cells"] > 1


@pytest.mark.parametrize("name", NAMES)
def test_mutants_are_rejected_or_true(name: str) -> None:
    a, b, data = originals()[name]
    assert check_networks(Certificate.from_json(data), a, b).valid
    tally = Counter(fate(mutant, a, b) for mutant in mutants(data, Random(name), 150))
    assert tally["unreadable"] + tally["rejected"] > 50, tally


def test_other_networks_are_rejected() -> None:
    everything = list(originals().values())
    for a, b, data in everything:
        certificate = Certificate.from_json(data)
        for c, d, _ in everything:
            if (a, b) != (c, d):
                assert not check_networks(certificate, c, d).valid
