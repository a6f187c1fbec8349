"""Merged layers, and layers as wide as before in which members of a group are multiples."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Linear, Network, linear
from tropnet.simplification.parallel_groups import parallel_groups

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray

#: Groups that a step names.
_NAMED: Final = 6
#: Bits of scales: they are factors of weights of both networks that shall be floats.
_SCALE_BITS: Final = 14


@final
@dataclass(frozen=True, eq=False, slots=True)
class _Source:
    """How the values of a source were merged.

    Attributes:
        scales: `(width, merged width)`: value i of the wide network is scales[i, j] times value j
            of the merged one, for its group j; 1 for the leader of a group.
        leaders: `(merged width, width)`: 1 at the leader of each group.
        leads: `(width,)` whether a value is the leader of its group.
        merged: `(merged width,)` whether a group has several members.
    """

    scales: RationalMatrix
    leaders: RationalMatrix
    leads: BoolArray
    merged: BoolArray


@final
class Merging:
    """Merges the units of one layer after the other.

    Args:
        network: the original.
        ranges: the middle and half the width of each input on the domain.
    """

    def __init__(self, network: Network, ranges: tuple[FloatArray, FloatArray]) -> None:
        self.network = network
        self._sources: list[_Source | None] = [None]
        self._ranges = [ranges]
        self._wide: list[Layer] = []
        self._merged: list[Layer] = []
        self._groups: list[list[int]] = []

    def keep_layer(self) -> None:
        """Take the next layer as it is."""
        layer = self.network.layers[len(self._wide)]
        merged, wide = self._rewritten(layer.affine)
        self._groups = []
        self._append(layer, merged, wide, None, layer.relu)

    def merge_layer(self, units: int | None, tolerance: float | None) -> int:
        """Merge units of the next layer; return how many went.

        Args:
            units: how many ReLU units to keep, or None.
            tolerance: or the share of its size by which a unit may differ from a multiple.
        """
        index = len(self._wide)
        layer = self.network.layers[index]
        merged, wide = self._rewritten(layer.affine)
        vectors = self._scaled(merged)
        relus = np.flatnonzero(layer.relu)
        sizes = self._outgoing(index + 1)
        groups = [[int(i)] for i in np.flatnonzero(~layer.relu)]
        if units is None or units < len(relus):
            found = parallel_groups(vectors[relus], sizes[relus], units=units, tolerance=tolerance)
        else:
            found = [[i] for i in range(len(relus))]
        groups = sorted([*groups, *([int(relus[i]) for i in group] for group in found)])
        self._groups = [group for group in groups if len(group) > 1]
        if self._groups:
            merged, wide, source = self._joined(merged, layer.affine, groups, vectors, sizes)
            relu = layer.relu[[group[0] for group in groups]]
        else:
            source, relu = None, layer.relu
        self._append(layer, merged, wide, source, relu)
        return layer.width - len(groups)

    def _append(
        self, layer: Layer, merged: Affine, wide: Affine, source: _Source | None, relu: BoolArray
    ) -> None:
        self._sources.append(source)
        self._wide.append(Layer(wide, layer.relu, layer.name))
        self._merged.append(Layer(merged, relu, layer.name))
        self._ranges.append(self._after(merged, relu))

    def told(self) -> str:
        """Return which units of the last layer were merged."""
        named = ["+".join(map(str, group)) for group in self._groups[:_NAMED]]
        more = len(self._groups) - _NAMED
        return f"units {', '.join(named)}" + (f" and {more} more groups" if more > 0 else "")

    def networks(self) -> tuple[Network, Network]:
        """Return the wide network and the merged one, once all layers are merged."""
        merged, wide = self._rewritten(self.network.output)
        return self._network(self._wide, wide, ()), self._network(
            self._merged, merged, ("merged: nearly parallel units are one",)
        )

    def _network(self, layers: list[Layer], output: Affine, notes: tuple[str, ...]) -> Network:
        f = self.network
        return Network(
            f.n_inputs, tuple(layers), output, f.dtype, f.input_names, f.output_names,
            (*f.notes, *notes),
        )  # fmt: skip

    # ---- the weights of one affine function ---------------------------------------------------

    def _rewritten(self, affine: Affine) -> tuple[Affine, Affine]:
        """Return an affine function of the original over the merged and over the wide sources."""
        merged: dict[int, Linear] = {}
        wide: dict[int, Linear] = {}
        for s, weights in affine.terms:
            source = self._sources[s]
            if source is None:
                merged[s] = wide[s] = weights
            else:
                exact = weights.exact @ source.scales
                merged[s] = linear(self._rounded(exact, source.merged))
                wide[s] = linear(_lifted(merged[s].exact, weights.exact, source))
        return Affine(merged, affine.bias), Affine(wide, affine.bias)

    def _rounded(self, exact: RationalMatrix, columns: BoolArray) -> RationalMatrix:
        """Round the marked columns to the arithmetic of the network."""
        with np.errstate(over="ignore"):
            floats = exact.to_floats().astype(self.network.dtype).astype(np.float64)
        columns = columns & np.isfinite(floats).all(axis=0)
        rounded = RationalMatrix.from_floats(np.where(columns, floats, 0.0))
        return exact.keep_columns(~columns) + rounded

    def _joined(
        self,
        merged: Affine,
        own: Affine,
        groups: list[list[int]],
        vectors: FloatArray,
        sizes: FloatArray,
    ) -> tuple[Affine, Affine, _Source]:
        """Return the layer with one unit for each group, the wide one, and how to read them."""
        shares, scales = _shares_and_scales(groups, vectors, sizes)
        several = np.array([len(group) > 1 for group in groups])
        leads = np.zeros(own.size, dtype=np.bool_)
        places = [next(i for i in group if scales[i, j] == 1) for j, group in enumerate(groups)]
        leads[places] = True
        leaders = np.zeros((len(groups), own.size))
        leaders[np.arange(len(groups)), places] = 1.0
        source = _Source(
            RationalMatrix.from_floats(scales), RationalMatrix.from_floats(leaders), leads, several
        )
        narrow: dict[int, Linear] = {}
        wide: dict[int, Linear] = {}
        for s, weights in merged.terms:
            rows = self._rounded((shares @ weights.exact).T, several).T
            narrow[s] = linear(rows)
        near = dict(own.terms)
        for s, weights in narrow.items():
            before, rows = self._sources[s], weights.exact
            if before is not None:
                rows = _lifted(rows, self._rounded((shares @ near[s].exact).T, several).T, before)
            wide[s] = linear(source.scales @ rows)
        bias = self._rounded((shares @ merged.bias.exact).T, several).T
        return Affine(narrow, bias), Affine(wide, source.scales @ bias), source

    # ---- sizes on the domain, in floats: they choose, and prove nothing -------------------------

    def _scaled(self, affine: Affine) -> FloatArray:
        """Return weights times the half widths of what they read, and the value at the middle."""
        parts, middle = [], affine.bias.values[:, 0]
        for s, weights in affine.terms:
            centre, half = self._ranges[s]
            parts.append(weights.values * half)
            middle = middle + weights.values @ centre
        found = np.hstack([*parts, middle[:, None]])
        return np.nan_to_num(found, posinf=0.0, neginf=0.0)

    def _outgoing(self, source: int) -> FloatArray:
        """Return the Euclidean norm of the weights that read each value of a source."""
        total = np.zeros(self.network.layers[source - 1].width)
        for affine in self.network.affines:
            for s, weights in affine.terms:
                if s == source:
                    total += (weights.values**2).sum(axis=0)
        return np.sqrt(total)

    def _after(self, affine: Affine, relu: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Return the middles and half widths of the values of a layer, by intervals."""
        middle, half = affine.bias.values[:, 0], np.zeros(affine.size)
        for s, weights in affine.terms:
            centre, width = self._ranges[s]
            middle = middle + weights.apply(centre[None, :])[0]
            half = half + weights.apply(width[None, :], np.abs(weights.entries))[0]
        low = np.where(relu, np.maximum(middle - half, 0), middle - half)
        high = np.where(relu, np.maximum(middle + half, 0), middle + half)
        return (low + high) / 2, (high - low) / 2


