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


#: More of the same: what an ordinary run leaves out, and `pytest -m long` runs. Each has shorter
#: tests of its kind beside it.
LONG = (
    "tests/io/torch_operators/",
    "tests/io/test_exported_models.py",
    "tests/io/test_onnx_exports.py",
    "tests/io/onnx_operators/test_backend.py",
    "tests/io/onnx_operators/test_resize.py",
    "tests/io/test_hostile_files.py::test_files_that_harm_are_refused",
    "tests/io/test_protobuf_scan.py::test_too_many_parts",
    "tests/equivalence/test_compare.py::test_a_permuted_copy_of_acas_xu_is_equal_everywhere",
    "tests/equivalence/test_random_convolutions.py",
    "tests/equivalence/test_split_signs.py::test_random_pairs[1]",
    "tests/equivalence/test_split_signs.py::test_random_pairs[2]",
    "tests/equivalence/test_split_signs.py::test_random_pairs[3]",
    "tests/equivalence/test_split_signs.py::test_a_needle_is_never_called_nothing[3]",
    "tests/equivalence/test_split_signs.py::test_a_needle_is_never_called_nothing[5]",
    "tests/checker/test_mutants.py::test_mutants_are_rejected_or_true[cases of signs for",
    "tests/checker/test_mutants.py::test_mutants_are_rejected_or_true[cases of signs up",
    "tests/equivalence/test_random_relations.py",
    "tests/equivalence/test_relations.py::test_bounds_serve_where_cells_are_too_many",
    "tests/simplification/test_prune.py::test_a_network_of_digits",
    "tests/testing/test_pytest_plugin.py::test_several_workers",
    "tests/testing/test_testing_example.py",
    "tests/equivalence/test_split_boxes.py::test_brackets_hold_the_exact_supremum",
    "tests/checker/test_boxes.py::test_any_tree_and_any_matching_is_sound",
    "tests/simplification/test_merge_units.py::test_the_bound_is_far_below",
    "tests/simplification/test_merge_units.py::test_a_network_of_digits",
    "tests/simplification/test_unit_signs.py::test_polyhedra_whose_box_says_less",
    "tests/algebra/test_regular_triangulation.py::test_generic_terms_are_all_decided",
    "tests/simplification/test_simplify_models.py::test_channels_go_whole",
    "tests/simplification/test_simplify_models.py::test_results_go_to_a_runtime",
    "tests/conversion/test_value_ranks.py",
    "tests/io/test_torch_networks.py",
    "tests/io/test_random_models.py",
    "tests/geometry/test_linear_regions.py::test_a_copy_rescaled_by_floats_has_slivers",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long tests."""
    for item in items:
        if item.nodeid.startswith(LONG):
            item.add_marker(pytest.mark.long)


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
