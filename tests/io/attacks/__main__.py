"""`python -m tests.io.attacks [WORD …]`: the attacks whose names hold a word, all by default."""

from __future__ import annotations

import sys
import tempfile
import time
from operator import itemgetter
from pathlib import Path
from typing import Any

from tests.io.attacks.formats import FORMATS
from tests.io.attacks.trial import faults, run


def main() -> int:
    """Run them, tell what is wrong, and return the number of attacks that got through."""
    words, bad = sys.argv[1:], 0
    for name, attacks in FORMATS.items():
        chosen = [a for a in attacks() if not words or any(w in f"{name}: {a.name}" for w in words)]
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            reports = run(chosen, Path(folder)) if chosen else {}
        for attack in chosen:
            report = reports[attack.name]
            wrong, line = faults(attack, report), report["err"].strip()[:300]
            bad += bool(wrong)
            for fault in wrong:
                _say(f"{name}: {attack.name}: {fault}\n    {line}")
            if words:
                _say(f"{attack.name}: {_cost(report)}: {line}")
        if reports:
            slow, large = (max(reports.values(), key=itemgetter(k)) for k in ("seconds", "bytes"))
            _say(f"{name}: {len(chosen)} attacks in {time.monotonic() - begin:.1f} s")
            for most, worst in (("slowest", slow), ("largest", large)):
                _say(f"  the {most}: {worst['name']}: {_cost(worst)}")
    _say(f"{bad} attacks got through")
    return bad


def _cost(report: dict[str, Any]) -> str:
    return f"{report['seconds']:.2f} s, {report['bytes'] / 1e6:.0f} MB"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(min(main(), 100))
