"""Answers to a comparison: equivalent, different, or undecided, with the evidence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import ClassVar, Final, TypeAlias, final

from tropnet.checker import Certificate
from tropnet.checker.relation import Relation
from tropnet.domains import Domain
from tropnet.equivalence.witness import Witness
from tropnet.errors import TropnetError
from tropnet.exact.fraction import decimal_text

#: A bound of the supremum of a gap: an exact rational, or the float infinity.
Bound: TypeAlias = Fraction | float

#: Tolerances that a verdict shows when there are more.
_SHOWN: Final = 8


class UndecidedError(TropnetError):
    """The truth value of an undecided verdict was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict(ABC):
    """What a comparison found; one of `Equivalent`, `Different`, `Undecided`.

    Attributes:
        relation: the relation compared.
        domain: where; None is all of R^n.
        atol: the tolerance asked for, or the margin; 1 where each output has its own.
        norm: the norm on R^m.
        lower: a proven lower bound of the supremum of the relation's gap over the domain, infinity
            included: of sup|f − g| for `equal`.
        upper: a proven upper bound.
        certificate: what `tropnet.check` replays; for an undecided verdict it proves the bracket.
        method: what decided, in a few words.
        seconds: the time it took.
        stages: what was tried, in order, with what came of it.
        notes: what the readers of the two networks noted, such as a rounding that defines a
            parameter; a reason why two forms of one model may be different functions.
        scales: where each output has a tolerance of its own, one over each of them; the gap is that
            of the outputs times these scales.
        rtol: the relative tolerance from which they come, or None.
        interrupted: whether Ctrl-C ended the comparison early.
    """

    word: ClassVar[str] = ""

    relation: str
    domain: Domain
    atol: Fraction
    norm: str
    lower: Bound
    upper: Bound
    certificate: Certificate
    method: str
    seconds: float
    stages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scales: tuple[Fraction, ...] | None = None
    rtol: Fraction | None = None
    interrupted: bool = False

    @abstractmethod
    def __bool__(self) -> bool:
        """Tell whether the functions are equivalent; raise where that is undecided."""

    @property
    def bracket(self) -> str:
        """The bounds as text, such as `lower <= sup|f-g| <= upper`."""
        bounded = self._relation.bounded
        return f"{_number(self.lower)} <= {bounded} <= {_number(self.upper)}"

    @property
    def tolerances(self) -> tuple[Fraction, ...] | None:
        """The tolerance of each output, where each has its own; else None."""
        return None if self.scales is None else tuple(1 / s for s in self.scales)

    @property
    def _relation(self) -> Relation:
        return self.certificate.asked

    @property
    def _asked(self) -> str:
        """The relation with its tolerance, as text."""
        if self.tolerances is not None:
            shown = ", ".join(_number(v) for v in self.tolerances[:_SHOWN])
            more = f", … {len(self.tolerances) - _SHOWN} more"
            shown += more if len(self.tolerances) > _SHOWN else ""
            source = "" if self.rtol is None else f" (rtol {_number(self.rtol)})"
            return f"{self.relation}, tolerances {shown}{source}, norm {self.norm}"
        match self.relation:
            case "equal":
                return f"{self.relation}, atol {_number(self.atol)}, norm {self.norm}"
            case "argmax" | "argmin":
                return f"{self.relation}, margin {_number(self.atol)}"
        return f"{self.relation}, atol {_number(self.atol)}"

    def rows(self) -> list[tuple[str, str]]:
        """Return names and values as a verdict prints them."""
        where = "all of R^n" if self.domain is None else repr(self.domain)
        return [
            ("relation", self._asked),
            ("domain", where),
            ("bracket", self.bracket),
            ("decided by", self.method),
            ("time", f"{self.seconds:.2f} s"),
        ]

    def _noted(self) -> list[tuple[str, str]]:
        """The notes, what holds of both networks once."""
        about: dict[str, list[str]] = {}
        for note in self.notes:
            name, _, text = note.partition(": ")
            about.setdefault(text, []).append(name)
        return [("note", f"{' and '.join(names)}: {text}") for text, names in about.items()]

    def __repr__(self) -> str:
        where = "all of R^n" if self.domain is None else repr(self.domain)
        return f"{self.word}({self.bracket} on {where}, by {self.method}, {self.seconds:.2f} s)"

    def __str__(self) -> str:
        rest = "\n".join(f"  {name + ':':<12}{value}" for name, value in self.rows())
        return f"{self.word}\n{rest}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self.rows()
        )
        return f"<div><strong>{escape(self.word)}</strong><table>{rows}</table></div>"


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Equivalent(Verdict):
    """The relation holds within atol on the whole domain; the certificate proves it.

    Example:
        >>> import tropnet
        >>> f = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> bool(tropnet.compare(f, f))
        True
    """

    word: ClassVar[str] = "Equivalent"

    def __bool__(self) -> bool:
        return True


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Different(Verdict):
    """The relation fails by more than atol at the witness.

    Attributes:
        witness: the point, with both exact values.

    Example:
        >>> import tropnet
        >>> f = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = tropnet.Network.from_dense([[[1], [-1]], [[1, -1]]])
        >>> verdict = tropnet.compare(f, g, tropnet.Box([-1], [1]))
        >>> bool(verdict), verdict.witness.gap
        (False, Fraction(2, 1))
    """

    word: ClassVar[str] = "Different"

    witness: Witness

    def __bool__(self) -> bool:
        return False

    def rows(self) -> list[tuple[str, str]]:
        """Return names and values as a verdict prints them."""
        shown = "the nearest float32 point shows it too"
        if not self.witness.survives_float32:
            shown = "the nearest float32 point does not show it"
        return [
            *super(Different, self).rows()[:3],
            ("witness", f"{self.witness}; {shown}"),
            *super(Different, self).rows()[3:],
            *self._noted(),
        ]


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Undecided(Verdict):
    """Neither could be proven; the bracket holds all the same. It has no truth value.

    Attributes:
        reason: what was missing, and what may help.

    Example:
        >>> from tropnet.equivalence import Undecided, UndecidedError
        >>> issubclass(UndecidedError, Exception), Undecided.word
        (True, 'Undecided')
    """

    word: ClassVar[str] = "Undecided"

    reason: str

    def __bool__(self) -> bool:
        raise UndecidedError(
            f"the comparison is undecided ({self.reason}), so it is neither true nor false; "
            "test isinstance(verdict, Equivalent), or look at verdict.lower and verdict.upper"
        )

    def rows(self) -> list[tuple[str, str]]:
        """Return names and values as a verdict prints them."""
        return [*super(Undecided, self).rows(), ("reason", self.reason), *self._noted()]


def _number(value: Bound) -> str:
    return decimal_text(value) if isinstance(value, Fraction) else f"{value:.6g}"
