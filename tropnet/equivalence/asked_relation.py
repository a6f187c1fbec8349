"""Reading the arguments that say what is asked of two functions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tropnet.checker.gap import NORMS
from tropnet.checker.relation import KINDS, Relation
from tropnet.equivalence.argmax import Argmax, Argmin
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import as_fraction, as_fractions


def asked_relation(relation: Any, atol: Any, norm: str, outputs: int) -> tuple[Relation, Fraction]:
    """Return the relation and the largest gap that it allows.

    Args:
        relation: a name, an `Argmax` or an `Argmin`.
        atol: a number, or for `equal` a positive number for each output. These become scales, and
            the largest gap 1.
        norm: the norm on R^m.
        outputs: the number m of outputs.

    Raises:
        DomainError: what is no relation, norm or tolerance, or does not go together.
        ShapeError: another number of tolerances.

    Example:
        >>> from tropnet.equivalence.asked_relation import asked_relation
        >>> asked_relation("equal", ["0.5", 2], "inf", 2)[0].scales
        (Fraction(2, 1), Fraction(1, 2))
    """
    if isinstance(relation, Argmax | Argmin):
        if not _is_sequence(atol) and as_fraction(atol, "atol") == 0:
            return _checked(Relation(relation.kind, norm), outputs), relation.margin
        raise DomainError(
            f"atol={atol} and {relation!r} both give the margin; leave one of them out"
        )
    if not isinstance(relation, str) or relation not in KINDS:
        raise DomainError(f"unknown relation {relation!r}; known: {', '.join(KINDS)}")
    if norm not in NORMS:
        raise DomainError(f"unknown norm {norm!r}; known: {', '.join(NORMS)}")
    if _is_sequence(atol):
        scales = tuple(1 / v for v in _positive(atol, outputs))
        return _checked(Relation(relation, norm, scales), outputs), Fraction(1)
    tolerance = as_fraction(atol, "atol")
    if tolerance < 0:
        raise DomainError(f"atol is {atol}; a tolerance is zero or positive")
    return _checked(Relation(relation, norm), outputs), tolerance


def _checked(relation: Relation, outputs: int) -> Relation:
    relation.require_outputs(outputs)
    return relation


def _is_sequence(atol: Any) -> bool:
    if isinstance(atol, np.ndarray):
        return atol.ndim > 0
    return isinstance(atol, Sequence) and not isinstance(atol, str | bytes)


def _positive(atol: Any, outputs: int) -> tuple[Fraction, ...]:
    tolerances = as_fractions(atol, "atol")
    if len(tolerances) != outputs:
        raise ShapeError(
            f"atol has {len(tolerances)} tolerances for {outputs} outputs; give one number, or one "
            "for each output"
        )
    for i, value in enumerate(tolerances):
        if value < 0:
            raise DomainError(f"atol[{i}] is {atol[i]}; a tolerance is positive")
        if value == 0:
            raise DomainError(
                f"atol[{i}] is 0, and a tolerance for each output has to be positive; give output "
                f"{i} a small one, or one atol of 0 for all outputs"
            )
    return tolerances
