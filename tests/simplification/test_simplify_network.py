from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.simplification.network_checks import simplified
from tropnet.checker import Certificate, check_networks
from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.verdict import Equivalent
from tropnet.errors import CertificateError, DomainError, ShapeError
from tropnet.network import Affine, Layer, Network
from tropnet.network.schema import network_to_json
from tropnet.simplification.simplify_network import RULES, simplify_network

dense = Network.from_dense
TINY = Fraction(1, 2**60)


# ---- each rule: where it applies, where it just does not -----------------------------------------


@pytest.mark.parametrize(("bias", "left"), [(0, 1), (-TINY, 1), (TINY, 2)])
def test_a_unit_that_touches_zero_is_dead_and_one_above_is_not(bias: Fraction, left: int) -> None:
    f = dense([[[-1], [2]], [[1, 1]]], [[bias, -1], [0]])
    assert simplified(f, Box([0], [1])).result.n_relu == left


@pytest.mark.parametrize(("bias", "left"), [(0, 1), (TINY, 1), (-TINY, 2)])
def test_a_unit_that_touches_zero_is_always_on_and_one_below_is_not(
    bias: Fraction, left: int
) -> None:
    f = dense([[[1], [2]], [[1, 1]]], [[bias, -1], [0]])
    found = simplified(f, Box([0], [1]), rules=["active"])
    assert found.result.n_relu == left
    assert found.by_rule() == ({"active": 1} if left == 1 else {})


def test_nothing_is_dead_or_on_everywhere_unless_it_is() -> None:
    f = dense([[[1], [-1]], [[1, -2]]], [[5, 5], [0]])
    assert not simplified(f, None, ["dead", "active"]).changed
    g = dense([[[1], [-1]], [[1, 1], [-1, -1]], [[1, 3]]], [[0, 0], [1, -1], [0]])
    assert simplified(g).result.n_relu < g.n_relu  # |x| + 1 is on, −|x| − 1 is dead


@pytest.mark.parametrize(("bias", "value"), [(3, 3), (0, 0), (-3, 0)])
def test_a_unit_that_reads_nothing_is_its_constant(bias: int, value: int) -> None:
    found = simplified(dense([[[0], [1]], [[2, 1]]], [[bias, 0], [1]]), rules=["constant"])
    assert found.result.widths == (1,)
    assert found.result.exact([[-1]])[0, 0] == 2 * value + 1


def test_a_unit_whose_parts_cancel_is_constant() -> None:
    # relu(x) − relu(x) + 5, and the copy has another bias in the second case
    f = dense([[[1], [1]], [[1, -1]], [[1]]], [[0, 0], [5], [0]])
    assert simplified(f).result.layers == ()
    g = dense([[[1], [1]], [[1, -1]], [[1]]], [[0, TINY], [5], [0]])
    assert simplified(g).result.layers != ()


@pytest.mark.parametrize("factor", [1, 2, Fraction(1, 2), 8])
def test_a_multiple_of_a_unit_goes(factor: Fraction) -> None:
    rows = [[1, -2], [factor, -2 * factor]]
    found = simplified(dense([rows, [[3, 5]]], [[1, factor], [0]]), rules=["parallel"])
    assert found.result.n_relu == 1
    assert found.result.output.terms[0][1].values.tolist() == [[3 + 5 * float(factor)]]


@pytest.mark.parametrize("moved", [TINY, -TINY])
def test_a_unit_that_is_no_multiple_stays(moved: Fraction) -> None:
    assert not simplified(dense([[[1, -2], [2, -4]], [[3, 5]]], [[1, 2 + moved], [0]])).changed
    assert not simplified(dense([[[1, -2], [2, -4 + moved]], [[3, 5]]], [[1, 2], [0]])).changed


def test_antiparallel_units_are_one_and_a_skip() -> None:
    found = simplified(dense([[[1, 1], [-2, -2]], [[3, 5]]], [[1, -2], [0]]))
    assert found.result.n_relu == 1
    assert found.result.output.sources == (0, 1)


