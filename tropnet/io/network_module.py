"""The torch module of a network. It imports torch at its top: only `to_torch` imports it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from torch import Tensor, nn

from tropnet.exact.sharing import Sharing
from tropnet.io.float_form import FloatDtype, FloatForm, float_form, tiles_of
from tropnet.io.tensor import constant
from tropnet.network import Affine, Layer, Linear, Network
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, IntArray


@final
class NetworkModule(nn.Module):
    """A network in normal form as a plain torch module.

    It maps `(…, n)` to `(…, m)`. Weights and biases are parameters, and may be trained on; indices
    and divisors are buffers. `tropnet.load` reads it back as the network of its present parameters.

    Args:
        network: a network whose weights are floats of the format.
        dtype: the format.

    Example:
        >>> import torch, tropnet
        >>> f = tropnet.load("examples:moons_a")
        >>> skipping = tropnet.Network(2, f.layers[:1], f.layers[1].affine + f.layers[1].affine)
        >>> tropnet.to_torch(skipping)(torch.zeros(5, 2)).shape
        torch.Size([5, 8])
    """

    def __init__(self, network: Network, dtype: FloatDtype) -> None:
        super().__init__()
        self.n_inputs = network.n_inputs
        self.layers = nn.ModuleList(
            Units(layer.affine, layer.relu, dtype, layer.name) for layer in network.layers
        )
        identity = np.zeros(network.n_outputs, dtype=np.bool_)
        self.output = Units(network.output, identity, dtype, "")

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs."""
        values = [x]
        for layer in self.layers:
            values.append(layer(values))
        outputs: Tensor = self.output(values)
        return outputs

    def network(self) -> Network:
        """Return the network that the module computes with its present parameters.

        Raises:
            DomainError: a parameter is NaN or infinite.
        """
        layers = []
        for number, units in enumerate(self.layers, start=1):
            assert isinstance(units, Units)
            layers.append(units.layer(f"layers.{number - 1}"))
        kind: Any = str(self.output.bias.dtype).removeprefix("torch.")
        return Network(self.n_inputs, tuple(layers), self.output.layer("output").affine, kind)

    def extra_repr(self) -> str:
        """Return the sizes."""
        dtype = str(self.output.bias.dtype).removeprefix("torch.")
        return f"{self.n_inputs} inputs, {len(self.output.bias)} outputs, {dtype}"


@final
class Units(nn.Module):
    """One layer of a network: an affine function of earlier values, then ReLU, where it is wanted.

    Args:
        affine: the affine function.
        relu: for each unit, whether ReLU follows.
        dtype: the format of the weights.
        name: the layer's name in the model that it came from.
    """

    mask: Tensor | None
    bias_divisor: Tensor | None

    def __init__(self, affine: Affine, relu: Any, dtype: FloatDtype, name: str) -> None:
        super().__init__()
        self.name = name
        self.sources = affine.sources
        self.maps = nn.ModuleList(
            SharedMap(m, dtype) if isinstance(m, SharedLinear) else DenseMap(m, dtype)
            for _, m in affine.terms
        )
        form = _form(affine.bias, dtype)
        self.bias = nn.Parameter(torch.from_numpy(form.numerators[:, 0].copy()))
        _hold(self, "bias_divisor", form.divisors)
        self.relu = "all" if relu.all() else "some" if relu.any() else "none"
        _hold(self, "mask", relu if self.relu == "some" else None)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        """Return the units' values, given those of the input and of all layers before."""
        bias = self.bias if self.bias_divisor is None else self.bias / self.bias_divisor
        if not self.sources:  # constants, repeated for each item
            total = bias.expand(*values[0].shape[:-1], -1)
        elif len(self.maps) == 1 and isinstance(self.maps[0], DenseMap):
            total = self.maps[0](values[self.sources[0]], bias)
        else:
            total = self.maps[0](values[self.sources[0]])
            for source, part in zip(self.sources[1:], list(self.maps)[1:], strict=True):
                total = total + part(values[source])
            total = total + bias
        if self.relu == "none":
            return total
        after = torch.relu(total)
        return after if self.mask is None else torch.where(self.mask, after, total)

    def layer(self, path: str) -> Layer:
        """Return the layer as it now is; `path` names it in messages."""
        weights = {}
        for source, part in zip(self.sources, self.maps, strict=True):
            assert isinstance(part, DenseMap | SharedMap)
            weights[source] = part.linear(f"{path}.maps")
        bias = _linear(self.bias[:, None], self.bias_divisor, f"{path}.bias")
        relu = self.relu == "all" if self.mask is None else _array(self.mask)
        return Layer(Affine(weights, bias), relu, self.name)

    def extra_repr(self) -> str:
        """Return the number of units, and what they read."""
        reads = ", ".join("input" if s == 0 else f"layers[{s - 1}]" for s in self.sources)
        after = {"all": ", ReLU", "some": ", ReLU on some", "none": ""}[self.relu]
        name = f"{self.name!r}: " if self.name else ""
        return f"{name}{len(self.bias)} units of {reads or 'nothing'}{after}"


