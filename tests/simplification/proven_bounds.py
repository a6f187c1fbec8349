"""What holds of every approximation, checked without the code that made it."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from tests.oracles.fractions_forward import forward
from tests.oracles.joint_cells import answer
from tropnet.domains import Box
from tropnet.network import Network
from tropnet.simplification.approximation import Approximation


def gap(f: Network, g: Network, point: tuple[Fraction, ...]) -> Fraction:
    """The largest |f_i − g_i| at a point, by Fractions."""
    ours, theirs = (forward(network, point)[-1] for network in (f, g))
    return max(abs(u - v) for u, v in zip(ours, theirs, strict=True))


def points(box: Box, rng: Random, count: int) -> list[tuple[Fraction, ...]]:
    """Corners, points of faces and points inside, drawn at random."""
    sides = list(zip(box.lower, box.upper, strict=True))
    return [
        tuple(low + (high - low) * Fraction(rng.choice([0, 0, 8, 8, rng.randint(0, 8)]), 8)
              for low, high in sides)
        for _ in range(count)
    ]  # fmt: skip


def require_bounds(found: Approximation, count: int = 25, sample: int | None = None) -> None:
    """Raise unless the bounds hold at random points and at the witness, and the proof replays.

    Args:
        found: the approximation.
        count: how many points.
        sample: how many leaves of a tree of boxes are replayed; all if left out.
    """
    report = found.replay(sample)
    assert report.valid or (sample is not None and report.sampled is not None), report
    assert isinstance(found.domain, Box)
    assert found.bound is not None
    assert found.attained is not None
    assert found.domain.contains(found.point)
    assert gap(found.original, found.result, found.point) >= found.attained
    for point in points(found.domain, Random(count), count):
        assert gap(found.original, found.result, point) <= found.bound
        assert gap(found.near, found.result, point) == 0


def require_truth(found: Approximation) -> None:
    """Raise unless the bounds hold by exact enumeration of the joint cells (one or two inputs)."""
    truth = answer(found.original, found.result, found.domain)
    assert truth is not None
    assert found.replay()
    if found.bound is not None:
        assert truth.at_most(found.bound, found.verdict.norm)
    if found.attained is None:
        assert truth.inf is None
    else:
        assert truth.at_least(found.attained, found.verdict.norm)
