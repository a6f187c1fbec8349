"""The largest f − g of two small networks by mixed-integer programming with HiGHS.

Big-M encoding of both networks over one input; the bounds of each unit are those of the linear
relaxation of the layers before it. What comes of it is what a float solver claims, not a proof.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet import Box, Network

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray


@dataclass(frozen=True)
class Claim:
    """What HiGHS says of max |f − g|.

    Args:
        value: the largest that it found.
        bound: what it says none is above.
        finished: whether it calls every part optimal.
        seconds: the time of all parts.
    """

    value: float
    bound: float
    finished: bool
    seconds: float


def highs_product(f: Network, g: Network, box: Box, time_limit: float) -> Claim:
    """Maximise f_i − g_i and g_i − f_i for every output i, one program each.

    Args:
        f: a chain of dense layers with ReLU.
        g: another one.
        box: where.
        time_limit: seconds for all programs together.
    """
    begin, value, bound, finished = time.perf_counter(), 0.0, 0.0, True
    for output in range(f.n_outputs):
        for sign in (1.0, -1.0):
            left = time_limit - (time.perf_counter() - begin)
            if left <= 0:
                return Claim(value, float("inf"), False, time.perf_counter() - begin)
            solver = _solver(f, g, box, output, sign)
            left = time_limit - (time.perf_counter() - begin)
            solver.setOptionValue("time_limit", solver.getRunTime() + max(left, 0.0))
            solver.run()
            info = solver.getInfo()
            if math.isfinite(info.objective_function_value):  # a point was found
                value = max(value, info.objective_function_value)
            bound = max(bound, info.mip_dual_bound)
            finished &= "Optimal" in str(solver.getModelStatus())
    return Claim(value, bound, finished, time.perf_counter() - begin)


def _solver(f: Network, g: Network, box: Box, output: int, sign: float) -> Any:
    import highspy

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    low, high = (np.array([float(v) for v in side]) for side in (box.lower, box.upper))
    for a, b in zip(low, high, strict=True):
        solver.addVar(a, b)
    cost, offset, switches = dict[int, float](), 0.0, list[int]()
    for network, factor in ((f, sign), (g, -sign)):
        names = np.arange(len(low))
        for affine in network.affines[:-1]:
            names = _layer(solver, affine, names, switches)
        weights, bias = _row(network.output, output)
        offset += factor * bias
        for name, weight in zip(names.tolist(), weights, strict=True):
            cost[name] = cost.get(name, 0.0) + factor * weight
    for name, weight in cost.items():
        solver.changeColCost(name, weight)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    solver.changeObjectiveOffset(offset)
    for switch in switches:
        solver.changeColIntegrality(switch, highspy.HighsVarType.kInteger)
    return solver


def _layer(solver: Any, affine: Any, names: IntArray, switches: list[int]) -> IntArray:
    """Add the units of a layer; return their columns."""
    import highspy

    infinity = highspy.kHighsInf
    columns = names.tolist()
    ends = [_range(solver, columns, *_row(affine, unit)) for unit in range(affine.size)]
    found = []
    for unit, (low, high) in enumerate(ends):
        weights, bias = _row(affine, unit)
        value = solver.getNumCol()
        solver.addVar(0.0, max(high, 0.0))
        found.append(value)
        if high <= 0:
            continue
        # value - w x >= bias; equal if the unit is always on
        entries = [1.0, *(-weights).tolist()]
        upper = bias if low >= 0 else infinity
        solver.addRow(bias, upper, len(entries), [value, *columns], entries)
        if low >= 0:
            continue
        switch = solver.getNumCol()
        solver.addVar(0.0, 1.0)
        switches.append(switch)
        # value <= w x + bias - low (1 - switch), value <= high switch
        solver.addRow(
            -infinity, bias - low, len(entries) + 1, [value, *columns, switch], [*entries, -low]
        )
        solver.addRow(-infinity, 0.0, 2, [value, switch], [1.0, -high])
    return np.array(found)


def _range(
    solver: Any, columns: list[int], weights: FloatArray, bias: float
) -> tuple[float, float]:
    """Return bounds of a pre-activation over the linear relaxation so far."""
    import highspy

    for column, weight in zip(columns, weights.tolist(), strict=True):
        solver.changeColCost(column, weight)
    found = []
    for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
        solver.changeObjectiveSense(sense)
        solver.run()
        found.append(solver.getInfo().objective_function_value + bias)
    for column in columns:
        solver.changeColCost(column, 0.0)
    slack = 1e-6 * (1 + abs(found[0]) + abs(found[1]))  # the solver's own tolerance
    return found[0] - slack, found[1] + slack


def _row(affine: Any, row: int) -> tuple[FloatArray, float]:
    ((_, matrix),) = affine.terms
    return matrix.values[row], float(affine.bias.values[row, 0])
