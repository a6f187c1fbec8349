from __future__ import annotations

import math
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hard_pairs import two_norms
from tests.oracles.joint_cells import gap_at
from tests.strategies.pairs import draw_pair
from tropnet.checker import check_networks
from tropnet.checker.gap import Norm
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence import Different, Equivalent, Undecided, UndecidedError, Verdict, portfolio
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import DomainError, ShapeError
from tropnet.network import Affine, Layer, Network
from tropnet.network.builder import NetworkBuilder, Wire
from tropnet.testing.strategies import disguised, networks

dense = Network.from_dense
NORMS: tuple[Norm, ...] = ("inf", "1", "2")
ABSOLUTE = dense([[[1], [-1]], [[1, 1]]])
POSITIVE = dense([[[1]], [[1]]])  # max(x, 0)
NEGATIVE = dense([[[-1]], [[-1]]])  # min(x, 0)


def normal(widths: tuple[int, ...], seed: int, dtype: type = np.float32) -> Network:
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [(rng.standard_normal(s) / np.sqrt(s[1])).astype(dtype) for s in shapes]
    return dense(weights, [(rng.standard_normal(s[0]) / 10).astype(dtype) for s in shapes])


def with_weight(network: Network, layer: int, unit: int, column: int, value: float) -> Network:
    """The network with one weight of one layer changed; the output is the last layer."""
    affines = list(network.affines)
    ((source, weights),) = affines[layer].terms
    values = weights.values.copy()
    values[unit, column] = value
    affines[layer] = Affine({source: values}, affines[layer].bias)
    layers = tuple(Layer(a, y.relu) for a, y in zip(affines, network.layers, strict=False))
    return Network(network.n_inputs, layers, affines[-1])


def nudged(network: Network, layer: int, unit: int, column: int) -> Network:
    value = network.affines[layer].terms[0][1].values[unit, column]
    return with_weight(network, layer, unit, column, float(np.nextafter(value, np.inf)))


def permuted(network: Network, seed: int) -> Network:
    """A copy with its units permuted and rescaled by powers of two."""
    rng = np.random.default_rng(seed)
    order: Any = np.arange(network.n_inputs)
    scale: Any = np.ones(network.n_inputs)
    weights, biases = [], []
    widths = [*network.widths, None]
    for affine, width in zip(network.affines, widths, strict=True):
        rows = np.arange(network.n_outputs) if width is None else rng.permutation(width)
        factor = np.ones(len(rows)) if width is None else 2.0 ** rng.integers(-3, 4, len(rows))
        ((_, matrix),) = affine.terms
        weights.append(matrix.values[rows][:, order] * factor[:, None] / scale)
        biases.append(affine.bias.values[rows, 0] * factor)
        order, scale = rows, factor
    return dense(weights, biases)


def maximum_of_three(i: int, j: int, k: int, n_inputs: int = 3) -> Network:
    """max(x_i, max(x_j, x_k))."""
    build = NetworkBuilder()
    x = build.input(n_inputs)
    a, b, c = (build.take(x, [index]) for index in (i, j, k))
    return build.build(build.maximum(build.maximum(b, c), a))


def with_needle(network: Network, at: str, width: str) -> Network:
    """The network plus a bump of height 1 and the given half-width around (at, …, at)."""
    n, depth = network.n_inputs, len(network.layers)
    sides = [[s * int(i == j) for j in range(n)] for i in range(n) for s in (1, -1)]
    ends = [v for _ in range(n) for v in (-Fraction(at), Fraction(at))]
    layers = (
        *network.layers,
        Layer(Affine({0: sides}, ends)),
        Layer(Affine({depth + 1: [[-1] * (2 * n)]}, [Fraction(width)])),
    )
    bump = Affine({depth + 2: [[1 / Fraction(width)]]})
    return Network(n, layers, network.output + bump)


def valid(verdict: Verdict, a: Network, b: Network) -> bool:
    return check_networks(verdict.certificate, a, b).valid


