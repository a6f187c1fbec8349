"""Comparisons of convolutional networks: `python -m tests.equivalence.random_convolutions`.

Takes the number of pairs (50) and the first seed (0). A plan of a small network is changed in a way
that keeps its function, or in one that may not. Each network is built with shared maps, forced
where they would be stored dense, and once more with every map dense; both have to agree with each
other and with a forward pass in Fractions.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.checker.mutants import is_true, mutants
from tests.equivalence.convolution_plans import Pair, draw_pair, value_at
from tests.oracles.fractions_forward import forward
from tests.oracles.joint_cells import answer
from tropnet import Box, load, to_onnx
from tropnet.checker import Certificate, check_networks
from tropnet.domains import Domain
from tropnet.equivalence import Different, Equivalent, Undecided, Verdict
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError, DomainError
from tropnet.network import Affine, Layer, Linear, Network, linear
from tropnet.network.fold import folded
from tropnet.network.shared_linear import MOST_WRITTEN

Point = tuple[Fraction, ...]


@contextmanager
def sharing_everything() -> Iterator[None]:
    """Store every map that shares kernels as such, however small it is."""
    module = "tropnet.network.shared_linear"

    def least(a: int, b: int) -> int:
        return 0 if b == MOST_WRITTEN else min(a, b)

    with patch(f"{module}._SMALL", 0), patch(f"{module}.min", least, create=True):
        yield


@contextmanager
def digests_of_factors() -> Iterator[None]:
    """Digest every map by its canonical factors, as only large ones are."""
    module = "tropnet.network.linear"
    with patch(f"{module}._WRITTEN", -1), patch(f"{module}._WRITTEN_RATIONALS", -1):
        yield


def dense(network: Network) -> Network:
    """Return the network with every linear map written out."""

    def part(affine: Affine) -> Affine:
        return Affine({s: _written(m) for s, m in affine.terms}, affine.bias)

    layers = tuple(Layer(part(y.affine), y.relu, y.name) for y in network.layers)
    return Network(network.n_inputs, layers, part(network.output), network.dtype)


def _written(matrix: Linear) -> Linear:
    return linear(matrix.exact)


def draw_domain(rng: Random, size: int) -> Domain:
    """Draw all of R^n, or a box of which some sides have no width."""
    if rng.random() < 0.4:
        return None
    lower = [Fraction(rng.randint(-8, 4), 4) for _ in range(size)]
    widths = [Fraction(rng.choice([0, 0, 1, 4, 8]), 4) for _ in range(size)]
    return Box(lower, [a + w for a, w in zip(lower, widths, strict=True)])


def draw_points(rng: Random, domain: Domain, size: int, count: int) -> list[Point]:
    """Draw points of a domain: integers, halves, corners, and large ones."""
    points = []
    for k in range(count):
        steps: list[Fraction | int]
        if isinstance(domain, Box):
            ends = zip(domain.lower, domain.upper, strict=True)
            steps = (
                [0, 1]
                if k % 3 == 0
                else [0, Fraction(1, 2), 1, Fraction(1, 3), Fraction(rng.random())]
            )
            points.append(tuple(Fraction(a + (b - a) * rng.choice(steps)) for a, b in ends))
        else:
            scale: Any = rng.choice([1, 1, 1, 1000, Fraction(1, 8)])
            points.append(tuple(scale * rng.randint(-4, 4) for _ in range(size)))
    return points


def assert_same_storage(f: Network, full: Network, points: Sequence[Point]) -> None:
    """Fail where a network and its dense copy differ in anything."""
    assert f.sha256 == full.sha256, "digests depend on the storage"
    assert f == full
    assert f.exact(points) == full.exact(points), "exact values depend on the storage"
    floats = np.array([[float(v) for v in p] for p in points])
    one, two = f.enclosure(floats, "float32"), full.enclosure(floats, "float32")
    gap, room = np.abs(one.values - two.values), one.errors + two.errors
    assert (gap <= room).all(), "enclosures are disjoint"
    exact = f.exact([[Fraction(v) for v in p] for p in floats.tolist()])
    for found in (one, two):
        for b, row in enumerate(exact.to_fractions()):
            for v, value, error in zip(row, found.values[b], found.errors[b], strict=True):
                assert abs(v - Fraction(value)) <= Fraction(error), "an enclosure lies"


def assert_not_refuted(
    verdict: Verdict, pair: Pair, f: Network, g: Network, points: Sequence[Point]
) -> None:
    """Fail where a verdict contradicts exact values, or its certificate is not accepted."""
    left = f.exact(points).to_fractions()
    right = g.exact(points).to_fractions()
    for a, b in zip(left, right, strict=True):
        gap = max(abs(u - v) for u, v in zip(a, b, strict=True))
        assert gap <= verdict.upper, f"{gap} exceeds {verdict.upper}: {verdict}"
        if isinstance(verdict, Equivalent):
            assert gap <= verdict.atol, f"{gap} is called equal: {verdict}"
    if isinstance(verdict, Different):
        point = verdict.witness.point
        one, two = value_at(pair.first, point), value_at(pair.second, point)
        assert max(abs(u - v) for u, v in zip(one, two, strict=True)) > verdict.atol
        assert not (pair.same and verdict.atol >= 0), f"{pair.kind} keeps the function: {verdict}"
    if f.n_inputs <= 2:
        truth = answer(f, g, verdict.domain)
        assert truth is not None
        if not isinstance(verdict, Undecided):
            assert isinstance(verdict, Equivalent) == truth.at_most(verdict.atol, "inf"), str(
                verdict
            )
        if isinstance(verdict.upper, Fraction):
            assert truth.at_most(verdict.upper, "inf"), str(verdict)
        if isinstance(verdict.lower, Fraction):
            assert truth.at_least(verdict.lower, "inf"), str(verdict)
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, f, g)
    assert report.valid, str(report)


def examine(
    seed: int, *, mutated: int = 0, written: bool = True, limit: float = 2
) -> tuple[str, Counter[str]]:
    """Compare the pair of a seed in all storages.

    Args:
        seed: decides everything.
        mutated: how many mutants of the certificate are checked.
        written: whether the networks are written to files and read back.
        limit: seconds for each comparison.

    Returns:
        What was compared and found, and what became of the mutants.

    Raises:
        AssertionError: something is wrong.
    """
    rng = Random(seed)
    with sharing_everything() if rng.random() < 0.8 else nullcontext():
        pair = draw_pair(rng)
        f, g = pair.first.network(), pair.second.network()
        size = f.n_inputs
        domain = draw_domain(rng, size)
        points = draw_points(rng, domain, size, 24)
        for plan, network in ((pair.first, f), (pair.second, g)):
            found = network.exact(points[:6]).to_fractions()
            for point, row in zip(points[:6], found, strict=True):
                assert list(row) == value_at(plan, point), "exact values are wrong"
                assert list(row) == forward(network, point)[-1]
            assert_same_storage(network, dense(network), points[:8])
            small = folded(network)
            assert small.exact(points) == network.exact(points), "folding changes the function"
        f_dense, g_dense = dense(f), dense(g)
        with digests_of_factors():
            again, fresh, other = (dense(f), pair.first.network(), pair.second.network())
            assert again.sha256 == fresh.sha256, "digests of factors depend on the storage"
            assert (other.sha256 == fresh.sha256) == (f.sha256 == g.sha256)
        atol = Fraction(0)
        if rng.random() < 0.4:
            atol = Fraction(1, rng.choice([2, 2**20, 2**40]))
        options: dict[str, Any] = {"atol": atol, "time_limit": limit, "seed": seed}
        verdict = compare_networks(f, g, domain, **options)
        crossed = compare_networks(f, g_dense, domain, **options)
        plain = compare_networks(f_dense, g_dense, domain, **options)
        words = {v.word for v in (verdict, crossed, plain)} - {Undecided.word}
        assert len(words) <= 1, f"verdicts depend on the storage: {words}"
        more = draw_points(rng, domain, size, 200)
        for found_verdict in (verdict, plain, crossed):
            assert_not_refuted(found_verdict, pair, f, g, more)
        if written:
            _assert_written(f, verdict)
        fates = _fates(verdict, f, g, more, rng, mutated)
    return f"{pair.kind}: {verdict.word}", fates


def _assert_written(f: Network, verdict: Verdict) -> None:
    """Fail where files give another function."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.json"
        f_again = _saved(f, path)
        assert f_again.sha256 == f.sha256
        try:
            read = load(to_onnx(f, Path(folder) / "f.onnx").path)
        except DomainError:  # weights that no float has
            return
        assert read.sha256 == f.sha256, "ONNX gives back another network"


