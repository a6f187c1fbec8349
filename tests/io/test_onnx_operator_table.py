"""The reference's table of operators names each one that is read, and tests that exist."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tropnet.io import onnx_operators, torch_operators
from tropnet.io.unread_operations import reason_against

_ROOT: Final = Path(__file__).parents[2]
_PAGE: Final = _ROOT / "docs" / "reference" / "operators.md"


@dataclass(frozen=True)
class _Row:
    meaning: str
    onnx: tuple[str, ...]
    torch: tuple[str, ...]
    onnx_tests: tuple[str, ...]
    torch_tests: tuple[str, ...]


def _rows() -> list[_Row]:
    rows = []
    for line in _PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 6 and cells[0] not in ("meaning", "---"):
            named = [tuple(re.findall(r"`([^`]+)`", cell)) for cell in cells[1:5]]
            rows.append(_Row(cells[0], *named))
    return rows


def _base(name: str) -> str:
    """Return the name of a torch operation without its overload and the mark of in-place forms."""
    name = name.partition(".")[0]
    return name if name.startswith("_") else name.removesuffix("_")


def test_every_onnx_operator_is_named_once() -> None:
    named = Counter(op for row in _rows() for op in row.onnx)
    assert set(named) == set(onnx_operators.supported())
    assert max(named.values()) == 1


def test_every_torch_operation_is_named() -> None:
    named = {op for row in _rows() for op in row.torch}
    assert named == {_base(op) for op in torch_operators.supported()}


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.meaning)
def test_the_named_tests_exist_and_run_the_operators(row: _Row) -> None:
    assert bool(row.onnx) == bool(row.onnx_tests)
    assert bool(row.torch) == bool(row.torch_tests)
    for test in (*row.onnx_tests, *row.torch_tests):
        assert (_ROOT / "tests" / "io" / test).is_file(), test
    ran = set()
    for test in row.onnx_tests:
        module = importlib.import_module(f"tests.io.{test.removesuffix('.py').replace('/', '.')}")
        ran |= {node.op_type for model in module.CASES.values() for node in model.graph.node}
    assert set(row.onnx) <= ran


@pytest.mark.parametrize("op", torch_operators.supported())
def test_torch_operations_are_tested_in_the_file_of_their_kind(op: str) -> None:
    function = torch_operators.lookup(op)
    assert function is not None
    home = function.__module__.rpartition(".")[2]
    tests = {test for row in _rows() if _base(op) in row.torch for test in row.torch_tests}
    assert f"torch_operators/test_{home}.py" in tests


def test_every_reason_is_told() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    for op in ("Sigmoid", "ArgMax", "LRN", "LSTM", "If", "QLinearConv", "Bernoulli", "RoiAlign",
               "BitShift", "ScatterND"):  # fmt: skip
        assert f"| {reason_against(op)} |" in page
        assert op in page


def test_the_page_is_linked() -> None:
    assert "\nreference/operators\n" in (_ROOT / "docs" / "index.md").read_text(encoding="utf-8")
