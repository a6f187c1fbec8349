"""A store whose folder is anybody's: nothing in it is believed."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tropnet import Box, CertificateError, Network, compare
from tropnet.checker.certificate import seal
from tropnet.testing.certificate_store import (
    MOST_BYTES,
    CertificateStore,
    Seconds,
    SlowReplayError,
)
from tropnet.testing.question import Question

F = Network.from_dense([[[1], [-1]], [[1, 1]]])
PERMUTED = Network.from_dense([[[-2], [1]], [["1/2", 1]]])
NEAR = Network.from_dense([[[1], [-1]], [[1, "1.25"]]])
BOX = Box([-1], [1])


def _question(a: Network = F, b: Network = PERMUTED, **options: Any) -> Question:
    asked = Question.asked(a, b, options.pop("domain", BOX), options)
    assert asked is not None
    return asked


@pytest.fixture
def store(tmp_path: Path) -> CertificateStore:
    return CertificateStore(tmp_path / "kept")


def _refused(store: CertificateStore, question: Question, b: Network = PERMUTED) -> str:
    assert store.holds(question)
    with pytest.raises(CertificateError) as caught:
        store.replayed(question, F, b, time_limit=60)
    said = str(caught.value)
    assert "\n" not in said
    return said


def _put(store: CertificateStore, question: Question, data: dict[str, Any]) -> None:
    """Write a certificate with a seal that fits, as somebody who wants to be believed would."""
    store.folder.mkdir(exist_ok=True)
    body = {key: value for key, value in data.items() if key != "seal"}
    store.path(question).write_text(json.dumps({**body, "seal": seal(body)}))


def test_what_was_kept_is_replayed(store: CertificateStore) -> None:
    question, certificate = _question(), compare(F, PERMUTED, BOX).certificate
    assert not store.holds(question)
    assert not store.folder.exists()
    store.keep(question, certificate)
    assert store.replayed(question, F, PERMUTED, time_limit=60) == certificate
    assert [p.name for p in store.folder.iterdir()] == [f"{question.digest}.json"]


def test_the_file_is_a_certificate_like_any_other(store: CertificateStore) -> None:
    from tropnet import check

    store.keep(_question(), compare(F, PERMUTED, BOX).certificate)
    assert check(store.path(_question()), F, PERMUTED).valid


def test_only_the_answer_to_the_question_is_kept(store: CertificateStore) -> None:
    certificate = compare(F, PERMUTED, BOX).certificate
    others = [_question(domain=None), _question(atol="0.1"), _question(norm="2"), _question(b=NEAR)]
    for other in others:
        with pytest.raises(CertificateError, match="no answer to the question asked"):
            store.keep(other, certificate)
    with pytest.raises(CertificateError, match="no answer to the question asked"):
        store.keep(_question(b=NEAR), compare(F, NEAR, BOX).certificate)
    assert not store.folder.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"garbage", "no sound JSON"),
        (b"\x00\xff\xfe", "is no text"),
        (b"{}", "no schema"),
        (b"[1]", "no JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema": "tropnet/certificate", "version": 99}', "version 99"),
        (b'{"schema": "tropnet/certificate", "version": 1}', "seal does not match"),
    ],
)
def test_garbage(store: CertificateStore, content: bytes, said: str) -> None:
    store.folder.mkdir()
    store.path(_question()).write_bytes(content)
    assert said in _refused(store, _question())


def test_a_huge_file_is_not_read(store: CertificateStore) -> None:
    store.folder.mkdir()
    with store.path(_question()).open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)  # takes no room on the disk
    assert "bytes, more than" in _refused(store, _question())


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [_folder, _pipe, _dangling, _device, _itself])
def test_what_is_no_file(store: CertificateStore, make: Callable[[Path], None]) -> None:
    store.folder.mkdir()
    make(store.path(_question()))
    assert _refused(store, _question())


def test_a_certificate_of_other_networks(store: CertificateStore) -> None:
    _put(store, _question(b=NEAR), compare(F, PERMUTED, BOX).certificate.to_json())
    assert _refused(store, _question(b=NEAR), NEAR) == "it answers another question"


@pytest.mark.parametrize(
    "asked", [{"domain": None}, {"domain": Box([-2], [1])}, {"atol": "0.2"}, {"norm": "2"}]
)
def test_a_certificate_of_another_question(store: CertificateStore, asked: dict[str, Any]) -> None:
    true = compare(F, NEAR, BOX, atol="0.25").certificate
    assert true.claim == "equivalent"
    question = _question(b=NEAR, **{"atol": "0.25", **asked})
    _put(store, question, true.to_json())
    assert _refused(store, question, NEAR) == "it answers another question"


def test_a_refutation_is_no_proof(store: CertificateStore) -> None:
    different = compare(F, NEAR, BOX).certificate
    _put(store, _question(b=NEAR), different.to_json())
    assert _refused(store, _question(b=NEAR), NEAR) == ("it claims 'different', not 'equivalent'")


@pytest.mark.parametrize("method", ["identical", "relations", "intervals", "cells", "none", "?"])
@pytest.mark.parametrize("source", ["refutation", "wider tolerance", "other network"])
def test_a_lie_with_a_fitting_seal(store: CertificateStore, method: str, source: str) -> None:
    certificates = {
        "refutation": compare(F, NEAR, BOX).certificate,
        "wider tolerance": compare(F, NEAR, BOX, atol="0.25").certificate,
        "other network": compare(F, PERMUTED, BOX).certificate,
    }
    data = certificates[source].to_json()
    question = _question(b=NEAR)
    told = data["upper"]["data"] if data["upper"]["method"] == method else {}
    data |= {"claim": "equivalent", "atol": "0", "b": NEAR.sha256}
    data["lower"] |= {"value": "0", "direction": None}
    data["upper"] = {"value": "0", "method": method, "data": told}
    _put(store, question, data)
    assert _refused(store, question, NEAR)


def test_a_replay_that_takes_too_long_is_given_up(store: CertificateStore) -> None:
    a, b = (
        Network.from_dense([[[k, 1], [1, -k], [k, 3]], [[1, -2, 1]]], [[1, k, 2], [0]])
        for k in (1, 2)
    )
    most = compare(a, b, Box.cube(2)).upper
    proof = compare(a, b, Box.cube(2), atol=most).certificate
    assert (proof.claim, proof.upper.method) == ("equivalent", "cells")
    question = Question.of(proof)
    store.keep(question, proof)
    assert store.replayed(question, a, b, time_limit=60) == proof
    with pytest.raises(SlowReplayError, match="replaying it would take about ") as caught:
        store.replayed(question, a, b, time_limit=1e-9)
    assert caught.value.estimate > 0
    assert pickle.loads(pickle.dumps(caught.value)).estimate == caught.value.estimate


def test_seconds_are_a_hint_that_may_be_anything(store: CertificateStore) -> None:
    question, path = _question(), store.folder / f"{_question().digest}.seconds"
    assert store.seconds(question) == Seconds(math.inf, 0)
    store.note_seconds(question, Seconds(1.5, 20))
    assert store.seconds(question) == Seconds(1.5, 20)
    for text in ("", "1", "1 2 3", "a b", "-1 2", "nan 1", "1 nan", "\x00", "9" * 1000):
        path.write_text(text)
        assert store.seconds(question) == Seconds(), text
    path.write_bytes(b"\xff")
    assert store.seconds(question) == Seconds()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    certificate = compare(F, PERMUTED, BOX).certificate
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CertificateError, match="cannot write to"):
            CertificateStore(folder).keep(_question(), certificate)


def test_a_read_only_folder(store: CertificateStore) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    store.folder.mkdir(mode=0o500)
    with pytest.raises(CertificateError, match="cannot write to"):
        store.keep(_question(), compare(F, PERMUTED, BOX).certificate)


def test_a_disk_that_is_full_leaves_nothing(
    store: CertificateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CertificateError, match="No space left on device"):
        store.keep(_question(), compare(F, PERMUTED, BOX).certificate)
    assert list(store.folder.iterdir()) == []


def test_two_processes_write_and_read_at_once(store: CertificateStore) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tropnet import compare
        from tests.testing.test_certificate_store import BOX, F, PERMUTED, _question
        from tropnet.testing.certificate_store import CertificateStore
        store = CertificateStore(Path(sys.argv[1]))
        certificate = compare(F, PERMUTED, BOX).certificate
        for _ in range(30):
            store.keep(_question(), certificate)
            store.replayed(_question(), F, PERMUTED, 60)
        """
    )
    command = [sys.executable, "-c", program, str(store.folder)]
    runs = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    assert [p.name for p in store.folder.iterdir()] == [f"{_question().digest}.json"]
