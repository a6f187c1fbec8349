"""P ⊘ Q of the same function: layer by layer, from the cells, simplified; and what it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.bench_tropicalize import torch_default
from tests.bench.measure import Measurement, measure
from tropnet import Box
from tropnet.conversion import tropicalize
from tropnet.conversion.forms import forms
from tropnet.conversion.layers_form import layers_form
from tropnet.domains import Domain
from tropnet.simplification.simplify_rational import simplify_rational

#: One unit of `measure` is about .04 s.
_UNIT = 0.04
#: Sizes, whether on [-1, 1]^n or on all of R^n, and the seconds that simplifying what layers give
#: may take.
_CASES: list[tuple[list[int], bool, float]] = [
    ([2, 8, 8, 1], True, 0.4),
    ([2, 8, 8, 1], False, 1.0),
    ([2, 16, 16, 1], True, 0.8),
    ([2, 16, 16, 1], False, 4.0),
    ([2, 8, 8, 8, 8, 1], False, 4.0),
    ([3, 8, 8, 1], True, 1.5),
    ([2, 32, 32, 1], True, 6.0),
    ([3, 16, 16, 1], True, 25.0),
]


def measurements() -> Iterator[Measurement]:
    for sizes, boxed, seconds in _CASES:
        name = "-".join(map(str, sizes))
        domain: Domain = Box.cube(sizes[0]) if boxed else None
        network = torch_default(sizes, 0)
        start = time.perf_counter()
        layers = layers_form(network).essential(domain)[0]
        middle = time.perf_counter()
        regions = tropicalize(network, domain, method="regions")[0]
        end = time.perf_counter()
        found = simplify_rational(layers, domain)
        again = simplify_rational(regions, domain)
        if not (found.complete and found.replay() and again.complete and again.replay()):
            raise AssertionError(f"{name}: the evidence does not replay")
        pairs = [f"{p} ⊘ {q}" for p, q in (layers.k, found.result.k, regions.k, again.result.k)]
        print(
            f"              {name} on {'the box' if boxed else 'R^n'}: layers {pairs[0]} "
            f"({middle - start:.2f} s) → {pairs[1]} ({found.seconds:.2f} s), cells {pairs[2]} "
            f"({end - middle:.2f} s) → {pairs[3]} ({again.seconds:.2f} s)",
            flush=True,
        )
        if sum(found.result.k) > sum(layers.k):
            raise AssertionError(f"{name}: more terms than before")
        yield measure(
            f"simplify P ⊘ Q of {name}, {'box' if boxed else 'R^n'}",
            lambda layers=layers, domain=domain: simplify_rational(layers, domain),  # type: ignore[misc]
            at_most=seconds / _UNIT,
            repeats=1,
        )
    yield from _arithmetic()
    network = torch_default([2, 32, 32, 1], 0)
    yield measure(
        "forms of 2-32-32-1, box",
        lambda: forms(network, Box.cube(2)),
        at_most=0.4 / _UNIT,
        repeats=3,
    )


def _arithmetic() -> Iterator[Measurement]:
    """Common factors come about when quotients are added and multiplied."""
    f, g, h = (tropicalize(torch_default([2, 8, 1], seed))[0] for seed in range(3))
    for name, whole, most in (
        ("f ⊙ g ⊘ g", f * g / g, f.k),
        ("f ⊕ g", f + g, (66, 29)),
        ("f ⊕ g ⊕ h", f + g + h, (174, 106)),
    ):
        found = simplify_rational(whole)
        if not (found.complete and found.replay()) or sum(found.result.k) > sum(most):
            raise AssertionError(f"{name}: {found}")
        steps = " → ".join(f"{p} ⊘ {q}" for p, q in (whole.k, whole.essential().k, found.result.k))
        print(f"              {name}: {steps} ({found.seconds:.2f} s)", flush=True)
        yield measure(
            f"simplify {name}",
            lambda whole=whole: simplify_rational(whole),  # type: ignore[misc]
            at_most=3.0 / _UNIT,
            repeats=1,
        )