def test_a_row_of_one_and_minus_one_is_not_zero() -> None:
    # a sum of weights is no test of zero: torch-simplify removes this unit
    f = dense([[[1, -1], [1, 1]], [[1, -1]]], [[0, 0], [0]])
    assert not simplified(f).changed
    assert not simplified(f, Box.cube(2)).changed
    g = dense([[[1, -1], [1, 1]], [[1, -1], [0, 0]], [[1, 1]]])
    assert simplified(g).result.widths == (2, 1)


def test_units_that_nothing_reads_go_with_what_they_alone_read() -> None:
    f = dense([[[1], [2]], [[1, 0], [0, 1]], [[1, 0]]], [[1, 1], [0, -3], [0]])
    found = simplified(f, rules=["unused"])
    assert found.result.widths == (1, 1)
    assert found.by_rule() == {"unused": 2}


def test_affine_chains_are_folded_where_the_products_are_floats() -> None:
    def chain(scale: object) -> Network:
        first = Layer(Affine({0: [[3], [5]]}, [1, 1]))
        middle = Layer(Affine({1: [[scale, 0], [0, scale]]}, [1, 2]), False, "norm")
        return Network(1, (first, middle), Affine({2: [[1, 1]]}), "float32")

    assert simplified(chain(2)).result.widths == (2,)
    small = Fraction(1 + 2**-23)  # times 1 is a float32
    assert simplified(chain(small)).result.widths == (2,)
    wide = Network(
        1,
        (Layer(Affine({0: [[3]]}, [1])), Layer(Affine({1: [[small], [3]]}, [1, 2]), False)),
        Affine({2: [[1 + Fraction(1, 2**22), 0], [0, 1]]}),
        "float32",
    )
    assert 0 < sum(simplified(wide).result.widths[1:]) < 2  # (1 + 2⁻²³)(1 + 2⁻²²) is none


def test_affine_units_that_depend_on_others_are_merged() -> None:
    first = Layer(Affine({0: [[1, 2, 0], [0, 1, 1], [1, 3, 1], [1, 0, 0]]}, [1, 0, 4, 0]),
                  [False, False, False, True])  # fmt: skip
    f = Network(3, (first, Layer(Affine({1: [[1, 2, 4, 1], [1, -1, 2, 1], [2, 2, 1, -1]]}))),
                Affine({2: [[1, 1, 1]]}))  # fmt: skip
    found = simplified(f, rules=["rank"])
    assert found.by_rule() == {"rank": 1}
    assert found.result.widths == (3, 3)
    weights = [[1, 2, 0], [0, 1, 1], [1, 3, 1 + TINY], [1, 0, 0]]
    other = Layer(Affine({0: weights}, [1, 0, 4, 0]), first.relu)
    assert not simplified(replace(f, layers=(other, f.layers[1])), rules=["rank"]).changed


def test_maxima_written_in_two_ways_are_one() -> None:
    # max(x, y) as x + relu(y − x) and as y + relu(x − y), each followed by a ReLU
    rows = Layer(Affine({0: [[-1, 1], [1, -1]]}))
    tops = Layer(Affine({0: [[1, 0], [0, 1]], 1: [[1, 0], [0, 1]]}))
    found = simplified(Network(2, (rows, tops), Affine({2: [[1, 1]]})))
    assert found.result.n_relu == 2


def test_inputs_that_the_domain_fixes_are_not_read() -> None:
    f = dense([[[1, 2], [3, -1]], [[1, 1]]], [[0, -1], [0]])
    found = simplified(f, Box([0, 3], [1, 3]), rules=["inputs"])
    assert found.result.n_inputs == 2
    assert not found.result.layers[0].affine.terms[0][1].values[:, 1].any()
    thirds = simplified(f, Box([0, "1/3"], [1, "1/3"]), rules=["inputs"])
    assert not thirds.changed  # 2/3 is no float


# ---- shapes --------------------------------------------------------------------------------------


def test_a_network_that_becomes_constant() -> None:
    found = simplified(dense([[[1], [2]], [[-1, -1]], [[7]]], [[0, 0], [-1], [5]]))
    assert found.result.layers == ()
    assert found.result.output.terms == ()
    assert found.result.n_inputs == 1
    assert simplified(dense([[[0, 0]]], [[4]])).result.output.terms == ()


