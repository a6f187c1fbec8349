"""Files that harm are refused: at once, in one line, with nothing run, written or unfolded.

All attacks run in one process of their own, under an audit hook (`tests/io/attacks/warden.py`). By
hand, with times and sizes: `python -m tests.io.attacks [WORD …]`.
"""

from __future__ import annotations

import io
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import helper
from safetensors.numpy import save as safetensors_bytes

from tests.io.attacks.attack import Attack
from tests.io.attacks.formats import FORMATS
from tests.io.attacks.pickles import calls
from tests.io.attacks.sound import SOUND, json_bytes, torch_bytes
from tests.io.attacks.torch_files import with_pickle
from tests.io.attacks.trial import MOST_BYTES, MOST_SECONDS, faults, run
from tests.io.models import (
    dense_arrays,
    dense_onnx,
    network,
    nnet_text,
    onnx_model,
    state_dict,
    write,
)
from tropnet.io import load

_PART = 4  # every so many-th of the long lists; the script runs them whole


#: Refused like "10^7 empty names": whatever nests, a million parts take two seconds to count.
_ALIKE = {"10^6 nodes that do nothing"}


@cache
def _attacks(name: str) -> list[Attack]:
    return FORMATS[name]()


def _chosen() -> Iterator[Attack]:
    for name in FORMATS:
        all_of_them = _attacks(name)
        for number, one in enumerate(all_of_them):
            if one.name in _ALIKE:
                continue
            if len(all_of_them) < 60 or number % _PART == 0 or "bomb" in one.name:
                yield replace(one, name=f"{name}: {one.name}")


def test_files_that_harm_are_refused(tmp_path: Path) -> None:
    attacks = list(_chosen())
    reports = run(attacks, tmp_path)
    wrong = [
        f"{one.name}: {fault}: {reports[one.name]['err'][:200]}"
        for one in attacks
        for fault in faults(one, reports[one.name])
    ]
    assert not wrong, "\n".join(wrong)
    assert len(reports) == len(attacks) > 200


def test_the_names_of_attacks_are_unique() -> None:
    for name in FORMATS:
        names = [one.name for one in _attacks(name)]
        assert len(set(names)) == len(names)


# ---- the warden itself: it must see what it is there to see ----------------------------------


_WATCH = """
import os, sys
from tests.io.attacks.warden import Watch, fresh_peak, memory
watch = Watch()
fresh_peak()
before = memory("VmRSS")
with watch.over(sys.argv[1]) as deeds:
    open(os.path.join(sys.argv[1], "may be read")).close()
    {deed}
print(deeds, "grew" if memory("VmHWM") - before > 200 * 10**6 else "")
"""


@pytest.mark.parametrize(
    ("deed", "seen"),
    [
        ("os.system('true')", "os.system"),
        ("exec('1')", "exec"),
        ("eval('1')", "compile"),
        ("import wave", "import"),
        ("__import__('pickle').loads(b'cos\\nsystem\\n.')", "pickle.find_class"),
        ("__import__('socket').socket()", "socket"),
        ("os.mkdir(sys.argv[1] + '/new')", "os.mkdir"),
        ("open(sys.argv[1] + '/new', 'w')", "writes "),
        ("os.open(sys.argv[1] + '/new', os.O_CREAT)", "writes "),
        ("open('/etc/passwd').close()", "reads /etc/passwd"),
        ("memory = memory; b'x' * (300 * 10**6)", "grew"),
        ("None", ""),
    ],
)
def test_the_warden_sees_deeds(tmp_path: Path, deed: str, seen: str) -> None:
    (tmp_path / "may be read").touch()
    program = _WATCH.replace("{deed}", deed)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert seen in done.stdout
    assert seen or done.stdout.strip() == "[]"


def test_attacks_do_harm_where_nobody_guards(tmp_path: Path) -> None:
    name, bomb, _ = next(iter(calls()))
    assert "os.system" in name
    pickle.loads(bomb(str(tmp_path)))
    assert (tmp_path / "executed").is_dir()
    (tmp_path / "executed").rmdir()
    (tmp_path / "f.pt").write_bytes(with_pickle(bomb(str(tmp_path))))
    torch.load(tmp_path / "f.pt", weights_only=False)
    assert (tmp_path / "executed").is_dir()


