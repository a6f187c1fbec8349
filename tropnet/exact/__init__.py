"""Exact rational arithmetic: scalars, matrices, signs. No floats decide anything here."""

from __future__ import annotations

from tropnet.exact.fraction import as_fraction, as_fractions
from tropnet.exact.interval import IntervalVector
from tropnet.exact.matrix import RationalMatrix
from tropnet.exact.signs import affine_signs

__all__ = ["IntervalVector", "RationalMatrix", "affine_signs", "as_fraction", "as_fractions"]
