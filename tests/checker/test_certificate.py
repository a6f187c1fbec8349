from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.hard_pairs import two_norms
from tropnet.checker import Certificate, LowerEvidence, UpperEvidence, certificate, check_networks
from tropnet.checker.certificate import seal
from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError
from tropnet.network import Network

ABSOLUTE = Network.from_dense([[[1], [-1]], [[1, 1]]])
LARGE = Fraction(10**5000, 3)


def example(**changes: Any) -> Certificate:
    parts: dict[str, Any] = {
        "a": "00",
        "b": "11",
        "domain": Box([0], ["1/3"]),
        "atol": Fraction(1, 7),
        "norm": "2",
        "claim": "bracket",
        "lower": LowerEvidence(Fraction(1, 9), (Fraction(1, 4),)),
        "upper": UpperEvidence(Fraction(1, 2), "intervals", {"matchings": None}),
    }
    return Certificate(**{**parts, **changes})


def resealed(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = {key: value for key, value in {**data, **changes}.items() if key != "seal"}
    return {**body, "seal": seal(body)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"domain": None, "lower": LowerEvidence(None, (LARGE,), (Fraction(-1, 3),))},
        {"domain": Polyhedron([[LARGE]], [LARGE]), "upper": UpperEvidence(None, "none")},
        {"atol": LARGE, "upper": UpperEvidence(1 / LARGE, "cells", {"cells": 3})},
    ],
)
def test_save_and_load(changes: dict[str, Any], tmp_path: Path) -> None:
    original = example(**changes)
    original.save(tmp_path / "c.json")
    loaded = Certificate.load(tmp_path / "c.json")
    assert loaded.to_json() == original.to_json()
    assert (loaded.lower, loaded.upper, loaded.atol) == (
        original.lower,
        original.upper,
        original.atol,
    )
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]


def test_certificates_of_all_claims_stay_valid_in_a_file(tmp_path: Path) -> None:
    twice = Network.from_dense([[[2], [-2]], [[1, 1]]])
    found = {
        "equivalent": (ABSOLUTE, ABSOLUTE, None),
        "different": (ABSOLUTE, twice, None),
        "bracket": (*two_norms(), Box.cube(7)),
    }
    for claim, (a, b, domain) in found.items():
        verdict = compare_networks(a, b, domain, time_limit=2)
        assert verdict.certificate.claim == claim
        verdict.certificate.save(tmp_path / "c.json")
        assert check_networks(Certificate.load(str(tmp_path / "c.json")), a, b).valid


def test_any_change_breaks_the_seal() -> None:
    data = example().to_json()
    for key in data:
        changed = {**data, key: "x"}
        with pytest.raises(CertificateError):
            Certificate.from_json(changed)
    with pytest.raises(CertificateError, match="the seal does not match"):
        Certificate.from_json({**data, "atol": "1/8"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "tropnet/other"}, "not a certificate"),
        ({"version": 3}, "certificate version 3; this tropnet reads versions 1 to 2"),
        ({"claim": "equal"}, "the field 'claim' is 'equal'"),
        ({"claim": ["equivalent"]}, "the field 'claim'"),
        ({"relation": "same"}, "the field 'relation' is 'same'; known: equal, at_most, up_to_"),
        ({"relation": "argmax", "norm": "1"}, "norm '1' goes with the relation 'equal'"),
        ({"relation": "argmin", "norm": "inf", "scales": ["1"]}, "a tolerance for each output"),
        ({"scales": ["1", "0"]}, "the scales of the outputs have to be positive"),
        ({"spread": {}}, "a field is missing or garbled"),
        ({"more": 1}, "unknown field 'more'"),
        ({"norm": "3"}, "the field 'norm'"),
        ({"norm": 2}, "the field 'norm'"),
        ({"a": 5}, "the field 'a' is not a text"),
        ({"atol": 0}, "the field 'atol' is not a text"),
        ({"atol": "nan"}, "atol is 'nan'"),
        ({"atol": "inf"}, "garbled"),
        ({"domain": {"type": "ball"}}, "unknown domain type 'ball'"),
        ({"domain": {"type": "box", "lower": ["1"], "upper": ["0"]}}, "the box is empty"),
        ({"domain": None}, "missing or garbled"),
        ({"lower": None}, "missing or garbled"),
        ({"lower": {"value": "0", "point": "12", "direction": None}}, "is not a list"),
        ({"lower": {"value": "0", "point": [1], "direction": None}}, "is not a text"),
        ({"lower": {"value": 0, "point": ["1"], "direction": None}}, "is not a text"),
        ({"lower": {"value": "0", "point": ["1"]}}, "missing or garbled"),
        ({"upper": {"value": "0", "method": "faith", "data": None}}, "the field 'upper.method'"),
        ({"upper": {"value": "0", "method": "none"}}, "missing or garbled"),
    ],
)
def test_garbled_fields_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        Certificate.from_json(resealed(example().to_json(), **changes))


