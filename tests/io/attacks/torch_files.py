"""Attacks in `.pt`, `.pth`, `.pt2` and `.pkl` files."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.io.attacks.attack import Attack, attack
from tests.io.attacks.pickles import Bomb, blow_ups, calls, torch_tricks
from tests.io.attacks.sound import torch_bytes
from tests.io.attacks.zips import archive, broken, members_of

_HOW = r"save model\.state_dict\(\)"


@cache
def _new() -> dict[str, bytes]:
    """Return the members of a sound archive."""
    return members_of(torch_bytes())


def _prefix() -> str:
    return next(name for name in _new() if name.endswith("data.pkl")).removesuffix("data.pkl")


def with_pickle(content: bytes) -> bytes:
    """Return a sound archive with another pickle."""
    return archive({**_new(), f"{_prefix()}data.pkl": content})


def _old_with_pickle(content: bytes) -> bytes:
    """Return a file as before torch 1.6, with another pickle."""
    sound = torch_bytes({}, _use_new_zipfile_serialization=False)
    end = sound.rfind(b"\x80\x02]")
    start = sound.rfind(b"\x80\x02", 0, end)
    return sound[:start] + content + sound[end:]


def _bomb(suffix: str, wrap: Callable[[bytes], bytes], bomb: Bomb) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / f"f{suffix}"
        path.write_bytes(wrap(bomb(str(folder))))
        return path

    return make


def _exported(members: dict[str, bytes]) -> bytes:
    return archive({"f/archive_format": b"pt2", "f/version": b"0", **members})


class _Guarded(nn.Module):
    """A module of its own class."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)

    def forward(self, x: torch.Tensor) -> Any:
        return self.layer(x)


def _traced() -> bytes:
    buffer, jit = io.BytesIO(), torch.jit
    module: Any = jit.trace(nn.Linear(2, 3), (torch.zeros(1, 2),))  # type: ignore[no-untyped-call]
    jit.save(module, buffer)
    return buffer.getvalue()


def _code_attacks() -> Iterator[Attack]:
    for name, bomb, culprit in calls():
        says = rf"could run code|is a Python pickle.*{_HOW[:10]}"
        told = rf"{culprit}.*{_HOW}"
        yield Attack(f"archive: {name}", _bomb(".pt", with_pickle, bomb), told)
        yield Attack(f"old file: {name}", _bomb(".pth", _old_with_pickle, bomb), told)
        if "protocol 0" in name or "protocol 1" in name or "REDUCE" not in name:
            continue
        yield Attack(f"bare: {name}", _bomb(".pkl", lambda c: c, bomb), says)


def _kinds() -> Iterator[Attack]:
    yield attack(
        "a whole module",
        "f.pt",
        lambda: torch_bytes(nn.Sequential(nn.Linear(2, 3))),
        rf"fetch torch\.nn\.modules.*{_HOW}",
    )
    yield attack(
        "a module of another class",
        "f.pt",
        lambda: torch_bytes(_Guarded()),
        rf"fetch .*_Guarded and could run code.*{_HOW}",
    )
    old = {"_use_new_zipfile_serialization": False}
    yield attack(
        "a whole module in the old format",
        "f.pt",
        lambda: torch_bytes(nn.Sequential(nn.Linear(2, 3)), **old),
        rf"fetch torch\.nn\.modules.*{_HOW}",
    )
    yield attack("a TorchScript program", "f.pt", _traced, rf"TorchScript program.*{_HOW}")
    yield attack(
        "TorchScript with code of its own",
        "f.pt",
        archive(
            {"f/data.pkl": b"\x80\x02}.", "f/code/__torch__.py": b"import os\nos.system('x')\n"}
        ),
        rf"TorchScript program.*{_HOW}",
    )
    told = rf"exported program \(\.pt2\), which can run code when loaded.*{_HOW}"
    weights = b'{"config":{"w":{"path_name":"weight_0","is_param":true,"use_pickle":true}}}'
    yield attack(
        "a .pt2 that unpickles",
        "f.pt2",
        _exported(
            {
                "f/models/model.json": b'{"graph_module": {}}',
                "f/data/weights/model_weights_config.json": weights,
                "f/data/weights/weight_0": b"cos\nsystem\n(S'x'\ntR.",
            }
        ),
        told,
    )
    yield attack(
        "a .pt2 whose guards are evaluated",
        "f.pt2",
        _exported(
            {
                "f/models/model.json": b'{"range_constraints": {"exec(\'x\')": 1}}',
            }
        ),
        told,
    )
    yield attack(
        "a .pt2 that says it is a state dict",
        "f.pt",
        _exported(
            {
                "f/data.pkl": b"\x80\x02}.",
                "f/models/model.json": b"{}",
            }
        ),
        told,
    )
    yield attack(
        "a .pt2 of before 2.9",
        "f.pt2",
        archive(
            {
                "serialized_exported_program.json": b"{}",
                "serialized_state_dict.pt": b"",
                "version": b"5",
            }
        ),
        told,
    )
    yield attack(
        "an archive of torch 0.1.9", "f.pt", b"pickle" + b"\0" * 2000, r"before version 0\.1\.10"
    )
    yield attack(
        "an archive in an archive",
        "f.pt",
        archive({"f/inner.pt": torch_bytes()}),
        "none that torch or numpy wrote",
    )


