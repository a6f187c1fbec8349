"""Verdicts by cases of units' signs alone against exact enumeration.

`python -m tests.equivalence.random_cases N SEED` examines N pairs.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.bounds.random_boxes import KINDS, pair
from tropnet import Verdict
from tropnet.checker import Certificate, check_networks
from tropnet.checker.cells import supremum
from tropnet.checker.relation import Relation
from tropnet.equivalence.compare import compare_networks

_PORTFOLIO = "tropnet.equivalence.portfolio"


def by_cases(*arguments: Any, **asked: Any) -> Verdict:
    """Compare as `compare_networks` does, with one box first, no cells, and cases at once."""
    with ExitStack() as stack:
        for name, value in (("MAX_INPUTS", 0), ("_FEW_INPUTS", 0), ("_BOXES", 0.0)):
            stack.enter_context(patch(f"{_PORTFOLIO}.{name}", value))
        return compare_networks(*arguments, **asked)


def examine(seed: int, seconds: float = 2) -> tuple[str | None, Verdict]:
    """Return what is wrong with the verdict of one pair, or None; and the verdict."""
    rng = np.random.default_rng([37, seed])
    f, g, domain = pair(rng)
    kind = KINDS[rng.integers(0, len(KINDS))]
    scales = None
    if kind == "equal" and rng.random() < 0.3:
        scales = tuple(Fraction(int(v), 8) for v in rng.integers(1, 99, size=f.n_outputs))
    exact = supremum(f, g, domain, Relation(kind, "inf", scales))
    assert exact.lower is not None
    assert exact.upper is not None
    share = Fraction(int(rng.choice([90, 99, 100, 101, 110])), 100)
    atol = exact.upper * share + Fraction(int(rng.integers(0, 2)), 10**9) or Fraction(1, 10**9)
    verdict = by_cases(
        f, g, domain,
        relation=kind, atol=atol if scales is None else [atol / v for v in scales],
        time_limit=seconds, precision=(None, 0.01, 0.0)[int(rng.integers(3))],
    )  # fmt: skip
    told = f"{seed}: {kind}, atol {float(atol)}: {verdict!r}, not {exact.lower}"
    limit = Fraction(1) if scales is not None else atol
    size = 1 if scales is None else 1 / atol  # tolerances of outputs make the largest gap 1
    if verdict.word == "Equivalent" and exact.lower * size > limit:
        return f"{told}: not equivalent", verdict
    if verdict.word == "Different" and exact.upper * size <= limit:
        return f"{told}: not different", verdict
    if verdict.lower > exact.upper * size or verdict.upper < exact.lower * size:
        return f"{told}: the bracket is wrong", verdict
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, f, g, sample=100)
    if not report and report.sampled is None:
        return f"{told}: {report.reason}", verdict
    return None, verdict


def main(count: int, seed: int) -> int:
    failures, words = 0, Counter[str]()
    for k in range(seed, seed + count):
        wrong, verdict = examine(k)
        words[f"{verdict.word} by {verdict.certificate.upper.method}"] += 1
        if wrong is not None:
            failures += 1
            print(wrong, flush=True)  # noqa: T201
    print(f"{count} pairs, {failures} failures: {dict(words)}")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
