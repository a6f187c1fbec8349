"""Runs `tropnet` on files that harm and tells what happens: `python -m tests.io.attacks.warden`.

Standard input is a JSON object: `sound`, commands that must succeed and load all that is ever
imported; `attacks`, a list of `[name, folder, command]`. For each of them one line of JSON goes to
standard output: exit code, texts, seconds of work, bytes above the baseline, and deeds: whatever
Python's audit hooks report of code that runs, processes, networks, and files that are written or
lie elsewhere.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import io
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

#: Seconds after which a command is taken to hang, and the address space that it may add.
HANGS = 60
_ROOM = 4 * 2**30
#: Events of Python's audit hooks that no reading needs, by their beginnings.
_HARM = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.startfile",
    "os.kill",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.putenv",
    "os.unsetenv",
    "os.utime",
    "os.setxattr",
    "subprocess.",
    "socket.",
    "shutil.",
    "tempfile.",
    "pickle.find_class",
    "ctypes.",
    "pty.",
    "webbrowser.",
    "urllib.",
    "ftplib.",
    "http.",
    "smtplib.",
    "sqlite3.",
    "mmap.",
    "marshal.",
    "exec",
    "compile",
    "code.__new__",
    "function.__new__",
    "sys.addaudithook",
    "sys.settrace",
    "import",
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_EVERYWHERE = ("/dev/zero", "/dev/stdin", "/dev/full", "/dev/null", "/proc/self/")


class Watch:
    """Notes the deeds of one command."""

    def __init__(self) -> None:
        self.deeds: list[str] = []
        self.folder: str | None = None
        self._homes = tuple({str(Path(p).resolve()) for p in (*sys.path, sys.prefix) if p})
        sys.addaudithook(self._hear)

    @contextmanager
    def over(self, folder: str) -> Iterator[list[str]]:
        """Note what happens meanwhile; reading files in the folder is no harm."""
        self.deeds, self.folder = [], folder
        try:
            yield self.deeds
        finally:
            self.folder = None

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event == "open":
            self._opened(*arguments)
        elif event.startswith(_HARM) and not _importing():
            self.deeds.append(f"{event} {arguments!r}"[:200])

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes):
            return
        where = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - Path.resolve() would ask the disk
        if (isinstance(flags, int) and flags & _WRITES) or set(mode or "") & set("wax+"):
            self.deeds.append(f"writes {where}")
        elif not where.startswith((str(self.folder), *self._homes, *_EVERYWHERE)):
            self.deeds.append(f"reads {where}")


def _importing() -> bool:
    """Tell whether an import of Python's own machinery is under way."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def memory(field: str) -> int:
    """Return the bytes of this process that the kernel calls `VmRSS`, `VmHWM`, …"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def fresh_peak() -> None:
    """Give back free memory, and let the peak begin anew."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def _run(command: Sequence[str]) -> tuple[int, str, str]:
    from tropnet.cli import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(command))
    return code, out.getvalue(), err.getvalue()


def _warm(sound: Sequence[Sequence[str]]) -> None:
    for command in sound:
        code, _, err = _run(command)
        if code:
            raise SystemExit(f"{command} should have succeeded: {err}")
    for command in ((), ("info", "no such file")):
        _run(command)


def main() -> None:
    """Read the task, do it, and report line by line."""
    task = json.load(sys.stdin)
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    faulthandler.enable()
    _warm(task["sound"])
    gc.freeze()  # what is alive now stays; later collections are quick
    fresh_peak()
    baseline = memory("VmRSS")
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory("VmSize") + _ROOM,) * 2)
    watch = Watch()
    for name, folder, command in task["attacks"]:
        report.write(json.dumps({"begins": name}) + "\n")
        report.flush()
        fresh_peak()
        faulthandler.dump_traceback_later(HANGS, exit=True)
        begin = time.process_time()
        with watch.over(folder) as deeds:
            code, out, err = _run(command)
        seconds = time.process_time() - begin
        faulthandler.cancel_dump_traceback_later()
        result = {
            "name": name,
            "code": code,
            "out": out,
            "err": err,
            "seconds": seconds,
            "bytes": memory("VmHWM") - baseline,
            "deeds": deeds,
        }
        report.write(json.dumps(result) + "\n")
        report.flush()


if __name__ == "__main__":
    main()
