"""Help for tests: assertions on networks, and strategies that draw nasty ones.

`assert_equivalent` needs nothing beside tropnet. `tropnet.testing.strategies` needs hypothesis and
is imported by its own name.
"""

from __future__ import annotations

from tropnet.testing.assert_equivalent import assert_equivalent

__all__ = ["assert_equivalent"]
