"""Damages files of every kind and loads them: `python -m tests.io.fuzz [FILES] [SEED] [WORD …]`.

Only a `TropnetError` of one line may leave a reader, within five seconds and 200 MB. What does
otherwise is told with the words that repeat it, and kept in a folder. `WORD`s choose kinds.
"""

from __future__ import annotations

import faulthandler
import gc
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from tests.io.attacks.sound import DOMAINS, SOUND, VNNLIB_2, tensors, torch_bytes
from tests.io.attacks.warden import fresh_peak, memory
from tests.io.mutations import (
    bytes_changed,
    json_changed,
    member_changed,
    old_pickle_changed,
    onnx_changed,
    safetensors_changed,
    text_changed,
)
from tests.io.onnx_seeds import graphs, own_tests
from tropnet.errors import TropnetError
from tropnet.io import load, load_map, read_domain, read_vnnlib

Mutation = Callable[[bytes, Random], bytes]
_HANGS: Final = 60
_MOST_SECONDS: Final = 5.0
_MOST_BYTES: Final = 200 * 10**6
#: Address space for one file, so that a blow-up fails here and now.
_ROOM: Final = 3 * 2**30
#: Characters of one line.
_LINE: Final = 1100


@dataclass(frozen=True)
class Kind:
    """Files of one kind.

    Attributes:
        suffix: of their names.
        seeds: sound ones.
        inside: what changes their meaning rather than their bytes.
        read: what reads them.
    """

    suffix: str
    seeds: Callable[[], list[bytes]]
    inside: Mutation
    read: Callable[[Path], Any] = load


def _of(name: str) -> Callable[[], list[bytes]]:
    return cache(lambda: [SOUND[name]()])


def _checkpoints() -> list[bytes]:
    states = [tensors(), {"epoch": 7, "model": tensors(), "best": [0.5, None, True, "x", (1, 2)]}]
    bare = {k: v.to_sparse() for k, v in tensors().items()}
    return [torch_bytes(state) for state in (*states, bare)]


KINDS: Final[dict[str, Kind]] = {
    "onnx": Kind(
        "onnx", cache(lambda: [SOUND[f"{k}.onnx"]() for k in ("gemm", "matmul")]), onnx_changed
    ),
    "graphs": Kind("onnx", cache(graphs), onnx_changed),
    "operators": Kind("onnx", cache(own_tests), onnx_changed),
    "torch": Kind("pt", cache(_checkpoints), member_changed),
    "old torch": Kind("pt", _of("old.pt"), old_pickle_changed),
    "npz": Kind("npz", _of("plain.npz"), member_changed),
    "packed npz": Kind("npz", _of("packed.npz"), member_changed),
    "safetensors": Kind("safetensors", _of("f.safetensors"), safetensors_changed),
    "nnet": Kind("nnet", _of("f.nnet"), text_changed),
    "json": Kind("json", _of("network.json"), json_changed),
    "map": Kind("json", _of("map.json"), json_changed, load_map),
    "vnnlib": Kind("vnnlib", _of("f.vnnlib"), text_changed, read_vnnlib),
    "domain": Kind("json", lambda: DOMAINS, json_changed, read_domain),
    "vnnlib 2": Kind("vnnlib", lambda: [VNNLIB_2], text_changed, read_vnnlib),
}
#: Left out unless asked for by name: making the seeds takes half a minute.
SLOW: Final = frozenset({"operators"})


@dataclass
class Tally:
    """What happened.

    Attributes:
        files: how many were read.
        loaded: how many of them were sound still.
        refusals: how often each class of error came.
        faults: what should not have happened, with how to repeat it.
        slowest: the seconds of the slowest file.
        largest: the bytes of the largest.
    """

    files: int = 0
    loaded: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0


def damaged(kind: str, seed: int, number: int) -> bytes:
    """Return a damaged file; the same for the same numbers."""
    random = Random(f"{kind} {seed} {number}")
    sound = random.choice(KINDS[kind].seeds())
    if random.random() < 0.3:
        return bytes_changed(sound, random)
    return KINDS[kind].inside(sound, random)


