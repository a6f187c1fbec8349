"""Evaluation of a network in Fractions, unit by unit, as one would on paper."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tropnet.network import Affine, Network


def forward(network: Network, point: Sequence[Fraction]) -> list[list[Fraction]]:
    """The values of all sources (the input first) and of the output."""
    values = [[Fraction(v) for v in point]]
    for layer in network.layers:
        before = affine(layer.affine, values)
        values.append(
            [max(v, Fraction(0)) if r else v for v, r in zip(before, layer.relu, strict=True)]
        )
    return [*values, affine(network.output, values)]


def pre_activations(network: Network, point: Sequence[Fraction]) -> list[list[Fraction]]:
    """The values of all units before their ReLU, layer by layer."""
    values = forward(network, point)
    return [affine(layer.affine, values) for layer in network.layers]


def affine(function: Affine, values: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """The bias plus each weight times its value, one after the other."""
    results = []
    for i in range(function.size):
        total = function.bias.exact[i, 0]
        for source, weights in function.terms:
            for j, value in enumerate(values[source]):
                total += weights.exact[i, j] * value
        results.append(total)
    return results
