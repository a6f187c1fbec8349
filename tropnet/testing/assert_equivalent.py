"""`assert_equivalent`: equivalence of models as an assertion in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.testing.failure import WhenUndecided
from tropnet.testing.settle import settle

if TYPE_CHECKING:
    from tropnet.equivalence import Verdict


def assert_equivalent(
    a: Any, b: Any, domain: Any = None, *, undecided: WhenUndecided = "fail", **options: Any
) -> Verdict:
    """Assert that two models compute the same function on a domain, up to atol.

    In the manner of `torch.testing.assert_close`, but for every point of the domain. An undecided
    comparison fails the assertion too: what is not proven is not asserted.

    Args:
        a: the first model: anything that `tropnet.compare` takes.
        b: the second model.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        undecided: what to do when nothing is proven: `"fail"`, `"skip"` the test, or `"warn"`.
        **options: further options of `tropnet.compare`: `atol`, `norm`, `relation`, `time_limit`,
            `seed`.

    Returns:
        The verdict, an `Equivalent` with its certificate; with `undecided="warn"` perhaps an
        `Undecided`.

    Raises:
        DifferentAssertionError: an AssertionError: they differ, with the witness and both values
            there. The message gives the proven bracket and, where that is finite, the atol that
            would pass.
        UndecidedAssertionError: an AssertionError: it is undecided.
        unittest.SkipTest: it is undecided, and `undecided="skip"`.
        TropnetError: as `tropnet.compare`.

    Cost: as `tropnet.compare`. Inside pytest a stored certificate of the same question is replayed
    instead (`tropnet.testing.pytest_plugin`).

    Example:
        >>> from tropnet.testing import assert_equivalent
        >>> verdict = assert_equivalent("examples:moons_a", "examples:moons_a_permuted")
    """
    __tracebackhide__ = True  # pytest shows the caller's line, not ours
    return settle(a, b, domain, undecided, options)
