"""Dense layers from named arrays: which array is what, and in which order the layers come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, final

import numpy as np

from tropnet.errors import DomainError, FormatError, ShapeError, UnsupportedLayerError
from tropnet.io.tensor import constant

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, FloatArray

#: How a stored matrix lies: torch's `weight`, Keras's `kernel`, or either (`W0`).
Orientation = Literal["out x in", "in x out", "either"]

_NUMBERED: Final = re.compile(r"([wWbB])_?(\d+)")
_ORIENTATIONS: Final[dict[str, Orientation]] = {"weight": "out x in", "kernel": "in x out"}
_WRAPPERS: Final = ("module.", "_orig_mod.")
_ADVICE: Final = (
    "architecture=, the torch module that has these weights, and example_input= of its input's "
    "shape; or export the model to ONNX"
)
#: Steps of the search for an order; distinct names in one file are few.
_MOST_STEPS: Final = 10_000


@final
@dataclass(frozen=True, eq=False)
class StoredLayer:
    """One dense layer as stored.

    Attributes:
        name: what stands before `.weight`; `"W0"` for numbered matrices.
        weights: `(out, in)`.
        bias: `(out,)`, or None.
    """

    name: str
    weights: FloatArray
    bias: FloatArray | None

    @property
    def width(self) -> int:
        """The number of outputs."""
        return int(self.weights.shape[0])

    @property
    def inputs(self) -> int:
        """The number of inputs."""
        return int(self.weights.shape[1])


def stored_layers(entries: Mapping[str, AnyArray]) -> list[StoredLayer]:
    """Return the dense layers of named arrays, in the order of the numbers in their names.

    Args:
        entries: arrays by name: `0.weight`, `fc1.bias`, `dense.kernel`, `W0`, `b0`, …; prefixes
            that wrappers add (`module.`, `_orig_mod.`) are dropped.

    Returns:
        The layers; those whose names differ in more than numbers follow each other by name.

    Raises:
        UnsupportedLayerError: an array that is no part of a dense layer.
        FormatError: a bias without weights, a name stored twice, no layer at all.
        ShapeError: a bias that does not fit; numbered matrices that chain in neither or, being all
            square, in both orientations.
        DomainError: NaN, infinities, complex numbers.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.stored_layers import stored_layers
        >>> [y.name for y in stored_layers({"fc2.weight": np.eye(2), "fc1.weight": np.eye(2)})]
        ['fc1', 'fc2']
    """
    weights: dict[str, tuple[Orientation, FloatArray]] = {}
    biases: dict[str, FloatArray] = {}
    for raw, array in entries.items():
        layer, part = _place(unwrapped(raw))
        values = _floats(array, raw)
        if (layer in biases) if part == "bias" else (layer in weights):
            raise FormatError(f"{raw!r} is stored twice, once behind a wrapper's prefix")
        if part == "bias":
            biases[layer] = _vector(values, raw)
        else:
            weights[layer] = (_ORIENTATIONS.get(part, "either"), _matrix(values, raw))
    if not weights:
        raise FormatError("no weights are stored; expected names such as 0.weight, fc1.weight, W0")
    lonely = sorted(biases.keys() - weights.keys())
    if lonely:
        raise FormatError(f"layer {lonely[0]!r} has a bias but no weights")
    names = sorted(weights, key=natural)
    undecided = [n for n in names if weights[n][0] == "either"]
    flipped = {n for n in names if weights[n][0] == "in x out"}
    if undecided and _lie_in_x_out([(weights[n][1], biases.get(n)) for n in undecided]):
        flipped |= set(undecided)
    found = [
        StoredLayer(n, weights[n][1].T if n in flipped else weights[n][1], biases.get(n))
        for n in names
    ]
    for layer_ in found:
        if layer_.bias is not None and len(layer_.bias) != layer_.width:
            raise ShapeError(
                f"layer {layer_.name!r} has weights for {layer_.width} units and "
                f"{len(layer_.bias)} biases"
            )
    return found


def natural(name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return a key that sorts names by their texts and then by their numbers, 2 before 10."""
    return stem(name), tuple(int(n) for n in re.findall(r"\d+", name))


def stem(name: str) -> tuple[str, ...]:
    """Return the texts of a name between its numbers."""
    return tuple(re.split(r"\d+", name))


def in_order(layers: Sequence[StoredLayer]) -> list[StoredLayer]:
    """Return the layers in the one order that their names and shapes allow.

    Layers whose names differ in numbers alone (`fc1`, `fc2`) keep the order of the numbers; between
    others (`fc1`, `out`) only the shapes decide.

    Raises:
        ShapeError: the shapes chain in no order.
        FormatError: they chain in several, so that the file alone does not tell.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.stored_layers import StoredLayer, in_order
        >>> layers = [StoredLayer("head", np.ones((1, 8)), None),
        ...           StoredLayer("body", np.ones((8, 2)), None)]
        >>> [y.name for y in in_order(layers)]
        ['body', 'head']
    """
    groups: dict[tuple[str, ...], list[StoredLayer]] = {}
    for layer in sorted(layers, key=lambda y: natural(y.name)):
        groups.setdefault(stem(layer.name), []).append(layer)
    orders = _orders(list(groups.values()))
    shown = ", ".join(f"{y.name} {y.width}x{y.inputs}" for y in layers)
    if not orders:
        raise ShapeError(
            f"the stored layers do not chain: {shown} (out x in); pass architecture= to say how "
            "they are used"
        )
    if len(orders) > 1:
        raise FormatError(
            f"the order of the stored layers is ambiguous: {shown} (out x in); pass architecture=, "
            "a module or a list of names and 'relu'"
        )
    return orders[0]


