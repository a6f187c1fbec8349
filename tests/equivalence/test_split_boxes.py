"""Bounds by boxes that a comparison finds: never beyond the truth, and replayed as they are."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from tests.bench.equivalence_pairs import with_needle
from tests.bounds.joint_pairs import near_copy, random_network
from tropnet.bounds import JointBounds
from tropnet.checker import Certificate, check_networks
from tropnet.checker.cells import supremum
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.matching import Matching
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence import Different, Equivalent, Verdict
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.split_boxes import BoxSearch
from tropnet.errors import BudgetExceeded, CertificateError
from tropnet.network import Network

dense = Network.from_dense
TRIANGLE = Polyhedron([[1, 1], [-1, 0], [0, -1]], [1, "1/3", 1])


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    """Compile first: that takes its time once on a machine, and none of a time limit."""
    f = Network.from_dense([[[1]], [[1]]])
    JointBounds(JointProgram.of(f, f, [Matching.identity(1)]), "inf")(np.array([[[0.0], [1.0]]]))


def searched(a: Network, b: Network, domain: Domain, **asked: Any) -> BoxSearch:
    """Return a search of boxes with nothing else done before."""
    problem = Problem.of(a, b, domain, **asked)
    return BoxSearch(problem, Bracket(problem))


def certificate_of(search: BoxSearch) -> Certificate:
    """Return a certificate of what a search found."""
    problem, bracket = search.problem, search.bracket
    claim: Any = "equivalent" if bracket.equivalent else "bracket"
    if bracket.different:
        claim = "different"
    relation = problem.relation
    return Certificate(
        problem.a.sha256, problem.b.sha256, problem.domain, problem.atol, problem.norm, claim,
        bracket.lower, bracket.upper, relation.kind, relation.scales,
    )  # fmt: skip


def asked(a: Network, b: Network, domain: Domain, **more: Any) -> Verdict:
    """Compare without cells, and hold the certificate as it is read back against the networks."""
    with patch("tropnet.equivalence.portfolio.MAX_INPUTS", 0):
        verdict = compare_networks(a, b, domain, **{"time_limit": 10, **more})
    report = check_networks(Certificate.from_json(verdict.certificate.to_json()), a, b)
    assert report.valid, str(report)
    return verdict


# ---- what was wrong once ------------------------------------------------------------------------


def test_a_coefficient_below_all_floats_leaves_no_box_out() -> None:
    small, large, unit = Fraction(1, 4 * 10**324), Fraction(10) ** 308, Fraction(1, 10**17)
    # y >= 1e-17 - small x, which is y >= -1.5e-17 at the far end
    sides = [[-small, -1], [1, 0], [-1, 0], [0, 1], [0, -1]]
    domain = Polyhedron(sides, [-unit, large, 0, unit * Fraction(11, 10), unit])
    rows, bias = [[0, -1 / unit], [0, 1 / unit], [0, 1]], ["-1/2", "-1/3", 0]
    f = dense([rows, [[1, "1/9", "1/11"]]], [bias, [0]])
    g = dense([rows, [[0, "1/9", "1/11"]]], [bias, [Fraction(1, 10**12)]])
    (gap,) = (f.exact([[large, -unit]]) - g.exact([[large, -unit]])).to_fractions()
    assert gap[0] > Fraction(2, 5)
    search = searched(f, g, domain, atol=Fraction(1, 10))
    search.run(0.2)
    assert search.tree.upper >= 0.4
    assert not search.bracket.equivalent


def test_the_grid_tells_choices_apart_that_floats_tell_apart() -> None:
    tiny = Fraction(1, 10**25)
    rows: list[list[Any]] = [[1, "1/3"], ["-1", "1/7"], ["1/5", 1]]
    f = dense([rows, [[100, 1, 1], [1, 1, 1]]], [[0, 0, 0], [300, 0]])
    g = dense([rows, [[tiny, 0, 0], [-tiny, 0, tiny]]], [[0, 0, 0], [4 * tiny, 0]])
    for kind in ("argmax", "argmin"):
        verdict = asked(f, g, Box.cube(2), relation=kind, atol="0.1")
        assert isinstance(verdict, Equivalent)
        assert verdict.method == "boxes"


# ---- the bracket and the truth ------------------------------------------------------------------

KINDS: list[dict[str, Any]] = [
    {"norm": "inf"},
    {"norm": "1"},
    {"norm": "2"},
    {"atol": ["0.001", "0.3"]},
    {"relation": "at_most"},
    {"relation": "up_to_constant"},
    {"relation": "argmax"},
    {"relation": "argmin"},
]
#: All pairs of a kind together may take so many seconds; each is a few milliseconds of work.
PAIRS = 40


def drawn(seed: int) -> tuple[Network, Network, Domain]:
    """Draw two networks of at most two inputs and a bounded domain."""
    rng = np.random.default_rng([5, seed])
    n = int(rng.integers(1, 3))
    widths = [int(w) for w in rng.integers(1, 4, size=rng.integers(0, 3))]
    f = random_network(rng, n, 2, widths)
    if seed % 4 == 0:
        g = random_network(rng, n, 2, widths)
    else:
        g = near_copy(rng, f, 10.0 ** -rng.integers(0, 11))
    if n == 2 and seed % 3 == 0:
        return f, g, TRIANGLE
    ends = np.sort(rng.integers(-6, 7, size=(2, n)) / 4, axis=0)
    return f, g, Box(ends[0], ends[1])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_brackets_hold_the_exact_supremum(kind: dict[str, Any]) -> None:
    finite = 0
    for seed in range(PAIRS):
        f, g, domain = drawn(seed)
        search = searched(f, g, domain, **kind)
        exact = supremum(f, g, domain, search.problem.relation)
        assert exact.lower is not None
        assert exact.upper is not None
        assert not math.isfinite(search.tree.upper) or exact.lower <= Fraction(search.tree.upper)
        search.run(0.008, precision=0.3)
        assert exact.lower <= Fraction(search.tree.upper)
        lower, upper = search.bracket.lower.value, search.bracket.upper.value
        assert lower is not None
        assert upper is not None
        assert lower <= exact.upper
        assert exact.lower <= upper
        search.bracket.require_consistent()
        # a larger tree proves no more of the checker, and takes longer
        if search.tree.n_leaves < 40:
            report = check_networks(certificate_of(search), f, g)
            assert report.valid, f"{seed}: {report}"
            finite += search.bracket.upper.method == "boxes"
    assert finite > PAIRS // 2


@pytest.mark.parametrize("seed", range(3))
def test_a_precision_is_reached(seed: int) -> None:
    rng = np.random.default_rng(seed)
    f = random_network(rng, 2, 2, [5, 4])
    g = near_copy(rng, f, 0.01)
    exact = supremum(f, g, Box.cube(2)).upper
    assert exact is not None
    verdict = asked(f, g, Box.cube(2), atol=2 * exact, precision=0.02)
    assert isinstance(verdict, Equivalent)
    assert exact <= verdict.upper <= Fraction(102, 100) * Fraction(verdict.lower)


def test_a_time_limit_is_kept() -> None:
    f, g = _far_from_proven()
    verdict = compare_networks(f, g, Box.cube(30), atol="1e-5", time_limit=1, precision=0)
    assert verdict.seconds < 3
    search = searched(f, g, Box.cube(30), time_limit=60)
    start = time.perf_counter()
    search.run(0.2, precision=0)
    assert time.perf_counter() - start < 3


def test_a_wish_to_stop_is_heard() -> None:
    f, g = _far_from_proven()
    search = searched(f, g, Box.cube(30), atol="1e-9", time_limit=60)
    timer = threading.Timer(0.3, search.problem.stop.set)
    timer.start()
    start = time.perf_counter()
    search.run(60, precision=0)
    assert time.perf_counter() - start < 10
    timer.join()


def _far_from_proven() -> tuple[Network, Network]:
    rng = np.random.default_rng(0)
    f = random_network(rng, 30, 3, [40, 40])
    return f, near_copy(rng, f, 1e-3)


# ---- going on -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["equal", "at_most", "up_to_constant", "argmax", "argmin"])
def test_evidence_is_taken_up_again(kind: str) -> None:
    rng = np.random.default_rng(8)
    f = random_network(rng, 2, 3, [6, 5])
    g = near_copy(rng, f, 0.1)
    first = searched(f, g, Box.cube(2), relation=kind, atol=1000)
    first.run(0.1, precision=1.0)
    evidence = certificate_of(first)
    assert evidence.upper.method == "boxes"
    assert evidence.upper.value is not None
    problem = Problem.of(f, g, Box.cube(2), relation=kind, atol=1000)
    second = BoxSearch(problem, Bracket(problem), evidence=evidence.upper.data)
    assert second.tree.n_leaves == first.tree.n_leaves
    assert second.tree.upper == first.tree.upper
    assert next(iter(second.tree.preorder())) == next(iter(first.tree.preorder()))
    data = evidence.upper.data
    second.offer()
    assert second.bracket.upper.data == data
    assert second.bracket.upper.value == evidence.upper.value
    verdict = asked(f, g, Box.cube(2), relation=kind, atol=1000, evidence=evidence)
    assert verdict.upper <= evidence.upper.value


def test_many_boxes_to_take_up_again_keep_to_the_time_limit() -> None:
    rng = np.random.default_rng(8)
    f = random_network(rng, 6, 3, [40, 40])
    g = near_copy(rng, f, 0.1)
    first = searched(f, g, Box.cube(6), atol=1000)
    first.run(0.1)
    evidence = certificate_of(first)
    tree = "."
    for depth in range(17):
        tree = f"{depth % 6} {tree} {tree}"
    upper = replace(evidence.upper, data={**evidence.upper.data, "tree": tree})
    begun = time.monotonic()
    verdict = asked(
        f, g, Box.cube(6), atol="1e-9", evidence=replace(evidence, upper=upper), time_limit=0.5
    )
    assert verdict.word in ("Different", "Undecided")
    assert time.monotonic() - begun < 2.5


def test_evidence_of_another_question_is_refused() -> None:
    rng = np.random.default_rng(8)
    f = random_network(rng, 2, 2, [3])
    g = near_copy(rng, f, 0.1)
    square = Box.cube(2)
    certificate = asked(f, g, square, atol=100).certificate
    others: list[tuple[Network, Network, Domain, dict[str, Any]]] = [
        (g, f, square, {}),
        (f, near_copy(rng, f, 0.1), square, {}),
        (f, g, Box([-1, -1], [1, 2]), {}),
        (f, g, TRIANGLE, {}),
        (f, g, None, {}),
        (f, g, square, {"norm": "1"}),
        (f, g, square, {"relation": "at_most"}),
        (f, g, square, {"relation": "argmax"}),
        (f, g, square, {"atol": [1, 2]}),
    ]
    for a, b, domain, more in others:
        with pytest.raises(CertificateError, match="the same question"):
            compare_networks(a, b, domain, **{"atol": 100, **more}, evidence=certificate)
    # another tolerance is another answer to the same question
    assert asked(f, g, square, atol=200, evidence=certificate).word == "Equivalent"


@pytest.mark.parametrize(
    "tree", [None, 3, "", ".", "0 .", ". .", "9 . .", "0 . . .", "1c0 . .", "1a99 . .", "-1"]
)
def test_garbled_trees_are_refused_or_prove_what_they_say(tree: Any) -> None:
    f, g = dense([[[1], [-1]], [[1, 1]]]), dense([[[1], [-1]], [[1, "1/2"]]])
    problem = Problem.of(f, g, Box([-4], [4]), atol=1)
    bracket = Bracket(problem)
    if tree == ".":
        search = BoxSearch(problem, bracket, evidence={"matchings": None, "tree": tree})
        assert search.tree.upper >= 2
        return
    with pytest.raises(CertificateError):
        BoxSearch(problem, bracket, evidence={"matchings": None, "tree": tree})


# ---- pairs that invite lies ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "exponent"), [*((2, k) for k in range(3, 8)), (5, 3), (5, 5), (5, 7)]
)
def test_a_needle_is_found(n: int, exponent: int) -> None:
    rng = np.random.default_rng(100 * n + exponent)
    f = dense([rng.standard_normal((8, n)), rng.standard_normal((2, 8))])
    centre = [Fraction(int(v), 10**6) for v in rng.integers(-(10**6), 10**6, size=n)]
    g = with_needle(f, centre, Fraction(1, 10**exponent))
    verdict = asked(f, g, Box.cube(n), atol="0.5", time_limit=5)
    assert isinstance(verdict, Different)
    assert verdict.seconds < 4  # about 0.1 on one core
    assert Fraction(1, 2) < verdict.lower <= 1 <= verdict.upper


def test_a_point_is_a_box() -> None:
    rng = np.random.default_rng(3)
    f = random_network(rng, 3, 2, [4, 4])
    g = near_copy(rng, f, 0.1)
    for place in ([0, 0, 0], ["1/3", "1/7", "0.1"]):
        point = Box(place, place)
        (gap,) = (f.exact([place]) - g.exact([place])).to_fractions()
        size = max(map(abs, gap))
        assert isinstance(asked(f, g, point, atol=size * 2), Equivalent)
        assert isinstance(asked(f, g, point, atol=size / 2), Different)
    flat = Box([0, "1/3", -1], [0, "1/3", 1])
    verdict = asked(f, g, flat, atol=1000, precision=0.05)
    assert isinstance(verdict, Equivalent)
    samples = [[0, "1/3", Fraction(k, 8)] for k in range(-8, 9)]
    gaps = (f.exact(samples) - g.exact(samples)).to_fractions()
    assert max(abs(v) for row in gaps for v in row) <= verdict.upper <= verdict.lower * 2


def test_one_ulp_of_a_weight() -> None:
    rng = np.random.default_rng(4)
    weights = [rng.standard_normal((8, 8)), rng.standard_normal((2, 8))]
    f = dense(weights)
    weights[0][3, 5] = np.nextafter(weights[0][3, 5], 9)
    g = dense(weights)
    verdict = asked(f, g, Box.cube(8), atol=1e-15)
    assert isinstance(verdict, Equivalent)
    assert isinstance(asked(f, g, Box.cube(8), atol=1e-19), Different)
    assert isinstance(asked(f, g, Box.cube(8)), Different)


def test_a_function_written_in_two_ways() -> None:
    # float32 roundings of permuted and rescaled units
    rng = np.random.default_rng(6)
    first, last = rng.standard_normal((16, 10)), rng.standard_normal((2, 16))
    order, scale = rng.permutation(16), rng.uniform(0.5, 2, 16)
    f, g = dense([first, last]), dense([first[order] * scale[:, None], last[:, order] / scale])
    verdict = asked(f, g, Box.cube(10), atol=1e-9)
    assert isinstance(verdict, Equivalent)
    assert verdict.upper < Fraction(1, 10**12)


@pytest.mark.parametrize("size", [Fraction(10) ** 30, Fraction(1, 10**30)])
@pytest.mark.parametrize("kind", ["equal", "at_most", "up_to_constant", "argmax", "argmin"])
def test_weights_of_any_size(size: Fraction, kind: str) -> None:
    rng = np.random.default_rng(9)
    weights = [rng.integers(-9, 10, size=shape) for shape in ((4, 2), (2, 4))]
    changed = [w + rng.integers(0, 2, size=w.shape) for w in weights]
    for factors in ((size, Fraction(1)), (Fraction(1), size), (size, 1 / size)):
        a, b = (
            dense(
                [
                    [[u * int(v) for v in row] for row in w]
                    for u, w in zip(factors, net, strict=True)
                ]
            )
            for net in (weights, changed)
        )
        atol = 10**4 * factors[0] * factors[1]
        verdict = asked(a, b, Box.cube(2), relation=kind, atol=atol, precision=0.5)
        assert isinstance(verdict, Equivalent)
        relation = Problem.of(a, b, Box.cube(2), relation=kind).relation
        exact = supremum(a, b, Box.cube(2), relation)
        assert exact.lower is not None
        assert exact.upper is not None
        assert verdict.lower <= exact.upper
        assert exact.lower <= verdict.upper


def test_many_inputs() -> None:
    rng = np.random.default_rng(10)
    weights = [
        rng.standard_normal((32, 64)) / 8,
        rng.standard_normal((16, 32)) / 6,
        rng.standard_normal((3, 16)) / 4,
    ]
    f = dense(weights)
    g = dense([w * (1 + 1e-6 * rng.standard_normal(w.shape)) for w in weights])
    verdict = asked(f, g, Box.cube(64), atol=1e-2)
    assert isinstance(verdict, Equivalent)
    assert verdict.method == "boxes"
    assert isinstance(asked(f, g, Box.cube(64), atol=1e-9, time_limit=2), Different)


# ---- what boxes cannot do -----------------------------------------------------------------------


def test_an_unbounded_domain_has_no_boxes() -> None:
    f = dense([[[1]], [[1]]])
    for domain in (None, Polyhedron([[1]], [0])):
        with pytest.raises(BudgetExceeded, match="give a bounded domain"):
            searched(f, f, domain)


def test_no_time_no_boxes() -> None:
    f = dense([[[1]], [[1]]])
    problem = replace(Problem.of(f, f, Box([0], [1])), deadline=0.0)
    with pytest.raises(BudgetExceeded, match="seconds before the first box"):
        BoxSearch(problem, Bracket(problem))
