"""Fitted scikit-learn perceptrons and linear models, and pipelines of scalers before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import FormatError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.piecewise import clip
from tropnet.io.operations.product import divide, multiply
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.tensor import Constant, Value, constant
from tropnet.io.unread_operations import reason_against
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.network.network import Dtype

_PIPELINE: Final = "sklearn.pipeline.Pipeline"
_PERCEPTRON: Final = "sklearn.neural_network._multilayer_perceptron.BaseMultilayerPerceptron"
_LINEAR: Final = frozenset({
    "sklearn.linear_model._base.LinearModel",
    "sklearn.linear_model._stochastic_gradient.BaseSGDRegressor",
})  # fmt: skip
_LINEAR_CLASSIFIER: Final = "sklearn.linear_model._base.LinearClassifierMixin"
_LOGITS: Final = {
    "logistic": "the output is the log-odds of the second class: the final logistic is left out",
    "softmax": "the outputs are the scores before the final softmax, which is left out",
}
_DECISION: Final = "the outputs are those of decision_function; what follows it is left out"


@final
class SklearnReader(ObjectReader):
    """Reads fitted perceptrons, linear models, and pipelines of scalers that end in one of them.

    `MLPRegressor` and `MLPClassifier` with relu or identity units; `LinearRegression`, `Ridge`,
    `LogisticRegression` and the like; before them `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`,
    `RobustScaler` and steps that pass their input on. A classifier's outputs are its scores, and
    the network's notes say so. A division by a scale is that quotient exactly.

    Example:
        >>> from tropnet.io import load
        >>> from sklearn.neural_network import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=4, random_state=0, solver="lbfgs")
        >>> load(model.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 1.0])).architecture
        '1-4-1'
    """

    name = "scikit-learn model"

    def recognise(self, source: object) -> None:
        """Accept pipelines, perceptrons and linear models of scikit-learn."""
        if not bases(source) & {_PIPELINE, _PERCEPTRON, _LINEAR_CLASSIFIER, *_LINEAR}:
            raise Refusal("it is no pipeline, perceptron or linear model of scikit-learn")

    def read(self, source: Any, options: Options) -> Network:
        """Return the network of a fitted model.

        Raises:
            TropnetError: as `load` says.
        """
        del options
        *before, model = _steps(source, "")
        name, last = model
        found = bases(last)
        if _PERCEPTRON in found:
            read = _perceptron
        elif found & {_LINEAR_CLASSIFIER, *_LINEAR}:
            read = _linear_model
        else:
            raise UnsupportedLayerError(
                name, type(last).__name__, "it is no perceptron and no linear model",
                "a pipeline that ends in an MLPRegressor or MLPClassifier",
            )  # fmt: skip
        weights = _weights(last)
        do = Operations(_arithmetic(weights[0]))
        value: Value = do.inputs([(1, weights[0].shape[0])])[0]
        for step, scaler in before:
            _require_fitting(scaler, step, weights[0].shape[0])
            value = _scaled(do, value, scaler, step)
        outputs, notes = read(do, value, last)
        names = [str(name) for name in getattr(source, "feature_names_in_", ())]
        return do.build([outputs], input_names=names, notes=notes)


def _steps(model: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the named steps of a pipeline in order, those of pipelines in it included."""
    if _PIPELINE not in bases(model):
        yield path or type(model).__name__, model
        return
    for name, step in model.steps:
        yield from _steps(step, f"{path}.{name}".removeprefix("."))


def _weights(model: Any) -> list[Any]:
    """Return the weights of each layer, `(inputs, outputs)`."""
    kind = type(model).__name__
    if not hasattr(model, "coefs_" if _PERCEPTRON in bases(model) else "coef_"):
        raise FormatError(f"this {kind} has not been fitted; call fit first")
    if _PERCEPTRON in bases(model):
        return list(model.coefs_)
    coefficients = model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_
    return [np.atleast_2d(coefficients).T]


def _arithmetic(weights: Any) -> Dtype:
    return "float32" if weights.dtype == np.float32 else "float64"


