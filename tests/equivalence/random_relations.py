"""Verdicts of each relation on random pairs: `python -m tests.equivalence.random_relations`.

Takes the number of pairs (200) and the first seed (0). Each pair is compared under every relation,
at, just below and just above the exact supremum of its gap, or at 0 or anything.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from fractions import Fraction
from random import Random

from tests.oracles.fractions_forward import forward
from tests.oracles.joint_cells import lies_in
from tests.oracles.relation_gaps import gap_of, supremum_of
from tests.strategies.pairs import Pair, draw_pair
from tropnet.checker import Certificate, check_networks
from tropnet.checker.relation import KINDS
from tropnet.equivalence import Different, Equivalent, Verdict
from tropnet.equivalence.compare import compare_networks

#: Seconds that one comparison may take.
LIMIT = 10

#: The relations but `equal`, which `random_pairs` examines.
RELATIONS = KINDS[1:]


def examine(seed: int, kind: str, inputs: int | None = None) -> Verdict | None:
    """Compare the pair of a seed under a relation and hold the verdict against the truth.

    Args:
        seed: of the pair, the question and the comparison.
        kind: the relation.
        inputs: three or four, for small pairs; else there are one or two.

    Returns:
        The verdict; None where the relation asks for more outputs than the pair has.

    Raises:
        AssertionError: the verdict is wrong, undecided or late, or its certificate is not valid.
    """
    pair = draw_pair(seed) if inputs is None else draw_pair(seed, inputs, 18 - 3 * inputs)
    a, b, domain = pair.a, pair.b, pair.domain
    if a.n_outputs == 1 and kind in ("argmax", "argmin"):
        return None
    truth = supremum_of(kind, a, b, domain)
    atol = _tolerance(truth, Random(f"{kind} {seed}"))
    start = time.perf_counter()
    verdict = compare_networks(a, b, domain, relation=kind, atol=atol, time_limit=60, seed=seed)
    assert time.perf_counter() - start < LIMIT
    assert isinstance(verdict, Equivalent | Different), str(verdict)
    assert isinstance(verdict, Equivalent) == (truth is not None and truth <= atol), str(verdict)
    if isinstance(verdict.upper, Fraction):
        assert truth is not None
        assert truth <= verdict.upper, str(verdict)
    if isinstance(verdict.lower, Fraction):
        assert truth is None or verdict.lower <= truth, str(verdict)
    else:
        assert truth is None, str(verdict)
    if isinstance(verdict, Different):
        _examine_witness(verdict, pair, kind, atol)
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, a, b)
    assert report.valid, str(report)
    return verdict


def _examine_witness(verdict: Different, pair: Pair, kind: str, atol: Fraction) -> None:
    witness = verdict.witness
    assert lies_in(pair.domain, witness.point)
    f, g = (list(forward(net, witness.point)[-1]) for net in (pair.a, pair.b))
    assert (f, g) == (list(witness.f), list(witness.g))
    if kind != "up_to_constant":
        assert witness.gap == gap_of(kind, f, g) > atol
        return
    assert witness.other is not None
    assert lies_in(pair.domain, witness.other)
    p, q = (list(forward(net, witness.other)[-1]) for net in (pair.a, pair.b))
    changes = [abs((u - v) - (x - y)) / 2 for u, v, x, y in zip(f, g, p, q, strict=True)]
    assert witness.gap == max(changes) > atol


def _tolerance(truth: Fraction | None, rng: Random) -> Fraction:
    kind = rng.choice(["zero", "zero", "at", "below", "below", "above", "any"])
    if kind == "zero" or truth is None:
        return Fraction(0) if kind == "zero" else Fraction(rng.randint(0, 9), 4)
    if kind == "any":
        return Fraction(rng.randint(0, 9), 4)
    return truth * {"at": Fraction(1), "below": 1 - Fraction(1, 2**80), "above": Fraction(2)}[kind]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 200
    first = int(arguments[1]) if len(arguments) > 1 else 0
    tally: Counter[str] = Counter()
    wrong = 0
    for seed in range(first, first + count):
        for kind in RELATIONS:
            try:
                verdict = examine(seed, kind, 3 if arguments[2:] == ["in-space"] else None)
            except Exception as error:
                wrong += 1
                say(f"seed {seed}, {kind}: {type(error).__name__}: {error}")
                continue
            if verdict is not None:
                tally[f"{kind}: {verdict.word}"] += 1
                tally[f"{kind}: by {verdict.method}"] += 1
    for name, number in sorted(tally.items()):
        say(f"{number:>6}  {name}")
    say(f"{count} pairs, {wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
