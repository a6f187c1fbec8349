"""`tropnet convert`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options
from tropnet.cli.report import progress, require_folder, show_facts, show_json
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.io.float_form import FloatDtype
    from tropnet.network import Network

_ENDINGS: Final = (".onnx", ".json")


@click.command(short_help="Write a model as ONNX or as tropnet's JSON.")
@click.argument("model")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to: .onnx or .json.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    help="Of the ONNX file. Left out: float32 where every weight is exact in it, else float64.",
)
@click.option(
    "--rounded",
    is_flag=True,
    help="Write the nearest floats where weights are none (ONNX); refused otherwise.",
)
@load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def convert(
    model: str,
    output: str,
    dtype: FloatDtype | None,
    rounded: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Write a MODEL as another file that denotes the same function, and say what was written.

    An .onnx file is of standard operators, for every runtime; a .json file is tropnet's own and
    holds all rationals. An existing file is replaced.
    """
    ending = Path(output).suffix.lower()
    if ending not in _ENDINGS:
        raise click.UsageError(
            f"-o {output} ends in neither {' nor '.join(_ENDINGS)}.", click.get_current_context()
        )
    if ending == ".json" and (dtype is not None or rounded):
        raise click.UsageError(
            "--dtype and --rounded are for .onnx; a .json file is exact.",
            click.get_current_context(),
        )
    require_folder("-o", output)
    with progress(f"loading {model}"):
        network = load_network(model, given)
    with progress(f"writing {output}"):
        written = _onnx(network, output, dtype, rounded) if ending == ".onnx" else _json(
            network, output
        )  # fmt: skip
    if as_json:
        show_json({"model": model, "architecture": network.architecture, **written})
    else:
        facts = [(name.replace("_", " "), str(value)) for name, value in written.items()]
        show_facts(f"{model}, {network.architecture}", facts)
    return ExitCode.SAME


def _onnx(
    network: Network, output: str, dtype: FloatDtype | None, rounded: bool
) -> dict[str, str | int]:
    from tropnet.io import load, to_onnx

    done = to_onnx(network, output, dtype=dtype, rounded=rounded)
    return {
        "written_to": output,
        "weights": done.dtype,
        "rounded": done.rounded,
        "bytes": done.size,
        "sha256": load(output).sha256 if done.rounded else network.sha256,
    }


def _json(network: Network, output: str) -> dict[str, str | int]:
    from tropnet.io import save

    save(network, output)
    return {
        "written_to": output,
        "weights": "exact",
        "rounded": 0,
        "bytes": Path(output).stat().st_size,
        "sha256": network.sha256,
    }
