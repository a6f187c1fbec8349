"""Reading tropical functions from text, classical or tropical, never guessing which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Literal

from tropnet.algebra.term_expression import Expression, Reading, negate, quotient, total, unite
from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.errors import BudgetExceeded, FormatError
from tropnet.exact import as_fraction

Syntax = Literal["classical", "tropical"]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w₀-₉]*|∞)"
    r"|(?P<mark>\*\*|[-+*/^(),⊕⊙⊗⊘]))"
)
_SPELLINGS: Final = str.maketrans(
    {"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "⨁": "⊕", "⨀": "⊙"}
)
_DIGITS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
#: How tightly a mark binds; a higher number binds first.
_BINDING: Final[dict[Syntax, dict[str, int]]] = {
    "classical": {"⊕": 1, "+": 2, "-": 2, "⊙": 2, "⊗": 2, "⊘": 2, "*": 3, "/": 3, "^": 5},
    "tropical": {"⊕": 1, "+": 1, "-": 1, "⊙": 2, "⊗": 2, "⊘": 2, "*": 2, "/": 2, "^": 5},
}
_UNARY: Final = 4
_FUNCTIONS: Final = frozenset({"max", "min", "relu", "abs"})
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["number", "name", "mark", "end"]
    text: str
    position: int


def parse(
    text: str,
    *,
    syntax: Syntax | None = None,
    variables: Sequence[str] | None = None,
    n: int | None = None,
) -> TropicalPolynomial | TropicalRational:
    """Read a tropical polynomial or quotient from text.

    In classical syntax `+ - *` mean what they mean at school and the functions max, min, relu and
    abs are known: `max(1 + x1, 2*x2) - x1`. In tropical syntax `+` is ⊕ (the maximum), `*` is ⊙
    (the sum), `/` is ⊘ and `^` the tropical power: `1*x + y^2`. The signs ⊕ ⊙ ⊘ mean the same in
    both. A text such as `2*x + y` has two readings and is refused unless `syntax` is given; max,
    min, relu, abs or a binary minus show that it is classical.

    Args:
        text: the expression. Numbers are exact: `0.1` is one tenth.
        syntax: "classical", "tropical", or None where the text leaves no doubt.
        variables: the names of the variables in order. Left out, names `x1, x2, …` (or x₁, x₂, …)
            are placed by their number, other names in natural order.
        n: the number of variables, where more exist than the text mentions.

    Returns:
        A TropicalPolynomial, or a TropicalRational where there is a quotient, a min or a
        subtracted maximum.

    Raises:
        FormatError: the text is ambiguous, malformed, not piecewise linear, or uses a name that
            `variables` does not list.
        BudgetExceeded: a power or product that would be too large.

    Cost: linear in the text, plus the products it asks for.

    Example:
        >>> from tropnet.algebra import parse
        >>> parse("max(1 + x1, 2*x2)")(1, 3)
        Fraction(6, 1)
        >>> print(parse("2*x + y", syntax="tropical"))
        max(x₂, 2 + x₁)
        >>> parse("2*x + y")
        Traceback (most recent call last):
            ...
        tropnet.errors.FormatError: '2*x + y' may be meant in two ways: syntax='classical' reads
        2*x + y, syntax='tropical' reads max(y, 2 + x); pass one of them
    """
    if syntax not in (None, "classical", "tropical"):
        raise FormatError(f"syntax is {syntax!r}; give 'classical' or 'tropical'")
    tokens = _tokens(text)
    names = _variables(tokens, variables, n)
    if syntax is not None:
        return _Parser(text, tokens, syntax, names).result()
    if not any(token.kind == "mark" and token.text in "+*/^" for token in tokens):
        return _Parser(text, tokens, "classical", names).result()
    if _is_classical(tokens):
        return _Parser(text, tokens, "classical", names).result()
    readings = [f"syntax='{s}' {_reading(text, tokens, s, names)}" for s in _BINDING]
    raise FormatError(
        f"{_quoted(text)} may be meant in two ways: {', '.join(readings)}; pass one of them"
    )


def _tokens(text: str) -> list[_Token]:
    plain = text.translate(_SPELLINGS).rstrip()
    tokens, position = [], 0
    while position < len(plain):
        match = _TOKEN.match(plain, position)
        if match is None or match.lastgroup is None:
            rest = plain[position:].lstrip()
            at = len(plain) - len(rest)
            if rest[0] == "…":
                raise FormatError(
                    f"{_quoted(text)} was shortened for display ('…' at character {at + 1}); "
                    "write all terms with to_text()"
                )
            raise FormatError(f"{_quoted(text)}: unknown sign {rest[0]!r} at character {at + 1}")
        found = match.group(match.lastgroup)
        kind: Any = match.lastgroup
        found = "^" if found == "**" else found
        tokens.append(_Token(kind, found.translate(_DIGITS), match.start(match.lastgroup)))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


def _variables(tokens: list[_Token], variables: Sequence[str] | None, n: int | None) -> list[str]:
    used = {
        token.text
        for token in tokens
        if token.kind == "name" and token.text not in _FUNCTIONS and token.text not in ("∞", "inf")
    }
    if variables is not None:
        names = [name.translate(_DIGITS) for name in variables]
        unknown = sorted(used - set(names))
        if unknown:
            raise FormatError(f"the text uses {unknown}, the variables are {names}; list them all")
        if len(set(names)) != len(names):
            raise FormatError(f"the variables are {names}; list each name once")
    elif all(re.fullmatch(r"x[1-9]\d{0,5}", name) for name in used):
        names = [f"x{i + 1}" for i in range(max([1, *(int(name[1:]) for name in used)]))]
    else:
        names = sorted(used, key=_natural)
    if n is not None and len(names) > n:
        raise FormatError(f"the text has {len(names)} variables {names[:9]}, but n = {n}")
    spare = (f"_{i}" for i in range(n or 0))
    return [*names, *(next(spare) for _ in range((n or 0) - len(names)))]


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts x2 before x10."""
    return [
        (int(part or 0), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def _is_classical(tokens: list[_Token]) -> bool:
    """Tell whether something in the text exists only in classical syntax."""
    for before, token in pairwise(tokens):
        if before.kind == "name" and before.text in _FUNCTIONS and token.text == "(":
            return True
        if token.text == "-" and (before.kind in ("number", "name") or before.text == ")"):
            return True
    return False


def _reading(text: str, tokens: list[_Token], syntax: Syntax, names: list[str]) -> str:
    try:
        value = _Parser(text, tokens, syntax, names).result()
    except (FormatError, BudgetExceeded) as error:
        return f"fails ({str(error).partition(': ')[2]})"
    return f"reads {value._text(names, 6)}"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _exact(text: str) -> Fraction:
    # most numbers are short integers, which need no decimals
    return (
        Fraction(int(text)) if len(text) < 100 and text.isdigit() else as_fraction(text, "number")
    )


class _Parser:
    """Precedence climbing over the tokens, straight to values."""

    def __init__(self, text: str, tokens: list[_Token], syntax: Syntax, names: list[str]) -> None:
        self.text, self.tokens, self.syntax = text, tokens, syntax
        self.index, self.depth = 0, 0
        self.reading = Reading(len(names))
        self.place = {name: index for index, name in enumerate(names)}

    def result(self) -> TropicalPolynomial | TropicalRational:
        value = self.expression(0)
        if self.token.kind != "end":
            raise self.error(f"{self.token.text!r} was not expected")
        return self.reading.function(value)

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def error(self, why: str, *, past: bool = False) -> FormatError:
        """Return an error at the present token, or just before it where that is past."""
        where = "just before" if past else "at"
        place = self.token.position + 1
        return FormatError(f"{_quoted(self.text)}: {why} ({where} character {place})")

    def take(self, mark: str) -> None:
        if self.token.text != mark:
            raise self.error(f"expected {mark!r}, found {self.token.text or 'the end'!r}")
        self.index += 1

    def expression(self, floor: int) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.error(f"more than {_DEEPEST} levels of parentheses")
        value = self.operand()
        binding = _BINDING[self.syntax]
        while self.token.kind == "mark" and binding.get(self.token.text, -1) > floor:
            mark = self.token.text
            if mark in "⊕+" and self.is_maximum(mark):
                value = self.maximum(value)
                continue
            self.index += 1
            start = self.tokens[self.index]
            if mark == "^":
                value = self.power(value)
                continue
            value = self.combine(mark, value, self.expression(binding[mark]), start)
        self.depth -= 1
        return value

    def is_maximum(self, mark: str) -> bool:
        return mark == "⊕" or self.syntax == "tropical"

    def maximum(self, first: Expression) -> Expression:
        """Read a whole chain of ⊕, so that it is merged once."""
        parts = [first]
        while self.token.kind == "mark" and self.token.text in ("⊕", "+"):
            if not self.is_maximum(self.token.text):
                break
            self.index += 1
            parts.append(self.expression(_BINDING[self.syntax]["⊕"]))
        return unite(self.reading, parts)

    def operand(self) -> Expression:
        token = self.token
        self.index += 1
        if token.kind == "number":
            return self.reading.constant(_exact(token.text))
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            value = self.expression(0)
            self.take(")")
            return value
        if token.text in ("-", "+"):
            follower = self.token
            if follower.text in ("∞", "inf") and token.text == "-":
                self.index += 1
                return self.reading.function_of(TropicalPolynomial.zero(self.reading.n))
            if self.syntax == "tropical" and follower.kind != "number":
                raise self.error("tropically there is no minus except in a number")
            value = self.expression(_UNARY)
            return negate(self.reading, value) if token.text == "-" else value
        self.index -= 1
        raise self.error(
            f"a number, a variable or '(' is missing before {token.text or 'the end'!r}"
        )

    def named(self, token: _Token) -> Expression:
        if token.text in _FUNCTIONS and self.token.text == "(":
            if self.syntax == "tropical":
                raise self.error(f"{token.text}(…) belongs to classical syntax")
            return self.called(token.text)
        if token.text not in self.place:
            self.index -= 1
            raise self.error(f"{token.text!r} is not a variable")
        return self.reading.variable(self.place[token.text])

    def called(self, name: str) -> Expression:
        self.take("(")
        arguments = [self.expression(0)]
        while self.token.text == ",":
            self.index += 1
            arguments.append(self.expression(0))
        self.take(")")
        if name in ("relu", "abs") and len(arguments) != 1:
            raise self.error(f"{name} takes one argument, not {len(arguments)}")
        if name == "relu":
            arguments.append(self.reading.constant(Fraction(0)))
        elif name == "abs":
            arguments.append(negate(self.reading, arguments[0]))
        elif name == "min":
            opposite = [negate(self.reading, argument) for argument in arguments]
            return negate(self.reading, unite(self.reading, opposite))
        return unite(self.reading, arguments)

    def combine(self, mark: str, left: Expression, right: Expression, start: _Token) -> Expression:
        if mark == "⊘":
            return quotient(self.reading, left, right)
        if self.syntax == "classical":
            if mark == "-":
                return total(self.reading, left, negate(self.reading, right))
            if mark in "*/":
                return self.scaled(mark, left, right)
            return total(self.reading, left, right)
        if mark == "-":
            raise self.error("tropically there is no minus; ⊘ is the quotient", past=True)
        if mark == "/":
            if left.is_constant() and right.is_constant():
                raise self.error(
                    "a ratio of numbers is no fraction in tropical syntax (1/2 is 1 − 2); write "
                    "0.5, or ⊘ if that is meant",
                    past=True,
                )
            return quotient(self.reading, left, right)
        return total(self.reading, left, right)

    def scaled(self, mark: str, left: Expression, right: Expression) -> Expression:
        if mark == "*" and left.is_constant():
            left, right = right, left
        if not right.is_constant() or right.affine is None:
            raise self.error(
                "a product or quotient of two functions is not piecewise linear; "
                "syntax='tropical' reads * as ⊙",
                past=True,
            )
        factor = right.affine.constant
        if mark == "/":
            if not factor:
                raise self.error("division by zero", past=True)
            factor = 1 / factor
        return self.reading.scaled(left, factor)

    def power(self, base: Expression) -> Expression:
        if self.syntax == "classical":
            raise self.error(
                "a power is not piecewise linear; syntax='tropical' reads x^2 as x ⊙ x", past=True
            )
        exponent = self.exponent()
        if base.affine is not None:
            return self.reading.scaled(base, exponent)
        function = self.reading.function(base)
        if exponent.denominator == 1 and exponent >= 0:
            return self.reading.function_of(function.pow(exponent))
        return self.reading.function_of(TropicalRational.of(function).power(exponent))

    def exponent(self) -> Fraction:
        """Read an ordinary number: 2, -1, 0.5 or (1/2)."""
        opened = self.token.text == "("
        self.index += opened
        sign = -1 if self.token.text == "-" else 1
        self.index += self.token.text in ("-", "+") and self.token.kind == "mark"
        value = sign * self.number()
        if opened:
            if self.token.text == "/":
                self.index += 1
                below = self.number()
                if not below:
                    raise self.error("division by zero", past=True)
                value /= below
            self.take(")")
        return value

    def number(self) -> Fraction:
        if self.token.kind != "number":
            raise self.error("an exponent is a number, such as 2, 0.5 or (1/2)")
        self.index += 1
        return _exact(self.tokens[self.index - 1].text)
