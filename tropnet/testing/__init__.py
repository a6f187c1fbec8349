"""Help for tests: assertions on networks, a plugin for pytest, and strategies that draw nasty ones.

The assertions need nothing beside tropnet. Inside pytest they keep the certificates of what they
proved and replay them in the next run (`tropnet.testing.pytest_plugin`).
`tropnet.testing.strategies` needs hypothesis and is imported by its own name.
"""

from __future__ import annotations

# pytest imports this package at its start, for the plugin: nothing here imports numpy at its top
from tropnet.testing.assert_equivalent import assert_equivalent
from tropnet.testing.assert_same_argmax import assert_same_argmax
from tropnet.testing.assert_same_argmin import assert_same_argmin
from tropnet.testing.assert_within import assert_within
from tropnet.testing.failure import (
    DifferentAssertionError,
    UndecidedAssertionError,
    UndecidedWarning,
)

__all__ = [
    "DifferentAssertionError",
    "UndecidedAssertionError",
    "UndecidedWarning",
    "assert_equivalent",
    "assert_same_argmax",
    "assert_same_argmin",
    "assert_within",
]
