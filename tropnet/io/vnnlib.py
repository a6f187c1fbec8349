"""VNN-LIB 1.0 files, read for the boxes that they put the inputs in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias, final, overload

from tropnet.domains import Box
from tropnet.errors import BudgetExceeded, DomainError, FormatError
from tropnet.exact import as_fraction
from tropnet.io.model_file import ModelFile
from tropnet.io.one_line import one_line_errors

_TOKEN: Final = re.compile(r"[()]|[^\s();]+|;[^\n]*")
_VARIABLE: Final = re.compile(r"([XY])_(\d{1,9})", re.ASCII)
_MOST_BOXES: Final = 10_000
_MOST_DEPTH: Final = 100
_MOST_BYTES: Final = 2**27
#: Words and parentheses of one command; the inputs of an image take a million.
_MOST_TOKENS: Final = 2**21
_MOST_VARIABLES: Final = 1_000_000

#: An S-expression: a word, or a list of them.
_Term: TypeAlias = "str | list[Any]"
#: One bound: which variable, whether from above, and the value.
_Bound: TypeAlias = tuple[int, bool, Fraction]
#: The bounds of the inputs in one case.
_Case: TypeAlias = tuple[_Bound, ...]


@final
@dataclass(frozen=True, slots=True)
class InputBoxes(Sequence[Box]):
    """The boxes of a VNN-LIB file: a sequence of `Box`.

    Attributes:
        boxes: the boxes whose union the inputs range over, each once.
        output_constraints: how many comparisons with outputs the file has; no box holds them.
        n_outputs: how many outputs the file declares.
    """

    boxes: tuple[Box, ...]
    output_constraints: int
    n_outputs: int

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[Box]:
        return iter(self.boxes)

    @overload
    def __getitem__(self, index: int) -> Box: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Box, ...]: ...

    def __getitem__(self, index: int | slice) -> Box | tuple[Box, ...]:
        return self.boxes[index]


def read_vnnlib(path: str | os.PathLike[str]) -> InputBoxes:
    """Read the input boxes of a VNN-LIB 1.0 file; its decimals are exact rationals.

    Constraints on outputs are counted and otherwise left aside. Where the file has several cases
    (`or`), there is one box for each whose bounds can be met.

    Args:
        path: the file.

    Returns:
        The boxes, in the order of the cases.

    Raises:
        FormatError: no VNN-LIB, or constraints on inputs that are no box.
        DomainError: an input without a lower or upper bound, or no case that can be met.
        BudgetExceeded: too many cases.

    Example:
        >>> import pathlib, tempfile
        >>> from tropnet.io import read_vnnlib
        >>> text = "(declare-const X_0 Real) (assert (<= X_0 0.1)) (assert (>= X_0 -1e-1))"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "f.vnnlib")
        ...     _ = path.write_text(text)
        ...     read_vnnlib(path)[0]
        Box(['-1/10'], ['1/10'])
    """
    with one_line_errors():
        return _read(ModelFile.open(path))


def _read(file: ModelFile) -> InputBoxes:
    try:
        text = file.text(_MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError(f"{file.path} is no VNN-LIB file: it is not text") from None
    inputs, outputs = set[int](), set[int]()
    cases: list[_Case] = [()]
    spoken = 0
    for command in _commands(text, str(file.path)):
        match command:
            case ["declare-const" | "declare-fun", str(name), *_]:
                kind, number = _variable(name)
                (inputs if kind == "X" else outputs).add(number)
            case ["assert", formula]:
                cases = _product(cases, _cases(formula))
                spoken += _outputs_in(formula)
            case _:
                raise FormatError(f"{file.path}: unknown VNN-LIB command {_shown(command)}")
    if not inputs or inputs != set(range(len(inputs))):
        raise FormatError(f"{file.path} declares no inputs X_0, X_1, … without gaps")
    found = [_box(bounds, len(inputs)) for bounds in cases]
    boxes = tuple(dict.fromkeys(box for box in found if box is not None))
    if not boxes:
        raise DomainError(f"{file.path}: the bounds of the inputs contradict each other")
    return InputBoxes(boxes, spoken, len(outputs))


def _commands(text: str, path: str) -> Iterator[list[Any]]:
    """Yield the S-expressions of a text, without recursion."""
    stack: list[list[Any]] = []
    tokens = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token.startswith(";"):
            continue
        tokens += 1
        if tokens > _MOST_TOKENS:
            raise BudgetExceeded(
                f"words of one command of {path}", tokens, _MOST_TOKENS, "several commands"
            )
        if token == "(":
            stack.append([])
            if len(stack) > _MOST_DEPTH:
                raise FormatError(f"{path}: parentheses nested deeper than {_MOST_DEPTH}")
        elif not stack:
            raise FormatError(
                f"{path} is no VNN-LIB file: {token[:30]!r} stands outside parentheses"
            )
        elif token == ")":
            done = stack.pop()
            if stack:
                stack[-1].append(done)
            else:
                tokens = 0
                yield done
        else:
            stack[-1].append(token)
    if stack:
        raise FormatError(f"{path} ends inside parentheses; was it copied completely?")


def _variable(name: str) -> tuple[str, int]:
    match = _VARIABLE.fullmatch(name)
    if match is None or int(match[2]) >= _MOST_VARIABLES:
        raise FormatError(f"VNN-LIB variables are X_0, …, Y_0, …; {name[:40]!r} is none")
    return match[1], int(match[2])


def _cases(formula: _Term) -> list[_Case]:
    """Return the cases of a formula, each once: its disjunctive form without the outputs."""
    match formula:
        case ["and", *parts]:
            cases: list[_Case] = [()]
            for part in parts:
                cases = _product(cases, _cases(part))
            return cases
        case ["or", *parts] if parts:
            return list(dict.fromkeys(case for part in parts for case in _cases(part)))
        case ["<=" | ">=" | "<" | ">" | "=" as relation, left, right]:
            return [_comparison(relation, left, right)]
    raise FormatError(f"VNN-LIB formula {_shown(formula)} is not read")


def _comparison(relation: str, left: _Term, right: _Term) -> _Case:
    kinds = {_variable(name)[0] for name in _names([left, right])}
    if "Y" in kinds:
        if "X" in kinds:
            raise FormatError(
                f"{_shown([relation, left, right])} relates inputs and outputs; only boxes are read"
            )
        return ()
    if isinstance(left, str) and _VARIABLE.fullmatch(left):
        name, value, from_above = left, right, relation in ("<=", "<")
    elif isinstance(right, str) and _VARIABLE.fullmatch(right):
        name, value, from_above = right, left, relation in (">=", ">")
    else:
        raise FormatError(f"{_shown([relation, left, right])} is no bound of one input")
    if _names([value]):
        raise FormatError(f"{_shown([relation, left, right])} is no box: it relates two inputs")
    # a strict bound is closed: the box is the smallest that holds the points meant
    index, number = _variable(name)[1], _number(value)
    if relation == "=":
        return ((index, True, number), (index, False, number))
    return ((index, from_above, number),)


def _outputs_in(formula: _Term) -> int:
    """Return how many comparisons in a formula speak of outputs."""
    if isinstance(formula, str):
        return 0
    if formula and formula[0] in ("and", "or"):
        return sum(_outputs_in(part) for part in formula[1:])
    return int(any(_variable(name)[0] == "Y" for name in _names(formula)))


def _names(terms: Sequence[_Term]) -> list[str]:
    """Return the variables in some terms."""
    stack, found = list(terms), []
    while stack:
        term = stack.pop()
        if isinstance(term, list):
            stack += term
        elif _VARIABLE.fullmatch(term):
            found.append(term)
    return found


def _number(term: _Term) -> Fraction:
    """Return the value of a decimal, `(- 3)` or `(/ 1 3)`."""
    match term:
        case str(text):
            return as_fraction(text, "a VNN-LIB number")
        case ["-", part]:
            return -_number(part)
        case ["/", above, below] if (divisor := _number(below)) != 0:
            return _number(above) / divisor
    raise FormatError(f"{_shown(term)} is no VNN-LIB number")


def _product(first: list[_Case], second: list[_Case]) -> list[_Case]:
    if len(first) * len(second) > _MOST_BOXES:
        raise BudgetExceeded(
            "cases of a VNN-LIB file", len(first) * len(second), _MOST_BOXES, "split the file"
        )
    return list(dict.fromkeys(a + b for a in first for b in second))


def _box(bounds: Sequence[_Bound], size: int) -> Box | None:
    """Return the box of the bounds; None where they contradict each other."""
    lower: list[Fraction | None] = [None] * size
    upper: list[Fraction | None] = [None] * size
    for index, from_above, value in bounds:
        if index >= size:
            raise FormatError(f"X_{index} is bounded but not declared")
        if from_above:
            old = upper[index]
            upper[index] = value if old is None else min(old, value)
        else:
            old = lower[index]
            lower[index] = value if old is None else max(old, value)
    for sides, word in ((lower, "lower"), (upper, "upper")):
        if None in sides:
            raise DomainError(
                f"X_{sides.index(None)} has no {word} bound; boxes need both for every input"
            )
    low = [v for v in lower if v is not None]
    high = [v for v in upper if v is not None]
    return Box(low, high) if all(a <= b for a, b in zip(low, high, strict=True)) else None


def _shown(term: Any) -> str:
    text = f"({' '.join(map(_shown, term))})" if isinstance(term, list) else str(term)
    return text if len(text) <= 60 else text[:57] + "..."
