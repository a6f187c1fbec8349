"""The canonical form of a piecewise-linear function on a domain, and its hash."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError
from tropnet.exact import RationalMatrix, as_fraction
from tropnet.exact.fraction import fraction_text, shortened
from tropnet.geometry.affine_subspace import Form
from tropnet.geometry.germ_strata import GermStratum, germ_strata
from tropnet.network import AffineMap

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray

_FORMAT: Final = "tropnet canonical form"
_VERSION: Final = 1
#: Bits of an integer that Python writes itself.
_SHORT: Final = 10_000

#: An affine map R^n → R^m: the m rows one after the other, the constant last in each.
MapRow = tuple[Fraction, ...]


@final
@dataclass(frozen=True, slots=True)
class Wall:
    """Part of the boundary of a piece: a hyperplane, and what lies behind it.

    Attributes:
        form: the hyperplane is where this form on (x, 1) vanishes; (0, …, 0, 1) is infinity.
        side: the sign of the form on the piece beside it.
        neighbour: the number of the piece on the other side, or None outside the domain.
    """

    form: Form
    side: int
    neighbour: int | None


@final
@dataclass(frozen=True, slots=True)
class Piece:
    """All of the domain on which the function has one affine map; it may have several parts.

    Attributes:
        map: the exact map.
        walls: what bounds it, each wall once, however often it occurs.
    """

    map: AffineMap
    walls: tuple[Wall, ...]


@final
@dataclass(frozen=True)
class CanonicalForm:
    """What a piecewise-linear function on a domain is, whatever computes it.

    Two forms are equal just when the domains are the same set and the functions agree on it. The
    form says which affine maps occur, and where: along which hyperplanes two of them meet, along
    which subspaces the pairs that meet change, and so on down to points.

    Attributes:
        n_inputs: the dimension n.
        n_outputs: the dimension m of the values.
        maps: the affine maps in ascending order; number i + 1 in the germs of dimension n − 1.
        strata: the germs of dimension n − 1, …, 0.
    """

    n_inputs: int
    n_outputs: int
    maps: tuple[MapRow, ...]
    strata: tuple[GermStratum, ...]

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of `to_json()` without its field `sha256`, as 64 hexadecimal digits.

        What is hashed is the compact JSON text with sorted keys: the exact form, nothing rounded.
        """
        return _digest(self._content())

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The maps and what bounds the piece of each, in the order of `maps`."""
        walls: list[list[Wall]] = [[] for _ in self.maps]
        hyperplanes = self.strata[0]
        for germ in hyperplanes.germs:
            subspace = hyperplanes.subspaces[germ[0]]
            form = _hyperplane(subspace[0]) if self.n_inputs == 1 else subspace[0]
            plus, minus = (k - 1 if k else None for k in germ[1:3])
            if plus is not None:
                walls[plus].append(Wall(form, 1, minus))
            if minus is not None:
                walls[minus].append(Wall(form, -1, plus))
        return tuple(
            Piece(self._affine_map(row), tuple(own))
            for row, own in zip(self.maps, walls, strict=True)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the form as plain data; all numbers that may be large are texts."""
        return {**self._content(), "sha256": self.sha256}

    @staticmethod
    def from_json(data: Any) -> CanonicalForm:
        """Return the form that `to_json` wrote.

        Raises:
            FormatError: other data, another version, or a digest that does not fit.
        """
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise FormatError(f"no {_FORMAT}; such a file is written by CanonicalForm.save")
        if data.get("version") != _VERSION:
            raise FormatError(
                f"a {_FORMAT} of version {data.get('version')!r}; this tropnet reads {_VERSION}"
            )
        try:
            form = _read(data)
        except (KeyError, TypeError, ValueError, DomainError) as error:
            raise FormatError(f"a {_FORMAT} lacks or garbles a field: {error}") from None
        if data.get("sha256") != form.sha256:
            raise FormatError(f"a {_FORMAT} was changed: its digest is {form.sha256}")
        return form

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the form as a JSON file."""
        Path(path).write_text(json.dumps(self.to_json()), encoding="ascii")

    @staticmethod
    def load(path: str | os.PathLike[str]) -> CanonicalForm:
        """Read a file that `save` wrote.

        Raises:
            FormatError: another file, or one that was changed.
        """
        try:
            data = json.loads(Path(path).read_bytes())
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{os.fspath(path)} is no JSON file: {error}") from None
        return CanonicalForm.from_json(data)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(s.germs)} of dimension {s.dimension}" for s in self.strata)
        maps = f"{len(self.maps)} map{'s' * (len(self.maps) != 1)}"
        return (
            f"CanonicalForm({self.n_inputs} → {self.n_outputs}; {maps}; germs: {counts}; "
            f"sha256 {self.sha256[:12]}…)"
        )

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"

    def _content(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "n_inputs": self.n_inputs,
            "n_outputs": self.n_outputs,
            "maps": [[fraction_text(v) for v in row] for row in self.maps],
            "strata": [
                {
                    "dimension": stratum.dimension,
                    "subspaces": [
                        [[_integer_text(v) for v in row] for row in rows]
                        for rows in stratum.subspaces
                    ],
                    "germs": [list(germ) for germ in stratum.germs],
                }
                for stratum in self.strata
            ],
        }

    def _affine_map(self, row: MapRow) -> AffineMap:
        width = self.n_inputs + 1
        rows = [row[k : k + width] for k in range(0, len(row), width)]
        return AffineMap(
            RationalMatrix.from_rows([r[:-1] for r in rows]),
            RationalMatrix.from_rows([[r[-1]] for r in rows]),
        )


def canonical_form(
    cells: PolyhedralComplex,
    *,
    max_incidences: int = 10_000_000,
    pulse: Callable[[], None] = lambda: None,
) -> CanonicalForm:
    """Return the canonical form of the function on the cells of a complex.

    It depends on the function and the domain alone: not on the network, the order, scale or number
    of its units, its storage, the engine that found the cells, or the inequalities that spell the
    domain.

    Args:
        cells: the cells of a network on a domain, all units cut.
        max_incidences: refuse complexes with more pairs of a face and a facet of it.
        pulse: called now and then; it may raise.

    Raises:
        BudgetExceeded: the complex has more.
        DomainError: the complex is not complete, or knows no faces (`engine="tree"`).

    Cost: 200 to 500 µs a cell for n = 2 and n = 3, about 900 µs for n = 4, 3 ms for n = 5; most of
        it for exact vertices and subspaces.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.geometry.canonical_form import canonical_form
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> canonical_form(enumerate_cells(absolute, Box.cube(1)))
        CanonicalForm(1 → 1; 2 maps; germs: 3 of dimension 0; sha256 1d4b9465adb0…)
    """
    pointed = cells.pieces
    pulse()
    maps, numbers = _maps(pointed)
    strata = germ_strata(pointed, numbers, max_incidences, pulse)
    return CanonicalForm(pointed.n_inputs, pointed.network.n_outputs, maps, strata)


def canonical_hash(cells: PolyhedralComplex, *, max_incidences: int = 10_000_000) -> str:
    """Return the SHA-256 of the canonical form of the function on the cells of a complex.

    Args:
        cells: the cells of a network on a domain, all units cut.
        max_incidences: refuse complexes with more pairs of a face and a facet of it.

    Returns:
        64 hexadecimal digits, equal for equal functions on one domain.

    Raises:
        BudgetExceeded: the complex has more.
        DomainError: the complex is not complete, or knows no faces (`engine="tree"`).

    Cost: that of `canonical_form`.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.geometry.canonical_form import canonical_hash
        >>> up = Network.from_dense([[[1]], [[1]]])                     # max(x, 0)
        >>> down = Network.from_dense([[[-1]], [[-1]]])                 # min(x, 0)
        >>> hashes = [canonical_hash(enumerate_cells(f, Box.cube(1))) for f in (up, down)]
        >>> hashes[0] == hashes[1], len(hashes[0])
        (False, 64)
    """
    return canonical_form(cells, max_incidences=max_incidences).sha256


def equal_on(
    first: PolyhedralComplex, second: PolyhedralComplex, *, max_incidences: int = 10_000_000
) -> bool:
    """Tell whether two complexes have one domain, and their networks one function on it, exactly.

    Args:
        first: the cells of a network on a domain, all units cut.
        second: those of another.
        max_incidences: refuse complexes with more pairs of a face and a facet of it.

    Raises:
        BudgetExceeded: a complex has more.
        DomainError: a complex is not complete, or knows no faces (`engine="tree"`).

    Cost: that of two canonical forms, but of the maps alone where these differ.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.geometry.canonical_form import equal_on
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> g = Network.from_dense([[[-2], [2]], [["1/2", "1/2"]]])
        >>> equal_on(enumerate_cells(f), enumerate_cells(g))
        True
    """
    shapes = [(c.n_inputs, c.network.n_outputs) for c in (first, second)]
    if shapes[0] != shapes[1] or _maps(first)[0] != _maps(second)[0]:
        return False
    forms = [canonical_form(c, max_incidences=max_incidences) for c in (first, second)]
    return forms[0] == forms[1]


def _maps(cells: PolyhedralComplex) -> tuple[tuple[MapRow, ...], IntArray]:
    """Return the maps in order, and the number of the map of each cell, from 1."""
    ids, first, inverse = np.unique(cells.map_ids, return_index=True, return_inverse=True)
    numerators, denominator = cells.exact_maps()
    chosen = numerators[first].reshape(len(ids), -1).tolist()
    rows = [tuple(Fraction(int(v), denominator) for v in row) for row in chosen]
    order = sorted(range(len(rows)), key=lambda i: chosen[i])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return tuple(rows[i] for i in order), rank[inverse.reshape(-1)]


def _hyperplane(point: Form) -> Form:
    """Return the form that vanishes at a point of R^1."""
    x, t = point
    divisor = math.gcd(x, t)
    sign = -1 if t < 0 or (t == 0 and x > 0) else 1
    return (sign * t // divisor, -sign * x // divisor)


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _integer_text(value: int) -> str:
    # Python's own texts are faster, but end at 4300 digits
    return str(value) if value.bit_length() < _SHORT else fraction_text(Fraction(value))


def _read(data: dict[str, Any]) -> CanonicalForm:
    n, m = _count(data["n_inputs"]), _count(data["n_outputs"])
    maps = tuple(_numbers(row, m * (n + 1)) for row in _items(data["maps"]))
    strata: list[GermStratum] = []
    above = len(maps)
    for k, stratum in zip(range(n - 1, -1, -1), _items(data["strata"], n), strict=True):
        if stratum["dimension"] != k:
            raise ValueError(f"the stratum of dimension {k} is missing")
        rows = n - k if k else 1
        subspaces = tuple(
            tuple(_form(row, n + 1) for row in _items(forms, rows))
            for forms in _items(stratum["subspaces"])
        )
        germs = tuple(tuple(map(_count, _items(germ))) for germ in _items(stratum["germs"]))
        for germ in germs:
            if len(germ) % 2 == 0 or germ[0] >= len(subspaces) or max(germ[1:], default=1) > above:
                raise ValueError(f"a germ {list(germ)} of numbers that are none")
        strata.append(GermStratum(k, subspaces, germs))
        above = len(germs)
    return CanonicalForm(n, m, maps, tuple(strata))


def _items(value: Any, count: int | None = None) -> list[Any]:
    if not isinstance(value, list) or count not in (None, len(value)):
        size = "" if count is None else f" of {count}"
        raise ValueError(f"{shortened(repr(value))} where a list{size} belongs")
    return value


def _numbers(row: Any, count: int) -> MapRow:
    texts = _items(row, count)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a number where a text such as '1/3' belongs")
    return tuple(map(as_fraction, texts))


def _form(row: Any, count: int) -> Form:
    numbers = _numbers(row, count)
    if any(v.denominator != 1 for v in numbers):
        raise ValueError("a fraction where an integer belongs")
    return tuple(map(int, numbers))


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{shortened(repr(value))} where a count belongs")
    return value
