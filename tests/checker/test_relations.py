from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward
from tropnet.checker.relations import Claim, Walk, replay_relations
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import relate
from tropnet.errors import CertificateError, TropnetError
from tropnet.exact import IntervalVector
from tropnet.network import Affine, Layer, Network
from tropnet.testing.strategies import disguised, networks, points

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
TURNED = Network.from_dense([[[2], [-3]], [["1/2", "1/3"]]])
LINE = IntervalVector.line(1)
SAME: dict[str, Any] = {
    "a": [["new", ["opposite", "a", 1, 0, "1"]]],
    "b": [[["same", "a", 1, 0, "2"], ["opposite", "a", 1, 0, "3"]]],
}


def replayed(evidence: Any, a: Network = ABSOLUTE, b: Network = TURNED) -> Any:
    return replay_relations(a, b, LINE, evidence).ends()


def test_true_claims_prove_equality() -> None:
    assert replayed(SAME) == [(0, 0)]


def test_fewer_claims_prove_less() -> None:
    assert replayed({"a": [["new", "new"]], "b": [["new", "new"]]}) == [(None, None)]


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ([["same", "a", 1, 0, "3"], "new"], "not the multiple claimed"),
        ([["same", "a", 1, 1, "2"], "new"], "not the multiple claimed"),
        ([["opposite", "a", 1, 0, "2"], "new"], "not the multiple claimed"),
        ([["same", "b", 1, 1, "2/3"], "new"], "not the multiple claimed"),
        ([["opposite", "b", 1, 1, "2/3"], ["same", "b", 1, 0, "3/2"]], "which is no atom"),
        ([["same", "b", 1, 0, "1"], "new"], "which is no atom"),
        ([["same", "b", 2, 0, "1"], "new"], "which is no atom"),
        ([["same", "a", 1, 7, "1"], "new"], "which is no atom"),
        (["dead", "new"], "unit 0 of layer 1 of network b: claimed dead"),
        (["new", "active"], "unit 1 of layer 1 of network b: claimed active"),
        (["affine", "new"], "its ReLU says otherwise"),
        (["new"], "do not fit its layers"),
        (["new", "new", "new"], "do not fit its layers"),
        (["new", "strange"], "not a claim about a unit: 'strange'"),
        (["new", ["same", "a", 1, 0, "0"]], "not a claim about a unit"),
        (["new", ["same", "a", 1, 0, "-3"]], "not a claim about a unit"),
        (["new", ["same", "c", 1, 0, "3"]], "not a claim about a unit"),
        (["new", ["same", "a", 0, 0, "3"]], "not a claim about a unit"),
        (["new", ["same", "a", 1, -1, "3"]], "not a claim about a unit"),
        (["new", ["same", "a", 1.0, 0, "3"]], "not a claim about a unit"),
        (["new", ["same", "a", 1, 0, 3]], "not a claim about a unit"),
        (["new", ["dead", "a", 1, 0, "3"]], "not a claim about a unit"),
        (["new", None], "not a claim about a unit"),
    ],
)
def test_false_and_garbled_claims_are_refused(claims: list[Any], message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        replayed({**SAME, "b": [claims]})


@pytest.mark.parametrize(
    "evidence",
    [
        None, [], "a", {}, {"a": SAME["a"]}, {**SAME, "b": None}, {**SAME, "b": []},
        {**SAME, "b": [5]}, {**SAME, "b": ["ab"]}, {**SAME, "b": [{"new": 1, "dead": 2}]},
        {**SAME, "b": {"0": ["new", "new"]}}, {**SAME, "b": [["new", "new"], []]},
    ],
)  # fmt: skip
def test_evidence_of_another_shape_is_refused(evidence: Any) -> None:
    with pytest.raises(CertificateError, match="do not fit its layers"):
        replayed(evidence)


def test_a_unit_without_relu_is_neither_atom_nor_dead() -> None:
    identity = Network(1, (Layer(Affine({0: [[1]]}, [0]), False),), Affine({1: [[1]]}))
    for claim in ("new", "dead", "active", ["same", "a", 1, 0, "1"]):
        with pytest.raises(CertificateError, match="its ReLU says otherwise"):
            replayed({"a": [["affine"]], "b": [[claim]]}, identity, identity)


def test_a_dead_unit_is_dead_only_on_the_domain() -> None:
    # relu(x − 1) is dead for x ≤ 1 and no further
    f = Network.from_dense([[[1]], [[1]]], [[-1], [0]])
    nothing = Network.from_dense([[[0]]])
    evidence = {"a": [["dead"]], "b": []}
    box = IntervalVector.of([0], [1])
    assert replay_relations(f, nothing, box, evidence).ends() == [(Fraction(0), Fraction(0))]
    beyond = IntervalVector.of([0], [1 + Fraction(1, 2**90)])
    for wider in (beyond, IntervalVector.of([None], [2]), LINE):
        with pytest.raises(CertificateError, match="claimed dead"):
            replay_relations(f, nothing, wider, evidence)


def test_a_false_unit_cannot_hide_behind_later_layers() -> None:
    # the second layer of b is twice that of a only if its first layer were the same
    f = Network.from_dense([[[1]], [[1]], [[1]]], [[0], [-1], [0]])
    g = Network.from_dense([[[3]], [[1]], [[1]]], [[0], [-1], [0]])
    lie = {"a": [["new"], ["new"]], "b": [["new"], [["same", "a", 2, 0, "1"]]]}
    with pytest.raises(CertificateError, match="layer 2 of network b"):
        replayed(lie, f, g)


@pytest.mark.parametrize(
    "claim", [Claim("dead"), Claim("same", ("a", 3, 0), Fraction(10**5000, 3))]
)
def test_claims_as_plain_data(claim: Claim) -> None:
    assert Claim.from_json(claim.to_json()) == claim


@given(st.data())
@settings(max_examples=60)
def test_what_is_found_is_replayed_and_holds(data: st.DataObject) -> None:
    a, b = data.draw(disguised(networks(n_outputs=1)))
    if data.draw(st.booleans()):
        b = data.draw(networks(n_inputs=a.n_inputs, n_outputs=1))
    problem = Problem.of(a, b, None)
    found = relate(problem)
    bounds = replay_relations(a, b, problem.box, found.data)
    assert bounds.ends() == found.bounds().ends()
    point = data.draw(points(a.n_inputs))
    gap = forward(a, point)[-1][0] - forward(b, point)[-1][0]
    ((low, high),) = bounds.ends()
    assert low is None or low <= gap
    assert high is None or gap <= high


def test_the_walk_knows_its_atoms() -> None:
    walk = Walk({"a": ABSOLUTE, "b": TURNED}, LINE)
    for _, _ in walk.layers("a"):
        walk.settle("a", 1, [Claim("new"), Claim("dead")])
    assert walk.atoms == {("a", 1, 0)}


def test_every_refusal_is_a_tropnet_error() -> None:
    assert issubclass(CertificateError, TropnetError)
