"""Replaying certificates: exact, small, reaching no search code and no solver."""

from __future__ import annotations

from tropnet.checker.certificate import Certificate, LowerEvidence, UpperEvidence
from tropnet.checker.check import CheckReport, check_networks

__all__ = ["Certificate", "CheckReport", "LowerEvidence", "UpperEvidence", "check_networks"]
