"""Verdicts on random pairs against exact enumeration: `python -m tests.equivalence.random_pairs`.

Takes the number of pairs (600) and the first seed (0); the ordinary suite runs fewer of them. With
a third argument `without-cells` the comparison has to do without its own enumeration, as in more
than six dimensions: nothing may be wrong then either, but pairs may stay undecided. With `in-space`
smaller pairs of three and four inputs are drawn.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from fractions import Fraction
from random import Random
from unittest.mock import patch

from tests.oracles.joint_cells import Answer, answer, gap_at, lies_in
from tests.strategies.pairs import Pair, draw_pair
from tropnet.checker import Certificate, check_networks
from tropnet.checker.cells import MAX_INPUTS
from tropnet.checker.gap import Norm
from tropnet.equivalence import Different, Equivalent, Undecided, Verdict
from tropnet.equivalence.compare import compare_networks

#: Seconds that one comparison may take.
LIMIT = 10


def tolerance(truth: Answer, norm: Norm, seed: int) -> Fraction:
    """Choose atol: mostly 0; at, just below and just above the supremum; anything."""
    rng = Random(-seed)
    sup = truth.one if norm == "1" else truth.inf
    kind = rng.choice(["zero", "zero", "zero", "at", "below", "above", "any"])
    if kind == "zero" or sup is None:
        return Fraction(0) if kind == "zero" else Fraction(rng.randint(0, 9), 4)
    if kind == "at" and norm != "2":
        return sup
    if kind == "below":
        return sup * (1 - Fraction(1, 2**60))
    return sup * 2 if kind == "above" else Fraction(rng.randint(0, 9), 4)


def examine(
    seed: int, *, cells: bool = True, inputs: int | None = None
) -> tuple[Pair, Verdict, float]:
    """Compare the pair of a seed and hold the verdict against the truth.

    Args:
        seed: of the pair, the question and the comparison.
        cells: whether the comparison may enumerate cells; without, it may stay undecided.
        inputs: three or four, for small pairs; else there are one or two.

    Raises:
        AssertionError: the verdict is wrong, undecided or late, or its certificate is not valid.
    """
    pair = draw_pair(seed) if inputs is None else draw_pair(seed, inputs, 20 - 3 * inputs)
    a, b, domain, norm = pair.a, pair.b, pair.domain, pair.norm
    truth = answer(a, b, domain)
    assert truth is not None
    atol = tolerance(truth, norm, seed)
    start, most = time.perf_counter(), MAX_INPUTS if cells else 0
    with patch("tropnet.equivalence.portfolio.MAX_INPUTS", most):
        verdict = compare_networks(
            a, b, domain, atol=atol, norm=norm, time_limit=60 if cells else 0.5, seed=seed
        )
    seconds = time.perf_counter() - start
    assert seconds < LIMIT, f"{seconds:.1f} s"
    if cells or not isinstance(verdict, Undecided):
        assert isinstance(verdict, Equivalent | Different), str(verdict)
        assert isinstance(verdict, Equivalent) == truth.at_most(atol, norm), str(verdict)
    if isinstance(verdict.upper, Fraction):
        assert truth.at_most(verdict.upper, norm), str(verdict)
    if isinstance(verdict.lower, Fraction):
        assert truth.at_least(verdict.lower, norm), str(verdict)
    else:
        assert truth.inf is None, str(verdict)
    if isinstance(verdict, Different):
        point = verdict.witness.point
        gap = gap_at(a, b, point)
        assert lies_in(domain, point)
        assert [u - v for u, v in zip(verdict.witness.f, verdict.witness.g, strict=True)] == gap
        size = {
            "inf": max(abs(v) for v in gap),
            "1": sum((abs(v) for v in gap), Fraction(0)),
            "2": sum((v * v for v in gap), Fraction(0)),
        }[norm]
        assert size > (atol**2 if norm == "2" else atol)
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, a, b)
    assert report.valid, str(report)
    return pair, verdict, seconds


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 600
    first = int(arguments[1]) if len(arguments) > 1 else 0
    cells, in_space = arguments[2:] != ["without-cells"], arguments[2:] == ["in-space"]
    tally: Counter[str] = Counter()
    slowest, wrong = 0.0, 0
    for seed in range(first, first + count):
        try:
            inputs = 3 + seed % 4 // 3 if in_space else None
            pair, verdict, seconds = examine(seed, cells=cells, inputs=inputs)
        except Exception as error:
            wrong += 1
            say(f"seed {seed}: {type(error).__name__}: {error}")
            continue
        tally[f"{pair.kind}: {verdict.word}"] += 1
        tally[f"by {verdict.method}"] += 1
        slowest = max(slowest, seconds)
    for name, number in sorted(tally.items()):
        say(f"{number:>6}  {name}")
    say(f"{count} pairs, {wrong} failures, slowest comparison {slowest:.2f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
