"""Verdicts by boxes alone against exact enumeration.

`python -m tests.bounds.random_boxes N SEED` examines N pairs.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.bounds.joint_pairs import near_copy, random_network
from tests.oracles.relation_gaps import scaled
from tropnet import Box, Network, Polyhedron
from tropnet.checker import check_networks
from tropnet.checker.cells import supremum
from tropnet.checker.relation import Relation
from tropnet.domains import Domain
from tropnet.equivalence.compare import compare_networks

KINDS: tuple[Any, ...] = ("equal", "at_most", "up_to_constant", "argmax", "argmin")


def pair(rng: np.random.Generator) -> tuple[Network, Network, Domain]:
    """Draw two networks of at most two inputs, of any size, and a bounded domain."""
    n, m = int(rng.integers(1, 3)), int(rng.integers(2, 4))
    widths = [int(w) for w in rng.integers(1, 6, size=rng.integers(1, 3))]
    f = random_network(rng, n, m, widths)
    far = rng.random() < 0.2
    g = random_network(rng, n, m, widths) if far else near_copy(rng, f, 10.0 ** -rng.integers(1, 9))
    if rng.random() < 0.3:  # a choice among outputs far smaller than those of the other network
        sizes = [Fraction(2) ** int(k) for k in rng.choice([-120, -40, 0, 40], size=2)]
        f, g = (scaled(net, [size] * m) for net, size in zip((f, g), sizes, strict=True))
    return f, g, _domain(rng, n)


def _domain(rng: np.random.Generator, n: int) -> Domain:
    kind = rng.integers(0, 4)
    if kind == 0:
        return Box.cube(n)
    low = [Fraction(int(v), 12) for v in rng.integers(-30, 30, size=n)]
    sides = [Fraction(int(v), 7) for v in rng.integers(0, 9, size=n)]
    if kind == 1:
        return Box(low, [u + v for u, v in zip(low, sides, strict=True)])
    # a polyhedron around a point, of no volume now and then
    rows = [[int(i == j) * s for j in range(n)] for i in range(n) for s in (1, -1)]
    limits = [s * low[i] + sides[i] for i in range(n) for s in (1, -1)]
    for _ in range(int(rng.integers(0, 4))):
        row = [int(v) for v in rng.integers(-5, 6, size=n)]
        slack = Fraction(int(rng.integers(0, 3)), 5)
        rows.append(row)
        limits.append(sum((c * x for c, x in zip(row, low, strict=True)), slack))
    return Polyhedron(rows, limits)


def examine(seed: int, seconds: float = 2) -> str | None:
    """Return what is wrong with the verdict of one pair, or None."""
    rng = np.random.default_rng([31, seed])
    f, g, domain = pair(rng)
    kind = KINDS[rng.integers(0, len(KINDS))]
    norm: Any = str(rng.choice(["inf", "1", "2"])) if kind == "equal" else "inf"
    scales = None
    if kind == "equal" and rng.random() < 0.3:
        scales = tuple(Fraction(int(v), 8) for v in rng.integers(1, 99, size=f.n_outputs))
    exact = supremum(f, g, domain, Relation(kind, norm, scales))
    if exact.lower is None or exact.upper is None:
        return f"{seed}: unbounded on a bounded domain"
    share = Fraction(int(rng.choice([90, 99, 100, 101, 110])), 100)
    atol = exact.upper * share + Fraction(int(rng.integers(0, 2)), 10**9)
    if atol == 0:
        atol = Fraction(1, 10**9)
    with patch("tropnet.equivalence.portfolio.MAX_INPUTS", 0):
        verdict = compare_networks(
            f,
            g,
            domain,
            relation=kind,
            norm=norm,
            atol=atol if scales is None else [atol / v for v in scales],
            time_limit=seconds,
        )
    told = f"{seed}: {kind}, norm {norm}, atol {float(atol)}: {verdict!r}, not {exact.lower}"
    limit = Fraction(1) if scales is not None else atol
    size = 1 if scales is None else 1 / atol  # tolerances of outputs make the largest gap 1
    if verdict.word == "Equivalent" and exact.lower * size > limit:
        return f"{told}: not equivalent"
    if verdict.word == "Different" and exact.upper * size <= limit:
        return f"{told}: not different"
    if verdict.lower > exact.upper * size or verdict.upper < exact.lower * size:
        return f"{told}: the bracket is wrong"
    report = check_networks(verdict.certificate, f, g, sample=200)
    if not report and report.sampled is None:
        return f"{told}: {report.reason}"
    return None


def main(count: int, seed: int) -> int:
    failures = 0
    for k in range(seed, seed + count):
        wrong = examine(k)
        if wrong is not None:
            failures += 1
            print(wrong, flush=True)  # noqa: T201
    print(f"{count} pairs, {failures} failures")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
