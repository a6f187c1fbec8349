"""Affine operations: products with constants, sums, multiples."""

from __future__ import annotations

from tropnet.io.operations.condition import Condition, where
from tropnet.io.operations.einsum import einsum
from tropnet.io.operations.product import divide, multiply
from tropnet.io.tensor import Value
from tropnet.io.torch_operators.registry import AtenCall, aten

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


# ---- products -----------------------------------------------------------------------------------


@aten("linear.default")
def linear(call: AtenCall) -> Value:
    """Return input · weightᵀ + bias."""
    do, weights = call.operations, call.value("weight")
    transposed = do.transpose(weights, range(len(weights.shape))[::-1], call.name)
    product = do.matmul(call.value("input"), transposed, call.name, "linear")
    return do.add(product, call.value("bias"), call.name) if call.has("bias") else product


@aten("matmul.default")
def matmul(call: AtenCall) -> Value:
    """Return self @ other, one of them constant."""
    return call.operations.matmul(call.value("self"), call.value("other"), call.name, "matmul")


@aten("mm.default", "bmm.default")
def mm(call: AtenCall) -> Value:
    """Return self @ mat2, one of them constant."""
    return call.operations.matmul(call.value("self"), call.value("mat2"), call.name, "matmul")


@aten("mv.default")
def mv(call: AtenCall) -> Value:
    """Return the matrix self times a vector."""
    return call.operations.matmul(call.value("self"), call.value("vec"), call.name, "matmul")


@aten("dot.default", "vdot.default")
def dot(call: AtenCall) -> Value:
    """Return the scalar product of two vectors, one of them constant."""
    other = call.value("tensor" if "tensor" in call.given else "other")
    return einsum(call.operations, "a,a->", [call.value("self"), other], call.name)


@aten("outer.default", "ger.default")
def outer(call: AtenCall) -> Value:
    """Return the products of every entry with every other, one vector constant."""
    return einsum(call.operations, "a,b->ab", [call.value("self"), call.value("vec2")], call.name)


@aten("inner.default")
def inner(call: AtenCall) -> Value:
    """Return the sums of products over the last axes."""
    a, b = call.value("self"), call.value("other")
    if not a.shape or not b.shape:
        return multiply(call.operations, a, b, call.name)
    left, right = (
        _LETTERS[1 : len(a.shape)],
        _LETTERS[len(a.shape) : len(a.shape) + len(b.shape) - 1],
    )
    return einsum(call.operations, f"{left}a,{right}a->{left}{right}", [a, b], call.name)


@aten("tensordot.default")
def tensordot(call: AtenCall) -> Value:
    """Return the sums of products over some axes of both."""
    a, b = call.value("self"), call.value("other")
    left = list(_LETTERS[: len(a.shape)])
    right = list(_LETTERS[len(left) : len(left) + len(b.shape)])
    for i, j in zip(call.integers("dims_self"), call.integers("dims_other"), strict=True):
        right[j] = left[i]
    kept = [x for x in left if x not in right] + [x for x in right if x not in left]
    equation = f"{''.join(left)},{''.join(right)}->{''.join(kept)}"
    return einsum(call.operations, equation, [a, b], call.name)


@aten("einsum.default")
def sum_of_products(call: AtenCall) -> Value:
    """Return Einstein's sum, at most one factor of which depends on the input."""
    return einsum(call.operations, call["equation"], call.values("tensors"), call.name)


@aten("linalg_multi_dot.default", "chain_matmul.default")
def multi_dot(call: AtenCall) -> Value:
    """Return the product of several matrices, constant but for one."""
    factors = call.values("tensors" if "tensors" in call.given else "matrices")
    found = factors[0]
    for factor in factors[1:]:
        found = call.operations.matmul(found, factor, call.name, "matmul")
    return found


@aten("addmm.default", in_place=True)
def addmm(call: AtenCall) -> Value:
    """Return beta · self + alpha · mat1 @ mat2."""
    return _added(call, call.value("mat1"), call.value("mat2"), wide=True)


