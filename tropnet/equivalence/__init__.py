"""Deciding whether two networks compute the same function."""

from __future__ import annotations

from tropnet.equivalence.argmax import Argmax, Argmin
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.verdict import (
    Different,
    Equivalent,
    Undecided,
    UndecidedError,
    Verdict,
)
from tropnet.equivalence.witness import Witness

__all__ = [
    "Argmax",
    "Argmin",
    "Different",
    "Equivalent",
    "Undecided",
    "UndecidedError",
    "Verdict",
    "Witness",
    "compare_networks",
]
