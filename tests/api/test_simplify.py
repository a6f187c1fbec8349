"""The verb `simplify`: models and domains from files, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

import tropnet
from tropnet.errors import DomainError, ShapeError, TropnetError

BOX = tropnet.Box.cube(2, -2, 3)


def test_a_model_by_name_and_a_domain_by_file(tmp_path: Path) -> None:
    file = tmp_path / "box.json"
    file.write_text('{"lower": [-2, -2], "upper": [3, 3]}')
    by_file = tropnet.simplify("examples:moons_sparse", str(file), check=True)
    assert by_file.result == tropnet.simplify("examples:moons_sparse", BOX).result
    assert by_file.after["ReLU units"] < by_file.before["ReLU units"]
    assert by_file.certificate is not None
    assert tropnet.check(by_file.certificate, "examples:moons_sparse", by_file.result).valid


def test_a_certificate_is_about_its_own_networks() -> None:
    found = tropnet.simplify("examples:moons_sparse")
    assert found.certificate is not None
    assert not tropnet.check(found.certificate, "examples:moons_a", found.result).valid


def test_expressions_stay_expressions() -> None:
    x = tropnet.TropicalPolynomial.variable(0)
    p = 0 + x * -1 + x**2
    assert tropnet.simplify(p).result.k == 2
    assert tropnet.simplify(p / p).result.numerator.k == 1


def test_wrong_use() -> None:
    with pytest.raises(ShapeError):
        tropnet.simplify("examples:moons_a", tropnet.Box.cube(3, 0, 1))
    with pytest.raises(TropnetError, match="nonsense"):
        tropnet.simplify("examples:moons_a", rules=["nonsense"])
    with pytest.raises(DomainError, match="time_limit"):
        tropnet.simplify("examples:moons_a", time_limit=-1)
    with pytest.raises(TropnetError):
        tropnet.simplify("no_such_file.onnx")
