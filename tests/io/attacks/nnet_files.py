"""Attacks in `.nnet` files."""

from __future__ import annotations

from collections.abc import Iterator

from tests.io.attacks.attack import Attack, attack
from tests.io.attacks.sound import LAYERS
from tests.io.models import nnet_text


def _line(number: int, new: str) -> bytes:
    lines = nnet_text(LAYERS).splitlines()
    lines[number] = new
    return "\n".join(lines).encode() + b"\n"


def _files() -> Iterator[tuple[str, bytes, str]]:
    text = nnet_text(LAYERS).encode()
    yield "10^9 inputs", _line(1, "2,1000000000,1,5,") + b"", "has 1000000000 inputs"
    yield "a layer of 10^12 units", _line(2, "2,1000000000000,1,"), "announces layers of 4,000,000"
    yield "a layer of 10^300 units", _line(2, "2,1e300,1,"), "more than fit into"
    yield "10^9 layers", _line(1, "1000000000,2,1,5,"), "a .nnet file of 1000000000 layers"
    yield "10,000 layers", _line(1, "10000,2,1,5,"), "numbers for the layer sizes, expected 10001"
    yield "a size of NaN", _line(2, "2,nan,1,"), "not all finite"
    yield "an infinite size", _line(2, "2,inf,1,"), "not all finite"
    yield "a size of zero", _line(2, "2,0,1,"), "not positive integers"
    yield "a negative size", _line(2, "2,-3,1,"), "not positive integers"
    yield "half a unit", _line(2, "2,2.5,1,"), "not positive integers"
    yield "too few sizes", _line(2, "2,1,"), "numbers for the layer sizes"
    yield "too many weights", _line(9, "1,2,3,"), "3 numbers for weights of layer 1, expected 2"
    yield "too few weights", _line(9, "1,"), "1 numbers for weights"
    yield "a weight of NaN", _line(9, "1,nan,"), "not all finite"
    yield "a weight beyond floats", _line(9, "1,1e999,"), "not all finite"
    yield "a weight with an underscore", _line(9, "1,1_0,"), "are no numbers"
    yield "a weight in hexadecimal", _line(9, "1,0x10,"), "are no numbers"
    yield "a weight that is code", _line(9, "1,__import__('os').system('x'),"), "are no numbers"
    yield (
        "commas alone",
        _line(9, "," * 10**6),
        "1000000 numbers|999999 numbers|numbers for weights",
    )
    yield "a line of 3 MB", _line(9, "1," * 1_500_000), "a line of more than"
    yield "a number of a million digits", _line(9, "1," + "9" * 10**6), "not all finite|no numbers"
    yield "10^6 minima", _line(4, "1," * 10**6), "more numbers|minima|announces|numbers for"
    yield "200,000 empty lines", b"//\n" + b"\n" * 200_000, "ends before its header"
    yield "200,000 comments", b"//\n" * 200_000, "ends before its header"
    yield "only its beginning", text[: len(text) // 2], "ends before|numbers for"
    yield "more behind", text + b"1,\n", "more numbers than the header announces"
    yield "not plain text", b"// \xff\xfe\n" + text, "not plain text"
    yield "escapes for the terminal", _line(9, "\x1b[2J,1,"), r"\\x1b\[2J"
    yield "zero bytes", b"// x\n" + b"\0" * 10**5, "numbers for the four sizes|no numbers"


def attacks() -> list[Attack]:
    """Return all of them."""
    return [attack(name, "f.nnet", content, says) for name, content, says in _files()]
