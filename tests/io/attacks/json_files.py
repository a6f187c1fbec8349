"""Attacks in tropnet's own JSON: networks, maps, certificates and boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.io.attacks.attack import FILE, Attack, attack
from tests.io.attacks.sound import SOUND, json_bytes
from tropnet import Network

_PAIR = ("examples:moons_a", "examples:moons_b")


def _changed(kind: str, *path: Any, to: Any) -> bytes:
    """Return a sound file with the value at a path replaced."""
    data = json.loads(SOUND[kind]())
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(data).encode()


def _texts() -> Iterator[tuple[str, bytes, str]]:
    """Yield texts that are no sound JSON of ours, whatever it should hold."""
    start = b'{"schema": "tropnet/network", "version": 1, "layers": '
    yield "nested a million deep", start + b"[" * 10**6 + b"]" * 10**6 + b"}", "would unfold|nested"
    yield "nested 100,000 deep", start + b"[" * 10**5 + b"]" * 10**5 + b"}", "nested too deeply"
    yield (
        "objects nested 100,000 deep",
        b'{"schema":' * 10**5 + b"1" + b"}" * 10**5,
        "nested too deep",
    )
    yield "5 million empty lists", start + b"[" + b"[]," * 5 * 10**6 + b"[]]}", "would unfold"
    yield "a million empty objects", start + b"[" + b"{}," * 10**6 + b"{}]}", "would unfold"
    yield "4 million zeros", start + b"[" + b"0," * 4 * 10**6 + b"0]}", "would unfold"
    yield "a number of a million digits", b'{"schema": ' + b"9" * 10**6 + b"}", "no sound JSON"
    yield "a schema twice", b'{"schema": "tropnet/network", "schema": 1}', "stands twice"
    yield "NaN", b'{"schema": NaN}', "NaN is no number"
    yield "minus infinity", b'{"schema": -Infinity}', "-Infinity is no number"
    yield "not UTF-8", b'{"schema": "\xff\xfe"}', "no sound JSON"
    yield "UTF-16", '{"schema": 1}'.encode("utf-16"), "no model that can be read"
    yield "only a brace", b"{", "no sound JSON"
    yield "an empty object", b"{}", "has the JSON schema None"
    yield "another schema", b'{"schema": "\\u001b[2J\\n"}', r"JSON schema '\\x1b\[2J\\n'"
    yield (
        "a schema of a megabyte",
        b'{"schema": "' + b"a" * 10**6 + b'"}',
        "has the JSON schema 'aaa",
    )
    yield "a schema that is a list", b'{"schema": [[[1]]]}', "JSON schema"
    yield "a zero byte", b'{"schema": "\0"}', "no text: byte 12"
    yield "two objects", b'{"schema": 1} {"schema": 2}', "no sound JSON"
    yield "JavaScript", b'{schema: alert("x")}', "no sound JSON"


def _networks() -> Iterator[tuple[str, bytes, str]]:
    kind, weights = "network.json", ("layers", 0, "affine", "terms", 0, "weights")
    yield "other weights", _changed(kind, *weights, 0, 0, to=1.0), "was changed or damaged"
    yield "another digest", _changed(kind, "sha256", to="0" * 64), "was changed or damaged"
    yield "a digest that is a list", _changed(kind, "sha256", to=[]), "was changed or damaged"
    yield "10^12 inputs", _changed(kind, "n_inputs", to=10**12), "n_inputs in JSON is 1000000000000"
    yield "minus one input", _changed(kind, "n_inputs", to=-1), "no whole number"
    yield "half an input", _changed(kind, "n_inputs", to=2.5), "no whole number"
    yield (
        "a layer that reads itself",
        _changed(kind, *weights[:5], "source", to=1),
        "not fit together",
    )
    yield (
        "a layer of the future",
        _changed(kind, *weights[:5], "source", to=10**30),
        "not fit together",
    )
    yield "a ragged matrix", _changed(kind, *weights, 0, to=[1.0]), "not rows of one length"
    yield "no matrix", _changed(kind, *weights, to=[]), "not rows of one length"
    yield (
        "rows without numbers",
        _changed(kind, *weights, to=[[], [], []]),
        "rows of one length|fit",
    )
    yield "a weight beyond floats", _changed(kind, *weights, 0, 0, to=10**400), "beyond float64"
    yield (
        "a weight of 1e999",
        _changed(kind, *weights, 0, 0, to=1).replace(b"[[1,", b"[[1e999,"),
        ("beyond float64"),
    )
    yield "an integer between floats", _changed(kind, *weights, 0, 0, to=2**53 + 1), "no float64"
    yield (
        "a weight that is a text",
        _changed(kind, *weights, 0, 0, to="1"),
        "all numbers or all texts",
    )
    texts = [["1", "1"], ["1", "1"], ["1", "1"]]
    for name, text in (
        ("1e400000000", "1e400000000"),
        ("code", "__import__('os')"),
        ("NaN", "nan"),
        ("1/0", "1/0"),
        ("10^5 digits", "9" * 10**5 + "x"),
    ):
        told = "no rational|too large|beyond"
        yield f"a rational {name}", _changed(kind, *weights, to=[[text, "1"], *texts[1:]]), told
    yield "a boolean as weight", _changed(kind, *weights, 0, 0, to=True), "all numbers or all texts"
    yield "null as a bias", _changed(kind, "output", "bias", 0, to=None), "all numbers or all texts"
    yield "relu of the wrong length", _changed(kind, "layers", 0, "relu", to=[True]), "fit together"
    yield (
        "relu of numbers",
        _changed(kind, "layers", 0, "relu", to=[1, 1, 1]),
        "booleans as its relu",
    )
    yield "an unknown dtype", _changed(kind, "dtype", to="float128"), "does not fit together"
    yield "a dtype that is a list", _changed(kind, "dtype", to=["float32"]), "fit together"
    yield "a field more", _changed(kind, "code", to="x"), r"unknown \['code'\]"
    yield "version 99", _changed(kind, "version", to=99), "this tropnet reads"
    yield "notes that are numbers", _changed(kind, "notes", to=[1]), "no list of texts"
    huge = Network.from_dense([[["1/3"]]])
    data = json.loads(json_bytes(huge))
    count = 3000
    primes = [str(3 ** (k + 1) * 2 + 1) for k in range(count)]
    data["output"]["terms"][0]["weights"] = [[f"1/{p}"] for p in primes]
    data["output"]["bias"] = [0.0] * count
    told = "one denominator"
    yield "3000 denominators without a common factor", json.dumps(data).encode(), told
    lonely = {**data, "n_inputs": 10**12}
    lonely["output"] = {"terms": [], "bias": [0.0]}
    yield "nothing of 10^12 inputs", json.dumps(lonely).encode(), "n_inputs in JSON"


def _sealed() -> Iterator[tuple[str, bytes, str]]:
    """Yield networks with a digest that is right."""
    from tropnet.network.affine import Affine
    from tropnet.network.schema import network_to_json

    lonely = Network(10**12, (), Affine({}, [0.0]))
    yield (
        "sealed: nothing of 10^12 inputs",
        json.dumps(network_to_json(lonely)).encode(),
        "n_inputs in JSON",
    )


def _maps() -> Iterator[tuple[str, bytes, str]]:
    kind, terms = "map.json", ("outputs", 0, "numerator")
    yield "map: 10^12 variables", _changed(kind, "n", to=10**12), "entries of the inputs"
    yield "map: no variables", _changed(kind, "n", to=0), "not a positive integer"
    yield "map: no outputs", _changed(kind, "outputs", to=[]), "at least one output"
    yield (
        "map: a coefficient of 1e400000000",
        _changed(kind, *terms, "coefficients", to=["1e400000000"]),
        "rational",
    )
    yield (
        "map: numbers for texts",
        _changed(kind, *terms, "exponents", to=[[1.5, 2]]),
        "no?t? a rational number",
    )
    yield "map: a field more", _changed(kind, "x", to=1), "expected the fields"
    empty: dict[str, list[str]] = {"exponents": [], "coefficients": []}
    zero = {"exponents": [["0"] * 2], "coefficients": ["0"]}
    data = {
        "schema": "tropnet/tropical-map",
        "version": 1,
        "n": 10**12,
        "outputs": [{"numerator": empty, "denominator": empty}],
    }
    yield "map: nothing of 10^12 variables", json.dumps(data).encode(), "entries of the inputs"
    data["outputs"] = [{"numerator": empty, "denominator": zero}]
    yield "map: zero of 10^12 variables", json.dumps(data).encode(), "entries of the inputs"
    alone = {"schema": "tropnet/tropical-polynomial", "version": 1, "n": 10**12, "terms": empty}
    yield "map: a zero polynomial of 10^12", json.dumps(alone).encode(), "entries of the inputs"


def attacks() -> list[Attack]:
    """Return all of them."""
    found = [
        attack(n, "f.json", c, s) for n, c, s in (*_texts(), *_networks(), *_sealed(), *_maps())
    ]
    certificate, box = ("check", FILE, *_PAIR), ("compare", *_PAIR, "--box", FILE)
    for name, content, _ in _texts():
        found.append(attack(f"certificate: {name}", "c.json", content, ".", *certificate))
        found.append(attack(f"box: {name}", "b.json", content, ".", *box))
    for name, text in (
        ("a bound of 1e400000000", '{"lower": ["1e400000000", 0], "upper": [1, 1]}'),
        ("bounds of NaN", '{"lower": [NaN, 0], "upper": [1, 1]}'),
        ("another dimension", '{"lower": [0], "upper": [1]}'),
        ("upside down", '{"lower": [1, 1], "upper": [0, 0]}'),
        ("texts", '{"lower": "00", "upper": "11"}'),
    ):
        found.append(attack(f"box: {name}", "b.json", text.encode(), ".", *box))
    return found
