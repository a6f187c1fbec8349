"""The .nnet text format of the ACAS Xu networks."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError
from tropnet.exact import RationalMatrix
from tropnet.io.model_file import ModelFile
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.network import Network, NetworkBuilder

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

_START: Final = re.compile(rb"\s*(//|\d+\s*,\s*\d+\s*,\s*\d+\s*,)")
_MOST_LAYERS: Final = 10_000
_MOST_LINE: Final = 2**21
#: Numbers that a line of the header may have too many; it is left aside then.
_MOST_STRAY: Final = 1000
#: Bytes that a number takes at least: a digit, and what ends it.
_LEAST_NUMBER: Final = 2
_NUMBERS: Final = (
    "numbers are the float64 nearest to the decimals of the file, as the format's reference reader "
    "takes them"
)


@final
@dataclass(frozen=True, eq=False)
class _Header:
    """What stands before the weights."""

    sizes: list[int]
    lows: list[float]
    highs: list[float]
    means: list[float]
    ranges: list[float]


@final
class NnetReader(FileReader):
    r"""Reads `.nnet` files: dense layers with ReLU between them, and a header.

    The header's normalisation of inputs, (x − mean)/range, and of outputs, y·range + mean, is
    applied with `normalise=True`, in rationals; the clipping of inputs to the header's minima and
    maxima is never applied, and the network's notes state the box.

    Example:
        >>> import pathlib, tempfile
        >>> from tropnet.io import load
        >>> header = "// f(x) = relu(2x + 1)\n2,1,1,1,\n1,1,1,\n0,\n-9,\n9,\n0,0,\n1,1,\n"
        >>> text = header + "2,\n1,\n1,\n0,\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "f.nnet")
        ...     _ = path.write_text(text)
        ...     load(path)([[3.0]]).tolist()
        [[7.0]]
    """

    name = ".nnet"
    options = frozenset({"normalise"})
    suffixes = frozenset({".nnet"})

    def recognise(self, file: ModelFile) -> None:
        """Accept text that begins with a comment or with four numbers."""
        if not _START.match(file.head):
            raise Refusal("it begins neither with // nor with the four numbers of a header")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the file.

        Raises:
            TropnetError: as `load` says.
        """
        lines = _lines(source)
        header = _header(lines)
        _require_room(header.sizes, source)
        layers = [_layer(lines, k, a, b) for k, (a, b) in enumerate(_pairs(header.sizes), start=1)]
        rest = next(lines, None)
        if rest is not None:
            raise FormatError(f"{rest.place}: more numbers than the header announces")
        notes = _notes(header, options.normalise)
        builder = NetworkBuilder("float64")
        wire = builder.input(header.sizes[0])
        if options.normalise:
            wire = builder.shift(wire, np.array([-m for m in header.means[:-1]]))
            inverse = [1 / Fraction(r) for r in header.ranges[:-1]]
            wire = builder.linear(wire, RationalMatrix.diagonal(inverse), name="normalised input")
        for k, (weights, bias) in enumerate(layers, start=1):
            wire = builder.linear(wire, weights, bias, f"layer {k}")
            if k < len(layers):
                wire = builder.relu(wire, f"layer {k}")
        if options.normalise:
            size = header.sizes[-1]
            scale = np.eye(size) * header.ranges[-1]
            wire = builder.linear(wire, scale, np.full(size, header.means[-1]), "output scale")
        return builder.build(wire, notes=notes)


@final
@dataclass(frozen=True, slots=True)
class _Line:
    place: str
    text: str

    def numbers(self, count: int | None, what: str, most: int = 0) -> list[float]:
        """Return the numbers of the line, so many or at most so many; a last comma is no number."""
        texts = self.text.removesuffix(",").split(",")
        if len(texts) != (count or min(len(texts), most)):
            expected = f"expected {count}" if count else f"at most {most}"
            raise FormatError(f"{self.place}: {len(texts)} numbers for {what}, {expected}")
        try:
            if "_" in self.text:  # which Python's numbers may have
                raise ValueError
            values = [float(t) for t in texts]
        except ValueError:
            raise FormatError(f"{self.place}: {what} are no numbers: {self.text[:40]!r}") from None
        if not np.isfinite(values).all():
            raise DomainError(f"{self.place}: {what} are not all finite")
        return values

    def integers(self, count: int | None, what: str) -> list[int]:
        """Return the numbers of the line, all positive integers."""
        values = self.numbers(count, what)
        if any(v != int(v) or v < 1 for v in values):
            raise FormatError(f"{self.place}: {what} are not positive integers: {self.text[:40]!r}")
        return [int(v) for v in values]


