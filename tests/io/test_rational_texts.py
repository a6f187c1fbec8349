"""Rationals in texts are measured before they are made."""

from __future__ import annotations

from typing import Any

import pytest

from tropnet.errors import BudgetExceeded
from tropnet.io.rational_texts import require_room_for_rationals as require


def _matrix(texts: list[str]) -> dict[str, Any]:
    return {"layers": [{"weights": [[text] for text in texts]}]}


def test_what_models_hold_is_bearable() -> None:
    require(_matrix(["1/3", "-2/9", "0.25", "1e-3", "5", "+7", "name", "a/b", ""] * 10_000), "f")
    require(_matrix([f"{k}/{2**k}" for k in range(1, 1100)] * 50), "f")  # one power of two
    require(
        {"notes": ["1/0", "1/x", "1e", "1//2", "1/-3", "."]}, "f"
    )  # refused where they are read


@pytest.mark.parametrize(
    "texts",
    [
        [f"1/{3**k * 2 + 1}" for k in range(1, 3000)],
        ["1e20000"] * 50_000,
        ["1", "1e-20000", *["3"] * 50_000],
        ["1/1e20000", *["3"] * 50_000],
        ["1", "0." + "0" * 20_000 + "1", *["3"] * 50_000],
        ["1/" + "7" * 9_000, *["1/" + "3" * 8_000] * 50_000],
    ],
)
def test_what_would_fill_the_memory(texts: list[str]) -> None:
    with pytest.raises(
        BudgetExceeded, match=r"bits of the rationals in f\.json over one denominat"
    ):
        require(_matrix(texts), "f.json")
