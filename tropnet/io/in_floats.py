"""Networks whose every weight is a float of one format, to be written for a runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.errors import DomainError
from tropnet.exact.fraction import fraction_text
from tropnet.io.float_form import FloatDtype, float_form, kernel_of, misfits
from tropnet.network import Affine, Layer, Linear, Network, linear
from tropnet.network.shared_linear import SharedLinear

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

_FORMATS: Final[tuple[FloatDtype, ...]] = ("float32", "float64")


def in_floats(
    network: Network, dtype: FloatDtype | None = None, *, rounded: bool = False
) -> tuple[Network, FloatDtype, int]:
    """Return a network that can be written in a float format, the format, and what was rounded.

    Args:
        network: any network.
        dtype: the format; None takes float32 where every weight is exact in it, else float64.
        rounded: where a weight is no float of the format, take the nearest one.

    Returns:
        The network itself with the format as its `dtype`, or, with `rounded`, one of the nearest
        weights, whose notes tell it; and the number of weights that were changed.

    Raises:
        DomainError: a weight is no float of the format and `rounded` is not set, or it is beyond
            the format; or an unknown format.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.io.in_floats import in_floats
        >>> in_floats(Network.from_dense([[[0.5]]]))[1:]
        ('float32', 0)
        >>> in_floats(Network.from_dense([[[0.1]]]))[1:]
        ('float64', 0)
    """
    if dtype is not None and dtype not in _FORMATS:
        raise DomainError(f"dtype is {dtype!r}; models are written in {' or '.join(_FORMATS)}")
    for tried in _FORMATS if dtype is None else (dtype,):
        if all(float_form(part, tried) for _, part in _parts(network)):
            return replace(network, dtype=tried), tried, 0
    wanted = dtype or "float64"
    if not rounded:
        raise _no_floats(network, wanted)
    count = [0]
    affines = [
        Affine(
            {s: _rounded(m, wanted, name, count) for s, m in affine.terms},
            _rounded(affine.bias, wanted, f"the bias of {name}", count),
        )
        for name, affine in _named(network)
    ]
    total = sum(part.entries.size for _, part in _parts(network))
    layers = tuple(
        Layer(affine, layer.relu, layer.name)
        for affine, layer in zip(affines, network.layers, strict=False)
    )
    note = f"{count[0]} of {total} weights were rounded to {wanted} when this was written"
    notes = (*network.notes, note)
    changed = replace(network, layers=layers, output=affines[-1], dtype=wanted, notes=notes)
    return changed, wanted, count[0]


def _named(network: Network) -> list[tuple[str, Affine]]:
    names = [f"layer {y.name!r}" if y.name else f"layer {k}"
             for k, y in enumerate(network.layers, start=1)]  # fmt: skip
    return list(zip([*names, "the output"], network.affines, strict=True))


def _parts(network: Network) -> list[tuple[str, Linear]]:
    """Return every stored matrix with words for it."""
    parts = []
    for name, affine in _named(network):
        parts += [(f"the weights of {name}", kernel_of(m)) for _, m in affine.terms]
        parts.append((f"the bias of {name}", affine.bias))
    return parts


def _no_floats(network: Network, dtype: FloatDtype) -> DomainError:
    """Return the error that names the first weight which is no float of the format."""
    name, part = next((n, p) for n, p in _parts(network) if float_form(p, dtype) is None)
    wrong = misfits(part.entries, dtype)
    if part.entry_rounding is not None:
        floats: Any = linear(part.values.clip(-np.finfo(np.float64).max, np.finfo(np.float64).max))
        wrong = wrong | (np.array((part.exact - floats.exact).signs()) != 0)
    row, column = np.argwhere(wrong)[0]
    value = fraction_text(part.exact[int(row), int(column)])
    shown = value if len(value) <= 40 else f"{value[:20]}…{value[-12:]}"
    return DomainError(
        f"{name} have {shown} at [{row}, {column}], which is no {dtype}, nor is its row one of "
        f"{dtype}s over one divisor; rounded=True writes the nearest ones, tropnet.save the exact"
    )


def _rounded(part: Linear, dtype: FloatDtype, name: str, count: list[int]) -> Linear:
    if isinstance(part, SharedLinear):
        return SharedLinear(_rounded(part.kernel, dtype, name, count), part.sharing)
    if float_form(part, dtype) is not None:
        return part
    nearest = _nearest(part.values, dtype)
    if not np.isfinite(nearest).all():
        row, column = np.argwhere(~np.isfinite(nearest))[0]
        raise DomainError(f"{name} has a weight beyond {dtype} at [{row}, {column}]")
    found = linear(nearest)
    count[0] += int(np.count_nonzero((part.exact - found.exact).signs()))
    return found


def _nearest(values: FloatArray, dtype: FloatDtype) -> FloatArray:
    with np.errstate(over="ignore"):
        return np.asarray(values.astype(dtype).astype(np.float64))
