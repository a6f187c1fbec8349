"""Assertions inside a session: proven once, replayed then, and proven again where that fails."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest

from tropnet import Box, DomainError, Equivalent, Network, Undecided
from tropnet.checker.certificate import seal
from tropnet.testing import (
    DifferentAssertionError,
    UndecidedAssertionError,
    UndecidedWarning,
    assert_equivalent,
    assert_within,
)
from tropnet.testing.proof_session import ProofSession, begin, end

F = Network.from_dense([[[1], [-1]], [[1, 1]]])
COPY = Network.from_dense([[[-2], [1]], [["1/2", 1]]])
NEAR = Network.from_dense([[[1], [-1]], [[1, "1.25"]]])
BOX = Box([-1], [1])


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ProofSession]:
    made = ProofSession(tmp_path / "kept")
    begin(made)
    yield made
    end(made)


def _counts(session: ProofSession) -> dict[str, int]:
    return {outcome: count for outcome, count in session.counts().items() if count}


def _file(session: ProofSession) -> Path:
    assert session.folder is not None
    (path,) = session.folder.glob("*.json")
    return path


def _no_search(*_: Any, **__: Any) -> None:
    raise AssertionError("compared again")


def test_the_second_time_nothing_is_searched(
    session: ProofSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = assert_within(F, NEAR, BOX, "0.3")
    monkeypatch.setattr(sys.modules["tropnet.api.compare"], "compare", _no_search)
    again = assert_within(F, NEAR, BOX, "0.30", time_limit=5)
    assert isinstance(again, Equivalent)
    assert again.method == "a stored certificate, replayed"
    for name in ("relation", "domain", "atol", "norm", "lower", "upper", "certificate", "notes"):
        assert getattr(again, name) == getattr(first, name)
    assert _counts(session) == {"proven": 1, "replayed": 1}
    with pytest.raises(AssertionError, match="compared again"):
        assert_within(F, NEAR, BOX, "0.29")


def test_reprove_proves_and_replaces(session: ProofSession) -> None:
    assert_equivalent(F, COPY)
    path = _file(session)
    path.write_text("old")
    session.reprove = True
    assert_equivalent(F, COPY)
    assert _counts(session) == {"proven": 2}
    assert json.loads(path.read_text())["claim"] == "equivalent"
    assert not any(each.note for each in session.settled)


def test_failures_are_not_kept(session: ProofSession) -> None:
    for _ in range(2):
        with pytest.raises(DifferentAssertionError):
            assert_within(F, NEAR, BOX, "0.1")
    assert _counts(session) == {"different": 2}
    assert session.folder is not None
    assert not session.folder.exists()


def test_a_forged_proof_of_a_false_claim_fails_all_the_same(session: ProofSession) -> None:
    assert_within(F, NEAR, BOX, "0.25")
    true = _file(session)
    data = json.loads(true.read_text())
    with pytest.raises(DifferentAssertionError) as caught:
        assert_within(F, NEAR, BOX, "0.2")
    # the certificate of the wider tolerance, rewritten to claim the narrower one
    from tropnet.testing.question import Question

    question = Question.asked(F, NEAR, BOX, {"atol": "0.2"})
    assert question is not None
    data["atol"], data["upper"]["value"], data["lower"]["value"] = "1/5", "1/5", "0"
    del data["seal"]
    true.with_name(f"{question.digest}.json").write_text(json.dumps({**data, "seal": seal(data)}))
    with pytest.raises(DifferentAssertionError) as again:
        assert_within(F, NEAR, BOX, "0.2")
    assert str(again.value) == str(caught.value)
    assert session.settled[-1].note.startswith(
        f"stored certificate {question.digest[:12]} was not used: it does not prove its claim: "
    )


def test_a_spoiled_certificate_is_replaced_and_told_of(session: ProofSession) -> None:
    assert_equivalent(F, COPY)
    path = _file(session)
    whole = path.read_text()
    path.write_text(whole.replace("equivalent", "different"))
    assert assert_equivalent(F, COPY)
    assert path.read_text() == whole
    assert "the seal does not match" in session.settled[-1].note
    assert assert_equivalent(F, COPY)
    assert _counts(session) == {"proven": 2, "replayed": 1}


def test_where_proving_is_quicker_than_replaying_it_is_proven(session: ProofSession) -> None:
    assert_equivalent(F, COPY)
    hint = _file(session).with_suffix(".seconds")
    hint.write_text("0.5 70")
    verdict = assert_equivalent(F, COPY)
    assert verdict.method != "a stored certificate, replayed"
    assert session.settled[-1].note.endswith("not used: replaying it would take about 70 s")
    assert hint.read_text().endswith(" 70\n")  # and so it will be next time
    hint.write_text("70 0.5")
    assert_equivalent(F, COPY)
    assert _counts(session) == {"proven": 2, "replayed": 1}


def test_a_bracket_wider_than_the_precision_asked_for_is_not_used(session: ProofSession) -> None:
    assert_within(F, NEAR, BOX, "0.3")
    path = _file(session)
    data = json.loads(path.read_text())
    assert assert_within(F, NEAR, BOX, "0.3", precision="0.01").method.endswith("replayed")
    del data["seal"]
    data["upper"]["value"] = "3/10"  # as true as before
    path.write_text(json.dumps({**data, "seal": seal(data)}))
    assert assert_within(F, NEAR, BOX, "0.3").method.endswith("replayed")
    assert assert_within(F, NEAR, BOX, "0.3", precision="0.01").upper == Fraction(1, 4)
    assert session.settled[-1].note.endswith("wider than the precision asked for")


def test_whatever_a_file_brings_about_proves_nothing(
    session: ProofSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_equivalent(F, COPY)

    def crash(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("tropnet.testing.certificate_store.check_networks", crash)
    assert assert_equivalent(F, COPY)
    assert session.settled[-1].outcome == "proven"
    assert session.settled[-1].note.endswith("was not used: MemoryError")


def test_a_folder_that_cannot_be_written_fails_no_test(session: ProofSession) -> None:
    assert session.folder is not None
    session.folder.write_text("in the way")
    assert assert_equivalent(F, COPY)
    assert "a certificate was not kept: cannot write to" in session.settled[-1].note


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = ProofSession(None)
    begin(session)
    try:
        assert_equivalent(F, COPY)
        assert_equivalent(F, COPY)
    finally:
        end(session)
        end(session)
    assert _counts(session) == {"proven": 2}
    assert not list(tmp_path.iterdir())


def test_errors_are_as_without_a_session(session: ProofSession) -> None:
    with pytest.raises(DomainError, match="a tolerance is zero or positive"):
        assert_within(F, COPY, BOX, -1)
    with pytest.raises(TypeError, match="nonsense"):
        assert_within(F, COPY, BOX, 1, nonsense=2)
    with pytest.raises(DomainError, match="unknown undecided='pass'; known: fail, skip, warn"):
        assert_within(F, COPY, BOX, 1, undecided="pass")  # type: ignore[arg-type]
    assert session.settled == []


def test_undecided_fails_is_skipped_or_warned_of(session: ProofSession) -> None:
    with pytest.raises(UndecidedAssertionError) as caught:
        assert_equivalent(F, COPY, BOX, time_limit=1e-6)
    assert isinstance(caught.value.verdict, Undecided)
    assert f"  proven:    {caught.value.verdict.bracket}\n" in str(caught.value)
    with pytest.raises(SkipTest, match=r"undecided: .* \(proven: 0 <= "):
        assert_equivalent(F, COPY, BOX, time_limit=1e-6, undecided="skip")
    with pytest.warns(UndecidedWarning, match="It is undecided") as warned:
        verdict = assert_equivalent(F, COPY, BOX, time_limit=1e-6, undecided="warn")
    assert isinstance(verdict, Undecided)
    assert warned[0].filename == __file__
    assert _counts(session) == {"undecided": 3}
    assert session.folder is not None
    assert not session.folder.exists()


def test_undecided_says_nothing_of_a_difference() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DifferentAssertionError):
            assert_within(F, NEAR, BOX, "0.1", undecided="warn")


def test_failures_survive_a_process_pool() -> None:
    with pytest.raises(DifferentAssertionError) as caught:
        assert_within(F, NEAR, BOX, "0.1")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.verdict) == (str(caught.value), caught.value.verdict)
