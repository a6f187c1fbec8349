from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.geometry import bend_locus, enumerate_cells
from tropnet.plotting import plot_bend_locus


def labels(ax: object) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]  # type: ignore[attr-defined]


def test_convex_and_concave_facets_have_colours_of_their_own() -> None:
    f = Network.from_dense([[[1, 0], [0, 1], [0, 0]], [[3, -1, 1]]])
    ax: Any = plot_bend_locus(f, Box.cube(2))
    convex, concave = ax.collections
    assert labels(ax) == ["convex: 2 facets", "concave: 2 facets"]
    across = np.array([segment[:, 0] for segment in convex.get_segments()])
    assert (across == 0).all()
    assert convex.get_colors()[0][:3].tolist() != concave.get_colors()[0][:3].tolist()
    assert convex.get_linewidths()[0] > concave.get_linewidths()[0]  # 3 against 1
    assert ax.get_title() == "bend locus, gradient jumps up to 3"


def test_only_the_chosen_output_is_drawn(generic: Network) -> None:
    found = enumerate_cells(generic, Box.cube(2))
    signs = bend_locus(found).signs
    for k in range(3):
        ax: Any = plot_bend_locus(found, output=k)
        counts = [len(c.get_segments()) for c in ax.collections]
        assert counts == [(signs[:, k] > 0).sum(), (signs[:, k] < 0).sum()]


def test_hidden_cuts_are_no_bends(flat_half: Network) -> None:
    ax: Any = plot_bend_locus(flat_half, Box.cube(2))
    assert labels(ax) == ["convex: 0 facets", "concave: 0 facets"]
    assert ax.get_title() == "bend locus"


def test_a_line_is_one_facet() -> None:
    ax: Any = plot_bend_locus(Network.from_dense([[[0, 1]], [[-2]]]), cmap="PuOr")
    assert labels(ax) == ["convex: 0 facets", "concave: 1 facet"]


def test_jumps_whose_squares_are_below_all_floats() -> None:
    tiny = 2.0**-1000
    ax: Any = plot_bend_locus(Network.from_dense([[[1, 0], [0, 1]], [[tiny, -tiny]]]), Box.cube(2))
    assert labels(ax) == ["convex: 2 facets", "concave: 2 facets"]


def test_outputs_are_counted_from_the_end_too(generic: Network) -> None:
    ax: Any = plot_bend_locus(generic, Box.cube(2), output=-1)
    assert ax.get_title().startswith("bend locus of output 2, ")


@pytest.mark.parametrize("window", [None, (-1, 1)])
def test_all_of_the_plane(corner: Network, window: tuple[float, float] | None) -> None:
    ax: Any = plot_bend_locus(corner, window=window)
    assert labels(ax) == ["convex: 4 facets", "concave: 0 facets"]
