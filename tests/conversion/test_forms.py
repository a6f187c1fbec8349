"""The explicit forms of one function agree, and their predicted sizes are about right."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tropnet import Box, Network
from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.conversion import CircuitExpression, LatticeForm, tropicalize
from tropnet.conversion import forms as module
from tropnet.conversion.forms import ExplicitForms, forms
from tropnet.errors import BudgetExceeded, DomainError, ShapeError

HAT = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
NETWORK = Network.from_dense(
    [[[1, 2], [-1, "1/2"], [1, -1]], [[1, -1, 1], [-1, 1, "1/2"]], [[1, 1], [1, -2]]],
    [["1/3", 0, 1], ["1/2", "-1/4"], [0, 1]],
)
BOX = Box.cube(2)
POINTS = [[Fraction(a, 4), Fraction(b, 3)] for a in range(-4, 5) for b in range(-3, 4)]


def values(form: object) -> list[list[Fraction]]:
    if isinstance(form, TropicalMap):
        return [list(row) for row in form.exact(POINTS)]
    if isinstance(form, CircuitExpression):
        return form.evaluate(POINTS).to_fractions()
    assert isinstance(form, tuple)
    columns = [part.exact(POINTS).to_fractions() for part in form]
    return [[row[0] for row in rows] for rows in zip(*columns, strict=True)]


@pytest.mark.parametrize("domain", [None, BOX])
def test_all_forms_agree(domain: Box | None) -> None:
    found = forms(NETWORK, domain)
    assert [size.name for size in found.sizes] == ["layers", "regions", "lattice", "circuit"]
    truth = NETWORK.exact(POINTS).to_fractions()
    for size in found.sizes:
        form = found.build(size.name)
        assert values(form) == truth, size.name
        assert found.build(size.name) is form


@pytest.mark.parametrize("domain", [None, BOX])
def test_sizes_are_about_right(domain: Box | None) -> None:
    found = forms(NETWORK, domain)
    for size in found.sizes:
        form = found.build(size.name)
        if isinstance(form, TropicalMap):
            count, text = sum(p + q for p, q in form.k), sum(map(len, form.to_text()))
        elif isinstance(form, CircuitExpression):
            count, text = form.n_terms, len(form.to_text())
        else:
            assert isinstance(form, tuple)
            assert all(isinstance(part, LatticeForm) for part in form)
            count, text = sum(part.n_literals for part in form), sum(len(str(p)) for p in form)
        if size.exact:
            assert (size.size, size.characters) == (count, text)
        assert 0.25 < size.size / count < 4, size
        assert 0.25 < size.characters / text < 4, size


def test_smallest_and_latex() -> None:
    found = forms(HAT, Box.cube(1, -9, 9))
    smallest = found.smallest()
    assert isinstance(smallest, TropicalMap)
    assert found.to_latex() == (
        r"y_{1} = \max\left(0,\; 1 + x_{1},\; 2\,x_{1}\right) \oslash "
        r"\max\left(0,\; 2\,x_{1}\right)"
    )
    assert len(found.to_latex(200)) <= 200
    with pytest.raises(BudgetExceeded, match="characters of LaTeX"):
        found.to_latex(10)
    two = forms(NETWORK)
    assert two.to_latex().startswith(r"\begin{aligned}")


def test_a_map_and_a_quotient() -> None:
    f = tropicalize(NETWORK)
    found = forms(f)
    assert found["given"].exact
    assert found["given"].size == sum(p + q for p, q in f.k)
    assert found.build("given") is f
    truth = NETWORK.exact(POINTS).to_fractions()
    assert values(found.build("circuit")) == truth
    assert values(found.build("regions")) == truth
    x, y = TropicalPolynomial.variables(2)
    single = forms((0 + x) / (0 + y))
    assert isinstance(single.smallest(), TropicalMap)
    assert single.to_latex() == (
        r"y_{1} = \max\left(0,\; x_{1}\right) \oslash \max\left(0,\; x_{2}\right)"
    )


def test_a_map_keeps_to_its_domain() -> None:
    f = tropicalize(NETWORK, BOX)
    assert forms(f).domain == BOX
    with pytest.raises(DomainError, match="on Box"):
        forms(f, Box.cube(2, -2, 2))
    part = Box([0, 0], [1, 1])
    assert forms(f, part).domain == part


def test_what_is_too_large_says_so() -> None:
    width = 40
    rows = [[((i * j) % 7) - 3 or 1 for j in range(7)] for i in range(width)]
    biases = [[i % 5 - 2 for i in range(width)], [0]]
    wide = Network.from_dense([rows, [[1, -1] * (width // 2)]], biases)
    found = forms(wide)
    assert found["regions"].note.startswith("cells are not counted beyond 6 inputs")
    assert found["lattice"].size == float("inf")
    with pytest.raises(BudgetExceeded, match="literals of the form 'lattice'"):
        found.build("lattice")
    assert isinstance(found.smallest(), CircuitExpression)
    assert "cells are not counted" in str(found)


def test_without_any_form(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(network: Network) -> CircuitExpression:
        raise BudgetExceeded("connections", 10**7, 10**6, "take a smaller network")

    width = 40
    rows = [[((i * j) % 7) - 3 or 1 for j in range(7)] for i in range(width)]
    deep = Network.from_dense(
        [rows, [[(i * j) % 5 - 2 for j in range(width)] for i in range(width)], [[1] * width]]
    )
    monkeypatch.setattr(module, "circuit_expression", refuse)
    found = forms(deep)
    assert found["circuit"].note.startswith("connections")
    assert [size.name for size in found.ranked] == ["layers"]
    with pytest.raises(BudgetExceeded, match="terms of the smallest explicit form"):
        found.smallest(max_terms=10)


def test_texts() -> None:
    found = forms(NETWORK, BOX)
    assert isinstance(found, ExplicitForms)
    assert "smallest" in str(found)
    assert str(found).endswith("on Box.cube(2, '-1', '1') only")
    assert repr(found).startswith("ExplicitForms(layers, regions, lattice, circuit; smallest:")
    assert "<table>" in found._repr_html_()


def test_refusals() -> None:
    with pytest.raises(DomainError, match="there is no form 'nonsense'; there are layers"):
        forms(NETWORK).build("nonsense")
    with pytest.raises(DomainError, match="forms was given a int"):
        forms(3)  # type: ignore[arg-type]
    with pytest.raises(ShapeError):
        forms(NETWORK, Box.cube(3))
    with pytest.raises(DomainError):
        forms(NETWORK, Box([0, 0], [0, 1]))
    minus_infinity = TropicalRational(TropicalPolynomial.zero(2))
    with pytest.raises(DomainError, match="−∞"):
        forms(minus_infinity)
