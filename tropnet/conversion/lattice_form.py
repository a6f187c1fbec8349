"""A piecewise linear function as a maximum of minima of its affine pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, final

import numpy as np

from tropnet.conversion.base_regions import BaseRegions
from tropnet.conversion.bit_sets import irredundant_sets, least_sets
from tropnet.conversion.circuit_line import (
    CircuitLine,
    aligned,
    exact_latex,
    latex_sum,
    short_latex,
    sum_text,
)
from tropnet.conversion.value_ranks import integer_rows, value_ranks
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import BoolArray, FloatArray

#: How far the sets are reduced.
Reduce = Literal["irredundant", "minimal", "none"]
#: Values held at a time when many points are evaluated: few enough for a processor's cache.
_VALUES: Final = 2**18
#: Sets and pieces that a notebook shows.
_SHOWN: Final = 12


@final
@dataclass(frozen=True, eq=False)
class RegionProof:
    """What a lattice form is checked against: convex regions and the function on each.

    Attributes:
        generators: object `(v, n + 1)` of integers (x, t): the vertex x/t, or the ray x if t = 0.
        members: for each region the indices of its generators.
        maps: `(r, n + 1)` the affine function on each region, constant last.
    """

    generators: Any
    members: tuple[tuple[int, ...], ...]
    maps: RationalMatrix


@final
@dataclass(frozen=True, eq=False)
class LatticeForm:
    """max over sets of the least of their affine pieces; dual: min over sets of the greatest.

    It equals the function on the domain of the complex it was made from, and nothing is said
    outside: there the function may have pieces that this one lacks.

    Attributes:
        pieces: `(k, n + 1)` the affine functions, constants last.
        sets: indices of pieces.
        dual: whether it is a minimum of maxima.
        domain: where it holds; None for all of R^n.
        proof: regions that cover the domain, on each of which `check` compares.
    """

    pieces: RationalMatrix
    sets: tuple[tuple[int, ...], ...]
    dual: bool
    domain: Domain
    proof: RegionProof

    # ---- sizes and values -----------------------------------------------------------------------

    @property
    def n_inputs(self) -> int:
        """The number n of variables."""
        return self.pieces.shape[1] - 1

    @property
    def n_literals(self) -> int:
        """The number of pieces in all sets, each counted as often as it occurs."""
        return sum(map(len, self.sets))

    @property
    def n_regions(self) -> int:
        """The number of base regions of the proof: the cells, and what cuts added."""
        return len(self.proof.members)

    def __call__(self, points: Any) -> FloatArray:
        """Return the values `(batch,)` in float64 at points `(batch, n)`, or one value at `(n,)`.

        Raises:
            ShapeError: another number of coordinates.

        Cost: about 5 ns a literal and point.
        """
        array = np.asarray(points, dtype=np.float64)
        if array.ndim not in (1, 2) or array.shape[-1] != self.n_inputs:
            raise self._wrong_shape(array.shape)
        batch = np.atleast_2d(array)
        inner, outer = (np.maximum, np.minimum) if self.dual else (np.minimum, np.maximum)
        found = np.full(len(batch), np.inf if self.dual else -np.inf)
        sets = [np.array(own) for own in self.sets]
        step = max(64, _VALUES // len(self.pieces))
        for begin in range(0, len(batch), step):
            best = found[begin : begin + step]
            values = self._floats[:, :-1] @ batch[begin : begin + step].T + self._floats[:, [-1]]
            for own in sets:
                outer(best, inner.reduce(values[own], axis=0), out=best)
        return found if array.ndim == 2 else np.asarray(found[0])

    def exact(self, points: Any) -> RationalMatrix:
        """Return the exact values `(batch, 1)` at rational points.

        Raises:
            ShapeError: another number of coordinates.
            DomainError: NaN or infinity.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import lattice_form
            >>> from tropnet.geometry import enumerate_cells
            >>> hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
            >>> lattice_form(enumerate_cells(hat)).exact([["1/3"], [7]])
            RationalMatrix([['2/3'], ['0']])
        """
        batch = RationalMatrix.of(points, "points")
        if batch.shape[1] != self.n_inputs:
            raise self._wrong_shape(batch.shape)
        ones = RationalMatrix.of(np.ones((batch.shape[0], 1), np.int64))
        values = RationalMatrix.stack_columns([batch, ones]) @ self.pieces.T
        inner, outer = (max, min) if self.dual else (min, max)
        table = values.numerators.tolist()
        best = [[outer(inner(row[j] for j in own) for own in self.sets)] for row in table]
        rows = RationalMatrix.from_rows(best) if best else RationalMatrix.zeros(0, 1)
        return RationalMatrix(rows.numerators, values.denominator)

    @cached_property
    def _floats(self) -> FloatArray:
        return self.pieces.to_floats()

    @cached_property
    def _literals(self) -> tuple[Any, Any]:
        ends = np.cumsum([len(own) for own in self.sets])
        return np.array([j for own in self.sets for j in own]), np.concatenate([[0], ends[:-1]])

    def _wrong_shape(self, shape: tuple[int, ...]) -> ShapeError:
        return ShapeError(
            f"points of shape {tuple(shape)} for a lattice form in {self.n_inputs} variables; "
            f"give (batch, {self.n_inputs})"
        )

    # ---- proof ----------------------------------------------------------------------------------

    def check(self) -> bool:
        """Tell whether the form is the function on every region of the proof, exactly.

        On each region, every set must hold a piece that is nowhere greater than the function (so
        no minimum exceeds it), and some set only pieces that are nowhere less (so one minimum
        reaches it). Both are decided at the region's vertices and rays. That the regions cover the
        domain, each with the right map, is what the complex certifies.

        Cost: about that of making the form, without the cuts.

        Example:
            >>> from dataclasses import replace
            >>> from tropnet import Network
            >>> from tropnet.conversion import lattice_form
            >>> from tropnet.geometry import enumerate_cells
            >>> form = lattice_form(enumerate_cells(Network.from_dense([[[1], [-1]], [[1, 1]]])))
            >>> form.check(), replace(form, sets=form.sets[:1]).check()
            (True, False)
        """
        count = len(self.pieces)
        known = all(0 <= j < count for own in self.sets for j in own)
        if not self.sets or not all(self.sets) or not known:
            return False
        # equal functions once, lest they tie everywhere
        joint = RationalMatrix.stack_rows([self.pieces, self.proof.maps]).numerators.tolist()
        numbers: dict[tuple[int, ...], int] = {}
        place = [numbers.setdefault(tuple(map(int, row)), len(numbers)) for row in joint]
        ranks = value_ranks(integer_rows(list(numbers)), self.proof.generators)[:, place]
        literals, starts = self._literals
        for region, members in enumerate(self.proof.members):
            here = ranks[list(members)]
            own = here[:, [count + region]]
            below: BoolArray = np.all(here <= own, axis=0)
            above: BoolArray = np.all(here >= own, axis=0)
            bound, reach = (above, below) if self.dual else (below, above)
            if not np.logical_or.reduceat(bound[literals], starts).all():
                return False
            if not np.logical_and.reduceat(reach[literals], starts).any():
                return False
        return bool(self.proof.members)

    # ---- texts ----------------------------------------------------------------------------------

    def __str__(self) -> str:
        inner, outer = ("max", "min") if self.dual else ("min", "max")
        terms = [
            f"{inner}({', '.join(f'l{j + 1}' for j in own)})" if len(own) > 1 else f"l{own[0] + 1}"
            for own in self.sets
        ]
        whole = f"{outer}({', '.join(terms)})" if len(terms) > 1 else terms[0]
        return "\n".join(
            [f"y = {whole}", *(f"{p.name} = {sum_text(p, {})}" for p in self._lines())]
        )

    def _lines(self) -> Iterator[CircuitLine]:
        for number, row in enumerate(self.pieces, start=1):
            terms = [(f"x{i}", value) for i, value in enumerate(row[:-1], start=1) if value]
            yield CircuitLine(f"l{number}", tuple(terms), row[-1], False)

    def __repr__(self) -> str:
        order = "min of max" if self.dual else "max of min"
        return (
            f"LatticeForm({order}, {self.n_inputs} inputs, {len(self.pieces)} pieces, "
            f"{len(self.sets)} sets, {self.n_literals} literals, {self.n_regions} base regions)"
        )

    def to_latex(self, max_literals: int = 2_000) -> str:
        r"""Return the form and its pieces as a LaTeX `aligned` environment, every number exact.

        Args:
            max_literals: refuse forms with more pieces in their sets.

        Raises:
            BudgetExceeded: the form is larger.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion import lattice_form
            >>> from tropnet.geometry import enumerate_cells
            >>> absolute = Network.from_dense([[[1], [-1]], [["1/2", 1]]])
            >>> print(lattice_form(enumerate_cells(absolute)).to_latex())
            \begin{aligned}
            y &= \max\left(\ell_{1},\; \ell_{2}\right) \\
            \ell_{1} &= -x_{1} \\
            \ell_{2} &= \tfrac{1}{2}\,x_{1}
            \end{aligned}
        """
        if self.n_literals > max_literals:
            raise BudgetExceeded(
                "literals of a lattice form in LaTeX (str takes larger ones)", self.n_literals,
                max_literals, "raise max_literals, or a smaller domain",
            )  # fmt: skip
        return aligned(self._latex(None))

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {aligned(self._latex(_SHOWN))}$"

    def _latex(self, most: int | None) -> list[str]:
        inner, outer = (r"\max", r"\min") if self.dual else (r"\min", r"\max")

        def joined(operator: str, parts: list[str], count: int) -> str:
            if count == 1:
                return parts[0]
            if len(parts) < count:
                parts.append(rf"\dots\;\text{{({count - len(parts)} more)}}")
            return rf"{operator}\left(" + r",\; ".join(parts) + r"\right)"

        shown = self.sets[:most]
        terms = [
            joined(inner, [rf"\ell_{{{j + 1}}}" for j in own[:most]], len(own)) for own in shown
        ]
        lines = [rf"y &= {joined(outer, terms, len(self.sets))}"]
        for number, line in enumerate(self._lines(), start=1):
            if most is not None and number > most:
                hidden = len(self.pieces) - most
                lines.append(rf"&\;\;\vdots \quad \text{{({hidden} more pieces)}}")
                break
            names = [(f"x_{{{name[1:]}}}", factor) for name, factor in line.terms]
            writer = exact_latex if most is None else short_latex
            text, exact = latex_sum(names, line.constant, most, writer)
            relation = "=" if exact else r"\approx"
            lines.append(rf"\ell_{{{number}}} &{relation} {text}")
        return lines


def lattice_form(
    cells: PolyhedralComplex,
    *,
    output: int = 0,
    dual: bool = False,
    reduce: Reduce = "irredundant",
    max_regions: int = 2_000,
) -> LatticeForm:
    """Write one output of a network as a maximum of minima of its affine pieces, with a proof.

    With ℓ_1, …, ℓ_k the distinct affine pieces, S_i = {j : ℓ_j ≥ ℓ_i on region i} for each cell i.
    Then f = max_i min_{j ∈ S_i} ℓ_j if for all i and r some piece of S_i is nowhere greater than f
    on region r. For the cells of a network this fails now and then; cells in question are then cut
    where pieces cross until it holds. Reduced forms keep to the same certificate: every set still
    holds for each region a piece below, and for each region some set holds only pieces above.

    Args:
        cells: the complex of a network on a domain (`tropnet.linear_regions`). Cells that contain
            a line are taken in pieces that do not.
        output: which output.
        dual: a minimum of maxima in place of a maximum of minima.
        reduce: "none" keeps S_i for every base region; "minimal" those that contain no other one;
            "irredundant" then takes pieces out of the sets greedily, and sets out of the maximum,
            as long as the certificate holds.
        max_regions: refuse complexes of more cells, or cuts that make more regions.

    Returns:
        The form; it equals the function on the domain of the complex, and `check` proves it again.

    Raises:
        BudgetExceeded: more cells or base regions than `max_regions`.
        DomainError: the complex is not complete, there is no such output, or an unknown `reduce`.

    Cost: for R cells of k pieces about R² k/64 word operations and a product of R × k matrices; a
        second for 800 cells, some ten for 2,000.

    Source: Ovchinnikov, "Max-min representation of piecewise linear functions" (2002); Tarela,
        Martínez, "Region configurations for realizability of lattice piecewise-linear models"
        (1999). The repair and the reduction are ours.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion import lattice_form
        >>> from tropnet.geometry import enumerate_cells
        >>> hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
        >>> print(lattice_form(enumerate_cells(hat)))
        y = max(min(l1, l3), l2)
        l1 = -x1 + 1
        l2 = 0
        l3 = x1 + 1
    """
    _require(cells, output, reduce, max_regions)
    base = BaseRegions.of(cells.pieces, output)
    base.refine(max_regions)
    reach, bound = (base.below, base.above) if dual else (base.above, base.below)
    kept = np.arange(len(reach)) if reduce == "none" else least_sets(reach)
    sets = [np.flatnonzero(reach[index]).tolist() for index in kept.tolist()]
    if reduce == "irredundant":
        sets = irredundant_sets(reach[kept], bound)
    # an order that does not depend on that of the cells
    used = sorted({j for own in sets for j in own}, key=lambda j: tuple(base.pieces[j]))
    place = {j: number for number, j in enumerate(used)}
    unit = Fraction(1, base.denominator)
    pieces = RationalMatrix.of(base.pieces[used]) * unit
    maps = RationalMatrix.of(base.pieces[[region.piece for region in base.regions]]) * unit
    proof = RegionProof(
        integer_rows(base.table.rows),
        tuple(region.generators for region in base.regions),
        maps,
    )
    named = tuple(sorted(tuple(sorted(place[j] for j in own)) for own in sets))
    return LatticeForm(pieces.reduced(), named, dual, cells.domain, proof)


def _require(cells: PolyhedralComplex, output: int, reduce: str, max_regions: int) -> None:
    if reduce not in ("irredundant", "minimal", "none"):
        raise DomainError(f"reduce is {reduce!r}; known: 'irredundant', 'minimal', 'none'")
    if not 0 <= output < cells.maps.shape[1]:
        raise DomainError(
            f"output {output} of a network of {cells.maps.shape[1]} outputs, counted from 0"
        )
    if not cells.complete:
        raise DomainError(
            f"the complex stopped at {cells.n_cells} cells and does not cover its domain; "
            "enumerate it again with more time or cells"
        )
    if cells.pieces.n_cells > max_regions:
        raise BudgetExceeded(
            "cells of a complex to be written in lattice form",
            cells.pieces.n_cells,
            max_regions,
            "raise max_regions, take a smaller domain, or write P and Q instead",
        )
