from __future__ import annotations

import io

import pytest

from tropnet.cli.share_bar import share_bar


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_says_what_goes_on_and_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    for share, shown in ((0.25, "about 25.0%"), (1e-9, "less than 0.1%")):
        with share_bar("comparing") as told:
            assert told is not None
            told("boxes", None)
            told("0.1 <= sup|f-g| <= 9\x1b", share)
        assert shown in screen.getvalue()
    assert "comparing: 0.1 <= sup|f-g| <= 9" in screen.getvalue()


def test_nothing_is_drawn_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)
    with share_bar("comparing") as told:
        assert told is None
    assert pipe.getvalue() == ""
