from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Network
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, linear
from tropnet.testing.strategies import float32_values, nasty_floats, networks

SUM = Network.from_dense([np.eye(2), np.ones((1, 2))])


def two_layers(**changes: Any) -> Network:
    parts: dict[str, Any] = {
        "w0": [[1.0, 2.0], [3.0, 0.0]], "b0": [0.0, 1.0], "relu": [True, False],
        "w1": [[1.0, 1.0]], "skip": [[0.5, 0.0]], "b1": [0.25], "n": 2,
    } | changes  # fmt: skip
    layer = Layer(Affine({0: parts["w0"]}, parts["b0"]), parts["relu"], parts.get("name", ""))
    output = Affine({0: parts["skip"], 1: parts["w1"]}, parts["b1"])
    named = {k: v for k, v in changes.items() if k in ("dtype", "notes", "input_names")}
    return Network(parts["n"], (layer,), output, **named)


# ---- points ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point",
    [
        [3, 0.5], (3, 0.5), np.array([3, 0.5]), np.array([3, 0.5], np.float32), ["3", "1/2"],
        [Fraction(3), Fraction(1, 2)], [Decimal(3), Decimal("0.5")], np.array([3, 0.5], object),
        np.array([3, 0.5], np.float16), np.array([3, 0.5], ">f8"), [np.float32(3), np.float64(0.5)],
    ],
)  # fmt: skip
def test_one_point_of_any_kind(point: Any) -> None:
    assert SUM(point).tolist() == [3.5]
    assert SUM.run(point).tolist() == [3.5]
    assert SUM.exact(point) == SUM.exact([point]) == RationalMatrix.of([["7/2"]])
    assert SUM([point, point]).tolist() == [[3.5], [3.5]]
    assert SUM.pattern(point).tolist() == [[1, 1]]
    assert SUM.enclosure(point).values.tolist() == [[3.5]]


def test_tensors_and_matrices_of_points() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[3, 0.5]])
    assert SUM(tensor).tolist() == [[3.5]]
    assert SUM.exact(tensor) == SUM.exact(RationalMatrix.of([[3, 0.5]]))
    assert SUM.pattern(tensor).tolist() == [[1, 1]]
    assert SUM(RationalMatrix.of([3, "1/2"])).tolist() == [[3.5]]


def test_rational_points_stay_rational() -> None:
    assert SUM.exact(["1/3", "1/7"])[0, 0] == Fraction(10, 21)
    assert SUM(["1/3", "1/7"]).tolist() == [1 / 3 + 1 / 7]
    assert SUM.exact([2**53 + 1, 0.5])[0, 0] == 2**53 + Fraction(3, 2)
    assert SUM.exact(np.array([[2**63 - 1, 1]]))[0, 0] == 2**63
    assert SUM.exact([["1e400", 10**400]])[0, 0] == 2 * 10**400


@pytest.mark.parametrize(
    "batch", [np.zeros((0, 2)), np.zeros((0, 2), np.float32), np.zeros((0, 2), int)]
)
def test_an_empty_batch(batch: Any) -> None:
    for network in (SUM, Network.from_dense([np.ones((1, 2))]), two_layers()):
        assert network(batch).shape == (0, 1)
        assert network.run(batch).shape == (0, 1)
        assert network.exact(batch).shape == (0, 1)
        assert network.enclosure(batch).errors.shape == (0, 1)


