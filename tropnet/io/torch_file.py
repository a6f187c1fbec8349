"""torch checkpoints: state dicts in `.pt` and `.pth` files, read without torch."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from tropnet.errors import DomainError, FormatError, UnsafeFileError
from tropnet.io.architecture import network_of_weights
from tropnet.io.model_file import ModelFile
from tropnet.io.plain_pickle import UnknownNameError, read_pickle
from tropnet.io.reader import FileReader, Options, Refusal
from tropnet.io.state_dict import BFLOAT16_NOTE, picked
from tropnet.io.stored_tensor import DTYPES, Storage, StoredTensor, Unread, require_sound
from tropnet.io.torch_names import NAMES, storage_maker
from tropnet.network import Network

_HOW: Final = "save model.state_dict() with torch.save, or pass the live module to load"
_PICKLE: Final = b"\x80"
#: The pickle at the head of a file that torch wrote before version 1.6.
_OLD_MAGIC: Final = tuple({pickle.dumps(0x1950A86A20F9469CFC6C, protocol) for protocol in range(6)})
#: What torch's tar archives of before version 0.1.10 begin with.
_TAR: Final = (b"pickle", b"sys_info", b"storages", b"tensors")
#: Bytes of the pickle that describes the tensors; their values lie elsewhere.
_MOST_PICKLE: Final = 2**26
_BYTE_ORDERS: Final = {b"little": "<", b"big": ">"}


@final
class TorchFileReader(FileReader):
    """Reads state dicts that `torch.save` wrote; whole modules and programs are refused.

    The pickle inside is read by `read_pickle`, which can make nothing but plain data, and the
    tensors from the bytes that it describes; torch itself is not asked.

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
    options = frozenset({"architecture", "example_input", "key", "stop_before"})

    def recognise(self, file: ModelFile) -> None:
        """Accept torch's zip archives and its older pickles, other pickles too: to refuse them."""
        members = file.members
        if members is None:
            if not file.head.startswith((_PICKLE, *_OLD_MAGIC, *_TAR)):
                raise Refusal("it is neither a zip archive nor a pickle")
        elif members and all(name.endswith(".npy") for name in members):
            raise Refusal("its members are .npy arrays")

    def read(self, source: ModelFile, options: Options) -> Network:
        """Return the network of the state dict.

        Raises:
            TropnetError: as `load` says.
        """
        what = str(source.path)
        opened = _Archive(source) if source.members is not None else _OldFile(source)
        content = picked(opened.content, options.key, what)
        tensors = {str(name): _dense(value, str(name)) for name, value in content.items()}
        require_sound(tensors.items(), what)
        opened.fill({id(t.storage): t.storage for t in tensors.values()}.values())
        arrays = {name: tensor.array() for name, tensor in tensors.items()}
        narrow = any(t.is_bfloat16 for t in tensors.values())
        return network_of_weights(arrays, options, notes=[BFLOAT16_NOTE] if narrow else [])


def _dense(value: Any, name: str) -> StoredTensor:
    if not isinstance(value, StoredTensor):
        what = f" ({value.name})" if isinstance(value, Unread) else ""
        raise DomainError(f"{name!r} is no plain dense tensor{what}; save dense float weights")
    return value


class _Opened:
    """What a file says of its tensors.

    Attributes:
        content: plain data with a `StoredTensor` for each tensor.
    """

    content: Any

    def __init__(self, file: ModelFile) -> None:
        self._file = file
        self._storages: dict[str, Storage] = {}

    def _read(self, content: bytes, start: int = 0) -> tuple[Any, int]:
        try:
            return read_pickle(content, NAMES, storage_maker(self._storages), start)
        except UnknownNameError as error:
            raise UnsafeFileError(
                f"{self._file.path} is no plain state dict: loading it would fetch {error.name} "
                f"and could run code; it was not opened; {_HOW}"
            ) from None
        except UnsafeFileError as error:
            raise UnsafeFileError(
                f"{self._file.path} holds a pickle that is no plain state dict: {error}; it was "
                f"not opened; {_HOW}"
            ) from None
        except FormatError as error:
            raise FormatError(
                f"{self._file.path} holds a damaged or unknown pickle: {error}"
            ) from None


