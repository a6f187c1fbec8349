"""The operations of torch.export's graphs, each a small function registered under ATen's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from tropnet.errors import UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.tensor import Tensor, Value, size_of


@final
@dataclass(frozen=True, slots=True)
class AtenCall:
    """One call in an exported graph.

    Attributes:
        name: the module it belongs to, or the node's own name.
        op: ATen's name, such as `linear.default`.
        arguments: values, numbers, lists; in order.
        keywords: arguments by name.
        operations: what a call is made of.
    """

    name: str
    op: str
    arguments: Sequence[Any]
    keywords: Mapping[str, Any]
    operations: Operations

    def value(self, position: int) -> Value:
        """Return an argument that is a tensor or a number."""
        found: Value = self.arguments[position]
        return found

    def get(self, position: int, keyword: str, default: Any) -> Any:
        """Return an optional argument, given by position or by name."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.keywords.get(keyword, default)

    def unsupported(self, why: str, advice: str) -> UnsupportedLayerError:
        """Return the error for a use of the operation that is not read."""
        return UnsupportedLayerError(self.name, self.op, why, advice)


AtenOperator: TypeAlias = Callable[[AtenCall], Value]
_OPERATORS: Final[dict[str, AtenOperator]] = {}


def aten(*names: str) -> Callable[[AtenOperator], AtenOperator]:
    """Register a function for the ATen operations of these names."""

    def register(function: AtenOperator) -> AtenOperator:
        for name in names:
            assert name not in _OPERATORS, f"two functions for {name}"
            _OPERATORS[name] = function
        return function

    return register


def lookup(name: str) -> AtenOperator | None:
    """Return the function of an ATen operation, None if it is not read."""
    return _OPERATORS.get(name)


def supported() -> tuple[str, ...]:
    """Return the names of the operations that are read, sorted.

    Example:
        >>> from tropnet.io.torch_operators import supported
        >>> "linear.default" in supported()
        True
    """
    return tuple(sorted(_OPERATORS))


# ---- affine -------------------------------------------------------------------------------------


@aten("linear.default")
def linear(call: AtenCall) -> Value:
    """X · weightᵀ + bias."""
    do, weights = call.operations, call.value(1)
    transposed = do.transpose(weights, range(len(weights.shape))[::-1], call.name)
    product = do.matmul(call.value(0), transposed, call.name, "linear")
    bias = call.get(2, "bias", None)
    return product if bias is None else do.add(product, bias, call.name)


@aten("matmul.default", "mm.default", "mv.default")
def matmul(call: AtenCall) -> Value:
    """A @ b, one of them constant."""
    return call.operations.matmul(call.value(0), call.value(1), call.name, "matmul")


@aten("addmm.default")
def addmm(call: AtenCall) -> Value:
    """beta·c + alpha·(a @ b), products with the factors exact."""
    do = call.operations
    alpha, beta = call.keywords.get("alpha", 1), call.keywords.get("beta", 1)
    product = do.scale(do.matmul(call.value(1), call.value(2), call.name), alpha, call.name)
    return do.add(product, do.scale(call.value(0), beta, call.name), call.name)


@aten("add.Tensor", "add_.Tensor")
def add(call: AtenCall) -> Value:
    """A + alpha·b."""
    do, factor = call.operations, call.keywords.get("alpha", 1)
    return do.add(call.value(0), do.scale(call.value(1), factor, call.name), call.name)


@aten("sub.Tensor", "sub_.Tensor")
def sub(call: AtenCall) -> Value:
    """A − alpha·b."""
    do, factor = call.operations, call.keywords.get("alpha", 1)
    return do.subtract(call.value(0), do.scale(call.value(1), factor, call.name), call.name)


@aten("rsub.Scalar", "rsub.Tensor")
def rsub(call: AtenCall) -> Value:
    """B − a."""
    if call.get(2, "alpha", 1) != 1:
        raise call.unsupported("its alpha is not 1", "b - a")
    return call.operations.subtract(call.value(1), call.value(0), call.name)


