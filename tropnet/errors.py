"""Every error that tropnet raises on purpose.

One class per kind of trouble, all below `TropnetError`, so that a caller can catch the library's
refusals without catching bugs. Each message is one line: the object, the value, the likely cause
and the next step.
"""

from __future__ import annotations

import math
from typing import Any


class TropnetError(Exception):
    """The root of all errors that tropnet raises on purpose.

    Example:
        >>> from tropnet.errors import ShapeError, TropnetError
        >>> issubclass(ShapeError, TropnetError)
        True
    """


class UnsupportedLayerError(TropnetError):
    """A model holds an operation that is not piecewise linear, or not read yet.

    Args:
        node: the name of the node or module, as the model names it.
        op: the operation (`"Sigmoid"`).
        why: the reason, in a few words.
        advice: what to try instead.

    Example:
        >>> from tropnet.errors import UnsupportedLayerError
        >>> print(UnsupportedLayerError("act1", "Sigmoid", "it is not piecewise linear",
        ...                             "stop before it"))
        layer 'act1' (Sigmoid) is not supported: it is not piecewise linear; try: stop before it
    """

    def __init__(self, node: str, op: str, why: str, advice: str) -> None:
        self.node, self.op, self.why, self.advice = node, op, why, advice
        super().__init__(f"layer {node!r} ({op}) is not supported: {why}; try: {advice}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments, so that the error survives the way back from a process pool."""
        return type(self), (self.node, self.op, self.why, self.advice)


class UnsafeFileError(TropnetError):
    """A file could run code, exhaust memory or reach outside its folder; it was not opened."""


class FormatError(TropnetError):
    """A file or a text does not follow the format it claims."""


class ShapeError(TropnetError):
    """Array shapes or dimensions do not fit together."""


class DomainError(TropnetError):
    """A number or a domain is not one we can reason about: NaN, infinity, an empty box."""


class BudgetExceeded(TropnetError):  # noqa: N818 - the design's name, and it reads as a sentence
    """A result would be larger than the budget allows; nothing was computed.

    Args:
        what: the thing that would be too large (`"terms of P and Q in layer 3"`).
        predicted: its predicted size.
        budget: the size allowed.
        advice: what to do instead.
        found: so many were found, rather than predicted.

    Example:
        >>> from tropnet.errors import BudgetExceeded
        >>> print(BudgetExceeded("terms", 10**9, 100_000, "raise max_terms"))
        terms: predicted 1e+09, budget 100000; try: raise max_terms
    """

    def __init__(
        self, what: str, predicted: float, budget: float, advice: str, found: bool = False
    ) -> None:
        self.what, self.predicted, self.budget, self.advice = what, predicted, budget, advice
        self.found = found
        how = "found" if found else "predicted"
        super().__init__(
            f"{what}: {how} {_short(predicted, '.3g')}, budget {_short(budget, 'g')}; try: {advice}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments, so that the error survives the way back from a process pool."""
        return type(self), (self.what, self.predicted, self.budget, self.advice, self.found)


class CertificateError(TropnetError):
    """A certificate cannot be read, or does not belong to these networks."""


def _short(size: float, style: str) -> str:
    try:
        return format(size, style)
    except OverflowError:  # a count of terms may be an integer beyond all floats
        return f"about 10^{math.log10(size):.0f}"