@final
class DenseMap(nn.Module):
    """A matrix, its rows over divisors where entries are no floats."""

    divisor: Tensor | None

    def __init__(self, weights: Linear, dtype: FloatDtype) -> None:
        super().__init__()
        form = _form(weights, dtype)
        self.weight = nn.Parameter(torch.from_numpy(form.numerators))
        _hold(self, "divisor", form.divisors)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return the product, and the sum with a bias."""
        if self.divisor is None:
            return nn.functional.linear(x, self.weight, bias)
        divided = nn.functional.linear(x, self.weight) / self.divisor
        return divided if bias is None else divided + bias

    def linear(self, path: str) -> Linear:
        """Return the map as it now is."""
        return _linear(self.weight, self.divisor, f"{path}.weight")

    def extra_repr(self) -> str:
        """Return the shape."""
        rows, columns = self.weight.shape
        return f"{columns} to {rows}" + (", over divisors" if self.divisor is not None else "")


@final
class SharedMap(nn.Module):
    """Rows that share kernels and patches of values, as those of a convolution do."""

    divisor: Tensor | None
    patches: Tensor
    rows: Tensor | None

    def __init__(self, weights: SharedLinear, dtype: FloatDtype) -> None:
        super().__init__()
        form, share = _form(weights, dtype), weights.sharing
        self.columns = share.columns
        self.kernel = nn.Parameter(torch.from_numpy(form.numerators))
        _hold(self, "divisor", form.divisors)
        patches, absent = share.patches.astype(np.int64), share.patches < 0
        self.padded = bool(absent.any())
        patches[absent] = share.columns
        _hold(self, "patches", patches)
        self.scattered = share.scattered
        if self.scattered:
            pairs = share.pairs
            tiles = [(pairs[0][:, None], pairs[1][:, None])]
            order: IntArray = np.arange(share.n_pairs)
        else:
            found = tiles_of(share)
            tiles = [(tile_patches, kernels) for tile_patches, kernels, _ in found]
            order = np.argsort(np.concatenate([places.reshape(-1) for _, _, places in found]))
        self.tiles = len(tiles)
        for number, lists in enumerate(tiles):
            for name, chosen, count in zip(
                ("patches", "kernels"), lists, (len(patches), len(form.numerators)), strict=True
            ):
                whole = len(chosen) == 1 and np.array_equal(chosen[0], np.arange(count))
                _hold(self, f"tile_{name}{number}", None if whole else chosen)
        rows = order if share.row_pairs is None else order[share.row_pairs]
        _hold(self, "rows", None if np.array_equal(rows, np.arange(share.n_pairs)) else rows)

    def forward(self, x: Tensor) -> Tensor:
        """Return the product of each kernel with the patches that it lies on."""
        if self.padded:  # one more value, zero, stands behind the others
            x = nn.functional.pad(x, (0, 1))
        parts = [self._tiles(x, number) for number in range(self.tiles)]
        pairs = parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
        return pairs if self.rows is None else pairs.index_select(-1, self.rows)

    def _tiles(self, x: Tensor, number: int) -> Tensor:
        """Return the products of tiles of one size, `(…, tiles · S · T)`."""
        patches = self._chosen(self.patches, "patches", number)
        kernel = self._chosen(self.kernel, "kernels", number)
        seen = x.index_select(-1, patches.reshape(-1)).reshape(*x.shape[:-1], *patches.shape)
        if self.scattered:  # tiles of one pair each
            product = (seen * kernel).sum(-1, keepdim=True)
        else:
            product = seen @ kernel.transpose(1, 2)
        if self.divisor is not None:
            product = product / self._chosen(self.divisor, "kernels", number).unsqueeze(-2)
        return product.flatten(-3)

    def _chosen(self, tensor: Tensor, name: str, number: int) -> Tensor:
        """Return the rows of a tensor that tiles of one size take, tile by tile."""
        chosen: Tensor | None = getattr(self, f"tile_{name}{number}")
        return tensor.unsqueeze(0) if chosen is None else tensor[chosen]

    def linear(self, path: str) -> Linear:
        """Return the map as it now is."""
        kernel = _linear(self.kernel, self.divisor, f"{path}.kernel")
        patches, device = _array(self.patches).copy(), self.kernel.device
        patch_parts, kernel_parts = [], []
        for number in range(self.tiles):
            patch_ids, kernel_ids = (
                _array(self._chosen(torch.arange(count, device=device), name, number))
                for name, count in (("patches", len(patches)), ("kernels", kernel.shape[0]))
            )
            tiles = np.broadcast_arrays(patch_ids[:, :, None], kernel_ids[:, None, :])
            patch_parts.append(tiles[0].reshape(-1))
            kernel_parts.append(tiles[1].reshape(-1))
        patch_of, kernel_of = np.concatenate(patch_parts), np.concatenate(kernel_parts)
        if self.rows is not None:
            rows = _array(self.rows)
            patch_of, kernel_of = patch_of[rows], kernel_of[rows]
        patches[patches == self.columns] = -1
        return SharedLinear(kernel, Sharing(patches, kernel_of, patch_of, self.columns))

    def extra_repr(self) -> str:
        """Return the sizes."""
        kernels, length = self.kernel.shape
        patches = len(self.patches)
        over = ", over divisors" if self.divisor is not None else ""
        return f"{kernels} kernels of {length} on {patches} patches of {self.columns}{over}"


def _form(entries: Linear, dtype: FloatDtype) -> FloatForm:
    form = float_form(entries, dtype)
    assert form is not None, "in_floats lets no other weights through"
    return form


def _hold(module: nn.Module, name: str, array: AnyArray | None) -> None:
    module.register_buffer(name, None if array is None else torch.from_numpy(array.copy()))


def _array(tensor: Tensor) -> AnyArray:
    return np.asarray(tensor.detach().cpu().numpy())


def _linear(entries: Tensor, divisor: Tensor | None, name: str) -> Linear:
    values = constant(_array(entries), name).values
    return FloatForm(values, None if divisor is None else _array(divisor)).linear()
