from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tropnet.checker import Certificate, LowerEvidence, UpperEvidence, check_networks
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.compare import compare_networks
from tropnet.network import Network

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
HALF = Network.from_dense([[[1], [-1]], [[1, "1/2"]]])
BOX = Box([-2], [1])
ZERO = Fraction(0)


def claimed(
    lower: LowerEvidence,
    upper: UpperEvidence,
    domain: Domain = BOX,
    claim: Any = "bracket",
    atol: Fraction = ZERO,
    b: Network = HALF,
) -> Certificate:
    return Certificate(ABSOLUTE.sha256, b.sha256, domain, atol, "inf", claim, lower, upper)


AT_END = LowerEvidence(Fraction(1), (Fraction(-2),))
CELLS = UpperEvidence(Fraction(1), "cells", {"cells": 2})


def test_a_true_bracket_is_valid() -> None:
    report = check_networks(claimed(AT_END, CELLS), ABSOLUTE, HALF)
    assert report.valid
    assert bool(report)
    assert "1 <= sup|f-g| <= 1 replayed, upper end by cells" in report.reason
    assert str(report).startswith("valid: bracket; ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lower": LowerEvidence(Fraction(2), (Fraction(-2),))}, "closer than it says"),
        ({"lower": LowerEvidence(Fraction(1), (Fraction(-3),))}, "lies outside the domain"),
        ({"lower": LowerEvidence(Fraction(1), (ZERO, ZERO))}, "another dimension"),
        ({"lower": LowerEvidence(None, (ZERO,))}, "needs a direction"),
        ({"lower": LowerEvidence(None, (ZERO,), (ZERO, ZERO))}, "needs a direction"),
        ({"lower": LowerEvidence(None, (ZERO,), (Fraction(-1),))}, "the domain is bounded in the"),
        ({"lower": LowerEvidence(None, (ZERO,), (ZERO,))}, "the same slope at infinity"),
        ({"upper": replace(CELLS, value=Fraction(99, 100))}, "upper bound 0.99 is not proven"),
        ({"upper": replace(CELLS, data={"cells": 3})}, "2 joint cells were found, not the 3"),
        ({"upper": replace(CELLS, data={"cells": 1})}, "more joint cells than the 1 claimed"),
        ({"upper": replace(CELLS, data={"cells": True})}, "does not say how many joint cells"),
        ({"upper": replace(CELLS, data=None)}, "does not say how many joint cells"),
        ({"upper": UpperEvidence(Fraction(9), "none")}, "9 is not proven; replaying gives inf"),
        ({"upper": UpperEvidence(ZERO, "identical")}, "claimed identical and are not"),
        ({"upper": UpperEvidence(ZERO, "relations")}, "do not fit its layers"),
        ({"upper": UpperEvidence(ZERO, "intervals")}, "upper bound 0 is not proven"),
        ({"upper": UpperEvidence(ZERO, "intervals", {"matchings": []})}, "one matching for each"),
        ({"upper": UpperEvidence(ZERO, "intervals", {"matchings": 5})}, "one matching for each"),
        ({"claim": "equivalent"}, "does not prove equivalence within atol"),
        ({"claim": "different", "atol": Fraction(1)}, "does not prove a difference beyond atol"),
        ({"atol": Fraction(-1)}, "a tolerance is not negative"),
        ({"domain": Box.cube(2)}, "the domain has 2 coordinates"),
    ],
)
def test_false_claims_are_invalid(change: dict[str, Any], reason: str) -> None:
    certificate = replace(claimed(AT_END, CELLS), **change)
    report = check_networks(certificate, ABSOLUTE, HALF)
    assert not report.valid
    assert reason in report.reason


