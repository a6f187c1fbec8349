"""Pickles are read by a machine that knows no imports."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

from tropnet.errors import FormatError, UnsafeFileError
from tropnet.io.plain_pickle import Maker, UnknownNameError, read_pickle

_DATA: dict[Any, Any] = {
    "numbers": [0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**70, -(10**90), 0.1, -1e308],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, (4, 5))],
    "others": (None, True, False, b"", b"\x00\xff", "", "ü\ud800 \n'\\"),
    (1, "flat"): {2: {}, None: []},
    "sets": [{1, 2}, set(), frozenset([1])],
}
_BUILTINS: dict[str, Maker] = {
    "_codecs.encode": lambda a: a[0].encode("latin1"),
    "builtins.bytes": lambda _: b"",
    "builtins.set": lambda a: set(*a),
    "builtins.frozenset": lambda a: frozenset(*a),
}
_OLD = {name.replace("builtins", "__builtin__"): maker for name, maker in _BUILTINS.items()}


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_of_every_protocol(protocol: int) -> None:
    content = pickle.dumps(_DATA, protocol)
    found, end = read_pickle(b"before" + content + b"behind", _BUILTINS | _OLD, None, 6)
    assert found == _DATA
    assert [type(v) for v in found["numbers"]] == [type(v) for v in _DATA["numbers"]]
    assert end == 6 + len(content)


def test_texts_of_python_2() -> None:
    content = b"(S'a\\n\\xff'\nU\x02\xc3\xbcT\x01\x00\x00\x00\xffVb\\u0041\n(lp0\nI01\naL-7L\na."
    assert read_pickle(b"(" + content[1:-1] + b"t.", {})[0] == (
        "a\n\xff", "ü", "\xff", "bA", [True, -7]
    )  # fmt: skip


class _Maker:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_imported_or_called(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps([_Maker(tmp_path / "made")], protocol)
    with pytest.raises(UnknownNameError, match=r"it would fetch posix\.mkdir") as caught:
        read_pickle(content, {})
    assert caught.value.name == "posix.mkdir"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("attack", "text"),
    [
        (b"(S'x'\nios\nsystem\n.", r"fetch os\.system"),
        (b"(cos\nsystem\nS'x'\no.", r"fetch os\.system"),
        (b"(No.", "operation OBJ"),
        (b"N)\x81.", "operation NEWOBJ"),
        (b"N)}\x92.", "operation NEWOBJ_EX"),
        (b"\x82\x01.", "operation EXT1"),
        (b"Px\n.", "operation PERSID"),
        (b"NQ.", "objects outside"),
        (b"\x97.", "operation NEXT_BUFFER"),
        (b"N\x98.", "operation READONLY_BUFFER"),
        (b"\x8c\x02os\x8c\x06system\x93.", r"fetch os\.system"),
        (b"\x8c\x08builtins\x8c\x10__import__('os')\x93.", r"fetch builtins\.__import__"),
        (b"N0" * 2**20, "more than 1,048,576 operations"),
    ],
)
def test_operations_that_plain_data_do_not_need(attack: bytes, text: str) -> None:
    with pytest.raises(UnsafeFileError, match=text):
        read_pickle(attack, {})


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"\x80", b"\x80\x09N.", b".", b"N", b"t.", b"Na.", b"(Na.", b"}Ns.", b"}(Nu.", b"]Nb.",
        b"X\xff\xff\xff\xffabc.", b"\x8d" + b"\xff" * 8 + b"abc.", b"B\xff\xff\xff\x7f.", b"h\x00.",
        b"T\xff\xff\xff\xff.", b"Inumber\n.", b"I" + b"9" * 5000 + b"\n.", b"S'open\n.", b"NR.",
        b"KxR.", b"\xc3.", b"\x8e" + b"\xff" * 8 + b".", b"N)R.", b"c\xff\n\n.", b"NN\x93.", b"I1",
        b"(lN\x90.",
    ],
)  # fmt: skip
def test_damage(damaged: bytes) -> None:
    with pytest.raises(FormatError, match=r"damaged|protocol"):
        read_pickle(damaged, {})


def test_keys_whose_hash_would_take_forever() -> None:
    doubled = b"N" + b"2\x86" * 100  # a pair of a pair of …, twice the work each time
    begin = time.monotonic()
    for attack in (
        b"}" + doubled + b"Ns.",
        b"\x8f(" + doubled + b"\x90.",
        b"(" + doubled + b"\x91.",
    ):
        with pytest.raises(FormatError, match="a key of type tuple"):
            read_pickle(attack, {})
    assert time.monotonic() - begin < 1


def test_lists_may_hold_themselves() -> None:
    found, _ = read_pickle(b"]q\x00h\x00a.", {})
    assert found[0] is found


def test_a_far_place_in_memory_costs_nothing() -> None:
    assert read_pickle(b"Nr\xff\xff\xff\x7fj\xff\xff\xff\x7f.", {})[0] is None
