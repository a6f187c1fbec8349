"""scikit-learn's perceptrons against their own predictions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

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
    from sklearn.linear_model import LinearRegression

    with pytest.raises(FormatError, match="it is no MLPRegressor or MLPClassifier"):
        load(LinearRegression())
