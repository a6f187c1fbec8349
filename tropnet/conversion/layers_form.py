"""From a network to tropical rational functions, layer by layer, nothing rounded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, final

import numpy as np

from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.algebra.essential_decision import EssentialDecision
from tropnet.conversion.refinement import Atom, Refinement
from tropnet.errors import BudgetExceeded, TropnetError
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Network

_ADVICE: Final = (
    "raise max_terms, convert on fewer units, or keep the network as a circuit and enumerate its "
    "linear regions on a box"
)


def layers_form(
    network: Network, *, max_terms: int = 100_000, time_limit: float | None = None
) -> TropicalMap:
    """Convert a network to P ⊘ Q for each output layer by layer, on all of R^n.

    Every ReLU unit relu(z), z = P − Q with convex P and Q, becomes the atom max(P, Q) less Q; the
    next layer combines atoms linearly, so that equal parts of P and Q cancel before anything is
    expanded. Weights are split by sign, and only essential terms are kept after every product and
    every sum. Exponents and coefficients are the exact rationals that the stored weights imply.

    Args:
        network: in ReLU normal form; skip connections and identity units are welcome.
        max_terms: refuse, before the work or during it, polynomials of more terms than this.
        time_limit: seconds after which to give up.

    Returns:
        The map; `f.exact(points)` equals `network.exact(points)` everywhere.

    Raises:
        BudgetExceeded: `plan` predicts too many terms, or too many turned up.
        TropnetError: the time limit was reached; the message tells how far the work came.

    Cost: 1–5 µs for every pair of a cell and a term that agree on earlier units; `plan` predicts.

    Source: Zhang, Naitzat, Lim, "Tropical geometry of deep neural networks" (2018), Prop. 5.1;
        cancellation and pruning are ours.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion.layers_form import layers_form
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> print(layers_form(absolute)[0])
        max(-x₁, x₁)
    """
    return _Conversion(network, max_terms, time_limit).run()


@final
@dataclass(frozen=True, eq=False)
class _Unit:
    """form · (x, 1) + Σ positive − Σ negative: one affine function of atoms."""

    form: RationalMatrix
    positive: dict[int, Fraction]
    negative: dict[int, Fraction]


@final
class _Conversion:
    """The atoms found so far, and everything built from them, for one network."""

    def __init__(self, network: Network, max_terms: int, time_limit: float | None) -> None:
        self.network, self.max_terms, self.time_limit = network, max_terms, time_limit
        self.n = network.n_inputs
        self.started = time.monotonic()
        self.where = "before the first layer"
        self.atoms: list[Atom] = []
        self.by_shape: dict[tuple[tuple[int, ...], ...], int] = {}
        self.refinements: dict[tuple[int, ...], Refinement] = {(): Refinement.everything(self.n)}

    def run(self) -> TropicalMap:
        # rows over (x, 1, atom 0, atom 1, …)
        identity = RationalMatrix.identity(self.n + 1)
        values = [identity.rows(range(self.n))]
        for number, layer in enumerate(self.network.layers, start=1):
            self.where = f"in layer {number} of {len(self.network.layers)}"
            rows = self._affine(layer.affine, values)
            units = {u: self._unit(rows, u) for u in range(layer.width) if layer.relu[u]}
            self._prepare(list(units.values()))
            columns = [
                self._relu(units[u]) if u in units else rows.rows([u]) for u in range(layer.width)
            ]
            values.append(RationalMatrix.stack_rows(self._wide(row) for row in columns))
        self.where = "in the output"
        rows = self._affine(self.network.output, values)
        units = {u: self._unit(rows, u) for u in range(self.network.n_outputs)}
        self._prepare(list(units.values()))
        return TropicalMap([self._rational(unit) for unit in units.values()])

    # ---- linear algebra over atoms ------------------------------------------------------------

    def _wide(self, rows: RationalMatrix) -> RationalMatrix:
        """Return rows padded with zeros for atoms that are newer than they are."""
        missing = self.n + 1 + len(self.atoms) - rows.shape[1]
        if not missing:
            return rows
        return RationalMatrix.stack_columns([rows, RationalMatrix.zeros(len(rows), missing)])

    def _affine(self, affine: Affine, values: Sequence[RationalMatrix]) -> RationalMatrix:
        width = self.n + 1 + len(self.atoms)
        one = RationalMatrix.identity(width).rows([self.n])
        total = affine.bias.exact @ one
        for source, weights in affine.terms:
            total = total + weights.exact @ self._wide(values[source])
        return total

    def _unit(self, rows: RationalMatrix, unit: int) -> _Unit:
        factors = rows.rows([unit]).to_fractions()[0][self.n + 1 :]
        return _Unit(
            rows.rows([unit]).columns(range(self.n + 1)),
            {m: c for m, c in enumerate(factors) if c > 0},
            {m: -c for m, c in enumerate(factors) if c < 0},
        )

    # ---- polynomials ------------------------------------------------------------------------

    def _rational(self, unit: _Unit) -> TropicalRational:
        above, below = self._terms(unit.positive)[0] + unit.form, self._terms(unit.negative)[0]
        return TropicalRational(self._polynomial(above), self._polynomial(below))

    def _polynomial(self, terms: RationalMatrix) -> TropicalPolynomial:
        return TropicalPolynomial.from_arrays(terms.columns(range(self.n)), terms.columns([self.n]))

    def _terms(self, factors: dict[int, Fraction]) -> tuple[RationalMatrix, Refinement]:
        refinement = self._refinement(tuple(sorted(factors)))
        return refinement.combination(factors, self.atoms), refinement

    def _prepare(self, units: Sequence[_Unit]) -> None:
        """Refine by all atoms at once where many of their combinations are needed.

        Sums of half the atoms have some 2^n times fewer terms than the sum of all, from which they
        can be read off.
        """
        supports = {tuple(sorted(part)) for u in units for part in (u.positive, u.negative)}
        if len(supports) > 2**self.n:
            union = tuple(sorted({m for support in supports for m in support}))
            try:
                self._refinement(union)
            except BudgetExceeded:
                return  # the smaller sums may fit all the same

    def _refinement(self, support: tuple[int, ...]) -> Refinement:
        if support in self.refinements:
            return self.refinements[support]
        wanted = set(support)
        finer = [r for s, r in self.refinements.items() if wanted < set(s)]
        if finer:
            found = min(finer, key=len).onto(support, self.atoms)
        else:
            coarser = [r for s, r in self.refinements.items() if set(s) < wanted]
            found = max(coarser, key=lambda r: (len(r.support), len(r)))
            for m in support:
                if m not in found.support:
                    found = found.with_atom(m, self.atoms[m], limit=self._limit, pulse=self._pulse)
                    self.refinements[found.support] = found
        self.refinements[support] = found
        return found

    def _relu(self, unit: _Unit) -> RationalMatrix:
        """Return max(unit, 0) as a row over the atoms, adding an atom where it needs one."""
        self._pulse()
        (above, left), (below, right) = self._terms(unit.positive), self._terms(unit.negative)
        above = above + unit.form
        joint = RationalMatrix.stack_rows([above, below])
        decision = EssentialDecision(joint.columns(range(self.n)), joint.columns([self.n]), None)
        kept = decision.decide(self._pulse)[0]
        self._limit(len(kept))
        known = np.full((len(joint), len(self.atoms)), -1, dtype=np.int64)
        known[: len(left), : left.known.shape[1]] = left.known
        known[len(left) :, : right.known.shape[1]] = right.known
        zero = RationalMatrix.zeros(1, self.n + 1 + len(self.atoms))
        if kept[-1] < len(left):
            return zero + self._row(unit.form, {**unit.positive, **_negated(unit.negative)})
        if kept[0] >= len(left):
            return zero
        terms, order = _sorted(joint.rows(kept))
        return self._atom(Atom(terms, known[kept, :][order]), unit)

    def _atom(self, atom: Atom, unit: _Unit) -> RationalMatrix:
        known = self.by_shape.get(atom.shape_key)
        if known is None:
            self.atoms.append(atom)
            known = self.by_shape[atom.shape_key] = len(self.atoms) - 1
        # atom = scale · older atom + an affine function
        older = self.atoms[known]
        scale = atom.scale / older.scale
        shift = atom.terms.rows([0]) - older.terms.rows([0]) * scale
        factors = _negated(unit.negative)
        factors[known] = factors.get(known, Fraction(0)) + scale
        return self._row(shift, factors)

    def _row(self, form: RationalMatrix, factors: dict[int, Fraction]) -> RationalMatrix:
        weights = [factors.get(m, Fraction(0)) for m in range(len(self.atoms))]
        return RationalMatrix.stack_columns([form, RationalMatrix.of([weights])])

    # ---- limits -----------------------------------------------------------------------------

    def _limit(self, terms: int) -> None:
        if terms > self.max_terms:
            raise BudgetExceeded(
                f"terms of one polynomial {self.where}", terms, self.max_terms, _ADVICE
            )

    def _pulse(self) -> None:
        elapsed = time.monotonic() - self.started
        if self.time_limit is not None and elapsed > self.time_limit:
            largest = max((len(atom.terms) for atom in self.atoms), default=0)
            raise TropnetError(
                f"the time limit of {self.time_limit:g} s was reached {self.where}, with "
                f"{len(self.atoms)} atoms of up to {largest} terms; raise time_limit, or "
                "keep the network as a circuit"
            )


def _negated(factors: dict[int, Fraction]) -> dict[int, Fraction]:
    return {m: -c for m, c in factors.items()}


def _sorted(terms: RationalMatrix) -> tuple[RationalMatrix, list[int]]:
    columns = terms.shape[1]
    entries = [int(v) for v in terms.numerators.entries()]
    rows = [entries[i * columns : (i + 1) * columns] for i in range(len(terms))]
    order = sorted(range(len(rows)), key=rows.__getitem__)
    return terms.rows(order).reduced(), order
