"""`tropnet info`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options
from tropnet.cli.report import progress, show_facts, show_json, show_table
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.conversion import Plan
    from tropnet.network import Network

_HEAD = ("layer", "units", "reads", "nonzero weights")


@click.command(short_help="Show what a model is.")
@click.argument("model")
@load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@traceback_option
def info(model: str, as_json: bool, **given: Any) -> int:
    """Show what a MODEL is: its layers, its identity, the size of its tropical form."""
    from tropnet.api.plan import plan
    from tropnet.examples import resolve

    with progress(f"loading {model}"):
        network = load_network(model, given)
    with progress("planning"):
        planned = plan(network)
    if as_json:
        show_json({"file": str(resolve(model)), **_as_json(network), "plan": _plan_json(planned)})
        return ExitCode.SAME
    facts = [
        ("file", str(resolve(model))),
        ("widths", network.architecture),
        ("inputs", str(network.n_inputs)),
        ("outputs", str(network.n_outputs)),
        ("units", f"{network.n_relu} ReLU in {network.depth} layer{'s' * (network.depth != 1)}"),
        ("parameters", f"{network.n_parameters} nonzero"),
        ("runs in", network.dtype),
        ("sha256", network.sha256),
        *(("note", note) for note in network.notes),
        ("P ⊘ Q", planned.summary),
    ]
    show_facts(model, facts)
    show_table(_HEAD, network.rows())
    return ExitCode.SAME


def _as_json(network: Network) -> dict[str, Any]:
    return {
        "architecture": network.architecture,
        "n_inputs": network.n_inputs,
        "n_outputs": network.n_outputs,
        "n_relu": network.n_relu,
        "depth": network.depth,
        "n_parameters": network.n_parameters,
        "dtype": network.dtype,
        "sha256": network.sha256,
        "input_names": list(network.input_names),
        "output_names": list(network.output_names),
        "notes": list(network.notes),
        "layers": [
            {"name": name, "units": units, "reads": reads, "nonzero_weights": int(nonzero)}
            for name, units, reads, nonzero in network.rows()
        ],
    }


def _plan_json(planned: Plan) -> dict[str, Any]:
    """Return a plan with null for what is beyond all hope."""

    def size(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "terms": size(planned.terms),
        "outputs": [{"p": p, "q": q} for p, q in planned.outputs],
        "layers": [
            {
                "name": layer.name,
                "units": layer.units,
                "terms": size(layer.terms),
                "cells": size(layer.cells),
                "log10_unpruned": size(layer.unpruned),
            }
            for layer in planned.layers
        ],
    }
