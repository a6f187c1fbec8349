"""Tropical polynomials without the terms that do not matter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from tropnet.algebra import TropicalPolynomial, essential_terms
from tropnet.domains import require_dimension
from tropnet.errors import DomainError
from tropnet.simplification.rational_evidence import EssentialEvidence
from tropnet.simplification.simplification import Simplification
from tropnet.simplification.step import Step

if TYPE_CHECKING:
    from tropnet.domains import Domain

#: What can be done. Terms of equal exponents are one term in every polynomial already.
RULES: Final[tuple[str, ...]] = ("essential",)


def simplify_polynomial(
    polynomial: TropicalPolynomial,
    domain: Domain = None,
    *,
    rules: Iterable[str] | None = None,
    time_limit: float | None = None,
    check: bool = False,
    seed: int = 0,
    progress: Callable[[str, float | None], object] | None = None,
) -> Simplification[TropicalPolynomial]:
    """Write the function of a polynomial with the fewest terms.

    The terms that are somewhere the only maximum are needed, and all others go: the result is the
    unique shortest polynomial of the function on the domain. It may be another expression: `0 + x *
    -1 + x**2` and `0 + x**2` are different polynomials and the same function.

    Args:
        polynomial: the polynomial.
        domain: where the result has to be the same function; None is all of R^n.
        rules: `essential`, or none of them.
        time_limit: positive; ignored, since the work cannot be split.
        check: replay the evidence before it is returned.
        seed: ignored.
        progress: called once.

    Returns:
        The simplification. Its step shows for each term that stays a point where it alone is the
        maximum, and for each that went a mean of others that is at least as large.

    Raises:
        DomainError: an unknown rule, an empty or flat domain, a time limit that is not positive.
        ShapeError: the domain lives in another space.
        CertificateError: with `check`, evidence that does not replay; a bug.

    Cost: 10–100 µs a term for n ≤ 5 and 10³ terms; see `essential_terms`.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.simplify_polynomial import simplify_polynomial
        >>> x = TropicalPolynomial.variable(0)
        >>> found = simplify_polynomial(0 + x * -1 + x**2)
        >>> print(found.result)
        max(0, 2*x₁)
        >>> bool(found.replay())
        True
    """
    start = time.perf_counter()
    require_dimension(domain, polynomial.n)
    given = RULES if rules is None else [rules] if isinstance(rules, str) else list(rules)
    unknown = [name for name in given if name not in RULES]
    if unknown:
        raise DomainError(
            f"rule {unknown[0]!r} is unknown for polynomials; there is {', '.join(RULES)}"
        )
    if time_limit is not None and not time_limit > 0:
        raise DomainError(f"time_limit is {time_limit!r}; give seconds above zero")
    result, steps = polynomial, list[Step]()
    if "essential" in given and polynomial.k > 1:
        if progress is not None:
            progress("essential terms", None)
        found = essential_terms(polynomial.exponents, polynomial.coefficients, domain)
        removed = polynomial.k - len(found.kept)
        if removed:
            result = TropicalPolynomial.from_arrays(
                found.exponents.rows(found.kept), found.coefficients.rows(found.kept)
            )
            evidence = EssentialEvidence(found, result)
            if check:
                evidence.replay()
            detail = "never the only maximum"
            steps.append(Step("essential", "polynomial", removed, detail, evidence))
    return Simplification(
        polynomial, result, domain, tuple(steps), None, True, time.perf_counter() - start
    )
