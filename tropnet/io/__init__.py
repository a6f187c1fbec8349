"""Files and live models in, files out: one reader per format."""

from __future__ import annotations

from tropnet.io.domain_file import read_domain
from tropnet.io.export_networks import ExportedQuery, export_networks
from tropnet.io.load import load
from tropnet.io.load_map import holds_map, load_map
from tropnet.io.reader import Options, Reader
from tropnet.io.save import save
from tropnet.io.to_onnx import OnnxFile, to_onnx
from tropnet.io.to_torch import to_torch
from tropnet.io.vnnlib import InputDomains, read_vnnlib

__all__ = [
    "ExportedQuery",
    "InputDomains",
    "OnnxFile",
    "Options",
    "Reader",
    "export_networks",
    "holds_map",
    "load",
    "load_map",
    "read_domain",
    "read_vnnlib",
    "save",
    "to_onnx",
    "to_torch",
]
