"""VNN-LIB files: boxes with exact sides, cases, and what is no box."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import BudgetExceeded, DomainError, FormatError, TropnetError
from tropnet.io import InputDomains, read_vnnlib

_TWO = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
_UNIT = "(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)))"


def _read(tmp_path: Path, text: str) -> InputDomains:
    path = tmp_path / "f.vnnlib"
    path.write_text(text)
    return read_vnnlib(path)


def test_decimals_are_exact_rationals(tmp_path: Path) -> None:
    text = """; a comment (with parentheses
    (declare-const X_0 Real) (declare-const X_1 Real)
    (assert (<= X_0 0.679857769)) (assert (>= X_0 -1.5e-3))
    (assert (<= (- 0.1) X_1)) (assert (>= (/ 1 3) X_1))"""
    found = _read(tmp_path, text)
    assert found.domains == (Box(["-0.0015", "-0.1"], ["0.679857769", "1/3"]),)
    first = found[0]
    assert isinstance(first, Box)
    assert first.upper[0] == Fraction(679857769, 10**9)
    assert (len(found), found.output_constraints, found.n_outputs) == (1, 0, 0)


def test_bounds_tighten_and_equalities_fix(tmp_path: Path) -> None:
    text = _TWO + "(assert (= X_0 2))(assert (<= X_1 5))(assert (< X_1 4))(assert (> X_1 3))"
    assert list(_read(tmp_path, text)) == [Box([2, 3], [2, 4])]


def test_outputs_are_counted_and_left_aside(tmp_path: Path) -> None:
    text = _TWO + _UNIT + "(assert (<= Y_0 3))(assert (or (and (>= Y_0 1) (<= Y_0 2)) (<= Y_0 0)))"
    found = _read(tmp_path, text)
    assert found.domains == (Box.cube(2, 0, 1),)
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
        (_TWO + _UNIT + "(assert (>= X_0 2))", DomainError, "contradict each other"),
        (_TWO + "(assert (<= (* X_0 X_1) 1))", FormatError, "multiplies inputs"),
        (_TWO + "(assert (!= X_0 1))", FormatError, "leaves out points"),
        (_TWO + "(assert (<= X_0 (max X_1 0)))", FormatError, "no sum of inputs"),
        (_TWO + "(assert (<= X_0 (+ Y_0 X_1)))", FormatError, "relates inputs and outputs"),
        (_TWO + _UNIT + "(assert (<= 1 0))", DomainError, "contradict each other"),
        (_TWO + "(assert (<= X_0 (*" + " 1e300" * 40 + ")))", FormatError, "32768 bits"),
        ("(vnnlib-version <3.0>)" + _TWO, FormatError, "versions 1 and 2 are read"),
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


def _rows(domain: Domain) -> set[tuple[str, ...]]:
    assert isinstance(domain, Polyhedron)
    sides = zip(domain.A.to_fractions(), domain.b.to_fractions(), strict=True)
    return {tuple(map(str, (*row, *bound))) for row, bound in sides}


def _texts(*rows: str) -> set[tuple[str, ...]]:
    return {tuple(row.split()) for row in rows}


def test_what_is_no_box_is_a_polyhedron(tmp_path: Path) -> None:
    text = _TWO + _UNIT + "(assert (<= (+ X_0 (* 2.0 X_1) -1) (/ X_1 2)))(assert (= X_0 X_1))"
    (found,) = _read(tmp_path, text)
    unit = _texts("-1 0 0", "0 -1 0", "1 0 1", "0 1 1")
    assert _rows(found) == unit | _texts("1 3/2 1", "1 -1 0", "-1 1 0")


def test_bounds_that_are_missing_leave_it_open(tmp_path: Path) -> None:
    (found,) = _read(tmp_path, _TWO + "(assert (>= X_0 1))(assert (<= X_1 1))")
    assert _rows(found) == _texts("-1 0 -1", "0 1 1")
    assert _read(tmp_path, _TWO + "(assert (>= Y_0 1))").domains == (None,)


def test_an_image_is_read_in_linear_time(tmp_path: Path) -> None:
    names = [f"X_{k}" for k in range(5_000)]
    bounds = " ".join(f"(>= {n} 0) (<= {n} 0.1)" for n in names)
    text = "".join(f"(declare-const {n} Real)" for n in names) + f"(assert (and {bounds}))"
    assert list(_read(tmp_path, text)) == [Box.cube(5_000, 0, "0.1")]


# ---- version 2 ------------------------------------------------------------------------------

_F = "(declare-network f (declare-input A real [1, 2]) (declare-output B float32 [2]))"
_G = "(declare-network g (isomorphic-to f) (declare-input C real [1,2]) (declare-output D real []))"
_HEAD = "(vnnlib-version <2.0>)"
_SAME = "(assert (== A[0,0] C[0,0]))(assert (== C[0,1] A [0, 1]))"
_BOX = "(assert (and (<= A[0,0] 1.0) (>= A[0,0] -1.0)))(assert (<= A[0,1] 2.0))"


def test_tensors_are_read_row_by_row(tmp_path: Path) -> None:
    text = _HEAD + _F + _BOX + "(assert (>= A[0,1] 0.5))(assert (> B[1] (+ B[0] 0.01)))"
    found = _read(tmp_path, text)
    assert found.domains == (Box([-1, "0.5"], [1, 2]),)
    assert (found.n_inputs, found.n_outputs, found.output_constraints) == (2, 2, 1)


def test_several_inputs_follow_each_other(tmp_path: Path) -> None:
    network = """(declare-network f (declare-input A real [2,2]) (declare-input B real [1])
      (declare-hidden H real [3] "a (hidden) node") (declare-output Y real []))"""
    bounds = "".join(
        f"(assert (== {name} {k}.0))"
        for k, name in enumerate(["A[0,0]", "A[0,1]", "A[1,0]", "A[1,1]", "B[0]"])
    )
    found = _read(tmp_path, _HEAD + network + bounds + "(assert (>= Y H[2]))")
    assert found.domains == (Box(range(5), range(5)),)
    assert found.output_constraints == 1


def test_two_networks_with_equal_inputs_are_one(tmp_path: Path) -> None:
    text = _HEAD + _F + _G + _BOX + _SAME + "(assert (>= C[0,1] 0.5))(assert (> B[0] D))"
    assert _read(tmp_path, text).domains == (Box([-1, "0.5"], [1, 2]),)


def test_two_networks_with_the_same_bounds_are_one(tmp_path: Path) -> None:
    other = _BOX.replace("A[", "C[")
    found = _read(tmp_path, _HEAD + _F + _G + _BOX + other)
    assert _rows(found[0]) == _texts("1 0 1", "-1 0 1", "0 1 2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_F + _G + _BOX, "different domains"),
        (_F + _G + _BOX + "(assert (== A[0,0] C[0,0]))", "only some inputs of two networks equal"),
        (_F + _G + _BOX + "(assert (>= A[0,0] C[0,0]))", "otherwise than by setting them equal"),
        (_F + _G + "(assert (== A[0,0] C[0,1]))", "otherwise than by setting them equal"),
        (_F + _BOX + "(assert (<= A[0,2] 1.0))", "does not fit the shape"),
        (_F + _BOX + "(assert (<= A[0] 1.0))", "does not fit the shape"),
        (_F + _BOX + "(assert (<= A[0,0 1.0))", "a \\[ without its counterpart"),
        (_F + _F, "network 'f' is declared twice"),
        (_F + _G.replace("C", "A"), "variable 'A' is declared twice"),
        (_G, "no network 'f' before it"),
        (_F + "(declare-const X_0 Real)", "mixes declarations"),
        ("(declare-network f (declare-input A real [2000000]))", "2000000 entries"),
        ("(declare-network f (declare-input A real [999999999,999999999]))", "entries; from 1"),
        ("(declare-network f (declare-input A real [0]))", "0 entries"),
        ("(declare-network f (declare-input A real))", "such as real \\[1,5\\] follow"),
        ("(declare-network f (declare-input A real x))", "a type and a shape"),
        ("(declare-network f (declare-output A real [2]))", "declares no inputs"),
        ("(declare-network)", "has no name"),
    ],
)  # fmt: skip
def test_refusals_of_version_2(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TropnetError, match=message) as caught:
        _read(tmp_path, _HEAD + text)
    assert "\n" not in str(caught.value)


def test_brackets_and_quotes_that_stay_open_take_no_time(tmp_path: Path) -> None:
    for text in ("(" + '"\\' * 200_000, "(" + "[" * 200_000, '("' + "x" * 200_000):
        with pytest.raises(FormatError):
            _read(tmp_path, text)
