"""Mutated certificates: `python -m tests.checker.mutants` counts what became of them.

A mutant is sealed anew. The checker has to call it invalid, or refuse to read it, or else what the
mutant claims has to be true by exact enumeration. Any other exception is a failure.
"""

from __future__ import annotations

import copy
import sys
import time
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any
from unittest.mock import patch

from tests.equivalence.random_cases import by_cases
from tests.oracles.fractions_forward import forward
from tests.oracles.joint_cells import answer, gap_at, lies_in
from tests.oracles.relation_gaps import gap_of, scaled, supremum_of
from tropnet.checker import Certificate, LowerEvidence, check_networks
from tropnet.checker.cells import supremum
from tropnet.checker.certificate import seal
from tropnet.checker.gap import Norm
from tropnet.checker.relation import KINDS, Relation
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import CertificateError
from tropnet.network import Affine, Layer, Network

#: Seconds that reading and replaying one mutant may take.
LIMIT = 5

#: What may stand in the place of anything.
STRANGERS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**70, 1.5, float("nan"), float("inf"), -1e400, "", "0", "1", "-1",
    "1/0", "nan", "inf", "-inf", "1e9999", "1e99999", "a", "b", "new", "dead", "active", "same",
    [], {}, [[]], [0], ["0"], [None, None], {"cells": 1}, {"type": "space"}, "١", "1" * 5000,
)  # fmt: skip

Path = tuple[Any, ...]


