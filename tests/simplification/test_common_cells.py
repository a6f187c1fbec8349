"""The cells of P and Q against pairs of terms that overlap."""

from __future__ import annotations

from itertools import combinations, product
from random import Random

import numpy as np

from tests.simplification.quotients import (
    random_polynomial,
)
from tropnet.algebra import TropicalPolynomial
from tropnet.algebra.open_cells import open_cells
from tropnet.domains import Box
from tropnet.exact import RationalMatrix
from tropnet.simplification.common_cells import CommonCells


def test_cells_are_the_pairs_of_terms_that_overlap_and_bends_balance() -> None:
    random = Random(8)
    for n, k in ((1, 5), (2, 6), (3, 5)):
        p, q = (random_polynomial(random, n, k).essential() for _ in range(2))
        lifted = [
            RationalMatrix.stack_columns([part.exponents, part.coefficients]) for part in (p, q)
        ]
        pairs = np.array(list(product(range(p.k), range(q.k))))
        truth = {tuple(pair) for pair in pairs[open_cells(lifted, pairs)].tolist()}
        cells = CommonCells.of(p, q)
        assert set(cells.cells) == truth
        for one, other in combinations(range(len(cells.cells)), 2):
            assert cells.members[one] != cells.members[other]
        for ridge in cells.ridges:
            for bends in ("bend_p", "bend_q"):
                for place in (1, 2):
                    assert not sum(
                        getattr(cells.facets[row[0]], bends) * row[place] for row in ridge.rows
                    )


def test_a_flat_domain_has_no_cells_and_no_facets() -> None:
    p = TropicalPolynomial([[0, 0], [1, 0], [0, 1]], [0, 0, 0])
    found = CommonCells.of(p, TropicalPolynomial.one(2), Box([0, 0], [0, 1]))
    assert found.cells == ()
    assert found.facets == ()
