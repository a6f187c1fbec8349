"""Certificates: what a comparison claims, with everything needed to replay it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, final

from tropnet.checker.gap import NORMS
from tropnet.checker.relation import KINDS, Kind, Relation
from tropnet.checker.spread import Spread
from tropnet.domains import Domain, domain_from_json, domain_to_json
from tropnet.errors import CertificateError, TropnetError
from tropnet.exact import as_fraction, as_fractions
from tropnet.exact.fraction import fraction_text, shortened

SCHEMA: Final = "tropnet/certificate"
VERSION: Final = 2
#: Version 1 knew the relation `equal` alone, without scales.
_OLDEST: Final = 1

#: A certificate larger than this is refused before it is parsed.
LARGEST_FILE: Final = 2**30

Claimed = Literal["equivalent", "different", "bracket"]
Method = Literal["identical", "relations", "intervals", "boxes", "cases", "cells", "none"]


_FIELDS: Final = frozenset(
    ("schema", "version", "claim", "relation", "a", "b", "domain", "atol", "norm", "scales",
     "spread", "lower", "upper")
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class LowerEvidence:
    """A point of the domain where the gap of two functions is at least this large.

    Attributes:
        value: a lower bound of sup gap, which is sup|f − g| unless another relation was asked for;
            None is +∞.
        point: a point of the domain; when `value` is finite, gap ≥ value there.
        direction: for an infinite value, a direction of the domain such that the gap grows without
            bound on the ray from the point.
        other: for a finite value, the second point of a gap that takes two.
    """

    value: Fraction | None
    point: tuple[Fraction, ...]
    direction: tuple[Fraction, ...] | None = None
    other: tuple[Fraction, ...] | None = None


@final
@dataclass(frozen=True, slots=True)
class UpperEvidence:
    """A proof that the gap of two functions is at most this large.

    Attributes:
        value: an upper bound of sup gap; None is +∞ and needs no proof.
        method: `identical`: same normal form. `relations`: claims about units
            (`tropnet.checker.relations`). `intervals`: differences of matched units
            (`tropnet.checker.intervals`). `boxes`: zonotopes on the leaves of a tree of boxes
            (`tropnet.checker.boxes`). `cases`: linear bounds where units have given signs
            (`tropnet.checker.joint_cases`). `cells`: exact enumeration (`tropnet.checker.cells`).
        data: what the method needs, as plain data.
    """

    value: Fraction | None
    method: Method
    data: Any = None


@final
@dataclass(frozen=True, slots=True)
class Certificate:
    """A claim about two networks on a domain, with evidence for both ends of its bracket.

    The claim reads lower ≤ sup over the domain of the gap ≤ upper, and from it `equivalent`
    (upper ≤ atol), `different` (lower > atol), or `bracket` (neither follows). The gap is |a − b|
    unless another relation was asked for.

    Attributes:
        a: SHA-256 of the first network (`Network.sha256`).
        b: SHA-256 of the second.
        domain: where they are compared.
        atol: the tolerance asked for.
        norm: the norm on R^m.
        claim: what follows.
        lower: evidence for the lower end.
        upper: evidence for the upper end.
        relation: the relation compared.
        scales: for `equal` with a tolerance for each output, one over each of them; atol is 1 then.
        spread: where tolerances relative to the outputs' ranges come from.

    Example:
        >>> import tropnet
        >>> f = tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> tropnet.compare(f, f).certificate.claim
        'equivalent'
    """

    a: str
    b: str
    domain: Domain
    atol: Fraction
    norm: str
    claim: Claimed
    lower: LowerEvidence
    upper: UpperEvidence
    relation: Kind = "equal"
    scales: tuple[Fraction, ...] | None = None
    spread: Spread | None = None

    @property
    def asked(self) -> Relation:
        """The relation with its norm and scales.

        Raises:
            DomainError: they do not go together.
        """
        return Relation(self.relation, self.norm, self.scales)

    def to_json(self) -> dict[str, Any]:
        """Return the certificate as plain data, sealed with a SHA-256 of the rest."""
        data = {
            "schema": SCHEMA,
            "version": VERSION,
            "claim": self.claim,
            "relation": self.relation,
            "a": self.a,
            "b": self.b,
            "domain": domain_to_json(self.domain),
            "atol": fraction_text(self.atol),
            "norm": self.norm,
            "scales": _texts(self.scales),
            "spread": None
            if self.spread is None
            else {
                "rtol": fraction_text(self.spread.rtol),
                "atol": _texts(self.spread.atol),
                "points": [_texts(point) for point in self.spread.points],
            },
            "lower": {
                "value": _bound_text(self.lower.value),
                "point": _texts(self.lower.point),
                "direction": _texts(self.lower.direction),
                "other": _texts(self.lower.other),
            },
            "upper": {
                "value": _bound_text(self.upper.value),
                "method": self.upper.method,
                "data": self.upper.data,
            },
        }
        return {**data, "seal": seal(data)}

    @staticmethod
    def from_json(data: Any) -> Certificate:
        """Return the certificate that `to_json` wrote.

        Raises:
            CertificateError: unknown schema or version, a broken seal, missing or garbled fields.
        """
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise CertificateError(f"not a certificate: no schema {SCHEMA!r} in it")
        version = data.get("version")
        if version not in (_OLDEST, VERSION) or isinstance(version, bool):
            raise CertificateError(
                f"certificate version {shortened(repr(version))}; this tropnet reads versions "
                f"{_OLDEST} to {VERSION}"
            )
        body = {key: value for key, value in data.items() if key != "seal"}
        try:
            sealed = seal(body)
        except (TypeError, ValueError, RecursionError) as error:
            raise CertificateError(f"the certificate is no plain JSON data: {error}") from None
        if data.get("seal") != sealed:
            raise CertificateError(
                "the seal does not match: the certificate was changed or damaged"
            )
        try:
            if version == _OLDEST:
                body = _upgraded(body)
            _require_known(body, _FIELDS, "")
            found = Certificate(
                _text(body["a"], "a"),
                _text(body["b"], "b"),
                domain_from_json(body["domain"]),
                as_fraction(_text(body["atol"], "atol"), "atol"),
                _one_of(body["norm"], NORMS, "norm"),
                _one_of(body["claim"], ("equivalent", "different", "bracket"), "claim"),
                _lower(body["lower"]),
                _upper(body["upper"]),
                _one_of(body["relation"], KINDS, "relation"),
                _maybe_vector(body["scales"], "scales"),
                None if body["spread"] is None else _spread(body["spread"]),
            )
            found.asked  # noqa: B018 - it refuses what does not go together
            return found
        except CertificateError:
            raise
        except (KeyError, TypeError, AttributeError, TropnetError) as error:
            raise CertificateError(f"a field is missing or garbled: {error}") from None

    def save(self, path: str | Path) -> None:
        """Write the certificate to a JSON file, whole or not at all.

        Raises:
            CertificateError: the file cannot be written.
        """
        target = Path(path)
        partial = target.with_name(target.name + ".partial")
        try:
            partial.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise CertificateError(f"cannot write the certificate {target}: {error}") from None

    @staticmethod
    def load(path: str | Path) -> Certificate:
        """Read a certificate from a JSON file.

        Raises:
            CertificateError: the file cannot be read or is no sound certificate.
        """
        source = Path(path)
        try:
            if source.stat().st_size > LARGEST_FILE:
                raise CertificateError(f"{source} is larger than {LARGEST_FILE} bytes")
            data = json.loads(source.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CertificateError(f"cannot read the certificate {source}: {error}") from None
        except (ValueError, RecursionError) as error:
            raise CertificateError(f"{source} is not JSON: {error}") from None
        return Certificate.from_json(data)

    def __repr__(self) -> str:
        return (
            f"Certificate({self.claim}, {_bound_text(self.lower.value)[:24]} <= "
            f"{self.asked.bounded} <= "
            f"{_bound_text(self.upper.value)[:24]}, upper by {self.upper.method})"
        )


def seal(body: dict[str, Any]) -> str:
    """Return the SHA-256 of plain data in canonical JSON; it tells damage, not forgery."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _bound_text(value: Fraction | None) -> str:
    return "inf" if value is None else fraction_text(value)


