"""`to_torch`: networks as torch modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.io.float_form import FloatDtype, float_form
from tropnet.io.in_floats import in_floats
from tropnet.io.load import load
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    import torch

    from tropnet.network import Network


def to_torch(
    network: Any, *, dtype: FloatDtype | None = None, rounded: bool = False
) -> torch.nn.Module:
    """Return a network as a torch module, to be run or trained on.

    Chains of dense layers become a `torch.nn.Sequential` of `Linear` and `ReLU`. All else, with
    skip connections, convolutions, or layers of which only some units have a ReLU, becomes a
    `NetworkModule`: parameters for weights and biases, buffers for indices, no code but tensor
    operations. It maps `(…, n)` to `(…, m)`; several tensors of the model that the network came
    from are flattened and follow each other.

    The module denotes the very function of the network: `load` gives an equal network back. A
    weight that is no float, such as an average's 1/9, becomes a quotient of two floats, 0.0625 /
    0.5625.

    Args:
        network: a Network, or anything that `load` reads.
        dtype: the format of parameters; left out, float32 where every weight is exact in it, else
            float64.
        rounded: where a weight is neither a float of the format nor such a quotient, take the
            nearest float. The module is then another function; `in_floats` counts the changes.

    Returns:
        A module on the CPU, in training mode as new modules are, its parameters trainable.

    Raises:
        DomainError: a weight is not exact in the format, and `rounded` is not set; or it is beyond
            the format.
        TropnetError: whatever `load` raises.

    Cost: linear in the stored weights.

    Example:
        >>> import tropnet
        >>> module = tropnet.to_torch(tropnet.load("examples:moons_a"))
        >>> module
        Sequential(
          (0): Linear(in_features=2, out_features=8, bias=True)
          (1): ReLU()
          (2): Linear(in_features=8, out_features=8, bias=True)
          (3): ReLU()
          (4): Linear(in_features=8, out_features=1, bias=True)
        )
        >>> tropnet.load(module) == tropnet.load("examples:moons_a")
        True
    """
    exact, used, _ = in_floats(load(network), dtype, rounded=rounded)
    if _is_chain(exact, used):
        return _sequential(exact, used)
    from tropnet.io.network_module import NetworkModule

    return NetworkModule(exact, used)


def _is_chain(network: Network, dtype: FloatDtype) -> bool:
    """Tell whether torch's own Linear and ReLU layers, one after the other, are the network."""
    for number, affine in enumerate(network.affines):
        if affine.sources != (number,) or isinstance(affine.terms[0][1], SharedLinear):
            return False
        forms = [float_form(part, dtype) for part in (affine.terms[0][1], affine.bias)]
        if any(form is None or form.divisors is not None for form in forms):
            return False
    return all(len(set(layer.relu.tolist())) == 1 for layer in network.layers)


def _sequential(network: Network, dtype: FloatDtype) -> torch.nn.Module:
    import torch
    from torch import nn

    kind = torch.float32 if dtype == "float32" else torch.float64
    modules: list[Any] = []
    for layer, affine in zip((*network.layers, None), network.affines, strict=True):
        weights = affine.terms[0][1].values
        linear = nn.Linear(weights.shape[1], weights.shape[0], dtype=kind)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights))
            linear.bias.copy_(torch.tensor(affine.bias.values[:, 0]))
        modules.append(linear)
        if layer is not None and layer.relu.any():
            modules.append(nn.ReLU())
    return nn.Sequential(*modules)
