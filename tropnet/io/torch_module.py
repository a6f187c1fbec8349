"""Live torch modules."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError, ShapeError, TropnetError, UnsupportedLayerError
from tropnet.io.exported_module import network_as_made
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.stored_layers import unwrapped
from tropnet.io.tensor import constant
from tropnet.io.torch_graph import network_of_program
from tropnet.network import Network, NetworkBuilder, Wire

if TYPE_CHECKING:
    from tropnet.network.network import Dtype
    from tropnet.typing import AnyArray

_MODULE: Final = "torch.nn.modules.module.Module"
_SCRIPT: Final = "torch.jit._script.ScriptModule"
_BFLOAT16_NOTE: Final = (
    "the bfloat16 module is read exactly, and float32 is taken as the arithmetic"
)
#: Points at which a network is compared with the module that it was read from.
_POINTS: Final = 8


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
    module, added = _on_cpu(module)
    notes = [*notes, *added]
    made = network_as_made(module) if options.stop_before is None else None
    steps = list(_chain(module, ""))
    if made is not None:
        network = replace(made, notes=tuple(notes))
        examples: tuple[Any, ...] = (torch.zeros(1, made.n_inputs, dtype=_arithmetic(module)),)
    elif None not in steps and options.example_input is None and options.stop_before is None:
        chain = [step for step in steps if step is not None]
        network = _network_of_chain(chain, notes)
        examples = (torch.zeros(1, network.n_inputs, dtype=_arithmetic(module)),)
    else:
        examples = _examples(module, options.example_input)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            try:
                program = torch.export.export(module, examples)
            except Exception as error:
                raise _not_exported(error, options.example_input is None) from error
        network = network_of_program(program, options.stop_before, _name_of(module), notes)
    if options.stop_before is None:
        _require_agreement(network, module, examples)
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
    import torch

    found = (t.dtype for t in module.parameters() if t.dtype.is_floating_point)
    return next(found, torch.get_default_dtype())


def _examples(module: Any, given: Any) -> tuple[Any, ...]:
    """Return example inputs: those given, or one row for the first Linear layer."""
    import torch

    dtype = _arithmetic(module)
    if given is not None:
        parts = given if isinstance(given, tuple | list) else (given,)
        tensors = [torch.as_tensor(part).detach().to("cpu", dtype) for part in parts]
        # a batch counts as its first item: the network is that of one item
        return tuple(t[:1] if t.dim() > 1 else t for t in tensors)
    leaves = (m for m in module.modules() if not any(True for _ in m.children()))
    weighted = [m for m in leaves if any(True for _ in m.parameters())]
    if not weighted or not isinstance(weighted[0], torch.nn.Linear):
        kind = f"a {type(weighted[0]).__name__}" if weighted else "no layer with weights"
        raise ShapeError(
            f"{_name_of(module)} begins with {kind}, so its input shape is unknown; pass "
            "example_input=, a tensor with a batch of one"
        )
    # layers need not be registered in the order of their use: which width does forward take?
    widths = dict.fromkeys(m.in_features for m in weighted if isinstance(m, torch.nn.Linear))
    rows = [torch.zeros(1, width, dtype=dtype) for width in widths]
    taken = [row for row in rows if len(rows) == 1 or _takes(module, row)]
    if len(taken) > 1:
        raise ShapeError(
            f"{_name_of(module)} takes inputs of {' and of '.join(str(len(t[0])) for t in taken)} "
            "values; pass example_input="
        )
    return tuple(taken or rows[:1])


def _takes(module: Any, row: Any) -> bool:
    """Tell whether a module's forward runs on an input."""
    import torch

    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module(row)
    except Exception:  # whatever a forward raises, it does not take this row
        return False
    return True


def _not_exported(error: Exception, guessed: bool) -> TropnetError:
    text = str(error).strip().partition("\n")[0][:200]
    more = "; the input shape was guessed: pass example_input=" if guessed else ""
    return FormatError(
        f"torch.export cannot trace the module's forward ({type(error).__name__}: {text}){more}; "
        "export it to ONNX, or write it without branches on values"
    )


def _require_agreement(network: Network, module: Any, examples: tuple[Any, ...]) -> None:
    """Refuse a network that differs from its module by more than rounding can explain."""
    import torch

    generator = np.random.default_rng(0)
    dtype = examples[0].numpy().dtype
    compared = 0
    for k in range(_POINTS):
        scale = 10.0 ** (k % 4 - 1)
        points = [(generator.standard_normal(e.shape) * scale).astype(dtype) for e in examples]
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = module(*(torch.from_numpy(np.array(p)) for p in points))
        results = result if isinstance(result, tuple | list) else (result,)
        found = np.concatenate([r.detach().double().numpy().reshape(-1) for r in results])
        point = np.concatenate([p.astype(np.float64).reshape(-1) for p in points])
        expected = network.enclosure(point[None, :], network.dtype)
        values, errors = expected.values[0], expected.errors[0]
        if found.shape != values.shape:
            raise FormatError(
                f"the network read has {values.size} outputs, the module gives {found.size}; "
                "pass example_input= of the shape that the module takes"
            )
        if not (np.isfinite(found).all() and np.isfinite(errors).all()):
            continue  # the module's own arithmetic overflows here
        compared += 1
        gaps = np.abs(found - values)
        if not (gaps <= errors).all():
            raise FormatError(
                f"the network read differs from the module itself by {gaps.max():.3g} at a random "
                "point, more than rounding explains; the module may be stochastic or keep state"
            )
    if not compared:
        raise FormatError(
            f"the module overflows in {dtype} at every point tried; nothing could be compared"
        )


def _name_of(module: Any) -> str:
    return type(module).__name__
