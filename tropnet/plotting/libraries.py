"""matplotlib and plotly: imported where a picture is drawn, and missed with advice."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tropnet.errors import TropnetError


def library(name: str) -> Any:
    """Import a module of a drawing library.

    Args:
        name: the module, such as "matplotlib.collections".

    Raises:
        TropnetError: it is not installed.

    Example:
        >>> from tropnet.plotting.libraries import library
        >>> library("matplotlib.colors").to_hex((1, 0, 0))
        '#ff0000'
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise TropnetError(
            f"pictures need {missing}, which is not installed; run: pip install 'tropnet[plot]'"
        ) from None
