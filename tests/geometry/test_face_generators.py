"""The generators of faces against the definition."""

from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.domains import Domain
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.geometry.face_generators import face_generators, generators_outside


def below(cells: PolyhedralComplex, k: int, face: int) -> set[int]:
    if k == 0:
        return {face}
    indptr, children = cells.faces(k)
    members = children[indptr[face] : indptr[face + 1]].tolist()
    return set().union(*(below(cells, k - 1, child) for child in members))


@pytest.mark.parametrize("domain", [None, Box.cube(3)])
def test_generators(domain: Domain) -> None:
    weights = [[[1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 1, -2]], [[1, 1, 1, 1]]]
    cells = enumerate_cells(Network.from_dense(weights, [[0, 0, 1, 0], [0]]), domain)
    found = face_generators(cells)
    count = len(cells.generators)
    for k, (indptr, members) in enumerate(found):
        for face in range(len(indptr) - 1):
            own = members[indptr[face] : indptr[face + 1]].tolist()
            assert own == sorted(below(cells, k, face))
    for k in range(1, 4):
        indptr, facets = cells.faces(k)
        faces = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        outside = generators_outside(found[k], found[k - 1], (faces, facets), count)
        for face, facet, chosen in zip(
            *(a.tolist() for a in (faces, facets, outside)), strict=True
        ):
            assert chosen in below(cells, k, face) - below(cells, k - 1, facet)


def test_a_face_within_its_facet_is_a_bug() -> None:
    same = (np.array([0, 2]), np.array([0, 1]))
    one = np.array([0])
    with pytest.raises(RuntimeError, match="a face spanned by one of its facets"):
        generators_outside(same, same, (one, one), 2)
