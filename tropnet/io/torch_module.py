"""Live torch modules."""

from __future__ import annotations

import copy
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io.exported_module import network_as_made
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.stored_layers import unwrapped
from tropnet.io.tensor import constant
from tropnet.io.torch_agreement import require_agreement
from tropnet.io.torch_examples import Examples, guessed_examples
from tropnet.io.torch_graph import network_of_program, run_program
from tropnet.network import Network, NetworkBuilder, Wire

if TYPE_CHECKING:
    from tropnet.network.network import Dtype
    from tropnet.typing import AnyArray

_MODULE: Final = "torch.nn.modules.module.Module"
_SCRIPT: Final = "torch.jit._script.ScriptModule"
#: Wrappers that change how a module runs and not what it computes, and where they keep it.
_WRAPPERS: Final = {
    "torch._dynamo.eval_frame.OptimizedModule": "_orig_mod",
    "torch.nn.parallel.data_parallel.DataParallel": "module",
    "torch.nn.parallel.distributed.DistributedDataParallel": "module",
}
_BFLOAT16_NOTE: Final = (
    "the bfloat16 module is read exactly, and float32 is taken as the arithmetic"
)


@final
class TorchModuleReader(ObjectReader):
    """Reads live `torch.nn.Module`s and checks the result against the module itself.

    Example:
        >>> import torch
        >>> from tropnet.io import load
        >>> class Absolute(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.both = torch.nn.Linear(1, 2)
        ...         self.sum = torch.nn.Linear(2, 1)
        ...     def forward(self, x):
        ...         return self.sum(torch.relu(self.both(x)))
        >>> load(Absolute()).architecture
        '1-2-1'
    """

    name = "torch module"
    options = frozenset({"example_input", "stop_before"})

    def recognise(self, source: object) -> None:
        """Accept an instance of `torch.nn.Module`."""
        if _MODULE not in bases(source):
            raise Refusal("it is no torch.nn.Module")

    def read(self, source: Any, options: Options) -> Network:
        """Return the module's network.

        Raises:
            TropnetError: as `load` says.
        """
        return network_of_module(source, options)


def network_of_module(module: Any, options: Options, notes: Sequence[str] = ()) -> Network:
    """Return the network of a live module, compared with the module at a few points.

    Chains of Linear, ReLU, Identity, Flatten and Dropout, and what `to_torch` makes, are read as
    they are; whatever else has a forward is traced by `torch.export`, without decomposition, for a
    batch of one.

    Raises:
        TropnetError: as `tropnet.load` says.
    """
    import torch

    if _SCRIPT in bases(module):
        raise FormatError("this is a TorchScript module; pass the module that it was made from")
    while wrapper := next((w for w in _WRAPPERS if w in bases(module)), None):
        module = getattr(module, _WRAPPERS[wrapper])
    module, added = _on_cpu(module)
    notes = [*notes, *added]
    steps = list(_chain(module, ""))
    made = network_as_made(module) if options.stop_before is None else None
    chain = [step for step in steps if step is not None]
    plain = len(chain) == len(steps) and options.example_input is None
    if made is not None or (plain and options.stop_before is None):
        network = made or _network_of_chain(chain, notes)
        network = replace(network, notes=tuple(notes))
        row = torch.zeros(1, network.n_inputs, dtype=_arithmetic(module))
        require_agreement(network, lambda e: [module(*e.args)], Examples((row,), {}))
        return network
    dtype = _arithmetic(module)
    if options.example_input is None:
        examples = guessed_examples(module, dtype or torch.get_default_dtype())
    else:
        examples = Examples.of(options.example_input, dtype)
    program = _exported(module, examples, guessed=options.example_input is None)
    stop = options.stop_before
    network = network_of_program(program, stop, type(module).__name__, notes)

    def run(given: Examples) -> list[Any]:
        if stop is not None:
            return run_program(program, stop, given.tensors)
        return _leaves(module(*given.args, **given.kwargs))

    def run_widely(given: Examples) -> list[Any]:
        return run_program(program, stop, [t.double() for t in given.tensors], wide=True)

    require_agreement(network, run, examples, run_widely)
    return network


def with_weights(module: Any, entries: Mapping[str, AnyArray]) -> Any:
    """Return a copy of a module with other weights, wrappers' prefixes dropped from their names.

    Raises:
        FormatError: the names or shapes are not the module's.
    """
    import torch

    state = {unwrapped(name): torch.from_numpy(np.array(array)) for name, array in entries.items()}
    target = copy.deepcopy(module)
    own = target.state_dict()
    for name, tensor in state.items():
        if name in own and tensor.dtype != own[name].dtype:
            wide = torch.promote_types(tensor.dtype, own[name].dtype)
            target = target.to(wide) if wide.is_floating_point else target
    try:
        target.load_state_dict(state)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise FormatError(
            f"the stored weights do not fit the architecture {type(module).__name__}: "
            f"{' '.join(lines[1:3]) or lines[0]}"
        ) from None
    return target.eval()


# ---- chains -------------------------------------------------------------------------------------


