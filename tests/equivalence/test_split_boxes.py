"""Bounds by boxes that a comparison finds: never beyond the truth, and replayed as they are."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from unittest.mock import patch

from tropnet.checker import Certificate, check_networks
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence import Different, Equivalent, Verdict
from tropnet.equivalence.compare import compare_networks
from tropnet.network import Network

dense = Network.from_dense


def asked(a: Network, b: Network, domain: Domain, **more: Any) -> Verdict:
    """Compare without cells, and hold the certificate as it is read back against the networks."""
    with patch("tropnet.equivalence.portfolio.MAX_INPUTS", 0):
        verdict = compare_networks(a, b, domain, **{"time_limit": 10, **more})
    report = check_networks(Certificate.from_json(verdict.certificate.to_json()), a, b)
    assert report.valid, str(report)
    return verdict


# ---- what was wrong once ------------------------------------------------------------------------


def test_a_coefficient_below_all_floats_leaves_no_box_out() -> None:
    small, large, unit = Fraction(1, 4 * 10**324), Fraction(10) ** 308, Fraction(1, 10**17)
    # y >= 1e-17 - small x, which is y >= -1.5e-17 at the far end
    sides = [[-small, -1], [1, 0], [-1, 0], [0, 1], [0, -1]]
    domain = Polyhedron(sides, [-unit, large, 0, unit * Fraction(11, 10), unit])
    rows, bias = [[0, -1 / unit], [0, 1 / unit], [1, 1]], ["-1/2", "-1/3", 0]
    f = dense([rows, [[1, "1/9", "1/11"]]], [bias, [0]])
    g = dense([rows, [[0, "1/9", "1/11"]]], [bias, [Fraction(1, 10**12)]])
    verdict = asked(f, g, domain, atol=Fraction(1, 10))
    assert isinstance(verdict, Different)
    assert verdict.upper >= Fraction(49, 100)


def test_the_grid_tells_choices_apart_that_floats_tell_apart() -> None:
    tiny = Fraction(1, 10**25)
    rows: list[list[Any]] = [[1, "1/3"], ["-1", "1/7"], ["1/5", 1]]
    f = dense([rows, [[100, 1, 1], [1, 1, 1]]], [[0, 0, 0], [300, 0]])
    g = dense([rows, [[tiny, 0, 0], [-tiny, 0, tiny]]], [[0, 0, 0], [4 * tiny, 0]])
    for kind in ("argmax", "argmin"):
        verdict = asked(f, g, Box.cube(2), relation=kind, atol="0.1")
        assert isinstance(verdict, Equivalent)
        assert verdict.method == "boxes"