# ---- what comes before the model ----------------------------------------------------------------


def _scaled(do: Operations, value: Value, step: Any, name: str) -> Value:
    """Return what a step before the model makes of its values."""
    kind = type(step).__name__ if type(step).__module__.startswith("sklearn.") else ""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return value
    if kind == "FunctionTransformer" and step.func is None:
        return value
    scale = _SCALERS.get(kind)
    if scale is None:
        raise UnsupportedLayerError(
            name, type(step).__name__, "it is not read",
            f"{', '.join(_SCALERS)} before the model, or the model alone",
        )  # fmt: skip
    return scale(do, value, step, name)


def _standard(do: Operations, value: Value, step: Any, name: str) -> Value:
    """StandardScaler: (x − mean) / scale."""
    if step.with_mean:
        value = do.subtract(value, _stored(step, "mean_", name), name)
    return divide(do, value, _stored(step, "scale_", name), name) if step.with_std else value


def _robust(do: Operations, value: Value, step: Any, name: str) -> Value:
    """RobustScaler: (x − center) / scale."""
    if step.with_centering:
        value = do.subtract(value, _stored(step, "center_", name), name)
    return divide(do, value, _stored(step, "scale_", name), name) if step.with_scaling else value


def _min_max(do: Operations, value: Value, step: Any, name: str) -> Value:
    """MinMaxScaler: x · scale + min, clipped if it says so."""
    value = multiply(do, value, _stored(step, "scale_", name), name)
    value = do.add(value, _stored(step, "min_", name), name)
    low, high = map(float, step.feature_range)
    return clip(do, value, low, high, name) if step.clip else value


def _max_abs(do: Operations, value: Value, step: Any, name: str) -> Value:
    """MaxAbsScaler: x / scale, clipped if it says so."""
    value = divide(do, value, _stored(step, "scale_", name), name)
    return clip(do, value, -1.0, 1.0, name) if getattr(step, "clip", False) else value


_SCALERS: Final[dict[str, Callable[[Operations, Value, Any, str], Value]]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": _max_abs,
    "RobustScaler": _robust,
}


def _stored(step: Any, attribute: str, name: str) -> Constant:
    return constant(getattr(step, attribute), f"{name}.{attribute}")


def _require_fitting(step: Any, name: str, count: int) -> None:
    """Refuse a scaler that has not been fitted, or to another number of values."""
    if type(step).__name__ not in _SCALERS:
        return
    found = getattr(step, "n_features_in_", None)
    if found is None:
        raise FormatError(f"step {name!r} of the pipeline has not been fitted; call fit first")
    if found != count:
        raise FormatError(
            f"step {name!r} of the pipeline was fitted to {found} values, the model to {count}; "
            "fit the pipeline as a whole"
        )


# ---- models -------------------------------------------------------------------------------------


def _perceptron(do: Operations, value: Value, model: Any) -> tuple[Value, list[str]]:
    kind = type(model).__name__
    if model.activation not in ("relu", "identity"):
        raise UnsupportedLayerError(
            kind, model.activation, "it is not piecewise linear",
            "activation='relu' or activation='identity'",
        )  # fmt: skip
    final = model.out_activation_
    if final not in ("identity", *_LOGITS):
        raise UnsupportedLayerError(kind, final, reason_against(final), "another loss")
    last = len(model.coefs_) - 1
    for k, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        name = f"layer {k + 1}"
        value = do.matmul(value, constant(weights, f"coefs_[{k}]"), name)
        value = do.add(value, constant(bias, f"intercepts_[{k}]"), name)
        if k < last and model.activation == "relu":
            value = do.relu(value, name)
    return value, [_LOGITS[final]] if final in _LOGITS else []


def _linear_model(do: Operations, value: Value, model: Any) -> tuple[Value, list[str]]:
    value = do.matmul(value, constant(_weights(model)[0], "coef_"), "coef_")
    value = do.add(value, constant(np.atleast_1d(model.intercept_), "intercept_"), "intercept_")
    return value, [_DECISION] if _LINEAR_CLASSIFIER in bases(model) else []
