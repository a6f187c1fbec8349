"""From a network to tropical rational functions, by layers or from its cells."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final, Literal

from tropnet.conversion.cell_forecast import CellForecast
from tropnet.conversion.layers_form import layers_form
from tropnet.conversion.plan import plan_layers
from tropnet.conversion.regions_form import CELLS_PER_TERM, NotProvedError, regions_form
from tropnet.domains import Domain, require_dimension
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.geometry.flat_box import require_thick_box

if TYPE_CHECKING:
    from tropnet.algebra import TropicalMap
    from tropnet.network import Network

#: How P and Q are found.
Method = Literal["auto", "layers", "regions"]

#: Layers are taken for polynomials up to about this size, which take well below a second.
_SMALL: Final = 120
#: Cells are enumerated for more inputs only on demand: there are rarely few enough.
_INPUTS: Final = 6


def tropicalize(
    network: Network,
    domain: Domain = None,
    *,
    method: Method = "auto",
    max_terms: int = 100_000,
    time_limit: float | None = None,
) -> TropicalMap:
    """Convert a network to a tropical rational function P ⊘ Q for each output, exactly.

    Exponents and coefficients are the exact rationals that the stored weights imply, and all terms
    are essential.

    Args:
        network: in ReLU normal form; skip connections and identity units are welcome.
        domain: a box or a polyhedron; the map then stands for the network only there, and says so
            (`TropicalMap.domain`). None for all of R^n.
        method: "layers" multiplies P and Q out layer by layer, where every unit is max(P, Q) − Q;
            "regions" enumerates the cells and reads P and Q off them, at most one term for each,
            with a proof that they are convex (`regions_form`); "auto" takes layers for small
            results and for more than six inputs, else regions.
        max_terms: refuse, before the work or during it, polynomials of more terms than this.
        time_limit: seconds after which to give up.

    Returns:
        The map; `f.exact(points)` equals `network.exact(points)` everywhere on the domain.

    Raises:
        BudgetExceeded: too many terms or cells are predicted, or turned up.
        TropnetError: the time limit was reached; the message tells how far the work came.
        DomainError: an empty or flat domain, or an unknown method.
        ShapeError: the domain lives in another space.

    Cost: by regions about .1 ms a cell for 200 units; by layers 1–5 µs for every pair of a cell and
        a term that agree on earlier units. `plan` predicts both.

    Source: Zhang, Naitzat, Lim, "Tropical geometry of deep neural networks" (2018), Prop. 5.1, for
        the layers; see `regions_form` for the regions.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.conversion import tropicalize
        >>> absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
        >>> print(tropicalize(absolute)[0])
        max(-x₁, x₁)
        >>> print(tropicalize(absolute, Box([1], [2])))
        y1 = x₁
        on Box(['1'], ['2']) only
    """
    require_dimension(domain, network.n_inputs)
    require_thick_box(domain)
    if method == "auto":
        return _chosen(network, domain, max_terms, time_limit)
    if method == "layers":
        plan_layers(network).require(max_terms)
        return _by_layers(network, domain, max_terms, time_limit)
    if method != "regions":
        raise DomainError(f"method={method!r} is unknown; take 'auto', 'layers' or 'regions'")
    CellForecast.of(network, domain, CELLS_PER_TERM * max_terms).require()
    form = regions_form(network, domain, max_terms=max_terms, time_limit=time_limit)
    return form.to_map()


def _chosen(
    network: Network, domain: Domain, max_terms: int, time_limit: float | None
) -> TropicalMap:
    started = time.monotonic()
    planned = plan_layers(network)
    small = planned.terms <= min(_SMALL, max_terms)
    if small or network.n_inputs > _INPUTS:
        planned.require(max_terms)
        return _by_layers(network, domain, max_terms, time_limit)
    forecast = CellForecast.of(network, domain, CELLS_PER_TERM * max_terms)
    if not forecast.fits:
        if planned.terms > max_terms:
            raise BudgetExceeded(
                f"terms of P and Q by layers ({_size(planned.terms)}), or cells "
                f"({_size(forecast.cells)}, for at most {forecast.budget})",
                planned.terms,
                max_terms,
                "raise max_terms, take a smaller domain, or keep the network as a circuit "
                "(compare and bounds need no P and Q)",
            )
        return _by_layers(network, domain, max_terms, time_limit)
    try:
        form = regions_form(network, domain, max_terms=max_terms, time_limit=time_limit)
    except NotProvedError:
        planned.require(max_terms)
        left = None if time_limit is None else time_limit + started - time.monotonic()
        return _by_layers(network, domain, max_terms, left)
    return form.to_map()


def _by_layers(
    network: Network, domain: Domain, max_terms: int, time_limit: float | None
) -> TropicalMap:
    from tropnet.algebra import TropicalMap

    found = layers_form(network, max_terms=max_terms, time_limit=time_limit)
    return found if domain is None else TropicalMap(found.essential(domain).outputs, domain=domain)


def _size(number: float) -> str:
    return "beyond counting" if math.isinf(number) else f"about {number:.2g}"