def _archives() -> Iterator[Attack]:
    prefix, new = _prefix(), _new()
    pickled = f"{prefix}data.pkl"
    weights = next(name for name in new if "/data/" in name)
    for name, content, says in broken(torch_bytes, weights, ""):
        yield attack(f"zip: {name}", "f.pt", content, says)
    yield attack("compressed members", "f.pt", archive(new, 8), "compressed members such as")
    for extra in ("other/data.pkl", pickled.replace("data.pkl", "DATA.PKL")):
        yield attack(
            f"two descriptions: {extra}",
            "f.pt",
            archive({**new, extra: b"\x80\x02}."}),
            "as torch never writes",
        )
    for name in ("../x", "/x", "a\0b", "\x1b[2J"):
        yield attack(
            f"a member called {name!r}",
            "f.pt",
            archive({**new, name: b""}),
            "as torch never writes|compressed",
        )
    yield attack(
        "no description", "f.pt", archive({f"{prefix}version": b"3"}), "none that torch or"
    )
    yield attack("a short storage", "f.pt", archive({**new, weights: new[weights][:-1]}), "claims")
    yield attack(
        "no storage",
        "f.pt",
        archive({k: v for k, v in new.items() if k != weights}),
        r"claims \d+ bytes for storage .* and holds 0",
    )
    yield attack(
        "an unknown byte order",
        "f.pt",
        archive({**new, f"{prefix}byteorder": b"middle"}),
        "the byte order",
    )
    yield attack(
        "a description of 80 MiB",
        "f.pt",
        lambda: archive({**new, pickled: b"\x80\x02" + b"N0" * (40 * 2**20)}),
        "describes its tensors in",
    )


def _old_files() -> Iterator[Attack]:
    sound = torch_bytes(_use_new_zipfile_serialization=False)
    for end in (12, 30, 200, len(sound) // 2, len(sound) - 1):
        yield attack(
            f"old file: its first {end} bytes",
            "f.pt",
            sound[:end],
            "damaged|ends inside|claims|is a Python pickle",
        )
    keys = sound.rfind(b"\x80\x02]")
    yield attack(
        "old file: no list of storages", "f.pt", sound[:keys] + b"\x80\x02N.", "no list of"
    )
    yield attack(
        "old file: a storage listed twice",
        "f.pt",
        _old_with_pickle(b"\x80\x02}.").replace(b"\x80\x02].", b"\x80\x02](X\1\0\0\0aX\1\0\0\0ae."),
        "lists a storage 'a'|empty state dict",
    )
    size = sound.rfind((6).to_bytes(8, "little"))
    yield attack(
        "old file: a storage of another size",
        "f.pt",
        sound[:size] + b"\xff" * 7 + b"\x7f" + sound[size + 8 :],
        "of other size or use",
    )


def attacks() -> list[Attack]:
    """Return all of them."""
    found = [*_code_attacks(), *_kinds(), *_archives(), *_old_files()]
    for name, content, says in (*torch_tricks(), *blow_ups()):
        found.append(attack(f"archive: {name}", "f.pt", with_pickle(content), says))
    for name, content, says in blow_ups():
        found.append(attack(f"old file: {name}", "f.pt", _old_with_pickle(content), says))
    return found
