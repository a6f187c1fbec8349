"""Time something against a reference, turn by turn, and keep the best of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Reference:
    """What a time is compared with.

    Args:
        name: as the report shall call it.
        run: does it once.
    """

    name: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Measurement:
    """A time, as a multiple of a reference's time in the same run.

    Args:
        what: what was timed.
        seconds: the best time of one run of it, divided by `per`.
        reference: the reference's name.
        reference_seconds: the best time of one run of the reference.
        at_most: the ratio that was promised.
    """

    what: str
    seconds: float
    reference: str
    reference_seconds: float
    at_most: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.reference_seconds

    @property
    def kept(self) -> bool:
        return self.ratio <= self.at_most

    def __str__(self) -> str:
        state = "kept" if self.kept else "MISSED"
        return (
            f"{self.what}: {self.ratio:.3g} x {self.reference}"
            f" (at most {self.at_most:.3g}, {state})"
        )


def unit() -> Reference:
    """The unit of most ratios: one float64 1000x1000 matmul on one BLAS thread (about .04 s)."""
    matrix = _matrix()
    return Reference("matmul", lambda: matrix @ matrix)


def measure(
    what: str,
    run: Callable[[], object],
    *,
    at_most: float,
    reference: Reference | None = None,
    per: int = 1,
    repeats: int = 7,
) -> Measurement:
    """Time `run` against a reference (the `unit` when none is given).

    Both run once untimed (compilation, caches), then in turn, so that a busy machine slows both;
    the least time of each counts.

    Args:
        what: as the report shall call it.
        run: does it once.
        at_most: the promised ratio.
        reference: what to compare with.
        per: the number of items (points, terms) that one run handles: the time is per item.
        repeats: how many turns.
    """
    reference = reference or unit()
    run()
    reference.run()
    mine, theirs = [], []
    for _ in range(repeats):
        theirs.append(_seconds(reference.run))
        mine.append(_seconds(run))
    return Measurement(what, min(mine) / per, reference.name, min(theirs), at_most)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@cache
def _matrix() -> NDArray[np.float64]:
    import numpy as np

    return np.random.default_rng(0).standard_normal((1000, 1000))