def _orders(groups: list[list[StoredLayer]]) -> list[list[StoredLayer]]:
    """Return up to two interleavings of the groups whose shapes chain, depth first."""
    found: list[list[StoredLayer]] = []
    total = sum(len(group) for group in groups)
    stack: list[tuple[tuple[int, ...], list[StoredLayer]]] = [((0,) * len(groups), [])]
    steps = 0
    while stack and len(found) < 2:
        taken, chain = stack.pop()
        if len(chain) == total:
            found.append(chain)
        for k, group in enumerate(groups):
            if taken[k] == len(group):
                continue
            layer = group[taken[k]]
            if not chain or chain[-1].width == layer.inputs:
                stack.append(((*taken[:k], taken[k] + 1, *taken[k + 1 :]), [*chain, layer]))
        steps += 1
        if steps > _MOST_STEPS:
            raise FormatError(
                f"{total} stored layers of {len(groups)} kinds of names: no order found; "
                "pass architecture="
            )
    return found


def require_gaps(layers: Sequence[StoredLayer]) -> None:
    """Refuse layers numbered 0, 1, 3, which in a Sequential leave no room for an activation.

    Raises:
        FormatError: two neighbours, by their numbers, have nothing between them.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.stored_layers import StoredLayer, require_gaps
        >>> require_gaps([StoredLayer(name, np.eye(2), None) for name in ("0", "2", "5")])
    """
    places: dict[str, list[int]] = {}
    for layer in layers:
        parent, _, last = layer.name.rpartition(".")
        if last.isdigit():
            places.setdefault(parent, []).append(int(last))
    for parent, numbers in places.items():
        numbers.sort()
        gaps = [b - a for a, b in pairwise(numbers)]
        # all in a row below a name (layers.0, layers.1) is how a ModuleList of layers looks
        if 1 in gaps and (not parent or set(gaps) != {1}):
            first = numbers[gaps.index(1)]
            names = [f"{parent}.{k}".removeprefix(".") for k in (first, first + 1)]
            raise FormatError(
                f"layers {names[0]!r} and {names[1]!r} follow each other without room for an "
                "activation; pass architecture= to say what lies between them"
            )


def unwrapped(name: str) -> str:
    """Return a name without the prefixes that wrappers of modules add.

    Example:
        >>> from tropnet.io.stored_layers import unwrapped
        >>> unwrapped("module._orig_mod.fc1.weight")
        'fc1.weight'
    """
    while True:
        prefix = next((p for p in _WRAPPERS if name.startswith(p)), None)
        if prefix is None:
            return name
        name = name.removeprefix(prefix)


def _place(name: str) -> tuple[str, str]:
    """Return the layer and the part (weight, kernel, W, bias) that a name stands for."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        return f"W{int(numbered[2])}", "bias" if numbered[1] in "bB" else "W"
    layer, _, part = name.rpartition(".")
    if part in ("weight", "kernel", "bias"):
        return layer, part
    raise UnsupportedLayerError(
        name, "stored array", "it is no weight or bias of a dense layer", _ADVICE
    )


def _floats(array: AnyArray, name: str) -> FloatArray:
    array = np.asarray(array)
    if array.dtype.kind in "iu":
        if (array > 2**53).any() or (array < -(2**53)).any():
            raise DomainError(f"{name!r} holds integers beyond 2^53; store them as floats")
        return array.astype(np.float64)
    if array.dtype.kind == "b":
        raise DomainError(f"{name!r} holds booleans, not weights")
    values: FloatArray = constant(array, name).values
    return values


def _matrix(values: FloatArray, name: str) -> FloatArray:
    if values.ndim == 2 and 0 not in values.shape:
        return values
    if values.ndim == 2:
        raise ShapeError(f"{name!r} has the empty shape {values.shape}")
    kind = {1: "normalisation or PReLU", 3: "Conv1d", 4: "Conv2d", 5: "Conv3d"}.get(
        values.ndim, "?"
    )
    raise UnsupportedLayerError(
        name, kind, f"its weights have {values.ndim} dimensions; dense layers have two", _ADVICE
    )


def _vector(values: FloatArray, name: str) -> FloatArray:
    if values.ndim == 2 and 1 in values.shape:
        return values.reshape(-1)
    if values.ndim != 1:
        raise ShapeError(f"{name!r} is a bias of shape {values.shape}; give one number a unit")
    return values


def _lie_in_x_out(chain: Sequence[tuple[FloatArray, FloatArray | None]]) -> bool:
    """Tell whether numbered matrices are (in, out), by the only orientation that chains."""
    fits = {flip: _chains(chain, flip) for flip in (False, True)}
    shapes = [w.shape for w, _ in chain]
    if fits[True] and fits[False]:
        raise ShapeError(
            f"matrices of shapes {shapes} fit as (out, in) and as (in, out); store them under "
            "names that tell: 0.weight, 2.weight for (out, in), 0.kernel, 2.kernel for (in, out)"
        )
    if not (fits[True] or fits[False]):
        raise ShapeError(
            f"matrices of shapes {shapes} and their biases chain neither as (out, in) nor as "
            "(in, out)"
        )
    return fits[True]


def _chains(chain: Iterable[tuple[FloatArray, FloatArray | None]], flip: bool) -> bool:
    width = None
    for weights, bias in chain:
        out, inputs = weights.shape[::-1] if flip else weights.shape
        if width not in (None, inputs) or (bias is not None and len(bias) != out):
            return False
        width = out
    return True
