"""Two networks in low dimension, compared exactly on their joint complex."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact import as_fraction
from tropnet.exact.fraction import shortened
from tropnet.geometry.comparison import correspondence
from tropnet.geometry.comparison.correspondence import Relation
from tropnet.geometry.comparison.extremum import (
    Extremum,
    norm_infimum,
    norm_supremum,
    point_text,
    supremum,
)
from tropnet.geometry.comparison.gap_values import GapValues
from tropnet.geometry.comparison.integral import (
    Amount,
    CellIntegrals,
    balanced_total,
    cell_integrals,
    exact_first,
    exact_square,
    exact_total,
    total,
)
from tropnet.geometry.comparison.joint_network import Cuts, joint_network
from tropnet.geometry.comparison.joint_region import JointRegion, joint_regions
from tropnet.geometry.comparison.region_graph import isomorphism, region_graph
from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.geometry.start import MAX_DIMENSION
from tropnet.geometry.whole_complex import whole_complex

if TYPE_CHECKING:
    from tropnet.network import Network

#: Outputs that a comparison shows.
_OUTPUTS_SHOWN: Final = 12


def compare_regions(
    first: Network,
    second: Network,
    domain: Domain = None,
    *,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
) -> RegionComparison:
    """Compare two networks of few inputs by the cells of both together.

    On each joint cell both functions are affine, so that their distances and relations can be
    computed cell by cell: no sampling, no tolerance.

    `tropnet.compare_regions` tells of arguments and errors; here both are networks.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry.comparison.region_comparison import compare_regions
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> relu = Network.from_dense([[[1]], [[1]]])
        >>> found = compare_regions(absolute, relu, Box([-1], [1]))
        >>> found.supremum[0], found.l1(exact=True), found.l2(exact=True).exact
        (1 at (-1), 1/2, None)
        >>> found.equal
        equal: no; see (-1)
    """
    if first.n_inputs > MAX_DIMENSION:
        raise DomainError(
            f"{first.n_inputs} inputs; joint cells are measured for at most {MAX_DIMENSION}: take "
            "a slice of both networks, or `compare`"
        )
    comparison = RegionComparison(first, second, domain, max_cells, time_limit)
    _ = comparison.complex
    return comparison


@final
@dataclass(frozen=True, eq=False, repr=False)
class RegionComparison:
    """What is known of two functions f and g with m outputs on a domain; made by `compare_regions`.

    All answers are exact, or floats with a proven bound of their error (`Amount`). Each is computed
    when it is first asked for.

    Attributes:
        first: f.
        second: g.
        domain: where they are compared; None is all of R^n.
        max_cells: the most cells of a complex.
        time_limit: seconds for each enumeration.
    """

    first: Network
    second: Network
    domain: Domain
    max_cells: int = 1_000_000
    time_limit: float | None = None
    _cut: dict[tuple[str, Fraction], GapValues] = field(default_factory=dict, init=False)
    _whole: list[PolyhedralComplex] = field(default_factory=list, init=False)

    # ---- complexes --------------------------------------------------------------------------

    def gaps(self, cuts: Cuts = "none", level: Fraction = Fraction(0)) -> GapValues:
        """Return the joint complex, cut further (see `joint_network`), with the values of f − g.

        Cells that contain a whole line come in pieces there.

        Raises:
            BudgetExceeded: more than `max_cells` cells, or out of time.
        """
        if (cuts, level) not in self._cut:
            joint = joint_network(self.first, self.second, cuts, level)
            found = self._cells(joint.network)
            if cuts == "none":
                self._whole.append(found)
            self._cut[cuts, level] = GapValues(joint, found.pieces)
        return self._cut[cuts, level]

    def _cells(self, network: Network) -> PolyhedralComplex:
        return whole_complex(network, self.domain, self.max_cells, self.time_limit)

    @property
    def complex(self) -> PolyhedralComplex:
        """The complex of both networks; its outputs are those of f, then those of g."""
        self.gaps()
        return self._whole[0]

    @property
    def bounded(self) -> bool:
        """Whether the domain is bounded."""
        return bool(self.gaps().complex.bounded.all())

    # ---- distances --------------------------------------------------------------------------

    @cached_property
    def supremum(self) -> list[Extremum]:
        """For each output the exact supremum of f_i − g_i, and where it is."""
        return [supremum(self.gaps(), i) for i in range(self.gaps().joint.size)]

    @cached_property
    def infimum(self) -> list[Extremum]:
        """For each output the exact infimum of f_i − g_i, and where it is."""
        found = [supremum(self.gaps(), i, -1) for i in range(self.gaps().joint.size)]
        return [Extremum(-e.value, e.point, e.ray) for e in found]

    @cached_property
    def largest(self) -> Extremum:
        """The exact supremum of max_i |f_i − g_i|: the distance in the maximum norm."""
        return norm_supremum(self.gaps())

    @cached_property
    def smallest(self) -> Extremum:
        """The exact infimum of max_i |f_i − g_i|; cells are cut where that bends (m² cuts)."""
        return norm_infimum(self.gaps("norm"))

    def volume(self, *, exact: bool = False) -> Amount:
        """Return the volume of the domain; infinity where it is unbounded."""
        return self._volume(self.gaps(), None, exact)

    def l1(self, output: int | None = None, *, exact: bool = False) -> Amount:
        """Return ∫ Σ_i |f_i − g_i| over the domain, or that of one output.

        Cells are cut where f_i = g_i, so that each integral is one of affine functions. On an
        unbounded domain the integral is finite just if f = g on every unbounded cell.

        Args:
            output: one output alone.
            exact: as a rational number. It may have a hundred digits for each vertex.

        Raises:
            BudgetExceeded: too many cells when cut.
            ShapeError: there is no such output.
        """
        gaps = self.gaps("equal")
        chosen = gaps.outputs(output)
        if self._endless(gaps, chosen):
            return Amount(math.inf)
        if self._all_zero(gaps, chosen):
            return Amount.of(Fraction(0))
        if exact:
            parts = [abs(row[i]) for row in exact_first(gaps) for i in chosen]
            return Amount.of(balanced_total(parts))
        found = cell_integrals(gaps)
        return total(np.abs(found.first[:, chosen]).ravel(), found.first_error[:, chosen].ravel())

    def l2_squared(self, *, exact: bool = False) -> Amount:
        """Return ∫ Σ_i (f_i − g_i)² over the domain; a rational number with `exact`."""
        gaps = self.gaps()
        if self._endless(gaps, gaps.outputs(None)):
            return Amount(math.inf)
        if self._all_zero(gaps, gaps.outputs(None)):
            return Amount.of(Fraction(0))
        if exact:
            return Amount.of(exact_square(gaps))
        found = self._integrals
        return total(found.square, found.square_error)

    def l2(self, *, exact: bool = False) -> Amount:
        """Return the root of `l2_squared`; `exact` is None where it is irrational."""
        return self.l2_squared(exact=exact).root()

    @cached_property
    def _integrals(self) -> CellIntegrals:
        return cell_integrals(self.gaps())

    def _endless(self, gaps: GapValues, outputs: list[int]) -> bool:
        """Tell whether some f_i − g_i is not zero on some unbounded cell."""
        if gaps.complex.bounded.all():
            return False
        forms = self._forms if gaps is self.gaps() else correspondence.joint_forms(gaps)
        m = gaps.joint.size
        differ = forms[:, :m] != forms[:, m:]
        return bool(differ[~gaps.complex.bounded][:, outputs].any())

    def _all_zero(self, gaps: GapValues, outputs: list[int]) -> bool:
        """Tell whether f_i = g_i on every cell, exactly."""
        forms = self._forms if gaps is self.gaps() else correspondence.joint_forms(gaps)
        m = gaps.joint.size
        return not (forms[:, :m] != forms[:, m:])[:, outputs].any()

    def exceeding(self, level: Any, *, exact: bool = False) -> Amount:
        """Return the share of the domain's volume where max_i |f_i − g_i| > level.

        Args:
            level: a number ≥ 0; floats stand for their exact values.
            exact: as a rational number.

        Raises:
            DomainError: a negative level, or an unbounded domain (which has no shares).
            BudgetExceeded: too many cells when cut where |f_i − g_i| = level.
        """
        height = as_fraction(level, "level")
        if height < 0:
            raise DomainError(
                f"level = {shortened(str(level))} is negative; |f − g| always exceeds it"
            )
        gaps = self.gaps("level", height)
        m, signs = gaps.joint.size, gaps.joint.cut_signs(gaps.complex)
        beyond: Any = np.concatenate([signs[:, :m] > 0, signs[:, m:] < 0], axis=1)
        return self._share(gaps, beyond.any(axis=1), exact)

    def argmax_differs(self, *, exact: bool = False) -> Amount:
        """Return the share of the domain's volume where other outputs of f than of g are largest.

        Where several are largest on a cell, the sets of these are compared.

        Raises:
            DomainError: an unbounded domain.
            BudgetExceeded: too many cells when cut where two outputs tie (m (m − 1) cuts).
        """
        gaps = self.gaps("argmax")
        return self._share(gaps, np.not_equal(*correspondence.argmax_sets(gaps)), exact)

    def _share(self, gaps: GapValues, chosen: Any, exact: bool) -> Amount:
        if not gaps.complex.bounded.all():
            raise DomainError("the domain is unbounded and has no shares of volume; take a box")
        part, whole = self._volume(gaps, chosen, exact), self._volume(gaps, None, exact)
        if part.exact is not None and whole.exact is not None:
            return Amount.of(part.exact / whole.exact)
        if not whole.value > 2 * whole.error:  # floats cannot tell the size of the domain
            return self._share(gaps, chosen, exact=True)
        value = part.value / whole.value
        error = (part.error + value * whole.error) / (whole.value - whole.error)
        return Amount(value, 1.001 * error + math.ulp(value))

    def _volume(self, gaps: GapValues, chosen: Any, exact: bool) -> Amount:
        cells = np.arange(gaps.complex.n_cells) if chosen is None else np.flatnonzero(chosen)
        if not gaps.complex.bounded[cells].all():
            return Amount(math.inf)
        if exact:
            return Amount.of(exact_total(gaps, cells))
        found = self._integrals if gaps is self.gaps() else cell_integrals(gaps)
        return total(found.volume[cells], found.volume_error[cells])

    def differences(self, *, exact: bool = False) -> list[JointRegion]:
        """Return the joint linear regions: where both f and g are one affine map each.

        A joint linear region is a maximal union of joint cells with one map of f and one of g,
        connected through facets; it may be non-convex.

        Args:
            exact: volumes and largest differences as rationals.
        """
        return joint_regions(self.gaps(), self._forms, self._integrals, exact=exact)

    # ---- relations --------------------------------------------------------------------------

    @cached_property
    def _forms(self) -> Any:
        return correspondence.joint_forms(self.gaps())

    @cached_property
    def equal(self) -> Relation:
        """Whether f(x) = g(x) for all x of the domain."""
        return correspondence.equal(self.gaps(), self._forms)

    @cached_property
    def up_to_constant(self) -> Relation:
        """Whether f − g is one constant vector on the domain; `value` is that vector."""
        return correspondence.up_to_constant(self.gaps(), self._forms)

    @cached_property
    def up_to_scale(self) -> Relation:
        """Whether f = s · g on the domain with one number s > 0 for all outputs; `value` is s."""
        return correspondence.up_to_scale(self.gaps(), self._forms)

    @cached_property
    def same_bend_locus(self) -> Relation:
        """Whether f and g bend at the same points inside the domain.

        A function bends at x where it is affine on no neighbourhood of x, whatever its units do.
        """
        return correspondence.same_bend_locus(self.gaps(), self._forms)

    @cached_property
    def same_argmax(self) -> Relation:
        """Whether at every x of the domain the same outputs of f and g are largest, ties included.

        The note tells where they differ at ties alone, on a set of measure zero.
        """
        return correspondence.same_argmax(self.gaps("argmax"))

    @cached_property
    def same_combinatorics(self) -> Relation:
        """Whether the linear regions of f and of g meet in the same pattern.

        True if there is a bijection of linear regions that keeps: which are bounded; how many parts
        of the boundary of the domain each has; for each two that meet the dimension of their
        intersection, and the number of parts of a common boundary of dimension n − 1 (parts hang
        together through faces of dimension n − 2). `value` is such a bijection, a region of g for
        each of f (numbered as in `PolyhedralComplex.regions`). Shapes, sizes and maps do not count.

        Raises:
            BudgetExceeded: too many regions meet, or the pattern is too symmetric to be matched.
        """
        name = "same combinatorics"
        graphs = [region_graph(self._cells(network)) for network in (self.first, self.second)]
        counts = [(len(graph), graph.size()) for graph in graphs]
        found = isomorphism(graphs[0], graphs[1])
        if found is not None:
            return Relation(name, True, value=found, note=f"{counts[0][0]} linear regions")
        told = " and ".join(f"{nodes} regions with {edges} contacts" for nodes, edges in counts)
        if counts[0] == counts[1]:
            told = (
                f"both have {counts[0][0]} regions with {counts[0][1]} contacts, in other patterns"
            )
        return Relation(name, False, note=told)

    # ---- display ----------------------------------------------------------------------------

    def rows(self) -> list[tuple[str, str]]:
        """Return names and values as a comparison prints them: what is cheap to know."""
        where = "all of R^n" if self.domain is None else repr(self.domain)
        rows = [
            ("domain", where),
            ("joint cells", f"{self.complex.n_cells}, certified by {self.complex.certified}"),
            ("sup |f-g|", f"{self.largest!r}"),
        ]
        for i, (high, low) in enumerate(zip(self.supremum, self.infimum, strict=True)):
            if i == _OUTPUTS_SHOWN:
                rows.append(("…", f"{len(self.supremum) - i} more outputs"))
                break
            rows.append((f"sup f-g [{i}]", repr(high)))
            rows.append((f"inf f-g [{i}]", repr(low)))
        if self.bounded:
            rows.append(("L2", repr(self.l2())))
        for relation in (
            self.equal, self.up_to_constant, self.up_to_scale, self.same_bend_locus,
        ):  # fmt: skip
            name, _, rest = repr(relation).partition(": ")
            value = relation.value if relation.value is not None else ""
            rows.append((name, f"{rest}{_shown(value)}"))
        return rows

    def __repr__(self) -> str:
        rest = "\n".join(f"  {name + ':':<17}{value}" for name, value in self.rows())
        return f"RegionComparison\n{rest}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self.rows()
        )
        return f"<div><strong>RegionComparison</strong><table>{rows}</table></div>"


def _shown(value: Any) -> str:
    if isinstance(value, Fraction):
        return f"; scale {point_text((value,))[1:-1]}"
    if isinstance(value, tuple):
        return f"; constant {point_text(value)}"
    return ""
