"""P ⊘ Q from the cells: times and sizes, against the layers where these come to an end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.bench.bench_tropicalize import torch_default
from tests.bench.measure import Measurement, Reference, measure
from tropnet.conversion import tropicalize
from tropnet.domains import Box
from tropnet.network import Network

#: One unit of `measure` is about .04 s.
_UNIT = 0.04
#: For each listed network the terms of P and Q on [−1, 1]^n, and the seconds that it may take.
_LISTED = [("A", (320, 473), 0.3), ("B", (4961, 3958), 3.0), ("F", (24113, 24215), 15.0)]


def listed(name: str) -> Network | None:
    """A network of the folder of region counts, if that is here."""
    path = Path(os.environ.get("TROPNET_DATA", ".")) / "regions" / f"{name}.npz"
    if not path.exists():
        return None
    held = np.load(path)
    layers = sorted({int(key.split(".")[0]) for key in held})
    return Network.from_dense(
        [held[f"{k}.weight"] for k in layers], [held[f"{k}.bias"] for k in layers]
    )


def measurements() -> Iterator[Measurement]:
    space = torch_default([2, 32, 32, 1], 0)
    sizes = {way: tropicalize(space, method=way).k[0] for way in ("regions", "layers")}
    print(f"              2-32-32 on all of space: {sizes}")
    if sum(sizes["regions"]) > sum(sizes["layers"]):
        raise AssertionError("more terms from the cells than by layers")
    yield measure(
        "P ⊘ Q of 2-32-32 from the cells",
        lambda: tropicalize(space, method="regions"),
        reference=Reference("by layers", lambda: tropicalize(space, method="layers")),
        at_most=1 / 8,
        repeats=3,
    )
    for name, terms, seconds in _LISTED:
        network = listed(name)
        if network is None:
            print(f"              {name}: not measured, $TROPNET_DATA has no regions/{name}.npz")
            continue
        box = Box.cube(network.n_inputs)
        if tropicalize(network, box, method="regions").k != (terms,):
            raise AssertionError(f"{name}: other than {terms} terms")
        yield measure(
            f"P ⊘ Q of {name} from the cells",
            lambda network=network, box=box: tropicalize(network, box, method="regions"),  # type: ignore[misc]
            at_most=seconds / _UNIT,
            repeats=2,
        )
