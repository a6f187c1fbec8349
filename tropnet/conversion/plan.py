"""How large P and Q will be, before any of it is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.conversion.cell_forecast import CellForecast
from tropnet.conversion.cell_sample import CellSample, bounded
from tropnet.domains import Domain, require_dimension
from tropnet.errors import BudgetExceeded
from tropnet.geometry.flat_box import require_thick_box

if TYPE_CHECKING:
    from tropnet.network import Affine, Network
    from tropnet.typing import BoolArray, FloatArray

#: Entries of the matrices of units by units up to which a plan counts anything.
_LARGEST: Final = 2**24
#: Beyond this an estimate is only "too many".
_HOPELESS: Final = 1e9
#: Linear programs that a plan may cost, about; a sample has at most, and at least, so many cells.
_PROGRAMS, _LARGEST_SAMPLE, _SMALLEST_SAMPLE = 30_000, 400, 24
#: With more inputs than this a plan ignores the domain, and so predicts an upper bound.
_DOMAIN_INPUTS: Final = 32
#: Cells are forecast up to so many inputs and units, by a bound if that is as small as this.
_FORECAST_INPUTS, _FORECAST_UNITS, _FEW_CELLS = 6, 5_000, 1_000
#: Outputs that are estimated one by one.
_OUTPUTS: Final = 8


@final
@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """What one layer, or the output, is expected to cost.

    Args:
        name: of the layer.
        units: its ReLU units (for the output, its outputs).
        terms: the largest P or Q that its pre-activations need, after pruning.
        cells: the cells of the network up to and including this layer.
        unpruned: the decimal logarithm of the largest P or Q if nothing were pruned.
    """

    name: str
    units: int
    terms: float
    cells: float
    unpruned: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """The predicted sizes of a conversion to P ⊘ Q.

    Args:
        layers: one entry a hidden layer, and the output last; entries after the first hopeless one
            are missing.
        outputs: the predicted terms of P and Q for each output; empty where that is hopeless.
        counted: whether all cells were counted, in floats, so that the sizes err upward; otherwise
            they are estimated from a sample, rarely off by more than a factor of three. Either way
            they are predictions and prove nothing.
        regions: what P ⊘ Q from the cells is expected to cost; None where it was not asked for.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion import plan
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> plan(absolute).outputs
        ((2, 1),)
        >>> print(plan(absolute))
        layer    units  terms of P, Q  cells  unpruned
        dense 0      2              1      2        10^0
        output       1              2      2  10^0.602
        P ⊘ Q: up to about 2 ⊘ 1 terms
        from the cells: at most 3 cells; integer exponents times 2^0; coefficients of up to 2 bits
    """

    layers: tuple[PlannedLayer, ...]
    outputs: tuple[tuple[int, int], ...]
    counted: bool
    regions: CellForecast | None = None

    @property
    def terms(self) -> float:
        """The largest polynomial on the way; infinite where that is hopeless."""
        return max(layer.terms for layer in self.layers)

    def require(self, max_terms: float) -> None:
        """Refuse a conversion that would need larger polynomials.

        Raises:
            BudgetExceeded: with the predicted size, the layer, and what to do instead.
        """
        for layer in self.layers:
            if layer.terms > max_terms:
                worst = max(self.layers, key=lambda other: other.terms)
                later = f"; {worst.terms:.2g} in {worst.name}" if worst is not layer else ""
                raise BudgetExceeded(
                    f"terms of P and Q in {layer.name} ({layer.units} units{later})",
                    layer.terms,
                    max_terms,
                    "raise max_terms, enumerate linear regions on a small box instead, or keep "
                    "the network as a circuit (compare and bounds need no P and Q)",
                )

    def _table(self) -> list[tuple[str, str, str, str, str]]:
        rows = [("layer", "units", "terms of P, Q", "cells", "unpruned")]
        for layer in self.layers:
            size, cells = _number(layer.terms), _number(layer.cells)
            unpruned = f"10^{layer.unpruned:.3g}"
            rows.append((layer.name, str(layer.units), size, cells, unpruned))
        return rows

    @property
    def summary(self) -> str:
        """The predicted terms of P ⊘ Q for each output, in a few words."""
        if not self.outputs:
            return "too large to expand"
        pairs = ", ".join(f"{p} ⊘ {q}" for p, q in self.outputs[:_OUTPUTS])
        more = ", …" if len(self.outputs) > _OUTPUTS else ""
        return f"{'up to about' if self.counted else 'about'} {pairs}{more} terms"

    def __repr__(self) -> str:
        return f"Plan({len(self.layers)} layers, P ⊘ Q: {self.summary})"

    def __str__(self) -> str:
        rows = self._table()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        regions = [] if self.regions is None else [f"from the cells: {self.regions}"]
        return "\n".join([*lines, f"P ⊘ Q: {self.summary}", *regions])

    def _repr_html_(self) -> str:
        head, *rows = self._table()
        parts = ["<table><caption>Plan</caption><thead><tr>"]
        parts += [f"<th>{escape(cell)}</th>" for cell in head]
        parts.append("</tr></thead><tbody>")
        for row in rows:
            parts.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
        parts.append(f"</tbody></table><p>P ⊘ Q: {escape(self.summary)}</p>")
        if self.regions is not None:
            parts.append(f"<p>from the cells: {escape(str(self.regions))}</p>")
        return "".join(parts)


def plan(network: Network, domain: Domain = None, *, seed: int = 0) -> Plan:
    """Predict the sizes of the polynomials that `tropicalize` would build.

    `plan_layers` tells of the layers; for up to six inputs a forecast of the cells is added.

    Args:
        network: in ReLU normal form.
        domain: count only what meets this domain.
        seed: of the samples.

    Returns:
        The plan; print it.

    Raises:
        ShapeError: the domain lives in another space.
        DomainError: the domain has no interior points.

    Cost: below 1 s for 300 units in 5 inputs; some seconds more at the first use.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion import plan
        >>> plan(Network.from_dense([[[1, 0], [0, 1], [1, 1]], [[1, 1, -1]]])).regions.cells
        7.0
    """
    found = plan_layers(network, domain, seed=seed)
    if network.n_inputs > _FORECAST_INPUTS or network.n_relu > _FORECAST_UNITS:
        return found
    return replace(found, regions=CellForecast.of(network, domain, _FEW_CELLS, seed=seed))


def plan_layers(network: Network, domain: Domain = None, *, seed: int = 0) -> Plan:
    """Predict the sizes of the polynomials that are built layer by layer.

    The cells of the layers are counted, or estimated from a random sample of them
    (`CellSample`). A polynomial has at most one term for each cell of the atoms in it: all earlier
    layers and, of the last one, the units of one sign.

    Args:
        network: in ReLU normal form.
        domain: count only what meets this domain; None, and any domain in more than 32 inputs,
            stands for all of R^n.
        seed: of the sample.

    Returns:
        The plan; print it. For networks of some ten thousand units it says infinity without a
        count. Predictions are upper bounds in expectation, rarely more than a few
        times too high.

    Raises:
        ShapeError: the domain lives in another space.
        DomainError: the domain has no interior points.

    Cost: at most some ten thousand tiny linear programs: below 1 s for 300 units in 5 inputs.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion.plan import plan_layers
        >>> plan_layers(Network.from_dense([[[1, 0], [0, 1], [1, 1]], [[1, 1, -1]]])).outputs
        ((4, 2),)
    """
    require_dimension(domain, network.n_inputs)
    require_thick_box(domain)
    # weights of 1e300 overflow here; a plan may be off where an answer may not
    if sum(network.widths) * max((network.n_inputs, *network.widths)) > _LARGEST:
        return _hopeless(network)
    with np.errstate(all="ignore"):
        return _Planner(network, domain, seed).run()


def _hopeless(network: Network) -> Plan:
    """Return the plan of a network for which even a prediction takes too much."""
    rows = [
        PlannedLayer(y.name or f"layer {k}", int(y.relu.sum()), math.inf, math.inf, math.inf)
        for k, y in enumerate(network.layers, start=1)
    ]
    return Plan(tuple(rows), (), False)


@final
class _Planner:
    """The sample before and after each layer, and the signs of units in later ones."""

    def __init__(self, network: Network, domain: Domain, seed: int) -> None:
        self.network = network
        self.rng = np.random.default_rng(seed)
        if network.n_inputs > _DOMAIN_INPUTS:
            domain = None
        directions = np.eye(network.n_inputs) if domain is not None else _directions(network)
        cost = max(1, network.n_relu) * max(1.0, (directions.shape[1] + 1) ** 2 / 36)
        size = min(max(int(_PROGRAMS / (4 * cost)), _SMALLEST_SAMPLE), _LARGEST_SAMPLE)
        #: the cells before each layer so far; None where there are too many
        self.samples: list[CellSample | None] = [CellSample.of(directions, domain, size)]
        self.too_many = math.inf
        # for each source its values as combinations of the ReLU units of all layers
        total = sum(network.widths)
        self.values: list[FloatArray] = [np.zeros((network.n_inputs, total))]
        self.first = np.cumsum([0, *network.widths])
        self.logs = [(np.zeros(network.n_inputs), np.zeros(network.n_inputs))]
        self.counted = True

    def run(self) -> Plan:
        rows: list[PlannedLayer] = []
        for index, layer in enumerate(self.network.layers):
            name = layer.name or f"layer {index + 1}"
            unpruned = self._unpruned(layer.affine)
            factors = self._factors(layer.affine)
            units = np.flatnonzero(layer.relu).tolist()
            terms = self._largest(factors[units])
            cells = self._advance(index, factors) if terms <= _HOPELESS else math.inf
            rows.append(PlannedLayer(name, len(units), terms, cells, _largest_log(unpruned)))
            if terms > _HOPELESS:
                return Plan(tuple(rows), (), False)
            self.logs.append(_after_relu(unpruned, layer.relu))
        unpruned = self._unpruned(self.network.output)
        factors = self._factors(self.network.output)
        pairs = self._outputs(factors)
        terms, cells = max(map(max, pairs)), self._cells_so_far()
        rows.append(PlannedLayer("output", len(factors), terms, cells, _largest_log(unpruned)))
        outputs = () if terms > _HOPELESS else tuple((round(p), round(q)) for p, q in pairs)
        return Plan(tuple(rows), outputs, self.counted)

    def _cells_so_far(self) -> float:
        sample = self.samples[-1]
        return self.too_many if sample is None else sample.estimate

    # ---- which units a value is made of -----------------------------------------------------

    def _factors(self, affine: Affine) -> FloatArray:
        total = np.zeros((affine.size, self.first[-1]))
        for source, weights in affine.terms:
            total += weights.values @ self.values[source]
        total = bounded(total)
        noise = np.abs(total).max(initial=0.0) * 1e-12
        total[np.abs(total) <= noise] = 0.0
        return total

    def _advance(self, index: int, factors: FloatArray) -> float:
        """Cut the sample by a layer, and note what its values are made of; return the cells."""
        layer, sample = self.network.layers[index], self.samples[-1]
        units = np.flatnonzero(layer.relu)
        cells = None if sample is None else sample.generic_count(layer.affine, units)
        if sample is None or (cells is not None and cells > _HOPELESS):
            self.samples.append(None)
            self.counted = False
            self.too_many = cells or self.too_many
            cutting, dead = layer.relu, np.zeros(layer.width, dtype=np.bool_)
        else:
            finer, forms, cutting = sample.cut(
                layer.affine, units.tolist(), self.rng, 1e3 * _HOPELESS
            )
            self.counted = self.counted and finer.weight == 1.0
            finer = finer.after(forms, layer.relu)
            self.samples.append(finer)
            cells = finer.estimate
            dead = layer.relu & ~cutting & ~finer.values[-1].any(axis=(0, 2))
        cut = np.flatnonzero(layer.relu & cutting)
        values = np.array(factors)
        # relu(P − Q) = max(P, Q) − Q, where max(P, Q) is the unit's own convex function
        values[cut] = np.minimum(factors[cut], 0.0)
        values[cut, self.first[index] + cut] = 1.0
        values[dead] = 0.0
        self.values.append(values)
        return self.too_many if cells is None else cells

    # ---- sizes ------------------------------------------------------------------------------

    def _cells(self, support: Sequence[int]) -> float:
        """Estimate the cells of all layers before the last one in the support, and of its units."""
        if not support:
            return 1.0
        last = int(np.searchsorted(self.first, max(support), side="right")) - 1
        units = np.array([m - int(self.first[last]) for m in support if m >= self.first[last]])
        layer, sample, finer = self.network.layers[last], self.samples[last], self.samples[last + 1]
        if finer is not None and len(units) == int(layer.relu.sum()):
            return finer.estimate
        if sample is None:
            self.counted = False
            return self.too_many
        count = sample.generic_count(layer.affine, units)
        if count is not None and count > _HOPELESS:
            self.counted = False
            return count
        cut, _, _ = sample.cut(layer.affine, units.tolist(), self.rng, 1e3 * _HOPELESS)
        self.counted = self.counted and cut.weight == 1.0
        return cut.estimate

    def _largest(self, factors: FloatArray) -> float:
        """Estimate the largest P or Q of some units: that with most units of the latest layer."""
        supports = [np.flatnonzero(row * sign > 0) for row in factors for sign in (1, -1)]
        newest = max((int(s[-1]) for s in supports if len(s)), default=-1)
        if newest < 0:
            return 1.0
        layer = int(self.first[int(np.searchsorted(self.first, newest, side="right")) - 1])
        chosen = max(supports, key=lambda s: (int((s >= layer).sum()), len(s)))
        return self._cells(chosen.tolist())

    def _outputs(self, factors: FloatArray) -> list[tuple[float, float]]:
        if len(factors) > _OUTPUTS:
            size = self._largest(factors)
            return [(size, size)] * len(factors)
        return [
            (
                self._cells(np.flatnonzero(row > 0).tolist()),
                self._cells(np.flatnonzero(row < 0).tolist()),
            )
            for row in factors
        ]

    def _unpruned(self, affine: Affine) -> tuple[FloatArray, FloatArray]:
        """Return log10 of the terms of P and Q of each unit, multiplied out without pruning."""
        above, below = np.zeros(affine.size), np.zeros(affine.size)
        for source, weights in affine.terms:
            plus, minus = weights.values > 0, weights.values < 0
            p, q = self.logs[source]
            above += plus @ p + minus @ q
            below += plus @ q + minus @ p
        return above, below


def _directions(network: Network) -> FloatArray:
    """Return an orthonormal basis of the input directions that layers read, as columns."""
    rows = [
        weights.values
        for layer in network.layers
        for source, weights in layer.affine.terms
        if source == 0
    ]
    if not rows:
        return np.eye(network.n_inputs, 1)
    read = bounded(np.concatenate(rows))
    read /= np.abs(read).max() or 1.0
    if len(read) >= network.n_inputs:
        return np.eye(network.n_inputs)
    return np.asarray(np.linalg.qr(read.T)[0])


def _largest_log(unpruned: tuple[FloatArray, FloatArray]) -> float:
    return max(float(part.max(initial=0.0)) for part in unpruned)


def _after_relu(
    logs: tuple[FloatArray, FloatArray], relu: BoolArray
) -> tuple[FloatArray, FloatArray]:
    above, below = logs
    joint = np.maximum(above, below) + np.log10(1 + 10.0 ** -np.abs(above - below))
    return np.where(relu, joint, above), below


def _number(size: float) -> str:
    if size < 1e5:
        return f"{size:.0f}"
    return "-" if math.isinf(size) else f"{size:.1e}"
