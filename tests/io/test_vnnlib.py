"""VNN-LIB files: boxes with exact sides, cases, and what is no box."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tropnet.domains import Box
from tropnet.errors import BudgetExceeded, DomainError, FormatError, TropnetError
from tropnet.io import InputBoxes, read_vnnlib

_TWO = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
_UNIT = "(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)))"


def _read(tmp_path: Path, text: str) -> InputBoxes:
    path = tmp_path / "f.vnnlib"
    path.write_text(text)
    return read_vnnlib(path)


def test_decimals_are_exact_rationals(tmp_path: Path) -> None:
    text = """; a comment (with parentheses
    (declare-const X_0 Real) (declare-const X_1 Real)
    (assert (<= X_0 0.679857769)) (assert (>= X_0 -1.5e-3))
    (assert (<= (- 0.1) X_1)) (assert (>= (/ 1 3) X_1))"""
    found = _read(tmp_path, text)
    assert found.boxes == (Box(["-0.0015", "-0.1"], ["0.679857769", "1/3"]),)
    assert found[0].upper[0] == Fraction(679857769, 10**9)
    assert (len(found), found.output_constraints, found.n_outputs) == (1, 0, 0)


def test_bounds_tighten_and_equalities_fix(tmp_path: Path) -> None:
    text = _TWO + "(assert (= X_0 2))(assert (<= X_1 5))(assert (< X_1 4))(assert (> X_1 3))"
    assert list(_read(tmp_path, text)) == [Box([2, 3], [2, 4])]


def test_outputs_are_counted_and_left_aside(tmp_path: Path) -> None:
    text = _TWO + _UNIT + "(assert (<= Y_0 3))(assert (or (and (>= Y_0 1) (<= Y_0 2)) (<= Y_0 0)))"
    found = _read(tmp_path, text)
    assert found.boxes == (Box.cube(2, 0, 1),)
    assert (found.output_constraints, found.n_outputs) == (4, 1)


def test_cases_give_one_box_each(tmp_path: Path) -> None:
    text = (
        _TWO
        + """(assert (>= X_1 0)) (assert (<= X_1 1))
    (assert (or (and (>= X_0 0) (<= X_0 1) (<= Y_0 0))
                (and (>= X_0 2) (<= X_0 3) (>= Y_0 0))
                (and (>= X_0 2) (<= X_0 3) (<= Y_0 -9))
                (and (>= X_0 5) (<= X_0 4))))"""
    )
    found = _read(tmp_path, text)
    assert found[:] == (Box([0, 0], [1, 1]), Box([2, 0], [3, 1]))
    assert found.output_constraints == 3


def test_disjunctions_multiply_within_a_budget(tmp_path: Path) -> None:
    names = [f"X_{k}" for k in range(20)]
    either = "".join(
        f"(declare-const {n} Real)(assert (or (= {n} 0) (= {n} 1)))" for n in names[:3]
    )
    assert len(_read(tmp_path, either)) == 8
    many = "".join(f"(declare-const {n} Real)(assert (or (= {n} 0) (= {n} 1)))" for n in names)
    with pytest.raises(BudgetExceeded, match="cases of a VNN-LIB file"):
        _read(tmp_path, many)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (_TWO + "(assert (<= X_0 1))(assert (>= X_0 0))(assert (<= X_1 1))", DomainError,
         "X_1 has no lower bound"),
        (_TWO + "(assert (>= X_0 1))", DomainError, "X_1 has no lower bound"),
        (_TWO + _UNIT + "(assert (>= X_0 2))", DomainError, "contradict each other"),
        (_TWO + "(assert (<= X_0 X_1))", FormatError, "relates two inputs"),
        (_TWO + "(assert (<= (+ X_0 X_1) 1))", FormatError, "no bound of one input"),
        (_TWO + "(assert (<= X_0 Y_0))", FormatError, "relates inputs and outputs"),
        (_TWO + "(assert (<= X_0 abc))", DomainError, "'abc'"),
        (_TWO + "(assert (<= X_0 (/ 1 0)))", FormatError, "no VNN-LIB number"),
        (_TWO + "(assert (<= X_0 1e999999999))", DomainError, "'1e999999999'"),
        (_TWO + "(assert (not (<= X_0 1)))", FormatError, "is not read"),
        (_TWO + "(assert (<= X_0))", FormatError, "is not read"),
        (_TWO + "(assert (<= X_9 1))" + _UNIT, FormatError, "X_9 is bounded but not declared"),
        (_TWO + "(check-sat)", FormatError, "unknown VNN-LIB command"),
        ("(declare-const Z Real)", FormatError, "'Z' is none"),
        ("(declare-const X_1 Real)", FormatError, "without gaps"),
        ("(declare-const X_99999999999 Real)", FormatError, "is none"),
        ("; nothing\n", FormatError, "declares no inputs"),
        ("(assert (<= X_0", FormatError, "ends inside parentheses"),
        ("hello", FormatError, "stands outside parentheses"),
        (")", FormatError, "stands outside parentheses"),
        ("(" * 200, FormatError, "nested deeper"),
        ("", FormatError, "is empty"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, text: str, error: type[TropnetError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        _read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no file"):
        read_vnnlib(tmp_path / "missing.vnnlib")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="is no text: byte 2"):
        read_vnnlib(tmp_path / "b")
