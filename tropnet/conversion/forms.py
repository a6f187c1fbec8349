"""The explicit forms of a piecewise-linear function, with the size of each before it is built."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final, Literal, TypeAlias, final

from tropnet.algebra import TropicalMap, TropicalRational
from tropnet.algebra.inside import inside
from tropnet.conversion.cell_forecast import CellForecast
from tropnet.conversion.circuit_expression import CircuitExpression, circuit_expression
from tropnet.conversion.lattice_form import LatticeForm, lattice_form
from tropnet.conversion.plan import plan_layers
from tropnet.conversion.to_network import to_network
from tropnet.conversion.tropicalize import tropicalize
from tropnet.domains import Domain, require_dimension
from tropnet.errors import BudgetExceeded, DomainError, TropnetError
from tropnet.geometry import enumerate_cells
from tropnet.geometry.flat_box import require_thick_box
from tropnet.network import Network

#: The names of the forms.
FormName = Literal["given", "layers", "regions", "lattice", "circuit"]
#: What `build` returns.
Form: TypeAlias = TropicalMap | tuple[LatticeForm, ...] | CircuitExpression

#: Cells are forecast up to so many inputs and units.
_INPUTS, _UNITS = 6, 5_000
#: Cells up to which a lattice form is offered.
_LATTICE: Final = 2_000
#: Terms of P and Q together for each cell, for up to two hidden layers, and for more; literals for
#: each cell of a lattice form. Medians over trained and untrained networks of 2 to 4 inputs.
_SHALLOW, _DEEP, _LITERALS = 0.9, 1.3, 2.5
#: Characters of an exact number for each of its bits above and below the line, and besides.
_PER_BIT, _PER_NUMBER = 0.6, 3
#: Bits of a coefficient for each affine layer of float32 weights, where they are not bounded.
_LAYER_BITS: Final = 30
#: LaTeX of P ⊘ Q rounds numbers to so many characters or less.
_ROUNDED: Final = 16

_WHAT: Final[dict[str, str]] = {
    "given": "P ⊘ Q as given",
    "layers": "P ⊘ Q layer by layer",
    "regions": "P ⊘ Q from the cells",
    "lattice": "maximum of minima",
    "circuit": "one line a unit",
}


@final
@dataclass(frozen=True, slots=True)
class FormSize:
    """How large one form will be.

    Attributes:
        name: as `build` takes it.
        size: terms of all P and Q, literals of all sets, or terms of all lines; infinite where the
            form is not to be had.
        unit: which of these.
        characters: of the whole as exact text.
        latex: of the whole in LaTeX, where P ⊘ Q is written with rounded numbers.
        exact: whether the size is known; else it is a prediction, rarely off by more than a factor
            of three.
        note: why there is no such form.
    """

    name: FormName
    size: float
    unit: str
    characters: float
    latex: float
    exact: bool
    note: str = ""


@final
@dataclass(frozen=True, eq=False)
class ExplicitForms:
    """The explicit forms of one function, and what each will cost.

    Attributes:
        network: computes the function.
        given: the map the forms were asked of; None for a network.
        domain: where the forms have to hold; None for all of R^n.
        sizes: one entry a form.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.conversion.forms import forms
        >>> found = forms(Network.from_dense([[[1], [-1]], [[1, 1]]]))
        >>> print(found.build("regions")[0])
        max(-x₁, x₁)
        >>> found.sizes[-1].name, found.sizes[-1].size, found.sizes[-1].exact
        ('circuit', 4, True)
    """

    network: Network
    given: TropicalMap | None
    domain: Domain
    sizes: tuple[FormSize, ...]
    _built: dict[str, Form] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> FormSize:
        for size in self.sizes:
            if size.name == name:
                return size
        known = ", ".join(size.name for size in self.sizes)
        raise DomainError(f"there is no form {name!r}; there are {known}")

    @property
    def ranked(self) -> tuple[FormSize, ...]:
        """The forms that are to be had, the shortest text first."""
        known = [size for size in self.sizes if math.isfinite(size.characters)]
        return tuple(sorted(known, key=lambda size: size.characters))

    def build(
        self, name: str, *, max_terms: int = 100_000, time_limit: float | None = None
    ) -> Form:
        """Build one form; it is kept, so that asking again costs nothing.

        Args:
            name: of the form.
            max_terms: refuse larger ones.
            time_limit: seconds after which to give up.

        Returns:
            For "given", "layers" and "regions" the `TropicalMap`, for "lattice" a `LatticeForm` for
            each output, for "circuit" the `CircuitExpression`.

        Raises:
            DomainError: there is no such form.
            BudgetExceeded: it is too large.
            TropnetError: the time limit was reached.
        """
        size = self[name]
        if name not in self._built:
            if math.isinf(size.size):
                raise BudgetExceeded(
                    f"{size.unit} of the form {name!r} ({size.note})", size.size, max_terms,
                    "take a smaller domain, or the form 'circuit'",
                )  # fmt: skip
            self._built[name] = self._made(name, max_terms, time_limit)
        return self._built[name]

    def _made(self, name: str, max_terms: int, time_limit: float | None) -> Form:
        if name == "given":
            assert self.given is not None
            return self.given
        if name == "circuit":
            return circuit_expression(self.network)
        if name == "lattice":
            cells = enumerate_cells(
                self.network, self.domain, max_cells=_LATTICE, time_limit=time_limit
            )
            return tuple(lattice_form(cells, output=k) for k in range(self.network.n_outputs))
        return tropicalize(
            self.network, self.domain, method="layers" if name == "layers" else "regions",
            max_terms=max_terms, time_limit=time_limit,
        )  # fmt: skip

    def smallest(self, *, max_terms: int = 100_000, time_limit: float | None = None) -> Form:
        """Build the form of the shortest text, by its prediction; the next one where it fails.

        Args:
            max_terms: leave out larger ones.
            time_limit: seconds for each attempt.

        Raises:
            BudgetExceeded: all of them are too large.
        """
        for size in self.ranked:
            try:
                return self.build(size.name, max_terms=max_terms, time_limit=time_limit)
            except TropnetError:
                continue
        raise self._none_fits("terms", max_terms, "raise max_terms")

    def to_latex(self, max_characters: int = 20_000, *, time_limit: float | None = None) -> str:
        r"""Return the form of the shortest LaTeX text.

        Long numbers of P ⊘ Q are rounded to six digits, which ≈ marks; other forms are exact.

        Args:
            max_characters: what is still readable.
            time_limit: seconds for each form that is built.

        Raises:
            BudgetExceeded: no form is as short.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.conversion.forms import forms
            >>> print(forms(Network.from_dense([[[1], [-1]], [[1, 1]]])).to_latex())
            y_{1} = \max\left(-x_{1},\; x_{1}\right)
        """
        found: list[str] = []
        for size in sorted(self.ranked, key=lambda size: size.latex):
            # predictions are off now and then; what would be far too long is not built
            if size.latex > 3 * max_characters:
                break
            try:
                text = _latex(self.build(size.name, time_limit=time_limit), max_characters)
            except TropnetError:
                continue
            if len(text) <= max_characters:
                found.append(text)
                if size.exact or len(text) <= size.latex:
                    break
        if not found:
            raise self._none_fits("characters of LaTeX", max_characters, "raise max_characters")
        return min(found, key=len)

    def _none_fits(self, what: str, limit: int, remedy: str) -> BudgetExceeded:
        ranked = self.ranked
        if what == "terms":
            size = min((own.size for own in ranked), default=math.inf)
        else:
            size = min((own.latex for own in ranked), default=math.inf)
        return BudgetExceeded(f"{what} of the smallest explicit form", size, limit, remedy)

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        best = self.ranked[0].name if self.ranked else None
        return [
            (
                size.name,
                _WHAT[size.name],
                f"{_number(size)} {size.unit}" if math.isfinite(size.size) else "—",
                f"{_about(size.characters, size.exact)} characters"
                if math.isfinite(size.characters)
                else size.note,
                "smallest" if size.name == best else "",
            )
            for size in self.sizes
        ]

    def __str__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        where = "" if self.domain is None else f"\non {self.domain} only"
        return "\n".join(lines) + where

    def __repr__(self) -> str:
        best = f"smallest: {self.ranked[0].name}" if self.ranked else "all too large"
        return f"ExplicitForms({', '.join(size.name for size in self.sizes)}; {best})"

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(c)}</td>" for c in row) + "</tr>"
            for row in self._rows()
        )
        where = "" if self.domain is None else f" on {escape(str(self.domain))} only"
        return f"<table><caption>Explicit forms{where}</caption><tbody>{rows}</tbody></table>"


def forms(
    f: Network | TropicalMap | TropicalRational, domain: Domain = None, *, seed: int = 0
) -> ExplicitForms:
    """Predict the size of each explicit form of a function.

    Args:
        f: a network, a map, or one quotient P ⊘ Q.
        domain: where the forms have to hold, None for all of R^n; a map's own where none is given.
        seed: of the samples behind the predictions.

    Returns:
        The sizes; print them, and `build` what you want.

    Raises:
        DomainError: a flat domain, one outside that of the map, or some other object.
        ShapeError: the domain lives in another space.
        BudgetExceeded: a map that is too large for a network.

    Cost: that of `plan`: below 1 s for 300 units in 5 inputs.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.conversion.forms import forms
        >>> hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[1, 0, -1], [0]])
        >>> print(forms(hat, Box.cube(1, -9, 9)))  # doctest: +NORMALIZE_WHITESPACE
        layers   P ⊘ Q layer by layer  about 5 terms      about 48 characters  smallest
        regions  P ⊘ Q from the cells  about 5 terms      about 48 characters
        lattice  maximum of minima     about 10 literals  about 88 characters
        circuit  one line a unit       8 terms            87 characters
        on Box(['-9'], ['9']) only
    """
    given, network, domain = _read(f, domain)
    require_dimension(domain, network.n_inputs)
    require_thick_box(domain)
    cells, bits, note = _cells(network, domain, seed)
    sizes: list[FormSize] = []
    numbers = network.n_inputs + 1

    def quotient(name: FormName, terms: float, note: str) -> FormSize:
        each = numbers * (_PER_BIT * bits + _PER_NUMBER)
        short = numbers * min(_PER_BIT * bits + 2 * _PER_NUMBER, _ROUNDED)
        return FormSize(name, terms, "terms", terms * each, terms * short, False, note)

    if given is not None:
        count = sum(p + q for p, q in given.k)
        text = sum(map(len, given.to_text())) + 5 * given.m
        rounded = sum(len(output.to_latex()) for output in given)
        sizes.append(FormSize("given", count, "terms", text, rounded, True))
    else:
        planned = plan_layers(network, domain, seed=seed)
        terms: float = sum(p + q for p, q in planned.outputs) if planned.outputs else math.inf
        sizes.append(quotient("layers", terms, "" if planned.outputs else "too large to expand"))
    deep = len(network.layers) > 2
    terms = network.n_outputs * _up(cells * (_DEEP if deep else _SHALLOW) + 1)
    sizes.append(quotient("regions", terms, note))
    sizes.append(_lattice(network, cells, bits, note))
    sizes.append(_circuit(network))
    return ExplicitForms(network, given, domain, tuple(sizes))


def _read(f: Any, domain: Domain) -> tuple[TropicalMap | None, Network, Domain]:
    if isinstance(f, Network):
        return None, f, domain
    if isinstance(f, TropicalRational):
        f = TropicalMap([f])
    if not isinstance(f, TropicalMap):
        raise DomainError(
            f"forms was given a {type(f).__name__}; give a Network, a TropicalMap or a "
            "TropicalRational"
        )
    domain = f.domain if domain is None else domain
    require_dimension(domain, f.n)
    if not inside(domain, f.domain):
        raise DomainError(f"a map that stands for its function on {f.domain} only, not on {domain}")
    return f, to_network(TropicalMap(f.outputs)), domain


def _cells(network: Network, domain: Domain, seed: int) -> tuple[float, int, str]:
    """Return the predicted number of cells, the bits of a coefficient, and why there is none."""
    if network.n_inputs > _INPUTS or network.n_relu > _UNITS:
        bits = _LAYER_BITS * (len(network.layers) + 1)
        return math.inf, bits, f"cells are not counted beyond {_INPUTS} inputs or {_UNITS:,} units"
    found = CellForecast.of(network, domain, 0, seed=seed)
    return found.cells, found.bits, ""


def _circuit(network: Network) -> FormSize:
    try:
        lines = circuit_expression(network)
    except BudgetExceeded as error:
        return FormSize("circuit", math.inf, "terms", math.inf, math.inf, False, str(error))
    text = lines.predicted_size()
    return FormSize("circuit", lines.n_terms, "terms", text, 1.6 * text, True)


def _lattice(network: Network, cells: float, bits: int, note: str) -> FormSize:
    if cells > _LATTICE:
        note = note or f"about {cells:.2g} cells, and at most {_LATTICE:,} for a lattice form"
        return FormSize("lattice", math.inf, "literals", math.inf, math.inf, False, note)
    literals = network.n_outputs * math.ceil(_LITERALS * cells)
    pieces = network.n_outputs * cells * (network.n_inputs + 1) * (_PER_BIT * bits + _PER_NUMBER)
    return FormSize(
        "lattice", literals, "literals", 5 * literals + pieces, 12 * literals + 1.2 * pieces, False
    )


def _latex(form: Form, max_characters: int) -> str:
    if isinstance(form, CircuitExpression):
        return form.to_latex(max_characters)
    if isinstance(form, TropicalMap):
        rows = [(f"y_{{{k}}}", output.to_latex()) for k, output in enumerate(form, start=1)]
        if len(rows) == 1:
            name, text = rows[0]
            return f"{name} {_relation(text)}"
        lines = [f"{name} &{_relation(text)}" for name, text in rows]
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])
    return "\n".join(part.to_latex(max_characters) for part in form)


def _relation(text: str) -> str:
    return text if text.startswith(r"\approx") else f"= {text}"


def _up(value: float) -> float:
    return value if math.isinf(value) else math.ceil(value)


def _number(size: FormSize) -> str:
    return _about(size.size, size.exact)


def _about(value: float, exact: bool) -> str:
    if exact:
        return f"{value:,.0f}"
    return f"about {value:,.0f}" if value < 1e6 else f"about {value:.1e}"
