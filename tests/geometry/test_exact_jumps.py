"""Sums over paths modulo primes against the same in Fractions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tropnet.geometry.circuit import Circuit
from tropnet.geometry.exact_jumps import Bends, ExactJumps
from tropnet.network import Affine, Layer, Network


def skipping(seed: int) -> Network:
    """Two hidden layers and an output that all read the inputs, and big uneven rationals."""
    rng = np.random.default_rng(seed)

    def table(rows: int, columns: int) -> list[list[str]]:
        return [
            [f"{rng.integers(-(10**9), 10**9)}/{rng.integers(1, 10**6)}" for _ in range(columns)]
            for _ in range(rows)
        ]

    def affine(rows: int, **sources: int) -> Affine:
        terms: dict[int, Any] = {int(k[1:]): table(rows, w) for k, w in sources.items()}
        return Affine(terms, [row[0] for row in table(rows, 1)])

    first = Layer(affine(3, s0=2), True)
    second = Layer(affine(4, s0=2, s1=3), [True, True, False, True])
    return Network(2, (first, second), affine(2, s0=2, s1=3, s2=4))


def by_hand(
    circuit: Circuit, active: Any, output: int | None, bends: list[Bends]
) -> tuple[list[list[int]], list[int]]:
    """The factors of all units before their own bend, block by block, and the form."""
    n, column = circuit.n_inputs, [0] * (circuit.n_inputs + 1 + circuit.n_units)
    if output is not None:
        for k, source in enumerate(circuit.output.reads.tolist()):
            column[source] += int(circuit.output.integers[output, k])
    factors: list[list[int]] = [[] for _ in circuit.blocks]
    for b in range(len(circuit.blocks) - 1, -1, -1):
        block = circuit.blocks[b]
        first = n + 1 + block.start
        factors[b] = column[first : first + block.width]
        for unit, factor in enumerate(factors[b]):
            total = int(active[block.start + unit]) * (factor + int(bends[b].active[unit]))
            if unit in bends[b].parts:
                part, values = bends[b].parts[unit]
                total += values[int(part[0])]
            for k, source in enumerate(block.reads.tolist()):
                column[source] += total * int(block.integers[unit, k])
    return factors, column[: n + 1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("output", [None, 0, 1])
def test_sums_over_paths(seed: int, output: int | None) -> None:
    circuit = Circuit.of(skipping(seed))
    rng = np.random.default_rng(seed)
    active = rng.integers(0, 2, (5, circuit.n_units)).astype(np.int8)
    bends = []
    for block in circuit.blocks:
        bend = Bends(np.array([int(v) * 10**20 for v in rng.integers(-9, 9, block.width)], object))
        bend.active[0] = 0
        bend.parts[0] = np.array([0, 1, 1, 0, 2]), [7, -(10**30), 0]
        bends.append(bend)
    jumps = ExactJumps(circuit, active, np.array([3, 0, 4, 1]), output)
    wanted = []
    for cell in jumps.cells.tolist():
        own = [
            Bends(b.active, {u: (part[[cell]], v) for u, (part, v) in b.parts.items()})
            for b in bends
        ]
        wanted.append(by_hand(circuit, active[cell], output, own))
    for b in range(len(bends) - 1, -1, -1):
        width = circuit.blocks[b].width
        rows, units = np.divmod(np.arange(4 * width), width)
        found = jumps.factors(rows, units).reshape(4, width).tolist()
        assert found == [factors[b] for factors, _ in wanted]
        jumps.expand(bends[b])
    assert jumps.forms().tolist() == [form for _, form in wanted]
    one = jumps.on(np.array([4]))
    assert one.forms().tolist() == [wanted[2][1]]


def test_scaling_multiplies_what_is_there() -> None:
    circuit = Circuit.of(skipping(0))
    active = np.ones((1, circuit.n_units), np.int8)
    jumps = ExactJumps(circuit, active, np.array([0]))
    last = circuit.blocks[-1].width
    jumps.expand(Bends(np.full(last, 5, object)))
    before = jumps.factors(np.zeros(3, np.int64), np.arange(3))
    jumps.scale(6)
    assert (jumps.factors(np.zeros(3, np.int64), np.arange(3)) == 6 * before).all()
    assert any(before)
