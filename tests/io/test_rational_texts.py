"""What files with rationals would take: numbers are weighed, other texts are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tropnet import Network, load, save
from tropnet.errors import BudgetExceeded
from tropnet.io.rational_texts import require_room_for_rationals


@pytest.mark.parametrize(
    "text", ["1e-999999999", " 1e999999999", "1/1e999999999", "+1.5e-99999999"]
)
def test_short_texts_of_long_numbers_are_refused(text: str) -> None:
    with pytest.raises(BudgetExceeded, match="bits of the rationals in f"):
        require_room_for_rationals({"weights": [[text] * 99]}, "f.json")


def test_a_digest_that_ends_like_an_exponent_is_no_number() -> None:
    require_room_for_rationals({"sha256": "9" + "a" * 54 + "e99999999", "weights": ["1/3"]}, "f")


def test_networks_with_such_digests_are_read_back(tmp_path: Path) -> None:
    found = 0
    for k in range(40_000):
        f = Network.from_dense([[[k]]])
        digest = f.sha256
        if digest[0].isdigit() and digest[-6] == "e" and digest[-5:].isdigit():
            save(f, tmp_path / "f.json")
            assert load(tmp_path / "f.json") == f
            found += 1
            if found == 3:
                break
    assert found
