"""How large the linear forms of units can be on any cell, and how far rounding takes their values.

On each cell a unit is a linear form of (x, t): a sum over paths, of which the active ones count.
Sums of |weights| over all paths grow like √width a layer where the forms do not grow at all, since
signs cancel. Products of spectral norms of the layers see that, for ReLU only drops coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.geometry.circuit import Circuit

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

_U: Final = 2.0**-53
#: Covers the rounding of the bounds themselves.
_SLACK: Final = 1 + 2.0**-20
#: A matrix is squared so often: it overstates a norm by at most width to the power 1/64.
_SQUARINGS: Final = 4
#: More than underflow takes from numbers that have been scaled to about 1.
_TINY: Final = 2.0**-900


def spectral_bound(matrix: FloatArray) -> float:
    """Return an upper bound of the largest singular value, rarely 10 % above it.

    ‖S‖² = ‖S Sᵀ‖ for any matrix, and ‖S‖ is at most the root of the sum of squares. Rounding of
    the entries of S Sᵀ is at most (columns + 2) u times the sum of squares of S, in norm too.

    Args:
        matrix: finite floats, their squares in range.

    Example:
        >>> import numpy as np
        >>> from tropnet.geometry.form_norms import spectral_bound
        >>> 5 <= spectral_bound(np.array([[3.0, 0.0], [0.0, 5.0]])) < 5.1
        True
    """
    short = matrix.T if len(matrix) > matrix.shape[1] else matrix
    found = []
    current = short
    for _ in range(1 + _SQUARINGS):
        size = _SLACK * float(np.sqrt(np.square(current).sum()))
        if not size > 0:
            found.append((1.0, 0.0, 0.0))
            break
        scale = float(2.0 ** np.floor(np.log2(size)))
        current = current / scale  # exact, but for underflow
        lost = (current.shape[1] + 2) * _U * (size / scale) ** 2 + _TINY
        found.append((scale, size / scale, lost))
        current = current @ current.T
    bound = float(np.sqrt(np.square(current).sum())) * _SLACK
    for scale, size, lost in reversed(found):
        bound = scale * min(size, _SLACK * float(np.sqrt(bound + lost)) + _TINY)
    return _SLACK * bound


@final
@dataclass(frozen=True, eq=False)
class FormNorms:
    """Bounds of the forms of the units of a circuit.

    Args:
        circuit: the network.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.form_norms import FormNorms
        >>> norms = FormNorms(Circuit.of(Network.from_dense([[[1], [-3]], [[1, 1]]])))
        >>> norms.units[0].round(3).tolist()
        [1.0, 3.0]
    """

    circuit: Circuit

    @cached_property
    def paths(self) -> list[FloatArray]:
        """For each block the sums of |products of weights| over all paths to a unit, or 1 for 0."""
        n = self.circuit.n_inputs
        size = np.ones(n + 1 + self.circuit.n_units)
        found = []
        for block in self.circuit.blocks:
            norm = np.abs(block.weights) @ size[block.reads] * _SLACK
            size[n + 1 + block.start : n + 1 + block.start + block.width] = norm
            found.append(np.where(norm > 0, norm, 1.0))
        return found

    @cached_property
    def units(self) -> list[FloatArray]:
        """For each block a bound of |form of a unit on any cell| over max(|x|, |t|), or 1 for 0.

        For each unit the smaller one of what the sums of its weights and their roots of squares
        make of what it reads.
        """
        return [np.where(norm > 0, norm, 1.0) for norm in self._bounds]

    @cached_property
    def _parts(self) -> list[list[tuple[int, FloatArray, float]]]:
        """For each block what it reads of others: index, norms of the rows, spectral norm."""
        n, blocks = self.circuit.n_inputs, self.circuit.blocks
        found = []
        for block in blocks:
            parts = []
            for index, other in enumerate(blocks):
                first = n + 1 + other.start
                own = (block.reads >= first) & (block.reads < first + other.width)
                if own.any():
                    matrix = block.weights[:, own]
                    rows = _SLACK * np.sqrt(np.square(matrix).sum(axis=1))
                    parts.append((index, rows, spectral_bound(matrix)))
            found.append(parts)
        return found

    @cached_property
    def _bounds(self) -> list[FloatArray]:
        """As `units`, with 0 for 0."""
        n = self.circuit.n_inputs
        size = np.ones(n + 1 + self.circuit.n_units)
        lengths: list[float] = []  # of the vector of values of a block
        found = []
        for block, parts in zip(self.circuit.blocks, self._parts, strict=True):
            weights = np.abs(block.weights)
            inputs = weights[:, block.reads <= n].sum(axis=1)
            by_paths = weights @ size[block.reads]
            by_rows = inputs + sum(rows * lengths[k] for k, rows, _ in parts)
            norm = _SLACK * np.minimum(by_paths, by_rows)
            length = _length(inputs) + sum(top * lengths[k] for k, _, top in parts)
            lengths.append(_SLACK * min(_length(norm), length))
            size[n + 1 + block.start : n + 1 + block.start + block.width] = norm
            found.append(norm)
        return found

    def errors(
        self,
        residuals: Mapping[int, float],
        tops: Mapping[int, FloatArray],
        size: float,
        kinks: int,
    ) -> Iterator[float]:
        """Yield for each block how far computed values are off the forms of a cell, over norms.

        That is at points where the units have the signs of the cell, or carry the point: those are
        nearly zero, on either side of their kink.

        Args:
            residuals: for each block but the last one the largest |value| over norm of a unit at a
                point that it carries.
            tops: for each of these blocks the largest |value| of each unit.
            size: the largest coordinate, at least 1.
            kinks: the most units that carry a point.
        """
        n = self.circuit.n_inputs
        error = np.zeros(n + 1 + self.circuit.n_units)
        largest = np.full(len(error), size)
        lengths: list[float] = []
        for b, (block, parts) in enumerate(zip(self.circuit.blocks, self._parts, strict=True)):
            norm, weights = self.units[b], np.abs(block.weights)
            fresh = _SLACK * (len(block.reads) + 5) * _U * (weights @ largest[block.reads])
            by_paths = weights @ error[block.reads]
            by_rows = sum((rows * lengths[k] for k, rows, _ in parts), np.zeros(block.width))
            own = _SLACK * (np.minimum(by_paths, by_rows) + fresh)
            yield float((own / norm).max(initial=0.0))
            kink = residuals.get(b, 0.0) * norm
            length = sum(top * lengths[k] for k, _, top in parts) + _length(fresh)
            length = min(_length(own), _SLACK * length)
            lengths.append(_SLACK * (length + kinks * float(kink.max(initial=0.0))))
            units = slice(n + 1 + block.start, n + 1 + block.start + block.width)
            error[units] = _SLACK * (own + kink)
            largest[units] = tops.get(b, np.inf)


def _length(vector: FloatArray) -> float:
    return _SLACK * float(np.sqrt(np.square(vector).sum()))
