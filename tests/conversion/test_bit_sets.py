from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tropnet.conversion.bit_sets import irredundant_sets, least_sets, packed, small_hitting_set

FAMILIES: Any = arrays.arrays(np.bool_, st.tuples(st.integers(1, 6), st.sampled_from([1, 4, 70])))


def _sets(rows: Any) -> list[frozenset[int]]:
    return [frozenset(np.flatnonzero(row).tolist()) for row in rows]


@given(FAMILIES)
def test_least_sets(rows: Any) -> None:
    sets = _sets(rows)
    kept = [sets[k] for k in least_sets(rows).tolist()]
    assert set(kept) == {a for a in sets if not any(b < a for b in sets)}
    assert len(kept) == len(set(kept))


@given(FAMILIES)
def test_hitting_sets(rows: Any) -> None:
    columns = np.arange(rows.shape[1])
    everything = packed(np.ones((1, len(rows)), np.bool_))[0]
    found = small_hitting_set(columns, packed(rows.T), everything)
    if found is None:
        assert not rows.any(axis=1).all()
        return
    assert rows[:, found].any(axis=1).all()
    for k in found:
        assert not rows[:, [j for j in found if j != k]].any(axis=1).all()


@given(FAMILIES, FAMILIES)
def test_irredundant_sets(reach: Any, bound: Any) -> None:
    width = min(reach.shape[1], bound.shape[1])
    reach, bound = reach[:, :width], bound[:, :width]
    reach, bound = reach[reach.any(axis=1)], bound[bound.any(axis=1)]
    bound = bound[[all((row & own).any() for own in reach) for row in bound]]
    if not len(bound) or not len(reach):
        return
    reach = reach[least_sets(reach)]
    found = [frozenset(own) for own in irredundant_sets(reach, bound)]

    def holds(family: list[frozenset[int]]) -> bool:
        meets = all(own & row for own in family for row in _sets(bound))
        return meets and all(any(own <= row for own in family) for row in _sets(reach))

    assert holds(found)
    assert not any(holds(list(some)) for some in combinations(found, len(found) - 1))
    for own in found:
        rest = [other for other in found if other != own]
        assert not any(holds([*rest, own - {j}]) for j in own)
