"""The layers of networks as integer maps of the rows of a cone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import flint

from tropnet.checker.cone import Cone
from tropnet.network.network import Network


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """One layer or the output of one network, over integers.

    Attributes:
        reads: the entries of a row that it reads.
        weights: `(reads, size)`.
        denominator: what its values are multiples of one over.
        keeps: the entries of a row that are read later; its own values follow them.
        bends: where, after that, the values stand that go through ReLU.
        is_output: whether this is the output.
    """

    reads: tuple[int, ...]
    weights: flint.fmpz_mat
    denominator: int
    keeps: tuple[int, ...]
    bends: tuple[int, ...]
    is_output: bool

    def evaluated(self, cone: Cone) -> Cone:
        """Replace what is no longer read in the rows of a cone by the values of this stage.

        The homogeneous networks up to here have to be linear on the cone.
        """
        rows = cone.rows()
        read = [row[i] for row in rows for i in self.reads]
        values = (flint.fmpz_mat(len(rows), len(self.reads), read) * self.weights).entries()
        size = self.weights.ncols()
        return cone.with_rows(
            [
                [row[i] for i in self.keeps] + values[k * size : (k + 1) * size]
                for k, row in enumerate(rows)
            ]
        )

    def rectified(self, cone: Cone) -> Cone:
        """Set what is negative to zero where this stage bends; no unit may cut the cone."""
        rows = []
        for row in cone.rows():
            negative = [column for column in self.bends if row[column] < 0]
            if negative:
                row = list(row)  # other cones share it
                for column in negative:
                    row[column] = 0
            rows.append(row)
        return cone.with_rows(rows)


def stages_of(networks: Sequence[Network]) -> list[Stage]:
    """Return the layers and outputs of networks, one after the other, as integer maps of rows."""
    inputs = networks[0].n_inputs
    plain = [(which, k) for which, f in enumerate(networks) for k in range(len(f.affines))]
    # sources by name: (network, 0) is the input, (network, k + 1) the values of affine function k
    last = {
        (which, k + 1): -1  # where nothing reads it; its kinks still cut
        for which, k in plain
    }
    for time, (which, k) in enumerate(plain):
        for source in networks[which].affines[k].sources:
            last[0 if source == 0 else which, source] = time
        if k + 1 == len(networks[which].affines):
            last[which, k + 1] = len(plain)
    row = [((0, 0), i) for i in range(inputs)] + [((0, -1), 0)]  # (0, -1) is w
    denominators = {(which, 0): 1 for which in range(len(networks))}
    stages = []
    for time, (which, k) in enumerate(plain):
        network = networks[which]
        place = {entry: i for i, entry in enumerate(row)}
        reads, weights, denominator = _integers(network, which, k, place, denominators)
        denominators[which, k + 1] = denominator
        keeps = [i for i, (source, _) in enumerate(row) if i <= inputs or last[source] > time]
        row = [row[i] for i in keeps]
        is_output = k == len(network.layers)
        relu = () if is_output else network.layers[k].relu.nonzero()[0].tolist()
        bends = tuple(len(row) + unit for unit in relu)
        row += [((which, k + 1), i) for i in range(network.affines[k].size)]
        stages.append(Stage(reads, weights, denominator, tuple(keeps), bends, is_output))
    return stages


def _integers(
    network: Network,
    which: int,
    k: int,
    place: Mapping[tuple[tuple[int, int], int], int],
    denominators: Mapping[tuple[int, int], int],
) -> tuple[tuple[int, ...], flint.fmpz_mat, int]:
    """Return one affine function as integers: the entries read, the weights, the denominator."""
    affine = network.affines[k]
    parts = [(source, weights.exact) for source, weights in affine.terms]
    bias = affine.bias.exact
    below = (m.denominator * denominators[which, source] for source, m in parts)
    denominator = math.lcm(bias.denominator, *below)
    reads, columns = [network.n_inputs], [bias.over(denominator)]
    for source, matrix in parts:
        name = (0 if source == 0 else which, source)
        reads += [place[name, i] for i in range(matrix.shape[1])]
        columns.append(matrix.over(denominator // denominators[which, source]))
    joined = [entry for column in columns for entry in column.transpose().entries()]
    return tuple(reads), flint.fmpz_mat(len(reads), affine.size, joined), denominator