def replayed(verdict: Verdict, a: Network, b: Network) -> None:
    """Check a witness in Fractions, and the certificate."""
    assert isinstance(verdict, Different)
    witness = verdict.witness
    gap = gap_at(a, b, witness.point)
    assert [u - v for u, v in zip(witness.f, witness.g, strict=True)] == gap
    assert max(abs(v) for v in gap) == witness.gap > verdict.atol
    assert verdict.domain is None or verdict.domain.contains(witness.point)
    assert valid(verdict, a, b)


# ---- equal networks -----------------------------------------------------------------------------


def test_a_permuted_copy_of_acas_xu_is_equal_everywhere(tropnet_data: Path) -> None:
    from tropnet import load

    network = load(tropnet_data / "nets/acasxu/ACASXU_run2a_1_1_batch_2000.onnx")
    copy = permuted(network, 0)
    verdict = compare_networks(network, copy)
    assert isinstance(verdict, Equivalent)
    assert verdict.upper == 0
    assert verdict.method == "relations between units"
    assert valid(verdict, network, copy)
    for layer in (0, 3, 6):
        changed = nudged(copy, layer, 0, 0)
        found = compare_networks(network, changed, Box.cube(5) if layer == 3 else None)
        replayed(found, network, changed)


def test_large_copies_are_equal_everywhere() -> None:
    network = normal((100, 64, 64, 10), 0)
    copy = permuted(network, 1)
    assert isinstance(compare_networks(network, copy), Equivalent)
    replayed(compare_networks(network, nudged(copy, 2, 3, 5)), network, nudged(copy, 2, 3, 5))


EQUAL: list[tuple[str, Network, Network]] = [
    ("identity layer", POSITIVE, dense([[[1], [-1]], [[1, -1]], [[1]]])),
    ("split in thirds", POSITIVE, dense([[["1/3"], ["2/3"]], [[1, 1]]])),
    ("duplicates that cancel", POSITIVE, dense([[[1], [3], [6]], [[1, 2, -1]]])),
    ("a dead unit", POSITIVE, dense([[[1], [0]], [[1, 7]]], [[0, -1], [0]])),
    ("always on", dense([[[2]]], [[3]]), dense([[[1], [-1]], [[2, -2]]], [None, [3]])),
    ("a constant", dense([[[0]]], [[5]]), dense([[[0], [0]], [[1, 1]]], [[2, 3], [0]])),
    ("nothing but zeros", dense([[[0]]]), dense([[[0]], [[0]]])),
    ("inverse scales", dense([[["1/3"]], [["1/7"]]]), dense([[["1/7"]], [["1/3"]]])),
    ("tiny and huge", POSITIVE, dense([[[2.0**-1000]], [[2.0**1000]]])),
]  # fmt: skip


