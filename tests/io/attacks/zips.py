"""Zip archives that are not what they say."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator

from tests.io.attacks.attack import Content

MEBIBYTE = 2**20


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as opened:  # bombs are quickly made
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    """Return the members of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def patched(content: bytes, offset: int, value: bytes) -> bytes:
    """Return the content with some bytes replaced; an offset below zero counts from the end."""
    start = offset % len(content)
    return content[:start] + value + content[start + len(value) :]


def in_list(content: bytes, offset: int, value: bytes) -> bytes:
    """Return a zip archive with something changed in every entry of its list of members."""
    place = content.find(b"PK\1\2")
    while place >= 0:
        content = patched(content, place + offset, value)
        place = content.find(b"PK\1\2", place + 4)
    return content


def many_entries(name: str, count: int) -> bytes:
    """Return an archive that lists one member again and again."""
    single = archive({name: b"x"})
    start, end = single.find(b"PK\1\2"), single.find(b"PK\5\6")
    entry = single[start:end]
    tail = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, count % 2**16, count % 2**16, len(entry) * count, start, 0
    )
    return single[:start] + entry * count + tail


def overlapping(members: dict[str, bytes], copies: int, suffix: str) -> bytes:
    """Return an archive whose last member is listed again under other names, at the same place."""
    whole = archive(members)
    start, end = whole.find(b"PK\1\2"), whole.find(b"PK\5\6")
    entry = whole[whole.rfind(b"PK\1\2") : end]
    length = struct.unpack("<H", entry[28:30])[0]
    listed = whole[start:end]
    for k in range(copies):
        listed += (
            entry[:46] + f"{k:0{length - len(suffix)}d}{suffix}".encode() + entry[46 + length :]
        )
    count = len(members) + copies
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listed), start, 0)
    return whole[:start] + listed + tail


def broken(
    sound: Callable[[], bytes], member: str, suffix: str
) -> Iterator[tuple[str, Content, str]]:
    """Yield archives made from a sound one: a name, the bytes, and what the refusal says.

    Args:
        sound: the sound archive.
        member: one of its members.
        suffix: what its members' names end with.
    """
    members = members_of(sound())
    content, packed = archive(members), zipfile.ZIP_DEFLATED
    bomb = {f"{member}x{suffix}": b"\0" * (256 * MEBIBYTE)}
    yield "a bomb of 256 MiB", lambda: archive({**members, **bomb}, packed), "as zip bombs do"
    yield "100,000 entries", many_entries(f"a{suffix}", 100_000), "lists more members|overlapping"
    yield "40,000 entries", many_entries(f"a{suffix}", 40_000), "holds 40,000 members"
    large = {**members, f"{member}{'y' * 20}{suffix}": b"\0" * MEBIBYTE}
    yield (
        "1000 overlapping members",
        overlapping(large, 1000, suffix),
        "overlapping|zip bombs|damag",
    )
    for name, method in (("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
        yield f"packed with {name}", archive(members, method), "in a way that neither torch nor nu"
    yield "an unknown way of packing", in_list(content, 10, b"\x63\0"), "in a way that neither"
    yield "encrypted", in_list(content, 8, b"\1\0"), "in a way that neither"
    yield (
        "sizes of zero in the list",
        in_list(content, 20, b"\0" * 8),
        "damaged|claims|announces|npy",
    )
    yield (
        "sizes of 3 GiB in the list",
        in_list(content, 20, struct.pack("<LL", 3 * 2**30, 3 * 2**30)),
        "as zip bombs do",
    )
    deflated = archive(members, packed)
    yield (
        "an unpacked size that is too small",
        in_list(deflated, 24, struct.pack("<L", 130)),
        "announces|compressed members|damaged",
    )
    hidden = {**members, member: b"\0" * (128 * MEBIBYTE)}
    yield (
        "128 MiB that say they are 200 bytes",
        lambda: in_list(archive(hidden, packed), 24, struct.pack("<L", 200)),
        "announces|compressed members|damaged|npy version",
    )
    yield "an offset beyond the end", in_list(content, 42, b"\xff\xff\xff\x7f"), "overlap|damaged"
    yield "a list of 2 GiB", patched(content, -10, b"\xff\xff\xff\x7f"), "damaged"
    yield "a list at 2 GiB", patched(content, -6, b"\xff\xff\xff\x7f"), "damaged"
    yield (
        "a list of zero bytes",
        patched(content, -10, b"\0" * 4),
        "none that torch or numpy wrote|dam",
    )
    yield "only its beginning", content[: len(content) // 2], "damaged zip archive"
    yield "only its end record", content[-22:], "damaged|overlap|no model"
    yield "only four bytes", b"PK\3\4", "damaged zip archive"
    yield "wrong checksums", in_list(content, 16, b"abcd"), "damaged zip archive"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        buffer = io.BytesIO(content)
        with zipfile.ZipFile(buffer, "a") as opened:
            opened.writestr(member, members[member])
    yield "a member twice", buffer.getvalue(), "two members of one name"
    zip64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**40, 2**40, 2**62, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(content) - 22, 1)
    yield (
        "a zip64 list of 2^62 bytes",
        content[:-22] + zip64 + locator + content[-22:],
        "damaged|lists more",
    )
