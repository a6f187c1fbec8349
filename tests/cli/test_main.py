from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tropnet as library
from tests.cli.conftest import Run
from tests.hard_pairs import two_norms

TROPNET = [sys.executable, "-m", "tropnet.cli"]
A, B = "examples:moons_a", "examples:moons_b"


def _process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TROPNET, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


# ---- in subprocesses: what a shell sees ----------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two networks and a copy of the first, in files that need no torch."""
    folder = tmp_path_factory.mktemp("models")
    networks = {"a": [[1, 1]], "copy": [[1, 1]], "b": [[1, 2]]}
    for name, output in networks.items():
        library.save(library.Network.from_dense([[[1], [-1]], output]), folder / f"{name}.json")
    return [str(folder / f"{name}.json") for name in networks]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compare", "a", "copy"], 0),
        (["compare", "a", "b", "--box", "-1", "1"], 1),
        (["compare", "a", "b", "--nonsense"], 3),
        (["compare", "a", "nowhere.onnx"], 3),
        (["--help"], 0),
    ],
)
def test_exit_codes(files: list[str], arguments: list[str], code: int) -> None:
    named = {Path(file).stem: file for file in files}
    done = _process(*(named.get(word, word) for word in arguments))
    assert done.returncode == code, done.stderr
    assert (done.stderr.count("\n"), bool(done.stdout)) == ((1, False) if code == 3 else (0, True))


def test_undecided_is_exit_code_2(tmp_path: Path) -> None:
    models = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    for file, network in zip(models, two_norms(), strict=True):
        library.save(network, file)
    assert _process("compare", *models, "--box", "0", "1", "--time-limit", "2").returncode == 2


def test_the_installed_command_is_the_same() -> None:
    script = Path(sys.executable).with_name("tropnet")
    if not script.exists():
        pytest.skip("tropnet is not installed in this environment")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"tropnet {library.__version__}\n")


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from tropnet.cli import main; main(['compare', '--help']); "
        "sys.exit(bool({'numpy', 'flint', 'torch', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "--certificate" in done.stdout


def test_a_closed_pipe_is_no_verdict(files: list[str]) -> None:
    """`tropnet ... | head -0` must not exit with the code of a different verdict."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*TROPNET, "compare", *files[:2]], stdout=writer, stderr=subprocess.PIPE, timeout=120
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (3, b"")


def test_control_c_is_130(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(size) for size in ((40, 5), (40, 40), (1, 40))]
    library.save(library.Network.from_dense(weights), tmp_path / "large.json")
    command = [*TROPNET, "tropicalize", str(tmp_path / "large.json"), "--max-terms", "1000000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        while running.stdout.readline().strip():  # the plan; then the work begins
            pass
        time.sleep(0.5)
        assert running.poll() is None, "the work is too quick to be stopped"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, "", "tropnet: stopped\n")


def test_a_terminal_gets_a_table_and_the_whole_path(files: list[str], tmp_path: Path) -> None:
    file = tmp_path / ("a" * 100) / "certificate.json"
    file.parent.mkdir()
    command = [*TROPNET, "compare", files[0], files[2], "--certificate", str(file)]
    shown = _on_a_terminal(command, columns=60)
    assert "Different" in shown
    assert "\x1b[1;31m" in shown
    letters = "".join(re.sub(r"\x1b\[[0-9;]*m", "", shown).split())
    assert str(file) in letters


def _on_a_terminal(command: list[str], columns: int) -> str:
    """Run a command with a pseudoterminal as its standard output; return what it shows."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        command, stdout=slave, stderr=subprocess.PIPE, env=environment, close_fds=True
    ) as running:
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        running.wait(timeout=120)
    os.close(master)
    return shown.decode()


# ---- in this process -----------------------------------------------------------------------------


def test_version(tropnet: Run) -> None:
    assert tropnet("--version").out == f"tropnet {library.__version__}\n"


@pytest.mark.parametrize("command", ["info", "tropicalize", "compare", "check"])
def test_every_command_has_help(tropnet: Run, command: str) -> None:
    done = tropnet(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: tropnet {command}" in done.out
    assert "--traceback" in done.out


def test_no_command_shows_the_help_and_is_an_error(tropnet: Run) -> None:
    done = tropnet()
    assert (done.code, done.out) == (3, "")
    assert "Usage: tropnet" in done.err


def test_the_help_tells_the_exit_codes(tropnet: Run) -> None:
    assert "3 any error, wrong usage included; 130 stopped by Ctrl-C." in tropnet("--help").out


def test_a_misspelt_command_is_corrected(tropnet: Run) -> None:
    done = tropnet("comp", A, B)
    assert done.code == 3
    assert (
        done.err == "tropnet: No such command 'comp'. Did you mean 'compare'?; see tropnet --help\n"
    )


def _break(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("tropnet.equivalence.compare_networks", broken)


def test_an_unexpected_error_is_one_line_and_code_3(
    tropnet: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(monkeypatch, ValueError("seven\nlines"))
    done = tropnet("compare", A, B)
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "tropnet: unexpected ValueError: seven lines (this is a bug in tropnet; --traceback shows "
        "where)\n"
    )


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_traceback_on_demand(tropnet: Run, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    _break(monkeypatch, ValueError("seven"))
    words = ["compare", A, B]
    words.insert(0 if place == "before" else 3, "--traceback")
    done = tropnet(*words)
    assert done.code == 3
    assert "Traceback (most recent call last)" in done.err
    assert done.err.endswith("--traceback shows where)\n")


def test_memory_and_interrupts(tropnet: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, MemoryError())
    done = tropnet("compare", A, B)
    assert (done.code, done.err) == (3, "tropnet: there is not enough memory for this\n")
    hidden = SystemError("a compiled loop returned a result with an exception set")
    hidden.__cause__ = KeyboardInterrupt()
    _break(monkeypatch, hidden)
    done = tropnet("compare", A, B)
    assert (done.code, done.err) == (130, "tropnet: stopped\n")
    _break(monkeypatch, KeyboardInterrupt())
    done = tropnet("compare", A, B)
    assert (done.code, done.err) == (130, "tropnet: stopped\n")