@pytest.mark.parametrize(
    ("points", "error", "text"),
    [
        (
            [1, 2, 3],
            ShapeError,
            "points of shape (1, 3) for a network of 2 inputs; give (batch, 2)",
        ),
        ([[1], [2]], ShapeError, "points of shape (2, 1)"),
        ([], ShapeError, "points of shape"),
        ([[1, 2], [3]], ShapeError, "points has rows of lengths [1, 2]"),
        (np.zeros((1, 2, 1)), ShapeError, "points"),
        ("12", ShapeError, "points is '12' of type str, not a sequence of numbers"),
        ({1, 2}, ShapeError, "points"),
        ([1, None], DomainError, "points[0, 1] is None"),
        ([1, "x"], DomainError, "points[0, 1] is the text 'x'"),
        ([1, 1j], DomainError, "points[0, 1] is 1j"),
        (np.array([1, 1j]), DomainError, "points has dtype complex128"),
        ([1, float("nan")], DomainError, "points[0, 1] is nan"),
        (np.array([[0, 0], [-np.inf, 0]]), DomainError, "points[1, 0] is -inf"),
        ([1, "inf"], DomainError, "points[0, 1] is 'inf'"),
    ],
)
def test_what_are_no_points(points: Any, error: type, text: str) -> None:
    for call in (SUM, SUM.run, SUM.enclosure, SUM.exact, SUM.pattern):
        with pytest.raises(error) as caught:
            call(points)
        assert text in str(caught.value)
        assert "\n" not in str(caught.value)


def test_points_beyond_the_floats_are_for_exact_evaluation() -> None:
    for points in ([["1e400", 1]], [[10**400, 1]], RationalMatrix.of([[10**400, 1]])):
        with pytest.raises(DomainError, match=r"points\[0, 0\] is inf; give finite numbers"):
            SUM(points)
        assert SUM.exact(points)[0, 0] == 10**400 + 1
        assert SUM.pattern(points).tolist() == [[1, 1]]


def test_a_run_has_the_models_type() -> None:
    for dtype in ("float16", "float32", "float64"):
        network = Network.from_dense([[[0.1]]], dtype=dtype)
        assert network.run([3]).dtype == dtype
        assert network.run([3])[0] == np.array([3], dtype) * np.array(0.1, dtype)
        assert network([3]).dtype == np.float64
    assert Network.from_dense([[[1]]], dtype="float32").run([1e300]).tolist() == [np.inf]


