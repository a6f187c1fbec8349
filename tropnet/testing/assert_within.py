"""`assert_within`: two models agree within a tolerance everywhere on a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.testing.failure import WhenUndecided
from tropnet.testing.settle import settle

if TYPE_CHECKING:
    from tropnet.equivalence import Verdict


def assert_within(
    a: Any,
    b: Any,
    domain: Any,
    atol: Any,
    *,
    undecided: WhenUndecided = "fail",
    **options: Any,
) -> Verdict:
    """Assert that two models differ by at most atol at every point of a domain.

    `assert_equivalent` with the two things that a compressed, rounded or exported model needs said:
    where, and how far.

    Args:
        a: the first model: anything that `tropnet.compare` takes.
        b: the second model.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        atol: the tolerance, exact: `"0.01"` is 1/100, 0.01 the float nearest to it.
        undecided: what to do when nothing is proven: `"fail"`, `"skip"` the test, or `"warn"`.
        **options: further options of `tropnet.compare`: `norm`, `time_limit`, `seed`.

    Returns:
        The verdict, an `Equivalent` with its certificate; with `undecided="warn"` perhaps an
        `Undecided`.

    Raises:
        DifferentAssertionError: an AssertionError: they are further apart, with a point.
        UndecidedAssertionError: an AssertionError: it is undecided.
        unittest.SkipTest: it is undecided, and `undecided="skip"`.
        TropnetError: as `tropnet.compare`.

    Cost: as `assert_equivalent`.

    Example:
        >>> import tropnet
        >>> from tropnet.testing import assert_within
        >>> box = tropnet.Box.cube(2)
        >>> verdict = assert_within("examples:moons_a", "examples:moons_a_pruned", box, atol=5)
        >>> verdict.upper <= 5
        True
    """
    __tracebackhide__ = True
    return settle(a, b, domain, undecided, {**options, "atol": atol})
