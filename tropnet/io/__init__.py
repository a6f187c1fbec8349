"""Files and live models in, files out: one reader per format."""

from __future__ import annotations

from tropnet.io.load import load
from tropnet.io.load_map import holds_map, load_map
from tropnet.io.reader import Options, Reader
from tropnet.io.save import save
from tropnet.io.vnnlib import InputBoxes, read_vnnlib

__all__ = [
    "InputBoxes",
    "Options",
    "Reader",
    "holds_map",
    "load",
    "load_map",
    "read_vnnlib",
    "save",
]
