"""Convolutions, pooling, skip connections and maxout: the regions of models as torch runs them.

What is expected is found from the parameters alone, by index loops and a choice of one alternative
after the other for each maximum, with an exact linear program for each; torch's own gradients at
the interior points are a second witness. Neither sees what `load` makes of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

import tropnet
from tests.oracles.cells import Form
from tests.oracles.sign_enumeration import domain_sides, is_full, sign_cells
from tropnet import Box

#: The alternatives that each unit is the maximum of, given all forms so far.
Stage = Callable[[list[Form]], list[list[Form]]]
Pieces = list[tuple[Form, ...]]


def pieces(n: int, box: Box, stages: list[Stage]) -> Pieces:
    """Return what the last stage is on each full-dimensional piece, one for each set of choices."""

    def grow(
        forms: list[Form], level: int, done: list[Form], sides: tuple[Form, ...]
    ) -> Iterator[tuple[Form, ...]]:
        if level == len(stages):
            yield tuple(forms)
            return
        units = stages[level](forms)
        if len(done) == len(units):
            yield from grow(done, level + 1, [], sides)
            return
        seen: set[Form] = set()
        for one in units[len(done)]:
            if one in seen:
                continue
            seen.add(one)
            more = (*sides, *(less(one, other) for other in units[len(done)] if other != one))
            if is_full(more, n):
                yield from grow(forms, level, [*done, one], more)

    start = [(tuple(Fraction(int(i == j)) for j in range(n)), Fraction(0)) for i in range(n)]
    return list(grow(start, 0, [], domain_sides(box)))


def less(one: Form, other: Form) -> Form:
    return tuple(a - b for a, b in zip(one[0], other[0], strict=True)), one[1] - other[1]


def combined(forms: list[Form], weights: list[Any], bias: Any) -> Form:
    """Return Σ weight·form + bias."""
    terms = list(zip(weights, forms, strict=True))
    n = len(forms[0][0])
    gradient = tuple(sum((Fraction(w) * f[0][k] for w, f in terms), Fraction(0)) for k in range(n))
    return gradient, sum((Fraction(w) * f[1] for w, f in terms), Fraction(bias))


def linear(layer: Any, forms: list[Form]) -> list[Form]:
    rows = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    return [combined(forms, row, bias) for row, bias in rows]


def convolution(layer: Any, forms: list[Form], height: int, width: int) -> list[Form]:
    """Slide the kernels over an image of (channels, height, width); no padding, stride one."""
    kernel = layer.weight.tolist()
    deep, high, wide = layer.weight.shape[1:]
    found = []
    for out, bias in enumerate(layer.bias.tolist()):
        for i, j in product(range(height - high + 1), range(width - wide + 1)):
            weights = [0] * len(forms)
            for c, a, b in product(range(deep), range(high), range(wide)):
                weights[(c * height + i + a) * width + j + b] = kernel[out][c][a][b]
            found.append(combined(forms, weights, bias))
    return found


def rectified(forms: list[Form]) -> list[list[Form]]:
    zero = tuple(Fraction(0) for _ in forms[0][0]), Fraction(0)
    return [[form, zero] for form in forms]


def alone(forms: list[Form]) -> list[list[Form]]:
    return [[form] for form in forms]


def with_small_integers(model: Any, seed: int) -> Any:
    """Ties and zeros are likely, and torch's gradients are exact."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            drawn = torch.randint(-2, 3, parameter.shape, generator=generator)
            parameter.copy_(drawn.to(parameter.dtype))
    return model.double().eval()


def convolutional(seed: int) -> tuple[Any, tuple[int, ...], list[Stage]]:
    one, two, out = nn.Conv2d(1, 2, 2), nn.Conv2d(2, 2, (1, 2)), nn.Linear(2, 2)
    layers = one, nn.ReLU(), two, nn.ReLU(), nn.Flatten(), out
    stages: list[Stage] = [
        lambda forms: rectified(convolution(one, forms, 2, 3)),
        lambda forms: rectified(convolution(two, forms, 1, 2)),
        lambda forms: alone(linear(out, forms)),
    ]
    return with_small_integers(nn.Sequential(*layers), seed), (1, 2, 3), stages


