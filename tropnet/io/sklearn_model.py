"""Fitted scikit-learn perceptrons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import FormatError, UnsupportedLayerError
from tropnet.io.reader import ObjectReader, Options, Refusal, bases
from tropnet.io.tensor import constant
from tropnet.io.unread_operations import reason_against
from tropnet.network import Network, NetworkBuilder

if TYPE_CHECKING:
    from tropnet.network.network import Dtype

_BASE: Final = "sklearn.neural_network._multilayer_perceptron.BaseMultilayerPerceptron"
_LOGITS: Final = {
    "logistic": "the output is the log-odds of the second class: the final logistic is left out",
    "softmax": "the outputs are the scores before the final softmax, which is left out",
}


@final
class SklearnReader(ObjectReader):
    """Reads fitted `MLPRegressor`s and `MLPClassifier`s with relu or identity units.

    A classifier's final logistic or softmax is left out: the outputs are its scores, and the
    network's notes say so.

    Example:
        >>> from tropnet.io import load
        >>> from sklearn.neural_network import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=4, random_state=0, solver="lbfgs")
        >>> load(model.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 1.0])).architecture
        '1-4-1'
    """

    name = "scikit-learn MLP"

    def recognise(self, source: object) -> None:
        """Accept scikit-learn's multilayer perceptrons."""
        if _BASE not in bases(source):
            raise Refusal("it is no MLPRegressor or MLPClassifier")

    def read(self, source: Any, options: Options) -> Network:
        """Return the network of a fitted model.

        Raises:
            TropnetError: as `load` says.
        """
        del options
        kind = type(source).__name__
        if not hasattr(source, "coefs_"):
            raise FormatError(f"this {kind} has not been fitted; call fit first")
        if source.activation not in ("relu", "identity"):
            raise UnsupportedLayerError(
                kind, source.activation, "it is not piecewise linear",
                "activation='relu' or activation='identity'",
            )  # fmt: skip
        final = source.out_activation_
        if final not in ("identity", *_LOGITS):
            raise UnsupportedLayerError(kind, final, reason_against(final), "another loss")
        notes = [_LOGITS[final]] if final in _LOGITS else []
        dtype: Dtype = "float32" if source.coefs_[0].dtype == np.float32 else "float64"
        builder = NetworkBuilder(dtype)
        wire = builder.input(source.coefs_[0].shape[0])
        last = len(source.coefs_) - 1
        for k, (weights, bias) in enumerate(zip(source.coefs_, source.intercepts_, strict=True)):
            name = f"layer {k + 1}"
            matrix = constant(weights, f"coefs_[{k}]").values.T
            wire = builder.linear(wire, matrix, constant(bias, f"intercepts_[{k}]").values, name)
            if k < last and source.activation == "relu":
                wire = builder.relu(wire, name)
        names = [str(name) for name in getattr(source, "feature_names_in_", ())]
        return builder.build(wire, input_names=names, notes=notes)
