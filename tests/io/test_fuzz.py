"""Damaged files of every kind load, or end in a TropnetError of one line, and nothing else happens.

A short run; `python -m tests.io.fuzz [FILES] [SEED] [WORD …]` makes long ones and limits memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.io import fuzz as script
from tests.io.fuzz import KINDS, SLOW, Kind, damaged, fuzz
from tropnet.errors import FormatError
from tropnet.io import load

_COUNT = int(os.environ.get("FUZZ_FILES", "150"))
_QUICK = sorted(KINDS.keys() - SLOW)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", _QUICK)
def test_only_tropnet_errors_leave_a_reader(tmp_path: Path, kind: str) -> None:
    tally = fuzz(kind, range(_COUNT), 0, tmp_path)
    assert not tally.faults
    assert tally.files == _COUNT
    assert sum(tally.refusals.values()) > _COUNT // 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", _QUICK)
def test_seeds_are_sound(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"f.{KINDS[kind].suffix}"
    for number, content in enumerate(KINDS[kind].seeds()):
        path.write_bytes(content)
        if kind == "torch" and number:  # a checkpoint, and sparse tensors
            with pytest.raises(Exception, match=r"pass key='model'|no plain dense tensor"):
                load(path)
        else:
            KINDS[kind].read(path)


def test_what_is_damaged_can_be_repeated() -> None:
    for kind in _QUICK:
        files = [damaged(kind, 1, number) for number in range(20)]
        assert files == [damaged(kind, 1, number) for number in range(20)]
        assert len(set(files)) > 10
        assert files != [damaged(kind, 2, number) for number in range(20)]


def _raises(error: BaseException) -> Callable[[Path], Any]:
    def read(_: Path) -> None:
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (_raises(KeyError("x")), "KeyError: 'x'"),
        (_raises(RecursionError("deep")), "RecursionError: deep"),
        (_raises(SystemExit(3)), "SystemExit: 3"),
        (_raises(MemoryError()), "MemoryError"),
        (_raises(FormatError("two\nlines")), "unprintable or long"),
        (_raises(FormatError("a" * 2000)), "unprintable or long"),
        (_raises(FormatError("f needs more memory than there is")), "needs more memory"),
        (lambda path: (path.parent / "new").touch(), "it wrote a file"),
    ],
)
def test_faults_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Any], fault: str
) -> None:
    kind = KINDS["nnet"]
    monkeypatch.setitem(script.KINDS, "nnet", Kind("nnet", kind.seeds, kind.inside, read))
    (found,) = fuzz("nnet", range(1), 5, tmp_path).faults
    assert found.startswith("nnet 5 0: ")
    assert fault in found