def _chain(module: Any, path: str) -> Iterator[tuple[str, Any] | None]:
    """Yield the leaves of a nested Sequential of known layers; None for anything else."""
    from torch import nn

    hooked = any(
        getattr(module, hooks, None)
        for hooks in ("_forward_hooks", "_forward_pre_hooks", "_backward_pre_hooks")
    )
    kind = type(module)
    if hooked:
        yield None  # a hook may change what the layer does
    elif kind is nn.Sequential:
        for name, child in module.named_children():
            yield from _chain(child, f"{path}.{name}".removeprefix("."))
    elif kind in (nn.Linear, nn.ReLU, nn.Identity, nn.Flatten, nn.Dropout) and (
        "forward" not in vars(module)
    ):
        yield path or type(module).__name__, module
    else:
        yield None


def _network_of_chain(chain: Sequence[tuple[str, Any]], notes: Sequence[str]) -> Network:
    from torch import nn

    linears = [(name, m) for name, m in chain if type(m) is nn.Linear]
    if not linears:
        raise ShapeError("a module without Linear layers has no input size; pass example_input=")
    dtypes = {str(m.weight.dtype).removeprefix("torch.") for _, m in linears}
    if len(dtypes) != 1 or not dtypes <= {"float16", "float32", "float64"}:
        raise DomainError(f"the layers have dtypes {sorted(dtypes)}; one float dtype is read")
    dtype: Dtype = dtypes.pop()  # type: ignore[assignment]
    builder = NetworkBuilder(dtype)
    wire, name = builder.input(linears[0][1].in_features), ""
    for path, module in chain:
        if type(module) is nn.Linear:
            wire, name = _linear(builder, wire, path, module), path
        elif type(module) is nn.ReLU:
            wire = builder.relu(wire, name or path)
        elif type(module) is nn.Dropout and module.training and module.p:
            raise UnsupportedLayerError(
                path, "Dropout", "it is in training mode", "model.eval() first"
            )
    return builder.build(wire, notes=notes)


def _linear(builder: NetworkBuilder, wire: Wire, path: str, module: Any) -> Wire:
    if module.in_features != wire.size:
        raise ShapeError(
            f"layer {path!r} takes {module.in_features} values, {wire.size} come before it"
        )
    arrays = [
        None if t is None else constant(t.detach().numpy(), f"{path}.{part}").values
        for part, t in (("weight", module.weight), ("bias", module.bias))
    ]
    return builder.linear(wire, arrays[0], arrays[1], path)


# ---- what the module wants and does -------------------------------------------------------------


def _on_cpu(module: Any) -> tuple[Any, list[str]]:
    """Return the module, or a copy on the CPU in an arithmetic that we know; and notes."""
    import torch

    tensors = [*module.parameters(), *module.buffers()]
    if any(t.is_meta for t in tensors):
        raise FormatError("the module's weights are on the meta device: they have no values")
    if any(torch.nn.parameter.is_lazy(t) for t in tensors):
        raise FormatError("the module has lazy layers without weights; run it once first")
    if any(t.dtype == torch.bfloat16 for t in tensors):
        return copy.deepcopy(module).cpu().float(), [_BFLOAT16_NOTE]
    if any(t.device.type != "cpu" for t in tensors):
        return copy.deepcopy(module).cpu(), []
    return module, []


def _arithmetic(module: Any) -> Any:
    """Return the one type of the module's floats; None where it has none or several."""
    tensors = (*module.parameters(), *module.buffers())
    found = {t.dtype for t in tensors if t.dtype.is_floating_point}
    return found.pop() if len(found) == 1 else None


def _exported(module: Any, examples: Examples, *, guessed: bool) -> Any:
    """Return the module as `torch.export` traces it, without decompositions."""
    import torch

    # what torch logs and prints of branches on values, our error says in one line
    logger = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), torch.no_grad(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return torch.export.export(module, examples.args, examples.kwargs)
    except Exception as error:
        raise _not_exported(module, error, guessed=guessed) from error
    finally:
        logger.setLevel(level)


def _not_exported(module: Any, error: Exception, *, guessed: bool) -> TropnetError:
    """Return what stands in the way of an export: a layer that we know, or torch's own reason."""
    from torch import nn

    for path, layer in module.named_modules():
        kind = type(layer).__name__
        if isinstance(layer, nn.modules.batchnorm._NormBase) and layer.training:
            why, advice = "it is in training mode", "model.eval() first"
            return UnsupportedLayerError(path or kind, kind, why, advice)
        if isinstance(layer, nn.Embedding | nn.EmbeddingBag):
            why, advice = "it looks rows up by whole numbers, not by reals", "the module after it"
            return UnsupportedLayerError(path or kind, kind, why, advice)
        if type(layer).__module__.startswith(("torch.ao.nn.", "torch.nn.quantized")):
            why = "it computes with whole numbers that stand for rounded ones"
            advice = "the float module that it was made from"
            return UnsupportedLayerError(path or kind, kind, why, advice)
    text = str(error).strip().partition("\n")[0][:200]
    if type(error).__name__.startswith("GuardOnDataDependent"):
        text = "it branches or loops on values of tensors"
    more = "; the input shape was guessed: pass example_input=" if guessed else ""
    return FormatError(
        f"torch.export cannot trace the module's forward ({type(error).__name__}: {text}){more}; "
        "example_input= has the batch axis first; write forward without branches on values"
    )


def _leaves(result: Any) -> list[Any]:
    """Return what a forward returned, in order, without what it left out."""
    from torch.utils import _pytree

    return [leaf for leaf in _pytree.tree_leaves(result) if leaf is not None]
