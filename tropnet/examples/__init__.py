"""Small trained networks that ship with the package, so that everything can be tried at once.

All have two inputs (a point of the plane), two hidden layers of ReLU units, eight each unless said
otherwise, and one output, whose sign tells the two moons apart:

- `moons_a`, `moons_b`: two trainings from one initialisation, with another order of the batches;
- `moons_a_permuted`: the function of `moons_a` in other clothes, its hidden units permuted and
  rescaled by powers of two, as an ONNX graph;
- `moons_a_pruned`: `moons_a` with the smallest 30 % of its weights set to zero;
- `moons_sparse`: twice 24 units, trained with a penalty on the sum of the sizes of all weights, so
  that four fifths of them are exactly zero.

`python -m tropnet.examples.train` is the script that made them.
"""

from __future__ import annotations

from tropnet.examples.shipped import PREFIX, UnknownExampleError, names, path, resolve

__all__ = ["PREFIX", "UnknownExampleError", "names", "path", "resolve"]
