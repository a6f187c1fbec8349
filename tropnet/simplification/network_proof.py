"""The proof that a simplified network is the same as its original."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any, final

from tropnet.checker import Certificate, LowerEvidence, UpperEvidence, check_networks
from tropnet.checker.check import fault
from tropnet.checker.sign_evidence import replay_signs
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import offer, relate
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.network import Network


@final
class NetworkProof:
    """Proves networks equal to an original, and keeps the last proof.

    Args:
        problem: the original as its first network, the domain, and the time left.
        check: whether to replay each proof.
        signs: evidence for the signs of units of the original, where intervals do not show them.

    Raises:
        CertificateError: that evidence does not hold.
    """

    def __init__(self, problem: Problem, check: bool = False, signs: Any = None) -> None:
        self._problem = problem
        self._check = check
        self._signs = signs
        self.known: list[IntervalVector] | None = None
        if signs is not None:
            self.known = replay_signs(problem.a, problem.domain, problem.box, signs, fault)
        self.certificate: Certificate | None = self._written(
            problem.a, UpperEvidence(Fraction(0), "identical")
        )

    def proves(self, result: Network) -> bool:
        """Prove a network equal to the original on the domain; keep the proof if there is one.

        Raises:
            CertificateError: the proof does not replay, where that is asked for.
        """
        # a proof of what was done in time is worth more than the time
        problem = replace(self._problem, b=result, deadline=self._problem.deadline + 3600)
        bracket = Bracket(problem)
        if result.sha256 == problem.a.sha256:
            bracket.offer_upper(Fraction(0), "identical")
        else:
            offer(relate(problem, known=self.known), bracket)
        if not bracket.equivalent:
            return False
        upper = bracket.upper
        if self._signs is not None and upper.method == "relations":
            upper = replace(upper, data={**upper.data, "signs": self._signs})
        certificate = self._written(result, upper)
        if self._check:
            report = check_networks(certificate, problem.a, result)
            if not report:
                raise CertificateError(f"a simplification does not replay: {report.reason}")
        self.certificate = certificate
        return True

    def _written(self, result: Network, upper: UpperEvidence) -> Certificate:
        problem = self._problem
        return Certificate(
            problem.a.sha256, result.sha256, problem.domain, Fraction(0), "inf", "equivalent",
            LowerEvidence(Fraction(0), problem.start), upper,
        )  # fmt: skip
