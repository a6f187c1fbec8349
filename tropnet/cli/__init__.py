"""The command line: `tropnet info|convert|tropicalize|regions|compare|check`."""

from __future__ import annotations

from tropnet.cli.main import main

__all__ = ["main"]
