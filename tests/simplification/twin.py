"""Networks whose function is a constant: `python -m tests.simplification.twin [FOLDER]`.

Prints which of them the simplifier turns into their constant, on R^n and on the unit box, with how
many of the results are proven by a certificate that replays. The networks are those of
$TROPNET_DATA/nets/twin where no folder is given; each is said to compute one constant everywhere.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

from tropnet import Box, Network, load
from tropnet.domains import Domain
from tropnet.simplification.simplify_network import simplify_network

#: Seconds for each network.
_SECONDS = 30
#: Points at which both are evaluated exactly, whatever the proof says.
_POINTS = 20


def is_constant(network: Network) -> bool:
    """Tell whether the outputs read nothing."""
    return not network.output.terms


def main(folder: Path) -> None:
    files = sorted(folder.glob("*.nnet"))
    if not files:
        sys.exit(f"no .nnet files in {folder}")
    found = 0
    for file in files:
        network = load(file)
        constant = False
        for domain in (None, Box.cube(network.n_inputs)):
            constant |= _report(file.stem, network, domain)
        found += constant
    _tell(f"{found} of {len(files)} become their constant, by a proof that replays")


def _report(name: str, network: Network, domain: Domain) -> bool:
    start = time.perf_counter()
    found = simplify_network(network, domain, time_limit=_SECONDS)
    seconds = time.perf_counter() - start
    report = found.replay()
    place = "R^n" if domain is None else "box"
    rules = ", ".join(f"{rule} {n}" for rule, n in found.by_rule().items())
    _tell(
        f"{name} on {place}: {network.n_relu} -> {found.result.n_relu} units, "
        f"{network.n_parameters} -> {found.result.n_parameters} parameters in {seconds:.2f} s; "
        f"{'constant' if is_constant(found.result) else 'not constant'}; {rules}; {report}"
    )
    points = np.random.default_rng(0).uniform(-1, 1, (_POINTS, network.n_inputs))
    if network.exact(points) != found.result.exact(points):
        sys.exit(f"{name} on {place}: another function than before")
    return is_constant(found.result) and bool(report)


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = sys.argv[1:] or [str(Path(os.environ["TROPNET_DATA"]) / "nets" / "twin")]
    main(Path(given[0]))
