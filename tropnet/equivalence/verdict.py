"""Answers to a comparison: equivalent, different, or undecided, with the evidence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import ClassVar, TypeAlias, final

from tropnet.checker import Certificate
from tropnet.domains import Domain
from tropnet.equivalence.witness import Witness
from tropnet.errors import TropnetError
from tropnet.exact.fraction import decimal_text

#: A bound of sup|f − g|: an exact rational, or the float infinity.
Bound: TypeAlias = Fraction | float


class UndecidedError(TropnetError):
    """The truth value of an undecided verdict was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict(ABC):
    """What a comparison found; one of `Equivalent`, `Different`, `Undecided`.

    Attributes:
        relation: the relation compared.
        domain: where; None is all of R^n.
        atol: the tolerance asked for.
        norm: the norm on R^m.
        lower: a proven lower bound of sup|f − g| over the domain, infinity included.
        upper: a proven upper bound.
        certificate: what `tropnet.check` replays; for an undecided verdict it proves the bracket.
        method: what decided, in a few words.
        seconds: the time it took.
        stages: what was tried, in order, with what came of it.
        notes: what the readers of the two networks noted, such as a rounding that defines a
            parameter; a reason why two forms of one model may be different functions.
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

    @abstractmethod
    def __bool__(self) -> bool:
        """Tell whether the functions are equivalent; raise where that is undecided."""

    @property
    def bracket(self) -> str:
        """The bounds as text, `lower <= sup|f-g| <= upper`."""
        return f"{_number(self.lower)} <= sup|f-g| <= {_number(self.upper)}"

    def rows(self) -> list[tuple[str, str]]:
        """Return names and values as a verdict prints them."""
        where = "all of R^n" if self.domain is None else repr(self.domain)
        return [
            ("relation", f"{self.relation}, atol {_number(self.atol)}, norm {self.norm}"),
            ("domain", where),
            ("bracket", self.bracket),
            ("decided by", self.method),
            ("time", f"{self.seconds:.2f} s"),
        ]

    def _noted(self) -> list[tuple[str, str]]:
        return [("note", note) for note in self.notes]

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
    """The functions agree within atol on the whole domain; the certificate proves it.

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
    """The functions differ by more than atol at the witness.

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
