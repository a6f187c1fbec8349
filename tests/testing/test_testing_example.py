"""The example of the documentation passes, and its second run replays."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/howto/testing.md"


def test_the_summary_is_as_the_page_shows_it(tmp_path: Path) -> None:
    shutil.copy(PAGE.with_name("testing_example.py"), tmp_path)
    shown = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("tropnet: ")]
    assert len(shown) == 2
    for line in shown:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "testing_example.py"],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        assert f"\n{line.partition(' (')[0]} (" in done.stdout
