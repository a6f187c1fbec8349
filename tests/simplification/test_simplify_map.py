"""Maps are simplified output by output."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tropnet import Box, Network
from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.conversion import tropicalize
from tropnet.conversion.layers_form import layers_form
from tropnet.errors import DomainError
from tropnet.simplification import Simplification
from tropnet.simplification import simplify_map as module
from tropnet.simplification.simplify_map import simplify_map
from tropnet.simplification.simplify_rational import simplify_rational

x, y = TropicalPolynomial.variables(2)
factor = x + y
wide = TropicalMap([(0 + x) * factor / factor, x, (0 + x) * factor / factor])


def test_outputs_one_by_one() -> None:
    found = simplify_map(wide)
    assert found.result == TropicalMap([0 + x, x, 0 + x])
    assert {step.where for step in found.steps} == {"output 0", "output 2"}
    assert found.replay()
    assert simplify_map(found.result).result == found.result
    assert found.before == {"terms of P": 9, "terms of Q": 5}
    assert found.after == {"terms of P": 5, "terms of Q": 3}
    assert found.findings[0].startswith("each output: the least")


def test_equal_outputs_are_simplified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[TropicalRational] = []
    real = simplify_rational

    def counted(f: TropicalRational, *given: Any, **named: Any) -> Simplification[TropicalRational]:
        seen.append(f)
        return real(f, *given, **named)

    monkeypatch.setattr(module, "simplify_rational", counted)
    simplify_map(wide)
    assert len(seen) == 2


def test_the_domain_of_the_map_is_taken_and_kept() -> None:
    f = TropicalMap([(0 + x) / (x / 5 + y)], domain=Box.cube(2))
    found = simplify_map(f)
    assert found.domain == found.result.domain == Box.cube(2)
    part = Box([0, 0], [1, 1])
    assert simplify_map(f, part).result.domain == part
    assert simplify_map(f, part).result.k == ((1, 1),)
    with pytest.raises(DomainError, match="cannot be simplified on"):
        simplify_map(f, Box.cube(2, -2, 2))


def test_what_layers_leave() -> None:
    net = Network.from_dense(
        [[[1, 2], [-1, "1/2"], [1, -1]], [[1, -1, 1], [-1, 1, "1/2"]], [[1, 1], [1, -2]]],
        [["1/3", 0, 1], ["1/2", "-1/4"], [0, 1]],
    )
    f = layers_form(net)
    told: list[tuple[str, float | None]] = []
    found = simplify_map(f, check=True, progress=lambda what, share: told.append((what, share)))
    points = [[Fraction(a, 3), Fraction(b, 5)] for a in range(-6, 7, 2) for b in range(-7, 8, 3)]
    assert found.result.exact(points) == f.exact(points)
    assert found.result.equals(tropicalize(net, method="regions"))
    assert all(p <= q for p, q in zip(found.after.values(), found.before.values(), strict=True))
    assert ("output 1: decomposition", 0.5) in told
    assert found.replay()


def test_time_limit() -> None:
    found = simplify_map(wide, time_limit=0)
    assert not found.complete
    assert found.result == wide
