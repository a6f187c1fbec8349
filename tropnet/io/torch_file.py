"""torch checkpoints: state dicts in `.pt` and `.pth` files."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final, final

from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io.architecture import network_of_weights
from tropnet.io.model_file import ModelFile
from tropnet.io.pickle_scan import Scan, scan
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.io.state_dict import array_of_tensor, picked
from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_HOW: Final = "save model.state_dict() with torch.save, or pass the live module to load"
_PICKLE: Final = b"\x80"
#: The pickle at the head of a file that torch wrote before version 1.6.
_LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C
#: Bytes of the pickle that describes the tensors; their values lie elsewhere.
_MOST_PICKLE: Final = 2**26
#: Pickles that a legacy file begins with: magic number, protocol, system, objects, storage keys.
_LEGACY_PICKLES: Final = 5


@final
class TorchFileReader(FileReader):
    """Reads state dicts that `torch.save` wrote; whole modules and programs are refused.

    The pickle inside is looked through before torch sees it, and torch reads it with
    `weights_only=True` alone.

    Example:
        >>> import tempfile, torch
        >>> from tropnet.io import load
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     torch.save({"epoch": 7, "model": model.state_dict()}, f"{folder}/f.pt")
        ...     load(f"{folder}/f.pt", key="model").architecture
        '2-3-1'
    """

    name = "torch state dict"
    options = frozenset({"architecture", "example_input", "key"})

    def recognise(self, file: ModelFile) -> None:
        """Accept torch's zip archives and its older pickles, other pickles too: to refuse them."""
        members = file.members
        if members is None:
            if not file.head.startswith(_PICKLE):
                raise Refusal("it is neither a zip archive nor a pickle")
        elif members and all(name.endswith(".npy") for name in members):
            raise Refusal("its members are .npy arrays")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the state dict.

        Raises:
            TropnetError: as `load` says.
        """
        what = str(source.path)
        found = _scan_archive(source) if source.members is not None else _scan_legacy(source)
        content = picked(_loaded(source, found), options.key, what)
        notes: set[str] = set()
        arrays: dict[str, AnyArray] = {
            str(name): array_of_tensor(tensor, str(name), notes) for name, tensor in content.items()
        }
        return network_of_weights(arrays, options, notes=sorted(notes))


def _loaded(file: ModelFile, found: Scan) -> Any:
    import torch

    try:
        return torch.load(file.path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        names = [name for name in found.globals if not name.startswith(("torch.", "collections."))]
        modules = [name for name in found.globals if name.startswith("torch.nn.modules.")]
        culprit = (modules or names or ["something unknown"])[0]
        raise UnsafeFileError(
            f"{file.path} is no plain state dict: loading it would fetch {culprit} and could run "
            f"code; it was not opened; {_HOW}"
        ) from None


def _scan_archive(file: ModelFile) -> Scan:
    """Look through torch's zip archive: its kind, its pickle, and the size of every storage."""
    members = file.members or {}
    tails = {name.partition("/")[2] or name: name for name in members}
    if "constants.pkl" in tails or any(tail.startswith("code/") for tail in tails):
        raise UnsafeFileError(f"{file.path} is a TorchScript program, not a state dict; {_HOW}")
    if any("archive_format" in tail or "exported_program" in tail for tail in members) or any(
        tail.startswith("models/") for tail in tails
    ):
        raise UnsafeFileError(
            f"{file.path} is an exported program (.pt2), which can run code when loaded; {_HOW}"
        )
    if "data.pkl" not in tails:
        raise FormatError(f"{file.path} is a zip archive, but none that torch or numpy wrote")
    folders = {name.partition("/")[0] for name in members}
    if len(folders) > 1 or len({name.lower() for name in members}) < len(members):
        # torch and zipfile might take different members for the same one
        raise UnsafeFileError(
            f"{file.path} holds {len(folders)} folders or names that differ in case alone, as "
            "torch never writes them; it was not opened"
        )
    name = tails["data.pkl"]
    if members[name] > _MOST_PICKLE:
        raise UnsafeFileError(f"{file.path} describes its tensors in {members[name]:,} bytes")
    try:
        with zipfile.ZipFile(file.path) as archive:
            content = archive.read(name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise FormatError(f"{file.path} is a damaged zip archive ({error})") from None
    found = scan(content, str(file.path))
    prefix = name.removesuffix("data.pkl")
    for key, size in found.storages.items():
        held = members.get(f"{prefix}data/{key}")
        if held is None or held < size:
            raise UnsafeFileError(
                f"{file.path} claims {size:,} bytes for storage {key!r} and holds {held or 0:,}; "
                "it was not opened"
            )
    return found


def _scan_legacy(file: ModelFile) -> Scan:
    """Look through a file that torch wrote before version 1.6: pickles, then bytes."""
    content = file.content()
    magic = pickle.dumps(_LEGACY_MAGIC, protocol=2)
    if not content.startswith(magic):
        raise UnsafeFileError(
            f"{file.path} is a Python pickle, which can run code when loaded; load it yourself if "
            "you trust it and pass the model, or save model.state_dict()"
        )
    found, start = Scan(), 0
    for _ in range(_LEGACY_PICKLES):
        part = scan(content[start:], str(file.path))
        found.globals += part.globals
        found.storages |= part.storages
        start += part.length
    claimed = sum(found.storages.values())
    if claimed > len(content) - start:
        raise UnsafeFileError(
            f"{file.path} claims {claimed:,} bytes of tensors and holds {len(content) - start:,}; "
            "it was not opened"
        )
    return found
