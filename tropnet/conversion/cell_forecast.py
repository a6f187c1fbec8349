"""How many cells a network has, and how large P and Q get, before they are enumerated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.geometry.circuit import Circuit

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.network import Network

#: Units that the random descents of an estimate cut in all, some microseconds each, and the fewest
#: and most descents.
_CUTS, _FEWEST, _MOST = 100_000, 100, 1_000
#: What an integer of a term takes in Python, apart from its bits.
_BYTES: Final = 40


@final
@dataclass(frozen=True, slots=True)
class CellForecast:
    """What P ⊘ Q from the cells is expected to cost.

    Attributes:
        cells: the number of cells: a bound if `bounded`, else an estimate by random descents
            (Knuth), unbiased but with a heavy tail; infinite where it was not even estimated.
            P and Q have at most as many terms each.
        bounded: whether it is a bound.
        budget: the number of cells that is allowed.
        root: K such that 2^K · f has integer slopes on all cells, so that f is the 2^K-th tropical
            root of a quotient of polynomials with integer exponents; None where a weight is no
            dyadic number. An upper bound.
        bits: of the largest coefficient of f over its denominator, an upper bound.
        bytes: of P and Q of all outputs as they are stored.
    """

    cells: float
    bounded: bool
    budget: int
    root: int | None
    bits: int
    bytes: float

    @staticmethod
    def of(network: Network, domain: Domain, budget: int, *, seed: int = 0) -> CellForecast:
        """Predict; an estimate takes up to 1,000 descents.

        Args:
            network: in ReLU normal form.
            domain: where the cells are counted.
            budget: the number of cells that is allowed; below it a bound is enough.
            seed: of the descents.

        Raises:
            BudgetExceeded: too many weights to write out.
            DomainError: an empty or flat domain.

        Cost: nothing where a bound is small enough, else some microseconds for each unit and
            descent.

        Source: D. E. Knuth, "Estimating the efficiency of backtrack programs" (1975).

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion.cell_forecast import CellForecast
            >>> half = Network.from_dense([[[0.5], [-1]], [[0.25, 1]]])
            >>> forecast = CellForecast.of(half, None, 1000)
            >>> forecast.cells, forecast.root
            (3.0, 3)
        """
        circuit = Circuit.of(network)
        cells = float(_bound(circuit))
        bounded = cells <= budget
        if not bounded:
            from tropnet.geometry.tree.estimate import estimate_cells

            descents = min(max(_CUTS // max(1, circuit.n_units), _FEWEST), _MOST)
            found = estimate_cells(circuit, domain, descents=descents, seed=seed)
            cells = min(cells, found.mean)
        bits = _bits(circuit)
        each = (bits / 8 + _BYTES) * (network.n_inputs + 1)
        return CellForecast(
            cells, bounded, budget, _root(circuit), bits, 2 * cells * each * network.n_outputs
        )

    @property
    def fits(self) -> bool:
        """Whether as many cells are allowed."""
        return self.cells <= self.budget

    def require(self) -> None:
        """Refuse more cells than are allowed.

        Raises:
            BudgetExceeded: with the prediction.
        """
        if not self.fits:
            raise BudgetExceeded(
                f"cells, of which P and Q are read off (about {self.bytes:.1g} bytes)",
                self.cells,
                self.budget,
                "raise max_terms, take a smaller domain, or keep the network as a circuit",
            )

    def __str__(self) -> str:
        kind = "at most" if self.bounded else "about"
        root = "" if self.root is None else f"integer exponents times 2^{self.root}; "
        size = "" if self.bounded else f", {self.bytes:.1g} bytes in all"
        return f"{kind} {self.cells:.3g} cells; {root}coefficients of up to {self.bits} bits{size}"


def _bound(circuit: Circuit) -> int:
    """Return a bound of the number of cells: in each layer the cells are cut by hyperplanes."""
    count, n = 1, circuit.n_inputs
    for block in circuit.blocks:
        count *= sum(math.comb(block.width, k) for k in range(n + 1))
    return count


def _root(circuit: Circuit) -> int | None:
    """Return the sum over the layers of the largest exponent of 2 under a weight, if all are such.

    Along skip connections the sum is taken along the worst path. Biases change no slope.
    """
    n, deepest = circuit.n_inputs, 0
    reach = np.zeros(n + 1 + circuit.n_units, np.int64)
    for block in circuit.affines:
        worst = 0
        weights = np.flatnonzero(block.reads != n)
        for before in np.unique(reach[block.reads[weights]]).tolist():
            own = weights[reach[block.reads[weights]] == before]
            size = int(block.exact.columns(own.tolist()).reduced().denominator)
            if size & (size - 1):
                return None
            worst = max(worst, before + size.bit_length() - 1)
        first = n + 1 + block.start
        reach[first : first + block.width] = worst
        deepest = worst
    return deepest


def _bits(circuit: Circuit) -> int:
    """Return the bits of the largest sum of magnitudes over all paths, over its denominator."""
    sizes = [1] * (circuit.n_inputs + 1)
    for block in circuit.affines:
        below = [sizes[column] for column in block.reads.tolist()]
        own = [
            sum(abs(int(w)) * b for w, b in zip(row, below, strict=True))
            for row in block.integers.tolist()
        ]
        sizes += own
    return max(own, default=0).bit_length()
