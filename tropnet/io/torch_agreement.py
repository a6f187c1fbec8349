"""A network that was read from a live module, held against the module itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from tropnet.errors import FormatError
from tropnet.io.torch_examples import Examples
from tropnet.network import Network

#: Points at which a network is compared with its module; fewer where one takes long.
_POINTS: Final = 8
_FEWER_POINTS: Final = 2
_LARGE: Final = 1_000_000


def require_agreement(
    network: Network, run: Callable[[Examples], Sequence[Any]], examples: Examples
) -> None:
    """Refuse a network that differs from its module by more than rounding can explain.

    Args:
        network: the one read.
        run: returns the module's output tensors.
        examples: inputs of the right shapes.

    Raises:
        FormatError: the module keeps state, draws random numbers, or gives outputs of other shapes.

    Cost: a few runs of the module and of the network with bounds.
    """
    import torch

    generator = np.random.default_rng(0)
    tensors = examples.tensors
    compared = 0
    for k in range(_FEWER_POINTS if network.n_parameters > _LARGE else _POINTS):
        scale = 10.0 ** (k % 4 - 1)
        points = [
            (torch.from_numpy(generator.standard_normal(t.shape)) * scale).to(t.dtype)
            for t in tensors
        ]
        # before the run: a module may write into its input
        point = np.concatenate([p.double().numpy().reshape(-1) for p in points])
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = run(examples.replaced([p.clone() for p in points]))
        found = np.concatenate([r.detach().double().numpy().reshape(-1) for r in results])
        expected = network.enclosure(point[None, :], network.dtype)
        values, errors = expected.values[0], expected.errors[0]
        if found.shape != values.shape:
            raise FormatError(
                f"the network read has {values.size} outputs, the module gives {found.size}; "
                "pass example_input= of the shape that the module takes"
            )
        if not (np.isfinite(found).all() and np.isfinite(errors).all()):
            continue  # the module's own arithmetic overflows here
        compared += 1
        gaps = np.abs(found - values)
        if not (gaps <= errors).all():
            raise FormatError(
                f"the network read differs from the module itself by {gaps.max():.3g} at a random "
                "point, more than rounding explains; the module may be stochastic or keep state"
            )
    if not compared:
        raise FormatError(
            f"the module overflows in {network.dtype} at every point tried; nothing could be "
            "compared"
        )
