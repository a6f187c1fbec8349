"""What is asked of two functions: the relations, each with a gap whose supremum decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias, final

from tropnet.checker.gap import NORMS, norm_above, norm_below
from tropnet.errors import DomainError
from tropnet.exact import IntervalVector

Kind = Literal["equal", "at_most", "up_to_constant", "argmax", "argmin"]

#: The relations that can be compared.
KINDS: Final[tuple[Kind, ...]] = ("equal", "at_most", "up_to_constant", "argmax", "argmin")

#: The exact outputs of a function at a point.
Values: TypeAlias = Sequence[Fraction]

#: What a bracket bounds.
_BOUNDED: Final = {
    "equal": "sup|f-g|",
    "at_most": "sup max(f-g, 0)",
    "up_to_constant": "sup|f-g-c|",
    "argmax": "sup of f's lead where g disagrees",
    "argmin": "sup of f's lead where g disagrees",
}


@final
@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of two functions f, g: R^n → R^m, which holds up to atol iff sup gap ≤ atol.

    The gap at a point is, for each kind:

    * `equal`: |f − g| in the norm; with `scales` the norm of the vector of s_i·(f_i − g_i).
    * `at_most` (f ≤ g in every output): the largest f_i − g_i, or 0.
    * `up_to_constant` (f = g + c for a constant vector c): a gap takes two points, half the largest
      change of an f_i − g_i from one to the other. Its supremum is that of |f − g − c| in the
      maximum norm for the best c.
    * `argmax`: how far f's largest output leads the next one, where that output is not among the
      largest of g; else 0. Equal outputs of g agree with each of them, and equal largest outputs
      of f have no lead. The supremum need not be attained.
    * `argmin`: the same for −f and −g.

    Args:
        kind: one of `KINDS`.
        norm: the norm on R^m; `"inf"` unless the kind is `equal`.
        scales: for `equal`, m positive factors, or None for ones.

    Raises:
        DomainError: an unknown kind or norm, or what does not go together.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.checker.relation import Relation
        >>> f, g = [Fraction(3), Fraction(1)], [Fraction(0), Fraction(5)]
        >>> [str(Relation(kind).gap(f, g)) for kind in ("equal", "at_most", "argmax", "argmin")]
        ['4', '3', '2', '2']
    """

    kind: Kind = "equal"
    norm: str = "inf"
    scales: tuple[Fraction, ...] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DomainError(f"unknown relation {self.kind!r}; known: {', '.join(KINDS)}")
        if self.norm not in NORMS:
            raise DomainError(f"unknown norm {self.norm!r}; known: {', '.join(NORMS)}")
        if self.kind != "equal" and self.norm != "inf":
            raise DomainError(
                f"norm {self.norm!r} goes with the relation 'equal', not with {self.kind!r}; "
                "leave it out"
            )
        if self.scales is None:
            return
        if self.kind != "equal":
            raise DomainError(
                f"a tolerance for each output goes with the relation 'equal', not with "
                f"{self.kind!r}; give one atol"
            )
        if not all(v > 0 for v in self.scales):
            raise DomainError("the scales of the outputs have to be positive")

    def require_outputs(self, outputs: int) -> None:
        """Refuse functions of so many outputs if the relation says nothing of them.

        Raises:
            DomainError: no choice among them, or another number of scales.
        """
        if self.kind in ("argmax", "argmin") and outputs < 2:
            raise DomainError(
                f"{self.kind} of {outputs} output: a largest or smallest output needs two or more "
                "to choose from; compare with relation='equal'"
            )
        if self.scales is not None and len(self.scales) != outputs:
            raise DomainError(f"{len(self.scales)} tolerances for {outputs} outputs; give as many")

    @property
    def bounded(self) -> str:
        """What a bracket bounds, in a few characters."""
        return _BOUNDED[self.kind] + ("" if self.scales is None else "/tolerance")

    @property
    def at_points(self) -> str:
        """What a gap at a point is, in a few characters."""
        return self.bounded.removeprefix("sup of ").removeprefix("sup ").removeprefix("sup")

    @property
    def takes_two_points(self) -> bool:
        """Whether a gap is shown by two points, not one."""
        return self.kind == "up_to_constant"

    def gap(self, f: Values, g: Values) -> Fraction:
        """Return the gap at a point with these values, rounded down where it is irrational.

        It is 0 where a gap takes two points.
        """
        match self.kind:
            case "equal":
                return norm_below(self._scaled([u - v for u, v in zip(f, g, strict=True)]),
                                  self.norm)  # fmt: skip
            case "at_most":
                return max([u - v for u, v in zip(f, g, strict=True)] + [Fraction(0)])
            case "argmax":
                return _lead(f, g)
            case "argmin":
                return _lead([-v for v in f], [-v for v in g])
        return Fraction(0)

    def gap_between(self, difference: Values, other: Values) -> Fraction:
        """Return the gap that two points show, where f − g takes these values."""
        pairs = zip(difference, other, strict=True)
        return max((abs(u - v) / 2 for u, v in pairs), default=Fraction(0))

    def above(self, bounds: IntervalVector) -> Fraction | None:
        """Return an upper bound of the gap, given intervals around f − g on the whole domain.

        Returns:
            The bound; None: there is none.
        """
        lower, upper = bounds.lower_ends(), bounds.upper_ends()
        if self.kind == "at_most":
            return None if None in upper else max([v for v in upper if v is not None] + [_ZERO])
        if None in lower or None in upper:
            return None
        low, high = ([v for v in ends if v is not None] for ends in (lower, upper))
        if self.kind == "equal":
            sizes = [max(abs(u), abs(v)) for u, v in zip(low, high, strict=True)]
            return norm_above(self._scaled(sizes), self.norm)
        if self.kind == "up_to_constant":
            return max([(v - u) / 2 for u, v in zip(low, high, strict=True)] + [_ZERO])
        # f_i − f_j < (f − g)_i − (f − g)_j wherever f prefers i and g prefers j
        tops = sorted(range(len(high)), key=lambda i: high[i], reverse=True)[:2]
        bottoms = sorted(range(len(low)), key=lambda j: low[j])[:2]
        leads = [high[i] - low[j] for i in tops for j in bottoms if i != j]
        return max([*leads, _ZERO])

    def grows(self, f: tuple[Values, Values], g: tuple[Values, Values]) -> bool:
        """Tell whether the gap grows without bound along a ray.

        Args:
            f: slopes and constants of f far out on the ray.
            g: those of g.
        """
        if self.kind in ("argmax", "argmin"):
            sign = 1 if self.kind == "argmax" else -1
            return _lead_grows(_signed(f, sign), _signed(g, sign))
        slopes = [u - v for u, v in zip(f[0], g[0], strict=True)]
        return any(v > 0 for v in slopes) if self.kind == "at_most" else any(slopes)

    def _scaled(self, values: list[Fraction]) -> list[Fraction]:
        if self.scales is None:
            return values
        return [s * v for s, v in zip(self.scales, values, strict=True)]


#: The relation that is asked for when nothing else is.
EQUAL: Final = Relation()

_ZERO: Final = Fraction(0)


def _lead(f: Values, g: Values) -> Fraction:
    best = max(f)
    winner = list(f).index(best)
    if g[winner] == max(g):
        return Fraction(0)
    return best - max(v for i, v in enumerate(f) if i != winner)


def _signed(far: tuple[Values, Values], sign: int) -> list[tuple[Fraction, Fraction]]:
    return [(sign * slope, sign * constant) for slope, constant in zip(*far, strict=True)]


def _lead_grows(f: list[tuple[Fraction, Fraction]], g: list[tuple[Fraction, Fraction]]) -> bool:
    """Tell it of slopes and constants; the larger pair is the larger output far out."""
    winner = f.index(max(f))
    others = [slope for i, (slope, _) in enumerate(f) if i != winner]
    return f[winner][0] > max(others) and g[winner] < max(g)