@aten("baddbmm.default", in_place=True)
def baddbmm(call: AtenCall) -> Value:
    """Return beta · self + alpha · batch1 @ batch2, matrix by matrix."""
    return _added(call, call.value("batch1"), call.value("batch2"), wide=True)


@aten("addmv.default", in_place=True)
def addmv(call: AtenCall) -> Value:
    """Return beta · self + alpha · mat @ vec."""
    return _added(call, call.value("mat"), call.value("vec"), wide=False)


def _added(call: AtenCall, left: Value, right: Value, *, wide: bool) -> Value:
    do = call.operations
    product = do.matmul(left, right, call.name, "matmul")
    product = do.scale(product, call.number("alpha", wide=wide), call.name)
    beta = call.number("beta", wide=wide)
    if beta == 0:
        return product  # torch does not read self then
    return do.add(product, do.scale(call.value("self"), beta, call.name), call.name)


# ---- sums and multiples -------------------------------------------------------------------------


@aten("add.Tensor", "add.Scalar", in_place=True)
def add(call: AtenCall) -> Value:
    """Return self + alpha · other."""
    do = call.operations
    return do.add(call.value("self"), _multiple(call, "other"), call.name)


@aten("sub.Tensor", "sub.Scalar", "subtract.Tensor", "subtract.Scalar", in_place=True)
def sub(call: AtenCall) -> Value:
    """Return self − alpha · other."""
    do = call.operations
    return do.subtract(call.value("self"), _multiple(call, "other"), call.name)


@aten("rsub.Scalar", "rsub.Tensor")
def rsub(call: AtenCall) -> Value:
    """Return other − alpha · self."""
    do = call.operations
    return do.subtract(call.value("other"), _multiple(call, "self"), call.name)


def _multiple(call: AtenCall, name: str) -> Value:
    return call.operations.scale(call.value(name), call.number("alpha"), call.name)


@aten("neg.default", "negative.default", in_place=True)
def neg(call: AtenCall) -> Value:
    """Return −self."""
    return call.operations.negate(call.value("self"))


@aten("mul.Tensor", "mul.Scalar", "multiply.Tensor", "multiply.Scalar", in_place=True)
def mul(call: AtenCall) -> Value:
    """Return self · other, one of them constant; or self where a comparison holds, else zero."""
    do, found = call.operations, [call["self"], call["other"]]
    truth = [x for x in found if isinstance(x, Condition)]
    if len(truth) == 1:
        other = call.value("self" if found[1] is truth[0] else "other", wide=True)
        return where(do, truth[0], other, call.as_value(0, "other"), call.name)
    return multiply(do, call.value("self", wide=True), call.value("other", wide=True), call.name)


@aten(
    "div.Tensor", "div.Scalar", "divide.Tensor", "divide.Scalar",
    "true_divide.Tensor", "true_divide.Scalar", in_place=True,
)  # fmt: skip
def div(call: AtenCall) -> Value:
    """Return self / other, a constant."""
    a, b = call.value("self", wide=True), call.value("other", wide=True)
    return divide(call.operations, a, b, call.name)


@aten("addcmul.default", in_place=True)
def addcmul(call: AtenCall) -> Value:
    """Return self + value · tensor1 · tensor2, one of the factors constant."""
    do, factor = call.operations, call.number("value", wide=True)
    product = multiply(do, call.value("tensor1"), call.value("tensor2"), call.name)
    return do.add(call.value("self"), do.scale(product, factor, call.name), call.name)


@aten("lerp.Scalar", in_place=True)
def lerp(call: AtenCall) -> Value:
    """Return self + weight · (end − self)."""
    do, start = call.operations, call.value("self")
    way = do.subtract(call.value("end"), start, call.name)
    return do.add(start, do.scale(way, call.number("weight", wide=True), call.name), call.name)
