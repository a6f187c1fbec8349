"""Norms must bound every form, whatever units are active, and errors every rounding."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from tropnet import Network
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.evaluation import Evaluation
from tropnet.geometry.exact_values import ExactValues
from tropnet.geometry.form_norms import FormNorms, spectral_bound
from tropnet.network import Affine, Layer


def dense(sizes: list[int], seed: int) -> Circuit:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]
    return Circuit.of(Network.from_dense(weights, [rng.normal(size=len(w)) for w in weights]))


def skipping(seed: int) -> Circuit:
    """Return a network whose layers read all earlier ones."""
    rng = np.random.default_rng(seed)
    sizes = [3, 12, 9, 15]
    layers = []
    for k in range(1, len(sizes)):
        weights = {s: rng.normal(size=(sizes[k], sizes[s])) for s in range(k)}
        layers.append(Layer(Affine(weights, rng.normal(size=sizes[k])), [True] * sizes[k]))
    output = Affine({k: rng.normal(size=(1, sizes[k])) for k in range(len(sizes))}, [0.0])
    return Circuit.of(Network(3, tuple(layers), output))


CIRCUITS = [dense([2, 8, 8, 8, 1], 0), dense([3, 40, 40, 40, 1], 1), skipping(2)]


@pytest.mark.parametrize("scale", [1.0, 2.0**-190, 2.0**190])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (20, 30), (64, 64)])
def test_spectral_bounds_are_above_and_near(shape: tuple[int, int], scale: float) -> None:
    rng = np.random.default_rng(0)
    for matrix in (rng.normal(size=shape), np.ones(shape), np.eye(*shape)):
        true = float(np.linalg.norm(matrix, 2))
        assert true <= spectral_bound(matrix * scale) / scale <= 1.1 * true


def test_orthogonal_matrices_are_not_understated() -> None:
    # rounding of the products is largest against a spectrum that is flat
    for n in (2, 16, 100):
        q, _ = np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))
        assert 1 - 1e-14 <= spectral_bound(q) < 1.1


def test_the_spectral_bound_of_nothing_is_zero() -> None:
    assert spectral_bound(np.zeros((3, 2))) == 0.0


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_no_pattern_of_activity_has_larger_forms(circuit: Circuit) -> None:
    rng = np.random.default_rng(3)
    n = circuit.n_inputs
    norms = FormNorms(circuit)
    closest = 0.0
    for trial in range(60):
        forms = np.zeros((n + 1 + circuit.n_units, n + 1))
        forms[: n + 1] = np.eye(n + 1)
        along = rng.choice([-1.0, 1.0], n + 1)
        for block, norm in zip(circuit.blocks, norms.units, strict=True):
            own = block.weights @ forms[block.reads]
            sizes = np.abs(own).sum(axis=1) / norm
            closest = max(closest, float(sizes.max()))
            assert (sizes <= 1).all()
            # all units that are positive in one direction, or any
            active = own @ along > 0 if trial % 2 else rng.random(block.width) < 0.5
            rows = slice(n + 1 + block.start, n + 1 + block.start + block.width)
            forms[rows] = own * active[:, None]
    assert closest > 0.99  # in the first block they are the forms


def test_norms_never_exceed_sums_over_paths() -> None:
    for circuit in CIRCUITS:
        norms = FormNorms(circuit)
        for ours, paths in zip(norms.units, norms.paths, strict=True):
            assert (ours <= paths * (1 + 1e-5)).all()
    wide = FormNorms(dense([2, 64, 64, 64, 64, 1], 6))
    assert wide.units[-1].max() < wide.paths[-1].max() / 3


def test_units_without_weights_have_the_norm_one() -> None:
    circuit = Circuit.of(Network.from_dense([[[0, 0], [1, 2]], [[1, 1], [0, 0]], [[1, 1]]]))
    first, second = FormNorms(circuit).units
    assert first[0] == 1
    assert second[1] == 1
    assert next(FormNorms(circuit).errors({}, {0: np.zeros(2)}, 1.0, 2)) > 0


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_errors_bound_the_rounding_of_forward_runs(circuit: Circuit) -> None:
    rng = np.random.default_rng(4)
    n = circuit.n_inputs
    points = np.concatenate([rng.uniform(-3, 3, (40, n)), np.ones((40, 1))], axis=1)
    scale = 2**60
    rows = np.array([[int(Fraction(v) * scale) for v in p] for p in points.tolist()], object)
    exact = ExactValues(circuit).all(rows, len(circuit.blocks))
    evaluation = Evaluation(circuit)
    values: list[np.ndarray | None] = []
    tops: dict[int, np.ndarray] = {}
    for b in range(len(circuit.blocks)):
        own = evaluation.block(b, points, values)
        tops[b] = np.abs(own).max(axis=0)
        values.append(np.maximum(own, 0.0))
        unit = circuit.blocks[b].denominator * scale
        true = np.array([[Fraction(v, unit) for v in row] for row in exact[b].tolist()])
        off = np.array(
            [[float(abs(Fraction(x) - t)) for x, t in zip(*pair, strict=True)]
             for pair in zip(own.tolist(), true.tolist(), strict=True)]
        )  # fmt: skip
        bound = list(evaluation.forms.errors({}, tops, 3.0, n))[b]
        assert 0 < (off / evaluation.norms[b]).max() <= bound < 1e-12


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_errors_bound_what_units_on_the_wrong_side_of_their_kink_add(circuit: Circuit) -> None:
    # two units of the first block are nearly zero: what becomes of later forms if they are active
    rng = np.random.default_rng(5)
    n, low = circuit.n_inputs, 1e-3
    norms = FormNorms(circuit)
    tops = {b: np.full(block.width, 10.0) for b, block in enumerate(circuit.blocks)}
    bounds = list(norms.errors({0: low}, tops, 1.0, 2))
    for _ in range(40):
        change = np.zeros(n + 1 + circuit.n_units)
        for b, block in enumerate(circuit.blocks):
            own = block.weights @ change[block.reads]
            rows = slice(n + 1 + block.start, n + 1 + block.start + block.width)
            if b:
                assert (np.abs(own) <= bounds[b] * norms.units[b]).all()
                change[rows] = own * (rng.random(block.width) < 0.7)
            else:
                two = n + 1 + rng.choice(block.width, 2, replace=False)
                change[two] = low * norms.units[0][two - n - 1] * rng.choice([-1, 1], 2)


def test_unknown_values_leave_errors_unbounded() -> None:
    assert list(FormNorms(CIRCUITS[0]).errors({}, {}, 1.0, 2))[1:] == [np.inf, np.inf]
