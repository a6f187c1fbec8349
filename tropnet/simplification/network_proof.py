"""The proof that a simplified network is the same as its original."""

from __future__ import annotations

from collections.abc import Sequence
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
from tropnet.network.schema import network_to_json
from tropnet.simplification.unit_signs import UnitSigns


@final
class NetworkProof:
    """Proves networks equal to an original, and keeps the last proof.

    Args:
        problem: the original as its first network, the domain, and the time left.
        check: whether to replay each proof.
    """

    def __init__(self, problem: Problem, check: bool = False) -> None:
        self._problem = problem
        self._check = check
        self._signs: Any = None
        #: intervals around the pre-activations of the original that its signs prove
        self.known: tuple[IntervalVector, ...] | None = None
        self._last = problem.a
        self.certificate = self._written(problem.a, UpperEvidence(Fraction(0), "identical"))

    def learn(self, signs: UnitSigns) -> None:
        """Take the signs of the original's units for what follows.

        Raises:
            CertificateError: their evidence does not replay, where that is asked for.
        """
        if signs.evidence is None:
            return
        problem, self._signs, self.known = self._problem, signs.evidence, signs.bounds
        if self._check:
            replay_signs(problem.a, problem.domain, problem.box, signs.evidence, fault)

    def proves(self, result: Network) -> bool:
        """Prove a network equal to the original on the domain; keep the proof if there is one.

        Raises:
            CertificateError: the proof does not replay, where that is asked for.
        """
        problem = self._problem
        if result.sha256 == problem.a.sha256:
            upper: UpperEvidence | None = UpperEvidence(Fraction(0), "identical")
        else:
            upper = self._directly(result) or self._through(result)
        if upper is None:
            return False
        certificate = self._written(result, upper)
        if self._check:
            report = check_networks(certificate, problem.a, result)
            if not report:
                raise CertificateError(f"a simplification does not replay: {report.reason}")
        self.certificate, self._last = certificate, result
        return True

    def _directly(self, result: Network) -> UpperEvidence | None:
        upper = self._related(self._problem.a, result, self.known)
        if upper is None or self._signs is None:
            return upper
        return replace(upper, data={**upper.data, "signs": self._signs})

    def _through(self, result: Network) -> UpperEvidence | None:
        """Prove it by the network proven last: its intervals may be narrower."""
        before = self.certificate.upper.data
        if before is None or self._last.sha256 == self._problem.a.sha256:
            return None
        upper = self._related(self._last, result)
        if upper is None:
            return None
        claims = {key: before[key] for key in ("a", "b", "signs") if key in before}
        link = {"network": network_to_json(self._last), "data": claims}
        links = [*before.get("through", []), link]
        return replace(upper, data={**upper.data, "through": links})

    def _related(
        self, first: Network, second: Network, known: Sequence[IntervalVector] | None = None
    ) -> UpperEvidence | None:
        # a proof of what was done in time is worth more than the time
        deadline = self._problem.deadline + 3600
        problem = replace(self._problem, a=first, b=second, deadline=deadline)
        bracket = Bracket(problem)
        offer(relate(problem, known=known), bracket)
        return bracket.upper if bracket.equivalent else None

    def _written(self, result: Network, upper: UpperEvidence) -> Certificate:
        problem = self._problem
        return Certificate(
            problem.a.sha256, result.sha256, problem.domain, Fraction(0), "inf", "equivalent",
            LowerEvidence(Fraction(0), problem.start), upper,
        )  # fmt: skip
