from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tropnet.cli import main


@dataclass(frozen=True)
class Outcome:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> dict[str, str]:
        """The facts of a plain output."""
        pairs = (line.strip().partition(": ") for line in self.out.splitlines())
        return {name: value.strip() for name, _, value in pairs}


Run = Callable[..., Outcome]


@pytest.fixture
def tropnet(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; its output is no terminal."""

    def run(*arguments: object) -> Outcome:
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run
