"""`load`: one verb for every kind of saved or live model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tropnet import examples
from tropnet.errors import BudgetExceeded, FormatError, TropnetError
from tropnet.io.json_file import JsonReader
from tropnet.io.model_file import ModelFile
from tropnet.io.nnet_file import NnetReader
from tropnet.io.npz_file import NpzReader
from tropnet.io.one_line import one_line_errors, printable
from tropnet.io.onnx_file import OnnxReader
from tropnet.io.onnx_model import OnnxModelReader
from tropnet.io.reader import FileReader, ObjectReader, Options, Reader, Refusal
from tropnet.io.safetensors_file import SafetensorsReader
from tropnet.io.sklearn_model import SklearnReader
from tropnet.io.torch_file import TorchFileReader
from tropnet.io.torch_module import TorchModuleReader
from tropnet.io.weights_mapping import MappingReader
from tropnet.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable

#: Asked in this order: those that a few bytes give away come first.
FILE_READERS: Final[tuple[FileReader, ...]] = (
    SafetensorsReader(),  # before pickles: the length that it begins with may look like one
    TorchFileReader(),
    NpzReader(),
    JsonReader(),
    NnetReader(),
    OnnxReader(),
)
OBJECT_READERS: Final[tuple[ObjectReader, ...]] = (
    TorchModuleReader(),
    OnnxModelReader(),
    SklearnReader(),
    MappingReader(),
)

_R = TypeVar("_R", bound=Reader)


@one_line_errors()
def load(
    source: Any,
    *,
    architecture: Any = None,
    example_input: Any = None,
    key: str | None = None,
    normalise: bool = False,
    stop_before: str | None = None,
) -> Network:
    """Read a model into a `Network`, exactly as it is stored.

    Files are recognised by their content, not by their name. Nothing in a file is ever executed,
    and sizes are checked before memory is taken.

    Args:
        source: a path (`.onnx`, `.pt`/`.pth` with a state dict, `.safetensors`, `.npz`, `.nnet`, or
            our `.json`), `"examples:NAME"`, a live `torch.nn.Module`, an `onnx.ModelProto`, a
            fitted scikit-learn perceptron or linear model, or a pipeline of scalers before one, a
            mapping of names to arrays, or a Network, which comes back unchanged.
        architecture: for files of weights alone: a `torch.nn.Module` to load them into, or a list
            such as `["linear", "relu", "linear"]`, where a layer may be called by its stored name.
            Left out, the layers are ordered by the numbers in their names and their shapes, with
            ReLU between them, and none after the last; the network's notes say so.
        example_input: for a live module with a `forward` of its own: a tensor of the shape that it
            takes, a tuple of the arguments or a dict of named ones, the batch axis first; of a
            batch the first item counts.
        key: dotted path of the state dict inside a checkpoint, such as `"model_state_dict"`.
        normalise: for .nnet: apply the normalisation of inputs and outputs that the header states.
        stop_before: for ONNX and modules: the name, or else the operation, of the node to stop
            before, such as a final softmax.

    Returns:
        The network from one item (a batch of one) of all inputs, flattened and concatenated in
        order, to all outputs, flattened likewise.

    Raises:
        FormatError: no reader knows the source, or the source is broken; the text says which
            readers were asked and why each refused.
        UnsafeFileError: the file could run code, exhaust memory or reach outside its folder.
        UnsupportedLayerError: an operation that is not piecewise linear, or not read yet.
        ShapeError: shapes that do not fit together.
        DomainError: a weight is NaN or infinite.
        BudgetExceeded: the model needs larger matrices than are bearable.

    Cost: linear in the file; a module with a forward of its own is traced by `torch.export`, which
    takes seconds.

    Example:
        >>> import numpy as np, tempfile
        >>> from tropnet.io import load
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/abs.npz", W0=[[1.0], [-1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0]])
        ...     absolute = load(f"{folder}/abs.npz")
        >>> absolute([[-3.0]]).tolist()
        [[3.0]]
        >>> load("examples:moons_a").architecture
        '2-8-8-1'
    """
    options = Options(architecture, example_input, key, normalise, stop_before)
    if isinstance(source, Network):
        _require_known(options, frozenset(), "a Network")
        return source
    if isinstance(source, str | os.PathLike):
        file = ModelFile.open(examples.resolve(source))
        named = [r for r in FILE_READERS if file.path.suffix.lower() in r.suffixes]
        reader = _choose(FILE_READERS, lambda r: r.recognise(file), str(file.path), named)
        return _read(reader, file, options, str(file.path))
    what = f"an object of type {type(source).__name__}"
    chosen = _choose(OBJECT_READERS, lambda r: r.recognise(source), what)
    return _read(chosen, source, options, what)


def _choose(
    readers: Sequence[_R], recognise: Callable[[_R], None], what: str, named: Sequence[_R] = ()
) -> _R:
    reasons = []
    for reader in readers:
        try:
            recognise(reader)
        except Refusal as refusal:
            reasons.append(f"{reader.name}: {refusal}")
        else:
            return reader
    if named:
        return named[0]  # its error says what is wrong with the file, better than a list can
    raise FormatError(f"{what} is no model that can be read. Tried " + "; ".join(reasons))


def _read(reader: Reader, source: Any, options: Options, what: str) -> Network:
    _require_known(options, reader.options, f"{what}, read as {reader.name},")
    try:
        return reader.read(source, options)
    except TropnetError:
        raise
    except MemoryError:
        raise BudgetExceeded(
            f"{what} needs more memory than there is", float("inf"), 0, "a smaller model"
        ) from None
    except Exception as error:
        # Libraries that parse files, and the forward methods of users, raise anything at all.
        text = printable(str(error).strip().partition("\n")[0][:200])
        raise FormatError(
            f"{what} could not be read as {reader.name}: {type(error).__name__}: {text}"
        ) from error


def _require_known(options: Options, known: frozenset[str], what: str) -> None:
    unknown = sorted(options.given - known)
    if unknown:
        taken = ", ".join(f"{name}=" for name in sorted(known)) or "no options"
        raise FormatError(f"{what} has no use for {unknown[0]}=; it takes {taken}")
