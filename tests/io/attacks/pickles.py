"""Pickles that would run code, or take memory or time, in every way that pickles know."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Iterator
from typing import Any

#: Given a folder, bytes that would make a folder `executed` in it.
Bomb = Callable[[str], bytes]


class _Reduced:
    """Pickles as a call."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def _text(value: str) -> bytes:
    content = value.encode()
    return b"X" + struct.pack("<I", len(content)) + content


def _target(folder: str) -> str:
    return f"{folder}/executed"


def _shell(folder: str) -> str:
    return f"mkdir {_target(folder)}"


def _code(folder: str) -> str:
    return f"__import__('os').mkdir({_target(folder)!r})"


def calls() -> Iterator[tuple[str, Bomb, str]]:
    """Yield a name, the pickle, and the name of the culprit that a refusal must tell."""
    import os

    for protocol in range(6):
        yield (
            f"os.system by REDUCE, protocol {protocol}",
            lambda f, p=protocol: pickle.dumps(_Reduced(os.system, (_shell(f),)), p),  # type: ignore[misc]
            "system",
        )
    for function in (exec, eval):
        yield (
            f"builtins.{function.__name__}",
            lambda f, g=function: pickle.dumps(_Reduced(g, (_code(f),))),  # type: ignore[misc]
            function.__name__,
        )
    yield (
        "os.mkdir in a dict in a list",
        lambda f: pickle.dumps([{"a": [_Reduced(os.mkdir, (_target(f),))]}]),
        "mkdir",
    )
    yield (
        "getattr of an import",
        lambda f: (
            b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n("
            + _text("os")
            + b"tR"
            + _text("mkdir")
            + b"tR("
            + _text(_target(f))
            + b"tR."
        ),
        "getattr",
    )
    yield (
        "INST",
        lambda f: b"(" + _text(_shell(f)) + b"ios\nsystem\n.",
        r"os\.system",
    )
    yield (
        "OBJ",
        lambda f: b"(cos\nsystem\n" + _text(_shell(f)) + b"o.",
        r"os\.system",
    )
    yield (
        "STACK_GLOBAL",
        lambda f: b"\x80\x04\x8c\x02os\x8c\x06system\x93" + _text(_shell(f)) + b"\x85R.",
        r"os\.system",
    )
    yield (
        "NEWOBJ of Popen",
        lambda f: b"\x80\x02csubprocess\nPopen\n" + _text(_shell(f)) + b"\x85\x81.",
        r"subprocess\.Popen",
    )
    yield (
        "NEWOBJ_EX of Popen",
        lambda f: b"\x80\x04csubprocess\nPopen\n)}(" + _text("args") + _text(_shell(f)) + b"u\x92.",
        r"subprocess\.Popen",
    )
    yield (
        "BUILD on an OrderedDict with slots",
        lambda f: b"ccollections\nOrderedDict\n)R(N}(" + _text("items") + b"cos\nsystem\nutb.",
        r"os\.system",
    )
    yield (
        "BUILD through __setstate__",
        lambda f: (
            b"ctypes\nSimpleNamespace\n)\x81}("
            + _text("__setstate__")
            + b"cos\nsystem\nub"
            + _text(_shell(f))
            + b"b."
        ),
        r"types\.SimpleNamespace",
    )
    yield "an extension code", lambda _: b"\x82\x01)R.", "EXT1"
    yield "functools.partial", lambda _: b"cfunctools\npartial\n(cos\nsystem\ntR.", "partial"
    yield "a code object", lambda _: b"ctypes\nCodeType\n)R.", "CodeType"
    yield "a persistent id in text", lambda _: b"Pos\n.", "PERSID"
    for name in (
        "torch.load",
        "torch.storage._load_from_bytes",
        "torch.hub.load",
        "torch.jit.load",
        "torch._utils._import_dotted_name",
        "torch.serialization._legacy_load",
        "torch.utils.data.datapipes.utils.decoder.Decoder",
        "torch.nn.modules.linear.Linear",
        "torch._dynamo.guards.GuardBuilder",
        "numpy.core.multiarray._reconstruct",
        "numpy.load",
        "numpy.f2py.crackfortran.getlincoef",
        "__builtin__.eval",
        "runpy._run_code",
        "webbrowser.open",
        "pip.main",
        "code.InteractiveInterpreter",
        "posix.system",
        "nt.system",
        "asyncio.unix_events._UnixSubprocessTransport._start",
        "operator.methodcaller",
        "importlib.import_module",
        "pickle.loads",
        "dill._dill._create_function",
        "cloudpickle.cloudpickle._builtin_type",
        "collections.defaultdict",
        "argparse.Namespace",
        "builtins.getattr",
        "builtins.__import__",
        "builtins.open",
        "builtins.object",
    ):
        line = "c{}\n{}\n".format(*name.rsplit(".", 1)).encode()
        yield (
            f"a call of {name}",
            lambda _, start=line: start + _text("x") + b"\x85R.",  # type: ignore[misc]
            name.replace(".", r"\."),
        )


def torch_tricks() -> Iterator[tuple[str, bytes, str]]:
    """Yield pickles that misuse what torch allows in state dicts."""

    def named(name: str) -> bytes:
        module, _, function = name.rpartition(".")
        return f"c{module}\n{function}\n".encode()

    rebuild = named("torch._utils._rebuild_tensor_v2")
    storage = b"(" + _text("storage") + named("torch.FloatStorage") + _text("0") + _text("cpu")
    pid = storage + b"K\x06tQ"
    rest = b"\x89N"  # requires_grad, hooks

    def tensor(shape: bytes, strides: bytes, offset: bytes = b"K\x00", pid: bytes = pid) -> bytes:
        return (
            b"}"
            + _text("0.weight")
            + rebuild
            + b"("
            + pid
            + offset
            + shape
            + strides
            + rest
            + (b"tRs.")
        )

    def ints(*values: int) -> bytes:
        parts = [b"\x8a" + bytes([len(c)]) + c for c in map(pickle.encode_long, values)]
        return b"(" + b"".join(parts) + b"t"

    yield "strides of zero", tensor(ints(10**5, 10**6), ints(0, 0)), "over 6 stored values"
    yield "overlapping strides", tensor(ints(10**5, 10**6), ints(1, 1)), "over 6 stored values"
    yield "a product beyond 64 bits", tensor(ints(2**32, 2**32), ints(0, 0)), "over 6 stored values"
    yield "a size beyond 64 bits", tensor(ints(2**70, 0), ints(1, 1)), "over 6 stored values"
    yield "a negative size", tensor(ints(-2, 3), ints(3, 1)), "that is no number"
    yield "a negative stride", tensor(ints(2, 3), ints(-3, 1)), "that is no number"
    yield "a negative offset", tensor(ints(2, 3), ints(3, 1), ints(-1)[1:-1]), "that is no number"
    yield "a far offset", tensor(ints(2, 3), ints(3, 1), ints(2**62)[1:-1]), "reaches up to value"
    yield "a far stride", tensor(ints(2, 3), ints(2**62, 1)), "reaches up to value"
    yield "an end just behind", tensor(ints(2, 3), ints(3, 1), b"K\x01"), "reaches up to value 6 of"
    yield "more axes than numpy has", tensor(ints(*[1] * 100), ints(*[1] * 100)), "not a stride for"
    yield "more sizes than strides", tensor(ints(2, 3), ints(1)), "not a stride for each axis"
    yield "booleans as sizes", tensor(b"(\x88\x88t", ints(1, 1)), "that is no number"
    yield "fractions as sizes", tensor(b"(G?\xe0" + b"\0" * 6 + b"t", ints(1)), "that is no number"
    yield "a text as shape", tensor(_text("ab"), ints(1, 1)), "that is no number"
    yield "a number as shape", tensor(b"K\x06", b"K\x01"), "damaged"
    yield "a dict as storage", tensor(ints(2, 3), ints(3, 1), pid=b"}"), "has no storage"
    yield "too few arguments", b"}" + _text("a") + rebuild + b"(" + pid + b"tRs.", "damaged"
    yield (
        "lazily negated values",
        b"}"
        + _text("0.weight")
        + rebuild
        + b"("
        + pid
        + b"K\x00"
        + ints(2, 3)
        + ints(3, 1)
        + rest
        + b"}"
        + _text("neg")
        + b"\x88stRs.",
        "complex or negated",
    )
    yield (
        "a wrapper that calls",
        named("torch._tensor._rebuild_from_type_v2") + b"(cos\nsystem\ntR.",
        r"os\.system",
    )
    for count, text in (
        (2**40, "claims 4,398,046,511,104 bytes"),
        (-1, "has -1 elements"),
        (2**200, "claims"),
        (7, "claims 28 bytes for storage '0' and holds 24"),
    ):
        claimed = storage + ints(count)[1:-1] + b"tQ"
        yield f"a storage of {count}", tensor(ints(2, 3), ints(3, 1), pid=claimed), text
    for key in ("../data.pkl", "/etc/passwd", "..", "", "1\0", "\x1b[2J"):
        other = (
            b"("
            + _text("storage")
            + named("torch.FloatStorage")
            + _text(key)
            + _text("cpu")
            + (b"K\x06tQ")
        )
        yield f"a storage called {key!r}", tensor(ints(2, 3), ints(3, 1), pid=other), "claims 24"
    yield "a storage of unknown type", b"(" + _text("storage") + b"NNNK\x06tQ.", "elements of None"
    yield "an id of another kind", b"(" + _text("module") + b"NNNNtQ.", "in an unknown way"
    yield "an id that is a number", b"K\x01Q.", "in an unknown way"
    many = b"".join(
        _text(f"{k}.weight")
        + rebuild
        + b"("
        + pid
        + b"K\x00"
        + ints(2, 3)
        + ints(3, 1)
        + rest
        + b"tR"
        for k in range(20_000)
    )
    yield "20,000 tensors of one storage", b"}(" + many + b"u.", "share 6 stored ones"


def blow_ups() -> Iterator[tuple[str, bytes, str]]:
    """Yield pickles that take memory or time."""
    yield "a million dicts", b"(" + b"}" * 2**21 + b"t.", "more than 1,048,576 operations"
    yield "64 million marks", b"(" * 2**24 + b".", "more than 1,048,576 operations"
    yield "keys whose hash doubles", b"}N" + b"2\x86" * 90 + b"Ns.", "a key of type tuple"
    yield "a set whose hash doubles", b"\x8f(N" + b"2\x86" * 90 + b"\x90.", "a key of type tuple"
    yield "a memo at 2^31", b"}r\xff\xff\xff\x7f.", "empty state dict"
    yield "lists nested 300,000 deep", b"]" * 300_000 + b"a" * 299_999 + b".", "holds a list"
    yield "a text of 2^32 bytes", b"X\xff\xff\xff\xffa.", "damaged"
    yield "a text of 2^64 bytes", b"\x8d" + b"\xff" * 8 + b"a.", "damaged"
    yield "bytes of 2^40 bytes", b"\x8e\0\0\0\0\0\1\0\0.", "damaged"
    yield "a byte array of 2^40 bytes", b"\x96\0\0\0\0\0\1\0\0.", "damaged"
    yield "a number of 2^31 bytes", b"\x8b\xff\xff\xff\x7f\1.", "LONG4"
    yield "a number of a million digits", b"I" + b"9" * 10**6 + b"\n.", "damaged"
    yield "a frame of 2^63 bytes", b"\x80\x04\x95" + b"\xff" * 8 + b"}.", "empty state dict"
    yield "a dict that holds itself", b"}q\0" + _text("a") + b"h\0s.", "no tensors but a"
    yield "a name of a megabyte", b"c" + b"a" * 10**6 + b"\nb\n.", "would fetch aaa"
    yield "a name that clears the screen", b"cos\x1b[2J\nsys\x07tem\n.", r"would fetch os\\x1b"
    yield "a line without an end", b"c" + b"a" * 10**6, "damaged"
    yield "no end", b"\x80\x02}", "damaged"
    yield "protocol 9", b"\x80\x09}.", "protocol 9"
    yield "nothing", b"", "damaged"
