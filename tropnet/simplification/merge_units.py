"""Merging units that point nearly the same way, with a proven bound of the change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.checker.gap import Norm
from tropnet.domains import Domain
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.verdict import Equivalent
from tropnet.errors import DomainError
from tropnet.exact import as_fraction
from tropnet.exact.fraction import finite_float
from tropnet.network import Network
from tropnet.network.shared_linear import SharedLinear
from tropnet.simplification.approximation import SECONDS, Approximation, Question, Told
from tropnet.simplification.merged_layers import Merging
from tropnet.simplification.step import Step
from tropnet.simplification.stored_weights import layer_name

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


def merge_units(
    network: Network,
    domain: Domain = None,
    *,
    units: int | Sequence[int] | None = None,
    tolerance: Any = None,
    norm: Norm = "inf",
    atol: Any = 0,
    time_limit: float = SECONDS,
    seed: int = 0,
    progress: Told | None = None,
) -> Approximation:
    """Replace units of a layer that are nearly multiples of each other by one, with a proven bound.

    A unit c·relu(g·x) adds the segment from 0 to c·g to the Newton polytope of a network of one
    hidden layer and one output, a zonotope for each sign of c. Segments of nearly one direction are
    replaced by their sum, which moves the zonotope little, and by as much, times |x|, the function.
    With several outputs, or several layers, units are merged by the directions of their weights and
    biases alone, scaled by the domain: members s·u + rest become one unit u, whose outgoing
    weights are those of the members, each times its s, added up.

    Convolutions are left alone: merging two of their units would write out all others.

    Args:
        network: the network.
        domain: where the bounds shall hold: a `Box`, a `Polyhedron`, or None for all of R^n, where
            the change is mostly unbounded.
        units: how many ReLU units a layer shall keep: one number for all layers, or one for each
            layer with a ReLU. Units at angles of 90 degrees or more are never merged, so that more
            may be left.
        tolerance: or: merge while each unit is within this share of its size of a multiple of the
            merged one. With 0 equal units alone are merged; `simplify` merges all exact multiples.
        norm: the norm on the outputs: `"inf"`, `"1"` or `"2"`.
        atol: where positive, stop as soon as the change is proven to be at most this, or more.
        time_limit: seconds for the bounds.
        seed: of the random searches.
        progress: called now and then with a word on what goes on, and the share done, if known.

    Returns:
        The `Approximation`. Its `near` is the network in which the members of each group are exact
        multiples of the merged unit: as wide as the original, so that the bounds compare unit with
        unit, and proven equal to the result.

    Raises:
        DomainError: not exactly one of `units` and `tolerance`, or one out of range.
        ShapeError: a domain of another dimension.

    Cost: O(width³) floats a layer; the proof of equality is one exact pass over the units.

    Source: Smyrnis and Maragos, Multiclass Neural Network Minimization via Tropical Newton Polytope
    Approximation (2020); Misiakos et al., Neural Network Approximation based on Hausdorff distance
    of Tropical Zonotopes (2022).

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.merge_units import merge_units
        >>> f = tropnet.Network.from_dense([[[4, 0], [4, 0.5], [-1, 1]], [[1, 1, 1]]])
        >>> found = merge_units(f, tropnet.Box.cube(2), units=2)
        >>> found.result.n_relu, f"{float(found.bound):.2f}"
        (2, '0.25')
    """
    start = time.perf_counter()
    counts, share = _asked(network, units, tolerance)
    question = Question(domain, norm, atol, time_limit, seed, progress)
    merging = Merging(network, _ranges(network, domain, time_limit))
    steps, findings, hidden = [], [], 0
    for k, layer in enumerate(network.layers):
        where, allowed = layer_name(network, k), None
        if counts is not None and layer.relu.any():
            allowed = counts[hidden]
            hidden += 1
        if layer.relu.any() and _is_shared(network, k):
            findings.append(f"{where}: its weights are shared among positions; left alone")
            with np.errstate(over="ignore", invalid="ignore"):
                merging.keep_layer()
            continue
        # floats choose here; beyond their range they choose badly
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            removed = merging.merge_layer(allowed, share)
        if removed:
            steps.append(Step("merge", where, removed, merging.told()))
        if allowed is not None and int(layer.relu.sum()) - removed > allowed:
            findings.append(f"{where}: no more of its units point the same way")
    if not steps:
        near = result = network
    else:
        near, result = merging.networks()
    verdict = question.measured(network, near)
    equality = None
    if near is not result:
        equal = compare_networks(near, result, time_limit=max(time_limit, SECONDS), seed=seed)
        if isinstance(equal, Equivalent):
            equality = equal.certificate
        else:
            near, verdict = result, question.measured(network, result)
    return Approximation(
        network, result, near, domain, verdict, tuple(steps), equality,
        time.perf_counter() - start, tuple(findings),
    )  # fmt: skip


def _asked(network: Network, units: Any, tolerance: Any) -> tuple[list[int] | None, float | None]:
    if (units is None) == (tolerance is None):
        raise DomainError(
            "merge_units takes one of units and tolerance; give units=50 for at most 50 in each "
            "layer, or tolerance=0.01 for units within one percent of a multiple"
        )
    if tolerance is not None:
        share = as_fraction(tolerance, "tolerance")
        if not 0 <= share < 1:
            raise DomainError(f"tolerance is {tolerance!r}; give a share of at least 0, below 1")
        return None, finite_float(share)
    depth = network.depth
    several = units if isinstance(units, Sequence) else [units] * depth
    counts = [int(c) for c in several if isinstance(c, Integral) and not isinstance(c, bool)]
    if len(counts) != depth or len(several) != depth or any(c < 1 for c in counts):
        raise DomainError(
            f"units is {units!r}; give one number of at least 1, or one for each of the {depth} "
            "layers with a ReLU"
        )
    return counts, None


def _is_shared(network: Network, index: int) -> bool:
    """Tell whether the weights of a layer, or those that read it, are kernels of a convolution."""
    own = [weights for _, weights in network.layers[index].affine.terms]
    reading = [w for affine in network.affines for s, w in affine.terms if s == index + 1]
    return any(isinstance(weights, SharedLinear) for weights in (*own, *reading))


def _ranges(network: Network, domain: Domain, time_limit: float) -> tuple[FloatArray, FloatArray]:
    """Return the middle and half the width of each input on the domain; 0 and 1 if unbounded."""
    box = Problem.of(network, network, domain, time_limit=time_limit).box
    middles, halves = [], []
    for low, high in box.ends():
        if isinstance(low, Fraction) and isinstance(high, Fraction):
            middles.append(finite_float((low + high) / 2))
            halves.append(finite_float((high - low) / 2))
        else:
            middles.append(0.0)
            halves.append(1.0)
    return np.array(middles), np.array(halves)
