"""What every test shares: one thread per process, reproducible examples, foreign data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Before numpy or torch is imported: several BLAS threads make small matrices slower, and parallel
# test processes would fight for the cores.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
if "numpy" in sys.modules:  # a plugin was faster: the variables came too late
    raise RuntimeError("numpy was imported before tests/conftest.py could limit its threads")

import pytest
from hypothesis import HealthCheck, settings

# `ci` repeats the same examples in every run; the default explores new ones.
# Neither fails for want of speed: machines are busy at times.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=_SLOW)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

#: Benchmarks are run by hand (`python -m tests.bench`): timings do not belong in a test suite.
collect_ignore = ["bench"]


@pytest.fixture(scope="session")
def tropnet_data() -> Path:
    """The folder of foreign networks and facts; the test is skipped where there is none."""
    folder = os.environ.get("TROPNET_DATA")
    if not folder:
        pytest.skip("TROPNET_DATA is not set: no foreign networks and facts to test against")
    path = Path(folder)
    if not path.is_dir():
        pytest.skip(f"TROPNET_DATA={folder} is not a folder")
    return path