def test_a_network_that_becomes_affine() -> None:
    found = simplified(dense([[[1, 2]], [[2]]], [[0], [1]]), Box.cube(2, 0, 1))
    assert found.result.layers == ()
    assert found.result.output.terms[0][1].values.tolist() == [[2, 4]]


def test_outputs_that_read_inputs_and_layers_of_no_units() -> None:
    empty = Layer(Affine({}, []), [])
    f = Network(2, (empty, Layer(Affine({0: [[1, 1]]}))), Affine({0: [[1, 0]], 2: [[1]]}))
    assert simplified(f).result.widths == (1,)
    g = Network(1, (), Affine({0: [[1]]}))
    assert not simplified(g).changed


def test_a_layer_that_vanishes_in_the_middle() -> None:
    f = dense([[[1], [-1]], [[1, 1]], [[1]], [[1]]], [[-1, -1], [0], [-2], [0]])
    found = simplified(f)
    assert found.result.depth < f.depth
    assert [y.name for y in found.result.layers] == ["dense 0", "dense 2"]


def test_polyhedra_have_their_hull() -> None:
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    f = dense([[[1, 1], [-1, -1], [1, -1]], [[1, 1, 1]]], [[0, 0, 0], [0]])
    assert simplified(f, triangle).result.n_relu == 1


def test_degenerate_boxes_make_constants() -> None:
    f = dense([[[1, 1], [-1, 2]], [[1, 1]]])
    found = simplified(f, Box([1, 2], [1, 2]))
    assert found.result.output.terms == ()
    assert found.result.layers == ()


def test_permuted_and_doubled_units_collapse() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(-3, 4, size=(6, 3)).astype(float)
    out = rng.integers(-3, 4, size=(2, 6)).astype(float)
    doubled = np.concatenate([rows, 2 * rows[::-1]])
    f = dense([doubled, np.concatenate([out, out[:, ::-1]], axis=1)], dtype="float32")
    assert simplified(f).result.n_relu <= simplified(dense([rows, out])).result.n_relu <= 6


# ---- numbers, proofs, questions ------------------------------------------------------------------


def test_sums_of_weights_that_are_no_floats_keep_units_apart() -> None:
    f = dense([[[1], [1]], [[1, 2.0**-60]]], [[0, 0], [0]])
    found = simplified(f, rules=["parallel"])
    assert found.result.n_relu == 2
    assert "no floats" in str(found.findings)
    assert simplified(dense([[[1], [1]], [[1, Fraction(1, 3)]]])).result.n_relu == 1


def test_float32_networks_may_take_float64_for_merged_units() -> None:
    f = dense([[[1.0], [1.0]], [[1.0, 2.0**-40]]], dtype="float32")
    found = simplified(f)
    assert found.result.n_relu == 1
    assert "float64" in found.result.notes[-1]


def test_compare_without_evidence_finds_the_same_everywhere() -> None:
    f = dense([[[1, 2], [2, 4], [-1, -2], [0, 0]], [[1, 1, 1, 1]]], [[1, 2, -1, 3], [0]])
    assert isinstance(compare_networks(f, simplified(f).result), Equivalent)


def test_mutated_certificates_are_rejected() -> None:
    f = dense([[[1], [-1], [2], [1]], [[1, 1, 1, 3]]], [[0, 0, 0, 5], [0]])
    box = Box([0], [1])
    found = simplify_network(f, box, rules=["dead", "active", "parallel"])
    certificate = found.certificate
    assert certificate is not None
    data = certificate.upper.data
    original = data["a"][0]
    changed = 0
    for unit, claim in enumerate(original):
        for other in (
            "dead",
            "active",
            "affine",
            ["same", "a", 1, 3, "7"],
            ["same", "b", 9, 0, "1"],
        ):
            if other == claim:
                continue
            claims = [*original[:unit], other, *original[unit + 1 :]]
            upper = replace(certificate.upper, data={**data, "a": [claims]})
            report = check_networks(replace(certificate, upper=upper), f, found.result)
            # x ≥ 0 is claimed as a multiple of another unit or by its sign: both are true
            true = unit in (0, 2, 3) and other == "active"
            assert bool(report) <= true, (unit, claim, other)
            changed += 1
    assert changed > 10
    worse = dense([[[1]], [[1]]])
    assert not check_networks(certificate, f, worse)
    wide = replace(certificate, domain=Box([-1], [1]))
    assert not check_networks(wide, f, found.result)