def fuzz(kind: str, numbers: range, seed: int, folder: Path) -> Tally:
    """Read damaged files and return what happened."""
    tally, path = Tally(), folder / f"f.{KINDS[kind].suffix}"
    for number in numbers:
        content = damaged(kind, seed, number)
        path.write_bytes(content)
        before = {p.name for p in folder.iterdir()}
        begin = time.process_time()
        fault = _fault(KINDS[kind].read, path, tally)
        seconds = time.process_time() - begin
        tally.files += 1
        tally.slowest = max(tally.slowest, seconds)
        if seconds > _MOST_SECONDS:
            fault = f"{seconds:.1f} s: {fault}"
        if {p.name for p in folder.iterdir()} != before:
            fault = "it wrote a file"
        if fault:
            tally.faults.append(f"{kind} {seed} {number}: {fault}")
    path.unlink(missing_ok=True)
    return tally


def _fault(read: Callable[[Path], Any], path: Path, tally: Tally) -> str:
    """Read a file and return what is wrong with that; nothing when it loads or is refused."""
    try:
        read(path)
    except TropnetError as error:
        text = str(error)
        tally.refusals[type(error).__name__] += 1
        if not text.isprintable() or len(text) > _LINE:
            return f"unprintable or long: {text[:200]!r}"
        if "needs more memory than there is" in text:
            return text
        if "could not be read as" in text:  # what a reader had not foreseen
            tally.refusals[f"unforeseen: {text.rpartition(' could not be read as ')[2][:90]}"] += 1
        return ""
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"[:300]
    tally.loaded += 1
    return ""


def _chunks(files: int, kinds: list[str]) -> Iterator[tuple[str, range]]:
    each = -(-files // len(kinds))
    for kind in kinds:
        for start in range(0, each, 100):
            yield kind, range(start, min(start + 100, each))


def main() -> int:
    """Damage and load, tell what happened, and return the number of faults."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    words = [word for word in sys.argv[1:] if not word.isdecimal()]
    files, seed = (*numbers, 10_000, 0)[:2] if len(numbers) < 2 else numbers[:2]
    kinds = [k for k in KINDS if any(w in k for w in words) or (not words and k not in SLOW)]
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    kept, tallies = Path(tempfile.mkdtemp(prefix="fuzz-")), dict[str, Tally]()
    for kind in kinds:  # all that is ever imported is, before memory is measured
        KINDS[kind].seeds()
        fuzz(kind, range(-20, 0), seed, kept)
    gc.freeze()
    fresh_peak()
    baseline = memory("VmRSS")
    resource.setrlimit(resource.RLIMIT_AS, (memory("VmSize") + _ROOM,) * 2)
    begin = time.monotonic()
    for kind, chunk in _chunks(files, kinds):
        fresh_peak()
        faulthandler.dump_traceback_later(_HANGS * 5, exit=True)
        tally = fuzz(kind, chunk, seed, kept)
        tally.largest = memory("VmHWM") - baseline
        if tally.largest > _MOST_BYTES:
            tally.faults.append(f"{kind} {seed} {chunk}: {tally.largest / 1e6:.0f} MB")
        _add(tallies.setdefault(kind, Tally()), tally)
    faulthandler.cancel_dump_traceback_later()
    _report(tallies, kept, seed, time.monotonic() - begin)
    return sum(len(tally.faults) for tally in tallies.values())


def _add(total: Tally, tally: Tally) -> None:
    total.files += tally.files
    total.loaded += tally.loaded
    total.refusals += tally.refusals
    total.faults += tally.faults
    total.slowest = max(total.slowest, tally.slowest)
    total.largest = max(total.largest, tally.largest)


def _report(tallies: dict[str, Tally], kept: Path, seed: int, seconds: float) -> None:
    lines = []
    for kind, tally in tallies.items():
        lines.append(
            f"{kind}: {tally.files} files, {tally.loaded} loaded, {len(tally.faults)} faults; the "
            f"slowest {tally.slowest:.2f} s, the largest {tally.largest / 1e6:.0f} MB"
        )
        unforeseen = {k: n for k, n in tally.refusals.items() if k.startswith("unforeseen")}
        lines += [f"    {n} x {k}" for k, n in sorted(unforeseen.items(), key=lambda i: -i[1])[:12]]
        for fault in tally.faults[:20]:
            lines.append(f"  FAULT {fault}")
            number = fault.split(":")[0].rpartition(" ")[2]
            if number.isdecimal():
                (kept / fault.split(":")[0].replace(" ", "-")).write_bytes(
                    damaged(kind, seed, int(number))
                )
    files = sum(tally.files for tally in tallies.values())
    lines.append(f"{files} files in {seconds:.0f} s; files with faults are in {kept}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    raise SystemExit(min(main(), 100))
