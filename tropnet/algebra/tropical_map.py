"""Tropical maps R^n → R^m: one tropical rational function for each output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, final, overload

import numpy as np

from tropnet.algebra.points import evaluate_call
from tropnet.algebra.printing import html_table, rational_latex
from tropnet.algebra.tropical_function import MAX_TERMS
from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.domains import require_dimension
from tropnet.errors import DomainError, ShapeError

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.typing import FloatArray

#: Outputs that a shortened form shows.
_SHOWN_OUTPUTS = 10


@final
class TropicalMap:
    """A map R^n → R^m, each output a `TropicalRational` P ⊘ Q in the same n variables.

    It is a sequence of its outputs. `f(x)` evaluates, `g(f)` composes. `==` compares terms,
    `equals` compares functions.

    Args:
        outputs: m ≥ 1 rationals, polynomials or numbers.
        n: the number of variables; needed only where all outputs are numbers.
        domain: where the map stands for what it was made of, a Box or a Polyhedron; None for
            all of R^n. Outside it the terms have values too, but they mean nothing: comparing
            two maps there, or without naming a domain, is refused. An output that is taken
            out of the map no longer knows the domain.

    Raises:
        ShapeError: no output, or outputs in different variables.
        DomainError: an output is none of these, or the domain is none.

    Example:
        >>> from tropnet.algebra import TropicalMap, TropicalPolynomial
        >>> x, y = TropicalPolynomial.variables(2)
        >>> f = TropicalMap([x + y, x / y])
        >>> f.n, f.m, f(1, "1/2")
        (2, 2, (Fraction(1, 1), Fraction(1, 2)))
    """

    __slots__ = ("domain", "outputs")
    __array_ufunc__ = None

    outputs: tuple[TropicalRational, ...]
    domain: Domain

    def __init__(self, outputs: Iterable[Any], n: int | None = None, domain: Domain = None) -> None:
        values = list(outputs)
        spaces = {v.n for v in values if isinstance(v, TropicalRational | TropicalPolynomial)}
        if n is not None:
            spaces.add(n)
        if not values or len(spaces) != 1:
            raise ShapeError(
                f"a tropical map of {len(values)} outputs on spaces of dimensions "
                f"{sorted(spaces)}; give at least one output, all in the same variables"
            )
        space = spaces.pop()
        require_dimension(domain, space)
        object.__setattr__(self, "outputs", tuple(TropicalRational.of(v, space) for v in values))
        object.__setattr__(self, "domain", domain)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"TropicalMap is immutable; {name} cannot be set")

    # ---- making one -------------------------------------------------------------------------

    @staticmethod
    def identity(n: int) -> TropicalMap:
        """Return the identity of R^n.

        Example:
            >>> TropicalMap.identity(2)([3, 4])
            (Fraction(3, 1), Fraction(4, 1))
        """
        return TropicalMap(TropicalPolynomial.variables(n))

    @staticmethod
    def affine(weights: Iterable[Iterable[Any]], bias: Iterable[Any]) -> TropicalMap:
        """Return x ↦ W x + b with exact rationals.

        Args:
            weights: W, `(m, n)`.
            bias: b, m numbers.

        Example:
            >>> TropicalMap.affine([[1, -1]], ["1/2"])(2, 0)
            (Fraction(5, 2),)
        """
        rows = zip(weights, bias, strict=True)
        return TropicalMap([TropicalPolynomial.affine(row, value) for row, value in rows])

    # ---- looking at it ----------------------------------------------------------------------

    @property
    def n(self) -> int:
        """The number of inputs."""
        return self.outputs[0].n

    @property
    def m(self) -> int:
        """The number of outputs."""
        return len(self.outputs)

    @property
    def k(self) -> tuple[tuple[int, int], ...]:
        """The numbers of terms of P and of Q, for each output."""
        return tuple(output.k for output in self.outputs)

    def __len__(self) -> int:
        return self.m

    def __iter__(self) -> Iterator[TropicalRational]:
        return iter(self.outputs)

    @overload
    def __getitem__(self, index: int) -> TropicalRational: ...

    @overload
    def __getitem__(self, index: slice) -> TropicalMap: ...

    def __getitem__(self, index: int | slice) -> TropicalRational | TropicalMap:
        if isinstance(index, slice):
            return TropicalMap(self.outputs[index], domain=self.domain)
        return self.outputs[index]

    # ---- values -----------------------------------------------------------------------------

    def __call__(self, *arguments: Any) -> Any:
        """Evaluate at a point (a tuple of m values) or a batch, or compose with functions.

        Example:
            >>> import numpy as np
            >>> x, y = TropicalPolynomial.variables(2)
            >>> TropicalMap([x + y, x * y])(np.array([[1.0, 2.0]])).tolist()
            [[2.0, 3.0]]
        """
        if any(hasattr(argument, "compose") for argument in arguments):
            return self.compose(*arguments)
        return evaluate_call(self, arguments)

    def evaluate(self, points: Any) -> FloatArray:
        """Evaluate at a batch `(batch, n)` in float64; returns `(batch, m)`.

        Polynomials that several outputs share are evaluated once.

        Raises:
            ShapeError: another shape.
            DomainError: NaN or infinite coordinates.

        Example:
            >>> TropicalMap.identity(2).evaluate([[0.5, 2]]).tolist()
            [[0.5, 2.0]]
        """
        array = np.asarray(points, dtype=np.float64)
        value = _once(lambda polynomial: polynomial.evaluate(array))
        columns = [
            output._difference(array, value(output.numerator), value(output.denominator))
            for output in self.outputs
        ]
        return np.stack(columns, axis=1)

    def exact(self, points: Any) -> list[tuple[Any, ...]]:
        """Evaluate exactly at a batch of points; one tuple of m Fractions a point.

        Raises:
            ShapeError: another shape.
            DomainError: an entry is not a finite number.

        Example:
            >>> TropicalMap.identity(2).exact([["1/3", 2]])
            [(Fraction(1, 3), Fraction(2, 1))]
        """
        value = _once(lambda polynomial: polynomial.exact(points))
        columns = [
            [p - q for p, q in zip(value(f.numerator), value(f.denominator), strict=True)]
            for f in self.outputs
        ]
        return list(zip(*columns, strict=True))

    def exact_jacobian(
        self, point: Any, *, ties: Literal["first", "refuse"] = "first"
    ) -> tuple[tuple[Fraction, ...], ...]:
        """Return the gradient of each output at a point, exactly.

        Args:
            point: n numbers.
            ties: see `TropicalPolynomial.exact_gradient`.

        Raises:
            DomainError: ties are refused and there is one.

        Example:
            >>> TropicalMap.identity(2).exact_jacobian([0, 0])[0]
            (Fraction(1, 1), Fraction(0, 1))
        """
        return tuple(output.exact_gradient(point, ties=ties) for output in self.outputs)

    def jacobian(self, points: Any, *, ties: Literal["first", "refuse"] = "first") -> FloatArray:
        """Return the gradients at a batch of points, `(batch, m, n)`; terms are chosen exactly.

        Raises:
            DomainError: ties are refused and there is one.
            ShapeError: another shape.

        Example:
            >>> TropicalMap.identity(2).jacobian([[0.0, 0.0]]).tolist()
            [[[1.0, 0.0], [0.0, 1.0]]]
        """
        return np.stack([output.gradient(points, ties=ties) for output in self.outputs], axis=1)

    # ---- functions --------------------------------------------------------------------------

    def compose(self, *inner: Any, max_terms: int = MAX_TERMS) -> TropicalMap:
        """Return the composition x ↦ self(inner(x)).

        Args:
            *inner: a TropicalMap with n outputs, or n functions in common variables.
            max_terms: refuse when a product on the way could have more terms.

        Raises:
            ShapeError: the numbers of outputs and inputs do not fit.
            BudgetExceeded: a product on the way could exceed `max_terms`.
            DomainError: this map has a domain, which the values of the others may leave.

        Example:
            >>> x, y = TropicalPolynomial.variables(2)
            >>> swap, total = TropicalMap([y, x]), TropicalMap([x * y, x / y])
            >>> total(swap)(5, 1)
            (Fraction(6, 1), Fraction(-4, 1))
        """
        if self.domain is not None:
            raise DomainError(
                f"a map that stands for its function on {self.domain} only is not composed with "
                "others, whose values may lie elsewhere; tropicalize on all of R^n, or compose "
                "TropicalMap(f.outputs), whose terms go on everywhere"
            )
        domains = {f.domain for f in inner if isinstance(f, TropicalMap)}
        outputs = [output.compose(*inner, max_terms=max_terms) for output in self.outputs]
        return TropicalMap(outputs, domain=domains.pop() if len(inner) == len(domains) else None)

    def equals(self, other: Any, domain: Domain = None, *, max_terms: int = MAX_TERMS) -> bool:
        """Tell exactly whether two maps agree at every point of a domain.

        Args:
            other: a TropicalMap with as many outputs, in the same variables.
            domain: a Box, a Polyhedron (on an empty one everything agrees), or None for all of R^n.
            max_terms: refuse when a product on the way could have more terms.

        Raises:
            DomainError: one of the maps has a domain of its own that does not hold this one.
            ShapeError: other numbers of inputs or outputs.
            BudgetExceeded: a product on the way could exceed `max_terms`.

        Example:
            >>> x, y = TropicalPolynomial.variables(2)
            >>> TropicalMap([(x + y) / y]).equals(TropicalMap([0 + x / y]))
            True
        """
        return self.difference_point(other, domain, max_terms=max_terms) is None

    def difference_point(
        self, other: Any, domain: Domain = None, *, max_terms: int = MAX_TERMS
    ) -> tuple[Fraction, ...] | None:
        """Return a rational point of the domain where two maps differ, or None: they agree.

        Args:
            other: a TropicalMap with as many outputs, in the same variables.
            domain: a Box, a Polyhedron, or None for all of R^n.
            max_terms: refuse when a product on the way could have more terms.

        Raises:
            DomainError: one of the maps has a domain of its own that does not hold this one.
            ShapeError: other numbers of inputs or outputs.
            BudgetExceeded: a product on the way could exceed `max_terms`.

        Example:
            >>> TropicalMap.identity(2).difference_point(TropicalMap.identity(2)) is None
            True
        """
        from tropnet.algebra.function_equality import difference_point
        from tropnet.algebra.inside import inside

        if not isinstance(other, TropicalMap):
            other = TropicalMap(other if isinstance(other, Sequence) else [other], self.n)
        if (other.n, other.m) != (self.n, self.m):
            raise ShapeError(
                f"a map R^{self.n} → R^{self.m} compared with one R^{other.n} → R^{other.m}"
            )
        require_dimension(domain, self.n)
        for side in (self, other):
            if not inside(domain, side.domain):
                where = "all of R^n" if domain is None else str(domain)
                raise DomainError(
                    f"a map that stands for its function on {side.domain} only is compared on "
                    f"{where}; pass domain=f.domain, or a part of it"
                )
        for mine, theirs in zip(self.outputs, other.outputs, strict=True):
            point = difference_point(mine, theirs, domain, max_terms)
            if point is not None:
                return point
        return None

    def essential(self, domain: Domain = None) -> TropicalMap:
        """Return the map with the essential terms of every P and Q; the same on the domain.

        Raises:
            ShapeError: the domain lives in another space.

        Example:
            >>> p = TropicalPolynomial([[0], [1], [2]], [0, -5, 0])
            >>> TropicalMap([p, p]).essential().k
            ((2, 1), (2, 1))
        """
        pruned = _once(lambda polynomial: polynomial.essential(domain))
        outputs = [
            TropicalRational(pruned(f.numerator), pruned(f.denominator)) for f in self.outputs
        ]
        return TropicalMap(outputs, domain=self.domain)

    # ---- display ----------------------------------------------------------------------------

    def forms(self, domain: Domain = None) -> Any:
        """Predict how large each explicit form of the map is; `tropnet.forms` of it.

        Args:
            domain: where the forms have to hold; the map's own where none is given.

        Returns:
            The `ExplicitForms`.

        Example:
            >>> TropicalMap.identity(1).forms().build("circuit").n_terms
            1
        """
        # the verbs lie above the algebra, which does not import them to be loaded
        return import_module("tropnet").forms(self, domain)

    def to_text(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return all terms of every output in classical notation, as `parse` reads them back.

        Example:
            >>> TropicalMap.identity(2).to_text(["a", "b"])
            ('a', 'b')
        """
        return tuple(output.to_text(names) for output in self.outputs)

    def to_json(self) -> dict[str, Any]:
        """Return plain data with a versioned schema; see `tropnet.algebra.to_json`.

        Example:
            >>> TropicalMap.identity(2).to_json()["schema"]
            'tropnet/tropical-map'
        """
        from tropnet.algebra.json_form import to_json

        return to_json(self)

    @staticmethod
    def from_json(data: Any) -> TropicalMap:
        """Return the map that `to_json` wrote, after checking every field.

        Raises:
            FormatError: another schema, version or class; missing, extra or garbled fields.

        Example:
            >>> f = TropicalMap.affine([[1, "1/2"]], [3])
            >>> TropicalMap.from_json(f.to_json()) == f
            True
        """
        from tropnet.algebra.json_form import from_json_as

        return from_json_as(TropicalMap, data)

    def _lines(self) -> list[tuple[str, str]]:
        lines = [(f"y{i + 1}", str(f)) for i, f in enumerate(self.outputs[:_SHOWN_OUTPUTS])]
        if self.m > _SHOWN_OUTPUTS:
            lines.append(("…", f"{self.m - _SHOWN_OUTPUTS} more outputs"))
        return lines

    def __str__(self) -> str:
        text = "\n".join(f"{name} = {text}" for name, text in self._lines())
        return text if self.domain is None else f"{text}\non {self.domain} only"

    def __repr__(self) -> str:
        above = sum(pair[0] for pair in self.k)
        below = sum(pair[1] for pair in self.k)
        where = "" if self.domain is None else f", on {self.domain} only"
        return f"TropicalMap(R^{self.n} → R^{self.m}, {above} terms in P, {below} in Q{where})"

    def _repr_html_(self) -> str:
        lines = self._lines()
        if self.domain is not None:
            lines.append(("only on", str(self.domain)))
        return html_table(f"Tropical map R^{self.n} → R^{self.m}", lines)

    def _repr_latex_(self) -> str:
        rows = [rational_latex(f.numerator, f.denominator) for f in self.outputs[:_SHOWN_OUTPUTS]]
        if self.m > _SHOWN_OUTPUTS:
            rows.append(rf"\vdots\;\text{{({self.m - _SHOWN_OUTPUTS} more)}}")
        body = r"\\ ".join(rows)
        where = "" if self.domain is None else rf"\quad\text{{on {self.domain} only}}"
        return rf"$\begin{{pmatrix}} {body} \end{{pmatrix}}{where}$"

    # ---- identity ---------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TropicalMap):
            return NotImplemented
        return self.outputs == other.outputs and self.domain == other.domain

    def __hash__(self) -> int:
        return hash((self.outputs, self.domain))

    def __reduce__(self) -> tuple[Any, ...]:
        return TropicalMap, (self.outputs, None, self.domain)


def _once(function: Callable[[TropicalPolynomial], Any]) -> Callable[[TropicalPolynomial], Any]:
    """Return the function with its results kept for each distinct polynomial."""
    known: dict[TropicalPolynomial, Any] = {}

    def remembered(polynomial: TropicalPolynomial) -> Any:
        if polynomial not in known:
            known[polynomial] = function(polynomial)
        return known[polynomial]

    return remembered
