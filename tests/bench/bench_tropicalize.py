"""From networks to P ⊘ Q: times, sizes over seeds, and how good the plans are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import numpy as np

from tests.bench.measure import Measurement, Reference, measure
from tropnet.conversion import plan, tropicalize
from tropnet.network import Network

#: One unit of `measure` is about .04 s.
_UNIT = 0.04
#: For each network the seconds it may take, and the terms of P and Q that seeds 0 to 9 have in the
#: median at most.
_CASES = [
    ([2, 4, 4, 1], 0.25, 99),
    ([2, 8, 8, 1], 0.5, 800),
    ([3, 6, 6, 1], 2.0, 2000),
    ([2, 16, 16, 1], 2.0, 2000),
    ([3, 16, 16, 1], 20.0, 20_000),
]


def torch_default(sizes: list[int], seed: int) -> Network:
    """The network that torch's Linear layers start from."""
    import torch

    torch.manual_seed(seed)
    layers = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    return Network.from_dense(
        [layer.weight.detach().numpy() for layer in layers],
        [layer.bias.detach().numpy() for layer in layers],
    )


def measurements() -> Iterator[Measurement]:
    for sizes, seconds, most in _CASES:
        name = "-".join(map(str, sizes))
        networks = [torch_default(sizes, seed) for seed in range(10 if seconds <= 2 else 2)]
        maps = [tropicalize(network) for network in networks]
        sizes_p, sizes_q = (median(f.k[0][side] for f in maps) for side in (0, 1))
        raw = [plan(network).layers[-1].unpruned for network in networks]
        print(
            f"              {name}: median terms {sizes_p:g} ⊘ {sizes_q:g}, "
            f"unpruned 10^{min(raw):.3g} to 10^{max(raw):.3g}"
        )
        if max(sizes_p, sizes_q) > most:
            raise AssertionError(f"{name}: more than {most} terms in the median")
        yield measure(
            f"tropicalize {name}, each of {len(networks)} seeds",
            lambda networks=networks: [tropicalize(network) for network in networks],  # type: ignore[misc]
            per=len(networks),
            at_most=seconds / _UNIT,
            repeats=2,
        )
    yield from _plans()


def _plans() -> Iterator[Measurement]:
    acas = torch_default([5, 50, 50, 50, 50, 50, 50, 5], 0)
    yield measure("plan 5-50x6-5", lambda: plan(acas), at_most=0.6 / _UNIT, repeats=3)
    large = torch_default([784, 100, 100, 10], 0)
    yield measure("plan 784-100-100-10", lambda: plan(large), at_most=0.6 / _UNIT, repeats=3)
    small = torch_default([2, 16, 16, 1], 0)
    yield measure(
        "plan 2-16-16-1",
        lambda: plan(small),
        reference=Reference("tropicalize", lambda: tropicalize(small)),
        at_most=0.5,
        repeats=3,
    )
    worst = 1.0
    for sizes, _, _ in _CASES:
        for seed in range(3):
            network = torch_default(sizes, seed)
            guesses, truth = plan(network).outputs, tropicalize(network).k
            ratios = np.array(guesses, dtype=float) / np.array(truth)
            worst = max(worst, float(ratios.max()), float(1 / ratios.min()))
    print(f"              plans were off by a factor of {worst:.2f} at most")
    if worst > 10:
        raise AssertionError("a plan was off by more than a factor of ten")
