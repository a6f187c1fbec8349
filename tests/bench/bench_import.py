"""`import tropnet` in a fresh interpreter against `import numpy` in another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from tests.bench.measure import Measurement, Reference, measure


def _fresh(statement: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", statement], check=True)


def measurements() -> Iterator[Measurement]:
    numpy = Reference("import numpy", _fresh("import numpy"))
    yield measure("import tropnet", _fresh("import tropnet"), reference=numpy, at_most=6)
    yield measure(
        "from tropnet import Box", _fresh("from tropnet import Box"), reference=numpy, at_most=6
    )
