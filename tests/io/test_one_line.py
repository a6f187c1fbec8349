"""What files hold reaches a terminal in one printable line."""

from __future__ import annotations

import pytest

from tropnet.errors import UnsupportedLayerError
from tropnet.io.one_line import one_line_errors, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\x1b[2J\x07\0", r"a\nb\r\x1b[2J\x07\x00"),
        ("\x9b2J\x7f\u202e\u2028\u200b\ufeff", r"\x9b2J\x7f\u202e\u2028\u200b\ufeff"),
        ("\ud800", r"\ud800"),
        ("модель 🧠 é", "модель 🧠 é"),
    ],
)
def test_unprintable_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown.isprintable()


def test_long_names_are_cut_and_what_is_said_of_them_stays() -> None:
    name = "a" * 10**6
    with pytest.raises(UnsupportedLayerError) as caught, one_line_errors():
        raise UnsupportedLayerError(name, "Tanh", "it is smooth", f"stop_before={name!r}")
    assert len(str(caught.value)) < 700
    assert "(Tanh) is not supported: it is smooth; try: stop_before='aaa" in str(caught.value)
    assert caught.value.node == name
    assert len(printable("many words " * 10**5)) <= 1000
    assert len(printable("\x1b " * 10**5)) <= 1000