@aten("neg.default")
def neg(call: AtenCall) -> Value:
    """−a."""
    return call.operations.negate(call.value(0))


# ---- piecewise linear ---------------------------------------------------------------------------


@aten("relu.default", "relu_.default")
def relu(call: AtenCall) -> Value:
    """max(a, 0)."""
    return call.operations.relu(call.value(0), call.name)


@aten("dropout.default", "dropout_.default", "feature_dropout.default")
def dropout(call: AtenCall) -> Value:
    """The value itself, in evaluation mode."""
    if call.get(2, "train", True) and call.get(1, "p", 0.5):
        raise call.unsupported("it is in training mode", "model.eval() first")
    return call.value(0)


# ---- choices of entries -------------------------------------------------------------------------


@aten(
    "alias.default", "clone.default", "contiguous.default", "detach.default", "detach_.default",
    "lift_fresh_copy.default", "to.dtype", "to.dtype_layout", "to.device", "_to_copy.default",
)  # fmt: skip
def same(call: AtenCall) -> Value:
    """The value itself; casts between floats are the identity over the reals."""
    value = call.value(0)
    target = call.get(1, "dtype", None)
    floating = getattr(target, "is_floating_point", True)
    if isinstance(value, Tensor) and not floating:
        raise call.unsupported(f"it casts to {target}, which is not continuous", "float models")
    return value


@aten("view.default", "reshape.default", "_unsafe_view.default")
def view(call: AtenCall) -> Value:
    """The values in another shape."""
    return call.operations.reshape(call.value(0), call.arguments[1], call.name)


@aten("flatten.using_ints")
def flatten(call: AtenCall) -> Value:
    """The value with some axes made one."""
    start, end = call.get(1, "start_dim", 0), call.get(2, "end_dim", -1)
    return call.operations.flatten(call.value(0), start, end, call.name)


@aten("unflatten.int")
def unflatten(call: AtenCall) -> Value:
    """The value with one axis made several."""
    value, axis = call.value(0), call.arguments[1] % max(len(call.value(0).shape), 1)
    shape = [*value.shape[:axis], *call.arguments[2], *value.shape[axis + 1 :]]
    sizes = [d for d in shape if d != -1]
    if -1 in shape and 0 not in sizes:
        shape[shape.index(-1)] = size_of(value.shape) // size_of(tuple(sizes))
    return call.operations.reshape(value, shape, call.name)


@aten("squeeze.default", "squeeze.dim", "squeeze.dims")
def squeeze(call: AtenCall) -> Value:
    """The value without axes of length one; torch ignores longer ones."""
    value, axes = call.value(0), call.get(1, "dim", None)
    if axes is not None:
        rank = len(value.shape)
        chosen = [axes] if isinstance(axes, int) else axes
        axes = [a for a in chosen if value.shape[a % max(rank, 1)] == 1]
    return call.operations.squeeze(value, axes, call.name)


@aten("unsqueeze.default")
def unsqueeze(call: AtenCall) -> Value:
    """The value with one more axis."""
    return call.operations.unsqueeze(call.value(0), [call.arguments[1]], call.name)


@aten("t.default", "numpy_T.default")
def transposed(call: AtenCall) -> Value:
    """The transpose."""
    value = call.value(0)
    return call.operations.transpose(value, range(len(value.shape))[::-1], call.name)


@aten("transpose.int")
def swapped(call: AtenCall) -> Value:
    """The value with two axes swapped."""
    value = call.value(0)
    order = list(range(len(value.shape)))
    a, b = call.arguments[1], call.arguments[2]
    order[a], order[b] = order[b], order[a]
    return call.operations.transpose(value, order, call.name)


@aten("permute.default")
def permute(call: AtenCall) -> Value:
    """The value with its axes in another order."""
    return call.operations.transpose(call.value(0), call.arguments[1], call.name)


@aten("cat.default", "concat.default")
def cat(call: AtenCall) -> Value:
    """The values one after the other."""
    axis = call.get(1, "dim", 0)
    return call.operations.concatenate(list(call.arguments[0]), axis, call.name)
