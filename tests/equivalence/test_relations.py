"""Relations that are no distance, and tolerances of outputs, on pairs that invite lies."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from tests.hard_pairs import two_norms
from tropnet.checker import Certificate, check_networks
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence import Argmax, Argmin, Different, Equivalent, Undecided, Verdict
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import DomainError, ShapeError
from tropnet.network import Affine, Layer, Network

dense = Network.from_dense
UNIT = Box([-1], [1])
#: (x, -x): the first output is the best where x > 0, with a lead of 2 |x|
SIDES = dense([[[1], [-1]]])
TINY = Fraction(1, 2**200)


def asked(a: Network, b: Network, domain: Domain, relation: Any, atol: Any = 0) -> Verdict:
    """Compare, and hold the certificate as it is read back against the networks."""
    verdict = compare_networks(a, b, domain, relation=relation, atol=atol, time_limit=20)
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, a, b)
    assert report.valid, str(report)
    return verdict


def constant(*values: Any) -> Network:
    return dense([[[0]] * len(values)], [list(values)])


# ---- order --------------------------------------------------------------------------------------


def test_order_is_one_sided() -> None:
    ramp, absolute = dense([[[1]], [[1]]]), dense([[[1], [-1]], [[1, 1]]])
    for domain in (None, UNIT, Polyhedron([[-1]], [0])):
        assert isinstance(asked(ramp, absolute, domain, "at_most"), Equivalent)
    # in the other order the gap is that of |x| and max(x, 0) at -x
    away = asked(absolute, ramp, None, "at_most")
    assert isinstance(away, Different)
    assert away.lower == math.inf
    assert away.witness.gap > 0
    near = asked(absolute, ramp, UNIT, "at_most")
    assert (near.lower, near.upper) == (1, 1)
    # where x >= 0 they are equal
    assert isinstance(asked(absolute, ramp, Polyhedron([[-1]], [0]), "at_most"), Equivalent)


def test_order_where_one_output_of_many_is_too_large() -> None:
    many = constant(*range(50))
    for at in (0, 17, 49):
        values: list[Any] = list(range(50))
        values[at] -= TINY
        verdict = asked(many, constant(*values), None, "at_most")
        assert isinstance(verdict, Different)
        assert verdict.lower == verdict.upper == TINY
        assert isinstance(asked(constant(*values), many, None, "at_most"), Equivalent)
        assert isinstance(asked(many, constant(*values), None, "at_most", TINY), Equivalent)


def test_order_far_below_is_no_difference_however_far() -> None:
    falling = dense([[[1]], [[-1]]])  # min(-x, 0), without bound
    assert isinstance(asked(falling, constant(0), None, "at_most"), Equivalent)
    assert isinstance(asked(constant(0), falling, None, "at_most", 10**9), Different)


# ---- up to a constant ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, Fraction(10) ** 300, -(Fraction(2) ** 900), TINY])
def test_a_constant_of_any_size(size: Any) -> None:
    f = dense([[[1], [-1]], [[1, 1], [2, 0]]], [[0, 1], [size, -size]])
    g = dense([[[1], [-1]], [[1, 1], [2, 0]]], [[0, 1], [0, 3]])
    for domain in (None, UNIT, Polyhedron([[1]], [0])):
        assert isinstance(asked(f, g, domain, "up_to_constant"), Equivalent)
    # one ulp of a slope beside the constant
    h = dense([[[1], [-1]], [[1, 1], [2 + Fraction(1, 2**51), 0]]], [[0, 1], [0, 3]])
    verdict = asked(f, h, UNIT, "up_to_constant")
    assert isinstance(verdict, Different)
    assert verdict.lower == verdict.upper == Fraction(1, 2**52)
    assert asked(f, h, None, "up_to_constant").lower == math.inf
    assert isinstance(asked(f, h, UNIT, "up_to_constant", Fraction(1, 2**52)), Equivalent)


def test_each_output_has_a_constant_of_its_own() -> None:
    f, g = dense([[[1], [-1]]], [[5, -5]]), dense([[[1], [-1]]], [[-5, 5]])
    assert isinstance(asked(f, g, None, "up_to_constant"), Equivalent)
    assert isinstance(asked(f, g, None, "equal", "9.99"), Different)


def test_a_witness_of_a_changing_difference_is_two_points() -> None:
    verdict = asked(dense([[[3]]]), dense([[[1]]]), UNIT, "up_to_constant", "1.5")
    assert isinstance(verdict, Different)
    witness = verdict.witness
    assert {witness.point, witness.other} == {(Fraction(-1),), (Fraction(1),)}
    assert witness.f_other is not None
    assert witness.gap == verdict.upper == 2
    assert "f-g changes by 2 * 2" in str(witness)
    assert witness.survives_float32


def test_a_needle_is_no_constant() -> None:
    height, at, width = 1, Fraction(1, 3), Fraction(1, 10**7)
    needle = Network(
        1,
        (
            Layer(Affine({0: [[1], [-1]]}, [-at, at])),
            Layer(Affine({1: [[-1, -1]]}, [width])),
        ),
        Affine({2: [[height / width]]}, [10**9]),
    )
    verdict = asked(needle, constant(0), UNIT, "up_to_constant")
    assert isinstance(verdict, Different)
    assert verdict.lower == verdict.upper == Fraction(1, 2)


def test_a_point_is_equal_up_to_a_constant() -> None:
    point = Box([2], [2])
    verdict = asked(dense([[[3]]]), dense([[[-7]]]), point, "up_to_constant")
    assert isinstance(verdict, Equivalent)


# ---- the best output ----------------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["argmax", "argmin"])
def test_ties_agree(relation: str) -> None:
    tied, flat = dense([[[1], [1]]]), constant(3, 3)
    for domain in (None, UNIT, Polyhedron([[1]], [0])):
        # wherever all outputs of g are equal, each is a best one
        assert isinstance(asked(SIDES, tied, domain, relation), Equivalent)
        assert isinstance(asked(SIDES, flat, domain, relation), Equivalent)
        # and where those of f are, none of them leads
        assert isinstance(asked(tied, SIDES, domain, relation), Equivalent)
        assert isinstance(asked(flat, SIDES, domain, relation), Equivalent)


def test_a_tie_of_g_is_no_disagreement_and_the_least_step_from_it_is() -> None:
    f = constant(1, 0)
    assert isinstance(asked(f, constant(7, 7), None, "argmax"), Equivalent)
    for margin, word in ((0, "Different"), (Fraction(99, 100), "Different"), (1, "Equivalent")):
        verdict = asked(f, constant(7, 7 + TINY), None, "argmax", margin)
        assert (verdict.word, verdict.lower, verdict.upper) == (word, 1, 1)


def test_ties_of_the_best_two_among_three() -> None:
    # outputs 0 and 1 of f lead together, so nothing is asked
    f = constant(5, 5, 0)
    assert isinstance(asked(f, constant(0, 0, 9), None, "argmax"), Equivalent)
    # at the least step one of them leads
    verdict = asked(constant(5 + TINY, 5, 0), constant(0, 0, 9), None, "argmax")
    assert isinstance(verdict, Different)
    assert verdict.lower == verdict.upper == TINY


def test_argmax_is_not_symmetric() -> None:
    f, g = constant(1, 0), constant(0, 0)
    assert isinstance(asked(f, g, None, "argmax"), Equivalent)
    assert isinstance(asked(g, f, None, "argmax"), Equivalent)
    narrow = constant(0, "1/100")
    assert asked(f, narrow, None, "argmax").upper == 1
    assert asked(narrow, f, None, "argmax").upper == Fraction(1, 100)


def test_a_margin_that_is_just_not_reached() -> None:
    # f prefers output 0 where x > 0 with lead 2 x, g where x > 1/2: the supremum 1 is not attained
    g = dense([[[1], [-1]]], [["-1/2", "1/2"]])
    for relation in ("argmax", Argmax()):
        verdict = asked(SIDES, g, UNIT, relation)
        assert isinstance(verdict, Different)
        assert verdict.upper == 1
        assert isinstance(verdict.lower, Fraction)
        assert 1 - Fraction(1, 2**60) < verdict.lower < 1
    assert isinstance(asked(SIDES, g, UNIT, Argmax(1)), Equivalent)
    for below in (Fraction(1, 2**10), Fraction(1, 2**70), Fraction(1, 2**1000)):
        found = asked(SIDES, g, UNIT, Argmax(1 - below))
        assert isinstance(found, Different)
        assert 1 - below < found.witness.gap < 1
        assert isinstance(asked(SIDES, g, None, Argmax(1 - below)), Different)


def test_a_margin_that_is_reached() -> None:
    # g prefers output 1 on all of the box, so f's lead of 2 at its end is a disagreement
    verdict = asked(SIDES, dense([[[0], [0]]], [[0, 1]]), UNIT, "argmax", 2)
    assert (verdict.word, verdict.lower, verdict.upper) == ("Equivalent", 2, 2)
    assert isinstance(
        asked(SIDES, dense([[[0], [0]]], [[0, 1]]), UNIT, "argmax", 2 - TINY), Different
    )


def test_argmin_is_argmax_of_the_opposite() -> None:
    # the smallest output of f is 1 where x > 0, with lead 2 x
    always_first = constant(-1, 0)
    verdict = asked(SIDES, always_first, UNIT, Argmin("1.5"))
    assert isinstance(verdict, Different)
    assert verdict.lower == verdict.upper == 2
    assert verdict.witness.point == (Fraction(1),)
    assert "f's output 1 leads by 2, g prefers output 0" in str(verdict.witness)
    assert isinstance(asked(SIDES, always_first, UNIT, Argmin(2)), Equivalent)
    assert isinstance(asked(SIDES, always_first, Box([-1], [0]), Argmin()), Equivalent)


def test_leads_that_grow_without_bound() -> None:
    swapped = dense([[[-1], [1]]])
    for domain in (None, Polyhedron([[1]], [-1]), Polyhedron([[-1]], [-1])):
        verdict = asked(SIDES, swapped, domain, "argmax", 10**30)
        assert isinstance(verdict, Different)
        assert verdict.lower == math.inf
        assert verdict.witness.gap > 10**30


def test_leads_that_grow_while_g_is_wrong_by_a_constant() -> None:
    # slopes at infinity show nothing: both outputs of g have the same one
    g = dense([[[1], [1]]], [[0, 1]])
    verdict = asked(SIDES, g, None, "argmax", 10)
    assert isinstance(verdict, Different)
    assert verdict.lower == math.inf
    # on the other side of zero g is right
    assert isinstance(asked(SIDES, g, Polyhedron([[1]], [0]), "argmax"), Equivalent)


def test_differences_that_grow_where_the_best_outputs_agree() -> None:
    steeper = dense([[[5], [-5]]])
    assert asked(SIDES, steeper, None, "equal").lower == math.inf
    assert isinstance(asked(SIDES, steeper, None, "argmax"), Equivalent)
    assert isinstance(asked(SIDES, steeper, None, "argmin"), Equivalent)


@pytest.mark.parametrize("width", [Fraction(1, 10**3), Fraction(1, 10**7), Fraction(1, 2**60)])
def test_a_needle_in_which_the_best_output_changes(width: Fraction) -> None:
    at = Fraction(1, 3)
    f = dense([[[0], [0], [0]]], [[2, 1, 0]])
    g = Network(
        1,
        (
            Layer(Affine({0: [[1], [-1]]}, [-at, at])),
            Layer(Affine({1: [[-1, -1]]}, [width])),
        ),
        Affine({2: [[0], [0], [3 / width]]}, [2, 1, 0]),
    )
    verdict = asked(f, g, UNIT, "argmax")
    assert isinstance(verdict, Different)
    assert abs(verdict.witness.point[0] - at) < width / 3
    assert verdict.lower == verdict.upper == 1
    # as high as output 0 and no higher: a tie at one point
    level = Network(1, g.layers, Affine({2: [[0], [0], [2 / width]]}, [2, 1, 0]))
    assert isinstance(asked(f, level, UNIT, "argmax"), Equivalent)


def test_a_flat_domain() -> None:
    f, g = dense([[[1, 0], [0, 1]]]), dense([[[0, 1], [1, 0]]])
    diagonal = Polyhedron([[1, -1], [-1, 1]], [0, 0])
    assert isinstance(asked(f, g, diagonal, "argmax"), Equivalent)
    assert isinstance(asked(f, g, Box([0, 0], [1, 0]), "argmax"), Different)
    assert isinstance(asked(f, g, Box([2, 2], [2, 2]), "argmax"), Equivalent)


def test_bounds_serve_where_cells_are_too_many() -> None:
    a, b = two_norms()
    rows = [[1], [0]]
    first = Network(a.n_inputs, a.layers, _stacked(a.output, rows))
    second = Network(b.n_inputs, b.layers, _stacked(b.output, rows))
    box = Box.cube(7, 0, 1)
    verdict = compare_networks(first, second, box, relation="argmax", atol=100, time_limit=3)
    assert isinstance(verdict, Equivalent)
    assert check_networks(verdict.certificate, first, second).valid
    undecided = compare_networks(first, second, box, relation="argmax", time_limit=1)
    assert isinstance(undecided, Equivalent | Undecided)
    assert check_networks(undecided.certificate, first, second).valid


def _stacked(output: Affine, rows: list[list[int]]) -> Affine:
    from tropnet.exact import RationalMatrix

    left = RationalMatrix.of(rows)
    return Affine(
        {s: left @ m.exact for s, m in output.terms}, (left @ output.bias.exact).T.to_fractions()[0]
    )


# ---- a tolerance for each output ----------------------------------------------------------------


def test_a_tolerance_for_each_output() -> None:
    f, g = constant(0, 0), constant(1, "0.01")
    assert isinstance(asked(f, g, None, "equal", [1, "0.01"]), Equivalent)
    verdict = asked(f, g, None, "equal", [2, "0.005"])
    assert isinstance(verdict, Different)
    assert verdict.lower == verdict.upper == 2
    assert verdict.tolerances == (Fraction(2), Fraction(1, 200))
    assert "equal, tolerances 2, 0.005, norm inf" in str(verdict)
    assert "2 <= sup|f-g|/tolerance <= 2" in str(verdict)
    assert "|f-g|/tolerance = 2" in str(verdict.witness)


def test_a_tolerance_relative_to_the_spread() -> None:
    f, g = dense([[[1], [100]]]), dense([[[1], [100]]], [["0.02", 2]])
    verdict = compare_networks(f, g, UNIT, rtol="0.01")
    assert isinstance(verdict, Equivalent)
    assert verdict.tolerances == (Fraction(1, 50), Fraction(2))
    assert verdict.rtol == Fraction(1, 100)
    assert "(rtol 0.01)" in str(verdict)
    less = compare_networks(f, g, UNIT, rtol="0.0099")
    assert isinstance(less, Different)
    more = compare_networks(f, g, UNIT, rtol="0.0099", atol=["0.01", "0.1"])
    assert isinstance(more, Equivalent)
    for found in (verdict, less, more):
        certificate = Certificate.from_json(found.certificate.to_json())
        assert check_networks(certificate, f, g).valid
    assert compare_networks(f, g, UNIT, rtol=0, atol=3).tolerances is None


def test_an_output_without_spread() -> None:
    f = dense([[[1], [0]]], [[0, 5]])
    with pytest.raises(DomainError, match="output 1 of the first function is constant at all"):
        compare_networks(f, f, UNIT, rtol="0.01")
    verdict = compare_networks(f, f, UNIT, rtol="0.01", atol="0.1")
    assert verdict.tolerances == (Fraction(12, 100), Fraction(1, 10))


# ---- questions that are none --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"relation": "argmin"}, DomainError, "argmin of 1 output: .* two or more to choose from"),
        ({"relation": Argmax()}, DomainError, "argmax of 1 output"),
        ({"relation": Argmax(1), "atol": 1}, DomainError, "both give the margin"),
        ({"relation": Argmax(1), "atol": [1]}, DomainError, "both give the margin"),
        ({"relation": None}, DomainError, "unknown relation None; known: equal, at_most"),
        ({"relation": ["equal"]}, DomainError, "unknown relation"),
        ({"relation": "at_most", "norm": "1"}, DomainError, "norm '1' goes with the relation"),
        ({"relation": "at_most", "atol": [1]}, DomainError, "a tolerance for each output goes"),
        ({"relation": "at_most", "atol": -1}, DomainError, "atol is -1"),
        ({"relation": "at_most", "rtol": 1}, DomainError, "rtol goes with the relation 'equal'"),
        ({"rtol": -1}, DomainError, "rtol is -1; a tolerance is zero or positive"),
        ({"rtol": 1, "domain": None}, DomainError, "may be infinite on an unbounded domain"),
        ({"atol": [1, 2]}, ShapeError, "atol has 2 tolerances for 1 outputs"),
        ({"atol": []}, ShapeError, "atol has 0 tolerances"),
        ({"atol": [0]}, DomainError, r"atol\[0\] is 0, and a tolerance for each output has to be"),
        ({"atol": [-1]}, DomainError, r"atol\[0\] is -1; a tolerance is positive"),
        ({"atol": ["a"]}, DomainError, "atol"),
        ({"atol": [math.nan]}, DomainError, "atol"),
    ],
)  # fmt: skip
def test_questions_that_are_none(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    options = {"domain": UNIT, **options}
    with pytest.raises(error, match=message):
        compare_networks(constant(1), constant(2), options.pop("domain"), **options)


@pytest.mark.parametrize("margin", [-1, math.nan, math.inf, "x"])
def test_margins_that_are_none(margin: Any) -> None:
    for kind in (Argmax, Argmin):
        with pytest.raises(DomainError, match="margin"):
            kind(margin)


def test_a_verdict_says_what_it_bounds() -> None:
    words = {
        "at_most": ("at_most, atol 0.5", "sup max(f-g, 0)"),
        "up_to_constant": ("up_to_constant, atol 0.5", "sup|f-g-c|"),
        "argmax": ("argmax, margin 0.5", "sup of f's lead where g disagrees"),
        "argmin": ("argmin, margin 0.5", "sup of f's lead where g disagrees"),
    }
    for kind, (relation, bounded) in words.items():
        verdict = asked(SIDES, SIDES, None, kind, "0.5")
        rows = dict(verdict.rows())
        assert rows["relation"] == relation
        assert rows["bracket"] == f"0 <= {bounded} <= 0"
        assert bounded in repr(verdict)
        assert bounded in repr(verdict.certificate)
        assert bounded in check_networks(verdict.certificate, SIDES, SIDES).reason
