"""Modules that `to_torch` made, read back as the networks of their present parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tropnet.io.reader import bases

if TYPE_CHECKING:
    from tropnet.network import Network

_OURS: Final = "tropnet.io.network_module"
_HOOKS: Final = ("_forward_hooks", "_forward_pre_hooks", "_backward_pre_hooks")


def network_as_made(module: Any) -> Network | None:
    """Return the network of a module that `to_torch` made, None if it is not or no longer such.

    Parameters may have changed since; a hook, another forward or a replaced part make the module
    one like any other.

    Args:
        module: any `torch.nn.Module`.

    Raises:
        DomainError: a parameter is NaN or infinite.

    Example:
        >>> import tropnet
        >>> from tropnet.io.exported_module import network_as_made
        >>> f = tropnet.load("examples:moons_a")
        >>> g = tropnet.Network(2, f.layers[:1], f.layers[0].affine)
        >>> network_as_made(tropnet.to_torch(g)) == g
        True
    """
    if f"{_OURS}.NetworkModule" not in bases(module):
        return None
    from torch.nn import ModuleList

    from tropnet.io.network_module import DenseMap, NetworkModule, SharedMap, Units

    for part in module.modules():
        if type(part) not in (NetworkModule, Units, DenseMap, SharedMap, ModuleList):
            return None
        if "forward" in vars(part) or any(getattr(part, hooks, None) for hooks in _HOOKS):
            return None
    network: Network = module.network()
    return network
