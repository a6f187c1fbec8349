"""The linear program of lines around the units of two networks and around their differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.bounds.warm_program import WarmProgram
from tropnet.checker.joint_cases import open_places
from tropnet.checker.joint_lines import MULTIPLIER_BITS, SHARE_BITS
from tropnet.checker.relu_lines import SLOPE_BITS
from tropnet.errors import BudgetExceeded

if TYPE_CHECKING:
    from fractions import Fraction

    from tropnet.checker.joint_lines import Sign, Target
    from tropnet.checker.joint_program import JointLayer, JointProgram
    from tropnet.checker.joint_zonotope import LayerEnds
    from tropnet.checker.split_tree import Unit
    from tropnet.typing import FloatArray, IntArray

#: Entries of the constraints beyond which no program is made.
_ENTRIES: Final = 2**22
#: What breaking the sign of a unit by 1 costs, over the largest coefficient.
_PRICE: Final = 100.0
#: A share so near to 1 is 1.
_NEAR: Final = 1e-7
_LARGEST: Final = 2**40


@final
@dataclass(frozen=True, eq=False, slots=True)
class Relaxed:
    """The solution of a program, in floats.

    Attributes:
        most: the largest value of the target.
        point: the inputs where it is.
        choices: as `tropnet.checker.joint_cases` reads them: what proves about that value.
        unit: the unit whose sign it pays to know; None where all are known.
    """

    most: float
    point: FloatArray
    choices: dict[str, Any]
    unit: Unit | None


@final
class JointTriangles:
    """Linear programs for upper bounds of targets where some units have known signs.

    Variables are the inputs, t and z = max(t, 0) for each unit of both networks. A unit of unknown
    sign is between the lines z ≥ 0, z ≥ t and the chord above; the difference of a pair is between
    the chords of its own. Known signs are bounds of rows alone, z ≤ t or z ≤ 0, so that each
    program starts from the solution of the one before. They may be broken at a high price, so that
    a case that is empty has a solution too, and multipliers that show it.

    All is in floats: whoever wants to rely on a value follows the choices exactly.

    Args:
        program: both networks and the pairs of their units.
        box: `(2, n)` the inputs' ends.
        ends: of the pre-activations of both networks and of their differences.

    Raises:
        BudgetExceeded: the program would be too large.

    Cost: about 3 passes of the simplex method over the weights for each unit whose sign changes.

    Source: Salman, Yang, Zhang, Hsieh and Zhang, *A convex relaxation barrier* (2019); the split of
        units: Bunel, Lu, Turkaslan, Torr, Kohli and Kumar, *Branch and bound for piecewise linear
        neural network verification* (2020).

    Example:
        >>> from fractions import Fraction
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.bounds.joint_triangles import JointTriangles
        >>> from tropnet.checker.joint_lines import Target
        >>> from tropnet.checker.joint_program import JointProgram
        >>> from tropnet.checker.joint_zonotope import JointReplay
        >>> from tropnet.checker.matching import Matching
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[1], [-1]], [[1, 1.125]]])
        >>> program = JointProgram.of(f, g, [Matching.identity(2)])
        >>> ends = JointReplay(program).unit_ends([(Fraction(-1), Fraction(1))])
        >>> triangles = JointTriangles(program, np.array([[-1.0], [1.0]]), ends)
        >>> round(triangles.solve(Target((Fraction(-1),), (Fraction(1),)), []).most, 6)
        0.125
    """

    def __init__(self, program: JointProgram, box: FloatArray, ends: Sequence[LayerEnds]) -> None:
        layers = (*program.layers, program.output)
        entries = sum(m.shape[0] * m.shape[1] for y in layers for _, m in (*y.a, *y.b))
        if entries > _ENTRIES:
            raise BudgetExceeded(
                "entries of a linear program", entries, _ENTRIES, "compare smaller networks"
            )
        self._program, self._ends = program, ends
        self._places: dict[tuple[int, str], int] = {}
        at = program.n_inputs
        for k, layer in enumerate(program.layers, start=1):
            for name, width in zip("ab", layer.widths, strict=False):
                self._places[k, name] = at
                at += 2 * width
        self._n_variables = at
        self._model = WarmProgram(at)
        self._units: dict[Unit, _UnitRows] = {}
        self._pairs: dict[tuple[int, int], _PairRows] = {}  # by layer and place among pairs
        self._pair_of: dict[Unit, _PairRows] = {}
        self._stable: dict[Unit, tuple[int, int | None]] = {}  # column of z, row of z = t
        self._open = [open_places(y, own) for y, own in zip(program.layers, ends, strict=True)]
        self._model.columns(range(program.n_inputs), box[0], box[1])
        for k, layer in enumerate(program.layers, start=1):
            self._add_layer(k, layer)
        self._condition = self._model.row({self._model.extra(): 1.0}, -np.inf, np.inf)
        self._model.finish()
        self._signs: dict[Unit, int] = {}
        self._outputs = [self._over_all(program.output, name) for name in "ab"]

    def solve(
        self, target: Target, signs: Sequence[Sign], seconds: float = np.inf
    ) -> Relaxed | None:
        """Maximise a target where units have the given signs.

        Args:
            target: a combination of outputs.
            signs: of units.
            seconds: give up after so many.

        Returns:
            The solution, or None.
        """
        (rows_a, bias_a), (rows_b, bias_b) = self._outputs
        a, b = np.array(target.a, dtype=float), np.array(target.b, dtype=float)
        cost = -(a @ rows_a + b @ rows_b)
        shift = -float(a @ bias_a + b @ bias_b)
        condition = (np.zeros(0), 0.0)
        if target.condition is not None:
            c = np.array(target.condition, dtype=float)
            condition = (c @ rows_b, float(c @ bias_b))
        self._know(dict(signs))
        price = _PRICE * float(np.abs(cost).max(initial=0.0)) or 1.0
        found = self._model.solve(cost, price, condition, self._condition, seconds)
        if found is None:
            return None
        value, columns, reduced, duals = found
        return self._read(-(value + shift), columns, reduced, duals, signs)

    # ---- making the program -------------------------------------------------------------------

    def _over_all(self, layer: JointLayer, name: str) -> tuple[FloatArray, FloatArray]:
        """Return the weights of a layer of one network over all variables, and its bias."""
        terms, bias = (layer.a, layer.bias_a) if name == "a" else (layer.b, layer.bias_b)
        table = np.zeros((bias.shape[0], self._n_variables))
        for source, matrix in terms:
            start, width = self._values(source, name), matrix.shape[1]
            table[:, start : start + width] += matrix.to_floats()
        return table, bias.to_floats().reshape(-1)

    def _values(self, source: int, name: str) -> int:
        """Return where the values of a source start; those of a layer follow its t."""
        if source == 0:
            return 0
        width = self._program.layers[source - 1].widths["ab".index(name)]
        return self._places[source, name] + width

    def _add_layer(self, k: int, layer: JointLayer) -> None:
        ends = self._ends[k - 1]
        for name in "ab":
            table, bias = self._over_all(layer, name)
            t = self._places[k, name]
            for j, (low, high) in enumerate(ends.of(name)):
                line = {int(c): -float(table[j, c]) for c in np.flatnonzero(table[j])}
                self._model.row({**line, t + j: 1.0}, float(bias[j]), float(bias[j]))
                self._add_unit((k, name, j), t + j, t + len(bias) + j, low, high)
        for at, (i, j, scale) in enumerate(
            zip(layer.matching.first, layer.matching.second, layer.matching.scales, strict=True)
        ):
            units = [u for u in ((k, "a", i), (k, "b", j)) if u in self._units]
            if units:
                self._add_pair(k, at, (i, j, float(scale)), units)

    def _add_unit(self, unit: Unit, t: int, z: int, low: Fraction, high: Fraction) -> None:
        # where its sign is unknown, the lines around z keep it between its ends
        self._model.columns([t], [-np.inf], [np.inf])
        if low >= 0:
            self._model.columns([z], [-np.inf], [np.inf])
            self._stable[unit] = z, self._model.row({z: 1.0, t: -1.0}, 0.0, 0.0)
        elif high <= 0:
            self._model.columns([z], [0.0], [0.0])
            self._stable[unit] = z, None
        else:
            e = self._model.extra()
            slope = float(high / (high - low))
            self._model.columns([z], [0.0], [np.inf])
            rows = (
                self._model.row({z: 1.0, t: -1.0}, 0.0, np.inf),
                self._model.row({z: 1.0, t: -slope}, -np.inf, -slope * float(low)),
                # no row while the sign is unknown
                self._model.row({z: 1.0, t: -1.0, e: -1.0}, -np.inf, np.inf),
                self._model.row({z: 1.0, e: -1.0}, -np.inf, np.inf),
            )
            self._units[unit] = _UnitRows(t, z, rows, slope, -slope * float(low))

    def _add_pair(self, k: int, at: int, pair: tuple[int, int, float], units: list[Unit]) -> None:
        i, j, scale = pair
        low, high = map(float, self._ends[k - 1].pairs[at])
        low, high = min(low, 0.0), max(high, 0.0)
        if high - low <= 0:
            return
        ta, tb = self._places[k, "a"] + i, self._places[k, "b"] + j
        za, zb = self._values(k, "a") + i, self._values(k, "b") + j
        slope = high / (high - low)
        rise = -slope * low
        above = {za: 1.0, zb: -scale, ta: -slope, tb: slope * scale}
        below = {za: 1.0, zb: -scale, ta: slope - 1, tb: (1 - slope) * scale}
        rows = self._model.row(below, -rise, np.inf), self._model.row(above, -np.inf, rise)
        self._pairs[k, at] = own = _PairRows(pair, rows, slope, rise, units)
        for unit in units:
            self._pair_of[unit] = own

    # ---- known signs --------------------------------------------------------------------------

    def _know(self, signs: dict[Unit, int]) -> None:
        """Set the bounds of the rows of units whose signs are known now, or no more."""
        for unit in self._signs.keys() | signs.keys():
            sign = signs.get(unit, 0)
            if unit in self._units and sign != self._signs.get(unit, 0):
                own = self._units[unit]
                _, chord, as_active, as_dead = own.rows
                self._model.limit(chord, np.inf if sign else own.rise)
                self._model.limit(as_active, 0.0 if sign > 0 else np.inf)
                self._model.limit(as_dead, 0.0 if sign < 0 else np.inf)
        for unit in self._signs.keys() ^ signs.keys():
            pair = self._pair_of.get(unit)
            if pair is not None:
                # where both signs are known, so is the difference
                rise = np.inf if all(own in signs for own in pair.units) else pair.rise
                self._model.limit(pair.rows[0], np.inf, -rise)
                self._model.limit(pair.rows[1], rise)
        self._signs = signs

    # ---- reading the solution -----------------------------------------------------------------

    def _read(
        self,
        most: float,
        columns: FloatArray,
        reduced: FloatArray,
        duals: FloatArray,
        signs: Sequence[Sign],
    ) -> Relaxed:
        slopes = {
            name: [np.zeros(y.widths["ab".index(name)], dtype=np.int64) for y in self._layers]
            for name in "ab"
        }
        shares = [np.full(y.widths[2], 1 << SHARE_BITS) for y in self._layers]
        leans = [np.zeros(y.widths[2], dtype=np.int64) for y in self._layers]
        elsewhere: list[list[int]] = []
        slips: list[list[int]] = []
        known, ends = dict(signs), []
        weights: dict[Unit, float] = {}
        for unit, own in self._units.items():
            k, name, j = unit
            under, over, as_active, as_dead = map(float, duals[list(own.rows)])
            # how much a larger value of the unit costs, as the layers behind it see it
            weights[unit] = under + over + as_active + as_dead + float(reduced[own.z])
            # what the program makes of it: this multiple of its pre-activation
            wanted = under + own.slope * over + as_active
            slope, line = own.line(known.get(unit, 0), weights[unit], wanted)
            slopes[name][k - 1][j] = slope
            if abs(wanted - line) > _NEAR * abs(weights[unit]):
                ends.append([k, name, j, _whole(wanted - line)])
        for (k, at), pair in self._pairs.items():
            below, above = map(float, duals[list(pair.rows)])
            taken = below + above
            i, j, scale = pair.units_and_scale
            first, second = (k, "a", i), (k, "b", j)
            for unit, part in ((first, taken), (second, -taken * scale)):
                if unit in self._stable:
                    z, row = self._stable[unit]
                    weights[unit] = float(reduced[z]) + (0.0 if row is None else float(duals[row]))
                weights[unit] += part
            line = taken * (1 - pair.slope if taken > 0 else pair.slope)
            slip = below * (1 - pair.slope) + above * pair.slope - line
            if abs(slip) > _NEAR * abs(taken):
                slips.append([k, at, _whole(slip)])
            found = _share(taken, weights[first], -weights[second] / scale)
            if found is None:
                elsewhere.append([k, at, _whole(taken)])
            else:
                shares[k - 1][at], leans[k - 1][at] = found
        choices = self._choices(slopes, (shares, leans))
        sparse = (("ends", ends), ("taken", elsewhere), ("slips", slips))
        choices.update((key, rows) for key, rows in sparse if rows)
        if duals[self._condition] > 0:
            choices["condition"] = _whole(float(duals[self._condition]))
        point = columns[: self._program.n_inputs]
        return Relaxed(most, point, choices, self._worst(columns, weights, known))

    def _choices(
        self, slopes: dict[str, list[IntArray]], pairs: tuple[list[IntArray], list[IntArray]]
    ) -> dict[str, Any]:
        """Return the numbers for units of unknown sign and their pairs as plain data."""
        kinds = (
            ("a", slopes["a"], 0), ("b", slopes["b"], 1),
            ("shares", pairs[0], 2), ("leans", pairs[1], 2),
        )  # fmt: skip
        return {
            key: [row[own[kind]].tolist() for row, own in zip(rows, self._open, strict=True)]
            for key, rows, kind in kinds
        }

    def _worst(
        self, columns: FloatArray, weights: dict[Unit, float], known: dict[Unit, int]
    ) -> Unit | None:
        """Return the unit of unknown sign whose pair is farthest from what ReLU makes of it."""
        wrong: dict[Unit, float] = {}
        for unit, own in self._units.items():
            t, z = float(columns[own.t]), float(columns[own.z])
            wrong[unit] = weights[unit] * (max(t, 0.0) - z)
        together = dict(wrong)
        for pair in self._pairs.values():
            for unit in pair.units:
                together[unit] = sum(wrong[own] for own in pair.units)
        left = [unit for unit in together if unit not in known]
        return max(left, key=lambda unit: together[unit], default=None)

    @property
    def _layers(self) -> tuple[JointLayer, ...]:
        return self._program.layers


def _share(part: float, first: float, second: float) -> tuple[int, int] | None:
    """Return share over 2^40 and lean over 2^16: part = share · (first + lean · (second − first)).

    Where the part is next to one of both, it is that one exactly: what is the same in both networks
    is gone then. None where it is far from both.
    """
    low, high = min(first, second), max(first, second)
    way = (min(max(part, low), high) - first) / (second - first) if first != second else 0.0
    lean = round(way * (1 << SLOPE_BITS))
    middle = first + lean / (1 << SLOPE_BITS) * (second - first)
    share = part / middle if middle else float(part == 0)
    if not 0 <= share <= 2:
        return None
    share = 1.0 if abs(share - 1) < _NEAR else share
    return round(share * (1 << SHARE_BITS)), lean


def _whole(value: float) -> int:
    """Return a number over 2^32."""
    return round(min(max(value, -_LARGEST), _LARGEST) * (1 << MULTIPLIER_BITS))


@final
@dataclass(frozen=True, slots=True)
class _UnitRows:
    """A unit of unknown sign.

    Attributes:
        t: its pre-activation's column.
        z: its value's column.
        rows: z ≥ t, the chord, z ≤ t + e where it is active, z ≤ e where it is dead.
        slope: of the chord.
        rise: of the chord.
    """

    t: int
    z: int
    rows: tuple[int, int, int, int]
    slope: float
    rise: float

    def line(self, sign: int, weight: float, wanted: float) -> tuple[int, float]:
        """Return the slope below over 2^16, and the multiple of t that lines make of a weight.

        Args:
            sign: of the unit, 0 if unknown.
            weight: of its value.
            wanted: the multiple that there should be.
        """
        if sign:
            return 0, weight if sign > 0 else 0.0
        if weight <= 0:
            return 0, weight * self.slope
        slope = round(min(max(wanted / weight, 0.0), 1.0) * (1 << SLOPE_BITS))
        return slope, weight * slope / (1 << SLOPE_BITS)


@final
@dataclass(frozen=True, slots=True)
class _PairRows:
    """The difference of a pair, between its chords.

    Attributes:
        units_and_scale: of both networks.
        rows: from below and from above.
        slope: of the chord above; that below has the rest to 1.
        rise: the distance of the chords from lines through 0.
        units: those of unknown sign.
    """

    units_and_scale: tuple[int, int, float]
    rows: tuple[int, int]
    slope: float
    rise: float
    units: list[Unit]
