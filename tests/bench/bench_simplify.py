"""The simplifier: how small networks become, with which proof, in which time; and its peers.

`python -m tests.bench.bench_simplify WORD …` runs the rows whose names hold all the words; foreign
networks come from $TROPNET_DATA. onnx-simplifier and torch-simplify are asked as well where they
are installed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from tests.bench.equivalence_pairs import nets
from tests.bench.measure import unit
from tests.bench.simplifying_peers import (
    BOX,
    onnxsim,
    onnxsim_on_box,
    row_of_opposites,
    torch_simplify,
    wasteful,
)
from tropnet import Box, Network, load
from tropnet.checker.check import fault
from tropnet.checker.sign_evidence import replay_signs
from tropnet.exact import IntervalVector
from tropnet.simplification.approximation import Approximation
from tropnet.simplification.merge_units import merge_units
from tropnet.simplification.prune import prune
from tropnet.simplification.round_weights import round_weights
from tropnet.simplification.simplify_network import simplify_network
from tropnet.simplification.unit_signs import unit_signs

#: Seconds that the unit of the benchmarks is said to take.
_UNIT = 0.04
#: Rows that take longer are not run twice.
_SHORT = 5
_PIXELS = Box.cube(64, 0, 1)
#: Seconds for the bounds of an approximation.
_SECONDS = 10


@dataclass(frozen=True)
class Figure:
    """What came of a row, beside what was asked."""

    name: str
    asked: str
    got: str
    kept: bool
    seconds: float
    at_most: float
    unit_seconds: float

    def __str__(self) -> str:
        ratio, state = self.seconds / self.unit_seconds, "kept" if self.kept else "MISSED"
        return (
            f"{self.name}: asked {self.asked} in {self.at_most:g} s ({self.at_most / _UNIT:.0f} x "
            f"matmul), got {self.got} in {self.seconds:.2f} s ({ratio:.1f} x matmul) ({state})"
        )


@dataclass(frozen=True)
class Row:
    """What a row asks: `make` the network, then `work` on it, timed; `judge` what came of it.

    Args:
        name: words to choose it by.
        asked: what it shall come to, in words.
        seconds: how long it may take, on a machine where the unit takes .04 s.
        make: its time does not count.
        work: does it once.
        judge: says what came of it and whether that is as asked; its time does not count.
    """

    name: str
    asked: str
    seconds: float
    make: Callable[[], Any]
    work: Callable[[Any], Any]
    judge: Callable[[Any], tuple[str, bool]]

    def run(self) -> Figure:
        given = self.make()
        if self.seconds <= _SHORT:
            self.work(given)  # compilation, caches
        before = _unit_seconds()
        start = time.perf_counter()
        found = self.work(given)
        seconds = time.perf_counter() - start
        unit_seconds = min(before, _unit_seconds())
        got, good = self.judge(found)
        kept = good and seconds / unit_seconds <= self.seconds / _UNIT
        return Figure(self.name, self.asked, got, kept, seconds, self.seconds, unit_seconds)


@cache
def digits(name: str) -> Network:
    folder = nets()
    assert folder is not None
    return load(folder / "mnist8x8" / f"mlp_{name}_seed0.pt")


def _exact_rows() -> Iterator[Row]:
    for name, most, seconds in (("prox_0.001", 2025, 1), ("thr_0.001", 7551, 3)):

        def judge(found: Any, most: int = most) -> tuple[str, bool]:
            report = found.replay()
            sizes = [f"{v} -> {found.after[k]} {k}" for k, v in found.before.items()]
            got = ", ".join(sizes)
            got += f", replayed in {report.seconds:.2f} s" if report else f", {report}"
            return got, bool(report) and found.after["entries"] <= most

        yield Row(
            f"{name} on [0,1]^64",
            f"at most {most} entries and a proof",
            seconds,
            lambda name=name: digits(name),  # type: ignore[misc]
            lambda f: simplify_network(f, _PIXELS),
            judge,
        )


def _signs(network: Network) -> Any:
    return unit_signs(network, _PIXELS, time_limit=60)


def _sign_rows() -> Iterator[Row]:
    def judge(found: Any) -> tuple[str, bool]:
        counts = Counter(kind for kinds in found.kinds for kind in kinds)
        told = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        told += f", {len(found.witnesses)} with two witnesses, {dict(Counter(found.how.values()))}"
        return told, counts["unstable"] == 200 and len(found.witnesses) == 200

    yield Row(
        "signs of l1_0 on [0,1]^64",
        "200 unstable units with two witnesses each",
        10,
        lambda: digits("l1_0"),
        _signs,
        judge,
    )


def _ball_rows() -> Iterator[Row]:
    for radius, cases, seconds in (("0.05", 1, 3), ("0.1", 4, 10)):

        def judge(found: Any, cases: int = cases) -> tuple[str, bool]:
            start = time.perf_counter()
            place, box = found.domain, IntervalVector.of(found.domain.lower, found.domain.upper)
            bounds = replay_signs(found.network, place, box, found.evidence, fault)
            told = f"{found.counts()}, {dict(Counter(found.how.values()))}"
            told += f", replayed in {time.perf_counter() - start:.2f} s"
            enough = found.complete and Counter(found.how.values())["cases"] >= cases
            return told, enough and len(bounds) == len(found.network.layers)

        yield Row(
            f"signs of l1_0 on a ball of {radius}",
            "all units, some by cases, and no search",
            seconds,
            lambda: digits("l1_0"),
            lambda f, r=radius: unit_signs(f, _images(r), time_limit=60),  # type: ignore[misc]
            judge,
        )


def _approximation_rows() -> Iterator[Row]:
    works: dict[str, Callable[[Network, Any], Approximation]] = {
        "pruned 10 %": lambda f, d: prune(f, d, fraction="0.1", time_limit=_SECONDS),
        "below 0.001": lambda f, d: prune(f, d, threshold="0.001", time_limit=_SECONDS),
        "float16": lambda f, d: round_weights(f, "float16", d, time_limit=_SECONDS),
        "bfloat16": lambda f, d: round_weights(f, "bfloat16", d, time_limit=_SECONDS),
        "merged to 90-90": lambda f, d: merge_units(f, d, units=90, time_limit=_SECONDS),
    }
    domains = {"ball 0.05": _ball, "[0,1]^64": lambda: _PIXELS}
    for place, domain in domains.items():
        within = 2 if place.startswith("ball") else 12
        for name, work in works.items():

            def judge(found: Approximation, within: int = within) -> tuple[str, bool]:
                low, high = found.attained or Fraction(0), found.bound
                told = f"{found.bracket}, {found.result.n_parameters} parameters"
                return told, high is not None and high <= within * low

            yield Row(
                f"{name} of l1_0 on {place}",
                f"a bracket within a factor of {within}",
                _SECONDS + 5,
                lambda: digits("l1_0"),
                lambda f, w=work, d=domain: w(f, d()),  # type: ignore[misc]
                judge,
            )


@cache
def _digit() -> list[float]:
    from sklearn.datasets import load_digits

    images, _ = load_digits(return_X_y=True)
    return [float(v) for v in images[0] / 16]


def _ball() -> Box:
    return Box.ball(_digit(), "0.05")


def _images(radius: str) -> Box:
    """Return the images whose pixels, from 0 to 1, differ by the radius at most from a digit."""
    ends = [(Fraction(v) - Fraction(radius), Fraction(v) + Fraction(radius)) for v in _digit()]
    return Box([max(low, Fraction(0)) for low, _ in ends],
               [min(high, Fraction(1)) for _, high in ends])  # fmt: skip


# ---- peers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SideBySide:
    """What each simplifier leaves of one network."""

    name: str
    units: int
    ours: Any
    ours_on_box: Any
    theirs: tuple[Any, ...]
    theirs_on_box: tuple[Any, ...]

    @property
    def kept(self) -> bool:
        """Whether ours is proven, and leaves no more units than any that keeps the function."""
        pairs = ((self.ours, self.theirs), (self.ours_on_box, self.theirs_on_box))
        return all(
            found.replay()
            and all(x.units is None or x.changed or found.result.n_relu <= x.units for x in others)
            for found, others in pairs
        )

    def __str__(self) -> str:
        theirs = "; ".join(str(left) for left in (*self.theirs, *self.theirs_on_box))
        state = "kept" if self.kept else "MISSED"
        return (
            f"{self.name}: {self.units} units, ours leaves {self.ours.result.n_relu} on R^n and "
            f"{self.ours_on_box.result.n_relu} on the box; {theirs} ({state})"
        )


def _side_by_side(words: list[str]) -> Iterator[SideBySide]:
    kinds = ("dead", "collinear", "always on", "unread", "all")
    given: dict[str, Callable[[], tuple[Network, Box]]] = {
        f"peers on {kind}": lambda kind=kind: (wasteful(kind)[0], BOX)  # type: ignore[misc]
        for kind in kinds
    }
    given["peers on a row [1, -1]"] = lambda: (row_of_opposites(), Box.cube(2, 0, 1))
    if nets() is not None:
        given["peers on prox_0.001"] = lambda: (digits("prox_0.001"), _PIXELS)
    for name, make in given.items():
        if not all(word in name for word in words):
            continue
        f, box = make()
        yield SideBySide(
            name,
            f.n_relu,
            simplify_network(f),
            simplify_network(f, box),
            (onnxsim(f), torch_simplify(f)),
            (onnxsim_on_box(f, box),),
        )


def _unit_seconds() -> float:
    reference = unit()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        reference.run()
        times.append(time.perf_counter() - start)
    return min(times)


def measurements(words: list[str] | None = None) -> Iterator[Any]:
    """Yield what came of each row."""
    chosen = words or []
    if nets() is not None:
        for rows in (_exact_rows, _sign_rows, _ball_rows, _approximation_rows):
            for row in rows():
                if all(word in row.name for word in chosen):
                    yield row.run()
    yield from _side_by_side(chosen)


if __name__ == "__main__":
    missed = 0
    for figure in measurements(sys.argv[1:]):
        print(figure, flush=True)
        missed += not figure.kept
    sys.exit(1 if missed else 0)
