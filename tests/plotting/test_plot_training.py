from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tropnet import Box, Network
from tropnet.errors import DomainError, ShapeError
from tropnet.plotting import plot_decision_boundary, plot_training


def snapshots(n: int = 2) -> list[Network]:
    return [Network.from_dense([[[1] * n], [[k]]], [[0], [-k]]) for k in (1, 3)]


def axes() -> Axes:
    return Figure(figsize=(3, 2)).subplots()


def test_a_gif_with_a_frame_for_each_snapshot(tmp_path: Path) -> None:
    ax = axes()
    animation = plot_training(snapshots(), Box.cube(2), ax=ax)
    animation.save(tmp_path / "t.gif", writer="pillow", dpi=40)
    with Image.open(tmp_path / "t.gif") as image:
        assert image.n_frames == 2  # type: ignore[attr-defined]
    # one scale and one colour bar for all
    assert len(ax.child_axes) == 1
    assert ax.collections[0].get_clim()[1] == pytest.approx(3 * 2**0.5)
    assert ax.get_title() == "snapshot 2 of 2: 2 linear regions"


def test_any_picture(tmp_path: Path) -> None:
    ax = axes()
    animation = plot_training(
        snapshots(), Box.cube(2), ax=ax, titles="ab", picture=plot_decision_boundary, level=1
    )
    animation.save(tmp_path / "t.gif", writer="pillow", dpi=40)
    assert ax.get_title() == "b: decision boundary: f = 1"


def test_one_input(tmp_path: Path) -> None:
    ax = axes()
    animation = plot_training(snapshots(1), ax=ax)
    animation.save(tmp_path / "t.gif", writer="pillow", dpi=40)
    assert len(ax.lines) == 1


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        ([], {}, ShapeError, "no snapshots"),
        (snapshots(), {"titles": ["a"]}, ShapeError, "1 titles for 2 snapshots"),
        (snapshots(3), {}, ShapeError, "of 1 or 2 inputs, this one has 3"),
        ([*snapshots(1), *snapshots(2)], {}, ShapeError, "of one and of two inputs"),
        (snapshots(), {"picture": "regions"}, DomainError, "cannot be called"),
    ],
)
def test_wrong_use(
    given: list[Network], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plot_training(given, None, **options)