def _lines(file: ModelFile) -> Iterator[_Line]:
    for number, line in enumerate(file.lines(_MOST_LINE), start=1):
        place = f"{file.path}, line {number}"
        if not line.isascii():
            raise FormatError(f"{place}: this is no .nnet file: it is not plain text")
        stripped = line.decode("ascii").strip()
        if stripped and not stripped.startswith("//"):
            yield _Line(place, stripped)


def _next(lines: Iterator[_Line], what: str) -> _Line:
    line = next(lines, None)
    if line is None:
        raise FormatError(f"the .nnet file ends before {what}; was it copied completely?")
    return line


def _header(lines: Iterator[_Line]) -> _Header:
    count, n_inputs, n_outputs, _ = _next(lines, "its header").integers(4, "the four sizes")
    if count > _MOST_LAYERS:
        raise FormatError(f"a .nnet file of {count} layers; at most {_MOST_LAYERS} are read")
    sizes = _next(lines, "the layer sizes").integers(count + 1, "the layer sizes")
    if (sizes[0], sizes[-1]) != (n_inputs, n_outputs):
        raise FormatError(
            f"the .nnet header has {n_inputs} inputs and {n_outputs} outputs, its layer sizes "
            f"{sizes[0]} and {sizes[-1]}"
        )
    _next(lines, "the symmetry flag")
    most = _MOST_STRAY + 2 * n_inputs
    lows, highs, means, ranges = (
        _next(lines, what).numbers(None, what, most)
        for what in ("minima", "maxima", "means", "ranges")
    )
    return _Header(sizes, lows, highs, means, ranges)


def _require_room(sizes: list[int], file: ModelFile) -> None:
    """Refuse a header that announces more numbers than the file has room for."""
    announced = sum((inputs + 1) * width for inputs, width in _pairs(sizes))
    if announced * _LEAST_NUMBER > file.size:
        raise FormatError(
            f"{file.path}: the header announces layers of {announced:,} numbers, more than fit "
            f"into {file.size:,} bytes; was it copied completely?"
        )


def _layer(
    lines: Iterator[_Line], index: int, inputs: int, width: int
) -> tuple[FloatArray, FloatArray]:
    weights = array("d")
    for _ in range(width):
        what = f"weights of layer {index}"
        weights.extend(_next(lines, f"the {what}").numbers(inputs, what))
    bias = array("d")
    for _ in range(width):
        what = f"a bias of layer {index}"
        bias.extend(_next(lines, f"the biases of layer {index}").numbers(1, what))
    return np.frombuffer(weights).reshape(width, inputs), np.frombuffer(bias)


def _pairs(sizes: list[int]) -> list[tuple[int, int]]:
    return list(pairwise(sizes))


def _notes(header: _Header, normalise: bool) -> list[str]:
    """Return the notes, having checked that the header can be used as asked."""
    n = header.sizes[0]
    counts = [len(v) for v in (header.lows, header.highs, header.means, header.ranges)]
    if counts != [n, n, n + 1, n + 1]:
        what = (
            f"the header has {counts[0]} minima, {counts[1]} maxima, {counts[2]} means and "
            f"{counts[3]} ranges for {n} inputs and the output"
        )
        if normalise:
            raise FormatError(f"{what}; load it with normalise=False")
        return [_NUMBERS, f"{what}; it is left aside"]
    if normalise and 0 in header.ranges:
        raise DomainError("the .nnet header has a range of zero; load it with normalise=False")
    sides = [f"[{a:g}, {b:g}]" for a, b in zip(header.lows, header.highs, strict=True)]
    box = f"{sides[0]}^{n}" if n > 1 and len(set(sides)) == 1 else " x ".join(sides)
    clipping = f"the header clips inputs to {box}; this is not part of the network"
    scaling = "applied" if normalise else "not applied; normalise=True applies it"
    trivial = {*header.means} == {0.0} and {*header.ranges} == {1.0}
    stated = [] if trivial else [f"the header's normalisation of inputs and outputs is {scaling}"]
    return [_NUMBERS, clipping, *stated]
