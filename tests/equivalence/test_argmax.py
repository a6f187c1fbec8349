from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet.equivalence.argmax import Argmax, Argmin


def test_margins_are_exact() -> None:
    kinds: list[tuple[Any, str]] = [(Argmax, "argmax"), (Argmin, "argmin")]
    for kind, name in kinds:
        assert kind().margin == 0
        assert kind("0.1").margin == Fraction(1, 10)
        assert kind(0.1).margin == Fraction(0.1) != Fraction(1, 10)
        assert kind.kind == name
        assert kind(1) == kind("1") != kind(2)
        assert hash(kind(1)) == hash(kind("1"))
        assert repr(kind(1)).startswith(kind.__name__)
    assert kinds[0][0](1) != kinds[1][0](1)


def test_a_margin_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Argmax(1).margin = 2  # type: ignore[misc]
