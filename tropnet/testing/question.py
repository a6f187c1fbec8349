"""What an assertion asks, exactly: two networks, a domain, a relation and a tolerance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, final

from tropnet.checker import Certificate
from tropnet.domains import domain_to_json, require_dimension
from tropnet.errors import TropnetError
from tropnet.exact import as_fraction
from tropnet.exact.fraction import fraction_text
from tropnet.network import Network

#: Options of a comparison that change how the answer is found, not what is asked.
_MEANS: Final = frozenset({"time_limit", "seed", "executor", "evidence"})
#: Options that are part of the question.
_MEANT: Final = frozenset({"relation", "atol", "norm"})


@final
@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of two networks; equal questions have equal answers.

    Attributes:
        a: SHA-256 of the first network.
        b: SHA-256 of the second.
        domain: where, as canonical JSON.
        relation: the kind of relation.
        norm: the norm on the outputs.
        atol: the tolerance.

    Example:
        >>> import tropnet
        >>> from tropnet.testing.question import Question
        >>> f = tropnet.Network.from_dense([[[1]]])
        >>> asked = Question.asked(f, f, tropnet.Box([0], [1]), {"atol": "0.1"})
        >>> asked == Question.asked(f, f, tropnet.Box([0], ["1.0"]), {"atol": "1/10", "seed": 7})
        True
        >>> len(asked.digest)
        64
    """

    a: str
    b: str
    domain: str
    relation: str
    norm: str
    atol: Fraction

    @staticmethod
    def asked(a: Network, b: Network, domain: Any, options: Mapping[str, Any]) -> Question | None:
        """Return what a call of `compare` asks; None if it is nothing that can be looked up.

        Args:
            a: the first network.
            b: the second network.
            domain: as `compare` takes it.
            options: the keywords of `compare`.
        """
        meant = {name: value for name, value in options.items() if name not in _MEANS}
        relation, norm = meant.get("relation", "equal"), meant.get("norm", "inf")
        if not (meant.keys() <= _MEANT and isinstance(relation, str) and isinstance(norm, str)):
            return None
        try:
            require_dimension(domain, a.n_inputs)
            atol = as_fraction(meant.get("atol", 0), "atol")
        except TropnetError:
            return None  # `compare` refuses it too, and says why
        return Question(a.sha256, b.sha256, _canonical(domain), relation, norm, atol)

    @staticmethod
    def of(certificate: Certificate) -> Question:
        """Return the question that a certificate speaks of."""
        return Question(
            certificate.a,
            certificate.b,
            _canonical(certificate.domain),
            certificate.relation,
            certificate.norm,
            certificate.atol,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, the name under which its answer is kept."""
        parts = [self.a, self.b, self.domain, self.relation, self.norm, fraction_text(self.atol)]
        return hashlib.sha256(json.dumps(["tropnet question 1", *parts]).encode()).hexdigest()


def _canonical(domain: Any) -> str:
    return json.dumps(domain_to_json(domain), sort_keys=True, separators=(",", ":"))
