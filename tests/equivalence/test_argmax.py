from __future__ import annotations

from fractions import Fraction

import pytest

from tropnet.equivalence.argmax import Argmax, Argmin


def test_margins_are_exact() -> None:
    for kind, name in ((Argmax, "argmax"), (Argmin, "argmin")):
        assert kind().margin == 0
        assert kind("0.1").margin == Fraction(1, 10)
        assert kind(0.1).margin == Fraction(0.1) != Fraction(1, 10)
        assert kind.kind == name
        assert kind(1) == kind("1") != kind(2)
        assert hash(kind(1)) == hash(kind("1"))
        assert repr(kind(1)).startswith(kind.__name__)
    assert Argmax(1) != Argmin(1)


def test_a_margin_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Argmax(1).margin = 2  # type: ignore[misc]
