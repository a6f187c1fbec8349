"""VNN-LIB files of version 1 and 2, read for where they put the inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, final, overload

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import BudgetExceeded, DomainError, FormatError
from tropnet.exact import RationalMatrix
from tropnet.io.model_file import ModelFile
from tropnet.io.one_line import one_line_errors
from tropnet.io.vnnlib_commands import shown, vnnlib_commands
from tropnet.io.vnnlib_coupling import coupled
from tropnet.io.vnnlib_formula import Case, Constraint, VnnlibFormula, product_of_cases
from tropnet.io.vnnlib_variables import VnnlibVariables

_MOST_BYTES: Final = 2**27
#: Entries of the matrix of a polyhedron.
_MOST_ENTRIES: Final = 10_000_000


@final
@dataclass(frozen=True, slots=True)
class InputDomains(Sequence[Domain]):
    """Where a VNN-LIB file puts the inputs: a sequence of domains.

    Attributes:
        domains: the domains whose union the inputs range over, each once: boxes where every input
            has both bounds and nothing else is said, else polyhedra; None, all of R^n, where
            nothing is said.
        n_inputs: how many inputs a network has.
        output_constraints: how many comparisons with outputs the file has; no domain holds them.
        n_outputs: how many outputs the first network has.
    """

    domains: tuple[Domain, ...]
    n_inputs: int
    output_constraints: int
    n_outputs: int

    def __len__(self) -> int:
        return len(self.domains)

    def __iter__(self) -> Iterator[Domain]:
        return iter(self.domains)

    @overload
    def __getitem__(self, index: int) -> Domain: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Domain, ...]: ...

    def __getitem__(self, index: int | slice) -> Domain | tuple[Domain, ...]:
        return self.domains[index]


def read_vnnlib(path: str | os.PathLike[str]) -> InputDomains:
    """Read where a VNN-LIB file, version 1 or 2, puts the inputs; its decimals are exact rationals.

    Constraints on outputs are counted and otherwise left aside. Where the file has several cases
    (`or`), there is one domain for each whose bounds can be met. A file of version 2 with several
    networks has to give all of them the same inputs: equal ones, `(== X_f[0] X_g[0])`, or the same
    constraints.

    Args:
        path: the file.

    Returns:
        The domains, in the order of the cases.

    Raises:
        FormatError: no VNN-LIB, or constraints on inputs that are not linear, or that relate the
            inputs of two networks otherwise than by equality.
        DomainError: no case that can be met, as far as bounds tell.
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


def _read(file: ModelFile) -> InputDomains:
    try:
        text = file.text(_MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError(f"{file.path} is no VNN-LIB file: it is not text") from None
    variables = VnnlibVariables()
    formula = VnnlibFormula(variables)
    always: list[Constraint] = []
    cases: list[Case] = [()]
    spoken = 0
    for command in vnnlib_commands(text, str(file.path)):
        match command:
            case ["vnnlib-version", str(version)]:
                if not version.strip("<>").startswith(("1.", "2.")):
                    raise FormatError(
                        f"{file.path} is VNN-LIB {version[:20]}; versions 1 and 2 are read"
                    )
            case ["declare-const" | "declare-fun", str(name), *_]:
                variables.declare_number(name)
            case ["declare-network", *parts]:
                variables.declare_network(parts)
            case ["assert", said]:
                found = formula.cases(said)
                if len(found) == 1:  # most are, and an image has thousands
                    always += found[0]
                else:
                    cases = product_of_cases(cases, found)
                spoken += formula.outputs_in(said)
            case _:
                raise FormatError(f"{file.path}: unknown VNN-LIB command {shown(command)}")
    variables.close(str(file.path))
    always, cases = coupled(always, cases, variables.inputs)
    size = variables.inputs[0]
    domains = [_domain([*always, *case], size) for case in cases]
    kept = tuple(dict.fromkeys(d for possible in domains for d in possible))
    if not kept:
        raise DomainError(f"{file.path}: the bounds of the inputs contradict each other")
    return InputDomains(kept, size, spoken, variables.outputs[0])


def _domain(constraints: Sequence[Constraint], size: int) -> list[Domain]:
    """Return the domain of the constraints; none where bounds contradict each other."""
    lower: list[Fraction | None] = [None] * size
    upper: list[Fraction | None] = [None] * size
    slanted: list[Constraint] = []
    for constraint in dict.fromkeys(constraints):
        weights, bound, equality = constraint
        for variable, _ in weights:
            if variable.entry >= size:
                raise FormatError(f"X_{variable.entry} is bounded but not declared")
        if not weights:
            if bound < 0 or (equality and bound):
                return []
        elif len(weights) > 1:
            slanted.append(constraint)
        else:
            ((variable, weight),) = weights
            index, value = variable.entry, bound / weight
            if equality or weight > 0:
                old = upper[index]
                upper[index] = value if old is None else min(old, value)
            if equality or weight < 0:
                old = lower[index]
                lower[index] = value if old is None else max(old, value)
    sides = list(zip(lower, upper, strict=True))
    if any(a is not None and b is not None and a > b for a, b in sides):
        return []
    if not slanted:
        low, high = ([v for v in side if v is not None] for side in (lower, upper))
        if len(low) == len(high) == size:
            return [Box(low, high)]
        if not low and not high:
            return [None]
    return [_polyhedron(lower, upper, slanted)]


def _polyhedron(
    lower: list[Fraction | None], upper: list[Fraction | None], slanted: list[Constraint]
) -> Polyhedron:
    size = len(lower)
    rows: list[tuple[dict[int, Fraction], Fraction]] = []
    for sign, side in ((-1, lower), (1, upper)):
        rows += [({k: Fraction(sign)}, sign * v) for k, v in enumerate(side) if v is not None]
    for weights, bound, equality in slanted:
        row = {variable.entry: weight for variable, weight in weights}
        rows.append((row, bound))
        if equality:
            rows.append(({k: -w for k, w in row.items()}, -bound))
    if len(rows) * size > _MOST_ENTRIES:
        raise BudgetExceeded(
            "entries of the inequalities of a VNN-LIB file", len(rows) * size, _MOST_ENTRIES,
            "give both bounds of every input, and nothing else: a box",
        )  # fmt: skip
    matrix = [[row.get(k, Fraction(0)) for k in range(size)] for row, _ in rows]
    return Polyhedron(RationalMatrix.from_rows(matrix, "A"), [bound for _, bound in rows])
