"""Loading a ResNet-18 of CIFAR's size in a fresh interpreter: its memory and its time.

Memory is the peak above what torch needs by itself, after it has exported a module; it is compared
with 500 MB. Time is compared with torch's own export of the same network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.measure import Measurement

_MEBIBYTES = 500

_CHILD = """
import json, resource, time
import torch
from tests.io.torch_models import ResNet, trained
from tropnet.io import load

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

torch.manual_seed(0)
model = trained(ResNet((64, 128, 256, 512), 2, 10))
example = torch.zeros(1, 3, 32, 32)
torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))  # imports what an export needs
before = peak()
start = time.perf_counter()
torch.export.export(model, (example,))
exported = time.perf_counter()
network = load(model, example_input=example)
loaded = time.perf_counter()
parameters = sum(p.numel() for p in model.parameters())
print(json.dumps({
    "export": exported - start, "load": loaded - exported, "memory": peak() - before,
    "relu": network.n_relu, "parameters": parameters,
}))
"""


def measurements() -> Iterator[Measurement]:
    child = subprocess.run(
        [sys.executable, "-c", _CHILD], check=True, capture_output=True, text=True
    )
    found = json.loads(child.stdout.splitlines()[-1])
    print(
        f"              ResNet-18: {found['parameters']:,} parameters, {found['relu']:,} relu, "
        f"{found['memory']:.0f} MiB above torch, loaded in {found['load']:.3g} s"
    )
    yield Measurement("load ResNet-18: memory", found["memory"], "MiB", 1.0, _MEBIBYTES)
    yield Measurement("load ResNet-18", found["load"], "torch.export", found["export"], 20)
