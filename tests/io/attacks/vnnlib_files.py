"""Attacks in VNN-LIB files."""

from __future__ import annotations

from collections.abc import Iterator

from tests.io.attacks.attack import FILE, Attack, attack

_COMPARE = ("compare", "examples:moons_a", "examples:moons_b", "--vnnlib", FILE)
_TWO = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
_UNIT = "(assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)))"
_NOTHING = "(assert (and (<= X_0 0) (>= X_0 1)))"


def _files() -> Iterator[tuple[str, str, str]]:
    either = "(or (<= X_0 1) (<= X_0 2))"
    yield (
        "2^60 cases",
        _TWO + f"(assert {either})" * 60 + _UNIT,
        "cases of a VNN-LIB file|contradict|",
    )
    cases = "(assert (or " + " ".join(f"(<= X_0 {k})" for k in range(100)) + "))"
    yield "100^50 cases", _TWO + cases * 50, "cases of a VNN-LIB file"
    yield (
        "100^3 cases in one formula",
        _TWO + "(assert (and " + (cases[8:-1]) * 3 + "))",
        "cases of",
    )
    deep = _TWO + "(assert " + "(and " * 90 + cases[8:-1] + ")" * 90 + ")"
    yield "nested 90 deep", deep + _NOTHING, "contradict each other"
    doubled = either
    for _ in range(12):
        doubled = f"(and {doubled} {doubled})"
    yield "formulas that double", _TWO + f"(assert {doubled})" + _NOTHING, "contradict|cases"
    large = " ".join(["(and (<= X_0 1) (>= X_0 0))"] * 1000)
    yield "a thousand of the same", _TWO + f"(assert (or {large}))" + _NOTHING, "contradict"
    yield "parentheses 10^6 deep", "(" * 10**6, "nested deeper than 100"
    yield "10^6 closed ones", ")" * 10**6, "stands outside"
    yield "10^6 empty commands", "()" * 10**6, "unknown VNN-LIB command"
    declared = "(declare-const X_0 Real)" * 20_000
    yield "20,000 declarations of one", declared + _NOTHING, "contradict"
    yield "X_10^18", "(declare-const X_1000000000000000000 Real)", "is none"
    yield "X with 10^5 digits", f"(declare-const X_{'9' * 10**5} Real)", "is none"
    yield "X_999999 alone", "(declare-const X_999999 Real)", "without gaps"
    yield "a bound of 1e400000000", _TWO + _UNIT + "(assert (<= X_0 1e400000000))", "1e400000000"
    yield "a bound of 10^5 digits", _TWO + _UNIT + f"(assert (<= X_0 {'9' * 10**5}x))", "."
    yield "a bound of 1/0", _TWO + _UNIT + "(assert (<= X_0 (/ 1 0)))", "no VNN-LIB number"
    deep_number = "(- " * 95 + "1" + ")" * 95
    number = f"(assert (<= X_0 {deep_number}))"
    yield "a number nested 95 deep", _TWO + number + _NOTHING, "contradict"
    yield (
        "a product of 10^5 numbers",
        _TWO + "(assert (<= X_0 (* " + "9.75 " * 10**5 + ")))",
        "32768 bits",
    )
    yield (
        "a sum that doubles",
        _TWO + "(assert (<= 0 " + "(+ X_0 " * 90 + "X_0" + ")" * 90 + "))" + _NOTHING,
        "contradict",
    )
    yield "a product of inputs", _TWO + "(assert (<= (* X_0 X_0) 1))", "multiplies inputs"
    many = "".join(f"(declare-const X_{k} Real)" for k in range(5000))
    sums = "".join(f"(assert (<= (+ X_{k} X_0) 1))" for k in range(1, 5000))
    yield "a polyhedron of 5000 x 5000", many + sums, "entries of the inequalities"
    fraction = "1"
    for k in range(90):
        fraction = f"(/ {fraction} {'9' * 4000}{k})"
    yield "a fraction of 360,000 digits", _TWO + f"(assert (<= X_0 {fraction}))", "."
    yield "a word of a megabyte", "(" + "a" * 10**6 + ")", "unknown VNN-LIB command"
    yield "a variable that clears the screen", "(declare-const \x1bc Real)", r"\\x1bc"
    yield "a comment that does not end", ";" * 10**6, "declares no inputs"
    yield "not text", "\udcff\udcfe", "it is not text"
    network = "(declare-network f (declare-input A real {}) (declare-output B real [1]))"
    yield "10^18 inputs", network.format("[1000000000,1000000000]"), "such as real"
    yield "10^17 inputs", network.format("[100000000,999999999]"), "entries; from 1"
    yield "a shape of 10^5 sizes", network.format("[" + "1," * 10**5 + "1]"), "without its"
    yield "10^5 brackets", "(assert " + "[" * 10**5, "without its counterpart"
    yield "10^5 closed brackets", "(assert A" + "[1]" * 10**5 + ")", "is not read|unknown VNN"
    yield "10^5 quotes", "(assert " + '"\\' * 10**5, "without its counterpart"
    yield (
        "10^4 networks",
        "".join(
            network.format("[2]")
            .replace(" f ", f" f{k} ")
            .replace("A", f"A{k}")
            .replace("B", f"B{k}")
            for k in range(10**4)
        )
        + "(assert (<= A0[0] 1))",
        "different domains",
    )
    yield (
        "a network equal to itself",
        network.format("[1]").replace(" f ", " f (equal-to f) "),
        ("no network 'f' before it"),
    )
    yield "code", '(exec "import os")', "unknown VNN-LIB command"


def attacks() -> list[Attack]:
    """Return all of them."""
    return [
        attack(name, "f.vnnlib", text.encode("utf-8", "surrogateescape"), says, *_COMPARE)
        for name, text, says in _files()
    ]
