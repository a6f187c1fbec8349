"""What ONNX itself says of an operator: which attributes it has and how many inputs."""

from __future__ import annotations

from typing import Any

from tropnet.errors import FormatError


def require_signature(node: Any, name: str, opset: int) -> None:
    """Refuse a node that the operator set does not allow.

    Args:
        node: an `onnx.NodeProto` of ONNX's own domain.
        name: how error messages call it.
        opset: the version of the operator set.

    Raises:
        FormatError: the operator is not in this set, or not any more; an attribute is missing,
            unknown or of another type; too few or too many inputs or outputs.
    """
    from onnx import defs

    who, op = f"node {name!r} ({node.op_type})", node.op_type
    try:
        schema = defs.get_schema(op, opset, "")
    except defs.SchemaError:
        raise FormatError(
            f"{who}: operator set {opset}, which the ONNX model uses, has no {op}; export it again"
        ) from None
    if schema.deprecated:
        raise FormatError(
            f"{who}: operator set {opset}, which the ONNX model uses, has no {op} any more; "
            "export it again"
        )
    given = {a.name: a for a in node.attribute}
    for attribute in schema.attributes.values():
        if attribute.required and attribute.name not in given:
            raise FormatError(f"{who} lacks its {attribute.name}")
    for word, found in given.items():
        if word not in schema.attributes:
            raise FormatError(f"{who}: operator set {opset} gives {op} no attribute {word!r}")
        wanted: Any = schema.attributes[word].type
        if int(found.type) != int(wanted.value) or found.ref_attr_name:
            raise FormatError(f"{who}: attribute {word} is not of type {wanted.name}")
    for what, count, least, most in (
        ("inputs", len(node.input), schema.min_input, schema.max_input),
        ("outputs", len(node.output), schema.min_output, schema.max_output),
    ):
        if not least <= count <= most:
            wanted_count = str(least) if least == most else f"{least} to {most}"
            raise FormatError(f"{who} has {count} {what}, not {wanted_count}")
