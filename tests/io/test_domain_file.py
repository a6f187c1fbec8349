from __future__ import annotations

from pathlib import Path

import pytest

from tropnet import Box, Network, Polyhedron, TropnetError, compare, read_domain
from tropnet.domains import domain_to_json

_BOX = "(declare-const X_0 Real)(assert (<= X_0 1))(assert (>= X_0 0))"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        (_BOX, Box([0], [1])),
        ("  \n; a comment\n" + _BOX, Box([0], [1])),
        ("(declare-const X_0 Real)", None),
        ('{"lower": [0], "upper": ["1/3"]}', Box([0], ["1/3"])),
        ('\n {"type": "space"}', None),
    ],
)
def test_json_and_vnnlib(tmp_path: Path, text: str, domain: object) -> None:
    path = tmp_path / "domain"
    path.write_text(text)
    assert read_domain(path) == domain


def test_what_domain_to_json_wrote(tmp_path: Path) -> None:
    import json

    path, wanted = tmp_path / "p.json", Polyhedron([[1, "1/3"]], [2])
    path.write_text(json.dumps(domain_to_json(wanted)))
    found = read_domain(path)
    assert isinstance(found, Polyhedron)
    assert (found.A, found.b) == (wanted.A, wanted.b)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_BOX + "(assert (or (<= X_0 0.25) (>= X_0 0.5)))", "has 2 cases.*read_vnnlib"),
        ('{"lower": [0]}', "d: a domain in a file lacks or garbles the field 'upper'"),
        ('{"lower": [1], "upper": [0]}', "d: the box is empty"),
        ('{"lower": [0], "upper": [1], "x": 0}', "has a field 'x'; known: lower, upper"),
        ('{"lower": [0], "lower": [1]}', "a key stands twice"),
        ("[1]", "holds no JSON object"),
        ("{", "d is no sound JSON"),
        ("", "is empty"),
    ],
)
def test_refusals(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "d"
    path.write_text(text)
    with pytest.raises(TropnetError, match=message) as caught:
        read_domain(path)
    assert "\n" not in str(caught.value)


def test_compare_takes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "domain.vnnlib"
    path.write_text(_BOX)
    f, g = Network.from_dense([[[1]], [[1]]]), Network.from_dense([[[1]]])
    verdict = compare(f, g, path)
    assert (verdict.word, verdict.domain) == ("Equivalent", Box([0], [1]))
