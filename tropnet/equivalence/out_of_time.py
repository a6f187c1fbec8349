"""What a stage raises when the time is up."""

from __future__ import annotations

from tropnet.errors import TropnetError


class OutOfTime(TropnetError):  # noqa: N818 - not an error: caught by the portfolio
    """The time limit was reached inside a stage."""
