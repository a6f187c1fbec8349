"""Trees of boxes: which input, or which unit's sign, each box was split by, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias, final

from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.exact.fraction import shortened

#: A layer (counted from 1), a network (`a` or `b`) and a unit.
Unit: TypeAlias = tuple[int, str, int]
#: Ends of all inputs, as floats.
FloatBox: TypeAlias = tuple[tuple[float, float], ...]

#: The deepest tree that is read.
MAX_DEPTH: Final = 4096
_LEAF: Final = "."


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a tree: the points of a box at which units have given signs.

    Attributes:
        box: the ends of each input.
        signs: +1 or −1 for units.
    """

    box: FloatBox
    signs: dict[Unit, int]

    def halves(self, split: int | Unit) -> tuple[Part, Part]:
        """Return both parts when this one is split by an input at the middle, or by a unit's sign.

        The middle is a float next to it; together the parts cover this one, whatever it is.

        Raises:
            CertificateError: no float lies between the ends of that input.
        """
        if isinstance(split, tuple):
            return (
                Part(self.box, {**self.signs, split: -1}),
                Part(self.box, {**self.signs, split: 1}),
            )
        low, high = self.box[split]
        middle = 0.5 * low + 0.5 * high
        if not low < middle < high:
            raise CertificateError(f"input {split} cannot be split between {low!r} and {high!r}")
        before, after = self.box[:split], self.box[split + 1 :]
        return (
            Part((*before, (low, middle), *after), self.signs),
            Part((*before, (middle, high), *after), self.signs),
        )


def outward_box(box: IntervalVector) -> FloatBox | None:
    """Return floats around all ends; None where an end is missing or beyond all floats.

    Example:
        >>> from tropnet.checker.split_tree import outward_box
        >>> from tropnet.exact import IntervalVector
        >>> outward_box(IntervalVector.of([0], ["1/10"]))
        ((0.0, 0.1),)
    """
    found = []
    for low, high in box.ends():
        if low is None or high is None:
            return None
        ends = _rounded(low, -1), _rounded(high, 1)
        if not all(map(math.isfinite, ends)):
            return None
        found.append(ends)
    return tuple(found)


def _rounded(value: Fraction, sign: int) -> float:
    try:
        near = float(value)
    except OverflowError:
        return math.inf
    if (near - value if math.isinf(near) else Fraction(near) - value) * sign < 0:
        near = math.nextafter(near, sign * math.inf)
    return near


def tree_text(splits: Sequence[int | Unit | None]) -> str:
    """Return a tree as text: each part before its two halves, a dot for a leaf.

    Args:
        splits: in that order, the input or the unit that a part is split by; None for a leaf.

    Example:
        >>> from tropnet.checker.split_tree import tree_text
        >>> tree_text([2, None, (1, "b", 7), None, None])
        '2 . 1b7 . .'
    """
    words = []
    for split in splits:
        if split is None:
            words.append(_LEAF)
        elif isinstance(split, tuple):
            words.append(f"{split[0]}{split[1]}{split[2]}")
        else:
            words.append(str(split))
    return " ".join(words)


def splits_of(
    text: str, inputs: int, widths: Sequence[tuple[int, int]]
) -> Iterator[int | Unit | None]:
    """Iterate over what `tree_text` wrote; inverse to it.

    Args:
        text: the tree.
        inputs: the number of inputs.
        widths: the numbers of units of both networks in each layer.

    Raises:
        CertificateError: not one tree, or one that splits what is not there.
    """
    missing = 1
    for word in _words(text):
        if missing == 0:
            raise CertificateError("the tree goes on after its last leaf")
        split = None if word == _LEAF else _split(word, inputs, widths)
        missing += -1 if split is None else 1
        yield split
    if missing:
        raise CertificateError("the tree ends before its last leaf")


def leaves(text: str, root: Part, widths: Sequence[tuple[int, int]]) -> Iterator[Part]:
    """Iterate over the leaves of a tree; together they cover the root.

    Args:
        text: the tree.
        root: its root.
        widths: the numbers of units of both networks in each layer.

    Raises:
        CertificateError: not a tree, or one that splits what is not there.
    """
    waiting = [(root, 0)]
    for split in splits_of(text, len(root.box), widths):
        part, depth = waiting.pop()
        if split is None:
            yield part
            continue
        if depth >= MAX_DEPTH:
            raise CertificateError(f"the tree is deeper than {MAX_DEPTH}")
        first, second = part.halves(split)
        waiting += [(second, depth + 1), (first, depth + 1)]


def _words(text: str) -> Iterator[str]:
    # not text.split(): a tree may have millions of words
    start = 0
    while start < len(text):
        end = text.find(" ", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _split(word: str, inputs: int, widths: Sequence[tuple[int, int]]) -> int | Unit:
    if word.isascii() and word.isdigit() and len(word) < 10 and int(word) < inputs:
        return int(word)
    for place, name in enumerate("ab"):
        layer, found, unit = word.partition(name)
        if found and word.isascii() and layer.isdigit() and unit.isdigit() and len(word) < 20:
            k, j = int(layer), int(unit)
            if 1 <= k <= len(widths) and j < widths[k - 1][place]:
                return k, name, j
    raise CertificateError(f"a tree with {shortened(repr(word))} in it: no such input or unit")
