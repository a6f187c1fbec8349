"""Live mappings of names to arrays or tensors, such as state dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.io.architecture import network_of_weights
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.state_dict import TENSOR, array_of_tensor, picked
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import AnyArray


@final
class MappingReader(ObjectReader):
    """Reads mappings such as `model.state_dict()` or `numpy.load(...)`.

    Example:
        >>> import numpy as np
        >>> from tropnet.io import load
        >>> load({"0.weight": np.ones((3, 2)), "2.weight": np.ones((1, 3))}).architecture
        '2-3-1'
    """

    name = "a mapping of names to arrays"
    options = frozenset({"architecture", "example_input", "key", "stop_before"})

    def recognise(self, source: object) -> None:
        """Accept a mapping."""
        if not isinstance(source, Mapping):
            raise Refusal("it is no mapping")

    def read(self, source: Any, options: Options) -> Network:
        """Return the network of the arrays.

        Raises:
            TropnetError: as `load` says.
        """
        entries = picked(source, options.key, "the mapping")
        arrays: dict[str, AnyArray] = {}
        notes: set[str] = set()
        for name, value in entries.items():
            if TENSOR in bases(value):
                arrays[str(name)] = array_of_tensor(value, str(name), notes)
            else:
                arrays[str(name)] = np.asarray(value)
        return network_of_weights(arrays, options, notes=sorted(notes))
