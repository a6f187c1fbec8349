"""Benchmarks: ratios against a reference timed in the same run, never bare seconds.

`python -m tests.bench` runs all, `python -m tests.bench import exact` those of `bench_import.py`
and `bench_exact.py`. A benchmark module is a file `bench_NAME.py` here with a function
`measurements()` that yields what `measure` returns. They are no part of the test suite.
"""

from __future__ import annotations

import os

# One thread everywhere, before numpy is imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
