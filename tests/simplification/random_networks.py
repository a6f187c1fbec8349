"""Simplified random networks: `python -m tests.simplification.random_networks [COUNT [SEED]]`.

Small networks with permuted, doubled, split, negated, dead and padded units on R^n, boxes and
polyhedra, and small convolutional ones. Each result is held against the original at random points,
by its certificate, by simplifying it again, and, where it is small, by the oracle that goes through
all joint cells and knows nothing of the proof.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from random import Random

from tests.equivalence.convolution_plans import (
    UnfitError,
    draw_plan,
    duplicated,
    with_dead_channel,
)
from tests.equivalence.random_convolutions import sharing_everything
from tests.oracles.joint_cells import answer
from tests.simplification.network_checks import simplified
from tests.strategies.pairs import draw_domain, draw_network, rewritten
from tropnet.domains import Box

#: Units of both networks up to which their joint cells are enumerated.
_FEW = 14


def simplify_dense(seed: int) -> bool:
    """Simplify a small network; return whether that changed it."""
    rng = Random(seed)
    n = rng.choice([1, 2, 2])
    draft = rewritten(draw_network(rng, n, rng.choice([1, 2]), rng.choice([3, 6])), rng, 8)
    network, domain = draft.network(), draw_domain(rng, n)
    found = simplified(network, domain)
    if sum(network.widths) + sum(found.result.widths) <= _FEW:
        truth = answer(network, found.result, domain)
        assert truth is None or truth.inf == 0
    return found.changed


def simplify_convolution(seed: int) -> bool:
    """Simplify a small convolutional network; return whether that changed it."""
    rng = Random(seed)
    plan = draw_plan(rng)
    with suppress(UnfitError):
        plan = rng.choice([duplicated, with_dead_channel])(plan, rng)
    with sharing_everything():
        network = plan.network()
        domain = rng.choice([None, Box.cube(network.n_inputs, 0, 1)])
        return simplified(network, domain, again=False).changed


def main(count: int, seed: int) -> None:
    for kind in (simplify_dense, simplify_convolution):
        changed = sum(kind(seed + i) for i in range(count))
        sys.stdout.write(f"{kind.__name__}: {changed} of {count} changed, all proven\n")


if __name__ == "__main__":
    given = [int(v) for v in sys.argv[1:3]]
    main(*(given + [60, 0][len(given) :]))