@final
class _Archive(_Opened):
    """A zip archive that torch wrote."""

    def __init__(self, file: ModelFile) -> None:
        super().__init__(file)
        members = self._members = file.members or {}
        name = _description(file.path, members)
        self._prefix = name.removesuffix("data.pkl")
        if members[name] > _MOST_PICKLE:
            raise UnsafeFileError(f"{file.path} describes its tensors in {members[name]:,} bytes")
        with file.archive() as archive:
            packed = [i.filename for i in archive.infolist() if i.compress_type]
            if packed:
                raise UnsafeFileError(
                    f"{file.path} has compressed members such as {packed[0]!r}, as zip bombs have "
                    "and torch never writes; it was not unpacked; save it with torch.save"
                )
            self._order = self._byte_order(archive)
            self.content, _ = self._read(archive.read(name))
        for key, storage in self._storages.items():
            held = members.get(f"{self._prefix}data/{key}", 0)
            if held < storage.nbytes:
                raise _short(self._file, storage, held)

    def fill(self, storages: Iterable[Storage]) -> None:
        """Read the numbers of these storages."""
        with self._file.archive() as archive:
            for storage in storages:
                content = archive.read(f"{self._prefix}data/{storage.key}")
                dtype = np.dtype(self._order + DTYPES[storage.kind])
                storage.numbers = np.frombuffer(content, dtype, storage.size)

    def _byte_order(self, archive: zipfile.ZipFile) -> str:
        name = f"{self._prefix}byteorder"
        word = archive.read(name).strip() if name in self._members else b"little"
        if word not in _BYTE_ORDERS:
            raise FormatError(f"{self._file.path} has the byte order {word[:20]!r}")
        return _BYTE_ORDERS[word]


@final
class _OldFile(_Opened):
    """A file that torch wrote before version 1.6: pickles, then the bytes of the storages."""

    def __init__(self, file: ModelFile) -> None:
        super().__init__(file)
        if file.head.startswith(_TAR):
            raise FormatError(
                f"{file.path} was written by torch before version 0.1.10; load it with such a "
                "version and save its state dict with a newer one"
            )
        if not file.head.startswith(_OLD_MAGIC):
            raise UnsafeFileError(
                f"{file.path} is a Python pickle, which can run code when loaded; load it yourself "
                "if you trust it and pass the model, or save model.state_dict()"
            )
        description, position = file.part(0, _MOST_PICKLE), 0
        for _ in range(3):  # magic number, protocol, system
            _, position = self._read(description, position)
        self.content, position = self._read(description, position)
        keys, position = self._read(description, position)
        self._places = self._find(keys, position)

    def fill(self, storages: Iterable[Storage]) -> None:
        """Read the numbers of these storages."""
        for storage in storages:
            if storage.key not in self._places:
                raise FormatError(f"{self._file.path} holds no storage {storage.key!r}")
            content = self._file.part(self._places[storage.key], storage.nbytes)
            dtype = np.dtype(f"<{DTYPES[storage.kind]}")
            storage.numbers = np.frombuffer(content, dtype, storage.size)

    def _find(self, keys: Any, position: int) -> dict[str, int]:
        """Return where the numbers of each storage begin: each lies behind its size."""
        if not isinstance(keys, list):
            raise FormatError(f"{self._file.path} has no list of its storages")
        claimed = sum(storage.nbytes for storage in self._storages.values())
        held = self._file.size - position
        if claimed > held:
            raise UnsafeFileError(
                f"{self._file.path} claims {claimed:,} bytes of tensors and holds {held:,}; it was "
                "not opened"
            )
        places: dict[str, int] = {}
        for key in map(str, keys):
            storage = self._storages.get(key)
            size = int.from_bytes(self._file.part(position, 8), "little", signed=True)
            if storage is None or key in places or size != storage.size:
                raise FormatError(f"{self._file.path} lists a storage {key!r} of other size or use")
            places[key] = position + 8
            position += 8 + storage.nbytes
        if position > self._file.size:
            raise FormatError(f"{self._file.path} ends inside a storage; was it copied completely?")
        return places


def _description(path: Path, members: Mapping[str, int]) -> str:
    """Return the member that describes the tensors, having refused archives of other kinds."""
    tails = {name.partition("/")[2] or name: name for name in members}
    if "constants.pkl" in tails or any(tail.startswith("code/") for tail in tails):
        raise UnsafeFileError(f"{path} is a TorchScript program, not a state dict; {_HOW}")
    if any("archive_format" in tail or "exported_program" in tail for tail in members) or any(
        tail.startswith("models/") for tail in tails
    ):
        raise UnsafeFileError(
            f"{path} is an exported program (.pt2), which can run code when loaded; {_HOW}"
        )
    if "data.pkl" not in tails:
        raise FormatError(f"{path} is a zip archive, but none that torch or numpy wrote")
    folders = {name.partition("/")[0] for name in members}
    if len(folders) > 1 or len({name.lower() for name in members}) < len(members):
        # torch and zipfile might take different members for the same one
        raise UnsafeFileError(
            f"{path} holds {len(folders)} folders or names that differ in case alone, as torch "
            "never writes them; it was not opened"
        )
    return tails["data.pkl"]


def _short(file: ModelFile, storage: Storage, held: int) -> UnsafeFileError:
    return UnsafeFileError(
        f"{file.path} claims {storage.nbytes:,} bytes for storage {storage.key!r} and holds "
        f"{held:,}; it was not opened"
    )
