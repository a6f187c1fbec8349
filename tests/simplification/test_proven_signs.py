"""Signs with their evidence: the bounds are those of the checker."""

from __future__ import annotations

from tropnet import Box, Network
from tropnet.checker.check import fault
from tropnet.checker.linear_bounds import linear_bounds
from tropnet.checker.sign_evidence import replay_signs
from tropnet.exact import IntervalVector
from tropnet.simplification.proven_signs import ProvenSigns

BOX = IntervalVector.of([-1], [1])
#: |x| − 1, then −(|x| − 1) − 1: dead at most 0, and at least −1 + 0.
NETWORK = Network.from_dense([[[1], [-1]], [[1, 1]], [[-1]], [[1]]], [[0, 0], [-1], [0], [0]])
LEAF = {"slopes": [[0, 0]], "multipliers": []}


def test_the_bounds_are_those_of_the_replay() -> None:
    known = ProvenSigns(NETWORK, BOX)
    known.use(linear_bounds(NETWORK, BOX), "linear bounds")
    known.kinds.clear()
    known.add_slopes(2, 0, "upper", [[0, 0]])
    known.add_cases(2, 0, "dead", LEAF)
    known.settle()
    evidence, bounds = known.evidence()
    assert evidence == {
        "slopes": [[2, 0, "upper", [[0, 0]]]], "cases": [[[2, 0, "dead", LEAF]]], "proofs": []
    }  # fmt: skip
    shown = replay_signs(NETWORK, Box([-1], [1]), BOX, evidence, fault)
    assert [b.ends() for b in bounds] == [b.ends() for b in shown]


def test_signs_that_the_bounds_do_not_show_are_forgotten() -> None:
    known = ProvenSigns(NETWORK, BOX)
    known.use(linear_bounds(NETWORK, BOX), "linear bounds")
    known.kinds[1, 0], known.how[1, 0] = "dead", "linear bounds"
    known.evidence()
    assert (1, 0) not in known.kinds
    assert (1, 0) not in known.how
    assert known.kinds[2, 0] == "dead"


def test_intervals_alone_need_no_evidence() -> None:
    network = Network.from_dense([[[1], [-1]], [[1, 1]]], [[2, -2], [0]])
    known = ProvenSigns(network, BOX)
    known.use(linear_bounds(network, BOX), "intervals")
    assert known.evidence() == (None, [])
