"""The size of what is simplified."""

from __future__ import annotations

from typing import TypeAlias

from tropnet.algebra import TropicalMap, TropicalPolynomial, TropicalRational
from tropnet.network import Network
from tropnet.network.affine import Affine
from tropnet.network.linear import Linear

#: What can be simplified.
Subject: TypeAlias = Network | TropicalPolynomial | TropicalRational | TropicalMap


def size_of(subject: Subject) -> dict[str, int]:
    """Return the numbers by which an object is called small, the most important first.

    Args:
        subject: a network: its ReLU units, identity units, nonzero weights and biases, and the
            entries of its matrices, zeros included, those that units share once. A polynomial: its
            terms. A rational function or a map: the terms of all P and all Q.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.size import size_of
        >>> size_of(tropnet.Network.from_dense([[[1], [-1]], [[1, 1]]]))
        {'ReLU units': 2, 'affine units': 0, 'parameters': 4, 'entries': 7}
        >>> size_of(0 + tropnet.TropicalPolynomial.variable(0))
        {'terms': 2}
    """
    if isinstance(subject, Network):
        return {
            "ReLU units": subject.n_relu,
            "affine units": sum(subject.widths) - subject.n_relu,
            "parameters": subject.n_parameters,
            "entries": sum(_stored(part) for y in subject.affines for part in (*_maps(y), y.bias)),
        }
    if isinstance(subject, TropicalPolynomial):
        return {"terms": subject.k}
    pairs = (subject.k,) if isinstance(subject, TropicalRational) else subject.k
    return {"terms of P": sum(p for p, _ in pairs), "terms of Q": sum(q for _, q in pairs)}


def _maps(affine: Affine) -> list[Linear]:
    return [weights for _, weights in affine.terms]


def _stored(part: Linear) -> int:
    rows, columns = part.entries.shape
    return int(rows * columns)
