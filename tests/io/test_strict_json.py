"""JSON is read strictly, and measured before."""

from __future__ import annotations

from typing import Any

import pytest

from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io.strict_json import strict_json


def test_numbers_are_numbers_or_texts() -> None:
    text = b'{"a": [1, 0.1, -2e3], "b": {"c": "x", "d": [true, null]}}'
    assert strict_json(text, "f") == {"a": [1, 0.1, -2000.0], "b": {"c": "x", "d": [True, None]}}
    assert strict_json(text, "f", numbers_as_texts=True)["a"] == ["1", "0.1", "-2e3"]


@pytest.mark.parametrize("as_texts", [False, True])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a": 1, "a": 1}', "a key stands twice"),
        (b'{"a": {"b": 1, "b": 2}}', "a key stands twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": [Infinity]}', "Infinity is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b"[1]", "holds no JSON object"),
        (b"3", "holds no JSON object"),
        (b"", "no sound JSON"),
        (b"{", "no sound JSON"),
        (b"\xff", "no sound JSON"),
        (b"[" * 10_000, "nested too deeply"),
        (b'{"a": ' * 10_000, "nested too deeply"),
    ],
)
def test_refusals(text: bytes, said: str, as_texts: bool) -> None:
    with pytest.raises(FormatError, match=f"^the file .*{said}"):
        strict_json(text, "the file", numbers_as_texts=as_texts)


def test_a_number_of_many_digits_takes_no_time() -> None:
    with pytest.raises(FormatError, match="4300 digits"):
        strict_json(b'{"a": ' + b"9" * 10**6 + b"}", "f")


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"0,"])
def test_what_would_unfold(unit: bytes) -> None:
    with pytest.raises(UnsafeFileError, match=r"f would unfold from [\d,]+ to [\d,]+ bytes"):
        strict_json(b'{"a": [' + unit * 4_000_000 + b"0]}", "f")


def test_weights_of_a_hundred_thousand_numbers_are_bearable() -> None:
    row = ",".join(["0.0"] * 1000)
    data: Any = strict_json(f'{{"a": [{",".join([f"[{row}]"] * 1000)}]}}'.encode(), "f")
    assert len(data["a"]) == 1000
