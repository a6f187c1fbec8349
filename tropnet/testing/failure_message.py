"""What a failed assertion on networks says."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Final

from tropnet.equivalence import Different, Undecided, Verdict
from tropnet.exact.fraction import decimal_text, fraction_text

#: Values of a vector that are shown, and characters of one of them in its exact form.
_MOST_VALUES: Final = 8
_MOST_DIGITS: Final = 60
#: Characters of a domain.
_MOST_TEXT: Final = 400
_DIGITS: Final = 9


def failure_message(verdict: Verdict) -> str:
    """Return what an assertion says about a verdict that is not `Equivalent`.

    Args:
        verdict: `Different` or `Undecided`.

    Example:
        >>> import tropnet
        >>> from tropnet.testing.failure_message import failure_message
        >>> f, g = (tropnet.Network.from_dense([[[slope]]]) for slope in (1, 2))
        >>> print(failure_message(tropnet.compare(f, g, tropnet.Box([0], ["1/3"]))))
        The models are different.
        <BLANKLINE>
          relation:  equal, atol 0, norm inf
          domain:    Box(['0'], ['1/3'])
          x:         (0.333333333)
            exactly: (1/3)
          f(x):      (0.333333333)
            exactly: (1/3)
          g(x):      (0.666666667)
            exactly: (2/3)
          gap:       0.333333333, exactly 1/3; more than atol 0
          float32:   the nearest float32 point shows it too
          proven:    0.333333 <= sup|f-g| <= 0.333333
        <BLANKLINE>
        What may help: atol='0.34' would pass, since the upper bound is proven.
    """
    rows = verdict.rows()
    named = dict(rows)
    facts = [("relation", named["relation"]), ("domain", _cut(named["domain"]))]
    if isinstance(verdict, Different):
        facts += _witness(verdict)
    facts.append(("proven", verdict.bracket))
    if isinstance(verdict, Undecided):
        facts.append(("reason", verdict.reason))
    facts += [row for row in rows if row[0] == "note"]
    lines = [f"  {name + ':':<11}{text}" for name, text in facts]
    return "\n".join([_title(verdict), "", *lines, "", f"What may help: {_advice(verdict)}"])


def _title(verdict: Verdict) -> str:
    exactly = verdict.atol == 0
    holds, fails = {
        "at_most": (
            "the first model is at most the second",
            "The first model is not at most the second everywhere.",
        ),
        "up_to_constant": (
            "the models differ by a constant",
            "The models differ by more than a constant.",
        ),
        "argmax": (
            "the models have the same largest output",
            "The models do not have the same largest output everywhere.",
        ),
        "argmin": (
            "the models have the same smallest output",
            "The models do not have the same smallest output everywhere.",
        ),
    }.get(
        verdict.relation,
        (
            "the models are equivalent",
            "The models are different."
            if exactly
            else "The models differ by more than the tolerance.",
        ),
    )
    if isinstance(verdict, Undecided):
        return f"It is undecided whether {holds}: neither proven nor refuted."
    return fails


def _witness(verdict: Different) -> list[tuple[str, str]]:
    witness = verdict.witness
    vectors = [("x", witness.point), ("f(x)", witness.f), ("g(x)", witness.g)]
    for name, values in (
        ("y", witness.other),
        ("f(y)", witness.f_other),
        ("g(y)", witness.g_other),
    ):
        if values is not None:
            vectors.append((name, values))
    shows = "shows it too" if witness.survives_float32 else "does not show it"
    return [
        *(row for name, values in vectors for row in _vector(name, values)),
        ("gap", _gap(verdict)),
        ("float32", f"the nearest float32 point {shows}"),
    ]


def _gap(verdict: Different) -> str:
    """Say how large the gap at the witness is, and what it is the gap of."""
    witness = verdict.witness
    gap, atol = witness.gap, decimal_text(verdict.atol, _DIGITS)
    text = decimal_text(gap, _DIGITS)
    if not _is_short(gap) and len(fraction_text(gap)) <= _MOST_DIGITS:
        text += f", exactly {fraction_text(gap)}"
    match verdict.relation:
        case "argmax" | "argmin":
            best = max if verdict.relation == "argmax" else min
            first, second = (values.index(best(values)) for values in (witness.f, witness.g))
            return (
                f"{text}: the lead of output {first}, where the second model prefers output "
                f"{second}; more than margin {atol}"
            )
        case "at_most":
            return f"{text}: the first model is larger; more than atol {atol}"
        case "up_to_constant":
            return f"{text}: half the change of f-g from x to y; more than atol {atol}"
    return f"{text}{' tolerances' if verdict.scales is not None else ''}; more than " + (
        "1" if verdict.scales is not None else f"atol {atol}"
    )


def _vector(name: str, values: tuple[Fraction, ...]) -> list[tuple[str, str]]:
    """Return the rows of a vector: its decimals, and its exact values where they say more."""
    left = len(values) - _MOST_VALUES
    shown, more = values[:_MOST_VALUES], f", … {left} more" if left > 0 else ""
    near = ", ".join(decimal_text(v, _DIGITS) for v in shown)
    rows = [(name, f"({near}{more})")]
    if not all(map(_is_short, shown)):
        exact = [fraction_text(v) for v in shown]
        long = any(len(text) > _MOST_DIGITS for text in exact)
        text = "long fractions; see `.verdict.witness` of this error"
        rows.append(("  exactly", text if long else f"({', '.join(exact)}{more})"))
    return rows


def _is_short(value: Fraction) -> bool:
    """Tell whether the decimal that is shown is the value itself."""
    return Fraction(Decimal(decimal_text(value, _DIGITS))) == value


def _advice(verdict: Verdict) -> str:
    """Say what would make the assertion pass, or lead to an answer."""
    parts = []
    if isinstance(verdict.upper, Fraction):
        bound = _rounded_up(verdict.upper)
        word = "margin" if verdict.relation in ("argmax", "argmin") else "atol"
        would = (
            f"{word}='{bound}'" if verdict.scales is None else f"tolerances {bound} times as large"
        )
        parts.append(f"{would} would pass, since the upper bound is proven")
    elif isinstance(verdict, Different):
        drift = "the gap grows without bound; " if verdict.lower == math.inf else ""
        parts.append(f"{drift}give a domain, such as the range of your data")
    if isinstance(verdict, Undecided):
        parts.append("a longer time_limit or a smaller domain")
        parts.append("undecided='warn' or 'skip' does not fail the test")
    return "; ".join(parts) + "."


def _rounded_up(value: Fraction) -> str:
    """Return a short decimal that is not below the value."""
    context = Context(prec=2, rounding=ROUND_CEILING)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    if -4 < quotient.adjusted() < 6:
        return f"{quotient.normalize():f}"
    return f"{quotient.normalize():g}"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
