from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import tropnet
from tropnet.domains import Box
from tropnet.equivalence import Different, Equivalent, Undecided, UndecidedError
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import TropnetError
from tropnet.network import Network

dense = Network.from_dense
ABSOLUTE = dense([[[1], [-1]], [[1, 1]]])


def test_truth_values() -> None:
    equal = compare_networks(ABSOLUTE, ABSOLUTE)
    different = compare_networks(ABSOLUTE, dense([[[1]]]))
    assert equal
    assert not different
    assert isinstance(equal, Equivalent)
    assert isinstance(different, Different)
    parts = {name: getattr(equal, name) for name in ("relation", "domain", "atol", "norm", "lower",
             "upper", "certificate", "method", "seconds")}  # fmt: skip
    with pytest.raises(UndecidedError, match="neither true nor false"):
        bool(Undecided(**parts, reason="too hard"))
    assert issubclass(UndecidedError, TropnetError)


def test_what_is_printed() -> None:
    verdict = compare_networks(ABSOLUTE, dense([[[1]]]), Box(["-1/3"], [1]), atol="1/8")
    text = str(verdict)
    assert text.startswith("Different\n")
    assert "equal, atol 0.125, norm inf" in text
    assert "Box(['-1/3'], ['1'])" in text
    assert "0.666667 <= sup|f-g| <= 0.666667" in text
    assert "x = (-0.333333): f = (0.333333), g = (-0.333333), |f-g| = 0.666667" in text
    assert "float32" in text
    assert verdict._repr_html_().startswith("<div>")
    assert "<script" not in verdict._repr_html_()


def test_the_nearest_float32_point_may_not_show_it() -> None:
    # a bump around 1/3, thinner than the distance to the nearest float32
    bump = dense([[[1], [-1]], [[-1, -1]], [[1]]], [["-1/3", "1/3"], ["1e-12"], [0]])
    verdict = compare_networks(bump, dense([[[0]]]), Box([0], [1]))
    assert isinstance(verdict, Different)
    assert not verdict.witness.survives_float32
    assert "the nearest float32 point does not show it" in str(verdict)
    plain = compare_networks(ABSOLUTE, dense([[[1]]]), Box([-1], [1]))
    assert isinstance(plain, Different)
    assert plain.witness.survives_float32


def test_a_witness_outside_the_floats() -> None:
    verdict = compare_networks(dense([[[1]]]), dense([[[2]]]), Box(["1e400"], ["2e400"]))
    assert isinstance(verdict, Different)
    assert not verdict.witness.survives_float32
    assert verdict.lower == Fraction(2) * 10**400
    assert str(verdict)


def test_the_float32_point_of_a_decimal_corner_stays_in_the_box() -> None:
    # 0.1 has no float32; the nearest lies above, outside the box
    verdict = compare_networks(dense([[[1]], [[1]]]), dense([[[1]], [[2]]]), Box([0], ["0.1"]))
    assert isinstance(verdict, Different)
    witness = verdict.witness
    assert witness.point == (Fraction(1, 10),)
    assert witness.float32_point[0] < 0.1 < float(np.float32(0.1))
    assert witness.survives_float32


def test_a_note_about_both_networks_is_shown_once() -> None:
    verdict = tropnet.compare("examples:moons_a", "examples:moons_b", Box.cube(2, 0, 1))
    (note,) = [text for name, text in verdict.rows() if name == "note"]
    assert note.startswith("a and b: the file holds weights alone")
    assert len(verdict.notes) == 2
    one = tropnet.compare("examples:moons_b", "examples:moons_a_permuted", Box.cube(2, 0, 1))
    assert [text[:3] for name, text in one.rows() if name == "note"] == ["a: "]
