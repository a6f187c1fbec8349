"""Other simplifiers of networks, if they are installed, and networks with units to spare.

onnxsim (onnx-simplifier) is asked as it is called by default, and its `stable_relu_prune`, where
the version has it, for a box. torch-simplify wants torchvision, which is stubbed if absent: it only
asks whether the model is one of torchvision's.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tropnet import Box, Network, compare, load, to_onnx, to_torch

#: The box of those that need one.
BOX = Box.cube(6, 0, 1)


@dataclass(frozen=True)
class Left:
    """What a simplifier left of a network.

    Args:
        who: the simplifier.
        units: the ReLU units that are left; None where it failed.
        told: what came of it, in words.
        changed: whether the function is another one, by an exact point.
    """

    who: str
    units: int | None
    told: str
    changed: bool = False

    def __str__(self) -> str:
        units = "no answer" if self.units is None else f"{self.units} units"
        words = [units, "FUNCTION CHANGED" * self.changed, self.told]
        return f"{self.who}: {', '.join(word for word in words if word)}"


def wasteful(kind: str, seed: int = 0) -> tuple[Network, int]:
    """Return 6-12-8-3 with float32 weights, and how many of its ReLU units do nothing new.

    Args:
        kind: what its spare units are. `dead`: never active, by zero or negative weights.
            `collinear`: multiples of others, two of them of opposite sign. `always on`: sums with
            positive weights. `unread`: no one reads them. `all` of these.
        seed: of the other weights.
    """
    rng = np.random.default_rng(seed)
    shapes = [(12, 6), (8, 12), (3, 8)]
    weights = [(rng.integers(-8, 9, s) / 4).astype(np.float32) for s in shapes]
    biases = [(rng.integers(-4, 5, s[0]) / 4).astype(np.float32) for s in shapes]
    spare = 0
    if kind in ("dead", "all"):
        weights[0][0], biases[0][0] = 0, -1
        weights[1][0], biases[1][0] = -np.abs(weights[1][0]), -0.5
        spare += 2
    if kind in ("collinear", "all"):
        for unit, like, factor in ((2, 1, 2), (4, 3, 0.5), (6, 5, -1)):
            weights[0][unit], biases[0][unit] = factor * weights[0][like], factor * biases[0][like]
        weights[1][2], biases[1][2] = weights[1][1], biases[1][1]
        spare += 4  # relu(−t) is relu(t) − t
    if kind in ("always on", "all"):
        for unit in (3, 4):
            weights[1][unit], biases[1][unit] = np.abs(weights[1][unit]), 0.25
        spare += 2
    if kind in ("unread", "all"):
        weights[1][:, 11], weights[2][:, 7] = 0, 0
        spare += 2
    return Network.from_dense(weights, biases, dtype="float32"), spare


def row_of_opposites() -> Network:
    """Return max(x − y, 0): the weights of its unit add up to zero, and it is none."""
    return Network.from_dense([[[1, -1], [1, 1]], [[1, 1]]], [[0, 0], [0]], dtype="float32")


def onnxsim(network: Network) -> Left:
    """Ask onnx-simplifier."""
    return _asked("onnxsim", "onnxsim", network, lambda m, peer: peer.simplify(m)[0])


def onnxsim_on_box(network: Network, box: Box) -> Left:
    """Ask the units of onnx-simplifier that are stable on a box, called for by name."""
    ends = [np.array([float(v) for v in side]) for side in (box.lower, box.upper)]

    def prune(model: Any, peer: Any) -> Any:
        return peer.apply(model, {"input": tuple(ends)}, merge_active=True)[0]

    who = "onnxsim.stable_relu_prune on the box"
    return _asked(who, "onnxsim.stable_relu_prune", network, prune, box)


def torch_simplify(network: Network) -> Left:
    """Ask torch-simplify."""
    who = "torch-simplify"
    try:
        peer = _imported("simplify")
    except ImportError:
        return Left(who, None, "not installed")
    import torch

    try:
        module = to_torch(network)
        made = peer.simplify(module, torch.zeros(1, network.n_inputs))
        result = load(made, example_input=torch.zeros(1, network.n_inputs))
    except Exception as error:  # whatever it fails with is what came of it
        return Left(who, None, f"{type(error).__name__}: {error}"[:120])
    return _judged(who, network, result, None)


def _asked(
    who: str, name: str, network: Network, work: Callable[[Any, Any], Any], box: Box | None = None
) -> Left:
    import onnx

    try:
        peer = _imported(name)
    except ImportError:
        return Left(who, None, "not installed")
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        to_onnx(network, before)
        try:
            onnx.save(work(onnx.load(before), peer), after)
            result = load(after)
        except Exception as error:  # whatever it fails with is what came of it
            return Left(who, None, f"{type(error).__name__}: {error}"[:120])
    return _judged(who, network, result, box)


def _judged(who: str, network: Network, result: Network, box: Box | None) -> Left:
    verdict = compare(network, result, box, time_limit=5)
    changed = verdict.word == "Different"
    told = f"{result.n_parameters} parameters, {verdict.word}"
    return Left(who, result.n_relu, told + f", {verdict.bracket}" * changed, changed)


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("torchvision"):
            raise
    _stub_torchvision()
    return importlib.import_module(name)


def _stub_torchvision() -> None:
    models, densenet = ModuleType("torchvision.models"), ModuleType("torchvision.models.densenet")
    for module, names in ((models, ("MobileNetV3", "ShuffleNetV2")), (densenet, ("_DenseLayer",))):
        for name in names:
            setattr(module, name, type(name, (), {}))
    whole = ModuleType("torchvision")
    sys.modules |= {m.__name__: m for m in (whole, models, densenet)}
