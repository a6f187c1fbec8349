from __future__ import annotations

import sys

import pytest

from tropnet import Box, Network
from tropnet.domains import Domain
from tropnet.errors import DomainError, ShapeError, TropnetError
from tropnet.geometry import enumerate_cells
from tropnet.plotting.libraries import library
from tropnet.plotting.picture_file import picture_bytes, require_drawable


@pytest.mark.parametrize(
    ("n", "ending", "start"),
    [
        (1, ".png", b"\x89PNG"),
        (2, ".svg", b"<?xml"),
        (2, ".html", b"<"),
        (3, ".html", b"<"),
    ],
)
def test_each_dimension_has_its_pictures(n: int, ending: str, start: bytes) -> None:
    found = enumerate_cells(Network.from_dense([[[1] * n], [[1]]]), Box.cube(n))
    content = picture_bytes(found, ending)
    assert content.startswith(start)
    if ending == ".html":
        assert b"<html>" in content[:100]
        assert b"<title>2 " in content[:200]  # linear regions, or cells
        assert b'<body style="margin: 0">' in content  # else the page scrolls by a few pixels
        assert len(content) > 10**6  # plotly itself is in it


@pytest.mark.parametrize(
    ("n", "ending", "domain", "error", "message"),
    [
        (4, ".png", None, ShapeError, "functions of 4 inputs cannot be drawn; draw a slice"),
        (1, ".html", None, ShapeError, "of 1 input are drawn to .png or .svg, not to .html"),
        (3, ".png", Box.cube(3), ShapeError, "are drawn to .html, not to .png"),
        (3, ".html", None, DomainError, "on a box or a bounded polyhedron"),
    ],
)
def test_what_cannot_be_drawn(
    n: int, ending: str, domain: Domain, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        require_drawable(n, ending, domain)


def test_no_surface_of_what_is_not_known(generic: Network) -> None:
    found = enumerate_cells(generic, Box.cube(2), time_limit=1e-9)
    with pytest.raises(DomainError, match="not all units have cut"):
        picture_bytes(found, ".html")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly", None)
    message = r"pictures need plotly, which is not installed; run: pip install 'tropnet\[plot\]'"
    with pytest.raises(TropnetError, match=message):
        library("plotly")
    with pytest.raises(TropnetError, match=message):
        require_drawable(2, ".html", None)
