"""Stored weights and what a caller says about their use, made into a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tropnet.errors import FormatError, ShapeError, UnsupportedLayerError
from tropnet.io.reader import Options, bases
from tropnet.io.stored_layers import (
    StoredLayer,
    in_order,
    natural,
    require_gaps,
    stored_layers,
)
from tropnet.io.unread_operations import reason_against
from tropnet.network import Network, NetworkBuilder

if TYPE_CHECKING:
    from tropnet.network.network import Dtype
    from tropnet.typing import AnyArray

#: Steps of an architecture that change nothing once a model is trained.
_NOTHING: Final = frozenset({"identity", "linear activation", "flatten", "dropout"})
_GUESSED: Final = (
    "the file holds weights alone: ReLU is taken to stand between the layers and nothing after the "
    "last; pass architecture= to say otherwise"
)


def network_of_weights(
    entries: Mapping[str, AnyArray],
    options: Options,
    *,
    activations: Sequence[str] | None = None,
    notes: Sequence[str] = (),
) -> Network:
    """Return the network of named arrays.

    Args:
        entries: arrays by name, as `stored_layers` takes them.
        options: `architecture` counts.
        activations: what the file says follows each layer, if it does.
        notes: what the reader of the file wants to add.

    Raises:
        TropnetError: as `tropnet.load` says.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.architecture import network_of_weights
        >>> from tropnet.io.reader import Options
        >>> f = network_of_weights({"0.weight": np.array([[-1.0]])}, Options(architecture=["linear",
        ...                        "relu"]))
        >>> f([3.0]).tolist(), f([-3.0]).tolist()
        ([0.0], [3.0])
    """
    if "torch.nn.modules.module.Module" in bases(options.architecture):
        from tropnet.io.torch_module import network_of_module, with_weights

        module = with_weights(options.architecture, entries)
        return network_of_module(module, options, notes)
    for name in ("example_input", "stop_before"):
        if name in options.given:
            raise FormatError(
                f"{name}= goes with a torch module as architecture=; here it has no use"
            )
    layers = stored_layers(entries)
    dtype = _dtype(entries)
    if options.architecture is not None:
        return _network(_program(options.architecture, layers), dtype, notes)
    ordered = in_order(layers)
    program: list[StoredLayer | str] = []
    if activations is None:
        require_gaps(ordered)
        for layer in ordered:
            program += [layer, "relu"]
        guessed = (_GUESSED,) if len(ordered) > 1 else ()
        return _network(program[:-1], dtype, (*notes, *guessed))
    if len(activations) != len(ordered):
        raise FormatError(f"{len(activations)} activations for {len(ordered)} stored layers")
    for layer, activation in zip(ordered, activations, strict=True):
        program += [layer, activation]
    return _network(program, dtype, notes)


def _program(architecture: Any, layers: list[StoredLayer]) -> list[StoredLayer | str]:
    """Return the steps that an architecture given as words and names stands for."""
    if isinstance(architecture, str) or not isinstance(architecture, Sequence):
        raise FormatError(
            f"architecture is {type(architecture).__name__}; give a torch module or a list such as "
            "['linear', 'relu', 'linear']"
        )
    by_name = {layer.name: layer for layer in layers}
    stored = sorted(by_name, key=natural)
    unnamed = iter(in_order(layers) if "linear" in architecture else ())
    program: list[StoredLayer | str] = []
    for word in architecture:
        if word == "linear":
            layer = next(unnamed, None)
            if layer is None:
                raise FormatError(
                    f"architecture has more 'linear' than {len(layers)} stored layers"
                )
            program.append(layer)
        elif word in by_name:
            program.append(by_name[word])
        elif word == "relu" or word in _NOTHING:
            program.append(word)
        elif reason_against(str(word)) != "it is not read yet":
            raise UnsupportedLayerError(
                "architecture", str(word), reason_against(str(word)), "a piecewise-linear model"
            )
        else:
            raise FormatError(
                f"architecture has {word!r}; known are 'linear', 'relu', 'identity', 'flatten', "
                f"'dropout' and the stored layers {', '.join(stored)}; for anything else give the "
                "torch module, and example_input= of its input's shape"
            )
    used = {step.name for step in program if isinstance(step, StoredLayer)}
    forgotten = sorted(by_name.keys() - used, key=natural)
    if forgotten:
        raise FormatError(f"architecture does not use the stored layer {forgotten[0]!r}")
    return program


def _network(program: Sequence[StoredLayer | str], dtype: Dtype, notes: Sequence[str]) -> Network:
    first = next((step for step in program if isinstance(step, StoredLayer)), None)
    if first is None:
        raise FormatError("an architecture needs at least one stored layer")
    builder = NetworkBuilder(dtype)
    wire, before = builder.input(first.inputs), first
    for step in program:
        if isinstance(step, StoredLayer):
            if step.inputs != wire.size:
                raise ShapeError(
                    f"layer {step.name!r} takes {step.inputs} values, {wire.size} come before it; "
                    "check the order of the layers"
                )
            wire, before = builder.linear(wire, step.weights, step.bias, step.name), step
        elif step == "relu":
            wire = builder.relu(wire, before.name)
        elif step not in _NOTHING:
            raise UnsupportedLayerError(
                before.name, step, reason_against(step), "a network with relu between its layers"
            )
    return builder.build(wire, notes=notes)


def _dtype(entries: Mapping[str, AnyArray]) -> Dtype:
    """Return the widest float arithmetic among the arrays."""
    sizes = [array.dtype.itemsize for array in entries.values() if array.dtype.kind == "f"]
    by_size: dict[int, Dtype] = {2: "float16", 4: "float32", 8: "float64"}
    return by_size.get(max(sizes, default=8), "float64")
