"""The relations of classifiers and controllers: the same best output, wherever it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

from tropnet.checker.relation import Kind
from tropnet.errors import DomainError
from tropnet.exact import as_fraction


class _Choice:
    """What both relations share."""

    kind: ClassVar[Kind]
    margin: Any

    def __post_init__(self) -> None:
        margin = as_fraction(self.margin, "margin")
        if margin < 0:
            raise DomainError(f"margin is {self.margin}; a margin is zero or positive")
        object.__setattr__(self, "margin", margin)


@final
@dataclass(frozen=True)
class Argmax(_Choice):
    """Wherever f's largest output leads by more than a margin, it is a largest output of g too.

    Ties agree: where several outputs of g are largest, each of them counts, and where several
    outputs of f are, none leads. It asks nothing of g where f has no lead, so that it is another
    question with the two functions exchanged.

    Args:
        margin: exact; `"0.01"` is 1/100, 0.01 the float nearest to it.

    Raises:
        DomainError: a negative margin, or no finite number.

    Example:
        >>> import tropnet
        >>> from tropnet.equivalence import Argmax
        >>> f = tropnet.Network.from_dense([[[1], [-1]]])           # (x, -x)
        >>> g = tropnet.Network.from_dense([[[1], [-1]]], [[-1, 0]])  # (x - 1, -x)
        >>> tropnet.compare(f, g, relation=Argmax(margin=1)).word
        'Equivalent'
        >>> tropnet.compare(f, g, relation=Argmax("0.99")).word
        'Different'
    """

    kind: ClassVar[Kind] = "argmax"

    margin: Any = 0


@final
@dataclass(frozen=True)
class Argmin(_Choice):
    """Wherever f's smallest output leads by more than a margin, it is a smallest of g too.

    It is `Argmax` of −f and −g: some controllers choose the action with the smallest score.

    Args:
        margin: exact; `"0.01"` is 1/100, 0.01 the float nearest to it.

    Raises:
        DomainError: a negative margin, or no finite number.

    Example:
        >>> from tropnet.equivalence import Argmin
        >>> Argmin("0.5").margin
        Fraction(1, 2)
    """

    kind: ClassVar[Kind] = "argmin"

    margin: Any = 0