def _bound(value: Any, name: str) -> Fraction | None:
    text = _text(value, name)
    return None if text == "inf" else as_fraction(text, name)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise CertificateError(f"the field {name!r} is not a text")
    return value


def _one_of(value: Any, known: tuple[str, ...], name: str) -> Any:
    if value not in known:
        raise CertificateError(
            f"the field {name!r} is {shortened(repr(value))}; known: {', '.join(known)}"
        )
    return value


def _texts(values: tuple[Fraction, ...] | None) -> list[str] | None:
    return None if values is None else [fraction_text(v) for v in values]


def _require_known(data: dict[str, Any], known: frozenset[str], where: str) -> None:
    """Refuse fields that this version does not read: they may change what is claimed."""
    unknown = sorted(set(data) - known)
    if unknown:
        raise CertificateError(f"unknown field {shortened(repr(where + unknown[0]))}")


def _upgraded(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body of version 1 as one of the present version."""
    if body["relation"] != "equal" or {"scales", "spread"} & set(body):
        raise CertificateError("version 1 knows the relation 'equal' alone, without scales")
    lower = body["lower"]
    if "other" in lower:
        raise CertificateError("unknown field 'lower.other' in a certificate of version 1")
    return {**body, "scales": None, "spread": None, "lower": {**lower, "other": None}}


def _spread(data: Any) -> Spread:
    _require_known(data, frozenset(("rtol", "atol", "points")), "spread.")
    if not isinstance(data["points"], list):
        raise CertificateError("the field 'spread.points' is not a list")
    return Spread(
        as_fraction(_text(data["rtol"], "spread.rtol"), "spread.rtol"),
        _vector(data["atol"], "spread.atol"),
        tuple(_vector(point, "spread.points") for point in data["points"]),
    )


def _lower(data: Any) -> LowerEvidence:
    _require_known(data, frozenset(("value", "point", "direction", "other")), "lower.")
    return LowerEvidence(
        _bound(data["value"], "lower.value"),
        _vector(data["point"], "lower.point"),
        _maybe_vector(data["direction"], "lower.direction"),
        _maybe_vector(data["other"], "lower.other"),
    )


def _upper(data: Any) -> UpperEvidence:
    _require_known(data, frozenset(("value", "method", "data")), "upper.")
    methods = ("identical", "relations", "intervals", "boxes", "cases", "cells", "none")
    method = _one_of(data["method"], methods, "upper.method")
    return UpperEvidence(_bound(data["value"], "upper.value"), method, data["data"])


def _maybe_vector(data: Any, name: str) -> tuple[Fraction, ...] | None:
    return None if data is None else _vector(data, name)


def _vector(data: Any, name: str) -> tuple[Fraction, ...]:
    if not isinstance(data, list):
        raise CertificateError(f"the field {name!r} is not a list")
    return as_fractions([_text(v, name) for v in data], name)