def _lifted(target: RationalMatrix, near: RationalMatrix, source: _Source) -> RationalMatrix:
    """Return rows over the wide values that are the target's over the merged ones, exactly.

    They are near given rows: only the weights of leaders, whose scale is 1, are others.
    """
    kept = near.keep_columns(~source.leads)
    return kept + (target - kept @ source.scales) @ source.leaders


def _shares_and_scales(
    groups: list[list[int]], vectors: FloatArray, sizes: FloatArray
) -> tuple[RationalMatrix, FloatArray]:
    """Return how merged units are made of the members, and how large members are in their units.

    Returns:
        (shares, scales): the unit of group j is Σ_i shares[j, i] · unit i, a multiple of the sum of
        its members times their sizes; unit i is nearly scales[i, j] times it. The leader of a group
        has the scale 1, and equal members give exactly themselves.
    """
    entries: list[list[Fraction]] = []
    scales = np.zeros((len(vectors), len(groups)))
    for j, group in enumerate(groups):
        row = [Fraction(0)] * len(vectors)
        lengths = np.linalg.norm(vectors[group], axis=1)
        lead = group[int(np.argmax(lengths * (sizes[group] + np.finfo(float).tiny)))]
        row[lead], scales[lead, j] = Fraction(1), 1.0
        along = _ratios(vectors[group], vectors[lead], group.index(lead))
        if len(group) > 1 and along is not None:
            ratios = dict(zip(group, _short(along), strict=True))
            total = sum(float(sizes[i]) * ratios[i] for i in group)
            for i in group:
                if i != lead and total > 0:
                    row[i] = Fraction(_short(np.array(sizes[i] / total)).item())
                    row[lead] -= row[i] * Fraction(ratios[i])
            unit = np.array([float(v) for v in row]) @ vectors
            own = float(vectors[lead] @ unit / (unit @ unit)) if unit.any() else 0.0
            found = _ratios(vectors[group], unit, group.index(lead))
            if found is not None and own > 0:
                scales[group, j] = _short(np.maximum(found, 0.0), _SCALE_BITS)
                factor = Fraction(_short(np.array(own)).item())
                row = [v * factor for v in row]
        entries.append(row)
    return RationalMatrix.from_rows(entries), scales


def _ratios(vectors: FloatArray, line: FloatArray, lead: int) -> FloatArray | None:
    """Return the inner products with a line over that of the leader; None where that is not > 0."""
    products = (vectors * line).sum(axis=1)  # row by row, so that equal rows give equal numbers
    return np.asarray(products / products[lead]) if products[lead] > 0 else None


def _short(values: FloatArray, bits: int = 24) -> FloatArray:
    """Return the nearest numbers of so many bits, for products that are still floats."""
    fractions, exponents = np.frexp(values)
    return np.asarray(np.ldexp(np.round(np.ldexp(fractions, bits)), exponents - bits))
