from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tropnet.checker import Certificate, LowerEvidence, UpperEvidence, check_networks
from tropnet.checker.spread import Spread
from tropnet.domains import Box
from tropnet.network import Network

F = Network.from_dense([[[1], [-3]]])
BOX = Box([-1], [1])
ENDS = ((Fraction(-1),), (Fraction(1),))
SPREAD = Spread(Fraction(1, 2), (Fraction(0), Fraction(1)), ENDS)


def test_tolerances_are_shares_of_the_spread_beside_atol() -> None:
    assert SPREAD.tolerances(F) == (Fraction(1), Fraction(4))
    inner = replace(SPREAD, points=(*ENDS[:1], (Fraction(0),)))
    assert inner.tolerances(F) == (Fraction(1, 2), Fraction(5, 2))


def certificate(**changes: Any) -> Certificate:
    parts: dict[str, Any] = {
        "a": F.sha256, "b": F.sha256, "domain": BOX, "atol": Fraction(1), "norm": "inf",
        "claim": "equivalent", "lower": LowerEvidence(Fraction(0), ENDS[0]),
        "upper": UpperEvidence(Fraction(0), "identical"), "relation": "equal",
        "scales": (Fraction(1), Fraction(1, 4)), "spread": SPREAD,
    }  # fmt: skip
    return Certificate(**{**parts, **changes})


def test_a_certificate_shows_where_its_tolerances_come_from() -> None:
    original = certificate()
    loaded = Certificate.from_json(original.to_json())
    assert loaded == original
    assert check_networks(loaded, F, F).valid


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scales": (Fraction(1), Fraction(1, 5))}, "not one over the tolerances that the spread"),
        ({"scales": None}, "relative tolerances need scales"),
        ({"scales": (Fraction(1),)}, "1 tolerances for 2 outputs"),
        ({"atol": Fraction(2)}, "and an atol of 1"),
        ({"spread": replace(SPREAD, rtol=Fraction(0))}, "a relative tolerance is not positive"),
        ({"spread": replace(SPREAD, rtol=Fraction(1))}, "not one over the tolerances"),
        ({"spread": replace(SPREAD, atol=(Fraction(-1), Fraction(1)))}, "or an absolute one neg"),
        ({"spread": replace(SPREAD, atol=(Fraction(0),))}, "and an atol for each output"),
        ({"spread": replace(SPREAD, points=())}, "relative tolerances need points"),
        ({"spread": replace(SPREAD, points=((Fraction(2),), *ENDS))}, "lies outside the domain"),
        ({"spread": replace(SPREAD, points=((Fraction(0),) * 2,))}, "has another dimension"),
    ],
)
def test_tolerances_that_do_not_follow_are_refused(changes: dict[str, Any], reason: str) -> None:
    report = check_networks(certificate(**changes), F, F)
    assert not report.valid
    assert reason in report.reason
