"""`import tropnet` is light, and so is importing any module of it."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest

import tropnet

HEAVY = frozenset({"torch", "onnx", "sympy", "scipy", "numba", "matplotlib", "plotly", "dask"})

#: Modules that import a heavy library at their top and are imported only by functions: of compiled
#: loops, and of classes that derive from the library's.
LATE = frozenset({"tropnet.io.network_module"})


def _loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `statement`."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_import_tropnet_loads_no_heavy_library() -> None:
    assert not _loaded_by("import tropnet") & HEAVY


def test_import_tropnet_does_not_even_load_numpy() -> None:
    assert not _loaded_by("import tropnet") & {"numpy", "flint"}


def test_the_measure_can_fail() -> None:
    assert "sympy" in _loaded_by("import tropnet, sympy")


def test_no_module_loads_a_heavy_library_when_imported() -> None:
    found = {m.name for m in pkgutil.walk_packages(tropnet.__path__, prefix="tropnet.")}
    modules = sorted(found - LATE)
    assert "tropnet.errors" in modules
    assert not _loaded_by("\n".join(f"import {name}" for name in modules)) & HEAVY


@pytest.mark.parametrize("name", tropnet.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(tropnet, name) is not None


def test_public_names_are_listed_before_their_first_use() -> None:
    assert set(tropnet.__all__) <= set(dir(tropnet))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'tropnet' has no attribute 'nonsense'"):
        tropnet.nonsense  # noqa: B018
