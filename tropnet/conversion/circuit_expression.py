"""A network written out as an explicit max-plus expression, one line a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.algebra.circuit_sympy import circuit_to_sympy
from tropnet.conversion.circuit_line import (
    SHOWN_TERMS,
    CircuitLine,
    aligned,
    exact_latex,
    latex_line,
    line_text,
    short_latex,
    sum_text,
)
from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.network import Affine, Network
    from tropnet.network.linear import Linear

#: Lines that a notebook shows.
_SHOWN_LINES: Final = 24


@final
@dataclass(frozen=True)
class CircuitExpression:
    """A piecewise linear function as lines that name affine functions and maxima of earlier names.

    This is the network's normal form as text: what several units read is written once, so the size
    is that of the network. Written into each other (`nested`), the lines would grow exponentially
    with the depth.

    Attributes:
        inputs: the names of the inputs, x1, x2, …
        lines: the units u1_1, u1_2, … (layer and unit, counted from 1), then the outputs.
        outputs: the names of the outputs, y1, y2, …

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion import circuit_expression
        >>> f = Network.from_dense([[["1/2", -1], [1, 0]], [[2, -1]]], [[3, 0], [0]])
        >>> print(circuit_expression(f))
        u1_1 = max(0, 1/2*x1 - x2 + 3)
        u1_2 = max(0, x1)
        y1 = 2*u1_1 - u1_2
    """

    inputs: tuple[str, ...]
    lines: tuple[CircuitLine, ...]
    outputs: tuple[str, ...]

    # ---- values -----------------------------------------------------------------------------

    def evaluate(self, points: Any) -> RationalMatrix:
        """Return the exact outputs `(batch, m)` at rational points, line by line in Fractions.

        Args:
            points: one point or rows of points; floats stand for their exact values.

        Raises:
            ShapeError: another number of coordinates.
            DomainError: NaN or infinity.

        Cost: about 1 µs a term and point, more for long numbers; `Network.exact` is the fast way.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import circuit_expression
            >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
            >>> circuit_expression(absolute).evaluate(["-1/3"])
            RationalMatrix([['1/3']])
        """
        batch = RationalMatrix.of(points, "points")
        if batch.shape[1] != len(self.inputs):
            raise ShapeError(
                f"points of shape {batch.shape} for an expression in {len(self.inputs)} "
                f"variables; give (batch, {len(self.inputs)})"
            )
        rows = [self._values(point) for point in batch]
        if not rows:
            return RationalMatrix.zeros(0, len(self.outputs))
        return RationalMatrix.from_rows(rows)

    def _values(self, point: Sequence[Fraction]) -> list[Fraction]:
        values = dict(zip(self.inputs, point, strict=True))
        for name, terms, constant, relu in self.lines:
            total = sum((factor * values[read] for read, factor in terms), constant)
            values[name] = max(total, Fraction(0)) if relu else total
        return [values[name] for name in self.outputs]

    # ---- sizes ------------------------------------------------------------------------------

    @property
    def n_terms(self) -> int:
        """The number of terms and constants in all lines."""
        return sum(len(line.terms) + bool(line.constant) for line in self.lines)

    def predicted_size(self, nested: bool = False) -> int:
        """Return the exact number of characters of `to_text`, without writing it.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import circuit_expression
            >>> deep = Network.from_dense([[[1], [-1]]] + [[[1, 2], [3, -1]]] * 20 + [[[1, 1]]])
            >>> lines = circuit_expression(deep)
            >>> lines.predicted_size(), lines.predicted_size(nested=True)
            (1283, 49283054)
        """
        if not nested:
            return sum(len(text) + 1 for text in self._texts) - bool(self._texts)
        lengths = {name: len(name) for name in self.inputs}
        for line in self.lines:
            inside = len(sum_text(line, {}))
            inside += sum(lengths[name] - len(name) for name, _ in line.terms)
            # max(0, …) or (…); the outputs stand alone
            lengths[line.name] = inside + (8 if line.relu else 2)
        heads = sum(len(name) + 3 for name in self.outputs)
        bodies = sum(lengths[name] - 2 for name in self.outputs)
        return heads + bodies + len(self.outputs) - 1

    def _require(self, what: str, nested: bool, most: int) -> None:
        size = self.predicted_size(nested)
        if size > most:
            raise BudgetExceeded(
                what,
                size,
                most,
                "keep the lines apart (nested=False), or raise max_characters"
                if nested
                else "raise max_characters",
            )

    # ---- texts ------------------------------------------------------------------------------

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(f"{line.name} = {line_text(line, {})}" for line in self.lines)

    def to_text(self, nested: bool = False, max_characters: int = 10_000_000) -> str:
        """Return the lines in classical notation with ``+``, ``*`` and ``max``, every number exact.

        Args:
            nested: write each line into those that read it; only the outputs are left.
            max_characters: refuse longer texts before writing them.

        Raises:
            BudgetExceeded: the text would be longer.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import circuit_expression
            >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
            >>> print(circuit_expression(absolute).to_text(nested=True))
            y1 = max(0, x1) + max(0, -x1)
        """
        self._require(_what("characters", nested), nested, max_characters)
        if not nested:
            return "\n".join(self._texts)
        written: dict[str, str] = {}
        ends = {}
        for line in self.lines:
            if line.name in self.outputs:
                ends[line.name] = line_text(line, written)
            else:
                text = line_text(line, written)
                written[line.name] = text if line.relu else f"({text})"
        return "\n".join(f"{name} = {ends[name]}" for name in self.outputs)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return (
            f"CircuitExpression({len(self.inputs)} inputs, {len(self.lines)} lines, "
            f"{len(self.outputs)} outputs, {self.n_terms} terms)"
        )

    def to_latex(self, max_characters: int = 200_000) -> str:
        r"""Return the lines as one LaTeX `aligned` environment, every number exact.

        Args:
            max_characters: refuse longer texts before writing them; the length is foretold from
                that of `to_text`, to which LaTeX adds about a half.

        Raises:
            BudgetExceeded: the text would be longer.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import circuit_expression
            >>> f = Network.from_dense([[["-1/2"]], [[1]]], [[0], [3]])
            >>> print(circuit_expression(f).to_latex())
            \begin{aligned}
            u_{1,1} &= \max\left(0,\; -\tfrac{1}{2}\,x_{1}\right) \\
            y_{1} &= u_{1,1} + 3
            \end{aligned}
        """
        self._require(
            "characters of a LaTeX text of all lines (to_text and to_sympy take larger ones)",
            False,
            max_characters,
        )
        return aligned([latex_line(line, None, exact_latex) for line in self.lines])

    def _repr_latex_(self) -> str:
        shown = [latex_line(line, SHOWN_TERMS, short_latex) for line in self._shown_lines()]
        hidden = len(self.lines) - len(shown)
        if hidden:
            # the outputs come last, and are what one looks for
            dots = rf"&\;\;\vdots \quad \text{{({hidden} more lines)}}"
            shown.insert(-len(self._shown_outputs()), dots)
        return rf"$\displaystyle {aligned(shown)}$"

    def _shown_outputs(self) -> tuple[CircuitLine, ...]:
        return self.lines[len(self.lines) - min(len(self.outputs), _SHOWN_LINES // 2) :]

    def _shown_lines(self) -> tuple[CircuitLine, ...]:
        if len(self.lines) <= _SHOWN_LINES:
            return self.lines
        ends = self._shown_outputs()
        return (*self.lines[: _SHOWN_LINES - len(ends)], *ends)

    # ---- sympy ------------------------------------------------------------------------------

    def to_sympy(
        self, nested: bool = False, max_characters: int = 1_000_000
    ) -> list[tuple[Any, Any]]:
        """Return pairs (Symbol, expression) as `sympy.cse` gives them, no Max evaluated.

        Args:
            nested: substitute all lines; one pair an output is left.
            max_characters: refuse what would print as a longer text.

        Raises:
            BudgetExceeded: the expressions would be larger; nothing was built.

        Cost: about 20 µs a term.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import circuit_expression
            >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
            >>> circuit_expression(absolute).to_sympy()
            [(u1_1, Max(0, x1)), (u1_2, Max(0, -x1)), (y1, u1_1 + u1_2)]
        """
        self._require(_what("characters of sympy expressions", nested), nested, max_characters)
        return circuit_to_sympy(self.inputs, self.lines, self.outputs, nested)


def circuit_expression(network: Network, *, max_terms: int = 1_000_000) -> CircuitExpression:
    """Write a network out, one line a unit, exactly its normal form.

    Zero weights are dropped; units without ReLU are lines without max, so that every coefficient is
    a stored weight.

    Args:
        network: in ReLU normal form.
        max_terms: refuse networks with more connections; a convolution has its kernel's size times
            the number of its positions.

    Raises:
        BudgetExceeded: more terms, counted before they are written.

    Cost: about 2 µs a term.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion import circuit_expression
        >>> circuit_expression(Network.from_dense([[[1, 0], [0, 0]], [[1, 1]]])).lines[1].terms
        ()
    """
    predicted = sum(_count(part) for a in network.affines for _, part in a.terms)
    if predicted > max_terms:
        raise BudgetExceeded(
            f"terms of the {network.architecture} network written out, one a connection",
            predicted,
            max_terms,
            "raise max_terms, or restrict the network to fewer units",
        )
    inputs = tuple(f"x{i + 1}" for i in range(network.n_inputs))
    names: list[tuple[str, ...]] = [inputs]
    lines: list[CircuitLine] = []
    for number, layer in enumerate(network.layers, start=1):
        own = tuple(f"u{number}_{unit + 1}" for unit in range(layer.width))
        lines += _lines(layer.affine, names, own, layer.relu.tolist())
        names.append(own)
    outputs = tuple(f"y{i + 1}" for i in range(network.n_outputs))
    lines += _lines(network.output, names, outputs, [False] * len(outputs))
    return CircuitExpression(inputs, tuple(lines), outputs)


def _lines(
    affine: Affine, names: Sequence[Sequence[str]], own: Sequence[str], relu: Sequence[bool]
) -> list[CircuitLine]:
    terms: list[list[tuple[str, Fraction]]] = [[] for _ in own]
    for source, weights in affine.terms:
        for row, entries in zip(terms, _rows(weights), strict=True):
            row += [(names[source][column], value) for column, value in entries]
    constants = [row[0] for row in affine.bias.exact]
    return [
        CircuitLine(name, tuple(row), constant, bool(mark))
        for name, row, constant, mark in zip(own, terms, constants, relu, strict=True)
    ]


def _count(weights: Linear) -> int:
    """Bound the number of nonzero entries, shared ones counted wherever they stand."""
    sharing = weights.sharing
    present = np.count_nonzero(weights.entries, axis=1)
    if weights.entry_rounding is not None:  # a float that is zero may stand for a tiny rational
        present = np.full(len(weights.entries), sharing.width)
    return int(present[sharing.kernel_of].sum())


def _rows(weights: Linear) -> Iterator[list[tuple[int, Fraction]]]:
    """Iterate over the rows as (column, entry), by column, without zeros."""
    shared = weights.matrix
    kernels = [
        [(place, value) for place, value in enumerate(row) if value]
        for row in shared.kernel.to_fractions()
    ]
    sharing = shared.sharing
    for kernel, patch in zip(sharing.kernel_of.tolist(), sharing.patch_of.tolist(), strict=True):
        columns = sharing.patches[patch].tolist()
        entries = [(columns[place], value) for place, value in kernels[kernel]]
        yield sorted(entry for entry in entries if entry[0] >= 0)


def _what(name: str, nested: bool) -> str:
    return f"{name}, all lines substituted" if nested else name
