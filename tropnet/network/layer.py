"""One layer of the ReLU normal form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.network.affine import Affine

if TYPE_CHECKING:
    from tropnet.typing import BoolArray


@final
@dataclass(frozen=True, eq=False, init=False)
class Layer:
    """Units that are affine in earlier values, each followed by ReLU or by nothing.

    Args:
        affine: the pre-activations of the layer's units.
        relu: for each unit, whether ReLU follows; one bool for all, or one a unit.
        name: the name of the layer in the model it came from.

    Raises:
        ShapeError: `relu` has another size than the affine function.

    Example:
        >>> from tropnet.network import Affine, Layer
        >>> Layer(Affine({0: [[1], [2]]}), [True, False]).width
        2
    """

    affine: Affine
    relu: BoolArray
    name: str

    def __init__(self, affine: Affine, relu: Any = True, name: str = "") -> None:
        given = np.asarray(relu, dtype=np.bool_)
        if given.shape not in ((), (affine.size,)):
            raise ShapeError(
                f"relu has shape {given.shape} for {affine.size} units; give one or one a unit"
            )
        mask = np.array(np.broadcast_to(given, (affine.size,)))
        mask.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "relu", mask)
        object.__setattr__(self, "name", name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments; a pickled array would come back writeable."""
        return Layer, (self.affine, self.relu, self.name)

    @property
    def width(self) -> int:
        """The number of units."""
        return self.affine.size

    def content(self) -> bytes:
        """Bytes that depend on the exact layer alone, for a digest."""
        return b"layer " + self.relu.tobytes() + self.affine.content()