# ---- making one ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "biases", "error", "text"),
    [
        ([], None, ShapeError, "a network needs at least one weight matrix"),
        ([np.eye(2), np.ones((1, 3))], None, ShapeError,
         "weights[1] has shape (1, 3) for 2 values; the layers do not chain"),
        ([np.zeros((2, 2)), np.zeros((1, 3))], None, ShapeError, "the layers do not chain"),
        ([np.eye(2)], [None, None], ShapeError, "1 weight matrices with 2 biases"),
        ([np.eye(2)], [[1, 2, 3]], ShapeError, "biases[0] has 3 numbers for 2 units"),
        ([np.eye(2)], [[1]], ShapeError, "biases[0] has 1 numbers for 2 units"),
        ([[[1]], [[2]]], [[0], [float("nan")]], DomainError, "biases[1][0] is nan"),
        ([[[1]], [[2]]], [None, np.array([np.inf])], DomainError, "biases[1][0, 0] is inf"),
        ([[[1]], np.array([[np.nan]])], None, DomainError, "weights[1][0, 0] is nan"),
        ([[[1]], [["x"]]], None, DomainError, "weights[1][0, 0] is the text 'x'"),
        ([[[1]]], ["1"], ShapeError, "biases[0] is '1' of type str"),
        ([np.ones(2)], None, ShapeError, "weights[0] has 1 dimensions"),
        ([np.zeros((0, 2))], None, ShapeError, "a network needs at least one output"),
        ([np.zeros((2, 0))], None, ShapeError, "a network needs at least one input"),
    ],
)  # fmt: skip
def test_dense_layers_that_do_not_fit(weights: Any, biases: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        Network.from_dense(weights, biases)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("network", "error", "text"),
    [
        (lambda: two_layers(n=3), ShapeError,
         "layer 1 has weights of shape (2, 2) for source 0, which has 3 values"),
        (lambda: two_layers(n=3, name="fc"), ShapeError, "fc has weights of shape (2, 2)"),
        (lambda: two_layers(n=0), ShapeError, "at least one input, this one has 0"),
        (lambda: Network(1, (), Affine({1: [[1]]})), ShapeError,
         "the output reads source 1, but only 1 come before it"),
        (lambda: Network(1, (), Affine({-1: [[1]]})), ShapeError, "the output reads source -1"),
        (lambda: Network(1, (Layer(Affine({1: [[1]]})),), Affine({0: [[1]]})), ShapeError,
         "layer 1 reads source 1"),
        (lambda: two_layers(dtype="double"), DomainError, "dtype is 'double'; known: float16"),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit(network: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        network()
    assert text in str(caught.value)


def test_one_array_may_hold_all_weights() -> None:
    weights: Any = np.stack([np.eye(2), np.ones((2, 2))])
    biases: Any = np.zeros((2, 2))
    stacked = Network.from_dense(weights, biases)
    assert stacked == Network.from_dense([np.eye(2), np.ones((2, 2))])


def test_sizes() -> None:
    network = two_layers()
    assert (network.n_inputs, network.n_outputs, network.widths) == (2, 1, (2,))
    assert (network.n_relu, network.depth, network.n_parameters) == (1, 1, 8)
    assert network.architecture == "2-2-1"
    assert Network.from_dense([np.eye(50)] * 7).architecture == "50x8"


def test_a_layer_without_units_changes_nothing() -> None:
    empty = Layer(Affine({0: np.zeros((0, 2))}))
    network = Network(2, (empty,), Affine({0: [[1, 1]], 1: np.zeros((1, 0))}))
    assert network([3, 4]).tolist() == [7]
    assert network.exact([3, 4])[0, 0] == 7
    assert network.pattern([3, 4]).shape == (1, 0)
    assert network.affine_map([3, 4]).matrix == RationalMatrix.of([[1, 1]])


# ---- identity --------------------------------------------------------------------------------


def test_the_digest_depends_on_the_function_alone() -> None:
    base = two_layers()
    same = [
        two_layers(w0=[[1.0, 2.0], [3.0, -0.0]], b0=[-0.0, 1.0]),
        two_layers(w0=np.array([[1, 2], [3, 0]], np.float32), b1=np.array([0.25], np.float16)),
        two_layers(w0=RationalMatrix.of([[1, 2], [3, 0]]) * Fraction(1, 3) * 3),
        two_layers(w0=[["1", "2.0"], ["6/2", "0"]], b1=["1/4"]),
        two_layers(w0=np.asfortranarray([[1.0, 2.0], [3.0, 0.0]])),
        two_layers(name="fc", notes=("n",), input_names=("x",), dtype="float32"),
        two_layers(relu=np.array([True, False])),
        two_layers(w0=linear([[1, 2], [3, 0]])),
        pickle.loads(pickle.dumps(base)),
        copy.deepcopy(base),
    ]
    assert {n.sha256 for n in same} == {base.sha256}
    assert all(n == base and hash(n) == hash(base) for n in same)
    changed = [
        two_layers(w0=[[np.nextafter(1.0, 2), 2.0], [3.0, 0.0]]),
        two_layers(w0=[[1.0, 2.0], [3.0, 5e-324]]),
        two_layers(w0=[[1.0, 2.0], [3.0, "1e-400"]]),
        two_layers(b0=[5e-324, 1.0]),
        two_layers(b1=[np.nextafter(0.25, 0)]),
        two_layers(b1=[Fraction(1, 4) + Fraction(1, 10**100)]),
        two_layers(relu=[True, True]),
        two_layers(relu=[False, True]),
        two_layers(relu=False),
        two_layers(skip=[[0.0, 0.5]]),
        two_layers(skip=[[0.0, 0.0]]),
        two_layers(w1=[[0.5, 0.0]], skip=[[1.0, 1.0]]),
        two_layers(w0=[[3.0, 0.0], [1.0, 2.0]]),
        two_layers(w0=[[1.0, 3.0], [2.0, 0.0]]),
    ]
    assert len({n.sha256 for n in [base, *changed]}) == len(changed) + 1
    assert base != "network"


def test_the_digest_is_a_fixed_one() -> None:
    # a change here breaks every stored certificate
    assert two_layers().sha256 == "90e102665392b95a09fe568c375566d8e123a1eb7f5f73330304046106741de9"
    assert (
        two_layers(b1=["1/3"]).sha256
        == "9e7184b958934ddf4faf4c02c539ed351de94fac2a6354abbfa8c03ad5806152"
    )


@given(float32_values(), float32_values())
def test_float32_and_float64_storage_have_one_digest(a: float, b: float) -> None:
    short, long = (Network.from_dense([np.array([[a, b]], t)]) for t in (np.float32, np.float64))
    assert short.sha256 == long.sha256 == Network.from_dense([[[Fraction(a), Fraction(b)]]]).sha256


@settings(max_examples=40)
@given(networks(entries=st.one_of(nasty_floats(), st.fractions())))
def test_pickles_are_the_same_network(network: Network) -> None:
    twin = pickle.loads(pickle.dumps(network))
    assert twin == network
    assert (twin.dtype, twin.widths, twin.notes) == (network.dtype, network.widths, network.notes)
    point = [Fraction(1, 3)] * network.n_inputs
    assert twin.exact(point) == network.exact(point)


def test_numbers_of_thousands_of_digits_have_a_digest() -> None:
    network = Network.from_dense([[["1e20000", Fraction(1, 3**9000)]]])
    assert len(network.sha256) == 64
    assert network.sha256 in repr(network) or network.sha256[:12] in repr(network)
    assert len(repr(network.output.bias.exact)) < 100


def test_a_network_cannot_be_changed() -> None:
    layers = [Layer(Affine({0: [[1.0]]}))]
    network = Network(1, layers, Affine({1: [[1.0]]}), notes=["n"])  # type: ignore[arg-type]
    layers.clear()
    assert len(network.layers) == 1
    assert network.notes == ("n",)
    for target, name in (
        (network, "n_inputs"),
        (network.layers[0], "relu"),
        (network.output, "bias"),
    ):
        with pytest.raises(AttributeError):
            setattr(target, name, 5)
    array = np.ones((1, 1))
    other = Network.from_dense([array])
    array[0, 0] = 5
    assert other([1.0]).tolist() == [1.0]


# ---- display ---------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collects tags and text, and insists that what opens also closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert not attrs
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(network: Network) -> Tags:
    tags = Tags()
    tags.feed(network._repr_html_())
    tags.close()
    assert not tags.open
    return tags


def test_names_and_notes_cannot_smuggle_markup() -> None:
    evil = "<script>alert('x')</script>&\"<img src=x onerror=y>"
    network = two_layers(name=evil, notes=(evil,))
    tags = parsed(network)
    assert tags.seen <= {
        "div",
        "strong",
        "code",
        "br",
        "em",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert tags.text.count(evil) == 3  # as a layer, as what the output reads, as a note


def test_a_table_of_a_thousand_layers_stays_short() -> None:
    deep = Network.from_dense([np.ones((1 + k % 2, 1 + (k + 1) % 2)) for k in range(1001)])
    wide_reads = Network(
        1,
        tuple(
            Layer(Affine({s: [[1.0]] for s in range(k + 1)}), True, "x" * 300) for k in range(60)
        ),
        Affine({s: [[1.0]] for s in range(61)}),
    )
    for network in (deep, wide_reads):
        page = network._repr_html_()
        assert len(page) < 10_000
        assert len(repr(network)) < 300
        parsed(network)
    assert "977 more" in deep._repr_html_()
    assert len(deep.rows()) == 1001


def test_the_table_says_what_each_layer_does() -> None:
    assert two_layers(name="fc").rows() == [
        ("fc", "1 relu, 1 affine", "input", "3"),
        ("output", "1 affine", "input, fc", "3"),
    ]
    constant = Network.from_dense([np.zeros((1, 2))], [[1]])
    assert constant.rows() == [("output", "1 affine", "nothing", "0")]


def test_layers_of_one_name_are_told_apart() -> None:
    eye = Affine({0: np.eye(2)})
    layers = (Layer(eye, False, "affine"), Layer(Affine({1: np.eye(2)}), True, "affine"))
    table = Network(2, (*layers, Layer(Affine({2: np.eye(2)}), True, "last")), eye).rows()
    assert [row[0] for row in table] == ["affine (layer 1)", "affine (layer 2)", "last", "output"]
    assert [row[2] for row in table] == ["input", "affine (layer 1)", "affine (layer 2)", "input"]
