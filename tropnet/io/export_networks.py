"""A comparison of two networks as files for other tools: ONNX, and a VNN-LIB query."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, final

from tropnet.checker.relation import Kind, Relation
from tropnet.domains import Box, Domain, require_dimension
from tropnet.errors import DomainError, FormatError, ShapeError
from tropnet.exact import as_fraction
from tropnet.io.float_form import FloatDtype
from tropnet.io.in_floats import in_floats
from tropnet.io.onnx_export import onnx_model_of
from tropnet.io.product_network import product_network
from tropnet.io.query_text import QueryText, Version
from tropnet.io.whole_file import write_whole
from tropnet.network import Network

_VERSIONS: Final[tuple[Version, ...]] = (2, 1)
_RELATIONS: Final[dict[Kind, str]] = {
    "equal": "|f_i - g_i| <= atol for every output i",
    "at_most": "f_i <= g_i + atol for every output i",
    "up_to_constant": "|f_i - g_i - c_i| <= atol for every output i and one constant vector c",
    "argmax": "where f's largest output leads by more than atol, it is a largest output of g",
    "argmin": "where f's smallest output leads by more than atol, it is a smallest output of g",
}


@final
@dataclass(frozen=True, slots=True)
class ExportedQuery:
    """What `export_query` wrote.

    Attributes:
        query: the VNN-LIB file.
        networks: the ONNX files: of f and of g; or of the one network that computes both.
        version: the version of VNN-LIB.
        dtype: the format of the weights.
        rounded: how many numbers of the query are no short decimals and were rounded, always so
            that more inputs meet the query: "unsat" still proves the relation.
    """

    query: Path
    networks: tuple[Path, ...]
    version: Version
    dtype: FloatDtype
    rounded: int


def export_networks(
    f: Network,
    g: Network,
    domain: Domain,
    folder: str | os.PathLike[str],
    *,
    relation: str = "equal",
    atol: Any = 0,
    norm: str = "inf",
    version: Version = 2,
) -> ExportedQuery:
    """Write a comparison as `tropnet.export_query` does, of two networks.

    Raises:
        TropnetError: as there.

    Example:
        >>> import tempfile
        >>> from tropnet import Box, Network
        >>> from tropnet.io.export_networks import export_networks
        >>> f = Network.from_dense([[[1, 2], [-1, 1]], [[1, 1]]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = export_networks(f, f, Box.cube(2), folder, atol="0.01")
        ...     sorted(file.name for file in done.query.parent.iterdir())
        ['a.onnx', 'b.onnx', 'query.vnnlib']
    """
    kind, tolerances = _asked(f, g, relation, atol, norm, version)
    require_dimension(domain, f.n_inputs)
    dtype, exact = _in_one_format(f, g)
    target = _folder(folder)
    if version == 2:
        models = [onnx_model_of(network, dtype) for network in exact]
        names = ["a.onnx", "b.onnx"]
    else:
        leads = kind in ("argmax", "argmin")
        joint = product_network(*exact, outputs="leads" if leads else "difference")
        models = [onnx_model_of(joint, dtype)]
        names = ["product.onnx"]
    for model in models:  # one input at a time, as the query says
        for end in (*model.graph.input, *model.graph.output):
            end.type.tensor_type.shape.dim[0].dim_value = 1
    same = len(models) == 2 and _structure(models[0]) == _structure(models[1])
    text = QueryText(version, kind, tolerances, domain, f.n_inputs, same)
    body = text.lines()  # refuses before anything is written
    head = _head(f, g, domain, text)
    contents = [model.SerializeToString() for model in models]
    paths = [write_whole(c, target / name) for c, name in zip(contents, names, strict=True)]
    query = write_whole("\n".join([*head, *body, ""]).encode(), target / "query.vnnlib")
    return ExportedQuery(query, tuple(paths), version, dtype, text.decimals.rounded)


def _asked(
    f: Network, g: Network, relation: str, atol: Any, norm: str, version: Version
) -> tuple[Kind, list[Fraction]]:
    """Return the relation and a tolerance for each output, checked."""
    if (f.n_inputs, f.n_outputs) != (g.n_inputs, g.n_outputs):
        raise ShapeError(
            f"networks of shapes {f.n_inputs} → {f.n_outputs} and {g.n_inputs} → {g.n_outputs} "
            "cannot be compared; they need the same inputs and outputs"
        )
    if version not in _VERSIONS:
        raise DomainError(f"VNN-LIB version {version!r}; written are 2 and 1")
    several = isinstance(atol, Sequence) and not isinstance(atol, str)
    given = [as_fraction(v, "atol") for v in (atol if several else [atol])]
    if any(v < 0 for v in given):
        raise DomainError(f"atol is {min(given)}; a tolerance is not negative")
    kind = Relation(relation, norm, tuple(Fraction(1) for _ in given) if several else None)  # type: ignore[arg-type]
    kind.require_outputs(f.n_outputs)
    if norm != "inf":
        raise DomainError(
            f"norm {norm!r} is no linear formula, as VNN-LIB has them; export norm 'inf' with atol "
            f"divided by {f.n_outputs}, which is stronger"
        )
    if version == 1 and kind.kind == "up_to_constant":
        raise DomainError(
            "up_to_constant asks for two points at once; VNN-LIB 1 has one, export version 2"
        )
    if version == 1 and min(given) == 0:
        raise DomainError(
            "most tools that read VNN-LIB 1 know <= and >= alone, and with atol 0 equal outputs "
            "would meet such a query; give an atol above 0, or export version 2"
        )
    return kind.kind, given if several else given * f.n_outputs


def _in_one_format(f: Network, g: Network) -> tuple[FloatDtype, tuple[Network, Network]]:
    """Return both with weights that are floats of one format, and nothing rounded."""
    exact, formats = [], list[FloatDtype]()
    for name, network in (("the first network", f), ("the second network", g)):
        try:
            one, dtype, _ = in_floats(network)
        except DomainError as error:
            fault = str(error).partition("; rounded=True")[0]
            raise DomainError(
                f"{name}: {fault}; ONNX cannot hold it, so write it with to_onnx(…, rounded=True) "
                "and export a question about that copy"
            ) from None
        exact.append(one)
        formats.append(dtype)
    if formats[0] == formats[1]:
        return formats[0], (exact[0], exact[1])
    wide: FloatDtype = "float64"
    return wide, (in_floats(f, wide)[0], in_floats(g, wide)[0])


def _folder(folder: str | os.PathLike[str]) -> Path:
    target = Path(folder)
    try:
        target.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{target} is no folder to write a query to: {reason}") from None
    return target


def _structure(model: Any) -> Any:
    """Return what isomorphic networks share: nodes, and the shapes of what is stored."""
    nodes = [
        (
            node.op_type,
            *node.input,
            "→",
            *node.output,
            *(a.SerializeToString() for a in node.attribute),
        )
        for node in model.graph.node
    ]
    stored = [(t.name, t.data_type, tuple(t.dims)) for t in model.graph.initializer]
    return nodes, stored


def _head(f: Network, g: Network, domain: Domain, text: QueryText) -> list[str]:
    """Return comments that say what the query asks."""
    n, m = f.n_inputs, f.n_outputs
    atol = sorted(set(map(str, text.tolerances)))
    where = {Box: "a box", type(None): "all of R^n"}.get(type(domain), "a polyhedron")
    lines = [
        "Do two networks f and g break this relation somewhere?",
        f"  {_RELATIONS[text.kind]}",
        f"  atol = {', '.join(atol) if len(atol) <= 4 else 'as written for each output'}",
        f"sat: there is an input where they do. unsat: there is none in the domain, {where}.",
        f"f: {f.architecture}, {n} inputs, {m} outputs, sha256 {f.sha256}",
        f"g: {g.architecture}, {n} inputs, {m} outputs, sha256 {g.sha256}",
    ]
    if text.version == 2:
        lines += [
            "f is a.onnx, g is b.onnx:",
            "  SOLVER verify query.vnnlib --network f=a.onnx --network g=b.onnx",
            "The type real: functions over the real numbers, as the weights stored denote them.",
        ]
    else:
        outputs = "f_i - g_i" if text.kind in ("equal", "at_most") else (
            "all f_i - f_k, then all g_i - g_k, for i < k"
        )  # fmt: skip
        lines += [
            f"product.onnx computes both; its outputs Y are {outputs}.",
            "Comparisons are closed, as tools for VNN-LIB 1 want them: a sat whose gap is just",
            "atol is none; unsat is not touched.",
        ]
    if text.decimals.rounded:
        lines += [
            f"{text.decimals.rounded} numbers are no short decimals: bounds are rounded outward,",
            "atol down, so that unsat still proves the relation; a sat has to be checked.",
        ]
    return [*(f"; {line}" for line in lines), ""]
