"""|f − g| the slow way: split the domain along every unit's kink, with affine maps in Fractions.

A region is a point, a segment or a convex polygon, given by its corners; on it every unit is an
affine function of the inputs, written out; `tests.oracles.solid_cells` has the regions of three and
more inputs. Unbounded domains are cut off by a square so large that
whatever grows without bound is astronomically large on its border.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.oracles.fractions_forward import forward
from tropnet.domains import Box, Domain
from tropnet.network import Affine, Network

Point = tuple[Fraction, ...]
#: (coefficient of each input, constant)
Map = tuple[Fraction, ...]
Rows = list[list[Fraction]]

#: Half the side of the square that stands for the plane.
FAR = Fraction(2) ** 8000
#: Nothing that is bounded comes near this size for the small networks that tests draw, and nothing
#: that grows is smaller on the square's border; a step of one ulp from zero has slope 2^-1074.
HUGE = Fraction(2) ** 4000
#: The same in three and more dimensions; smaller, for speed.
SOLID_FAR, SOLID_HUGE = Fraction(2) ** 2400, Fraction(2) ** 1200


@dataclass(frozen=True)
class Answer:
    """What is true of |f − g| on a domain.

    Args:
        inf: sup of the maximum norm; None where it is unbounded.
        one: sup of the 1-norm.
        two_squared: sup of the squared 2-norm.
        cells: the number of regions of the domain's dimension, the square's cut counted as none.
    """

    inf: Fraction | None
    one: Fraction | None
    two_squared: Fraction | None
    cells: int

    def at_most(self, bound: Fraction, norm: str) -> bool:
        if self.inf is None or self.one is None or self.two_squared is None:
            return False
        if norm == "2":
            return self.two_squared <= bound**2
        return (self.inf if norm == "inf" else self.one) <= bound

    def at_least(self, bound: Fraction, norm: str) -> bool:
        if self.inf is None or self.one is None or self.two_squared is None:
            return True
        if norm == "2":
            return bound <= 0 or self.two_squared >= bound**2
        return (self.inf if norm == "inf" else self.one) >= bound


def answer(f: Network, g: Network, domain: Domain) -> Answer | None:
    """Return the truth about |f − g|; None where the domain is empty."""
    inf = one = two = Fraction(0)
    count = 0
    for piece, maps, others in joint_regions(f, g, domain):
        count += 1
        for corner in piece:
            gap = [value(p, corner) - value(q, corner) for p, q in zip(maps, others, strict=True)]
            inf = max([inf, *(abs(v) for v in gap)])
            one = max(one, sum((abs(v) for v in gap), Fraction(0)))
            two = max(two, sum((v * v for v in gap), Fraction(0)))
    if count == 0:
        return None
    if inf > (HUGE if f.n_inputs <= 2 else SOLID_HUGE):
        return Answer(None, None, None, count)
    return Answer(inf, one, two, count)


def joint_regions(
    f: Network, g: Network, domain: Domain
) -> Iterator[tuple[list[Point], list[Map], list[Map]]]:
    """Iterate over the corners of the joint regions of both networks, with their maps on each."""
    if f.n_inputs > 2:
        from tests.oracles.solid_cells import pieces

        for solid, (maps, others) in pieces([f, g], domain):
            yield solid.corners, maps, others
        return
    corners = domain_corners(domain, f.n_inputs)
    for region, maps in regions(f, corners) if corners else []:
        for piece, others in regions(g, region):
            yield piece, maps, others


def domain_corners(domain: Domain, dimension: int) -> list[Point]:
    """Return the corners of a domain, in order around it."""
    if dimension == 1:
        corners: list[Point] = [(-FAR,), (FAR,)]
    else:
        corners = [(-FAR, -FAR), (FAR, -FAR), (FAR, FAR), (-FAR, FAR)]
    if domain is None:
        return corners
    if isinstance(domain, Box):
        sides = []
        for i, (low, high) in enumerate(zip(domain.lower, domain.upper, strict=True)):
            unit = [Fraction(int(i == j)) for j in range(dimension)]
            sides += [(*unit, -low), (*(-v for v in unit), high)]
    else:
        sides = [
            (*(-v for v in row), limit) for row, (limit,) in zip(domain.A, domain.b, strict=True)
        ]
    for side in sides:
        corners = part(corners, side)
    return corners


def regions(network: Network, corners: list[Point]) -> list[tuple[list[Point], list[Map]]]:
    """Return the linear regions of a network within a region, with the map on each."""
    dimension = network.n_inputs
    inputs = [tuple(Fraction(int(i == j)) for j in range(dimension + 1)) for i in range(dimension)]
    found: list[tuple[list[Point], list[list[Map]]]] = [(corners, [inputs])]
    for layer in network.layers:
        rows, bias = dense(layer.affine)
        split: list[tuple[list[Point], list[list[Map]]]] = []
        for region, values in found:
            before = apply(rows, bias, values)
            pieces: list[tuple[list[Point], list[Map]]] = [(region, [])]
            for form, relu in zip(before, layer.relu, strict=True):
                pieces = [
                    piece
                    for old, done in pieces
                    for piece in (bend(old, done, form) if relu else [(old, [*done, form])])
                ]
            split += [(piece, [*values, after]) for piece, after in pieces]
        found = split
    rows, bias = dense(network.output)
    return [(region, apply(rows, bias, values)) for region, values in found]


def bend(region: list[Point], done: list[Map], form: Map) -> list[tuple[list[Point], list[Map]]]:
    """Return the parts of a region on both sides of a kink, with the unit's map on each."""
    heights = [value(form, corner) for corner in region]
    nothing = (Fraction(0),) * len(form)
    if min(heights) >= 0:
        return [(region, [*done, form])]
    if max(heights) <= 0:
        return [(region, [*done, nothing])]
    opposite = tuple(-v for v in form)
    return [(part(region, form), [*done, form]), (part(region, opposite), [*done, nothing])]


