"""Networks of every kind that exports must carry, for the tests of `to_onnx` and `to_torch`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tropnet import Network
from tropnet.exact.sharing import Sharing
from tropnet.network import Affine, Layer, Linear, linear
from tropnet.network.shared_linear import SharedLinear


def float32_array(random: Any, *shape: int) -> Any:
    """Return random numbers that float32 has."""
    return random.standard_normal(shape).astype(np.float32).astype(np.float64)


def convolution(
    channels: int, size: int, kernel: Any, *, groups: int = 1, padding: int = 1
) -> SharedLinear:
    """Return the map of a convolution with square windows; `kernel` is `(out, inner · window²)`."""
    weights = linear(kernel)
    out, length = weights.shape
    inner = channels // groups
    window = round((length // inner) ** 0.5)
    places = np.arange(channels * size * size).reshape(channels, size, size)
    places = np.pad(places, ((0, 0), (padding, padding), (padding, padding)), constant_values=-1)
    steps = size + 2 * padding - window + 1
    patches = [
        places[g * inner : (g + 1) * inner, i : i + window, j : j + window].reshape(-1)
        for g in range(groups)
        for i in range(steps)
        for j in range(steps)
    ]
    positions = np.arange(steps * steps)
    kernel_of = np.repeat(np.arange(out), steps * steps)
    patch_of = np.concatenate(
        [o // (out // groups) * steps * steps + positions for o in range(out)]
    )
    return SharedLinear(
        weights, Sharing(np.array(patches), kernel_of, patch_of, channels * size * size)
    )


def _after(first: Linear, *, relu: Any = True, bias: bool = True) -> Network:
    """Return the network of one layer with these weights, and a dense output."""
    random = np.random.default_rng(0)
    rows, columns = first.shape
    layer = Layer(Affine({0: first}, float32_array(random, rows) * bias), relu, "first")
    return Network(columns, (layer,), Affine({1: float32_array(random, 2, rows)}, [0.5, 0]))


def all_kinds() -> dict[str, Network]:
    """Return small networks by name."""
    random = np.random.default_rng(1)
    w, v, u = (float32_array(random, *s) for s in ((4, 3), (5, 4), (5, 3)))
    first = Layer(Affine({0: w}, float32_array(random, 4)), True, "first")
    kernel = float32_array(random, 4, 18)
    ninths = [[f"{k}/9" for k in range(9)], ["1/9"] * 9]
    single = convolution(2, 5, kernel)
    chosen = single.sharing.take(random.permutation(100)[:37])
    pairs = [random.choice(50, 3, replace=False) for _ in range(300)]
    scattered = Sharing(
        np.array(pairs), random.integers(0, 200, 900), random.integers(0, 300, 900), 50
    )
    assert scattered.scattered
    return {
        "chain": Network.from_dense([w, v, u.T @ np.eye(5)], [None, [1, 2, 3, 4, 5], None]),
        "one affine map": Network.from_dense([w]),
        "float64": Network.from_dense([w / 3, v]),
        "identity layers": Network(
            3,
            (Layer(Affine({0: w}), False, "affine"), Layer(Affine({1: v}, [1] * 5), False)),
            Affine({2: np.ones((1, 5))}),
        ),
        "mixed layer": Network(
            3, (Layer(Affine({0: w}), [True, False, True, False]),), Affine({1: v})
        ),
        "skips": Network(
            3,
            (first, Layer(Affine({0: u, 1: v}, float32_array(random, 5)), True)),
            Affine({0: np.ones((2, 3)), 2: np.ones((2, 5))}, ["1/3", 7]),
        ),
        "odd order": Network(
            3,
            (
                Layer(Affine({0: w}), False),
                Layer(Affine({0: w[::-1].copy()}), True),
                Layer(Affine({0: u}), True, "nobody reads this"),
            ),
            Affine({1: v, 2: v}),
        ),
        "constants": Network(3, (Layer(Affine({}, [1, -2]), True),), Affine({1: [[1, 1]]}, [2])),
        "constant output": Network(3, (), Affine({}, [1, "1/3"])),
        "no units": Network(3, (Layer(Affine({}, []), True),), Affine({0: w})),
        "ninths": Network.from_dense([ninths], [["2/3", 1]]),
        "subnormal": Network.from_dense([[[5e-324, 1e308], [2.0**-149, 1]]]),
        "convolution": _after(single),
        "no bias": _after(single, bias=False),
        "some rows without bias": _after(
            SharedLinear(single.kernel, chosen), relu=False, bias=False
        ),
        "scattered without bias": _after(
            SharedLinear(linear(float32_array(random, 200, 3)), scattered), bias=False
        ),
        "groups": _after(convolution(4, 5, float32_array(random, 8, 18), groups=2)),
        "depthwise": _after(convolution(3, 6, ninths + ninths[:1], groups=3), relu=False),
        "some rows": _after(SharedLinear(single.kernel, chosen), relu=[True, False] * 18 + [True]),
        "scattered": _after(SharedLinear(linear(float32_array(random, 200, 3)), scattered)),
        "scattered thirds": _after(
            SharedLinear(linear([[f"{k}/3", 1, f"{k}/7"] for k in range(200)]), scattered)
        ),
    }  # fmt: skip


def changed(model: Any, what: str) -> Any:
    """Return a copy of an ONNX model as another program would have written it."""
    copy = type(model)()
    copy.CopyFrom(model)
    copy.producer_name = what
    return copy
