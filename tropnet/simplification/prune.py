"""Magnitude pruning, with a proven bound of the change."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.checker.gap import Norm
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact import as_fraction
from tropnet.exact.fraction import decimal_text
from tropnet.network import Linear, Network, linear
from tropnet.simplification.approximation import SECONDS, Approximation, Question, Told
from tropnet.simplification.step import Step
from tropnet.simplification.stored_weights import layer_name, stored_weights, with_weights

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, BoolArray


def prune(
    network: Network,
    domain: Domain = None,
    *,
    fraction: Any = None,
    threshold: Any = None,
    simplify: bool = False,
    norm: Norm = "inf",
    atol: Any = 0,
    time_limit: float = SECONDS,
    seed: int = 0,
    progress: Told | None = None,
) -> Approximation:
    """Set the smallest weights of a network to zero, and prove how much its function changes.

    The weights of all layers are ranked together by their absolute values; biases stay. The kernel
    of a convolution counts once and changes everywhere at once; only maps of at most 4096 entries,
    which are stored written out, are pruned entry by entry. Residual connections and poolings are
    weights as well, mostly ones.

    Args:
        network: the network.
        domain: where the bounds shall hold: a `Box`, a `Polyhedron`, or None for all of R^n, where
            the change is mostly unbounded.
        fraction: the share of the nonzero weights that go, from 0 to 1; their number is rounded
            to the nearest integer, halves to even. Of equal weights those of the first layers, and
            in a layer those of the first rows, go first.
        threshold: or: all weights go whose absolute value is below this.
        simplify: simplify the result exactly on the domain: without its weights a unit is constant.
        norm: the norm on the outputs: `"inf"`, `"1"` or `"2"`.
        atol: where positive, stop as soon as the change is proven to be at most this, or more.
        time_limit: seconds for the bounds, and for the simplification.
        seed: of the random searches.
        progress: called now and then with a word on what goes on, and the share done, if known.

    Returns:
        The `Approximation`, whose `bound` is proven: sup|f − g| ≤ bound on the domain.

    Raises:
        DomainError: not exactly one of `fraction` and `threshold`, or one out of range.
        ShapeError: a domain of another dimension.

    Cost: one exact pass of intervals; then the bounds are narrowed while the time allows.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.prune import prune
        >>> f = tropnet.Network.from_dense([[[4, 0.25], [0.5, 2]], [[1, 1]]])
        >>> found = prune(f, tropnet.Box.cube(2, 0, 1), threshold=1)
        >>> found.result.n_parameters, found.bound
        (4, Fraction(3, 4))
    """
    start = time.perf_counter()
    if (fraction is None) == (threshold is None):
        raise DomainError(
            "prune takes one of fraction and threshold; give fraction=0.1 for the smallest tenth, "
            "or threshold=0.001 for all weights below it"
        )
    sizes = _sizes(network)
    if threshold is not None:
        least = as_fraction(threshold, "threshold")
        if least < 0:
            raise DomainError(f"threshold is {decimal_text(least)}; give a number of at least 0")
        masks = [np.asarray(size < _comparable(size, least)) for size in sizes]
        asked = f"weights below {decimal_text(least)}"
    else:
        share = as_fraction(fraction, "fraction")
        if not 0 <= share <= 1:
            raise DomainError(f"fraction is {decimal_text(share)}; give a share from 0 to 1")
        masks = _smallest(sizes, share)
        asked = f"the smallest {decimal_text(100 * share)} % of the weights"
    near, steps = _without(network, masks, asked)
    question = Question(domain, norm, atol, time_limit, seed, progress)
    verdict = question.measured(network, near)
    if not simplify:
        return Approximation(
            network, near, near, domain, verdict, steps, None, time.perf_counter() - start
        )
    from tropnet.simplification.simplify_network import simplify_network

    smaller = simplify_network(near, domain, time_limit=time_limit, seed=seed, progress=progress)
    return Approximation(
        network, smaller.result, near, domain, verdict, (*steps, *smaller.steps),
        smaller.certificate, time.perf_counter() - start, smaller.findings,
    )  # fmt: skip


def _sizes(network: Network) -> list[AnyArray]:
    """Return the absolute values of all stored weights: floats, or Fractions where one is none."""
    return [np.abs(_entries(stored.matrix)) for stored in stored_weights(network)]


def _entries(matrix: Linear) -> AnyArray:
    if matrix.rounding is None:
        return matrix.values
    exact = np.empty(matrix.shape, dtype=object)
    exact.reshape(-1)[:] = [v for row in matrix.exact.to_fractions() for v in row]
    return exact


def _comparable(size: AnyArray, least: Fraction) -> Any:
    """Return the threshold such that `size < threshold` is exact: floats against the next float.

    For a float s and a rational t, s < t exactly when s < u, where u is the least float ≥ t.
    """
    if size.dtype == object:
        return least
    try:
        near = float(least)
    except OverflowError:
        return np.inf
    return near if Fraction(near) >= least else np.nextafter(near, np.inf)


def _smallest(sizes: list[AnyArray], share: Fraction) -> list[BoolArray]:
    """Mark the smallest nonzero weights, a share of them all; equal ones in their order."""
    # by the bits of floats, lest a subnormal number compare equal to zero (set_flush_denormal)
    flat = [size.reshape(-1) for size in sizes]
    present = [np.flatnonzero(v if v.dtype == object else v.view(np.int64)) for v in flat]
    count = round(share * sum(map(len, present)))
    kinds = {v.dtype for v in flat}
    kept = [v[p] for v, p in zip(flat, present, strict=True)]
    if np.dtype(object) in kinds:
        kept = [v if v.dtype == object else _as_fractions(v) for v in kept]
    order = np.argsort(np.concatenate(kept), kind="stable") if kept else np.zeros(0, np.int64)
    chosen = np.zeros(len(order), dtype=np.bool_)
    chosen[order[:count]] = True
    masks, at = [], 0
    for size, places in zip(sizes, present, strict=True):
        mask = np.zeros(size.size, dtype=np.bool_)
        mask[places] = chosen[at : at + len(places)]
        at += len(places)
        masks.append(mask.reshape(size.shape))
    return masks


def _as_fractions(values: AnyArray) -> AnyArray:
    exact = np.empty(len(values), dtype=object)
    exact[:] = [Fraction(float(v)) for v in values]
    return exact


def _without(
    network: Network, masks: list[BoolArray], asked: str
) -> tuple[Network, tuple[Step, ...]]:
    """Return the network without the marked weights, and a step for each matrix."""
    matrices, steps = [], []
    for stored, mask in zip(stored_weights(network), masks, strict=True):
        gone = int(np.count_nonzero(mask & (_entries(stored.matrix) != 0)))
        matrices.append(_masked(stored.matrix, mask) if gone else stored.matrix)
        if gone:
            count = stored.matrix.count()
            where = layer_name(network, stored.layer)
            steps.append(Step("prune", where, gone, f"of {count:,} weights; {asked}"))
    if not steps:
        return network, ()
    return with_weights(network, matrices, note=f"pruned: {asked} are zero"), tuple(steps)


def _masked(matrix: Linear, mask: BoolArray) -> Linear:
    entries = _entries(matrix)
    if entries.dtype == object:
        return linear([[0 if m else v for v, m in zip(row, marks, strict=True)]
                       for row, marks in zip(entries, mask, strict=True)])  # fmt: skip
    return linear(np.where(mask, 0.0, entries))
