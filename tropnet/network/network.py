"""The ReLU normal form of a network: what every engine reads."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal, cast, final

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.arithmetic import Arithmetic
from tropnet.network.affine import Affine, bias_column
from tropnet.network.affine_map import AffineMap, affine_map
from tropnet.network.forward import Enclosure, enclose, forward, forward_exact
from tropnet.network.layer import Layer
from tropnet.network.linear import linear
from tropnet.network.pattern import cell_signs, signs

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, FloatArray, SignArray

#: The arithmetic a model runs in.
Dtype = Literal["float16", "float32", "float64"]


@final
@dataclass(frozen=True, eq=False)
class Network:
    """A piecewise-linear function R^n → R^m as layers of ReLU and identity units.

    Each layer's units are affine in any earlier values (source 0 is the input, source k layer k),
    so skip connections are weights to earlier layers, and max(a, b) is b + relu(a − b). The weights
    are the stored ones, as exact rationals: the object is one function over the reals, whatever
    arithmetic the model runs in. Two networks are `==` when their normal forms are the same to the
    last weight (`sha256`); whether they compute the same function is for `tropnet.compare` to say.

    Args:
        n_inputs: the input dimension n.
        layers: the hidden layers, in order.
        output: the output, affine in all values.
        dtype: the arithmetic that the model itself runs in.
        input_names: a name for each input tensor, as the model has them.
        output_names: a name for each output tensor.
        notes: what a reader wants you to know (roundings, clipping, normalisation).

    Raises:
        ShapeError: a layer reads a later value or has weights of the wrong width.
        DomainError: an unknown dtype.

    Example:
        >>> from tropnet import Network
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> absolute([[-3.0], [2.0]]).tolist()
        [[3.0], [2.0]]
        >>> absolute.exact(["-1/3"])
        RationalMatrix([['1/3']])
    """

    n_inputs: int
    layers: tuple[Layer, ...]
    output: Affine
    dtype: Dtype = "float64"
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("layers", "input_names", "output_names", "notes"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        if self.n_inputs < 1:
            raise ShapeError(f"a network needs at least one input, this one has {self.n_inputs}")
        if self.output.size < 1:
            raise ShapeError("a network needs at least one output")
        Arithmetic.of(self.dtype)  # refuses unknown ones
        widths = [self.n_inputs]
        for index, layer in enumerate(self.layers, start=1):
            _require_widths(layer.affine, widths, layer.name or f"layer {index}")
            widths.append(layer.width)
        _require_widths(self.output, widths, "the output")

    @staticmethod
    def from_dense(
        weights: Sequence[Any], biases: Sequence[Any] | None = None, *, dtype: Dtype = "float64"
    ) -> Network:
        """Return the network of dense layers with ReLU between them and none at the end.

        Args:
            weights: for each layer an array or rows `(width, width of the layer before)`.
            biases: for each layer `width` numbers, or None for no bias; all zero when left out.
            dtype: the arithmetic that the model itself runs in.

        Raises:
            ShapeError: no layer, or shapes that do not chain.
            DomainError: NaN or infinite weights.
        """
        if len(weights) == 0:
            raise ShapeError("a network needs at least one weight matrix")
        if biases is None:
            biases = [None] * len(weights)
        if len(biases) != len(weights):
            raise ShapeError(f"{len(weights)} weight matrices with {len(biases)} biases")
        maps = [linear(w, f"weights[{k}]") for k, w in enumerate(weights)]
        n_inputs = width = maps[0].shape[1]
        affines = []
        for k, (matrix, bias) in enumerate(zip(maps, biases, strict=True)):
            if matrix.shape[1] != width:
                raise ShapeError(
                    f"weights[{k}] has shape {matrix.shape} for {width} values; "
                    "the layers do not chain"
                )
            width = matrix.shape[0]
            column = None if bias is None else bias_column(bias, f"biases[{k}]")
            if column is not None and column.shape[0] != width:
                raise ShapeError(f"biases[{k}] has {column.shape[0]} numbers for {width} units")
            affines.append(Affine({k: matrix}, column))
        layers = tuple(Layer(a, True, f"dense {k}") for k, a in enumerate(affines[:-1]))
        return Network(n_inputs, layers, affines[-1], dtype)

    # ---- sizes ------------------------------------------------------------------------------

    @property
    def n_outputs(self) -> int:
        """The output dimension m."""
        return self.output.size

    @property
    def widths(self) -> tuple[int, ...]:
        """The number of units of each layer."""
        return tuple(layer.width for layer in self.layers)

    @property
    def n_relu(self) -> int:
        """The number of ReLU units."""
        return sum(int(layer.relu.sum()) for layer in self.layers)

    @property
    def depth(self) -> int:
        """The number of layers that hold a ReLU."""
        return sum(bool(layer.relu.any()) for layer in self.layers)

    @property
    def affines(self) -> tuple[Affine, ...]:
        """The affine function of each layer, the output last."""
        return (*(layer.affine for layer in self.layers), self.output)

    @property
    def n_parameters(self) -> int:
        """The number of nonzero weights and biases; those that units share count once."""
        return sum(
            part.count()
            for affine in self.affines
            for part in (*(m for _, m in affine.terms), affine.bias)
        )

    # ---- evaluation -------------------------------------------------------------------------

    def __call__(self, points: Any) -> FloatArray:
        """Return the outputs in float64.

        Args:
            points: `(n,)` or `(batch, n)` finite numbers.

        Returns:
            `(m,)` or `(batch, m)`; for an error bound see `enclosure`.

        Raises:
            ShapeError: another number of coordinates.
            DomainError: NaN or infinity.
        """
        outputs: FloatArray = _like(points, forward(self, self._floats(points))[-1])
        return outputs

    def run(self, points: Any) -> AnyArray:
        """Return the outputs in the arithmetic of the model's own runtime (`dtype`).

        The order of summation inside a layer is numpy's; a runtime with another order differs
        within `enclosure(points, self.dtype).errors`.
        """
        outputs: AnyArray = _like(points, forward(self, self._floats(points), self.dtype)[-1])
        return outputs

    def exact(self, points: Any) -> RationalMatrix:
        """Return the exact outputs `(batch, m)` at rational points.

        Args:
            points: one point or rows of points; floats stand for their exact values.

        Raises:
            ShapeError: another number of coordinates.
            DomainError: NaN or infinity.

        Cost: two products of integer matrices a layer; 784-100-100-10 takes about .3 ms a point in
        batches.
        """
        return forward_exact(self, self._rationals(points))[-1]

    def enclosure(self, points: Any, dtype: Dtype = "float64") -> Enclosure:
        """Return float64 outputs with proven bounds of their distance from the exact ones.

        Args:
            points: `(n,)` or `(batch, n)` numbers; the bounds hold for the float64 points.
            dtype: bound the error of a run in this arithmetic as well, points and weights rounded
                to it; infinite where such a run may overflow.

        Raises:
            ShapeError: another number of coordinates.
            DomainError: NaN or infinity, or an unknown arithmetic.
        """
        return enclose(self, self._floats(points), dtype)

    def pattern(self, points: Any) -> SignArray:
        """Return the exact signs of the pre-activations of all ReLU units.

        Returns:
            `(batch, n_relu)` int8: −1 inactive, 0 on the kink, 1 active.

        Raises:
            ShapeError: another number of coordinates.

        Example:
            >>> from tropnet import Network
            >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
            >>> f.pattern([[0], [2]]).tolist()
            [[0, 0], [1, -1]]
        """
        batch = self._exact_batch(points)
        rows = zip(signs(self, batch), self.layers, strict=True)
        masked = [sign[:, layer.relu] for sign, layer in rows]
        return np.concatenate([np.zeros((len(batch), 0), np.int8), *masked], axis=1)

    def affine_map(self, point: Any) -> AffineMap:
        """Return the exact affine map of the linear cell that contains the point.

        On a kink several cells meet; the one of x + (ε, ε², …, εⁿ) for all small ε > 0 is taken, so
        that the map is that of a cell of full dimension, and agrees with the network at x.

        Args:
            point: `(n,)`, or one row of n numbers.

        Raises:
            ShapeError: another number of coordinates, or several points.
            DomainError: NaN or infinity.

        Example:
            >>> from tropnet import Network
            >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
            >>> absolute.affine_map([0]).matrix
            RationalMatrix([['1']])
        """
        exact = self._rationals(point)
        if len(exact) != 1:
            raise ShapeError(f"{len(exact)} points; an affine map is that of one")
        return affine_map(self, cell_signs(self, exact))

    def _exact_batch(self, points: Any) -> FloatArray | RationalMatrix:
        """Return the points in float64 where that is exact, since it is faster, else in rationals.

        Lists are not left to numpy, which would round [2**53 + 1, 0.5].
        """
        if hasattr(points, "__array__"):
            array = np.asarray(points)
            if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
                return self._floats(array)
        exact = self._rationals(points)
        floats = exact.to_floats()
        same = np.isfinite(floats).all() and RationalMatrix.from_floats(floats) == exact
        return floats if same else exact

    def _floats(self, points: Any) -> FloatArray:
        try:
            array = np.asarray(points)
        except ValueError:  # ragged rows: the exact reader says which
            array = np.asarray(None)
        if array.dtype.kind not in "fiu":
            array = self._rationals(points).to_floats()
        with np.errstate(over="ignore"):
            array = np.atleast_2d(array.astype(np.float64))
        checked = cast("FloatArray", self._width_checked(array))
        if not np.isfinite(checked).all():
            row, column = np.argwhere(~np.isfinite(checked))[0]
            raise DomainError(
                f"points[{row}, {column}] is {checked[row, column]}; give finite numbers"
            )
        return checked

    def _rationals(self, points: Any) -> RationalMatrix:
        checked: RationalMatrix = self._width_checked(RationalMatrix.of(points, "points"))
        return checked

    def _width_checked(self, batch: Any) -> Any:
        if len(batch.shape) != 2 or batch.shape[1] != self.n_inputs:
            raise ShapeError(
                f"points of shape {tuple(batch.shape)} for a network of {self.n_inputs} inputs; "
                f"give (batch, {self.n_inputs})"
            )
        return batch

    # ---- identity and display ---------------------------------------------------------------

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the exact normal form; names, notes and dtype do not count.

        A float32 file and a float64 file of the same weights have the same digest.
        """
        digest = hashlib.sha256(b"tropnet normal form 1: %d inputs " % self.n_inputs)
        for layer in self.layers:
            digest.update(layer.content())
        digest.update(b"output " + self.output.content())
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def architecture(self) -> str:
        """The widths in short: `2-8-8-1`, or `5-50x6-5` for repeated ones."""
        return _shortened((self.n_inputs, *self.widths, self.n_outputs))

    def __repr__(self) -> str:
        return (
            f"Network({self.architecture}, {self.n_relu} relu, {self.n_parameters} nonzero "
            f"parameters, {self.dtype}, sha256 {self.sha256[:12]})"
        )

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return a table of the layers: name, units, reads, nonzero weights."""
        given = Counter(layer.name for layer in self.layers)
        names = ["input"]
        for k, own in enumerate(self.layers, start=1):
            # a name that several layers have does not tell which one is read
            several = f"{own.name} (layer {k})" if given[own.name] > 1 else own.name
            names.append(several if own.name else f"layer {k}")
        table: list[tuple[str, str, str, str]] = []
        for layer, affine in zip((*self.layers, None), self.affines, strict=True):
            relus = 0 if layer is None else int(layer.relu.sum())
            kind = f"{affine.size} affine" if not relus else f"{relus} relu"
            if relus and layer is not None and relus < layer.width:
                kind += f", {layer.width - relus} affine"
            reads = ", ".join(names[s] for s in affine.sources) or "nothing"
            nonzero = sum(m.count() for _, m in affine.terms)
            name = "output" if layer is None else names[len(table) + 1]
            table.append((name, kind, reads, str(nonzero)))
        return table

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{h}</th>" for h in ("layer", "units", "reads", "nonzero weights"))
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_cut(cell))}</td>" for cell in row) + "</tr>"
            for row in _elided(self.rows())
        )
        notes = "".join(f"<br><em>{escape(note)}</em>" for note in self.notes)
        return (
            f"<div><strong>Network</strong> {self.architecture}, {self.n_relu} ReLU units, "
            f"{self.dtype}, <code>{self.sha256[:12]}</code>{notes}"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def _require_widths(affine: Affine, widths: list[int], name: str) -> None:
    for source, weights in affine.terms:
        if not 0 <= source < len(widths):
            raise ShapeError(f"{name} reads source {source}, but only {len(widths)} come before it")
        if weights.shape[1] != widths[source]:
            raise ShapeError(
                f"{name} has weights of shape {weights.shape} for source {source}, which has "
                f"{widths[source]} values; the layers do not chain"
            )


def _like(points: Any, rows: Any) -> Any:
    """Return one row for one point, all rows for a batch."""
    single = np.ndim(points) == 1 and not isinstance(points, RationalMatrix)
    return rows[0] if single else rows


def _shortened(widths: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for width in widths:
        if runs and runs[-1][0] == width:
            runs[-1][1] += 1
        else:
            runs.append([width, 1])
    parts = [f"{w}x{count}" if count > 2 else "-".join([str(w)] * count) for w, count in runs]
    return "-".join(parts if len(parts) <= 16 else [*parts[:6], "…", *parts[-6:]])


def _cut(cell: str, most: int = 80) -> str:
    return cell if len(cell) <= most else cell[: most - 1] + "…"


def _elided(
    rows: list[tuple[str, str, str, str]], most: int = 24
) -> list[tuple[str, str, str, str]]:
    if len(rows) <= most:
        return rows
    hidden = len(rows) - most
    return [*rows[: most // 2], (f"… {hidden} more", "", "", ""), *rows[-most // 2 :]]