# ---- the command itself, in a process of its own ---------------------------------------------


def _command(file: Path) -> tuple[int, str, int]:
    """Return exit code, standard error, and the most memory that any command took so far."""
    done = subprocess.run(
        [sys.executable, "-m", "tropnet.cli", "info", str(file)],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return done.returncode, done.stderr, peak


def test_the_command_refuses_within_its_limits(tmp_path: Path) -> None:
    (tmp_path / "sound.pt").write_bytes(torch_bytes())
    code, err, baseline = _command(tmp_path / "sound.pt")
    assert (code, err) == (0, "")
    for name in ("archive: os.system by REDUCE, protocol 2", "zip: a bomb of 256 MiB"):
        one = next(a for a in _attacks("torch") if a.name == name)
        home = tmp_path / name[:3]
        home.mkdir()
        path = one.make(home)
        code, err, peak = _command(path)
        assert code == 3
        assert len(err.splitlines()) == 1
        assert peak - baseline < MOST_BYTES
        assert [p.name for p in home.iterdir()] == [path.name]


def test_limits_are_those_that_are_promised() -> None:
    assert (MOST_SECONDS, MOST_BYTES) == (5.0, 200_000_000)


# ---- what looks odd and is legal --------------------------------------------------------------

_ODD = np.array([[1e-45, -1e-38], [3.4e38, 1e38], [1.1754942e-38, -0.0]], np.float32)


def _odd_bias() -> Any:
    return np.array([1e-40, 0, -3e38], np.float32)


def _odd_files() -> dict[str, Callable[[], bytes]]:
    layers = [(_ODD, _odd_bias())]
    state: dict[str, Any] = {k: torch.from_numpy(v) for k, v in state_dict(layers).items()}
    return {
        "new.pt": lambda: torch_bytes(state),
        "old.pt": lambda: torch_bytes(state, _use_new_zipfile_serialization=False),
        "plain.npz": lambda: _npz(layers),
        "f.safetensors": lambda: safetensors_bytes(state_dict(layers)),
        "f.nnet": lambda: nnet_text(layers).encode(),
        "gemm.onnx": lambda: bytes(dense_onnx(layers).SerializeToString()),
        "network.json": lambda: json_bytes(network(layers)),
    }


@pytest.mark.parametrize("name", list(_odd_files()))
def test_tiny_and_huge_weights_are_exact(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(_odd_files()[name]())
    f = load(path)
    origin = f.exact([0, 0])
    weights = [f.exact(unit) - origin for unit in ([1, 0], [0, 1])]
    for column, found in enumerate(weights):
        assert found.to_fractions()[0] == [Fraction(float(v)) for v in _ODD[:, column]]
    assert origin.to_fractions()[0] == [Fraction(float(v)) for v in _odd_bias()]


def _npz(layers: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **state_dict(layers))
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", ["onnx", "pt", "npz", "safetensors", "nnet", "json", "txt", ""])
def test_sound_files_under_any_name(tmp_path: Path, suffix: str) -> None:
    layers = dense_arrays([2, 3, 1])
    for name, content in SOUND.items():
        if name in ("f.vnnlib", "map.json"):
            continue
        path = tmp_path / f"модель 🧠 {name.replace('.', '-')}.{suffix}"
        path.write_bytes(content())
        f = load(path)
        assert f.widths == network(layers).widths
        assert np.array_equal(f.layers[0].affine.terms[0][1].values, layers[0][0])


def test_windows_that_are_padding_but_for_one_value(tmp_path: Path) -> None:
    far: Any = {"dilations": [10**9, 1], "pads": [10**9, 0, 10**9, 0]}
    kernel: Any = np.arange(3, dtype=np.float32).reshape(1, 1, 3, 1)
    node = helper.make_node("Conv", ["x", "w"], ["y"], **far)
    path = write(tmp_path / "f.onnx", onnx_model([node], {"w": kernel}, {"x": [1, 1, 4, 1]}))
    assert load(path).exact([1, 2, 3, 4]).to_floats().tolist() == [[1, 2, 3, 4]]
