"""Choices of entries against torch and numpy, over all their parameters; refusals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import BudgetExceeded, DomainError, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.choice import (
    expand,
    gather_elements,
    pad,
    resize_nearest,
    split,
    stack,
    take_slice,
    tile,
)
from tropnet.io.tensor import Constant

_UNKNOWN: Any = "cubic"
_X = np.arange(24.0).reshape(2, 3, 4)


def _chosen(build: Any, x: Any = _X) -> Any:
    """Apply an operation to a constant, and check that it does the same to a tensor."""
    do = Operations("float64")
    found = build(do, stored(x))
    assert isinstance(found, Constant)
    [tensor] = do.inputs([x.shape])
    picked = build(do, tensor)
    assert picked.shape == found.shape
    f = do.build([picked])
    assert f.widths == ()  # a choice makes no layer
    assert f.exact(x.reshape(1, -1)).to_floats().reshape(found.shape).tolist() == (
        found.fractions().astype(float).tolist()
    )
    return found.values


_ENDS = st.one_of(st.integers(-6, 6), st.sampled_from([-(2**63), 2**63 - 1]))


@settings(max_examples=100)
@given(st.lists(st.tuples(_ENDS, _ENDS, st.sampled_from([-2, -1, 1, 2])), min_size=1, max_size=3))
def test_slices_are_pythons(cuts: list[tuple[int, int, int]]) -> None:
    x: Any = _X
    kept = []
    for axis, (start, end, step) in enumerate(cuts):
        # Python's way to step backwards to the first entry is to name no end
        whole = step < 0 and end == -(2**63)
        places = list(range(x.shape[axis])[start : None if whole else end : step])
        if not places:  # a network without outputs is no network: leave this axis whole
            start, end, step, places = 0, 2**63 - 1, 1, list(range(x.shape[axis]))
        kept.append((start, end, step))
        x = np.take(x, places, axis=axis)
    starts, ends, steps = (list(part) for part in zip(*kept, strict=True))
    found = _chosen(lambda do, v: take_slice(do, v, starts, ends, steps=steps))
    assert found.tolist() == x.tolist()


def test_slices_of_chosen_axes() -> None:
    found = _chosen(lambda do, v: take_slice(do, v, [1], [3], axes=[-1]))
    assert found.tolist() == _X[:, :, 1:3].tolist()
    assert take_slice(Operations("float32"), stored(_X), [5], [9]).shape == (0, 3, 4)


def test_splits() -> None:
    pieces = [_chosen(lambda do, v, k=k: split(do, v, [1, 0, 3], -1)[k]) for k in (0, 2)]
    assert [p.tolist() for p in pieces] == [_X[..., :1].tolist(), _X[..., 1:].tolist()]
    f = read([(1, 4)], lambda do, x: split(do, x, [1, 3], 1)[::-1])
    assert f.exact([1, 2, 3, 4]).to_floats().tolist() == [[2, 3, 4, 1]]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), min_size=2, max_size=2),
    st.sampled_from(["constant", "reflect", "replicate", "circular"]),
    st.sampled_from([0.0, 1.5, -2.0]),
)
def test_pads_are_torchs(widths: list[tuple[int, int]], mode: str, fill: float) -> None:
    names: dict[str, Any] = {"replicate": "edge", "circular": "wrap"}
    if mode != "constant":
        widths = [(max(a, 0), max(b, 0)) for a, b in widths]
        fill = 0.0
    flat = [w for pair in reversed(widths) for w in pair]
    agree(
        [(1, 2, 3, 4)],
        lambda do, x: pad(do, x, [(0, 0), (0, 0), *widths], names.get(mode, mode), fill),
        lambda x: torch.nn.functional.pad(x, flat, mode=mode, value=fill or None),
        count=2,
    )


def test_pads_that_choose_make_no_layer_and_crop_first() -> None:
    for mode in ("reflect", "edge", "wrap"):
        found = _chosen(lambda do, v, mode=mode: pad(do, v, [(0, 0), (-1, 1), (1, -1)], mode))
        assert found.tolist() == np.pad(_X[:, 1:, :-1], [(0, 0), (0, 1), (1, 0)], mode).tolist()
    assert _chosen(lambda do, v: pad(do, v, [(0, -1), (0, 0), (-2, 0)])).shape == (1, 3, 2)


def test_pads_of_constants() -> None:
    do = Operations("float32")
    whole = pad(do, stored(np.array([1, 2])), [(1, 0)], fill=7)
    assert isinstance(whole, Constant)
    assert whole.is_integer
    assert whole.values.tolist() == [7, 1, 2]
    tenth = pad(do, stored(np.array([1.0])), [(0, 1)], fill=0.1)
    assert isinstance(tenth, Constant)
    assert tenth.values.tolist() == [1, Fraction(float(np.float32(0.1)))]


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((3, 1), (2, 1, 4)), ((3, 1), (3, 4)), ((1,), (2, 2)), ((2, 3), (1, 1)), ((3, 1), (2, -1, 4))],
)
def test_expansions(shape: Any, wanted: Any) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)
    joint = np.broadcast_shapes(shape, tuple(3 if d == -1 else d for d in wanted))
    found = _chosen(lambda do, v: expand(do, v, wanted), x)
    assert found.tolist() == np.broadcast_to(x, joint).tolist()


@pytest.mark.parametrize("repeats", [(2,), (1, 2, 1), (2, 1, 1, 3), ()])
def test_tiles(repeats: Any) -> None:
    found = _chosen(lambda do, v: tile(do, v, repeats))
    assert found.tolist() == np.tile(_X, repeats).tolist()


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_stacks(axis: int) -> None:
    agree(
        [(2, 3), (2, 3)],
        lambda do, x, y: stack(do, [x, y, stored(np.ones((2, 3)))], axis),
        lambda x, y: torch.stack([x, y, torch.ones_like(x)], dim=axis),
    )


@settings(max_examples=40)
@given(st.data(), st.integers(-3, 2))
def test_gathered_elements_are_torchs(data: st.DataObject, axis: int) -> None:
    shape = [data.draw(st.integers(1, n)) for n in _X.shape]
    shape[axis] = data.draw(st.integers(1, 5))
    size = _X.shape[axis]
    numbers = st.lists(st.integers(0, size - 1), min_size=60, max_size=60)
    indices = np.array(data.draw(numbers))[: int(np.prod(shape))].reshape(shape)
    found = _chosen(lambda do, v: gather_elements(do, v, indices, axis))
    assert found.tolist() == torch.gather(torch.tensor(_X), axis, torch.tensor(indices)).tolist()
    assert _chosen(lambda do, v: gather_elements(do, v, indices - size, axis)).tolist() == (
        found.tolist()
    )


def test_resizes() -> None:
    found = _chosen(lambda do, v: resize_nearest(do, v, [None, [0, 2], np.array([3, 3, 0])]))
    assert found.tolist() == _X[:, [0, 2]][:, :, [3, 3, 0]].tolist()
    agree(
        [(1, 2, 3, 4)],
        lambda do, x: resize_nearest(do, x, [None, None, np.arange(6) // 2, np.arange(8) // 2]),
        lambda x: torch.nn.functional.interpolate(x, scale_factor=2),
    )


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do, x: take_slice(do, x, [0], [1], steps=[0], name="s1"), ShapeError, "s1: starts"),
        (lambda do, x: take_slice(do, x, [0, 0], [1]), ShapeError, "starts"),
        (lambda do, x: take_slice(do, x, [0, 0], [1, 1], [1, -1]), ShapeError, r"axes \[1, 1\]"),
        (lambda do, x: take_slice(do, x, [0], [1], [2]), ShapeError, "axis 2"),
        (lambda do, x: take_slice(do, x, [0] * 3, [1] * 3), ShapeError, "of shape"),
        (lambda do, x: split(do, x, [1, 1], 1, "split1"), ShapeError, r"split1: sizes \[1, 1\]"),
        (lambda do, x: split(do, x, [4, -1], 1), ShapeError, "sizes"),
        (lambda do, x: pad(do, x, [(0, 0)], name="pad1"), ShapeError, "pad1: 1 pairs"),
        (lambda do, x: pad(do, x, [(0, 0), (3, 0)], "reflect"), ShapeError, "reflect"),
        (lambda do, x: pad(do, x, [(0, 0), (-2, -2)]), ShapeError, "widths"),
        (lambda do, x: pad(do, x, [(0, 0), (-3, 1)], "edge"), ShapeError, "edge"),
        (lambda do, x: pad(do, x, [(0, 0)] * 2, _UNKNOWN), UnsupportedLayerError, "'cubic'"),
        (lambda do, x: pad(do, x, [(0, 0), (1, 0)], fill=-np.inf), DomainError, "given -inf"),
        (lambda do, x: pad(do, x, [(0, 0), (10**9, 0)]), BudgetExceeded, "entries of the values"),
        (lambda do, x: expand(do, x, [2, 2], "e1"), ShapeError, "e1: shape .* does not expand"),
        (lambda do, x: expand(do, x, [-1, 1, 3]), ShapeError, "does not expand"),
        (lambda do, x: expand(do, x, [10**9, 1, 3]), BudgetExceeded, "an expansion"),
        (lambda do, x: tile(do, x, [-1, 1]), ShapeError, "repeats"),
        (lambda do, x: tile(do, x, [10**9, 1]), BudgetExceeded, "a tile"),
        (lambda do, x: stack(do, [x, stored(np.ones(3))], 0), ShapeError, "do not fit together"),
        (lambda do, x: gather_elements(do, x, np.array([[3]]), 1), ShapeError, "3 to 3 into 3"),
        (lambda do, x: gather_elements(do, x, np.array([0]), 1), ShapeError, "indices of shape"),
        (lambda do, x: gather_elements(do, x, np.zeros((2, 1), int), 1), ShapeError, "of shape"),
        (lambda do, x: resize_nearest(do, x, [None]), ShapeError, "1 lists"),
        (lambda do, x: resize_nearest(do, x, [None, [3]]), ShapeError, "3 to 3 into 3"),
        (lambda do, x: resize_nearest(do, x, [None, [-1]]), ShapeError, "-1 to -1 into 3"),
    ],
)  # fmt: skip
def test_refusals(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        read([(1, 3)], build)