def places(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Iterate over everything inside plain data, with its place."""
    yield path, data
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    for key, value in items:
        yield from places(value, (*path, key))


def put(data: Any, path: Path, value: Any) -> Any:
    """Return a copy of the data with another value in one place."""
    if not path:
        return copy.deepcopy(value)
    fresh = copy.copy(data)
    fresh[path[0]] = put(data[path[0]], path[1:], value)
    return fresh


def get(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def mutants(data: dict[str, Any], rng: Random, count: int) -> Iterator[dict[str, Any]]:
    """Draw mutants of a certificate's plain data, sealed anew."""
    body = {key: value for key, value in data.items() if key != "seal"}
    spots = [(path, value) for path, value in places(body) if path]
    # fields high up are few, and each of them shall be met as often as the many deep ones
    shallow = [spot for spot in spots if len(spot[0]) <= 2]
    for _ in range(count):
        path, value = rng.choice(rng.choice([spots, shallow]))
        mutant = _mutated(body, path, value, spots, rng)
        if isinstance(mutant, dict) and mutant != body:
            yield {**mutant, "seal": seal(mutant)}


def _mutated(body: Any, path: Path, value: Any, spots: list[tuple[Path, Any]], rng: Random) -> Any:
    kind = rng.choice(["near", "near", "near", "stranger", "delete", "swap", "repeat", "shuffle"])
    parent = get(body, path[:-1])
    if kind == "near" and not isinstance(value, dict | list):
        return put(body, path, _near(value, rng))
    if kind == "delete":
        if isinstance(parent, dict):
            return put(body, path[:-1], {k: v for k, v in parent.items() if k != path[-1]})
        return put(body, path[:-1], [v for i, v in enumerate(parent) if i != path[-1]])
    if kind == "swap":
        other, theirs = rng.choice([s for s in spots if type(s[1]) is type(value)])
        if other[: len(path)] != path and path[: len(other)] != other:
            return put(put(body, path, theirs), other, value)
    if kind == "repeat" and isinstance(parent, list):
        return put(body, path[:-1], [*parent, value])
    if kind == "shuffle" and isinstance(value, list):
        return put(body, path, rng.sample(value, len(value)))
    return put(body, path, rng.choice(STRANGERS))


def _near(value: Any, rng: Random) -> Any:
    """Return a value of the same type close by."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + rng.choice([-1, 1, 1000])
    if not isinstance(value, str):
        return value
    if " " in value:  # a tree
        parts = value.split(" ")
        parts[rng.randrange(len(parts))] = rng.choice([".", "0", "1", "1a0", "1b1", "2", "2a2"])
        return " ".join(parts if rng.random() < 0.5 else rng.sample(parts, len(parts)))
    words = [
        "equivalent", "different", "bracket", "identical", "relations", "intervals", "cells",
        "boxes", "none", "inf", "1", "2", *KINDS, "new", "dead", "active", "affine", "same",
        "opposite",
    ]  # fmt: skip
    try:
        number = Fraction(value)
    except (ValueError, ZeroDivisionError):
        return rng.choice([*words, value[:-1], value + "0", value[::-1], value.upper()])
    changed = [
        -number, number + 1, number - 1, number * 2, number / 2, number * Fraction(99, 100),
        number + Fraction(1, 2**80), number - Fraction(1, 2**80), number * 10**30, Fraction(0),
    ]  # fmt: skip
    return str(rng.choice([*changed, "inf"]))


def is_true(certificate: Certificate, a: Network, b: Network) -> bool:
    """Tell by exact enumeration whether what a certificate claims holds."""
    if (certificate.a, certificate.b) != (a.sha256, b.sha256):
        return False
    if certificate.relation != "equal":
        return _is_true_of(certificate, a, b)
    if certificate.scales is not None:
        if not _follow_from_the_spread(certificate, a):
            return False
        a, b = scaled(a, certificate.scales), scaled(b, certificate.scales)
    truth = answer(a, b, certificate.domain)
    if truth is None:
        return False
    norm, lower, upper = certificate.norm, certificate.lower, certificate.upper
    if lower.value is None and truth.inf is not None:
        return False
    if lower.value is not None and not truth.at_least(lower.value, norm):
        return False
    if upper.value is not None and not truth.at_most(upper.value, norm):
        return False
    # the point must lie in the domain, and show what is said of it up to a rounded square root
    if not lies_in(certificate.domain, lower.point):
        return False
    gap = gap_at(a, b, lower.point)
    if lower.value is not None and norm == "inf" and max(abs(v) for v in gap) < lower.value:
        return False
    match certificate.claim:
        case "equivalent":
            return truth.at_most(certificate.atol, norm)
        case "different":
            return not truth.at_most(certificate.atol, norm)
    return True


def _is_true_of(certificate: Certificate, a: Network, b: Network) -> bool:
    """Tell the same for the relations that are not a distance."""
    kind, lower, upper = certificate.relation, certificate.lower, certificate.upper
    if answer(a, b, certificate.domain) is None or certificate.norm != "inf":
        return False
    if certificate.scales is not None or certificate.spread is not None:
        return False
    if a.n_outputs == 1 and kind in ("argmax", "argmin"):
        return False
    truth = supremum_of(kind, a, b, certificate.domain)
    points = [point for point in (lower.point, lower.other) if point is not None]
    if not all(lies_in(certificate.domain, point) for point in points):
        return False
    if (truth is not None) if lower.value is None else not _shows(lower, kind, a, b):
        return False
    if upper.value is not None and (truth is None or truth > upper.value):
        return False
    holds = truth is not None and truth <= certificate.atol
    return {"equivalent": holds, "different": not holds, "bracket": True}[certificate.claim]


def _shows(lower: LowerEvidence, kind: str, a: Network, b: Network) -> bool:
    """Tell whether the points of a lower bound show it."""
    assert lower.value is not None
    if kind != "up_to_constant":
        f, g = (forward(net, lower.point)[-1] for net in (a, b))
        return gap_of(kind, list(f), list(g)) >= lower.value
    here, there = (gap_at(a, b, point) for point in (lower.point, lower.other or lower.point))
    return max(abs(u - v) / 2 for u, v in zip(here, there, strict=True)) >= lower.value


def _follow_from_the_spread(certificate: Certificate, a: Network) -> bool:
    """Tell whether relative tolerances are those of points of the domain."""
    spread, scales = certificate.spread, certificate.scales
    if spread is None or scales is None:
        return spread is None
    if spread.rtol <= 0 or min(spread.atol) < 0 or certificate.atol != 1:
        return False
    if not all(lies_in(certificate.domain, point) for point in spread.points):
        return False
    columns = list(zip(*(forward(a, point)[-1] for point in spread.points), strict=True))
    return [1 / s for s in scales] == [
        base + spread.rtol * (max(column) - min(column))
        for base, column in zip(spread.atol, columns, strict=True)
    ]


def fate(mutant: dict[str, Any], a: Network, b: Network) -> str:
    """Return what becomes of a mutant: `unreadable`, `rejected` or `true`.

    Raises:
        AssertionError: a false claim was called valid, or it took too long.
    """
    start = time.perf_counter()
    try:
        certificate = Certificate.from_json(mutant)
    except CertificateError:
        return "unreadable"
    report = check_networks(certificate, a, b)
    str(report)
    assert time.perf_counter() - start < LIMIT, "too slow"
    if not report.valid:
        return "rejected"
    assert is_true(certificate, a, b), f"a false claim was called valid: {certificate!r}"
    return "true"


# ---- certificates to mutate ---------------------------------------------------------------------


def dense(*rows: Any, bias: Any = None) -> Network:
    return Network.from_dense(list(rows), bias)


def bases() -> dict[str, tuple[Network, Network, dict[str, Any]]]:
    """Return a certificate of each kind as plain data, with its two networks."""
    absolute = dense([[1], [-1]], [[1, 1]])
    turned = dense([[2], [-3]], [["1/2", "1/3"]])
    shifted = dense([[1], [-1]], [[1, 1]], bias=[[0, "1/8"], [0]])
    # opposite, affine and dead units, and a unit that is always on in the box
    f = Network(2, (Layer(Affine({0: [[1, -1], [1, 1], [0, 1]]}, [0, 1, -9]), True),),
                Affine({1: [[1, 2, 3], [0, 1, 0]]}, [0, 1]))  # fmt: skip
    g = Network(2, (Layer(Affine({0: [[-2, 2], [1, 1], [1, -1], [1, 1]]}, [0, 1, 0, 9]),
                          [True, True, False, True]),),
                Affine({1: [["1/2", 2, 1, 0], [0, 1, 0, 0]]}, [0, 1]))  # fmt: skip
    deep = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1]], [[1, 1]], bias=[[1, 0], [0, -1], [0]])
    near = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1]], [[1, "9/8"]], bias=[[1, 0], [0, -1], [0]])
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 2])
    strip = Polyhedron([[1, -1], [-1, 1]], [1, 1])
    solid, beside = (
        dense([[1, 2, 0], [-1, 1, 1]], [[1, -1], [2, 1]], [[1, v]], bias=[[1, 0], [0, -1], [0]])
        for v in (1, "9/8")
    )
    # unbounded, and there the second unit of the first layer is at most 3
    wedge = Polyhedron([[1, 2, 0], [-1, 1, 1], [0, 0, 1]], [-1, 3, 5])
    questions: dict[str, tuple[Network, Network, Domain, str, Norm]] = {
        "identical": (deep, deep, None, "0", "inf"),
        "relations on the plane": (absolute, turned, None, "0", "inf"),
        "relations in a box": (f, g, Box([-2, -2], [2, 2]), "0", "1"),
        "relations in a triangle": (f, g, triangle, "1/4", "2"),
        "cells": (deep, near, triangle, "1/8", "inf"),
        "cells in a box": (deep, near, Box([-1, 0], [1, "1/2"]), "9", "2"),
        "a difference": (deep, near, Box.cube(2), "0", "1"),
        "drift on the plane": (deep, near, None, "1", "inf"),
        "drift in a strip": (deep, near, strip, "0", "inf"),
        "a bounded difference": (absolute, shifted, None, "1/4", "inf"),
        "two maxima": (*_two_maxima(), None, "0", "inf"),
        "cells in space": (solid, beside, Box.cube(3), "1", "inf"),
        "cells in a wedge": (solid, beside, wedge, "1/2", "2"),
        "a difference in space": (solid, beside, Box(["-1", "-1", "0"], [1, 2, 0]), "0", "1"),
    }
    found = {}
    for name, (a, b, domain, atol, norm) in questions.items():
        verdict = compare_networks(a, b, domain, atol=atol, norm=norm)
        found[name] = (a, b, verdict.certificate.to_json())
    found.update(_relations())
    found.update(_boxes())
    found.update(_cases())
    found["intervals"] = (deep, near, _intervals(deep, near, triangle))
    found["a bracket"] = (deep, near, _bracket(deep, near, Box.cube(2, -3, 3)))
    return found


def _relations() -> dict[str, tuple[Network, Network, dict[str, Any]]]:
    """Return certificates of the other relations, and of tolerances for each output."""
    f = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1], [0, 1]], bias=[[1, 0], [0, -1, "1/2"]])
    g = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1], [0, "3/4"]], bias=[[1, 0], [0, "-1/2", 0]])
    box, strip = Box([-2, -1], [1, 2]), Polyhedron([[1, -1], [-1, 1]], [1, 1])
    questions: dict[str, tuple[Domain, dict[str, Any]]] = {
        "order": (box, {"relation": "at_most", "atol": "3/2"}),
        "no order": (strip, {"relation": "at_most", "atol": "1/2"}),
        "a constant apart": (box, {"relation": "up_to_constant", "atol": "1/2"}),
        "no constant apart": (box, {"relation": "up_to_constant", "atol": "1/4"}),
        "argmax within a margin": (box, {"relation": "argmax", "atol": "3/2"}),
        "another argmax": (box, {"relation": "argmax", "atol": "1/16"}),
        "another argmin": (None, {"relation": "argmin"}),
        "tolerances": (box, {"atol": ["1", "2", "1/2"], "norm": "1"}),
        "relative tolerances": (box, {"atol": "1/8", "rtol": "1/9"}),
    }
    found = {}
    for name, (domain, options) in questions.items():
        verdict = compare_networks(f, g, domain, **options)
        found[name] = (f, g, verdict.certificate.to_json())
    return found


def _boxes() -> dict[str, tuple[Network, Network, dict[str, Any]]]:
    """Return certificates whose upper end is proven box by box."""
    f = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1], [0, 1]], bias=[[1, 0], [0, -1, "1/2"]])
    g = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1], [0, "7/8"]], bias=[[1, 0], [0, "-7/8", 0]])
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 2])
    box = Box([-2, -1], [1, 2])
    questions: dict[str, tuple[Domain, Relation]] = {
        "boxes": (box, Relation("equal", "2")),
        "boxes in a triangle": (triangle, Relation()),
        "boxes for order": (triangle, Relation("at_most")),
        "boxes up to a constant": (triangle, Relation("up_to_constant")),
        "boxes for argmax": (box, Relation("argmax")),
        "boxes for argmin": (triangle, Relation("argmin")),
    }
    found = {}
    for name, (domain, asked) in questions.items():
        exact = supremum(f, g, domain, asked).upper
        assert exact is not None
        norm: Any = asked.norm
        # near enough to the truth for some boxes to be split
        atol = exact * Fraction(51, 50) + Fraction(1, 100)
        with patch("tropnet.equivalence.portfolio.MAX_INPUTS", 0):
            verdict = compare_networks(f, g, domain, relation=asked.kind, norm=norm, atol=atol)
        assert verdict.certificate.upper.method == "boxes", name
        found[name] = (f, g, verdict.certificate.to_json())
    return found


def _cases() -> dict[str, tuple[Network, Network, dict[str, Any]]]:
    """Return certificates whose upper end is proven by cases of units' signs."""
    f = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1], [0, 1]], bias=[[1, 0], [0, -1, "1/2"]])
    g = dense([[1, 2], [-1, 1]], [[1, -1], [2, 1], [0, "7/8"]], bias=[[1, 0], [0, "-7/8", 0]])
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 2])
    box = Box([-2, -1], [1, 2])
    questions: dict[str, tuple[Domain, Relation]] = {
        "cases of signs": (box, Relation()),
        "cases of signs for order": (triangle, Relation("at_most")),
        "cases of signs up to a constant": (box, Relation("up_to_constant")),
        "cases of signs for argmax": (box, Relation("argmax")),
        "cases of signs for argmin": (box, Relation("argmin")),
    }
    found = {}
    for name, (domain, asked) in questions.items():
        one = asked.kind in ("argmax", "argmin")
        verdict = by_cases(
            f, g, domain, relation=asked.kind, atol=1 if one else 9,
            precision=None if one else 0.0, time_limit=2,
        )  # fmt: skip
        assert verdict.certificate.upper.method == "cases", (name, verdict)
        found[name] = (f, g, verdict.certificate.to_json())
    return found


