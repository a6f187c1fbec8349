from __future__ import annotations

from pathlib import Path

import pytest

from tropnet import DomainError, Network, export_query
from tropnet.equivalence import Argmax, Argmin


def test_the_relations_of_compare(tmp_path: Path) -> None:
    f = Network.from_dense([[[1], [-1]]])
    for relation, name in ((Argmax("1/4"), "argmax"), (Argmin("1/4"), "argmin")):
        one = export_query(f, f, None, tmp_path, relation=relation).query.read_text()
        two = export_query(f, f, None, tmp_path, relation=name, atol="1/4").query.read_text()  # type: ignore[arg-type]
        assert one == two
    with pytest.raises(DomainError, match="has its margin; leave atol out"):
        export_query(f, f, None, tmp_path, relation=Argmax(1), atol=1)


def test_a_query_is_a_domain_again(tmp_path: Path) -> None:
    f = Network.from_dense([[[1], [-1]]])
    path = tmp_path / "box.json"
    path.write_text('{"lower": ["-1/4"], "upper": [0.1]}')
    first = export_query(f, f, path, tmp_path / "1")
    again = export_query(f, f, first.query, tmp_path / "2")
    assert first.query.read_text() == again.query.read_text()
