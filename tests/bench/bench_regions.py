"""Cells of networks: time before certification, with affine maps, and what the proof adds.

The promised ratios are fractions of what the fastest public program took for counts alone (edge
subdivision in float32: .035, .226, .111 and 4.76 s, on a machine whose unit took .040 s). Another
public program, relucent, is timed when the variable RELUCENT_PYTHON names a Python that has it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.measure import Measurement, Reference, measure
from tropnet.domains import Box
from tropnet.geometry import enumerate_cells
from tropnet.geometry.cell_maps import float_maps
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.float_certificate import doubtful_vertices
from tropnet.geometry.quick_certificate import open_vertices
from tropnet.geometry.start import Start
from tropnet.geometry.subdivision import Subdivision, subdivide
from tropnet.io import load
from tropnet.network import Network

#: net, widths, its count of cells where it is known, units for cells, and for cells and maps
NETS = [
    ("A", (2, 32, 32, 1), 795, 0.035 / 0.040 / 10, 0.035 / 0.040 / 8),
    ("B", (2, 64, 64, 64, 1), 6668, 0.226 / 0.040 / 12, 0.226 / 0.040 / 5),
    ("D", (3, 32, 32, 1), 11512, 0.111 / 0.040 / 8, 0.111 / 0.040 / 4),
    ("F", (2, 128, 128, 128, 128, 1), 29584, 4.76 / 0.040 / 12, 4.76 / 0.040 / 9),
]
#: files, the normalised box of all inputs, and units for the complex with its proof
COLLISION_AVOIDANCE = [
    ("nets/vcas/*.nnet", (["-1/2"] * 3, ["1/2"] * 3), 60),
    (
        "nets/hcas/*.nnet",
        (["-0.4975122495625", "-1/2", "-0.50000008"], ["0.50248775044", "1/2", "0.50000008"]),
        700,
    ),
]
#: What certification may add, and bytes a cell.
CERTIFIED, BYTES = 1.5, 200

RELUCENT = """
import sys, time, numpy, torch, relucent

if __name__ == "__main__":
    data = numpy.load(sys.argv[1])
    layers = []
    for k in sorted({int(name.split(".")[0]) for name in data}):
        weight, bias = (torch.from_numpy(data[f"{k}.{part}"]) for part in ("weight", "bias"))
        linear = torch.nn.Linear(*weight.shape[::-1], dtype=torch.float64)
        linear.load_state_dict({"weight": weight, "bias": bias})
        layers += [linear, torch.nn.ReLU()]
    found = relucent.Complex(torch.nn.Sequential(*layers[:-1]))
    begin = torch.full((1, 2), 0.01, dtype=torch.float64)
    start = time.perf_counter()
    found.bfs(begin, cube_radius=1.0, cube_mode="intersect", nworkers=2, verbose=0)
    print(time.perf_counter() - start, len(found))
"""


def measurements() -> Iterator[Measurement]:
    for name, widths, count, cells, maps in NETS:
        network = _network(name, widths)
        circuit, box = Circuit.of(network), Box.cube(network.n_inputs, -1, 1)
        complex_ = enumerate_cells(network, box)
        if "TROPNET_DATA" in os.environ:
            assert complex_.n_cells == count, (name, complex_.n_cells)
        plain, mapped, proved = _runs(circuit, box)
        title = f"{name} {'-'.join(map(str, widths))}, {complex_.n_cells} cells"
        yield measure(f"{title}: cells and adjacency", plain, at_most=cells)
        yield measure(f"{title}: with all float maps", mapped, at_most=maps)
        yield measure(
            f"{title}: with proof", proved, at_most=CERTIFIED, reference=Reference("without", plain)
        )
        size = complex_.nbytes / complex_.n_cells
        yield Measurement(f"{title}: arrays of a cell", size, "byte", 1.0, BYTES)
    yield from _collision_avoidance()
    yield from _relucent()


def _collision_avoidance() -> Iterator[Measurement]:
    """Complete complexes of public networks on their whole (normalised) input boxes."""
    folder = os.environ.get("TROPNET_DATA")
    if not folder:
        return
    for pattern, (lower, upper), most in COLLISION_AVOIDANCE:
        for path in sorted(Path(folder).glob(pattern)):
            network, box = load(path), Box(lower, upper)
            found = enumerate_cells(network, box)
            assert found.complete, path.name
            yield measure(
                f"{path.name}: {found.n_cells} cells, {found.certified}",
                partial(enumerate_cells, network, box),
                at_most=most,
                repeats=1,
            )


def _network(name: str, widths: tuple[int, ...]) -> Network:
    folder = os.environ.get("TROPNET_DATA")
    if folder:
        return load(Path(folder) / "regions" / f"{name}.npz")
    rng = np.random.default_rng(0)
    sizes = list(pairwise(widths))
    weights = [rng.uniform(-1, 1, (b, a)) / np.sqrt(a) for a, b in sizes]
    biases = [rng.uniform(-1, 1, b) / np.sqrt(a) for a, b in sizes]
    return Network.from_dense(weights, biases)


def _runs(circuit: Circuit, box: Box) -> tuple[Callable[[], Any], ...]:
    def plain() -> tuple[Start, Subdivision]:
        start = Start.of(circuit, box)
        record = subdivide(circuit, start, 1_000_000)
        record.lattice.cells_of_facets()
        return start, record

    def mapped() -> object:
        return float_maps(circuit, (plain()[1].signs() > 0).astype(np.int8))

    def proved() -> object:
        start, record = plain()
        doubt = open_vertices(circuit, start, record)
        return doubtful_vertices(circuit, start, record, doubt) if len(doubt) else doubt

    return plain, mapped, proved


def _relucent() -> Iterator[Measurement]:
    python, folder = os.environ.get("RELUCENT_PYTHON"), os.environ.get("TROPNET_DATA")
    if not (python and folder):
        return
    path = Path(folder) / "regions" / "A.npz"
    with tempfile.TemporaryDirectory() as place:
        script = Path(place) / "relucent_cells.py"  # its workers import the file
        script.write_text(RELUCENT)
        command = [python, str(script), str(path)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, count = found.stdout.split()[-2:]
    assert int(count) == NETS[0][2], f"relucent finds {count} cells"
    network = load(path)
    ours = measure(
        "A: complex with proof",
        lambda: enumerate_cells(network, Box.cube(2, -1, 1)),
        at_most=1.0,
    )
    yield Measurement(
        "A: complex with proof", ours.seconds, "relucent, 2 workers", float(seconds), 1 / 1000
    )