def max_pooled(seed: int) -> tuple[Any, tuple[int, ...], list[Stage]]:
    """Overlapping windows, after a ReLU and before another one."""
    one, two, out = nn.Conv2d(1, 1, (2, 1)), nn.Linear(2, 2), nn.Linear(2, 1)
    pool = nn.MaxPool2d((1, 2), stride=1)
    layers = one, nn.ReLU(), pool, nn.Flatten(), two, nn.ReLU(), out
    stages: list[Stage] = [
        lambda forms: rectified(convolution(one, forms, 2, 3)),
        lambda forms: [[forms[0], forms[1]], [forms[1], forms[2]]],
        lambda forms: rectified(linear(two, forms)),
        lambda forms: alone(linear(out, forms)),
    ]
    return with_small_integers(nn.Sequential(*layers), seed), (1, 2, 3), stages


class Residual(nn.Module):
    """Two blocks, x + f(x), the second one before a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(3, 3), nn.Linear(3, 3)
        self.inner, self.out = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x: Any) -> Any:
        x = x + self.down(torch.relu(self.up(x)))
        return self.out(torch.relu(x + self.inner(x)))


def residual(seed: int) -> tuple[Any, tuple[int, ...], list[Stage]]:
    model = with_small_integers(Residual(), seed)
    identity = [[int(i == j) for j in range(3)] for i in range(3)]

    def first(forms: list[Form]) -> list[list[Form]]:
        return [*alone(forms), *rectified(linear(model.up, forms))]

    def second(forms: list[Form]) -> list[list[Form]]:
        inner = linear(model.down, forms[3:])
        x = [combined([forms[k], inner[k]], [1, 1], 0) for k in range(3)]
        weights = [
            [a + b for a, b in zip(row, unit, strict=True)]
            for row, unit in zip(model.inner.weight.tolist(), identity, strict=True)
        ]
        biases = model.inner.bias.tolist()
        rows = zip(weights, biases, strict=True)
        return rectified([combined(x, row, bias) for row, bias in rows])

    return model, (3,), [first, second, lambda forms: alone(linear(model.out, forms))]


class Maxout(nn.Module):
    """Two maxout layers: the largest of three, then of two."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(3, 6), nn.Linear(2, 4)

    def forward(self, x: Any) -> Any:
        x = self.one(x).view(-1, 2, 3).max(dim=-1).values
        return self.two(x).view(-1, 2, 2).amax(-1)


def maxout(seed: int) -> tuple[Any, tuple[int, ...], list[Stage]]:
    model = with_small_integers(Maxout(), seed)

    def first(forms: list[Form]) -> list[list[Form]]:
        found = linear(model.one, forms)
        return [found[:3], found[3:]]

    def second(forms: list[Form]) -> list[list[Form]]:
        found = linear(model.two, forms)
        return [found[:2], found[2:]]

    return model, (3,), [first, second]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", [convolutional, max_pooled, residual, maxout])
def test_the_regions_are_those_of_the_model(
    kind: Callable[[int], tuple[Any, tuple[int, ...], list[Stage]]], seed: int
) -> None:
    model, shape, stages = kind(seed)
    network = tropnet.load(model, example_input=torch.zeros(1, *shape, dtype=torch.float64))
    n = network.n_inputs
    box = Box([-1] * n, [2] * n)
    cells = tropnet.linear_regions(network, box)
    assert cells.complete
    expected = pieces(n, box, stages)
    assert len(set(expected)) > 3, "a model that shows too little"
    maps = [cells.exact_map(k) for k in range(cells.n_cells)]
    found = [
        tuple(
            (tuple(row), offset)
            for row, (offset,) in zip(m.matrix.to_fractions(), m.offset.to_fractions(), strict=True)
        )
        for m in maps
    ]
    assert set(found) == set(expected)
    assert cells.n_affine_maps == len(set(expected)) <= cells.n_regions <= cells.n_cells
    assert {tuple(row) for row in cells.signs.tolist()} == {
        cell.signs for cell in sign_cells(network, box)
    }
    if kind in (convolutional, residual):  # whose choices are the signs of its units
        assert cells.n_cells == len(expected)
    for point, outputs in zip(cells.interior_points.tolist(), found, strict=True):
        x = torch.tensor(point, dtype=torch.float64).reshape(1, *shape)
        slopes: Any = torch.autograd.functional.jacobian(model, x)  # type: ignore[no-untyped-call]
        rows = slopes.reshape(-1, n).tolist()
        assert [tuple(map(Fraction, row)) for row in rows] == [g for g, _ in outputs]
