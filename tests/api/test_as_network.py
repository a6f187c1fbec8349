from __future__ import annotations

import pytest

from tropnet import FormatError, Network
from tropnet.algebra import TropicalMap, TropicalPolynomial
from tropnet.api.as_network import as_network


def test_a_network_comes_back_itself() -> None:
    f = Network.from_dense([[[1]]])
    assert as_network(f) is f


def test_whatever_load_reads() -> None:
    assert as_network("examples:moons_b").architecture == "2-8-8-1"
    with pytest.raises(FormatError, match="no model that can be read"):
        as_network(object())


def test_tropical_functions_become_networks_that_compute_them() -> None:
    x, y = TropicalPolynomial.variables(2)
    for source in (x * y + "1/3", (x + y) / (0 + y), TropicalMap([x + y, x / y])):
        f = as_network(source)
        for point in ([0, 0], ["1/2", -3], [7, "5/3"]):
            value = source(*point)
            expected = list(value) if isinstance(value, tuple) else [value]
            assert f.exact([point]).to_fractions()[0] == expected
