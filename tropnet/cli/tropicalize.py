"""`tropnet tropicalize`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import click

from tropnet.cli.domain_option import DomainCommand, read_domains
from tropnet.cli.exit_code import ExitCode
from tropnet.cli.load_options import load_network, load_options
from tropnet.cli.report import progress, require_folder, show_facts, show_json
from tropnet.cli.traceback_option import traceback_option

if TYPE_CHECKING:
    from tropnet.algebra import TropicalMap

#: Expressions of at most this many terms in all are printed.
_SHORT: Final = 24


@click.command(short_help="Write a model as P ⊘ Q.", cls=DomainCommand)
@click.argument("model")
@click.option("--method", type=click.Choice(["auto", "layers", "regions"]), default="auto",
              help="How: layer by layer, from the cells, or whichever is expected to be quicker "
              "(the default).")  # fmt: skip
@click.option("--box", metavar="LO HI | FILE",
              help="Only on a box, of which the result then speaks: one pair of exact decimals or "
              "fractions for all inputs, or a file that describes the domain.")  # fmt: skip
@click.option("--max-terms", type=int, default=100_000, metavar="NUMBER",
              help="Refuse polynomials of more terms. Default 100000.")  # fmt: skip
@click.option("--time-limit", type=float, metavar="SECONDS", help="Give up after this. No default.")
@click.option("-o", "--output", metavar="FILE", help="Write the map as JSON, with exact numbers.")
@click.option("--latex", is_flag=True, help="Print the expression in LaTeX and nothing else.")
@load_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with exact numbers as texts.")
@traceback_option
def tropicalize(
    model: str,
    method: Literal["auto", "layers", "regions"],
    box: str | None,
    max_terms: int,
    time_limit: float | None,
    output: str | None,
    latex: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Write a MODEL as P ⊘ Q, the difference of two maxima of affine functions, per output."""
    from tropnet.api.plan import plan
    from tropnet.api.tropicalize import tropicalize as convert
    from tropnet.io import save
    from tropnet.io.one_line import escaped

    if latex and as_json:
        raise click.UsageError(
            "--latex and --json exclude each other.", click.get_current_context()
        )
    if time_limit is not None and not time_limit > 0:  # NaN too
        raise click.UsageError(
            f"--time-limit {time_limit:g}: give a positive number of seconds.",
            click.get_current_context(),
        )
    if output is not None:
        require_folder("-o", output)
    with progress(f"loading {model}"):
        network = load_network(model, given)
    (domain,) = read_domains(box, None, network.n_inputs)
    with progress("planning"):
        planned = plan(network, domain)
    if not latex and not as_json:
        lines = (f"plan of {model}, {network.architecture}", *str(planned).splitlines(), "")
        click.echo("\n".join(map(escaped, lines)))
    with progress("converting"):
        found = convert(network, domain, method=method, max_terms=max_terms, time_limit=time_limit)
    if output is not None:
        save(found, output)
    if latex:
        for function in found:
            click.echo(function.to_latex())
    elif as_json:
        from tropnet.algebra import to_json

        show_json(to_json(found))
    else:
        _show(found, output)
    return ExitCode.SAME


def _show(found: TropicalMap, output: str | None) -> None:
    facts = [(y, f"{p} ⊘ {q} terms") for y, (p, q) in zip(_names(found.m), found.k, strict=True)]
    if sum(map(sum, found.k)) <= _SHORT:
        facts = list(zip(_names(found.m), found.to_text(), strict=True))
    elif output is None:
        facts.append(("too long", "--latex, --json and -o FILE give all terms"))
    if found.domain is not None:
        facts.append(("only on", str(found.domain)))
    if output is not None:
        facts.append(("written to", output))
    show_facts("P ⊘ Q", facts)


def _names(count: int) -> list[str]:
    return [f"y{k}" for k in range(1, count + 1)]
