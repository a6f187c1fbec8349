"""What README and documentation show is what happens."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tropnet
from tropnet.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("[!_]*/*.md")), ROOT / "docs/tutorial.md"]
ELLIPSIS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def _commands(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of, as the current one."""
    import torch

    monkeypatch.chdir(tmp_path)
    shutil.copy(tropnet.examples.path("moons_a"), "model.pt")
    shutil.copy(tropnet.examples.path("moons_a_permuted"), "model.onnx")
    state = torch.load("model.pt", weights_only=True)
    torch.save({"epoch": 7, "model": {"state": state}}, "checkpoint.pt")
    return tmp_path


def _ours(page: Path) -> list[tuple[str, str]]:
    shown = [c for block in _blocks(page, "console") for c in _commands(block)]
    return [(command, output) for command, output in shown if command.startswith("tropnet ")]


@pytest.mark.parametrize("page", [p for p in PAGES if _ours(p)], ids=lambda page: page.name)
def test_commands_print_what_is_shown(
    page: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, expected in _ours(page):
        main(shlex.split(command)[1:])
        captured = capsys.readouterr()
        got = captured.out + captured.err
        assert got, command
        if expected:
            assert doctest.OutputChecker().check_output(expected, got, ELLIPSIS), (command, got)


def test_there_are_commands_to_run() -> None:
    assert sum(len(_ours(page)) for page in PAGES) >= 9


def test_the_python_of_the_readme_runs(models: Path) -> None:
    code = "\n".join(_blocks(ROOT / "README.md", "python"))
    assert "tropnet.compare" in code
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_the_readmes_commands_name_what_is_there() -> None:
    commands = [c for b in _blocks(ROOT / "README.md", "console") for c, _ in _commands(b)]
    assert commands[0].startswith("pip install torch==2.13.0 -e . && tropnet compare examples:")
    assert 'pip install torch==2.13.0 -e ".[dev]" && pytest' in commands


@pytest.mark.parametrize("name", sorted(set(tropnet.__all__) - {"__version__"}))
def test_every_public_name_has_its_place_in_the_reference(name: str) -> None:
    pages = "\n".join(p.read_text("utf-8") for p in (ROOT / "docs/reference").glob("*.md"))
    whole = set(re.findall(r"automodule:: (\S+)", pages))
    home = getattr(getattr(tropnet, name), "__module__", f"tropnet.{name}")
    listed = re.search(rf"auto\w+:: tropnet\.{name}$", pages, re.M)
    assert listed or home in whole or name == "testing"


def test_every_page_of_the_reference_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("[!_]*/*.md"):
        assert f"{page.parent.name}/{page.stem}\n" in index, page