@pytest.mark.parametrize(
    ("domain", "direction", "valid"),
    [
        (None, -1, True),
        (None, 1, False),  # there f and g have the same slope
        (Polyhedron([[1]], [0]), -1, True),
        (Polyhedron([[-1]], [0]), -1, False),
        (Polyhedron([[-1], [1]], [5, 0]), -1, False),
    ],
)
def test_drift_needs_a_ray_of_the_domain(domain: Domain, direction: int, valid: bool) -> None:
    lower = LowerEvidence(None, (ZERO,), (Fraction(direction),))
    certificate = claimed(lower, UpperEvidence(None, "none"), domain, "different", Fraction(9))
    assert check_networks(certificate, ABSOLUTE, HALF).valid is valid


def test_an_empty_domain_proves_nothing() -> None:
    empty = Polyhedron([[1], [-1]], [0, -1])
    for upper in (CELLS, UpperEvidence(None, "none"), UpperEvidence(ZERO, "relations", {})):
        certificate = claimed(LowerEvidence(ZERO, (ZERO,)), upper, empty)
        assert not check_networks(certificate, ABSOLUTE, HALF).valid


def test_other_networks_are_named() -> None:
    certificate = claimed(AT_END, CELLS)
    for pair in ((HALF, ABSOLUTE), (HALF, HALF), (ABSOLUTE, ABSOLUTE)):
        report = check_networks(certificate, *pair)
        assert not report.valid
        assert "the certificate speaks of" in report.reason


def test_networks_of_different_shape() -> None:
    pair = Network.from_dense([[[1, 1]]])
    report = check_networks(claimed(AT_END, CELLS, b=pair), ABSOLUTE, pair)
    assert report.reason == "the networks have different numbers of inputs or outputs"


def test_a_plain_interval_proof_needs_no_matching() -> None:
    upper = UpperEvidence(Fraction(9, 2), "intervals", {"matchings": None})
    assert check_networks(claimed(AT_END, upper), ABSOLUTE, HALF).valid
    tighter = replace(upper, value=Fraction(2))
    assert not check_networks(claimed(AT_END, tighter), ABSOLUTE, HALF).valid


def test_numbers_beyond_floats_are_replayed_and_shown() -> None:
    f = Network.from_dense([[[1e300]], [[1e300]]])
    g = Network.from_dense([[[1e300]], [[2e300]]])
    report = check_networks(compare_networks(f, g, Box([0], [1])).certificate, f, g)
    assert report.valid
    assert "e+600 <= sup|f-g|" in str(report)
    small = Network.from_dense([[[1e-300]], [[1e-300]]]), Network.from_dense([[[0]]])
    report = check_networks(compare_networks(*small, Box([0], [1])).certificate, *small)
    assert report.valid
    assert "e-600 <= sup|f-g|" in str(report)


def test_the_checker_stands_alone() -> None:
    script = (
        "import sys, tropnet.checker\n"
        "loaded = set(sys.modules)\n"
        "roots = {name.split('.')[0] for name in loaded}\n"
        "bad = roots & {'scipy', 'torch', 'onnx', 'sympy', 'numba', 'highspy', 'networkx'}\n"
        "bad |= {n for n in loaded if n.startswith(('tropnet.equivalence', 'tropnet.algebra',\n"
        "        'tropnet.io', 'tropnet.exact.linear_program', 'tropnet.exact.simplex'))}\n"
        "sys.exit(str(sorted(bad)) if bad else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_replaying_loads_no_solver(tmp_path: Any) -> None:
    certificate = compare_networks(
        ABSOLUTE, HALF, Polyhedron([[1], [-1]], [1, 2]), atol=1
    ).certificate
    certificate.save(tmp_path / "c.json")
    script = (
        "import sys\n"
        "from tropnet.checker import Certificate, check_networks\n"
        "from tropnet.network import Network\n"
        "f = Network.from_dense([[[1], [-1]], [[1, 1]]])\n"
        "g = Network.from_dense([[[1], [-1]], [[1, '1/2']]])\n"
        f"report = check_networks(Certificate.load({str(tmp_path / 'c.json')!r}), f, g)\n"
        "assert report.valid, str(report)\n"
        "assert not any(n.split('.')[0] == 'scipy' for n in sys.modules)\n"
        "assert not any(n.startswith('tropnet.equivalence') for n in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
