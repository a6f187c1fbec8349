from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet import Box, Equivalent, Network, ShapeError, examples
from tropnet.testing import assert_equivalent

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
IDENTITY = Network.from_dense([[[1], [-1]], [[1, -1]]])


def _said(a: Any, b: Any, domain: Any = None, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(a, b, domain, **options)
    return str(caught.value)


def test_it_returns_the_proof() -> None:
    verdict = assert_equivalent("examples:moons_a", examples.path("moons_a_permuted"))
    assert isinstance(verdict, Equivalent)
    assert verdict.certificate.claim == "equivalent"


def test_the_message_shows_the_point_and_both_values() -> None:
    said = _said(ABSOLUTE, IDENTITY, Box([-1], [1]))
    assert said == (
        "The models are different.\n"
        "\n"
        "  relation:  equal, atol 0, norm inf\n"
        "  domain:    Box(['-1'], ['1'])\n"
        "  x:         (-1)\n"
        "  f(x):      (1)\n"
        "  g(x):      (-1)\n"
        "  gap:       2; more than atol 0\n"
        "  float32:   the nearest float32 point shows it too\n"
        "  proven:    2 <= sup|f-g| <= 2\n"
        "\n"
        "What may help: atol='2' would pass, since the upper bound is proven."
    )


def test_models_that_drift_apart_are_told_to_take_a_domain() -> None:
    said = _said(ABSOLUTE, IDENTITY)
    assert "domain:    all of R^n\n" in said
    assert "inf <= sup|f-g| <= inf" in said
    assert said.endswith("give a domain, such as the range of your data.")
    assert "would pass" not in said


def _rounded(seed: int = 0) -> tuple[Network, Network]:
    """A float64 network and its float32 export."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((4, 2)), rng.standard_normal((1, 4))]
    rounded = [w.astype(np.float32) for w in weights]
    return Network.from_dense(weights), Network.from_dense(rounded, dtype="float32")


def test_after_an_export_the_advised_atol_passes() -> None:
    a, b = _rounded()
    box = Box.cube(2)
    said = _said(a, b, box)
    advised = said.rpartition(" atol='")[2].partition("'")[0]
    assert 1e-9 < float(advised) < 1e-5
    assert len(advised) < 10
    assert assert_equivalent(a, b, box, atol=advised).atol == Fraction(advised)


def test_an_atol_below_the_gap_does_not_pass() -> None:
    a, b = _rounded()
    said = _said(a, b, Box.cube(2), atol="1e-9")
    assert "more than atol 1e-09\n" in said


def test_a_witness_that_float32_hides_is_marked() -> None:
    needle = Network.from_dense([[[1]], [[1]]], [["-1/3"], [0]])
    nothing = Network.from_dense([[[1]], [[0]]], [["-1/3"], [0]])
    said = _said(needle, nothing, Box(["1/3"], [Fraction(1, 3) + Fraction(1, 2**60)]))
    assert "the nearest float32 point does not show it" in said


def test_undecided_fails_and_gives_the_reason_and_the_bracket() -> None:
    said = _said(ABSOLUTE, IDENTITY, Box([-1], [1]), time_limit=1e-6)
    assert said.startswith("It is undecided whether the models are equivalent")
    assert "  proven:    0 <= sup|f-g| <= " in said
    assert "  reason:    the time limit was reached" in said


def test_other_errors_are_not_assertions() -> None:
    with pytest.raises(ShapeError, match="cannot compare"):
        assert_equivalent(ABSOLUTE, "examples:moons_a")


def test_many_outputs_are_cut_short() -> None:
    many = Network.from_dense([[[1]] * 20])
    said = _said(many, Network.from_dense([[[2]] * 20]), Box([1], [1]))
    assert ", … 12 more)" in said
    assert max(map(len, said.splitlines())) < 120


def test_pytest_points_at_the_caller() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(ABSOLUTE, IDENTITY)
    assert caught.traceback[-1].frame.f_locals["__tracebackhide__"] is True


def test_hypothesis_is_not_imported() -> None:
    program = (
        "import sys; from tropnet.testing import assert_equivalent; "
        "assert callable(assert_equivalent); sys.exit('hypothesis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=120).returncode == 0
