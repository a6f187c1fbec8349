"""Run the benchmarks and print their ratios; exits 1 when one is above what was promised."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.bench.measure import Measurement


def main(chosen: list[str]) -> int:
    modules = {
        file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py")
    }
    unknown = sorted(set(chosen) - modules)
    if unknown:
        print(f"no benchmark {unknown}; there are {sorted(modules)}", file=sys.stderr)
        return 2
    missed = 0
    for name in sorted(chosen or modules):
        module = importlib.import_module(f"tests.bench.bench_{name}")
        measurements: Iterable[Measurement] = module.measurements()
        for measurement in measurements:
            print(f"{name:>12}  {measurement}", flush=True)
            missed += not measurement.kept
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
