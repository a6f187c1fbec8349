"""Queries for other tools: read back, asked of points, and run."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tropnet import load
from tropnet.checker.relation import KINDS, Relation
from tropnet.domains import Box, Polyhedron
from tropnet.errors import BudgetExceeded, DomainError, FormatError, ShapeError, TropnetError
from tropnet.exact import as_fraction
from tropnet.io import export_networks, read_vnnlib
from tropnet.io.vnnlib_commands import vnnlib_commands
from tropnet.network import Affine, Layer, Network


def _random(widths: Sequence[int], seed: int = 0, dtype: Any = np.float32) -> Network:
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(widths))
    weights = [rng.standard_normal((b, a)).astype(dtype) for a, b in pairs]
    return Network.from_dense(weights, [rng.standard_normal(b).astype(dtype) for _, b in pairs])


def _value(term: Any, names: dict[str, Fraction]) -> Fraction:
    if isinstance(term, str):
        return names[term] if term in names else as_fraction(term)
    sign, *parts = term
    values = [_value(part, names) for part in parts]
    if sign == "+":
        return sum(values, Fraction(0))
    if sign == "*":
        return values[0] * values[1]
    return values[0] - sum(values[1:], Fraction(0)) if len(values) > 1 else -values[0]


def _holds(formula: Any, names: dict[str, Fraction]) -> bool:
    sign, *parts = formula
    if sign in ("and", "or"):
        found = [_holds(part, names) for part in parts]
        return all(found) if sign == "and" else any(found)
    a, b = (_value(part, names) for part in parts)
    return {"<=": a <= b, ">=": a >= b, "<": a < b, ">": a > b, "==": a == b}[sign]


def _met(query: Path, names: dict[str, Fraction]) -> bool:
    """Tell whether all assertions hold: a second reading of the file, of nothing but sums."""
    commands = vnnlib_commands(query.read_text(), "query")
    return all(_holds(c[1], names) for c in commands if c[0] == "assert")


def _names(prefix: str, row: Sequence[Fraction]) -> dict[str, Fraction]:
    return {f"{prefix}[0,{k}]": v for k, v in enumerate(row)}


def _assignment(f: Network, g: Network, *points: Sequence[Any]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for number, point in enumerate(points):
        end = "" if number == 0 else str(number + 1)
        x = [as_fraction(v) for v in point]
        for name, network in (("f", f), ("g", g)):
            found |= _names(f"X_{name}{end}", x)
            found |= _names(f"Y_{name}{end}", next(iter(network.exact(x))))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_query_is_met_where_the_relation_is_broken(tmp_path: Path, kind: str) -> None:
    f, g = _random((2, 6, 3)), _random((2, 5, 3), 1)
    relation, met = Relation(kind), []  # type: ignore[arg-type]
    rng = np.random.default_rng(2)
    done = export_networks(f, g, Box.cube(2), tmp_path, relation=kind, atol="0.6")
    for _ in range(60):
        points = rng.uniform(-1.3, 1.3, (2, 2)).tolist()
        if kind != "up_to_constant":
            points = points[:1]
        values = [[next(iter(n.exact(p))) for n in (f, g)] for p in points]
        if kind == "up_to_constant":
            first, second = ([u - v for u, v in zip(*pair, strict=True)] for pair in values)
            one = any(u - v > Fraction(6, 5) for u, v in zip(first, second, strict=True))
            assert not one or relation.gap_between(first, second) > Fraction(3, 5)
        else:
            one = relation.gap(*values[0]) > Fraction(3, 5)
        inside = all(Box.cube(2).contains(p) for p in points)
        assert _met(done.query, _assignment(f, g, *points)) == (one and inside)
        met.append(one and inside)
    assert 3 < sum(met) < 57


def test_bounds_are_strict_to_the_last_digit(tmp_path: Path) -> None:
    f, g = Network.from_dense([[[1]]]), Network.from_dense([[[1]]], [["1/8"]])
    for atol, broken in (("1/8", False), ("0.1249999", True), (0, True)):
        done = export_networks(f, g, None, tmp_path, atol=atol)
        assert _met(done.query, _assignment(f, g, [5])) == broken
    assert not _met(export_networks(f, f, None, tmp_path).query, _assignment(f, f, [5]))


def test_tolerances_of_the_outputs(tmp_path: Path) -> None:
    f = Network.from_dense([[[1], [1]]])
    g = Network.from_dense([[[1], [1]]], [["0.5", "-0.25"]])
    for atol, broken in (([0.5, 0.25], False), ([0.5, 0.2], True), ([0.4, 1], True)):
        done = export_networks(f, g, None, tmp_path, atol=atol)
        assert _met(done.query, _assignment(f, g, [3])) == broken


def test_what_is_no_decimal_is_rounded_so_that_more_meets_it(tmp_path: Path) -> None:
    f = Network.from_dense([[[1]]])
    box, atol = Box(["-1/3"], ["2/7"]), Fraction(1, 3)
    done = export_networks(f, f, box, tmp_path, atol=atol)
    assert done.rounded == 3
    assert "; 3 numbers are no short decimals" in done.query.read_text()
    (wider,) = read_vnnlib(done.query)
    assert isinstance(wider, Box)
    assert wider.lower[0] < box.lower[0]
    assert box.upper[0] < wider.upper[0] < box.upper[0] + Fraction(1, 10**18)
    (written,) = set(re.findall(r"\(\+ Y_f\[0,0\] ([\d.]+)\)", done.query.read_text()))
    assert atol - Fraction(1, 10**18) < Fraction(written) < atol


@pytest.mark.parametrize(
    "domain",
    [
        Box([0.1, "-1e-30", 3], ["1e30", 0, 3]),
        Polyhedron([["1/3", "-1/7", 0], [0, 2, 0], [0, 0, "-0.5"], [0, 0, 0]], ["1/11", 1, 4, 0]),
        None,
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_domains_are_read_back(tmp_path: Path, domain: Any, version: Any) -> None:
    f = _random((3, 4, 2))
    done = export_networks(f, f, domain, tmp_path, atol=1, version=version)
    (found,) = read_vnnlib(done.query)
    assert done.rounded == 0
    if isinstance(domain, Polyhedron):
        assert isinstance(found, Polyhedron)
        rng = np.random.default_rng(0)
        points = rng.integers(-20, 20, (200, 3)).tolist()
        assert len({domain.contains(p) for p in points}) == 2
        assert all(domain.contains(p) == found.contains(p) for p in points)
    else:
        assert found == domain


def test_the_files_hold_the_networks(tmp_path: Path) -> None:
    f, g = _random((3, 4, 2)), _random((3, 5, 4, 2), 1)
    done = export_networks(f, g, Box.cube(3), tmp_path / "new", atol=1)
    assert [path.name for path in done.networks] == ["a.onnx", "b.onnx"]
    assert [load(path) == n for path, n in zip(done.networks, (f, g), strict=True)] == [True, True]
    text = done.query.read_text()
    assert f.sha256 in text
    assert g.sha256 in text
    assert "isomorphic-to" not in text
    same = export_networks(f, _random((3, 4, 2), 5), Box.cube(3), tmp_path, atol=1)
    assert "    (isomorphic-to f)\n" in same.query.read_text()


def _widely(network: Network) -> Network:
    """Return the network with a skip connection, and so no chain."""
    first = network.layers[0]
    skip = Affine({0: np.ones((network.n_outputs, network.n_inputs))})
    return Network(network.n_inputs, (first,), network.output + skip)


@pytest.mark.parametrize("shape", ["chains", "longer", "skip", "linear", "mask", "wide"])
@pytest.mark.parametrize("kind", ["equal", "argmax"])
def test_the_product_computes_both(tmp_path: Path, shape: str, kind: str) -> None:
    ort = pytest.importorskip("onnxruntime")
    f, g = _random((3, 4, 2)), _random((3, 5, 2), 1)
    if shape == "longer":
        g = _random((3, 5, 4, 3, 2), 1)
    elif shape == "skip":
        f = _widely(f)
    elif shape == "linear":
        f = _random((3, 2))
    elif shape == "mask":
        f = Network(3, (Layer(f.layers[0].affine, [True, False, True, True]),), f.output)
    elif shape == "wide":
        g = _random((3, 5, 2), 1, np.float64)
    done = export_networks(f, g, Box.cube(3), tmp_path, relation=kind, atol=1, version=1)
    assert done.dtype == ("float64" if shape == "wide" else "float32")
    product = load(done.networks[0])
    x = np.random.default_rng(0).uniform(-1, 1, (50, 3)).astype(np.float32)
    a, b = f.exact(x.astype(float)), g.exact(x.astype(float))
    if kind == "equal":
        wanted = (a - b).to_fractions()
    else:
        wanted = [[u[0] - u[1], v[0] - v[1]] for u, v in zip(a, b, strict=True)]
    assert product.exact(x.astype(float)).to_fractions() == wanted
    session = ort.InferenceSession(done.networks[0])
    for row, point in zip(wanted, x, strict=True):
        given = {session.get_inputs()[0].name: point[None].astype(done.dtype)}
        found = session.run(None, given)[0][0]
        assert np.abs(found - np.array(row, float)).max() < 1e-5


@pytest.mark.parametrize(
    ("kind", "atol"), [("equal", "2"), ("at_most", "1"), ("argmax", "1/4"), ("argmin", "1/4")]
)
def test_queries_of_version_1_are_met_where_broken(tmp_path: Path, kind: str, atol: str) -> None:
    f = _random((2, 6, 3))
    g = Network(2, f.layers, f.output + Affine({0: [[2, 0], [0, 3], [-4, 1]]}))
    done = export_networks(f, g, Box.cube(2), tmp_path, relation=kind, atol=atol, version=1)
    product, found = load(done.networks[0]), []
    for point in np.random.default_rng(3).uniform(-1, 1, (40, 2)).tolist():
        outputs = next(iter(product.exact(point)))
        names = {f"X_{k}": Fraction(v) for k, v in enumerate(point)}
        names |= {f"Y_{k}": v for k, v in enumerate(outputs)}
        values = [next(iter(n.exact(point))) for n in (f, g)]
        broken = Relation(kind).gap(*values) > Fraction(atol)  # type: ignore[arg-type]
        assert _met(done.query, names) == broken
        found.append(broken)
    assert 1 < sum(found) < 40


@pytest.mark.parametrize(
    ("kind", "outputs"), [*((k, 2) for k in KINDS), *((k, 1) for k in KINDS[:3])]
)
def test_the_standards_own_parser_takes_them(tmp_path: Path, kind: str, outputs: int) -> None:
    vnnlib = pytest.importorskip("vnnlib", reason="the parser of the standard: pip install vnnlib")
    f, g = _random((2, 4, outputs)), _random((2, 4, outputs), 1)
    for domain in (Box.cube(2, "-1/3", "1e-7"), Polyhedron([[1, 2]], ["1/3"]), None):
        done = export_networks(f, g, domain, tmp_path, relation=kind, atol="1/7")
        query = vnnlib.parse_query_file(str(done.query))
        assert len(query.networks) == (4 if kind == "up_to_constant" else 2)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"norm": "2"}, DomainError, "norm '2' is no linear formula.*divided by 2"),
        ({"norm": "1"}, DomainError, "norm '1' is no linear formula"),
        ({"norm": "3"}, DomainError, "unknown norm '3'"),
        ({"relation": "same"}, DomainError, "unknown relation 'same'"),
        ({"atol": -1}, DomainError, "a tolerance is not negative"),
        ({"atol": "x"}, DomainError, "atol is the text 'x'"),
        ({"atol": [1]}, DomainError, "1 tolerances for 2 outputs"),
        ({"atol": [1, 2], "relation": "argmax"}, DomainError, "give one atol"),
        ({"version": 3}, DomainError, "version 3; written are 2 and 1"),
        ({"version": 1}, DomainError, "give an atol above 0, or export version 2"),
        ({"version": 1, "atol": 1, "relation": "up_to_constant"}, DomainError, "two points"),
        ({"domain": Box.cube(3)}, ShapeError, "the domain has 3 coordinates"),
        ({"domain": Polyhedron([[0, 0]], [-1])}, DomainError, "0 <= -1"),
        ({"g": Network.from_dense([[[1, 1]]])}, ShapeError, "need the same inputs and outputs"),
        (
            {"g": Network.from_dense([[["1/3", 0.1], [0.5, 2]]])},
            DomainError,
            "the second network: the weights of the output have 1/3.*a question about that copy",
        ),
    ],
)  # fmt: skip
def test_refusals(
    tmp_path: Path, asked: dict[str, Any], error: type[TropnetError], message: str
) -> None:
    f = _random((2, 3, 2))
    given: dict[str, Any] = {"g": f, "domain": Box.cube(2), **asked}
    with pytest.raises(error, match=message) as caught:
        export_networks(f, given.pop("g"), given.pop("domain"), tmp_path, **given)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_one_output_has_no_largest(tmp_path: Path) -> None:
    f = _random((2, 3, 1))
    with pytest.raises(DomainError, match="argmax of 1 output"):
        export_networks(f, f, None, tmp_path, relation="argmax")


def test_too_many_comparisons(tmp_path: Path) -> None:
    f = Network.from_dense([np.ones((130, 1), np.float32)])
    with pytest.raises(BudgetExceeded, match="comparisons of a VNN-LIB query"):
        export_networks(f, f, None, tmp_path, relation="argmax", atol=1, version=1)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    f = _random((2, 3, 1))
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "no" / "where"):
        with pytest.raises(FormatError, match="is no folder to write a query to"):
            export_networks(f, f, None, folder)
