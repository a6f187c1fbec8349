"""Evidence that a term of a tropical polynomial is essential, or redundant."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn, TypeAlias, final

from tropnet.errors import CertificateError


@final
@dataclass(frozen=True, slots=True)
class Witness:
    """Evidence that a term is essential: a point where it alone is the maximum.

    Args:
        point: n rationals.
    """

    point: tuple[Fraction, ...]


@final
@dataclass(frozen=True, slots=True)
class Domination:
    """Evidence that a term i is redundant: kept terms whose weighted mean is at least the term.

    Σλ = 1 and, on the domain {x : A x ≤ β}, Σλⱼaⱼ + Σμᵣ Aᵣ = aᵢ and Σλⱼbⱼ − Σμᵣβᵣ ≥ bᵢ, so that
    Σλⱼ(aⱼx + bⱼ) ≥ aᵢx + bᵢ there. On R^n there is no μ.

    Args:
        terms: indices j of at most n + 1 kept terms.
        weights: λ > 0, one a term.
        inequalities: indices r of inequalities of the domain.
        inequality_weights: μ > 0, one an inequality.
    """

    terms: tuple[int, ...]
    weights: tuple[Fraction, ...]
    inequalities: tuple[int, ...] = ()
    inequality_weights: tuple[Fraction, ...] = ()


Evidence: TypeAlias = Witness | Domination


def check_domination(
    index: int,
    piece: Domination,
    kept: set[int],
    terms: list[list[Fraction]],
    sides: list[list[Fraction]],
) -> None:
    """Replay the evidence that term `index` is redundant.

    Args:
        index: of the term.
        piece: its evidence.
        kept: indices of the kept terms.
        terms: for each term its exponents and, last, its coefficient.
        sides: for each inequality A_r x ≤ b_r of the domain A_r and, last, b_r.

    Raises:
        CertificateError: a condition fails; the message names the term.
    """
    if len(piece.terms) != len(piece.weights) or len(piece.inequalities) != len(
        piece.inequality_weights
    ):
        fail(index, "weights are missing")
    if not set(piece.terms) <= kept or not set(piece.inequalities) <= set(range(len(sides))):
        fail(index, "it rests on a term that is not kept, or on an unknown inequality")
    if min((*piece.weights, *piece.inequality_weights), default=-1) < 0 or sum(piece.weights) != 1:
        fail(index, "the weights are not those of a mean")
    total = [Fraction(0)] * len(terms[index])
    for j, weight in zip(piece.terms, piece.weights, strict=True):
        total = [v + weight * w for v, w in zip(total, terms[j], strict=True)]
    for r, weight in zip(piece.inequalities, piece.inequality_weights, strict=True):
        signed = [*sides[r][:-1], -sides[r][-1]]
        total = [v + weight * w for v, w in zip(total, signed, strict=True)]
    if total[:-1] != terms[index][:-1]:
        fail(index, "the weighted exponents do not add up to the term's")
    if total[-1] < terms[index][-1]:
        fail(index, "the weighted coefficients stay below the term's")


def fail(index: int, reason: str) -> NoReturn:
    """Refuse the evidence of a term."""
    raise CertificateError(f"essential terms: term {index}: {reason}")
