from __future__ import annotations

import io
import sys

import pytest

from tropnet.cli.progress_bar import progress_bar


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _terminal(patch: pytest.MonkeyPatch) -> _Terminal:
    stream = _Terminal()
    patch.setattr(sys, "stderr", stream)  # not in a fixture: pytest sets its own after those
    patch.setenv("TERM", "xterm")
    return stream


def test_the_last_count_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with progress_bar("replaying", "leaves") as told:
        assert told is not None
        for done in range(1, 5001):
            told(done, 5000, done)
    assert "replaying" in terminal.getvalue()
    assert "5,000 leaves" in terminal.getvalue()


def test_many_calls_are_few_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.progress import Progress

    _terminal(monkeypatch)
    updates: list[int] = []
    monkeypatch.setattr(Progress, "update", lambda *_, **given: updates.append(given["cells"]))
    monkeypatch.setattr("tropnet.cli.progress_bar.time.monotonic", lambda: 1.0)
    with progress_bar("counting") as told:
        assert told is not None
        for done in range(1, 5001):
            told(done, 5000, done)
    assert updates == [1, 5000]


def test_a_pipe_gets_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar("replaying") as told:
        assert told is None
    assert capfd.readouterr().err == ""
