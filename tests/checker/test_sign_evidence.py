"""Evidence for signs of units: what is true replays, what is changed is refused or still true."""

from __future__ import annotations

import copy
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.checker.mutants import fate, mutants
from tropnet import Box, Network
from tropnet.checker import Certificate, check_networks
from tropnet.checker.certificate import seal
from tropnet.checker.check import fault
from tropnet.checker.sign_evidence import replay_signs, unit_network, zero_network
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.simplification import unit_signs
from tropnet.simplification.simplify_network import simplify_network

SQUARE = Box.cube(2)
#: The hat on the second layer is at most 1: intervals and lines do not show it.
HAT = Network.from_dense(
    [[[1, 0], [1, 0], [1, 0]], [[2, -4, 2], [-2, 4, -2]], [[1, 1]]],
    [["1/2", 0, "-1/2"], [-1, 1], [0]],
)


def proof(unit: int, kind: str, domain: Any = SQUARE) -> dict[str, Any]:
    own = unit_network(HAT, 2, unit, 1 if kind == "dead" else -1)
    verdict = compare_networks(own, zero_network(2), domain, relation="at_most")
    assert verdict.word == "Equivalent"
    return verdict.certificate.to_json()


def replay(data: Any, domain: Any = SQUARE) -> list[IntervalVector]:
    box = IntervalVector.of(domain.lower, domain.upper)
    return replay_signs(HAT, domain, box, data, fault)


def test_a_search_shows_what_bounds_do_not() -> None:
    assert replay({})[1].at_most_zero().tolist() == [False, False]
    found = replay({"proofs": [[2, 0, "dead", proof(0, "dead")]]})[1]
    assert found.at_most_zero().tolist() == [True, False]
    found = replay({"proofs": [[2, 1, "active", proof(1, "active")]]})[1]
    assert found.at_least_zero().tolist() == [False, True]


def test_evidence_of_something_else_is_refused() -> None:
    good = proof(0, "dead")
    small = proof(0, "dead", Box.cube(2, 0, 1))
    equal = compare_networks(HAT, HAT, SQUARE).certificate.to_json()
    loose = compare_networks(
        unit_network(HAT, 2, 1, 1), zero_network(2), SQUARE, relation="at_most", atol=5
    ).certificate.to_json()
    for item in (
        [2, 1, "dead", good],
        [2, 0, "active", good],
        [1, 0, "dead", good],
        [3, 0, "dead", good],
        [2, 2, "dead", good],
        [2, -1, "dead", good],
        [2, 0, "dead", small],
        [2, 0, "dead", equal],
        [2, 1, "dead", loose],
        [2, 0, "dead", {}],
        [2, 0, "dead"],
        "dead",
    ):
        with pytest.raises(CertificateError):
            replay({"proofs": [item]})
    odd: list[Any] = [None, [], {"proofs": 1}, {"slopes": {}}, {"more": []}]
    for data in odd:
        with pytest.raises(CertificateError):
            replay(data)


def test_changed_proofs_are_refused() -> None:
    good = proof(0, "dead")
    for name, value in (
        ("claim", "different"), ("relation", "equal"), ("a", "0" * 64), ("b", "0" * 64),
        ("atol", "1"), ("norm", "2"),
    ):  # fmt: skip
        changed = copy.deepcopy(good)
        assert changed[name] != value
        changed[name] = value
        changed.pop("seal")
        changed["seal"] = seal(changed)
        with pytest.raises(CertificateError):
            replay({"proofs": [[2, 0, "dead", changed]]})


def test_proofs_do_not_rest_on_proofs() -> None:
    own, zero = unit_network(HAT, 2, 0, 1), zero_network(2)
    assert fault(Certificate.from_json(proof(0, "dead")), own, zero) is None
    changed = proof(0, "dead")
    changed.pop("seal")
    changed["upper"] = {"value": "0", "method": "relations", "data": {"signs": {}}}
    changed["seal"] = seal(changed)
    assert "do not rest" in str(fault(Certificate.from_json(changed), own, zero))


def no_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_signs, "sign_cases", lambda *_, **__: None)


def test_mutants_of_cases_are_rejected_or_true() -> None:
    found = simplify_network(HAT, SQUARE)
    assert found.result.n_relu < HAT.n_relu
    assert found.certificate is not None
    data = found.certificate.to_json()
    signs = data["upper"]["data"]["signs"]
    assert signs["cases"]
    assert not signs["proofs"]
    assert check_networks(found.certificate, HAT, found.result)
    tally = Counter(fate(m, HAT, found.result) for m in mutants(data, Random(3), 60))
    for mutant in mutants({"cases": signs["cases"]}, Random(4), 200):  # in the cases alone
        changed = copy.deepcopy(data)
        changed["upper"]["data"]["signs"]["cases"] = mutant.get("cases")
        changed.pop("seal")
        changed["seal"] = seal(changed)
        tally[fate(changed, HAT, found.result)] += 1
    assert tally["unreadable"] + tally["rejected"] > 80, tally


def test_mutants_of_a_simplification_are_rejected_or_true(monkeypatch: pytest.MonkeyPatch) -> None:
    no_cases(monkeypatch)
    found = simplify_network(HAT, SQUARE)
    assert found.result.n_relu < HAT.n_relu
    assert found.certificate is not None
    data = found.certificate.to_json()
    assert data["upper"]["data"]["signs"]["proofs"]
    assert check_networks(found.certificate, HAT, found.result)
    for k in range(3):  # with slopes too, which are of no use here
        data["upper"]["data"]["signs"]["slopes"].append([2, k % 2, "upper", [[k, 5, 7]]])
    tally = Counter(fate(m, HAT, found.result) for m in mutants(data, Random(1), 100))
    assert tally["unreadable"] + tally["rejected"] > 30, tally
    proofs = data["upper"]["data"]["signs"]["proofs"]
    whole = proofs[0][3]
    for inner in mutants(whole, Random(2), 60):  # with seals of their own
        proofs[0][3] = inner
        data.pop("seal", None)
        data["seal"] = seal(data)
        tally[fate(data, HAT, found.result)] += 1
    assert tally["unreadable"] + tally["rejected"] > 60, tally


def test_without_its_signs_a_simplification_is_not_proven() -> None:
    found = simplify_network(HAT, SQUARE)
    assert found.certificate is not None
    data = found.certificate.to_json()
    data.pop("seal")
    del data["upper"]["data"]["signs"]
    data["seal"] = seal(data)
    assert not check_networks(Certificate.from_json(data), HAT, found.result)


def test_proofs_of_signs_do_not_rest_on_others_in_links() -> None:
    own, zero = unit_network(HAT, 2, 0, 1), zero_network(2)
    data = {key: v for key, v in proof(0, "dead").items() if key != "seal"}
    data["upper"] = {**data["upper"], "method": "relations", "data": {"through": [
        {"network": {}, "data": {"signs": {}}}
    ]}}  # fmt: skip
    nested = Certificate.from_json({**data, "seal": seal(data)})
    assert fault(nested, own, zero) == "proofs of signs do not rest on proofs of signs"
