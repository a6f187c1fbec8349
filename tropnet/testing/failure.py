"""How an assertion on networks fails: different, or undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

if TYPE_CHECKING:
    from tropnet.equivalence import Different, Undecided

#: What an assertion does when the comparison is undecided.
WhenUndecided: TypeAlias = Literal["fail", "skip", "warn"]


@final
class DifferentAssertionError(AssertionError):
    """Two models are proven not to be related as asserted.

    Attributes:
        verdict: the `Different`, with the exact witness and the certificate.

    Example:
        >>> import tropnet
        >>> from tropnet.testing import DifferentAssertionError, assert_within
        >>> try:
        ...     assert_within("examples:moons_a", "examples:moons_b", tropnet.Box.cube(2), atol=1)
        ... except DifferentAssertionError as error:
        ...     error.verdict.witness.gap > 1
        True
    """

    def __init__(self, message: str, verdict: Different) -> None:
        super().__init__(message)
        self.verdict = verdict

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments, so that the error survives the way back from a process pool."""
        return type(self), (str(self), self.verdict)


@final
class UndecidedAssertionError(AssertionError):
    """It is neither proven nor refuted that two models are related as asserted.

    Attributes:
        verdict: the `Undecided`, with its proven bracket.

    Example:
        >>> from tropnet.testing import UndecidedAssertionError
        >>> issubclass(UndecidedAssertionError, AssertionError)
        True
    """

    def __init__(self, message: str, verdict: Undecided) -> None:
        super().__init__(message)
        self.verdict = verdict

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments, so that the error survives the way back from a process pool."""
        return type(self), (str(self), self.verdict)


@final
class UndecidedWarning(UserWarning):
    """An assertion called with `undecided="warn"` proved nothing.

    Example:
        >>> from tropnet.testing import UndecidedWarning
        >>> issubclass(UndecidedWarning, UserWarning)
        True
    """
