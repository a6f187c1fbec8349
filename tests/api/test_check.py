from __future__ import annotations

import json
from pathlib import Path

import pytest

import tropnet
from tropnet import Box, CertificateError
from tropnet.checker import Certificate
from tropnet.checker.certificate import seal

PAIRS = [
    ("examples:moons_a", "examples:moons_a_permuted"),
    ("examples:moons_a", "examples:moons_b"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("domain", [None, Box.cube(2)])
def test_what_compare_claims_is_replayed(
    a: str, b: str, domain: Box | None, tmp_path: Path
) -> None:
    verdict = tropnet.compare(a, b, domain)
    verdict.certificate.save(tmp_path / "c.json")
    for certificate in (verdict.certificate, tmp_path / "c.json", str(tmp_path / "c.json")):
        report = tropnet.check(certificate, a, b)
        assert report.valid, report.reason
        assert report.claim == verdict.certificate.claim


def test_other_models_do_not_pass() -> None:
    certificate = tropnet.compare(*PAIRS[0]).certificate
    report = tropnet.check(certificate, "examples:moons_a", "examples:moons_b")
    assert not report
    assert "network b has sha256" in report.reason
    assert str(report).startswith("INVALID: equivalent; network b")


def test_a_changed_file_is_noticed_and_a_resealed_lie_refuted(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    certificate = tropnet.compare(*PAIRS[1], Box.cube(2)).certificate
    certificate.save(path)
    data = json.loads(path.read_text())
    data["claim"] = "equivalent"
    path.write_text(json.dumps(data))
    with pytest.raises(CertificateError, match="the seal does not match"):
        tropnet.check(path, *PAIRS[1])
    del data["seal"]
    path.write_text(json.dumps({**data, "seal": seal(data)}))
    report = tropnet.check(path, *PAIRS[1])
    assert not report.valid
    assert "does not prove equivalence" in report.reason
    data["upper"] = {"value": "0", "method": "identical", "data": None}
    path.write_text(json.dumps({**data, "seal": seal(data)}))
    assert "claimed identical and are not" in tropnet.check(path, *PAIRS[1]).reason


def test_files_that_are_no_certificate(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="cannot read the certificate"):
        tropnet.check(tmp_path / "none.json", *PAIRS[0])
    (tmp_path / "text.json").write_text("certainly")
    with pytest.raises(CertificateError, match="is no sound JSON"):
        tropnet.check(tmp_path / "text.json", *PAIRS[0])
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(CertificateError, match="not a certificate"):
        tropnet.check(tmp_path / "other.json", *PAIRS[0])


def test_a_certificate_survives_the_file() -> None:
    certificate = tropnet.compare(*PAIRS[0]).certificate
    again = Certificate.from_json(json.loads(json.dumps(certificate.to_json())))
    assert again == certificate
