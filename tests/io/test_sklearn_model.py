"""scikit-learn's perceptrons, linear models and pipelines against their own predictions."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import (
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC, LinearSVR

from tests.io.models import assert_within_bound, points_and_kinks
from tropnet.errors import DomainError, FormatError, UnsupportedLayerError
from tropnet.io import load

_RANDOM = np.random.default_rng(5)
_X = _RANDOM.standard_normal((60, 3))


def _fitted(model: Any, y: Any, dtype: str = "float64") -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.set_params(max_iter=30, random_state=0).fit(_X.astype(dtype), y)


@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_regressors_match_predict(activation: str, dtype: str, outputs: int) -> None:
    y = np.sin(_X[:, :outputs]) if outputs > 1 else np.sin(_X[:, 0])
    model = _fitted(MLPRegressor(hidden_layer_sizes=(5, 4), activation=activation), y, dtype)
    f = load(model)
    assert (f.dtype, f.n_outputs, f.notes) == (dtype, outputs, ())
    points = points_and_kinks(f)
    assert_within_bound(f, points, model.predict(points.astype(dtype)).reshape(len(points), -1))


@pytest.mark.parametrize("classes", [2, 3])
def test_classifiers_give_the_scores_before_the_last_function(classes: int) -> None:
    model = _fitted(MLPClassifier(hidden_layer_sizes=(6,)), np.arange(60) % classes)
    f = load(model)
    assert f.n_outputs == (1 if classes == 2 else 3)
    assert "left out" in f.notes[0]
    points = points_and_kinks(f).astype(np.float64)
    scores = f(points)
    if classes == 2:
        probabilities = 1 / (1 + np.exp(-scores[:, 0]))
        assert np.allclose(model.predict_proba(points)[:, 1], probabilities)
        assert np.array_equal(model.predict(points), (scores[:, 0] > 0).astype(int))
    else:
        assert np.array_equal(model.predict(points), scores.argmax(axis=1))
    model.out_activation_ = "identity"
    assert_within_bound(f, points, model._forward_pass_fast(points))


def test_feature_names_are_kept() -> None:
    model = _fitted(MLPRegressor(hidden_layer_sizes=(2,)), _X[:, 0])
    model.feature_names_in_ = np.array(["a", "b", "c"], dtype=object)
    assert load(model).input_names == ("a", "b", "c")


@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_smooth_units_are_refused(activation: str) -> None:
    model = _fitted(MLPRegressor(hidden_layer_sizes=(3,), activation=activation), _X[:, 0])
    with pytest.raises(UnsupportedLayerError, match=rf"\({activation}\).*not piecewise linear"):
        load(model)


def test_unfitted_and_diverged_models_are_refused() -> None:
    with pytest.raises(FormatError, match="has not been fitted"):
        load(MLPRegressor())
    model = _fitted(MLPRegressor(hidden_layer_sizes=(3,)), _X[:, 0])
    model.coefs_[0][0, 0] = np.inf
    with pytest.raises(DomainError, match=r"'coefs_\[0\]' has inf"):
        load(model)


def test_other_estimators_are_no_models() -> None:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.preprocessing import StandardScaler

    for other in (RandomForestRegressor(), StandardScaler()):
        with pytest.raises(FormatError, match="it is no pipeline, perceptron or linear model"):
            load(other)


# ---- pipelines -----------------------------------------------------------------------------------

_SCALERS = {
    "standard": StandardScaler(),
    "mean alone": StandardScaler(with_std=False),
    "std alone": StandardScaler(with_mean=False),
    "neither": StandardScaler(with_mean=False, with_std=False),
    "min max": MinMaxScaler(feature_range=(-0.1, 0.7)),
    "clipped": MinMaxScaler(feature_range=(-0.1, 0.7), clip=True),
    "max abs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "half robust": RobustScaler(with_scaling=False),
    "nothing": FunctionTransformer(),
    "passthrough": "passthrough",
    "none": None,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", _SCALERS)
def test_pipelines_match_predict(kind: str, dtype: str) -> None:
    scaler = clone(_SCALERS[kind]) if hasattr(_SCALERS[kind], "fit") else _SCALERS[kind]
    net = MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0)
    model = Pipeline([("scale", scaler), ("net", net)])
    x = (_X * [1, 30, 0.01] + [0, 5, -7]).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, np.sin(_X[:, 0]).astype(dtype))
    f = load(model)
    assert f.dtype == dtype
    inside = x[:20]
    points = np.concatenate([inside, points_and_kinks(f), 1e3 * inside]).astype(dtype)
    assert_within_bound(f, points, model.predict(points).reshape(-1, 1))


def test_the_quotient_is_exact() -> None:
    # (x − 1/10) / 3, where 1/3 is no float, and 1/10 stands for the float that is stored
    scaler = StandardScaler().fit([[0.0], [1.0]])
    scaler.mean_, scaler.scale_ = np.array([0.1]), np.array([3.0])
    net = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    net.coef_, net.intercept_ = np.array([7.0]), 0.5
    f = load(Pipeline([("scale", scaler), ("net", net)]))
    for x in (Fraction(1, 7), Fraction(5), Fraction(-2, 3)):
        assert f.exact([[x]])[0, 0] == 7 * (x - Fraction(0.1)) / 3 + Fraction(1, 2)


def test_pipelines_in_pipelines_and_names() -> None:
    inner = Pipeline([("a", MaxAbsScaler()), ("b", StandardScaler())])
    net = MLPClassifier(hidden_layer_sizes=(4,), max_iter=20, random_state=0)
    model = Pipeline([("inner", inner), ("net", net)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(_X, np.arange(60) % 3)
    f = load(model)
    assert "left out" in f.notes[0]
    assert np.array_equal(model.predict(_X), f(_X).argmax(axis=1))
    model.named_steps["inner"].named_steps["a"].feature_names_in_ = np.array(["p", "q", "r"])
    assert load(model).input_names == ("p", "q", "r")


class _Squared(StandardScaler):  # type: ignore[misc]
    def transform(self, X: Any, copy: Any = None) -> Any:
        return np.square(X)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [("n", Normalizer())],
            r"layer 'n' \(Normalizer\) is not supported: it is not read; try: St",
        ),
        ([("p", PCA())], r"layer 'p' \(PCA\)"),
        ([("f", FunctionTransformer(np.square))], r"layer 'f' \(FunctionTransformer\)"),
        ([("q", _Squared())], r"layer 'q' \(_Squared\)"),
        ([("poly", PolynomialFeatures())], r"layer 'poly' \(PolynomialFeatures\)"),
    ],
)
def test_other_steps_are_refused_by_name(steps: Any, message: str) -> None:
    model = Pipeline([*steps, ("net", Ridge())]).fit(_X, _X[:, 0])
    with pytest.raises(UnsupportedLayerError, match=message):
        load(model)


def test_pipelines_that_do_not_end_in_a_model_or_are_not_fitted() -> None:
    scale = StandardScaler().fit(_X)
    net = Ridge().fit(_X, _X[:, 0])
    with pytest.raises(UnsupportedLayerError, match=r"'scale' \(StandardScaler\).*no perceptron"):
        load(Pipeline([("scale", scale)]))
    with pytest.raises(FormatError, match="step 'scale' of the pipeline has not been fitted"):
        load(Pipeline([("scale", StandardScaler()), ("net", net)]))
    with pytest.raises(FormatError, match="this Ridge has not been fitted"):
        load(Pipeline([("scale", scale), ("net", Ridge())]))
    wide = StandardScaler().fit(np.ones((3, 4)))
    with pytest.raises(FormatError, match=r"'scale' of the pipeline was fitted to 4 values.*to 3"):
        load(Pipeline([("scale", wide), ("net", net)]))
    scale.mean_[1] = np.nan
    with pytest.raises(DomainError, match=r"'scale.mean_' has nan at \[1\]"):
        load(Pipeline([("scale", scale), ("net", net)]))
    scale.mean_[1], scale.scale_[2] = 0, 0
    with pytest.raises(DomainError, match="scale: a divisor is zero"):
        load(Pipeline([("scale", scale), ("net", net)]))


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(), LinearRegression(fit_intercept=False), Ridge(), Lasso(alpha=0.01),
        SGDRegressor(random_state=0), LinearSVR(random_state=0), HuberRegressor(),
    ],
)  # fmt: skip
def test_linear_regressors_match_predict(model: Any) -> None:
    model.fit(_X, np.sin(_X[:, 0]))
    f = load(model)
    assert (f.n_relu, f.notes) == (0, ())
    assert_within_bound(f, _X, model.predict(_X).reshape(-1, 1))


def test_linear_models_of_several_outputs() -> None:
    model = Ridge().fit(_X, np.sin(_X[:, :2]))
    assert_within_bound(load(model), _X, model.predict(_X))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC(), RidgeClassifier()])
def test_linear_classifiers_give_their_scores(model: Any, classes: int) -> None:
    model.fit(_X, np.arange(60) % classes)
    f = load(model)
    assert f.notes == ("the outputs are those of decision_function; what follows it is left out",)
    assert_within_bound(f, _X, model.decision_function(_X).reshape(60, -1))


def test_sparse_coefficients_are_read() -> None:
    model = SGDRegressor(random_state=0).fit(_X, _X[:, 0])
    f = load(model)
    assert load(model.sparsify()) == f
