"""Train the networks that ship with tropnet: `python -m tropnet.examples.train [--check]`.

Without `--check` the files and their sums are written anew; with it they are made again in a
temporary folder and compared with the shipped sums, byte for byte.

What makes that possible: seeds for everything, one thread, and gradients in float64 for weights
that are rounded to multiples of 2^-20 after every step. Sums of floats may come out differently in
the last bit on another processor; the rounding swallows that at every step, before training can
amplify it (noise of 1e-15 in every weight at every step changes no byte, which is tested).
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tropnet.examples.shipped import DATA, SUMS, digest, sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32Array: TypeAlias = NDArray[np.float32]
    Float64Array: TypeAlias = NDArray[np.float64]

#: The version of torch that wrote the shipped files; another one may write other bytes.
TORCH = "2.13.0"
ONNX_IR, ONNX_OPSET = 8, 17

WIDTHS = (2, 8, 8, 1)
POINTS, NOISE, EPOCHS, BATCH, RATE = 600, 0.2, 60, 25, 0.1
#: Points and weights are multiples of this; below 16 in magnitude, such numbers are float32.
GRID = 2.0**-20
INIT_SEED, DATA_SEED = 1, 2
ORDER_SEEDS = {"moons_a": 3, "moons_b": 4}
SYMMETRY_SEED, PRUNED_SHARE = 5, 0.3
#: A wider network whose weights are drawn to zero by so much at every step.
SPARSE_WIDTHS, SPARSE_SEED, SHRINKAGE = (2, 24, 24, 1), 6, 2.0**-11


@dataclass(frozen=True)
class Layer:
    """An affine layer, x ↦ weight · x + bias, in float32."""

    weight: Float32Array
    bias: Float32Array


def two_moons(count: int, seed: int) -> tuple[Float64Array, Float64Array]:
    """Draw points of two interleaved half circles, with Gaussian noise.

    Args:
        count: the number of points, half of them in each moon.
        seed: of the generator.

    Returns:
        The points, shape (count, 2), multiples of `GRID` so that they do not depend on the last bit
        of anyone's cosine, and their labels 0 or 1, shape (count,).

    Example:
        >>> from tropnet.examples.train import two_moons
        >>> points, labels = two_moons(600, seed=0)
        >>> points.shape, int(labels.sum())
        ((600, 2), 300)
    """
    rng = np.random.default_rng(seed)
    angle = np.pi * rng.random(count)
    labels = (np.arange(count) % 2).astype(np.float64)
    sign = 1 - 2 * labels
    x = labels + sign * np.cos(angle)
    y = 0.5 * labels + sign * np.sin(angle)
    points = np.stack([x, y], axis=1) + NOISE * rng.standard_normal((count, 2))
    return np.round(points / GRID) * GRID, labels


def train(
    order_seed: int,
    *,
    widths: Sequence[int] = WIDTHS,
    shrinkage: float = 0.0,
    jitter: float = 0.0,
) -> list[Layer]:
    """Train one network from the one initialisation.

    Args:
        order_seed: settles the order of the batches and nothing else.
        widths: of the layers.
        shrinkage: by how much each weight and bias moves towards zero after every step, and stops
            there: proximal descent for a sum of absolute values, which leaves exact zeros.
        jitter: the size of a random disturbance of all weights at every step; tests use it to show
            that the rounding hides the differences between processors.

    Returns:
        The layers.
    """
    import torch

    points, labels = (torch.from_numpy(array) for array in two_moons(POINTS, DATA_SEED))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(INIT_SEED)
        modules: list[torch.nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            modules += [torch.nn.Linear(fan_in, fan_out, dtype=torch.float64), torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1])
    rng, noise = np.random.default_rng(order_seed), np.random.default_rng(0)
    loss_of = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)
    for _ in range(EPOCHS):
        for batch in np.split(rng.permutation(POINTS), POINTS // BATCH):
            optimizer.zero_grad()
            loss_of(model(points[batch])[:, 0], labels[batch]).backward()
            optimizer.step()
            with torch.no_grad():
                for parameter in model.parameters():
                    disturbance = jitter * noise.standard_normal(parameter.shape)
                    disturbed = parameter.detach().numpy() + disturbance
                    size = np.maximum(np.abs(disturbed) - shrinkage, 0)
                    shrunk = np.copysign(size, disturbed) if shrinkage else disturbed
                    parameter.copy_(torch.from_numpy(np.round(shrunk / GRID) * GRID))
    arrays = [parameter.detach().numpy().astype(np.float32) for parameter in model.parameters()]
    return [Layer(w, b) for w, b in zip(arrays[::2], arrays[1::2], strict=True)]


def disguise(layers: Sequence[Layer], seed: int) -> list[Layer]:
    """Permute the hidden units and rescale them by powers of two, which keeps the function.

    A unit's row and bias are multiplied by 2^k and its outgoing column by 2^-k. Both are exact in
    float32, and relu(2^k t) = 2^k relu(t).

    Args:
        layers: the network.
        seed: settles the permutations and the exponents, which lie in [-3, 3].

    Returns:
        Other layers with the same function over the reals.

    Example:
        >>> from tropnet.examples.train import Layer, disguise
        >>> one = np.ones((1, 1), np.float32)
        >>> first, last = disguise([Layer(one, one[0]), Layer(one, one[0])], seed=1)
        >>> float(first.weight[0, 0] * last.weight[0, 0])
        1.0
    """
    rng = np.random.default_rng(seed)
    result = list(layers)
    for i in range(len(layers) - 1):
        units = len(result[i].bias)
        order = rng.permutation(units)
        scale = np.ldexp(np.float32(1), rng.integers(-3, 4, size=units)).astype(np.float32)
        weight, bias = result[i].weight[order], result[i].bias[order]
        result[i] = Layer(weight * scale[:, None], bias * scale)
        result[i + 1] = Layer(result[i + 1].weight[:, order] / scale, result[i + 1].bias)
    return result


def prune(layers: Sequence[Layer], share: float) -> list[Layer]:
    """Set the weights of least magnitude to zero, counted over all layers; biases stay.

    Args:
        layers: the network.
        share: the part of the weights to set to zero, in [0, 1].

    Returns:
        The pruned layers.

    Example:
        >>> from tropnet.examples.train import Layer, prune
        >>> weight = np.array([[0.5, -2.0, 1.0, 3.0]], np.float32)
        >>> prune([Layer(weight, np.zeros(1, np.float32))], 0.5)[0].weight.tolist()
        [[0.0, -2.0, 0.0, 3.0]]
    """
    sizes = np.sort(np.concatenate([np.abs(layer.weight).ravel() for layer in layers]))
    count = round(share * len(sizes))
    smallest_kept = sizes[count] if count < len(sizes) else np.inf
    kept = [np.abs(layer.weight) >= smallest_kept for layer in layers]
    return [
        Layer(np.where(keep, layer.weight, np.float32(0)), layer.bias)
        for keep, layer in zip(kept, layers, strict=True)
    ]


def accuracy(layers: Sequence[Layer]) -> float:
    """Measure the share of 2000 fresh points that the network puts on their moon."""
    values, labels = two_moons(2000, DATA_SEED + 1)
    for layer in layers[:-1]:
        values = np.maximum(values @ layer.weight.T + layer.bias, 0)
    logits = values @ layers[-1].weight.T + layers[-1].bias
    return float(np.mean((logits[:, 0] > 0) == (labels > 0)))


def state_dict_bytes(layers: Sequence[Layer]) -> bytes:
    """Write a state dict with the names of a `torch.nn.Sequential`: `0.weight`, `0.bias`, `2.…`."""
    import torch

    state = {}
    for i, layer in enumerate(layers):
        state[f"{2 * i}.weight"] = torch.from_numpy(layer.weight.copy())
        state[f"{2 * i}.bias"] = torch.from_numpy(layer.bias.copy())
    # Saved to a path, the archive would hold the file's name; in memory it does not.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def onnx_bytes(layers: Sequence[Layer], name: str) -> bytes:
    """Write an ONNX graph of Gemm and Relu nodes with a free batch axis."""
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, weights, value = [], [], "input"
    for i, layer in enumerate(layers):
        is_last = i == len(layers) - 1
        affine = "output" if is_last else f"affine_{i}"
        weights += [
            numpy_helper.from_array(layer.weight, f"weight_{i}"),
            numpy_helper.from_array(layer.bias, f"bias_{i}"),
        ]
        nodes.append(
            helper.make_node(
                "Gemm", [value, f"weight_{i}", f"bias_{i}"], [affine], name=f"gemm_{i}", transB=1
            )
        )
        if not is_last:
            value = f"hidden_{i}"
            nodes.append(helper.make_node("Relu", [affine], [value], name=f"relu_{i}"))
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, ["batch", width])
        for end, width in (("input", WIDTHS[0]), ("output", WIDTHS[-1]))
    ]
    graph = helper.make_graph(nodes, name, ends[:1], ends[1:], initializer=weights)
    opset = helper.make_opsetid("", ONNX_OPSET)
    model = helper.make_model(graph, opset_imports=[opset], producer_name="tropnet")
    model.ir_version = ONNX_IR
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def build(folder: Path) -> dict[str, float]:
    """Train everything and write the files and `SHA256SUMS` into a folder.

    Args:
        folder: an existing folder.

    Returns:
        The accuracy of each network on fresh points.
    """
    a, b = (train(seed) for seed in ORDER_SEEDS.values())
    models = {
        "moons_a.pt": a,
        "moons_b.pt": b,
        "moons_a_permuted.onnx": disguise(a, SYMMETRY_SEED),
        "moons_a_pruned.pt": prune(a, PRUNED_SHARE),
        "moons_sparse.pt": train(SPARSE_SEED, widths=SPARSE_WIDTHS, shrinkage=SHRINKAGE),
    }
    for file, layers in models.items():
        stem, kind = file.split(".")
        content = onnx_bytes(layers, stem) if kind == "onnx" else state_dict_bytes(layers)
        (folder / file).write_bytes(content)
    lines = [f"{digest(folder / file)}  {file}\n" for file in sorted(models)]
    (folder / SUMS).write_text("".join(lines), encoding="ascii", newline="\n")
    return {file.partition(".")[0]: accuracy(layers) for file, layers in models.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 1 when `--check` finds another sum."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m tropnet.examples.train", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the shipped sums")
    check: bool = parser.parse_args(arguments).check
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) if check else DATA
            accuracies = build(folder)
            made, shipped = sums(folder), sums(DATA)
    finally:
        torch.set_num_threads(threads)
    for name, share in accuracies.items():
        print(f"{name}: {share:.1%} of fresh points right")
    if made == shipped:
        print(f"SHA-256 sums {'agree with the shipped ones' if check else 'written'}")
        return 0
    differing = ", ".join(file for file in shipped if made.get(file) != shipped[file])
    print(
        f"these differ from the shipped files: {differing}; they were made with torch {TORCH}, "
        f"this is torch {torch.__version__}",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