def steps_apart() -> Network:
    """A network of which a unit is seen to be always on only once others were merged."""
    u, v = 1 / 3, 2 / 3
    first = Layer(Affine({0: [[0, 1], [0, -1], [-v, 1]]}, [3, -3, -1]), [False, True, True])
    rows = [[u, 0, -v], [u, 0, -v], [u, u, 1], [1, 1, 1]]
    second = Layer(Affine({1: rows}, [u, u, 1, -3]), [True, True, True, False])
    third = Layer(Affine({2: [[0, u, 1, 0], [1, -v, u, 0]]}, [1, 1]))
    output = Affine({2: [[-v, 0, 1, -1], [-v, 1, -1, u]], 3: [[u, u], [0, -v]]}, [0, -1])
    return Network(2, (first, second, third), output)


def test_a_proof_may_lead_through_networks_in_between() -> None:
    f = steps_apart()
    found = simplify_network(f)
    assert found.replay()
    assert not simplify_network(found.result).changed
    certificate = found.certificate
    assert certificate is not None
    data = certificate.upper.data
    assert len(data["through"]) == 1
    assert Certificate.from_json(json.loads(json.dumps(certificate.to_json()))) == certificate
    link = data["through"][0]
    other = network_to_json(dense([[[1, 0], [0, 1]]]))
    for wrong in (
        [],
        None,
        [None],
        [link, link],
        [{**link, "network": other}],
        [{**link, "network": network_to_json(dense([[[1]]]))}],
        [{**link, "data": {}}],
        [{**link, "data": {**link["data"], "a": link["data"]["b"]}}],
        [{**link, "more": 1}],
    ):
        upper = replace(certificate.upper, data={**data, "through": wrong})
        assert not check_networks(replace(certificate, upper=upper), f, found.result), wrong


def test_evidence_that_does_not_hold_is_refused() -> None:
    f = dense([[[1], [-1]], [[1, 1]]])
    found = simplify_network(f, Box([0], [1]))
    assert found.certificate is not None
    upper = replace(found.certificate.upper, data={"a": [], "b": []})
    with pytest.raises(CertificateError):
        compare_networks(
            f, found.result, Box([0], [1]), evidence=replace(found.certificate, upper=upper)
        )


def test_questions_that_are_none() -> None:
    f = dense([[[1], [-1]], [[1, 1]]])
    with pytest.raises(DomainError, match="rule 'prune' is unknown for networks; there are inputs"):
        simplify_network(f, rules=["prune"])
    with pytest.raises(ShapeError):
        simplify_network(f, Box.cube(2))
    with pytest.raises(DomainError, match="time_limit"):
        simplify_network(f, time_limit=0)
    assert not simplify_network(f, rules=[]).changed
    assert set(RULES) >= {"dead", "active", "parallel"}


def test_the_time_limit_returns_what_is_proven() -> None:
    rng = np.random.default_rng(0)
    f = dense([rng.normal(size=(60, 8)), rng.normal(size=(60, 60)), rng.normal(size=(1, 60))])
    found = simplify_network(f, Box.cube(8, 0, 1), time_limit=1e-6)
    assert not found.complete
    assert found.replay()


def test_signs_beyond_intervals_are_used_where_an_input_is_constant() -> None:
    first = np.array([[-466, 542, 1452], [-1710, -1065, 1156], [-2642, -1046, 2608]]) / 1024
    second = np.array([[673, 1471, -1613], [1814, 2832, -1531]]) / 2048
    third = np.array([[-1665, -13016]]) / 16384
    f = dense([first, second, third], [[-681 / 512, 0, -681 / 512], [-67 / 64, 0], [0]])
    found = simplified(f, Box([-1, "-1/3", 0], [-1, "8/3", 2]))
    assert found.signs is not None
    assert found.signs.counts() == {"unstable": 3, "dead": 1, "active": 1}
    assert found.result.n_relu == 3
    assert found.by_rule() == {"dead": 1, "active": 1, "inputs": 1, "fold": 1}
