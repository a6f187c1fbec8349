"""`assert_equivalent`: equivalence of models as an assertion in a test."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any

from tropnet.equivalence import Different, Equivalent, Undecided, Verdict


def assert_equivalent(a: Any, b: Any, domain: Any = None, **options: Any) -> Verdict:
    """Assert that two models compute the same function on a domain, up to atol.

    In the manner of `torch.testing.assert_close`, but for every point of the domain. An undecided
    comparison fails the assertion too: what is not proven is not asserted.

    Args:
        a: the first model: anything that `tropnet.compare` takes.
        b: the second model.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        **options: further options of `tropnet.compare`: `atol`, `norm`, `time_limit`, `seed`.

    Returns:
        The verdict, an `Equivalent` with its certificate.

    Raises:
        AssertionError: they differ, with the witness and both values there; or it is undecided. The
            message gives the proven bracket and, where that is finite, the atol that would pass.
        TropnetError: as `tropnet.compare`.

    Example:
        >>> from tropnet.testing import assert_equivalent
        >>> verdict = assert_equivalent("examples:moons_a", "examples:moons_a_permuted")
    """
    __tracebackhide__ = True  # pytest shows the caller's line, not ours
    from tropnet.api import compare

    verdict = compare(a, b, domain, **options)
    if isinstance(verdict, Equivalent):
        return verdict
    raise AssertionError(message(verdict))


def message(verdict: Verdict) -> str:
    """Return what an assertion says about a verdict that is not `Equivalent`."""
    where = "on all of R^n" if verdict.domain is None else f"on {verdict.domain!r}"
    lines = []
    if isinstance(verdict, Different):
        witness = verdict.witness
        lines += [
            f"The models are different {where}.",
            "",
            f"At x = {_shown(witness.point)}",
            f"  first model:  {_shown(witness.f)}",
            f"  second model: {_shown(witness.g)}",
            f"  |f-g| = {_number(witness.gap)} (atol {_number(verdict.atol)}, norm {verdict.norm})",
        ]
        if not witness.survives_float32:
            lines.append("  (the nearest float32 point does not show the difference)")
    elif isinstance(verdict, Undecided):
        lines += [f"It is undecided whether the models are equivalent {where}.", "", verdict.reason]
    lines += ["", f"Proven: {verdict.bracket}."]
    if isinstance(verdict.upper, Fraction):
        bound = _rounded_up(verdict.upper)
        lines.append(f"The models differ by at most {bound}; pass atol='{bound}' to accept that.")
    elif verdict.lower == math.inf:
        lines.append(
            "They drift apart without bound; give a domain, such as the range of your data."
        )
    return "\n".join(lines)


def _rounded_up(value: Fraction) -> str:
    """Return a short decimal that is not below the value."""
    context = Context(prec=2, rounding=ROUND_CEILING)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize():g}"


def _number(value: Fraction) -> str:
    try:
        return f"{float(value):.9g}"
    except OverflowError:
        return str(value)


def _shown(values: tuple[Fraction, ...], most: int = 12) -> str:
    more = f", … {len(values) - most} more" if len(values) > most else ""
    return "(" + ", ".join(_number(v) for v in values[:most]) + more + ")"
