"""What an assertion asks, exactly: two networks, a domain, a relation and a tolerance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, final

from tropnet.checker import Certificate
from tropnet.domains import domain_to_json, require_dimension
from tropnet.equivalence.asked_relation import asked_relation
from tropnet.errors import TropnetError
from tropnet.exact import as_fraction
from tropnet.exact.fraction import fraction_text
from tropnet.network import Network

#: Options of a comparison that are part of the question.
_MEANT: Final = frozenset({"relation", "atol", "rtol", "norm"})
#: Options that change how the answer is found, and how narrow the bracket around it is.
_MEANS: Final = frozenset({"time_limit", "seed", "executor", "evidence", "precision"})


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
        tolerance: one for all outputs, one for each, or relative ones, as texts.

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
    tolerance: tuple[str, ...]

    @staticmethod
    def asked(a: Network, b: Network, domain: Any, options: Mapping[str, Any]) -> Question | None:
        """Return what a call of `compare` asks; None if it is nothing that can be looked up.

        Args:
            a: the first network.
            b: the second network.
            domain: as `compare` takes it.
            options: the keywords of `compare`.
        """
        if not options.keys() <= _MEANT | _MEANS:
            return None
        norm = options.get("norm", "inf")
        try:
            require_dimension(domain, a.n_inputs)
            relation, atol = asked_relation(
                options.get("relation", "equal"), options.get("atol", 0), norm, a.n_outputs
            )
            rtol = as_fraction(options.get("rtol") or 0, "rtol")
        except (TropnetError, TypeError):
            return None  # `compare` refuses it too, and says why
        if rtol and relation.scales is None:
            tolerance = _relative(rtol, [atol] * a.n_outputs)
        elif rtol:
            tolerance = _relative(rtol, [1 / v for v in relation.scales or ()])
        else:
            tolerance = _absolute(atol, relation.scales)
        where = _canonical(domain)
        return Question(a.sha256, b.sha256, where, relation.kind, relation.norm, tolerance)

    @staticmethod
    def of(certificate: Certificate) -> Question:
        """Return the question that a certificate speaks of."""
        spread = certificate.spread
        if spread is None:
            tolerance = _absolute(certificate.atol, certificate.scales)
        else:
            tolerance = _relative(spread.rtol, spread.atol)
        domain = _canonical(certificate.domain)
        asked = (certificate.relation, certificate.norm, tolerance)
        return Question(certificate.a, certificate.b, domain, *asked)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, the name under which its answer is kept."""
        parts = [self.a, self.b, self.domain, self.relation, self.norm, *self.tolerance]
        return hashlib.sha256(json.dumps(["tropnet question 1", *parts]).encode()).hexdigest()


def _absolute(atol: Fraction, scales: Sequence[Fraction] | None) -> tuple[str, ...]:
    kind = "all" if scales is None else "scaled"
    return kind, fraction_text(atol), *map(fraction_text, scales or ())


def _relative(rtol: Fraction, atol: Sequence[Fraction]) -> tuple[str, ...]:
    return "relative", fraction_text(rtol), *map(fraction_text, atol)


def _canonical(domain: Any) -> str:
    return json.dumps(domain_to_json(domain), sort_keys=True, separators=(",", ":"))
