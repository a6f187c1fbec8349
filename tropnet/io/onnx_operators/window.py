"""The attributes of convolutions and pools: kernel, strides, dilations, padding, auto_pad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from tropnet.errors import FormatError, ShapeError
from tropnet.io.onnx_operators.registry import Call

#: No tensor is longer than this.
_LARGEST: Final = 2**31
_AUTO_PADS: Final = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


@final
@dataclass(frozen=True)
class Window:
    """A window that moves over the spatial axes.

    Attributes:
        sizes: its extent along each axis.
        strides: its steps.
        dilations: the distances of its entries.
        auto_pad: how its padding is found where it is not stated.
        stated: the stated padding, before and after each axis.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    auto_pad: str
    stated: tuple[tuple[int, int], ...]

    @staticmethod
    def of(call: Call, spatial: Sequence[int], kernel: Sequence[int] | None = None) -> Window:
        """Return the window that a node's attributes describe.

        Args:
            call: the node.
            spatial: the sizes of the spatial axes.
            kernel: the window of the stored kernel; left out, the attribute is read.

        Raises:
            FormatError: attributes that are missing or contradict each other.
            UnsupportedLayerError: auto_pad SAME where runtimes differ.
            ShapeError: attributes of another number of axes, or the tensor has no spatial axes.
        """
        who, rank = f"node {call.name!r} ({call.op})", len(spatial)
        if rank < 1:
            raise ShapeError(f"{who} needs a batch, channels and at least one axis more")
        named = call.integers("kernel_shape")
        if kernel is not None and named is not None and list(kernel) != named:
            raise FormatError(f"{who}: kernel_shape {named} but a kernel of {list(kernel)}")
        sizes = named if kernel is None else kernel
        if sizes is None:
            raise FormatError(f"{who} lacks its kernel_shape")
        strides = call.integers("strides") or [1] * rank
        dilations = call.integers("dilations") or [1] * rank
        pads = call.integers("pads") or [0] * (2 * rank)
        auto_pad = call.text("auto_pad", "NOTSET", _AUTO_PADS)
        for word, found, count in (
            ("kernel_shape", sizes, rank),
            ("strides", strides, rank),
            ("dilations", dilations, rank),
            ("pads", pads, 2 * rank),
        ):
            least = 0 if word == "pads" else 1
            if len(found) != count or min(found) < least or max(found) > _LARGEST:
                raise ShapeError(
                    f"{who}: {word} {list(found)}, where {count} numbers from {least} on are needed"
                )
        if auto_pad != "NOTSET" and any(pads):
            raise FormatError(f"{who} has both pads {pads} and auto_pad {auto_pad}")
        stated = tuple(zip(pads[:rank], pads[rank:], strict=True))
        window = Window(tuple(sizes), tuple(strides), tuple(dilations), auto_pad, stated)
        pairs = zip(sizes, dilations, strict=True)
        if (
            auto_pad.startswith("SAME")
            and not call.op.startswith("Conv")
            and any(size > 1 and dilation > 1 for size, dilation in pairs)
        ):
            raise call.unsupported(
                f"auto_pad {auto_pad} of a pool with dilations {list(dilations)}, which "
                "onnxruntime leaves out of account", "pads",
            )  # fmt: skip
        least = {"Conv": -1, "ConvTranspose": -max(spatial, default=0)}.get(call.op, 0)
        if auto_pad.startswith("SAME") and min(window._wanted(spatial)) < least:
            raise call.unsupported(
                f"auto_pad {auto_pad} of a window shorter than its stride leaves open which "
                "entries are skipped", "pads",
            )  # fmt: skip
        return window

    def padding(self, spatial: Sequence[int]) -> list[tuple[int, int]]:
        """Return what is added before and after each axis, for a convolution or a pool.

        SAME gives ceil(size / stride) positions; the odd entry goes to the end for SAME_UPPER and
        to the beginning for SAME_LOWER.
        """
        if not self.auto_pad.startswith("SAME"):
            return list(self.stated)
        return [self.halves(max(0, total)) for total in self._wanted(spatial)]

    def _wanted(self, spatial: Sequence[int]) -> list[int]:
        """Return what SAME adds to each axis; below zero, entries at an end are never covered."""
        return [
            (size - 1) // stride * stride + reach - size
            for size, stride, reach in zip(spatial, self.strides, self.reaches, strict=True)
        ]

    @property
    def reaches(self) -> tuple[int, ...]:
        """How many entries the window spans along each axis."""
        pairs = zip(self.sizes, self.dilations, strict=True)
        return tuple((size - 1) * dilation + 1 for size, dilation in pairs)

    def halves(self, total: int) -> tuple[int, int]:
        """Return a padding in two halves, the odd entry where auto_pad wants it."""
        less, more = total // 2, total - total // 2
        return (more, less) if self.auto_pad == "SAME_LOWER" else (less, more)
