"""Equivalence at scale: the figures that `compare` shall reach, each with its bracket.

Each row asks one question with a time limit and prints what was asked and what came of it, the
time as a multiple of the unit of these benchmarks. `python -m tests.bench.bench_equivalence WORD …`
runs the rows whose names hold all the words; foreign networks come from $TROPNET_DATA.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np

from tests.bench.equivalence_pairs import (
    WHOLE_ACAS,
    acas,
    float16,
    nets,
    permuted,
    prop,
    pruned,
    random_network,
    with_needle,
)
from tests.bench.highs_product import highs_product
from tests.bench.measure import unit
from tropnet import Box, Network, Undecided, Verdict, compare, load
from tropnet.domains import Domain

#: What is compared, and where.
Pair: TypeAlias = tuple[Network, Network, Domain]

#: Seconds that the unit of the benchmarks is said to take.
_UNIT = 0.04
_SETTLED = ("Equivalent", "Different")
_PROPS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Row:
    """What a row asks.

    Args:
        name: words to choose it by.
        make: the two networks and the domain; its time does not count.
        words: the answers asked for; none: any answer, the bracket is the result.
        seconds: how long it may take.
        asked: how else `compare` is called.
        within: the bracket that is asked for: upper ≤ (1 + within) · lower.
    """

    name: str
    make: Callable[[], Pair]
    words: tuple[str, ...]
    seconds: float
    asked: dict[str, Any]
    within: float | None = None

    def run(self) -> Figure:
        """Ask it."""
        f, g, domain = self.make()
        given = dict(self.asked)
        limit = given.pop("time_limit", max(2 * self.seconds, 1.0))
        if self.within is not None:
            given["precision"] = self.within
        begin = time.perf_counter()
        verdict = compare(f, g, domain, time_limit=limit, **given)
        return Figure(self, verdict, time.perf_counter() - begin, _unit_seconds())


@dataclass(frozen=True)
class Figure:
    """What came of a row: it prints itself, and says whether it is as asked."""

    row: Row
    verdict: Verdict
    seconds: float
    unit_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.unit_seconds

    @property
    def kept(self) -> bool:
        row, (low, high) = self.row, (self.verdict.lower, self.verdict.upper)
        answered = not row.words or self.verdict.word in row.words
        narrow = row.within is None or high <= (1 + Fraction(row.within)) * low
        return answered and narrow and self.ratio <= row.seconds / _UNIT

    def __str__(self) -> str:
        row, verdict = self.row, self.verdict
        wanted = " or ".join(row.words) or "a bracket"
        if row.within is not None:
            wanted += f" within {row.within:.0%}"
        state = "kept" if self.kept else "MISSED"
        reason = f"; {verdict.reason}" if isinstance(verdict, Undecided) else ""
        return (
            f"{row.name}: asked {wanted} in {row.seconds:g} s ({row.seconds / _UNIT:.0f} x matmul)"
            f", got {verdict.word} in {self.seconds:.2f} s ({self.ratio:.1f} x matmul)"
            f", {_short(verdict.lower)} <= gap <= {_short(verdict.upper)}"
            f", {verdict.method}{reason} ({state})"
        )


@dataclass(frozen=True)
class SideBySide:
    """`compare` beside HiGHS on the same pair."""

    name: str
    verdict: Verdict
    seconds: float
    bracket: Verdict
    claim: Any

    @property
    def ratio(self) -> float:
        return float(self.claim.seconds / self.seconds)

    @property
    def false_claim(self) -> bool:
        """Whether an exact bracket shows that what HiGHS calls proved is not so."""
        slack = 1e-6 * max(1.0, abs(float(self.bracket.lower)))
        below = self.claim.bound < float(self.bracket.lower) - slack
        return bool(below or self.claim.value > float(self.bracket.upper) + slack)

    @property
    def kept(self) -> bool:
        return self.verdict.word in _SETTLED and (self.false_claim or self.ratio >= 40)

    def __str__(self) -> str:
        state = "kept" if self.kept else "MISSED"
        done = "optimal" if self.claim.finished else "not finished"
        wrong = ", WRONG by an exact point" if self.false_claim else ""
        return (
            f"{self.name}: {self.verdict.word} in {self.seconds:.3f} s, exactly "
            f"{_short(self.bracket.lower)} <= sup <= {_short(self.bracket.upper)}; HiGHS {done} in "
            f"{self.claim.seconds:.2f} s, {self.claim.value:.4g} to {self.claim.bound:.4g}{wrong}; "
            f"{'' if self.claim.finished else 'more than '}{self.ratio:.0f} x slower, asked 40 "
            f"({state})"
        )


# ---- rows -----------------------------------------------------------------------------------


def _acas_rows() -> Iterator[Row]:
    copies: dict[str, Callable[[], Network]] = {
        "float16": cache(lambda: float16(acas())),
        "pruned 1%": cache(lambda: pruned(acas(), 0.01)),
        "pruned 10%": cache(lambda: pruned(acas(), 0.1)),
        "retrain": lambda: acas("retrain"),
        "student": lambda: acas("student"),
        "permuted": cache(lambda: permuted(acas())),
    }

    def row(copy: str, number: int, atol: str, words: Any, seconds: float, **asked: Any) -> Row:
        within = asked.pop("within", None)
        words = (words,) if isinstance(words, str) else words
        title = "".join(f" {k}={v}" for k, v in asked.items())
        return Row(
            f"acas {copy} {atol} prop_{number}{title}",
            lambda: (acas(), copies[copy](), prop(number)),
            words,
            seconds,
            {"atol": atol, **asked},
            within,
        )

    for k in _PROPS:
        yield row("float16", k, "0.01", "Equivalent", 1)
    for k in _PROPS:
        proved = k <= 2
        yield row(
            "float16", k, "0.001", "Equivalent" if proved else "Different", 5 if proved else 0.2
        )
    yield row("float16", 4, "0.01", (), 8, within=0.1, time_limit=8)
    for k in _PROPS:
        yield row("pruned 1%", k, "0.01", "Equivalent", 1)
    for k in _PROPS:
        yield row("pruned 10%", k, "0.1", "Equivalent", 2)
    for copy in ("retrain", "student"):
        for k in _PROPS:
            yield row(copy, k, "0.05", _SETTLED, 60)
    for k in _PROPS:
        yield row("permuted", k, "1e-5", "Equivalent", 0.6)
    yield row("permuted", 1, "0", "Different", 5)
    for copy in ("float16", "pruned 1%", "pruned 10%"):
        for k in _PROPS:
            yield row(copy, k, "0.01", _SETTLED, 2, relation="argmin")
    yield Row("acas needle", _needle, ("Different",), 1, {"atol": "0.5"})
    for limit in (2, 8, 30):
        yield Row(
            f"acas whole float16 0.05 for {limit} s",
            lambda: (acas(), float16(acas()), WHOLE_ACAS),
            (),
            1.2 * limit,
            {"atol": "0.05", "time_limit": limit},
        )


def _needle() -> Pair:
    """A bump on 3e-16 of the volume of the box of property 1."""
    box = prop(1)
    assert isinstance(box, Box)
    sides = [b - a for a, b in zip(box.lower, box.upper, strict=True)]
    volume, n = math.prod(map(float, sides)), len(sides)
    width = Fraction((3e-16 * volume * math.factorial(n) / 2**n) ** (1 / n)).limit_denominator(
        10**9
    )
    at = [
        a + s * Fraction(k + 3, 17) for k, (a, s) in enumerate(zip(box.lower, sides, strict=True))
    ]
    return acas(), with_needle(acas(), at, width), box


def _digit_rows() -> Iterator[Row]:
    @cache
    def digits() -> Network:
        folder = nets()
        assert folder is not None
        return load(folder / "mnist8x8" / "mlp_l1_0_seed0.pt")

    copies = {
        "float16": cache(lambda: float16(digits())),
        "pruned 10%": cache(lambda: pruned(digits(), 0.1)),
    }

    def pair(copy: str, radius: str) -> Pair:
        domain = Box.ball(_digit(), radius) if radius else Box.cube(64, 0, 1)
        return digits(), copies[copy](), domain

    for copy in copies:
        for radius in ("0.01", "0.05"):
            asked = {"atol": "1", "time_limit": 10}
            make = partial(pair, copy, radius)
            yield Row(f"digits {copy} ball {radius}", make, (), 12, asked, 2.0)
        for radius, within in (("0.01", 0.01), ("0.02", 0.1), ("0.05", 0.6)):
            # beyond what is asked of them: how far cases get
            title, make = f"digits {copy} ball {radius} cases", partial(pair, copy, radius)
            yield Row(title, make, (), 12, {"atol": "1", "time_limit": 10}, within)
        asked = {"atol": "0.01", "time_limit": 10}
        yield Row(f"digits {copy} whole", partial(pair, copy, ""), (), 12, asked)


def _digit() -> list[float]:
    from sklearn.datasets import load_digits

    images, _ = load_digits(return_X_y=True)
    found: list[float] = (np.asarray(images)[0] / 16).tolist()
    return found


def _built_rows() -> Iterator[Row]:
    @cache
    def small() -> Network:
        return random_network((5, 32, 32, 5))

    @cache
    def large() -> Network:
        return random_network((784, 256, 256, 10))

    def in_a_ball(change: Callable[[Network], Network]) -> Pair:
        centre = np.random.default_rng(1).random(784).astype(np.float32)
        return large(), change(large()), Box.ball(centre.tolist(), "0.01")

    yield Row(
        "5-32-32-5 float16 whole",
        lambda: (small(), float16(small()), Box.cube(5)),
        (),
        3,
        {"atol": 1, "time_limit": 6},
        0.01,
    )
    for name, change, atol in (
        ("float16", float16, "0.01"),
        ("pruned 10%", partial(pruned, share=0.1), "1"),
    ):
        make = partial(in_a_ball, change)
        title = f"784-256-256-10 {name} {atol} ball 0.01"
        yield Row(title, make, _SETTLED, 10, {"atol": atol})


def _highs_rows(words: list[str]) -> Iterator[SideBySide]:
    """Compare beside HiGHS, where sup |f − g| is bracketed first, untimed."""
    for widths in ((2, 8, 8, 1), (2, 16, 16, 1), (2, 32, 32, 1)):
        f = random_network(widths)
        title = "-".join(map(str, widths))
        copies = {
            "float16": float16(f),
            "pruned 10%": pruned(f, 0.1),
            "other seed": random_network(widths, 1),
            "spike 1e-6": None,
        }
        for copy, g in copies.items():
            name = f"highs {title} {copy}"
            if not all(word in name for word in words):
                continue
            first, second = (f, g) if g is not None else _spike(f)
            yield _beside(name, first, second, Box.cube(2), spike=g is None)


def _beside(name: str, f: Network, g: Network, box: Box, *, spike: bool) -> SideBySide:
    bracket = compare(f, g, box, precision=0, time_limit=60)
    atol = Fraction(1, 2) if spike else bracket.lower * Fraction(11, 10)
    begin = time.perf_counter()
    verdict = compare(f, g, box, atol=atol, time_limit=30)
    seconds = time.perf_counter() - begin
    return SideBySide(name, verdict, seconds, bracket, highs_product(f, g, box, 30))


def _spike(f: Network) -> tuple[Network, Network]:
    """Return a network and its copy with a bump of half-width 1e-6, both plain chains.

    The sums of the bump pass the second layer of f in units of their own.
    """
    ((_, first),), ((_, second),), ((_, last),) = (a.terms for a in f.affines)
    at, width = (Fraction(1, 3), Fraction(-2, 7)), Fraction(1, 10**6)
    biases = [a.bias.exact.T.to_fractions()[0] for a in f.affines]
    sides = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    weights = [
        [*first.exact.to_fractions(), *sides],
        [*([*row, 0, 0, 0, 0] for row in second.exact.to_fractions()),
         [*[0] * first.shape[0], -1, -1, -1, -1]],
        [[*last.exact.to_fractions()[0], 1 / width]],
    ]  # fmt: skip
    bias = [[*biases[0], -at[0], at[0], -at[1], at[1]], [*biases[1], width], biases[2]]
    return f, Network.from_dense(weights, bias)


# ---- running --------------------------------------------------------------------------------


def measurements(words: list[str] | None = None) -> Iterator[Figure | SideBySide]:
    """Yield the figures of the rows whose names hold all the words."""
    words = words or []
    rows = list(_built_rows())
    if nets() is None:
        print("no foreign networks: set TROPNET_DATA for the rows of ACAS Xu and digits")
    else:
        rows += [*_acas_rows(), *_digit_rows()]
    _warm_up()
    for row in rows:
        if all(word in row.name for word in words):
            yield row.run()
    yield from _highs_rows(words)


def _warm_up() -> None:
    """Load the libraries and the compiled loops, which count for no row."""
    for widths in ((2, 4, 1), (5, 8, 8, 2)):
        f = random_network(widths)
        compare(f, random_network(widths, 1), Box.cube(widths[0]), precision=0.01, time_limit=2)


def _unit_seconds() -> float:
    """Return the unit's time beside a row, since other work on the machine comes and goes."""
    reference, times = unit(), []
    for _ in range(7):
        begin = time.perf_counter()
        reference.run()
        times.append(time.perf_counter() - begin)
    return min(times)


def _short(value: Any) -> str:
    number = float(value)
    return "inf" if math.isinf(number) else f"{number:.6g}"


def main() -> int:
    missed = 0
    for figure in measurements(sys.argv[1:]):
        print(figure, flush=True)
        missed += not figure.kept
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
