"""Operations that users meet and we do not read, and why."""

from __future__ import annotations

from typing import Final

#: Why, what to try besides stopping before it, and the operations in ONNX's and torch's spellings.
_REASONS: Final = (
    (
        "it is not piecewise linear",
        "",
        """
        sigmoid logsigmoid log_sigmoid tanh gelu silu swish mish elu celu selu softplus softsign
        softmax softmin logsoftmax log_softmax _log_softmax _softmax exp expm1 exp2 log log1p log2
        log10 sqrt erf erfinv sin cos tan asin acos atan sinh cosh asinh acosh atanh rsqrt
        reciprocal pow square logistic hardswish lppool globallppool reducel2 reducelogsum
        reducelogsumexp reducesumsquare reduceprod prod cumprod logsumexp softmaxcrossentropyloss
        negativeloglikelihoodloss det norm linalg_vector_norm tanhshrink
        """,
    ),
    (
        "it is not continuous",
        "",
        """
        threshold thresholdedrelu hardshrink shrink sign floor ceil round trunc argmax argmin
        hardmax isnan isinf mod fmod remainder floor_divide onehot one_hot unique nonzero
        bucketize heaviside argsort searchsorted
        """,
    ),
    (
        "it divides by a norm or a deviation of its input, which is not piecewise linear",
        "a model with batch normalisation",
        """
        layernormalization layer_norm native_layer_norm groupnormalization group_norm
        instancenormalization instance_norm rmsnormalization rms_norm lrn local_response_norm
        lpnormalization meanvariancenormalization normalize
        """,
    ),
    (
        "it multiplies values that depend on the input",
        "",
        """
        attention scaled_dot_product_attention multi_head_attention lstm gru rnn rotaryembedding
        bilinear glu swiglu linearattention causalconvwithstate
        """,
    ),
    (
        "it branches or loops on data",
        "an export with fixed shapes, without if or loops",
        "if loop scan sequencemap cond while_loop",
    ),
    (
        "it rounds activations, which is not continuous",
        "the model before its activations were quantised (quantised weights alone are read)",
        """
        quantizelinear dynamicquantizelinear qlinearconv qlinearmatmul convinteger matmulinteger
        quantize_per_tensor quantize_per_channel fake_quantize_per_tensor_affine
        fake_quantize_per_channel_affine
        """,
    ),
    (
        "it draws random numbers",
        "a model in evaluation mode",
        """
        randomnormal randomnormallike randomuniform randomuniformlike bernoulli multinomial rand
        randn rand_like randn_like randint randint_like randperm uniform normal
        """,
    ),
    (
        "it chooses places by values that depend on the input",
        "",
        """
        gridsample grid_sampler roialign maxroipool nonmaxsuppression deformconv maxunpool
        tensorscatter
        """,
    ),
    (
        "it works on texts, sequences or bits, not on a tensor of reals",
        "",
        """
        sequenceat sequenceconstruct sequenceempty sequenceerase sequenceinsert sequencelength
        concatfromsequence splittosequence optional optionalgetelement optionalhaselement
        stringconcat stringnormalizer stringsplit regexfullmatch tfidfvectorizer imagedecoder
        bitshift bitwiseand bitwiseor bitwisexor bitwisenot bitcast
        """,
    ),
)
_UNKNOWN: Final = "it is not read yet"
_BY_NAME: Final = {name: (why, advice) for why, advice, names in _REASONS for name in names.split()}


def reason_against(op: str) -> str:
    """Return why an operation is not read, in a few words.

    Args:
        op: `"Sigmoid"`, `"sigmoid.default"`.

    Example:
        >>> from tropnet.io.unread_operations import reason_against
        >>> reason_against("Sigmoid"), reason_against("Blorp")
        ('it is not piecewise linear', 'it is not read yet')
    """
    return _entry(op)[0]


def advice_against(op: str, node: str) -> str:
    """Return what to try where an operation is not read.

    Args:
        op: as for `reason_against`.
        node: the name by which `stop_before=` knows it.

    Example:
        >>> from tropnet.io.unread_operations import advice_against
        >>> advice_against("Softmax", "last")
        "stop_before='last' reads what comes before it"
    """
    advice = _entry(op)[1]
    stop = f"stop_before={node!r} reads what comes before it"
    return f"{advice}; {stop}" if advice else stop


def _entry(op: str) -> tuple[str, str]:
    name = op.lower().removeprefix("aten.").partition(".")[0]
    return _BY_NAME.get(name.removesuffix("_"), _BY_NAME.get(name, (_UNKNOWN, "")))
