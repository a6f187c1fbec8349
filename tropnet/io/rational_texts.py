"""How much memory the numbers in a JSON file would take, found out before they are made."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import flint

from tropnet.errors import BudgetExceeded

#: Of what characters the text of a rational consists; a digest such as `9f…e4711` is none.
_NUMBER: Final = re.compile(r"\s*[+-]?[\d.][\d.eE+\-/_\s]*\Z")
_EXPONENT: Final = re.compile(r"[eE]([+-]?\d{1,9})$")
_LONGEST_EXPONENT: Final = 12
#: Bits of all numerators over one denominator.
_MOST_BITS: Final = 2**31
_BITS_OF_A_DIGIT: Final = math.log2(10)


def require_room_for_rationals(data: Any, what: str) -> None:
    """Refuse numbers that would need far more memory than their texts.

    A matrix of rationals is stored as integers over one denominator, the least common multiple of
    all: that of a thousand large primes makes each of a thousand numerators as long as all.

    Args:
        data: plain data, as JSON gives them, whose texts may be rationals such as `"1/3"`.
        what: how an error message calls the file.

    Raises:
        BudgetExceeded: more bits than are bearable.

    Example:
        >>> from tropnet.io.rational_texts import require_room_for_rationals
        >>> require_room_for_rationals({"weights": [["1/3", "-1e-2"], ["4/9", "7"]]}, "f.json")
    """
    denominators, count, bits, places = set[str](), 0, 0.0, 0
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str) and _NUMBER.match(item):
            above, _, below = item.partition("/")
            count += 1
            bits += _BITS_OF_A_DIGIT * (len(item) + max(_exponent(above), -_exponent(below), 0))
            places = max(places, _places(above))
            if below.isdecimal():
                denominators.add(below)
            else:
                places = max(places, _exponent(below))
    if count * places * _BITS_OF_A_DIGIT + bits > _MOST_BITS:
        raise _too_large(what, count * places * _BITS_OF_A_DIGIT + bits)
    _require_small_multiple(denominators, count, what)


def _require_small_multiple(denominators: set[str], count: int, what: str) -> None:
    """Refuse denominators whose least common multiple, as often as there are numbers, is huge."""
    odd, twos = flint.fmpz(1), 0
    for text in denominators:
        value = flint.fmpz(text)
        if value == 0:
            continue  # as a denominator it is refused by name
        power = (value & -value).bit_length() - 1
        twos, odd = max(twos, power), odd.lcm(value >> power)
        if (odd.bit_length() + twos) * count > _MOST_BITS:
            raise _too_large(what, (odd.bit_length() + twos) * count)


def _exponent(text: str) -> int:
    found = _EXPONENT.search(text[-_LONGEST_EXPONENT:])
    return int(found[1]) if found else 0


def _places(text: str) -> int:
    """Return how many decimal places a decimal has."""
    return len(text.partition(".")[2]) - _exponent(text) if "." in text else -_exponent(text)


def _too_large(what: str, bits: float) -> BudgetExceeded:
    return BudgetExceeded(
        f"bits of the rationals in {what} over one denominator", bits, _MOST_BITS,
        "numbers with common denominators",
    )  # fmt: skip