def _saved(f: Network, path: Path) -> Network:
    from tropnet import save

    save(f, path)
    return load(path)


def _fates(
    verdict: Verdict, f: Network, g: Network, points: Sequence[Point], rng: Random, count: int
) -> Counter[str]:
    """Return what became of mutants of the certificate.

    Raises:
        AssertionError: a false claim was called valid.
    """
    fates: Counter[str] = Counter()
    for mutant in mutants(verdict.certificate.to_json(), rng, count):
        try:
            certificate = Certificate.from_json(mutant)
        except CertificateError:
            fates["unreadable"] += 1
            continue
        start = time.perf_counter()
        report = check_networks(certificate, f, g)
        assert time.perf_counter() - start < 10, "too slow"
        if not report.valid:
            fates["rejected"] += 1
            continue
        fates["true"] += 1
        if f.n_inputs <= 2:
            assert is_true(certificate, f, g), f"a false claim was called valid: {certificate!r}"
        _assert_claim(certificate, f, g, points)
    return fates


def _assert_claim(
    certificate: Certificate, f: Network, g: Network, points: Sequence[Point]
) -> None:
    """Fail where exact values refute what a certificate claims."""
    assert (certificate.a, certificate.b) == (f.sha256, g.sha256)
    place = certificate.lower.point
    inside = [p for p in points if certificate.domain is None or certificate.domain.contains(p)]
    assert certificate.domain is None or certificate.domain.contains(place)
    for point in [tuple(place), *inside]:
        [a], [b] = f.exact([point]).to_fractions(), g.exact([point]).to_fractions()
        sizes = [abs(u - v) for u, v in zip(a, b, strict=True)]
        gap = sum(sizes, Fraction(0)) if certificate.norm == "1" else max(sizes)
        if certificate.upper.value is not None:
            assert gap <= certificate.upper.value, "the upper bound is false"
        if certificate.claim == "equivalent":
            assert gap <= certificate.atol, "a false claim of equality was called valid"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 50
    first = int(arguments[1]) if len(arguments) > 1 else 0
    tally: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    wrong = 0
    for seed in range(first, first + count):
        try:
            what, found = examine(seed, mutated=30)
        except Exception as error:
            wrong += 1
            say(f"seed {seed}: {type(error).__name__}: {str(error)[:400]}")
            continue
        tally[what] += 1
        fates += found
    for name, number in sorted(tally.items()):
        say(f"{number:>6}  {name}")
    say(f"mutants of certificates: {dict(fates)}")
    say(f"{count} pairs, {wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
