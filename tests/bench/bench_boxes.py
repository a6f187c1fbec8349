"""Bounds of boxes by zonotopes, and their exact replay, for two networks of ACAS Xu's shape."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from tests.bench.equivalence_pairs import float16, random_network
from tests.bench.measure import Measurement, measure
from tropnet.bounds import JointBounds
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.joint_zonotope import JointReplay
from tropnet.checker.matching import Matching

#: Half the width of a box; on the leaves of a tree for ACAS Xu as many units have no known sign.
_HALF = 0.06
_BOXES = 256


def measurements() -> Iterator[Measurement]:
    f = random_network((5, 50, 50, 50, 50, 50, 50, 5))
    matchings = [Matching.identity(width) for width in f.widths]
    program = JointProgram.of(f, float16(f), matchings)
    middles = np.random.default_rng(0).uniform(-1, 1, size=(_BOXES, 1, 5))
    boxes = middles + np.array([-_HALF, _HALF])[None, :, None]
    bounds = JointBounds(program, "inf", threads=1)
    unknown = np.mean([_unknown(program, box) for box in boxes[:8]])
    yield measure(
        f"bound of a box, {unknown:.0f} of 300 units of unknown sign, one thread",
        lambda: bounds(boxes),
        at_most=0.02,
        per=_BOXES,
    )
    replay = JointReplay(program)
    yield measure(
        "its exact replay",
        lambda: [replay(_ends(box), {}) for box in boxes[:8]],
        at_most=2.5,
        per=8,
        repeats=3,
    )


def _ends(box: np.ndarray) -> list[tuple[Fraction, Fraction]]:
    return [(Fraction(float(u)), Fraction(float(v))) for u, v in box.T]


def _unknown(program: JointProgram, box: np.ndarray) -> int:
    """Count the symbols that the units of the first network bring."""
    found = JointReplay(program)(_ends(box), {})
    assert found is not None
    return len(found.a.groups[1])