@pytest.mark.parametrize("key", sorted(set(example().to_json()) - {"seal"}))
def test_a_missing_field_is_refused(key: str) -> None:
    body = {k: v for k, v in example().to_json().items() if k not in (key, "seal")}
    with pytest.raises(CertificateError):
        Certificate.from_json({**body, "seal": seal(body)})


@pytest.mark.parametrize("data", [None, [], "text", 5, {}, {"schema": None}])
def test_what_is_no_certificate_is_refused(data: Any) -> None:
    with pytest.raises(CertificateError, match="not a certificate"):
        Certificate.from_json(data)


def test_what_json_cannot_hold_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(sys.getrecursionlimit() * 2):
        deep = [deep]
    for stranger in ({1, 2}, b"x", object(), deep, 10**5000):
        with pytest.raises(CertificateError, match="no plain JSON data"):
            Certificate.from_json({**example().to_json(), "atol": stranger})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "cannot read"),
        (b"[" * 100_000, "is not JSON"),
        (b"[" + b"9" * 5000 + b"]", "is not JSON"),
        (b"[]", "not a certificate"),
    ],
)
def test_files_that_are_no_certificate(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(CertificateError, match=message):
        Certificate.load(path)


def test_files_that_cannot_be_read_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CertificateError, match="cannot read the certificate"):
        Certificate.load(tmp_path / "absent.json")
    with pytest.raises(CertificateError, match="cannot write the certificate"):
        example().save(tmp_path / "absent" / "c.json")
    example().save(tmp_path / "c.json")
    monkeypatch.setattr(certificate, "LARGEST_FILE", 10)
    with pytest.raises(CertificateError, match="larger than 10 bytes"):
        Certificate.load(tmp_path / "c.json")


def test_the_file_is_plain_json_with_rationals_as_texts() -> None:
    data = json.loads(json.dumps(example().to_json()))
    assert data["lower"] == {"value": "1/9", "point": ["1/4"], "direction": None,
                             "other": None}  # fmt: skip
    assert data["atol"] == "1/7"


def test_repr_is_short_for_numbers_of_any_size() -> None:
    shown = repr(example(upper=UpperEvidence(LARGE, "none")))
    assert shown.startswith("Certificate(bracket, 1/9 <= sup|f-g| <= ")
    assert len(shown) < 120


def test_version_1_is_read_and_cannot_say_more() -> None:
    body = {k: v for k, v in example().to_json().items() if k not in ("scales", "spread", "seal")}
    body = {**body, "version": 1, "lower": {**body["lower"]}}
    del body["lower"]["other"]
    assert Certificate.from_json({**body, "seal": seal(body)}) == example()
    for changes in (
        {"relation": "at_most"},
        {"scales": ["1"]},
        {"spread": None},
        {"lower": {**body["lower"], "other": ["0"]}},
        {"more": 0},
    ):
        changed = {**body, **changes}
        with pytest.raises(CertificateError, match=r"version 1|unknown field"):
            Certificate.from_json({**changed, "seal": seal(changed)})


@pytest.mark.parametrize("place", ["lower", "upper"])
def test_unknown_fields_inside_are_refused(place: str) -> None:
    data = example().to_json()
    with pytest.raises(CertificateError, match=f"unknown field '{place}.more'"):
        Certificate.from_json(resealed(data, **{place: {**data[place], "more": 1}}))
