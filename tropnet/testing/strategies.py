"""Hypothesis strategies that draw the numbers, points and networks on which code goes wrong.

Numbers: `rationals`, `small_integers`, `nasty_floats`, `float32_values`, `ulp_neighbours`.
Points: `points` (one rational point), `float_batches` (an array of them in float64).
Networks: `networks` (degenerate ones in ReLU normal form, with skips and identity units),
`dense_networks` (layers of ReLU units without skips), `disguised` (a network and a copy of it that
computes the same function: permuted, and rescaled by powers of two).

This module needs hypothesis (`pip install "tropnet[dev]"`).

Example:
    >>> from hypothesis import given, settings
    >>> from tropnet.testing.strategies import networks, points
    >>> @settings(max_examples=5)
    ... @given(networks(n_inputs=2), points(2))
    ... def test(network, point):
    ...     assert network.exact(point).shape == (1, network.n_outputs)
    >>> test()
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Network

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: A number that a strategy draws.
Number: TypeAlias = int | float | Fraction

#: Float64 values at the borders: signed zeros, the smallest subnormal and normal numbers, the
#: largest, neighbours of 1, integers beyond which floats have gaps, and the ends of float32.
SPECIAL_FLOATS: tuple[float, ...] = (
    0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1022), 2.0**-1022 - 5e-324, 1e-300, -1e-300,
    1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308, 1.0, 1.0 - 2.0**-53,
    1.0 + 2.0**-52, -1.0, 2.0**53, 2.0**53 + 2, 0.1, 0.2, -0.3, 1 / 3, 2.0**-149, 2.0**-126,
    3.4028234663852886e38,
)  # fmt: skip


def rationals(limit: int = 4, denominators: Sequence[int] = (1, 1, 2, 3, 4)) -> Any:
    """Draw small fractions; few of them, so that ties are frequent.

    Args:
        limit: numerators lie between −limit and limit.
        denominators: the denominators to choose from.
    """
    return st.builds(Fraction, st.integers(-limit, limit), st.sampled_from(list(denominators)))


def small_integers(limit: int = 2) -> st.SearchStrategy[int]:
    """Draw integers between −limit and limit, zero often."""
    return st.one_of(st.just(0), st.integers(-limit, limit))


def float32_values() -> st.SearchStrategy[float]:
    """Draw finite values of float32, subnormal ones included, as Python floats."""
    return st.floats(width=32, allow_nan=False, allow_infinity=False)


def ulp_neighbours() -> st.SearchStrategy[float]:
    """Draw finite floats that are a simple number or one of its neighbours, one ulp away."""

    def neighbour(value: Fraction, steps: int) -> float:
        near = float(value)
        return math.nextafter(near, steps * math.inf) if steps else near

    return st.builds(neighbour, rationals(), st.sampled_from((-1, 0, 1)))


def nasty_floats() -> st.SearchStrategy[float]:
    """Draw finite float64 values: `SPECIAL_FLOATS`, ulp neighbours, float32 values, any others."""
    anything = st.floats(allow_nan=False, allow_infinity=False)
    moderate = st.floats(-100, 100)
    return st.one_of(
        st.sampled_from(SPECIAL_FLOATS), ulp_neighbours(), moderate, float32_values(), anything
    )


def points(dimension: int, entries: Any = None) -> st.SearchStrategy[list[Any]]:
    """Draw one point, a list of small rationals unless other entries are given.

    Args:
        dimension: the number of coordinates.
        entries: a strategy for the coordinates.
    """
    return st.lists(
        rationals() if entries is None else entries, min_size=dimension, max_size=dimension
    )


def float_batches(
    dimension: int, entries: Any = None, max_size: int = 4
) -> st.SearchStrategy[FloatArray]:
    """Draw a float64 array `(batch, dimension)`; the batch may be empty.

    Args:
        dimension: the number of coordinates.
        entries: a strategy for the coordinates; nasty floats when left out.
        max_size: the largest batch.
    """
    rows = st.lists(
        points(dimension, nasty_floats() if entries is None else entries), max_size=max_size
    )
    return rows.map(lambda table: np.array(table, dtype=np.float64).reshape(len(table), dimension))


@st.composite
def networks(
    draw: st.DrawFn,
    *,
    n_inputs: int | None = None,
    n_outputs: int | None = None,
    max_layers: int = 3,
    max_width: int = 4,
    entries: Any = None,
    skips: bool = True,
    identities: bool = True,
) -> Network:
    """Draw a small network that is degenerate more often than not.

    Rows of zeros, rows that repeat, negate or double an earlier row of their layer (bias included),
    sources that are not read at all, units without ReLU, and weights to any earlier layer.

    Args:
        draw: given by hypothesis.
        n_inputs: the input dimension; 1 to 3 when left out.
        n_outputs: the output dimension; 1 or 2 when left out.
        max_layers: the most layers of units.
        max_width: the most units of a layer.
        entries: a strategy for weights and biases (ints, floats, Fractions); small integers and
            small rationals when left out.
        skips: whether a layer may read others than the one before it.
        identities: whether units without ReLU may occur.
    """
    numbers = st.one_of(small_integers(), rationals()) if entries is None else entries
    widths = [n_inputs or draw(st.integers(1, 3))]
    layers: list[Layer] = []
    for _ in range(draw(st.integers(0, max_layers))):
        width = draw(st.integers(1, max_width))
        affine = draw(_affines(width, widths, numbers, skips))
        relu = draw(st.lists(st.sampled_from((True, True, False)), min_size=width, max_size=width))
        layers.append(Layer(affine, relu if identities else True, f"hidden {len(layers) + 1}"))
        widths.append(width)
    output = draw(_affines(n_outputs or draw(st.integers(1, 2)), widths, numbers, skips))
    return Network(widths[0], tuple(layers), output)


def dense_networks(
    *,
    n_inputs: int | None = None,
    n_outputs: int | None = None,
    max_layers: int = 3,
    max_width: int = 4,
    entries: Any = None,
) -> st.SearchStrategy[Network]:
    """Draw a small degenerate network of dense ReLU layers; arguments as for `networks`."""
    return networks(
        n_inputs=n_inputs, n_outputs=n_outputs, max_layers=max_layers, max_width=max_width,
        entries=entries, skips=False, identities=False,
    )  # fmt: skip


@st.composite
def disguised(draw: st.DrawFn, networks: st.SearchStrategy[Network]) -> tuple[Network, Network]:
    """Draw a network and another one that is equal to it as a function on all of R^n.

    The copy has its units permuted within each layer, and its ReLU units rescaled by powers of two.

    Args:
        draw: given by hypothesis.
        networks: a strategy for the network itself.
    """
    network = draw(networks)
    orders: list[list[int]] = [list(range(network.n_inputs))]
    scales: list[list[Fraction]] = [[Fraction(1)] * network.n_inputs]
    layers: list[Layer] = []
    for layer in network.layers:
        order = draw(st.permutations(range(layer.width)))
        powers = draw(st.lists(st.integers(-3, 3), min_size=layer.width, max_size=layer.width))
        scale = [
            Fraction(2) ** p if layer.relu[i] else Fraction(1)
            for i, p in zip(order, powers, strict=True)
        ]
        affine = _recoded(layer.affine, order, scale, orders, scales)
        layers.append(Layer(affine, layer.relu[list(order)], layer.name))
        orders.append(list(order))
        scales.append(scale)
    size = network.n_outputs
    output = _recoded(network.output, list(range(size)), [Fraction(1)] * size, orders, scales)
    return network, Network(network.n_inputs, tuple(layers), output)


@st.composite
def _affines(
    draw: st.DrawFn, size: int, widths: Sequence[int], numbers: Any, skips: bool
) -> Affine:
    """Draw an affine function of the sources of these widths, its rows often degenerate."""
    newest = len(widths) - 1
    sources = [s for s in range(newest) if skips and draw(st.booleans())] + [newest]
    length = sum(widths[s] for s in sources) + 1
    rows: list[list[Number]] = []
    for _ in range(size):
        kind = draw(
            st.sampled_from(("fresh", "fresh", "fresh", "zero", "copy", "negate", "double"))
        )
        if kind == "zero":
            rows.append([0] * length)
        elif kind == "fresh" or not rows:
            rows.append(draw(st.lists(numbers, min_size=length, max_size=length)))
        else:
            factor = {"copy": 1, "negate": -1, "double": 2}[kind]
            model = draw(st.sampled_from(rows))
            row: list[Number] = [factor * v for v in model]
            rows.append(row if all(map(math.isfinite, row)) else list(model))
    weights, start = {}, 0
    for source in sources:
        weights[source] = [row[start : start + widths[source]] for row in rows]
        start += widths[source]
    return Affine(weights, [row[-1] for row in rows])


def _recoded(
    affine: Affine,
    order: Sequence[int],
    scale: Sequence[Fraction],
    orders: Sequence[Sequence[int]],
    scales: Sequence[Sequence[Fraction]],
) -> Affine:
    """Return scale · affine in this order of rows, for sources permuted and scaled likewise."""
    weights: dict[int, RationalMatrix] = {}
    for source, part in affine.terms:
        inverse = [1 / s for s in scales[source]]
        columns = part.exact.columns(orders[source]) @ RationalMatrix.diagonal(inverse)
        weights[source] = columns.rows(order).scale_rows(scale)
    return Affine(weights, affine.bias.exact.rows(order).scale_rows(scale))
