"""`assert_same_argmin`: two models prefer the same output, the one with the smallest value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tropnet.testing.failure import WhenUndecided
from tropnet.testing.settle import settle

if TYPE_CHECKING:
    from tropnet.equivalence import Verdict


def assert_same_argmin(
    a: Any,
    b: Any,
    domain: Any,
    margin: Any = 0,
    *,
    undecided: WhenUndecided = "fail",
    **options: Any,
) -> Verdict:
    """Assert that wherever the first model's smallest output is clear, it is the second's too.

    For controllers whose advice is the output with the smallest score. Ties and the margin are as
    in `assert_same_argmax`.

    Args:
        a: the first model, whose decisions are to be kept: anything that `tropnet.compare` takes.
        b: the second model.
        domain: a `Box`, a `Polyhedron`, or None for all of R^n.
        margin: by how much the first model's smallest output must be ahead of its others for its
            decision to count, exact: `"0.01"` is 1/100. With 0 every decision without a tie.
        undecided: what to do when nothing is proven: `"fail"`, `"skip"` the test, or `"warn"`.
        **options: further options of `tropnet.compare`: `time_limit`, `seed`.

    Returns:
        The verdict, an `Equivalent` with its certificate; with `undecided="warn"` perhaps an
        `Undecided`.

    Raises:
        DifferentAssertionError: an AssertionError: they decide differently, with a point.
        UndecidedAssertionError: an AssertionError: it is undecided.
        unittest.SkipTest: it is undecided, and `undecided="skip"`.
        TropnetError: as `tropnet.compare`.

    Cost: as `assert_equivalent`.

    Example:
        >>> import tropnet
        >>> from tropnet.testing import assert_same_argmin
        >>> f = tropnet.Network.from_dense([[[1], [-1]]])              # (x, -x)
        >>> g = tropnet.Network.from_dense([[["1/2"], ["-1/2"]]])
        >>> verdict = assert_same_argmin(f, g, tropnet.Box([-1], [1]))
    """
    __tracebackhide__ = True
    return settle(a, b, domain, undecided, {**options, "relation": "argmin", "atol": margin})