def part(corners: Sequence[Point], form: Map) -> list[Point]:
    """Return the corners of the part of a convex region where a form is not negative."""
    kept: list[Point] = []
    for here, there in zip(corners, [*corners[1:], *corners[:1]], strict=True):
        h, t = value(form, here), value(form, there)
        if h >= 0 and here not in kept:
            kept.append(here)
        if (h > 0 and t < 0) or (h < 0 and t > 0):
            crossing = tuple(u + (v - u) * h / (h - t) for u, v in zip(here, there, strict=True))
            if crossing not in kept:
                kept.append(crossing)
    return kept


def value(form: Map, point: Point) -> Fraction:
    return sum((c * x for c, x in zip(form, point, strict=False)), form[-1])


def dense(affine: Affine) -> tuple[dict[int, Rows], list[Fraction]]:
    rows = {source: weights.exact.to_fractions() for source, weights in affine.terms}
    return rows, [row[0] for row in affine.bias.exact.to_fractions()]


def apply(
    rows: dict[int, Rows], bias: list[Fraction], values: Sequence[Sequence[Map]]
) -> list[Map]:
    """Return an affine function of sources that are themselves affine maps of the inputs."""
    found = []
    length = len(values[0][0])
    for i, constant in enumerate(bias):
        total = [Fraction(0)] * (length - 1) + [constant]
        for source, table in rows.items():
            for weight, form in zip(table[i], values[source], strict=True):
                if weight:
                    total = [u + weight * v for u, v in zip(total, form, strict=True)]
        found.append(tuple(total))
    return found


def gap_at(f: Network, g: Network, point: Point) -> list[Fraction]:
    """Return f − g at a point."""
    return [u - v for u, v in zip(forward(f, point)[-1], forward(g, point)[-1], strict=True)]


def lies_in(domain: Domain, point: Point) -> bool:
    if domain is None:
        return True
    if isinstance(domain, Box):
        return all(a <= v <= b for a, v, b in zip(domain.lower, point, domain.upper, strict=True))
    return all(
        sum((c * x for c, x in zip(row, point, strict=True)), Fraction(0)) <= limit
        for row, (limit,) in zip(domain.A, domain.b, strict=True)
    )
