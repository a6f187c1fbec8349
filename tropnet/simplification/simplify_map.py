"""Smaller P ⊘ Q for each output of a tropical map."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from tropnet.algebra import TropicalMap, TropicalRational
from tropnet.algebra.inside import inside
from tropnet.domains import Domain, require_dimension
from tropnet.errors import DomainError
from tropnet.simplification.simplification import Simplification
from tropnet.simplification.simplify_rational import RULES, Progress, simplify_rational
from tropnet.simplification.step import Step

__all__ = ["RULES", "simplify_map"]


def simplify_map(
    f: TropicalMap,
    domain: Domain = None,
    *,
    rules: Iterable[str] | None = None,
    time_limit: float | None = None,
    check: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Simplification[TropicalMap]:
    """Write each output of a map with fewer terms, as `simplify_rational` does.

    Args:
        f: the map.
        domain: where the result has to agree, inside the domain of the map if that has one; its
            own domain where none is given. The result stands for the function only there.
        rules: names of the rules to apply; all of them when left out.
        time_limit: seconds for all outputs; equal ones are simplified once.
        check: replay the evidence of each step as it is made.
        seed: ignored.
        progress: called with the output and the rule, and the share of the outputs that are done.

    Returns:
        The simplification; the places of its steps name the outputs.

    Raises:
        DomainError: an empty domain, one that is not inside that of the map, or an unknown rule.
        ShapeError: the domain lives in another space.
        CertificateError: with `check`, evidence that does not replay.

    Cost: that of the outputs, one by one.

    Example:
        >>> from tropnet.algebra import TropicalMap, TropicalPolynomial
        >>> from tropnet.simplification.simplify_map import simplify_map
        >>> x, y = TropicalPolynomial.variables(2)
        >>> found = simplify_map(TropicalMap([(x + y) * (x + 0) / (x + y), x]))
        >>> print(found.result)
        y1 = max(0, x₁)
        y2 = x₁
    """
    started = time.perf_counter()
    if domain is None:
        domain = f.domain
    require_dimension(domain, f.n)
    if not inside(domain, f.domain):
        raise DomainError(
            f"a map that stands for its function on {f.domain} only cannot be simplified on "
            f"{domain}; leave the domain out, or give a part of it"
        )
    names = None if rules is None else tuple([rules] if isinstance(rules, str) else rules)
    known: dict[TropicalRational, Simplification[TropicalRational]] = {}
    steps: list[Step] = []
    findings: dict[str, list[int]] = {}
    for index, output in enumerate(f.outputs):
        if output not in known:
            left = None
            if time_limit is not None:
                left = max(0.0, started + time_limit - time.perf_counter())
            known[output] = simplify_rational(
                output, domain, rules=names, time_limit=left, check=check, seed=seed,
                progress=_told(progress, index, f.m),
            )  # fmt: skip
        found = known[output]
        where = f"output {index}"
        steps += [
            replace(step, where=where if step.where == "P ⊘ Q" else f"{where}: {step.where}")
            for step in found.steps
        ]
        for finding in found.findings:
            findings.setdefault(finding, []).append(index)
    return Simplification(
        f, TropicalMap([known[output].result for output in f.outputs], domain=domain), domain,
        tuple(steps), None, all(found.complete for found in known.values()),
        time.perf_counter() - started,
        tuple(f"{_outputs(own, f.m)}: {text}" for text, own in findings.items()),
    )  # fmt: skip


def _told(progress: Progress | None, index: int, count: int) -> Progress | None:
    if progress is None:
        return None
    told = progress
    return lambda rule, _: told(f"output {index}: {rule}", index / count)


def _outputs(own: list[int], count: int) -> str:
    if len(own) == count:
        return "each output" if count > 1 else "the output"
    return f"output{'s' * (len(own) > 1)} {', '.join(map(str, own))}"
