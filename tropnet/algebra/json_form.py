"""Tropical functions and maps as plain data for JSON files, with a versioned schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, TypeVar

from tropnet.algebra.tropical_function import TropicalFunction
from tropnet.algebra.tropical_map import TropicalMap
from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.domains import domain_from_json, domain_to_json
from tropnet.errors import DomainError, FormatError
from tropnet.exact import RationalMatrix, as_fraction
from tropnet.exact.fraction import fraction_text, shortened

VERSION: Final = 1
_SCHEMAS: Final = {
    TropicalPolynomial: "tropnet/tropical-polynomial",
    TropicalRational: "tropnet/tropical-rational",
    TropicalMap: "tropnet/tropical-map",
}
#: Longer numbers are refused: reading takes time quadratic in their length.
_LONGEST: Final = 100_000
_NUMBER: Final = re.compile(r"-?[0-9]+(/0*[1-9][0-9]*)?", re.ASCII)


def to_json(value: TropicalFunction | TropicalMap) -> dict[str, Any]:
    """Return a function or a map as plain data: dicts, lists and texts.

    Numbers are exact: texts such as "-3" and "1/2".

    Raises:
        DomainError: none of these.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, to_json
        >>> to_json(TropicalPolynomial([[1]], ["1/2"]))["terms"]
        {'exponents': [['1']], 'coefficients': ['1/2']}
    """
    kind: Any = type(value)
    schema = _SCHEMAS.get(kind)
    if schema is None:
        raise DomainError(f"a {type(value).__name__} is not a tropical function or map")
    head: dict[str, Any] = {"schema": schema, "version": VERSION, "n": value.n}
    if isinstance(value, TropicalMap):
        where = {} if value.domain is None else {"domain": domain_to_json(value.domain)}
        return head | where | {"outputs": [_rational_data(output) for output in value.outputs]}
    if isinstance(value, TropicalRational):
        return head | _rational_data(value)
    assert isinstance(value, TropicalPolynomial)  # the schemas above know no other
    return head | {"terms": _terms_data(value)}


def from_json(data: Any) -> TropicalPolynomial | TropicalRational | TropicalMap:
    """Return what `to_json` wrote, after checking every field.

    Raises:
        FormatError: another schema or version, missing, extra or garbled fields.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, from_json, to_json
        >>> p = TropicalPolynomial([[1], [0]], ["1/2", 3])
        >>> from_json(to_json(p)) == p
        True
    """
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if not isinstance(schema, str) or schema not in _SCHEMAS.values():
        raise FormatError(
            f"the schema is {schema!r}; known: {', '.join(sorted(_SCHEMAS.values()))}"
        )
    version, n = data.get("version"), data.get("n")
    if type(version) is not int or version != VERSION:
        raise FormatError(
            f"{schema} version {version!r}; this tropnet reads version {VERSION}: a newer one may "
            "have written it"
        )
    if type(n) is not int or n < 1:
        raise FormatError(f"{schema}: n is {n!r}, not a positive integer")
    body = {key: value for key, value in data.items() if key not in ("schema", "version", "n")}
    if schema == _SCHEMAS[TropicalPolynomial]:
        return _terms(_field(body, {"terms"}, schema)["terms"], n)
    if schema == _SCHEMAS[TropicalRational]:
        return _rational(body, n)
    domain = domain_from_json(body.pop("domain")) if "domain" in body else None
    outputs = _field(body, {"outputs"}, schema)["outputs"]
    if not isinstance(outputs, list) or not outputs:
        raise FormatError(f"{schema}: outputs is not a list of at least one output")
    if domain is not None and domain.dimension != n:
        raise FormatError(f"{schema}: n is {n}, the domain has {domain.dimension} coordinates")
    return TropicalMap([_rational(output, n) for output in outputs], n, domain)


_Kind = TypeVar("_Kind")


def from_json_as(kind: type[_Kind], data: Any) -> _Kind:
    """Return what `to_json` wrote, refusing what is not of this class.

    Raises:
        FormatError: as `from_json`, or another class.

    Example:
        >>> from tropnet.algebra import TropicalMap, TropicalPolynomial
        >>> from tropnet.algebra.json_form import from_json_as, to_json
        >>> from_json_as(TropicalMap, to_json(TropicalPolynomial.one()))
        Traceback (most recent call last):
            ...
        tropnet.errors.FormatError: the data hold a TropicalPolynomial, not a TropicalMap
    """
    value = from_json(data)
    if not isinstance(value, kind):
        raise FormatError(f"the data hold a {type(value).__name__}, not a {kind.__name__}")
    return value


def _rational_data(value: TropicalRational) -> dict[str, Any]:
    return {
        "numerator": _terms_data(value.numerator),
        "denominator": _terms_data(value.denominator),
    }


def _terms_data(value: TropicalPolynomial) -> dict[str, Any]:
    exponents = [fraction_text(v) for row in value.exponents.to_fractions() for v in row]
    return {
        "exponents": [exponents[i * value.n : (i + 1) * value.n] for i in range(value.k)],
        "coefficients": [fraction_text(row[0]) for row in value.coefficients.to_fractions()],
    }


def _field(data: Any, names: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or set(data) != names:
        found = sorted(map(str, data)) if isinstance(data, Mapping) else type(data).__name__
        raise FormatError(f"{where}: expected the fields {sorted(names)}, found {found}")
    return data


def _rational(data: Any, n: int) -> TropicalRational:
    fields = _field(data, {"numerator", "denominator"}, "a quotient")
    denominator = _terms(fields["denominator"], n)
    if denominator.is_zero():
        raise FormatError("a quotient: the denominator has no terms, it is the tropical zero")
    return TropicalRational(_terms(fields["numerator"], n), denominator)


def _terms(data: Any, n: int) -> TropicalPolynomial:
    fields = _field(data, {"exponents", "coefficients"}, "a polynomial")
    rows, values = fields["exponents"], fields["coefficients"]
    if not isinstance(rows, list) or not isinstance(values, list) or len(rows) != len(values):
        raise FormatError("a polynomial: exponents and coefficients are not lists of one length")
    if not all(isinstance(row, list) and len(row) == n for row in rows):
        raise FormatError(f"a polynomial: every row of exponents is a list of {n} texts")
    if not rows:
        return TropicalPolynomial.zero(n)
    polynomial = TropicalPolynomial.from_arrays(_matrix(rows), _matrix([[v] for v in values]))
    if polynomial.k != len(rows):
        raise FormatError("a polynomial: two terms have the same exponents")
    return polynomial


def _matrix(rows: list[list[Any]]) -> RationalMatrix:
    return RationalMatrix.from_rows([[_number(text) for text in row] for row in rows])


def _number(text: Any) -> Fraction:
    known = isinstance(text, str) and len(text) <= _LONGEST and _NUMBER.fullmatch(text)
    if not known:
        raise FormatError(
            f"{shortened(str(text))!r} is not a rational number such as '-3' or '1/2', of at most "
            f"{_LONGEST} characters"
        )
    return as_fraction(text)
