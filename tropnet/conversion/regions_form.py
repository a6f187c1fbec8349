"""P ⊘ Q read off the cells of a network, with the proof that P and Q are convex."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import flint

from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.conversion.convex_split import ConvexSplit
from tropnet.conversion.facet_forms import FacetForms
from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded, DomainError, TropnetError
from tropnet.exact import RationalMatrix
from tropnet.geometry import enumerate_cells

if TYPE_CHECKING:
    from tropnet.geometry import PolyhedralComplex
    from tropnet.network import Network

#: A complex may have so many cells for each term that is allowed: cells may share a term.
CELLS_PER_TERM: Final = 4


@final
class NotProvedError(TropnetError):
    """P or Q was not proved convex, so that it is not given away."""


@final
@dataclass(frozen=True, eq=False)
class RegionsForm:
    """P and Q of each output on each cell of a network: P − Q is the output, both are convex.

    A continuous function on a convex domain that is affine on cells, and convex across each facet
    between two of them, is convex, and so the maximum of its affine functions.

    Attributes:
        cells: the complex.
        convex: for each output P on each cell, object `(C, n + 1)` integers, and what these are
            over.
    """

    cells: PolyhedralComplex
    convex: tuple[tuple[Any, int], ...]

    def rest(self, output: int) -> Any:
        """Return Q = P − f on each cell, object `(C, n + 1)` integers over the denominator of P."""
        forms, denominator = self.convex[output]
        maps, scale = self.cells.exact_maps()
        factor = denominator // scale
        return forms - maps[:, output] * factor

    def check(self) -> None:
        """Prove again from the network that P and Q of every output are convex, with P − Q = f.

        That the cells tile the domain is what `cells.certified` says; the rest is computed here in
        integers: the maps of the network on the cells, the hyperplane of each facet, and the sign
        of the jumps of P and Q across each of them.

        Raises:
            NotProvedError: some jump is negative, or the function is not continuous.
            DomainError: the complex is not complete.

        Example:
            >>> from tropnet import Box, Network
            >>> from tropnet.conversion import regions_form
            >>> kink = Network.from_dense([[[1]], [[-2]]], [[0], [0]])
            >>> form = regions_form(kink, Box.cube(1))
            >>> form.check()
            >>> print(form.to_map()[0])
            0 ⊘ max(0, 2*x₁)
        """
        facets = FacetForms(_complete(self.cells))
        for output in range(len(self.convex)):
            self._check(facets, output)

    def _check(self, facets: FacetForms, output: int) -> None:
        forms, denominator = self.convex[output]
        if denominator % self.cells.exact_maps()[1]:
            raise NotProvedError(f"P of output {output} has another denominator than the network")
        for name, part in (("P", forms), ("Q", self.rest(output))):
            facet = facets.first_bend_down(part)
            if facet is not None:
                a, b = self.cells.facet_cells[facet].tolist()
                raise NotProvedError(
                    f"{name} of output {output} is not convex across facet {facet}, between cells "
                    f"{a} and {b}; take method='layers'"
                )

    def to_map(self) -> TropicalMap:
        """Return P ⊘ Q with one term for each affine function of P and of Q.

        On a domain that is not all of R^n the map says so: see `TropicalMap.domain`.
        """
        outputs = [self._rational(output) for output in range(len(self.convex))]
        return TropicalMap(outputs, domain=self.cells.domain)

    def _rational(self, output: int) -> TropicalRational:
        forms, denominator = self.convex[output]
        above, below = _distinct(forms), _distinct(self.rest(output))
        # P or Q with a single term is the affine function 0, Q if both are
        single = below if len(below) == 1 else above if len(above) == 1 else None
        if single is not None:
            shift = single[0]
            above, below = (
                [tuple(a - b for a, b in zip(row, shift, strict=True)) for row in rows]
                for rows in (above, below)
            )
        return TropicalRational(_polynomial(above, denominator), _polynomial(below, denominator))


def regions_form(
    network: Network,
    domain: Domain = None,
    *,
    max_terms: int = 100_000,
    time_limit: float | None = None,
) -> RegionsForm:
    """Return convex P and Q of each output with one affine function for each cell at most.

    The cells of the network are enumerated. From the last layer back, each connected component of
    the zero set of a unit gets the smallest bend that makes P and Q convex across all its facets;
    all of it in integers. The result is proved before it is returned, and can be again by `check`.

    Args:
        network: in ReLU normal form.
        domain: a box, a polyhedron with interior, or None for all of R^n.
        max_terms: refuse polynomials of more terms, and more than four times as many cells.
        time_limit: seconds after which to give up.

    Returns:
        The form; `to_map` makes tropical polynomials of it.

    Raises:
        BudgetExceeded: more cells or terms.
        TropnetError: the time limit was reached.
        DomainError: an empty or flat domain.
        ShapeError: the domain lives in another space.

    Cost: of the order of enumerating the cells with all exact maps: .2 ms a cell for 512 units.

    Source: the sizes of convex decompositions on a fixed complex: Tran, Wang, "Minimal
        representations of tropical rational functions" (2024); the bends by components are ours.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion import regions_form
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> print(regions_form(absolute).to_map()[0])
        max(-x₁, x₁)
    """
    clock = _Clock(time_limit)
    cells = enumerate_cells(
        network, domain, max_cells=CELLS_PER_TERM * max_terms, time_limit=time_limit
    )
    if not cells.complete:
        raise TropnetError(
            f"the time limit of {time_limit:g} s was reached after {cells.n_done} of "
            f"{len(cells.units)} units, with at least {cells.n_cells} cells; raise time_limit or "
            "take a smaller domain"
        )
    clock.where = f"for {cells.n_cells} cells"
    clock()
    facets = FacetForms(cells)
    clock()
    split = ConvexSplit(cells, facets, clock)
    form = RegionsForm(cells, tuple(split.convex_part(k) for k in range(network.n_outputs)))
    for output in range(network.n_outputs):
        clock()
        form._check(facets, output)
        for name, part in (("P", form.convex[output][0]), ("Q", form.rest(output))):
            size = len(_distinct(part))
            if size > max_terms:
                raise BudgetExceeded(
                    f"terms of {name} of output {output}", size, max_terms,
                    "raise max_terms or take a smaller domain",
                )  # fmt: skip
    return form


class _Clock:
    """Gives up when the time is up."""

    def __init__(self, limit: float | None) -> None:
        self.limit, self.started, self.where = limit, time.monotonic(), ""

    def __call__(self) -> None:
        if self.limit is not None and time.monotonic() - self.started > self.limit:
            raise TropnetError(
                f"the time limit of {self.limit:g} s was reached while P and Q were found "
                f"{self.where}; raise time_limit or take a smaller domain"
            )


def _complete(cells: PolyhedralComplex) -> PolyhedralComplex:
    if not cells.complete:
        raise DomainError(
            f"only {cells.n_done} of {len(cells.units)} units have cut, so the network is not "
            "affine on the cells; allow more time"
        )
    return cells


def _distinct(forms: Any) -> list[tuple[int, ...]]:
    return list(dict.fromkeys(map(tuple, forms.tolist())))


def _polynomial(rows: Sequence[tuple[int, ...]], denominator: int) -> TropicalPolynomial:
    n = len(rows[0]) - 1
    slopes = flint.fmpz_mat(len(rows), n, [value for row in rows for value in row[:n]])
    constants = flint.fmpz_mat(len(rows), 1, [row[n] for row in rows])
    return TropicalPolynomial.from_arrays(
        RationalMatrix(slopes, denominator), RationalMatrix(constants, denominator)
    )
