"""Runs attacks in one process of their own, guarded by the warden, and tells what happened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.io.attacks.attack import FILE, Attack
from tests.io.attacks.sound import SOUND

#: What a refusal may take: seconds of work, and bytes above what a sound file takes.
MOST_SECONDS = 5.0
MOST_BYTES = 200 * 10**6
_PAIR = ("examples:moons_a", "examples:moons_b")


def run(attacks: Iterable[Attack], folder: Path) -> dict[str, dict[str, Any]]:
    """Run the attacks and return a report for each, by name; `written` tells what appeared."""
    commands, before = [], {}
    for number, attack in enumerate(attacks):
        home = folder / str(number)
        home.mkdir()
        path = str(attack.make(home))
        command = [path if word == FILE else word for word in attack.command]
        commands.append([attack.name, str(home), command])
        before[attack.name] = (home, _listing(home))
    reports = _watched({"sound": _sound(folder / "sound"), "attacks": commands})
    for name, report in reports.items():
        home, listing = before[name]
        report["written"] = sorted(_listing(home).items() ^ listing.items())
    return reports


def faults(attack: Attack, report: Mapping[str, Any]) -> list[str]:
    """Return what was wrong with the refusal of an attack."""
    import re

    lines = report["err"].splitlines()
    found = []
    if report["code"] != 3:
        found.append(f"exit code {report['code']}")
    if len(lines) != 1 or not lines[0].isprintable() or len(lines[0]) > 1100:
        found.append(f"{len(lines)} lines on stderr, or unprintable ones")
    if not re.search(attack.says, report["err"]):
        found.append(f"the line does not say {attack.says!r}")
    if "needs more memory than there is" in report["err"] or "bug in tropnet" in report["err"]:
        found.append("memory was taken before the size was checked, or the error was not foreseen")
    if report["out"]:
        found.append("something on stdout")
    if report["seconds"] > MOST_SECONDS:
        found.append(f"{report['seconds']:.1f} s")
    if report["bytes"] > MOST_BYTES:
        found.append(f"{report['bytes'] / 1e6:.0f} MB")
    found += [f"deed: {deed}" for deed in report["deeds"]]
    found += [f"written: {name}" for name, _ in report["written"]]
    return found


def _sound(folder: Path) -> list[list[str]]:
    """Return commands that read a sound file of every format."""
    folder.mkdir()
    commands = []
    for name, content in SOUND.items():
        path = folder / name
        path.write_bytes(content())
        if name.endswith(".vnnlib"):
            commands.append(
                ["compare", "examples:moons_a", "examples:moons_a", "--vnnlib", str(path)]
            )
        else:
            commands.append(["info", str(path)])
    certificate = str(folder / "certificate.json")
    commands.append(["compare", _PAIR[0], _PAIR[0], "--certificate", certificate])
    commands.append(["check", certificate, _PAIR[0], _PAIR[0]])
    box = folder / "box.json"
    box.write_text('{"lower": [0, 0], "upper": [1, 1]}')
    commands.append(["compare", _PAIR[0], _PAIR[0], "--box", str(box)])
    return commands


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def _watched(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the warden's reports; a command that ended the process has one as well."""
    reports: dict[str, dict[str, Any]] = {}
    left = list(task["attacks"])
    while left:
        done = subprocess.run(
            [sys.executable, "-m", "tests.io.attacks.warden"],
            input=json.dumps({**task, "attacks": left}),
            stdin=None,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        reports |= {line["name"]: line for line in lines if "name" in line}
        begun = [line["begins"] for line in lines if "begins" in line]
        if not begun:
            raise RuntimeError(f"the warden did not begin: {done.stderr[-2000:]}")
        if begun[-1] not in reports:
            reports[begun[-1]] = {
                "name": begun[-1],
                "code": done.returncode,
                "out": "",
                "err": f"the process ended: {done.stderr[-500:]}",
                "seconds": 0.0,
                "bytes": 0,
                "deeds": [],
            }
        left = [entry for entry in left if entry[0] not in reports]
    return reports
