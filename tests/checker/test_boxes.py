"""Replays of trees of boxes: what is true is proven, what is not is refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.bounds.joint_pairs import points_of, random_box, random_pair
from tropnet import Box, Network, Polyhedron
from tropnet.checker import check_networks
from tropnet.checker.boxes import gap_above, replay_boxes
from tropnet.checker.cells import supremum
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.joint_zonotope import JointReplay
from tropnet.checker.matching import Matching
from tropnet.checker.relation import Relation
from tropnet.domains import Domain
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector

KINDS: tuple[Any, ...] = ("equal", "at_most", "up_to_constant", "argmax", "argmin")
#: For norms and scales, by the number of outputs.
RELATIONS: tuple[Callable[[int], Relation], ...] = (
    lambda m: Relation("equal", "1"),
    lambda m: Relation("equal", "2"),
    lambda m: Relation("equal", "1", (Fraction(1, 3),) * m),
    lambda m: Relation("equal", "inf", tuple(Fraction(k + 1, 7) for k in range(m))),
)
SQUARE = Box.cube(2)


@pytest.mark.parametrize("seed", range(4))
def test_no_point_beyond_the_bound(seed: int) -> None:
    rng = np.random.default_rng([5, seed])
    for _ in range(15):
        f, g, pairs = random_pair(rng)
        if rng.integers(0, 2):
            relation = RELATIONS[rng.integers(0, len(RELATIONS))](f.n_outputs)
        else:
            kinds = [k for k in KINDS if k != "up_to_constant"][: 4 if f.n_outputs > 1 else 2]
            relation = Relation(kinds[rng.integers(0, len(kinds))])
        box = random_box(rng, f.n_inputs)
        replay = JointReplay(JointProgram.of(f, g, pairs), int(rng.choice([32, 64, 200])))
        ends = [(Fraction(float(u)), Fraction(float(v))) for u, v in box.T]
        outputs = replay(ends, {})
        assert outputs is not None
        points = points_of(rng, box, 8)
        values = zip(f.exact(points).to_fractions(), g.exact(points).to_fractions(), strict=True)
        worst = max(relation.gap(u, v) for u, v in values)
        assert worst <= gap_above(outputs, relation)


@pytest.mark.parametrize("seed", range(6))
def test_outputs_that_lean_on_the_last_layer(seed: int) -> None:
    """Many differences of unknown sign, read with weights of both signs: the bound is a bound."""
    rng = np.random.default_rng([11, seed])
    weights = [rng.standard_normal((24, 2)), rng.standard_normal((3, 24))]
    near = [w * (1 + 0.05 * rng.standard_normal(w.shape)) for w in weights]
    bias = [0.3 * rng.standard_normal(24), rng.standard_normal(3)]
    f, g = Network.from_dense(weights, bias), Network.from_dense(near, bias)
    replay = JointReplay(JointProgram.of(f, g, [Matching.identity(24)]))
    for width in (2.0, 0.5, 0.3):
        box = np.array([[-0.5, -0.5], [width - 0.5, width - 0.5]])
        outputs = replay([(Fraction(float(u)), Fraction(float(v))) for u, v in box.T], {})
        assert outputs is not None
        low, high = outputs.ends
        assert (low, high) != outputs.pairs.ends()
        points = [[float(x), float(y)] for x in box[:, 0] for y in box[:, 1]]
        points += (box[0] + (box[1] - box[0]) * rng.random((30, 2))).tolist()
        for row in (f.exact(points) - g.exact(points)).to_fractions():
            scaled = [v * 2**outputs.bits for v in row]
            assert all(u <= v <= w for u, v, w in zip(low, scaled, high, strict=True))


def test_a_given_sign_holds_where_the_unit_has_it() -> None:
    rng = np.random.default_rng(17)
    for _ in range(40):
        f, g, pairs = random_pair(rng)
        net, name = ((f, "a"), (g, "b"))[int(rng.integers(0, 2))]
        if not net.layers:
            continue
        box = random_box(rng, f.n_inputs)
        unit = int(rng.integers(0, net.layers[0].width))
        points = points_of(rng, box, 30)
        affine = net.layers[0].affine
        before = Network(net.n_inputs, (), affine).exact(points).to_fractions()
        for sign in (1, -1):
            mine = [x for x, z in zip(points, before, strict=True) if z[unit] * sign >= 0]
            ends = [(Fraction(float(u)), Fraction(float(v))) for u, v in box.T]
            outputs = JointReplay(JointProgram.of(f, g, pairs))(ends, {(1, name, unit): sign})
            if mine:
                assert outputs is not None
                rows = (f.exact(mine) - g.exact(mine)).to_fractions()
                worst = max(Relation().gap(row, [Fraction(0)] * len(row)) for row in rows)
                assert worst <= gap_above(outputs, Relation())


def pair(seed: int) -> tuple[Network, Network]:
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((6, 2)), rng.standard_normal((3, 6))]
    near = [w + 0.02 * rng.standard_normal(w.shape) for w in weights]
    return Network.from_dense(weights), Network.from_dense(near)


def proof(
    f: Network, g: Network, domain: Domain, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Fraction]:
    """Return a certificate by boxes, and the exact supremum."""
    exact = supremum(f, g, domain, Relation(kind)).upper
    assert exact is not None
    monkeypatch.setattr("tropnet.equivalence.portfolio.MAX_INPUTS", 0)
    atol = exact * Fraction(11, 10) + Fraction(1, 100)
    verdict = compare_networks(f, g, domain, relation=kind, atol=atol)
    assert verdict.word == "Equivalent"
    assert verdict.certificate.upper.method == "boxes"
    return verdict.certificate, exact


DOMAINS: list[Domain] = [SQUARE, Polyhedron([[1, 1], [-1, 0], [0, -1]], [1, "1/3", 1])]


@pytest.mark.parametrize("domain", DOMAINS, ids=["box", "triangle"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_true_is_proven_and_what_is_not_refused(
    kind: Any, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    f, g = pair(3)
    certificate, exact = proof(f, g, domain, kind, monkeypatch)
    assert check_networks(certificate, f, g)
    upper, ends = certificate.upper, ([-1, -1], [1, 1])
    box = IntervalVector.of(*ends) if domain is SQUARE else IntervalVector.of(
        [Fraction(-1, 3), -1], [2, Fraction(4, 3)]
    )  # fmt: skip

    def replay(claimed: Any) -> None:
        replay_boxes((f, g), Relation(kind), domain, box, claimed, upper.data)

    replay(upper.value)
    for absent in {"tree", "bits", "constant"} & set(upper.data):
        rest = {name: value for name, value in upper.data.items() if name != absent}
        with pytest.raises(CertificateError):
            replay_boxes((f, g), Relation(kind), domain, box, Fraction(10**6), rest)
    if exact > 0:
        with pytest.raises(CertificateError, match="on a leaf of the tree the bound is"):
            replay(exact * Fraction(999, 1000))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tree": "0 ."}, "ends before its last leaf"),
        ({"tree": None}, "needs a tree"),
        ({"bits": None}, "bits has to be a number from 32"),
        ({"tree": ". ."}, "goes on after its last leaf"),
        ({"tree": "2 . ."}, "no such input or unit"),
        ({"tree": "1a6 . ."}, "no such input or unit"),
        ({"tree": "-1 . ."}, "no such input or unit"),
        ({"tree": "²"}, "no such input or unit"),
        ({"tree": 5}, "needs a tree"),
        ({"tree": ""}, "ends before its last leaf"),
        ({"bits": 31}, "bits has to be a number from 32"),
        ({"bits": 10**9}, "bits has to be a number from 32"),
        ({"bits": "64"}, "bits has to be a number from 32"),
        ({"constant": ["0", "0", "0"]}, "a constant says nothing"),
        ({"matchings": []}, "a matching for each of 1 layers"),
        ({"matchings": [[[0, 0, "-1"]]]}, "not positive"),
        ({"matchings": [[[0, 0, "1"], [0, 1, "1"]]]}, "uses a unit twice"),
        ({"matchings": [[[0, 6, "1"]]]}, "one that is not there"),
    ],
    ids=str,
)
def test_garbled_evidence_is_refused(change: dict[str, Any], message: str) -> None:
    f, g = pair(1)
    data = {"matchings": [[[0, 0, "1"]]], "tree": ".", "bits": 64, **change}
    box = IntervalVector.of([-1, -1], [1, 1])
    with pytest.raises(CertificateError, match=message):
        replay_boxes((f, g), Relation(), SQUARE, box, Fraction(10**6), data)


def test_any_tree_and_any_matching_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    f, g = pair(3)
    _, exact = proof(f, g, SQUARE, "equal", monkeypatch)
    rng = np.random.default_rng(0)
    words = ["0", "1", "1a0", "1b3", "1a5"]

    def tree(depth: int) -> str:
        if depth == 0 or rng.random() < 0.2:
            return "."
        return f"{words[rng.integers(0, 5)]} {tree(depth - 1)} {tree(depth - 1)}"

    box = IntervalVector.of([-1, -1], [1, 1])
    for _ in range(12):
        units = rng.permutation(6)
        matching = [[i, int(units[i]), str(Fraction(float(rng.uniform(0.2, 3))))] for i in range(4)]
        data = {"matchings": [matching], "tree": tree(4), "bits": 64}
        with pytest.raises(CertificateError):
            replay_boxes((f, g), Relation(), SQUARE, box, exact * Fraction(999, 1000), data)


def test_a_sample_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    f, g = pair(3)
    certificate, _ = proof(f, g, SQUARE, "equal", monkeypatch)
    total = certificate.upper.data["tree"].count(".")
    assert total > 1
    report = check_networks(certificate, f, g, sample=total - 1)
    assert not report
    assert report.sampled == (total - 1, total)
    assert "not a proof" in str(report)
    assert check_networks(certificate, f, g, sample=total)
    seen: list[tuple[int, int]] = []
    check_networks(certificate, f, g, progress=lambda k, n: seen.append((k, n)))
    assert seen[-1] == (total, total)
