"""The difference of two networks at the vertices of their joint complex."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.comparison.joint_network import JointNetwork
from tropnet.geometry.evaluation import Evaluation
from tropnet.geometry.exact_values import ExactValues
from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.geometry.vertex_bounds import exact_generators, form_bounds, vertex_bounds

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

_U: Final = 2.0**-53
_SLACK: Final = 1 + 2.0**-20
_TINY: Final = 2.0**-900


@final
@dataclass(frozen=True, eq=False)
class GapValues:
    """The joint complex of f and g with the values of f − g at its generators.

    Attributes:
        joint: f and g side by side.
        complex: a complex of `joint.network`, in pointed pieces.
    """

    joint: JointNetwork
    complex: PolyhedralComplex

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit of f − g."""
        return Circuit.of(self.joint.difference)

    @cached_property
    def vertices(self) -> tuple[FloatArray, FloatArray]:
        """Float points and bounds of their distances from the exact ones."""
        return vertex_bounds(self.complex)

    @cached_property
    def floats(self) -> tuple[FloatArray, FloatArray]:
        """Floats of f − g at the exact vertices: `(V, m)` and their error bounds, `(V, m)`.

        Nothing is said of directions. Rounding is bounded as if no ReLU ever cut anything off,
        which holds for every pattern.
        """
        points, bounds = self.vertices
        rows = np.column_stack([points, np.ones(len(points))])
        evaluation = Evaluation(self.circuit)
        values: list[FloatArray | None] = []
        with np.errstate(invalid="ignore", over="ignore"):
            for b in range(len(self.circuit.blocks)):
                values.append(np.maximum(evaluation.block(b, rows, values), 0.0))
            found = evaluation.block(len(self.circuit.blocks), rows, values)
        sizes, counts = form_bounds(self.circuit)
        slopes = sizes[-1][:, :-1].sum(axis=1)
        with np.errstate(invalid="ignore", over="ignore"):
            errors = (counts[-1] + 4) * _U * (np.abs(rows) @ sizes[-1].T)
            errors = _SLACK * (errors + bounds[:, None] * slopes) + _TINY
        errors[~np.isfinite(found) | np.isnan(errors)] = np.inf
        return np.where(np.isfinite(errors), found, 0.0), errors

    @cached_property
    def finite(self) -> Any:
        """Which generators are points, `(V,)`."""
        return self.complex.generators[:, -1] > 0

    def outputs(self, chosen: int | None) -> list[int]:
        """Return the outputs meant: one, or all.

        Raises:
            ShapeError: there is no such output.
        """
        m = self.joint.size
        if chosen is not None and not 0 <= chosen < m:
            raise ShapeError(f"there is no output {chosen} among {m}; they are counted from 0")
        return list(range(m)) if chosen is None else [chosen]

    def exact(self, chosen: IntArray) -> tuple[list[list[int]], list[list[Fraction]]]:
        """Return some generators (x, t) as integers, and f − g there exactly.

        At directions the value is the slope of f − g along them, the same on all cells at them.
        """
        if not len(chosen):
            return [], []
        rows = exact_generators(self.complex, chosen)
        outputs = ExactValues(self.circuit).all(rows)[-1]
        below = int(self.circuit.output.denominator)
        return [[int(v) for v in row] for row in rows.tolist()], [
            [Fraction(int(v), below * (int(row[-1]) or 1)) for v in values]
            for row, values in zip(rows.tolist(), outputs.tolist(), strict=True)
        ]