def _two_maxima() -> tuple[Network, Network]:
    """max(x, max(y, z)) and max(max(x, y), z), each maximum as b + relu(a − b)."""

    def largest(i: int, j: int, k: int) -> Network:
        x, y, z = ([int(index == own) for index in range(3)] for own in (i, j, k))
        first = Layer(Affine({0: [[u - v for u, v in zip(y, z, strict=True)]]}))
        second = Layer(Affine({0: [[u - v for u, v in zip(x, z, strict=True)]], 1: [[-1]]}))
        return Network(3, (first, second), Affine({0: [z], 1: [[1]], 2: [[1]]}))

    return largest(0, 1, 2), largest(2, 0, 1)


def _intervals(a: Network, b: Network, domain: Domain) -> dict[str, Any]:
    """Return a certificate whose upper end comes from matched differences."""
    from tropnet.checker import LowerEvidence, UpperEvidence
    from tropnet.checker.intervals import difference_bounds
    from tropnet.equivalence.match import match_units
    from tropnet.equivalence.problem import Problem

    problem = Problem.of(a, b, domain)
    matchings = match_units(problem)
    assert matchings is not None
    sizes = difference_bounds(a, b, problem.box, matchings).magnitudes()
    assert sizes[0] is not None
    data = {"matchings": [m.to_json() for m in matchings], "hull": problem.hull}
    lower = LowerEvidence(Fraction(0), problem.start)
    upper = UpperEvidence(sizes[0], "intervals", data)
    return Certificate(
        a.sha256, b.sha256, domain, sizes[0], "inf", "equivalent", lower, upper
    ).to_json()


def _bracket(a: Network, b: Network, domain: Domain) -> dict[str, Any]:
    data = _intervals(a, b, domain)
    body = {key: value for key, value in data.items() if key != "seal"}
    body.update(atol="1/1000", claim="bracket")
    return {**body, "seal": seal(body)}


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 500
    first = int(arguments[1]) if len(arguments) > 1 else 0
    failures = 0
    for name, (a, b, data) in bases().items():
        tally: Counter[str] = Counter()
        for index, mutant in enumerate(mutants(data, Random(first), count)):
            try:
                tally[fate(mutant, a, b)] += 1
            except Exception as error:
                failures += 1
                sys.stdout.write(f"{name} {index}: {type(error).__name__}: {str(error)[:200]}\n")
        sys.stdout.write(f"{name}: {dict(tally)}\n")
    sys.stdout.write(f"{failures} failures\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