@pytest.mark.parametrize(("name", "a", "b"), EQUAL, ids=[name for name, _, _ in EQUAL])
@pytest.mark.parametrize("cells", [True, False])
def test_equal_networks_that_look_different(
    name: str, a: Network, b: Network, cells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not cells:
        monkeypatch.setattr(portfolio, "MAX_INPUTS", 0)
    for first, second in ((a, b), (b, a)):
        verdict = compare_networks(first, second)
        assert isinstance(verdict, Equivalent), name
        assert (verdict.lower, verdict.upper) == (0, 0)
        assert valid(verdict, first, second)


def test_nearly_inverse_scales_are_not_equal() -> None:
    # 1e-300 · 1e300 is not 1 for the floats nearest to them
    a, b = dense([[[1e-300]], [[1e300]]]), POSITIVE
    verdict = compare_networks(a, b, Box([0], [1]))
    replayed(verdict, a, b)
    assert 0 < verdict.upper < Fraction(1, 10**15)


@given(st.data())
@settings(max_examples=40)
def test_disguised_copies_are_equal(data: st.DataObject) -> None:
    a, b = data.draw(disguised(networks()))
    verdict = compare_networks(a, b)
    assert isinstance(verdict, Equivalent)
    assert valid(verdict, a, b)


def test_units_dead_on_the_box_alone() -> None:
    a, b = dense([[[1, 1, 1], [1, 0, 0]], [[1, 1]]], [[-9, 9], [0]]), dense([[[1, 0, 0]]], [[9]])
    same_box = Polyhedron(np.vstack([np.eye(3), -np.eye(3)]), [3] * 6)
    for domain in (Box.cube(3, -3, 3), same_box):
        assert isinstance(compare_networks(a, b, domain), Equivalent)
    unbounded = Polyhedron(np.eye(3), [3, 3, 3])  # x ≤ −9 lies in it
    for wider in (Box.cube(3, -3, "3.001"), unbounded):
        replayed(compare_networks(a, b, wider), a, b)


# ---- different networks -------------------------------------------------------------------------


def test_max_against_min() -> None:
    for domain in (None, Box([-1], [1]), Polyhedron([[1]], [-1])):
        replayed(compare_networks(POSITIVE, NEGATIVE, domain), POSITIVE, NEGATIVE)
    at_zero = compare_networks(POSITIVE, NEGATIVE, Box([0], [0]))
    assert isinstance(at_zero, Equivalent)


@pytest.mark.parametrize("exponent", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("domain", [None, Box.cube(2)])
def test_needles_in_the_plane_are_found(exponent: int, domain: Domain) -> None:
    smooth = normal((2, 8, 8, 1), exponent)
    sharp = with_needle(smooth, "1/3", f"1e-{exponent}")
    verdict = compare_networks(smooth, sharp, domain)
    replayed(verdict, smooth, sharp)
    assert (verdict.lower, verdict.upper) == (1, 1)


@pytest.mark.parametrize("exponent", [3, 5, 7])
def test_needles_in_many_dimensions_are_never_equal(exponent: int) -> None:
    smooth = normal((5, 8, 8, 1), exponent)
    sharp = with_needle(smooth, "1/3", f"1e-{exponent}")
    for domain in (None, Box.cube(5)):
        verdict = compare_networks(smooth, sharp, domain, time_limit=20)
        replayed(verdict, smooth, sharp)  # units that never change sign are driven until they do
    beside = compare_networks(smooth, sharp, Box.cube(5, "1/2", 1))
    assert isinstance(beside, Equivalent)


def test_networks_that_agree_on_every_sample() -> None:
    # a bump around 1/3, thinner than floats can tell from nothing
    width = Fraction(1, 2**200)
    f = dense([[[0]]])
    g = with_needle(f, "1/3", str(width))
    verdict = compare_networks(f, g, Box([0], [1]))
    replayed(verdict, f, g)
    assert verdict.lower == 1


@pytest.mark.parametrize("size", [1e30, 1e-30, 1e300, 1e-300])
@pytest.mark.parametrize("widths", [(1, 4, 1), (2, 4, 4, 1), (3, 6, 6, 2)])
def test_huge_and_tiny_weights(size: float, widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [rng.standard_normal(s) * size for s in shapes]
    biases = [rng.standard_normal(s[0]) * size for s in shapes]
    network = dense(weights, biases)
    biases[-1][0] = np.nextafter(biases[-1][0], np.inf)
    changed = dense(weights, biases)
    far = Polyhedron(-np.eye(widths[0]), [0] * widths[0])
    for domain in (None, Box.cube(widths[0]), Box.cube(widths[0], "-1e400", "1e400"), far):
        verdict = compare_networks(network, changed, domain, time_limit=5)
        replayed(verdict, network, changed)
        assert isinstance(compare_networks(network, permuted(network, 0), domain), Equivalent)
        assert str(verdict)


def test_units_on_the_kink_everywhere() -> None:
    a = dense([[[1, -1], [-1, 1]], [[1, -1]]])  # x − y, but along x = y only kinks
    b = dense([[[1, -1]]])
    assert isinstance(compare_networks(a, b), Equivalent)
    line = Polyhedron([[1, -1], [-1, 1]], [0, 0])
    assert isinstance(compare_networks(a, dense([[[5, -5]]]), line), Equivalent)
    replayed(compare_networks(a, dense([[[5, -4]]]), line), a, dense([[[5, -4]]]))


# ---- one stage at a time ------------------------------------------------------------------------


def test_identical_forms_are_seen_first() -> None:
    verdict = compare_networks(ABSOLUTE, dense([[[1], [-1]], [[1, 1]]]))
    assert isinstance(verdict, Equivalent)
    assert verdict.method == "equal normal forms"
    assert verdict.stages == ()


def test_only_slopes_at_infinity_refute_a_bounded_look_alike() -> None:
    # they agree for x ≥ −2^80, that is at every float that is drawn
    a = dense([[[1, 0, 0], [-1, 0, 0]], [[1, -1]]], [[0, -(2.0**80)], [0]])
    b = dense([[[1, 0, 0]], [[1]]])
    verdict = compare_networks(a, b)
    replayed(verdict, a, b)
    assert verdict.method == "slopes at infinity"
    assert verdict.lower == verdict.upper == math.inf


def test_a_narrow_cone_at_infinity_is_found() -> None:
    # relu(x − 1e4·(|y| + |z|)) is zero in almost all directions
    first = Layer(Affine({0: [[0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]}))
    second = Layer(Affine({0: [[1, 0, "1/3"]], 1: [[-10_000] * 4]}))
    cone = Network(3, (first, second), Affine({2: [[1]]}))
    nothing = dense([[[0, 0, 0]]])
    verdict = compare_networks(cone, nothing, atol=5)
    replayed(verdict, cone, nothing)
    assert verdict.lower == math.inf


def test_bounded_drift_is_not_taken_for_unbounded() -> None:
    a = dense([[[1, 0, 0], [1, 0, 0]], [[1, -1]]], [[0, -(2.0**40)], [0]])
    verdict = compare_networks(a, dense([[[0, 0, 0]]]))
    replayed(verdict, a, dense([[[0, 0, 0]]]))
    assert verdict.lower != math.inf


def test_another_order_of_maxima_is_the_same_maximum() -> None:
    def of_two(swapped: bool) -> Network:
        build = NetworkBuilder()
        x = build.input(2)
        a, b = build.take(x, [0]), build.take(x, [1])
        third = build.negate(build.add(a, b))
        return build.build(
            build.maximum(build.maximum(a, b), third)
            if swapped
            else build.maximum(a, build.maximum(b, third))
        )

    for domain in (None, Box.cube(2), Polyhedron([[1, 0]], [1])):
        verdict = compare_networks(of_two(True), of_two(False), domain)
        assert isinstance(verdict, Equivalent)
        assert verdict.method == "relations between units"
        assert valid(verdict, of_two(True), of_two(False))


def largest(n_inputs: int, *, left: bool) -> Network:
    """The largest input, from left to right or from right to left."""
    build = NetworkBuilder()
    x = build.input(n_inputs)
    order = range(n_inputs) if left else reversed(range(n_inputs))
    parts = [build.take(x, [k]) for k in order]
    value = parts[0]
    for part in parts[1:]:
        value = build.maximum(value, part)
    return build.build(value)


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_another_order_of_maxima_in_space(n: int) -> None:
    a, b = largest(n, left=True), largest(n, left=False)
    for domain in (None, Box.cube(n), Polyhedron([[1] * n], [1])):
        verdict = compare_networks(a, b, domain)
        assert isinstance(verdict, Equivalent)
        assert verdict.method == "relations between units"
        assert valid(verdict, a, b)


def behind_a_law(network: Network, *, ulp: float = 0) -> Network:
    """The network with max(x, min(y, z)) − min(max(x, y), max(x, z)) = 0 added to its first input.

    Args:
        network: of three inputs x, y, z and more.
        ulp: is added to a weight on the way, so that the sum is no longer zero.
    """
    n = network.n_inputs
    build = NetworkBuilder()
    inputs = build.input(n)
    x, y, z = (build.take(inputs, [k]) for k in range(3))

    def least(first: Wire, second: Wire) -> Wire:
        return build.negate(build.maximum(build.negate(first), build.negate(second)))

    one = build.maximum(x, least(y, z))
    other = build.linear(least(build.maximum(x, y), build.maximum(x, z)), [[1 + ulp]])
    lead = build.linear(build.subtract(one, other), [[1]] + [[0]] * (n - 1))
    law = build.build(build.add(inputs, lead))
    # the outputs of the law become a layer without ReLU, which the network reads
    shift = len(law.layers) + 1
    later = [
        Affine({s + shift: m.values for s, m in affine.terms}, affine.bias)
        for affine in network.affines
    ]
    layers = [Layer(affine, y.relu) for affine, y in zip(later, network.layers, strict=False)]
    return Network(n, (*law.layers, Layer(law.output, [False] * n), *layers), later[-1])


@pytest.mark.parametrize("widths", [(3, 8, 8, 1), (5, 6, 2)])
def test_only_enumeration_proves_a_law_of_distribution(widths: tuple[int, ...]) -> None:
    network = normal(widths, 1)
    box = Box.cube(widths[0])
    copy = behind_a_law(permuted(network, 2))
    verdict = compare_networks(copy, network, box)
    assert isinstance(verdict, Equivalent)
    assert verdict.method == "exact enumeration of cells"
    assert valid(verdict, copy, network)
    nearly = behind_a_law(permuted(network, 2), ulp=2.0**-52)
    found = compare_networks(nearly, network, box)
    replayed(found, nearly, network)
    assert found.lower < Fraction(1, 10**12)


def test_only_kinks_refute_a_needle_of_one_layer() -> None:
    # relu(t + ε) − 2 relu(t) + relu(t − ε) for one t among many, so thin that floats see nothing
    rng = np.random.default_rng(0)
    base = rng.standard_normal((40, 6))
    bias = rng.standard_normal(40)
    epsilon = 1e-14
    rows = np.vstack([base, base[:1], base[:1], base[:1]])
    more = np.concatenate([bias, bias[:1] + epsilon, bias[:1], bias[:1] - epsilon])
    f = dense([base, np.ones((1, 40))], [bias, [0]])
    g = dense([rows, [[1.0] * 40 + [1, -2, 1]]], [more, [0]])
    for domain in (None, Box.cube(6)):
        verdict = compare_networks(f, g, domain)
        assert verdict.method == "kinks"
        replayed(verdict, f, g)


def test_boxes_prove_near_copies_close() -> None:
    network = normal((5, 24, 24, 3), 0)
    near = nudged(nudged(network, 0, 3, 1), 1, 2, 2)
    verdict = compare_networks(network, near, Box.cube(5), atol=1e-5)
    assert isinstance(verdict, Equivalent)
    assert verdict.method == "boxes"
    assert 0 < verdict.lower <= verdict.upper < 1e-5
    assert valid(verdict, network, near)
    differs = compare_networks(network, near, Box.cube(5), atol=verdict.lower / 2)
    replayed(differs, network, near)


def test_undecided_when_nothing_proves_it() -> None:
    # with seven inputs cells are not enumerated
    a, b = two_norms()
    for domain in (None, Box.cube(7), Polyhedron([[1] * 7], [1])):
        verdict = compare_networks(a, b, domain, time_limit=2)
        assert isinstance(verdict, Undecided)
        assert verdict.lower == 0 < verdict.upper
        assert valid(verdict, a, b)
        with pytest.raises(UndecidedError, match="it is neither true nor false"):
            bool(verdict)
        assert "Undecided" in str(verdict)
    assert isinstance(compare_networks(a, b, Box.cube(7), atol=9), Equivalent)


def test_cells_that_are_too_many_are_left_out_and_said() -> None:
    a = normal((5, 30, 30, 1), 0)
    b = behind_a_law(permuted(a, 2))
    verdict = compare_networks(a, b, Box.cube(5), time_limit=3)
    assert isinstance(verdict, Undecided)
    assert any("left out: joint cells: predicted" in stage for stage in verdict.stages)
    assert verdict.stages[-1].startswith("longer search")
    assert "give a smaller domain, a longer time_limit, or an atol above" in verdict.reason
    assert valid(verdict, a, b)


# ---- questions that are none --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "options", "error", "message"),
    [
        (dense([[[1, 1]]]), {}, ShapeError, r"R\^1 -> R\^1 with one R\^2 -> R\^1"),
        (dense([[[1], [1]]]), {}, ShapeError, "inputs and outputs must agree"),
        (POSITIVE, {"domain": Box.cube(2)}, ShapeError, "the domain has 2 coordinates"),
        (POSITIVE, {"domain": (0, 1)}, DomainError, "the domain is a tuple"),
        (POSITIVE, {"atol": -1}, DomainError, "atol is -1; a tolerance is zero or positive"),
        (POSITIVE, {"atol": math.nan}, DomainError, "atol is nan"),
        (POSITIVE, {"atol": math.inf}, DomainError, "atol is inf"),
        (POSITIVE, {"norm": "3"}, DomainError, "unknown norm '3'"),
        (POSITIVE, {"relation": "same"}, DomainError, "unknown relation 'same'"),
        (POSITIVE, {"time_limit": 0}, DomainError, "time_limit is 0"),
        (POSITIVE, {"time_limit": math.inf}, DomainError, "time_limit is inf"),
        (POSITIVE, {"time_limit": math.nan}, DomainError, "time_limit is nan"),
        (POSITIVE, {"time_limit": None}, DomainError, "time_limit is None"),
        (POSITIVE, {"domain": Polyhedron([[1], [-1]], [0, -1])}, DomainError, "is empty"),
        (POSITIVE, {"domain": Polyhedron([[0]], [-1])}, DomainError, "is empty"),
    ],
)  # fmt: skip
def test_questions_that_are_none(
    other: Network, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compare_networks(ABSOLUTE, other, **options)


def test_an_empty_polyhedron_is_refused_even_for_identical_networks() -> None:
    with pytest.raises(DomainError, match="the polyhedron is empty"):
        compare_networks(ABSOLUTE, ABSOLUTE, Polyhedron([[1], [-1]], [0, -1]))


def test_weights_that_are_no_numbers_never_get_this_far() -> None:
    for weight in (math.nan, math.inf, -math.inf):
        with pytest.raises(DomainError):
            dense([np.array([[weight]])])


# ---- domains ------------------------------------------------------------------------------------


def test_boxes_without_width() -> None:
    point = Box(["1/3", "1/7"], ["1/3", "1/7"])
    f, g = dense([[[1, 2], [3, -1]], [[1, 1]]]), dense([[[1, 2]]])
    verdict = compare_networks(f, g, point)
    replayed(verdict, f, g)
    assert verdict.lower == verdict.upper == Fraction(6, 7)
    side = Box([0, 0], [0, 5])
    assert isinstance(compare_networks(dense([[[7, 1]]]), dense([[[-1, 1]]]), side), Equivalent)


def test_flat_polyhedra_in_many_dimensions() -> None:
    # x₁ + … + x₄ = 1, x ≥ 0
    rows = np.vstack([np.ones((1, 4)), -np.ones((1, 4)), -np.eye(4)])
    simplex = Polyhedron(rows, [1, -1, 0, 0, 0, 0])
    f, g = dense([[[1, 2, 3, 4]]]), dense([[[0, 1, 2, 3]]], [[1]])
    verdict = compare_networks(f, g, simplex, time_limit=5)
    assert not isinstance(verdict, Different)  # f − g = x₁ + … + x₄ − 1
    other = dense([[[0, 1, 2, 3]]], [["1/2"]])
    replayed(compare_networks(f, other, simplex), f, other)


def test_unbounded_polyhedra_in_many_dimensions() -> None:
    orthant = Polyhedron(-np.eye(4), [0] * 4)
    f = normal((4, 8, 2), 0)
    replayed(compare_networks(f, nudged(f, 1, 0, 0), orthant), f, nudged(f, 1, 0, 0))
    assert isinstance(compare_networks(f, permuted(f, 0), orthant), Equivalent)


# ---- time, seeds, symmetry ----------------------------------------------------------------------


def later(seconds: float) -> float:
    return seconds + 1.5


@pytest.mark.parametrize(
    ("widths", "domain"),
    [
        ((784, 256, 256, 10), None),
        ((784, 256, 256, 10), Box.cube(784, 0, 1)),
        ((2, 400, 400, 1), Box.cube(2)),
        ((4, 60, 60, 1), Box.cube(4)),
        ((6, 20, 1), Polyhedron(np.random.default_rng(0).normal(size=(60, 6)), [1] * 60)),
        ((1, 1000, 1), Box.cube(1)),
        ((30, 32, 32, 5), Polyhedron(np.random.default_rng(0).normal(size=(100, 30)), [1] * 100)),
    ],
)
def test_the_time_limit_is_obeyed(widths: tuple[int, ...], domain: Domain) -> None:
    a, b = normal(widths, 0), normal(widths, 1)
    compare_networks(normal((2, 4, 1), 0), normal((2, 4, 1), 1), Box.cube(2), time_limit=1)
    assert a.sha256 != b.sha256
    start = time.perf_counter()
    verdict = compare_networks(a, b, domain, atol=10**6, time_limit=1)
    assert time.perf_counter() - start < later(1)
    assert not isinstance(verdict, Different) or verdict.lower == math.inf


def test_the_reason_names_the_time_limit() -> None:
    a, b = normal((2, 300, 300, 1), 0), normal((2, 300, 300, 1), 1)
    verdict = compare_networks(a, b, Box.cube(2), atol=10, time_limit=0.05)
    if isinstance(verdict, Undecided):
        assert verdict.reason == "the time limit was reached; raise time_limit"
        assert valid(verdict, a, b)


def test_the_seed_determines_the_answer() -> None:
    a, b = normal((4, 8, 8, 2), 0), normal((4, 8, 8, 2), 1)
    box = Box.cube(4)
    first, again = (compare_networks(a, b, box, seed=5) for _ in range(2))
    assert isinstance(first, Different)
    assert isinstance(again, Different)
    assert first.witness == again.witness or first.upper == again.upper


@pytest.mark.parametrize("seed", range(30_000, 30_030))
def test_swapping_the_networks(seed: int) -> None:
    pair = draw_pair(seed)
    ours = compare_networks(pair.a, pair.b, pair.domain, norm=pair.norm)
    theirs = compare_networks(pair.b, pair.a, pair.domain, norm=pair.norm)
    assert type(ours) is type(theirs)
    assert (ours.lower == math.inf) == (theirs.lower == math.inf)


def test_norms_are_told_apart() -> None:
    f, g = dense([[[3], [4]]]), dense([[[0], [0]]])
    suprema = {norm: compare_networks(f, g, Box([-1], [1]), norm=norm).upper for norm in NORMS}
    assert suprema == {"inf": 4, "1": 7, "2": 5}


@pytest.mark.parametrize("norm", ["inf", "1"])
def test_atol_is_met_exactly(norm: Any) -> None:
    f, g = dense([[["1/3"], [1]]]), dense([[[0], [0]]])
    sup = compare_networks(f, g, Box([0], [1]), norm=norm).upper
    assert isinstance(sup, Fraction)
    assert isinstance(compare_networks(f, g, Box([0], [1]), norm=norm, atol=sup), Equivalent)
    below = sup - Fraction(1, 2**300)
    replay = compare_networks(f, g, Box([0], [1]), norm=norm, atol=below)
    assert isinstance(replay, Different)
    assert replay.witness.gap == sup
