"""All answers stay exact in a process whose processor treats subnormal numbers as zero."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import numpy as np
import torch
from tropnet import Network, RationalMatrix
from tropnet.exact import affine_signs
from tropnet.exact.arithmetic import subnormals_are_flushed
from tropnet.network import Affine, linear

if not torch.set_flush_denormal(True):
    raise SystemExit("cannot flush")
tiny = np.array([5e-324])
assert tiny[0] * 1.0 == 0.0
assert subnormals_are_flushed()

# rational matrices read bits
matrix = RationalMatrix.from_floats(np.array([[5e-324, -(2.0**-1022), 1.0]]))
assert matrix.denominator == 2**1074, matrix
assert matrix.signs().tolist() == [[1, -1, 1]], matrix

# weights are kept
assert linear(np.array([[5e-324, -0.0]])).exact[0, 0] > 0
assert Affine({0: np.array([[5e-324]])}).sources == (0,)

# 5e-324 · 1e300 is lost by the processor, and is larger than what remains
weights, point = np.array([[-5e-324, 1e-30]]), np.array([[1e300, 1.0]])
assert affine_signs(weights, np.zeros(1), point).tolist() == [[-1]]
network = Network.from_dense([weights, [[1.0]]])
assert network.enclosure(point).errors.tolist() == [[np.inf]]
assert network.pattern(point).tolist() == [[-1]]

torch.set_flush_denormal(False)
assert not subnormals_are_flushed()
assert network.enclosure(point).errors[0, 0] < 1e-20
"""


def test_no_answer_relies_on_subnormal_numbers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or "cannot flush" in done.stderr, done.stderr
