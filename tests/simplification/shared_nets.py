"""All public networks, simplified: `python -m tests.simplification.shared_nets [FOLDER [SECONDS]]`.

Prints a line for each network and domain, R^n and the unit box: sizes before and after, in nonzero
parameters and in entries of the matrices that are left, the rules, the time, and how long replaying
the certificate took. The networks are those below $TROPNET_DATA/nets where no folder is given.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tropnet import Box, Network, TropnetError, compare, load
from tropnet.domains import Domain
from tropnet.simplification.simplify_network import simplify_network

#: Seconds for each simplification.
_SECONDS = 20.0
_ENDINGS = (".pt", ".onnx", ".nnet", ".npz")


def entries(network: Network) -> int:
    """Return the entries of all matrices and biases, zeros included; shared ones count once."""
    parts = [part for y in network.affines for part in (*(m for _, m in y.terms), y.bias)]
    return sum(part.entries.size for part in parts)


def main(folder: Path, seconds: float) -> None:
    files = sorted(p for p in folder.rglob("*") if p.suffix in _ENDINGS)
    if not files:
        sys.exit(f"no networks in {folder}")
    for file in files:
        try:
            network = load(file)
        except TropnetError as error:
            _tell(f"{file.name}: not read: {str(error)[:80]}")
            continue
        for domain in (None, Box.cube(network.n_inputs, 0, 1)):
            _report(file.name, network, domain, seconds)


def _report(name: str, network: Network, domain: Domain, seconds: float) -> None:
    place = "R^n" if domain is None else "box"
    start = time.perf_counter()
    found = simplify_network(network, domain, time_limit=seconds)
    took = time.perf_counter() - start
    start, result = time.perf_counter(), found.result
    report = found.replay()
    replayed = time.perf_counter() - start
    if not report or not compare(network, result, domain, evidence=found.certificate):
        sys.exit(f"{name} on {place}: {report}")
    rules = ", ".join(f"{rule} {count}" for rule, count in found.by_rule().items()) or "nothing"
    _tell(
        f"{name} on {place}: {network.n_relu} -> {result.n_relu} ReLU units, "
        f"{network.n_parameters} -> {result.n_parameters} nonzero parameters, {entries(network)} "
        f"-> {entries(result)} entries; {rules}; {took:.2f} s, replayed in {replayed:.2f} s"
        + ("" if found.complete else "; stopped by the time limit")
    )


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = sys.argv[1:2] or [str(Path(os.environ["TROPNET_DATA"]) / "nets")]
    main(Path(given[0]), float(sys.argv[2]) if len(sys.argv) > 2 else _SECONDS)
