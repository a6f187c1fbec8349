"""Convex P and Q with P − Q = f, read off the cells: how much each unit is to bend P."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.conversion.sheets import Sheets
from tropnet.geometry.exact_jumps import Bends, ExactJumps

if TYPE_CHECKING:
    from tropnet.conversion.facet_forms import FacetForms
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray


@final
class ConvexSplit:
    """The convex parts of the outputs of a network on a complex of cells.

    P = Σ κ_u · z_u + an affine function, with the values z_u of the units before their ReLU and
    factors κ_u that change by τ across each sheet of a unit. Where a unit b reads a unit a, a bend
    of b bends P at the facets of a too, so τ is chosen from the last layer back: on each sheet the
    least that makes P and Q = P − f convex at all of its facets, τ = max over them of
    (max(0, w) − t), for the jump w of f and the jump t that later layers give P. Some facet of
    each sheet then bends only P or only Q.

    Facets at which several units switch are left to the lowest of these, which makes up for the
    others with the exact jumps of f and of P there.

    Args:
        cells: a complete complex on a convex domain.
        forms: the hyperplanes of its facets.
        pulse: called now and then; it may raise.
    """

    def __init__(
        self, cells: PolyhedralComplex, forms: FacetForms, pulse: Callable[[], None]
    ) -> None:
        self.cells, self.forms, self.pulse = cells, forms, pulse
        self.sheets: Sheets = forms.sheets
        self.circuit = cells.circuit

    def convex_part(self, output: int) -> tuple[Any, int]:
        """Return P on each cell: object `(C, n + 1)` integers, and what they are over."""
        every = np.arange(self.cells.n_cells)
        jumps = ExactJumps(self.circuit, self.cells.active, every)
        wanted, scale = _Wanted(self, output), 1
        taus: list[int] = [0] * self.sheets.n_sheets
        for b in range(len(self.circuit.blocks) - 1, -1, -1):
            self.pulse()
            start, width = self.circuit.blocks[b].start, self.circuit.blocks[b].width
            own = np.flatnonzero((self.sheets.unit >= start) & (self.sheets.unit < start + width))
            chosen = self._least(b, own, jumps, scale, wanted)
            factor = math.lcm(*(Fraction(tau).denominator for tau in chosen.values()))
            if factor > 1:
                scale *= factor
                jumps.scale(factor)
            for sheet, tau in chosen.items():
                taus[sheet] = int(tau * factor)
            jumps.expand(self._bends(taus, own, start, width))
        self.pulse()
        forms = jumps.forms()
        block, n = self.circuit.output, self.cells.n_inputs
        inside = np.flatnonzero(block.reads <= n)  # the part of the output that skips all units
        row = [int(v) for v in block.integers.tolist()[output]]
        forms[:, block.reads[inside]] += np.array([row[k] * scale for k in inside], object)
        return forms, int(block.denominator) * scale

    def _bends(self, taus: list[int], own: IntArray, start: int, width: int) -> Bends:
        found, bends = self.sheets, Bends.none(width)
        units, sheets = found.unit[own].tolist(), found.sheet[own].tolist()
        for unit, sheet in zip(units, sheets, strict=True):
            bends.active[unit - start] = taus[sheet]
        for unit in set(units) & set(found.parts):
            parts = found.parts[unit]
            bends.active[unit - start] = 0
            bends.parts[unit - start] = parts.labels, parts.factors(taus)
        return bends

    def _least(
        self, b: int, own: IntArray, jumps: ExactJumps, scale: int, wanted: _Wanted
    ) -> dict[int, int | Fraction]:
        """Return the least τ of each sheet of a block, from its last unit to the first.

        A sheet all of whose facets are left to lower units does as if it were alone there.
        """
        found = self.sheets
        if not len(own):
            return {}
        start = self.circuit.blocks[b].start
        so_far = jumps.factors(found.cell[own], found.unit[own] - start)
        need = dict(zip(own.tolist(), wanted.at(own) * scale - so_far, strict=True))
        partners = self._settle_shared(own, jumps, scale, wanted, need)
        members: dict[int, list[int]] = {}
        for switch, sheet in zip(own.tolist(), found.sheet[own].tolist(), strict=True):
            members.setdefault(sheet, []).append(switch)
        first = set(own[found.first[own]].tolist())
        chosen: dict[int, int | Fraction] = {}
        for sheet in sorted(members, reverse=True):
            switches = [k for k in members[sheet] if k in first] or members[sheet]
            chosen[sheet] = max(
                need[k] - sum(ratio * chosen[other] for other, ratio in partners.get(k, ()))
                for k in switches
            )
        return chosen

    def _settle_shared(
        self, own: IntArray, jumps: ExactJumps, scale: int, wanted: _Wanted, need: dict[int, Any]
    ) -> dict[int, list[tuple[int, Fraction]]]:
        """Put right what is needed at facets where several units switch, by the lowest of them.

        Returns:
            For each such switch the sheets of the same block that bend P there too, and by how much
            of their τ.
        """
        found = self.sheets
        shared = own[found.first[own] & ~found.alone[own]]
        if not len(shared):
            return {}
        ends = np.unique(np.concatenate([found.cell[shared], found.other[shared]]))
        part = jumps.on(ends)
        while part.block >= 0:
            part.expand(Bends.none(self.circuit.blocks[part.block].width))
        forms = part.forms()
        change = forms[np.searchsorted(ends, found.cell[shared])]
        change = change - forms[np.searchsorted(ends, found.other[shared])]
        totals = wanted.totals(shared)
        for switch, row, total in zip(shared.tolist(), change, totals, strict=True):
            pivot, unit = self.forms.pivot(found.facet[switch])
            need[switch] = total * scale - Fraction(row[pivot], unit)
        return self._partners(own, shared)

    def _partners(self, own: IntArray, shared: IntArray) -> dict[int, list[tuple[int, Fraction]]]:
        found = self.sheets
        lowest = dict(zip(found.facet[shared].tolist(), shared.tolist(), strict=True))
        rest = own[~found.first[own]]
        rest = rest[np.isin(found.facet[rest], found.facet[shared])]
        rows, _ = self.cells.unit_rows(found.cell[rest], found.unit[rest])
        partners: dict[int, list[tuple[int, Fraction]]] = {}
        for row, facet, sheet in zip(
            rows, found.facet[rest].tolist(), found.sheet[rest].tolist(), strict=True
        ):
            pivot, unit = self.forms.pivot(facet)
            ratio = abs(Fraction(row[pivot], unit))
            partners.setdefault(lowest[facet], []).append((sheet, ratio))
        return partners


@final
class _Wanted:
    """How much P has to bend where units switch: max(0, w) for the jump w of an output."""

    def __init__(self, split: ConvexSplit, output: int) -> None:
        self.split, self.output = split, output
        self.maps = split.cells.exact_maps()[0][:, output]

    def at(self, switches: IntArray) -> Any:
        """Return it in units of the values of the switching units: object `(k,)` integers.

        Where several units switch, the value stands for the unit as if it were alone.
        """
        split, found = self.split, self.split.sheets
        result = np.full(len(switches), 0, object)
        alone = found.alone[switches]
        own = switches[alone]
        places, values = split.forms.pivots(found.facet[own])
        change = self.maps[found.cell[own], places] - self.maps[found.other[own], places]
        # a unit alone bends an output by a sum over paths, an integer
        result[alone] = np.maximum(change // values, 0)
        rest = np.flatnonzero(~alone)
        if len(rest):
            own = switches[rest]
            result[rest] = np.maximum(self._paths(found.cell[own], found.unit[own]), 0)
        return result

    def totals(self, switches: IntArray) -> list[Fraction]:
        """Return it with all units that switch at the facet, by the value of the lowest of them."""
        split, found = self.split, self.split.sheets
        change = self.maps[found.cell[switches]] - self.maps[found.other[switches]]
        wanted = []
        for facet, row in zip(found.facet[switches].tolist(), change, strict=True):
            pivot, unit = split.forms.pivot(facet)
            wanted.append(max(Fraction(row[pivot], unit), Fraction(0)))
        return wanted

    def _paths(self, cells: IntArray, units: IntArray) -> Any:
        split = self.split
        ends = np.unique(cells)
        jumps = ExactJumps(split.circuit, split.cells.active, ends, self.output)
        result = np.full(len(cells), 0, object)
        while jumps.block >= 0:
            block = split.circuit.blocks[jumps.block]
            own = np.flatnonzero((units >= block.start) & (units < block.start + block.width))
            rows = np.searchsorted(ends, cells[own])
            result[own] = jumps.factors(rows, units[own] - block.start)
            jumps.expand(Bends.none(block.width))
        return result
