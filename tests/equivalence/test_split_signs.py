"""Bounds by cases of units' signs: true, narrow where inputs are many, replayed as they are."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.bench.equivalence_pairs import float16, pruned, random_network
from tests.equivalence.random_cases import by_cases, examine
from tests.equivalence.test_interrupt import interrupt_after
from tropnet import Equivalent, Network, Verdict
from tropnet.checker import Certificate, check_networks
from tropnet.checker.cells import supremum
from tropnet.checker.relation import Relation
from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError

dense = Network.from_dense


def ball(n: int, radius: Any, seed: int = 1) -> Box:
    return Box.ball(np.random.default_rng(seed).random(n).round(3).tolist(), radius)


@pytest.mark.parametrize("block", range(4))
def test_random_pairs(block: int) -> None:
    for seed in range(8 * block, 8 * block + 8):
        wrong, _ = examine(seed)
        assert wrong is None, wrong


@pytest.mark.parametrize("change", [float16, lambda f: pruned(f, 0.1)])
def test_many_inputs_are_narrowed_to_a_percent(change: Any) -> None:
    f = random_network((64, 24, 24, 2))
    g, domain = change(f), ball(64, "0.02")
    verdict = compare_networks(f, g, domain, atol=9, precision=0.01, time_limit=20)
    assert verdict.lower > 0
    assert verdict.upper <= verdict.lower * Fraction(102, 100)
    assert verdict.certificate.upper.method == "cases"
    assert replays(verdict, f, g)


@pytest.mark.parametrize("relation", ["equal", "at_most", "up_to_constant", "argmax", "argmin"])
def test_a_tolerance_that_one_box_does_not_prove(relation: str) -> None:
    f = random_network((20, 16, 16, 3))
    g, domain = pruned(f, 0.1), ball(20, "0.1")
    wide = compare_networks(f, g, domain, relation=relation, atol=99, time_limit=4)
    narrow = compare_networks(f, g, domain, relation=relation, atol=99, time_limit=2, precision=0.1)
    assert narrow.lower <= narrow.upper < wide.upper or wide.upper == wide.lower == 0
    atol = narrow.upper * Fraction(101, 100) + Fraction(1, 10**6)
    verdict = compare_networks(f, g, domain, relation=relation, atol=atol, time_limit=20)
    assert isinstance(verdict, Equivalent)
    assert replays(verdict, f, g)


def replays(verdict: Verdict, f: Network, g: Network) -> bool:
    """Tell whether a certificate holds; of many boxes some are replayed."""
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, f, g, sample=30)
    return report.valid or (report.sampled is not None and report.sampled[0] == 30)


def needle(width: Fraction, n: int = 9) -> tuple[Network, Network, Box]:
    """Return 0 and a bump of height 1 on the ball of a 1-norm around a point, from n inputs."""
    at = [Fraction(k + 1, 2 * n) for k in range(n)]
    sides = [[s * int(i == j) for j in range(n)] for i in range(n) for s in (1, -1)]
    ends = [v for c in at for v in (-c, c)]
    bump = dense([sides, [[-1] * (2 * n)], [[1 / width]]], [ends, [width], [0]])
    flat = dense([sides, [[-1] * (2 * n)], [[0]]], [ends, [width], [0]])
    return flat, bump, Box([0] * n, [1] * n)


@pytest.mark.parametrize("exponent", [1, 3, 5, 7])
def test_a_needle_is_never_called_nothing(exponent: int) -> None:
    flat, bump, box = needle(Fraction(1, 10**exponent))
    for asked in ({"atol": Fraction(1, 2)}, {"atol": Fraction(999, 1000), "precision": 0.0}):
        verdict = compare_networks(flat, bump, box, time_limit=1.5, **asked)
        assert verdict.word != "Equivalent"
        assert verdict.upper >= 1
    verdict = compare_networks(flat, bump, box, atol=1, time_limit=1.5)
    assert verdict.word in ("Equivalent", "Undecided")
    assert verdict.upper >= 1


@pytest.mark.parametrize("size", [Fraction(1, 10**30), Fraction(10**30)])
def test_huge_and_tiny_weights(size: Fraction) -> None:
    rng = np.random.default_rng(5)
    first = rng.integers(-3, 4, (4, 2)).tolist()
    f = dense([[[size * v for v in row] for row in first], [[1, -1, 2, 1]]])
    g = dense([[[size * v for v in row] for row in first], [[1, -1, 2, "9/8"]]])
    exact = supremum(f, g, Box.cube(2), Relation()).upper
    assert exact is not None
    for share, words in ((Fraction(99, 100), "Different"), (Fraction(101, 100), "Equivalent")):
        verdict = by_cases(f, g, Box.cube(2), atol=exact * share, time_limit=5)
        assert verdict.word in (words, "Undecided")
        assert verdict.lower <= exact <= verdict.upper
        assert replays(verdict, f, g)


def test_one_ulp() -> None:
    f = random_network((12, 8, 1))
    values = f.output.terms[0][1].values.copy()
    values[0, 0] = np.nextafter(values[0, 0], 2)
    first = f.layers[0].affine
    g = dense(
        [first.terms[0][1].values, values], [first.bias.values[:, 0], f.output.bias.values[:, 0]]
    )
    verdict = compare_networks(f, g, ball(12, 1), atol="1e-30", time_limit=5)
    assert verdict.word != "Equivalent"
    verdict = compare_networks(f, g, ball(12, 1), atol="1e-12", time_limit=5)
    assert isinstance(verdict, Equivalent)


def test_flat_domains_and_polyhedra() -> None:
    f = random_network((10, 8, 8, 2))
    g = pruned(f, 0.1)
    flat = Box([0] * 10, [int(i < 2) for i in range(10)])
    first, second = _first_two(f, g)
    exact = supremum(first, second, Box([0, 0], [1, 1]), Relation()).upper
    assert exact is not None
    verdict = compare_networks(f, g, flat, atol=9, precision=0.01, time_limit=20)
    assert verdict.lower <= exact <= verdict.upper <= verdict.lower * Fraction(102, 100)
    rows = [[int(i == j) * s for j in range(10)] for i in range(10) for s in (1, -1)]
    simplex = Polyhedron([*rows, [1] * 10], [1, 0] * 10 + [1])
    verdict = compare_networks(f, g, simplex, atol=9, precision=0.5, time_limit=5)
    assert verdict.lower <= verdict.upper
    assert replays(verdict, f, g)


def _first_two(f: Network, g: Network) -> list[Network]:
    """Return both networks as functions of their first two inputs, the others 0."""
    found = []
    for net in (f, g):
        weights = [m.values for y in net.affines for _, m in y.terms]
        biases = [y.bias.values[:, 0] for y in net.affines]
        found.append(dense([weights[0][:, :2], *weights[1:]], biases))
    return found


def test_going_on_from_a_certificate() -> None:
    f = random_network((30, 24, 24, 2))
    g, domain = float16(f), ball(30, "0.05")
    first = compare_networks(f, g, domain, atol=9, precision=0.3, time_limit=6)
    assert first.certificate.upper.method == "cases"
    evidence = Certificate.from_json(first.certificate.to_json())
    again = compare_networks(f, g, domain, atol=9, precision=0.2, time_limit=6, evidence=evidence)
    assert again.upper <= first.upper
    assert replays(again, f, g)
    broken = first.certificate.to_json()
    broken["upper"]["data"]["trees"] = broken["upper"]["data"]["trees"][:-1]
    with pytest.raises(CertificateError):
        compare_networks(f, g, domain, atol=9, evidence=Certificate.from_json(_sealed(broken)))


def _sealed(data: dict[str, Any]) -> dict[str, Any]:
    from tropnet.checker.certificate import seal

    body = {key: value for key, value in data.items() if key != "seal"}
    return {**body, "seal": seal(body)}


def test_an_interrupt_leaves_what_was_proven() -> None:
    f = random_network((64, 64, 64, 4))
    g, domain = pruned(f, 0.1), ball(64, "0.1")
    seconds = time.perf_counter()
    with interrupt_after(3):
        verdict = compare_networks(f, g, domain, atol=99, precision=0.0, time_limit=60)
    assert time.perf_counter() - seconds < 20
    assert verdict.interrupted
    assert any("cases" in stage for stage in verdict.stages)
    assert replays(verdict, f, g)


def test_evidence_without_trees_is_refused() -> None:
    f = random_network((12, 8, 2))
    g, domain = float16(f), ball(12, "0.1")
    body = compare_networks(f, g, domain, atol=9, time_limit=5).certificate.to_json()
    broken: list[Any] = [None, [], {}, {"matchings": None, "trees": [None] * 4, "bits": 64}]
    for method in ("boxes", "cases"):
        for data in broken:
            upper = {**body["upper"], "method": method, "data": data}
            with pytest.raises(CertificateError):
                compare_networks(
                    f, g, domain, atol=9, time_limit=5,
                    evidence=Certificate.from_json(_sealed({**body, "upper": upper})),
                )  # fmt: skip
