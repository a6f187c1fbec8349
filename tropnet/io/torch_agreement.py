"""A network that was read from a live module, held against the module itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from tropnet.errors import FormatError
from tropnet.io.torch_examples import Examples
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Points at which a network is compared with its module; fewer where one takes long.
_POINTS: Final = 8
_FEWER_POINTS: Final = 2
_LARGE: Final = 1_000_000
#: A bound of rounding that is larger than this part of the outputs tells little.
_WIDE: Final = 2.0**-10
#: How much of the outputs' size a run in float64 may be off: it rounds numbers otherwise.
_NEAR: Final = {"float16": 2.0**-4, "float32": 2.0**-12, "float64": 2.0**-20}

_Run: TypeAlias = Callable[[Examples], Sequence[Any]]


def require_agreement(
    network: Network, run: _Run, examples: Examples, run_widely: _Run | None = None
) -> None:
    """Refuse a network that differs from its module by more than rounding can explain.

    In deep networks the bound of rounding may exceed the outputs themselves. Then the network is
    held against a run in float64 as well, which a network read wrongly does not come near.

    Args:
        network: the one read.
        run: returns the module's output tensors.
        examples: inputs of the right shapes.
        run_widely: the same in float64; it may fail.

    Raises:
        FormatError: the module keeps state, draws random numbers, or gives outputs of other shapes.

    Cost: a few runs of the module and of the network with bounds.
    """
    import torch

    generator = np.random.default_rng(0)
    compared = 0
    for k in range(_FEWER_POINTS if network.n_parameters > _LARGE else _POINTS):
        scale = 10.0 ** (k % 4 - 1)
        points = [
            (torch.from_numpy(generator.standard_normal(t.shape)) * scale).to(t.dtype)
            for t in examples.tensors
        ]
        given = examples.replaced([p.clone() for p in points])  # a module may write into its input
        point = np.concatenate([p.double().numpy().reshape(-1) for p in points])
        found = _outputs(run, given)
        expected = network.enclosure(point[None, :], network.dtype)
        values, errors = expected.values[0], expected.errors[0]
        if found.shape != values.shape:
            raise FormatError(
                f"the network read has {values.size} outputs, the module gives {found.size}; "
                "pass example_input= of the shape that the module takes"
            )
        if not (np.isfinite(found).all() and np.isfinite(values).all()):
            continue  # the module's own arithmetic overflows here
        gaps = np.abs(found - values)
        if not (gaps <= errors).all():
            raise FormatError(
                f"the network read differs from the module itself by {gaps.max():.3g} at a random "
                "point, more than rounding explains; the module may be stochastic or keep state"
            )
        size = np.abs(values).max()
        near = False
        if run_widely is not None and errors.max() > _WIDE * size:
            near = _require_near(network, run_widely, examples.replaced(points), values)
        # an infinite bound, as in very deep networks, says nothing by itself
        compared += near or bool(np.isfinite(errors).all())
    if not compared:
        raise FormatError(
            f"the module, or the bound of its rounding, overflows in {network.dtype} at every "
            "point tried; nothing could be compared"
        )


def _outputs(run: _Run, given: Examples) -> FloatArray:
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = run(given)
    return np.concatenate([r.detach().double().numpy().reshape(-1) for r in results])


def _require_near(network: Network, run: _Run, given: Examples, values: FloatArray) -> bool:
    """Refuse a network whose values a run in float64 does not come near; tell if there was one."""
    try:
        found = _outputs(run, given)
    except Exception:  # an operation may not take float64: then there is nothing to compare
        return False
    gap, size = np.abs(found - values).max(initial=0), np.abs(values).max(initial=0)
    if np.isfinite(gap) and gap > _NEAR[network.dtype] * size:
        raise FormatError(
            f"the network read differs from the module run in float64 by {gap:.3g}, where outputs "
            f"are as large as {size:.3g}; the module may be stochastic or keep state"
        )
    return bool(np.isfinite(gap))
