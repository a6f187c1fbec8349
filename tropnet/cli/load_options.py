"""How files are read: options that become keyword arguments of `tropnet.load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from tropnet.network import Network

_F = TypeVar("_F", bound=Callable[..., Any])

_NAMES: Final = ("key", "normalise", "stop-before", "architecture")
_OPTIONS: Final = (
    click.option("--key", metavar="PATH", help="Dotted path of the weights inside a checkpoint."),
    click.option(
        "--normalise", is_flag=True, help="Apply the normalisation that a .nnet file states."
    ),
    click.option("--stop-before", metavar="NODE", help="Stop before this node (ONNX)."),
    click.option(
        "--architecture",
        metavar="LIST",
        help="What files of weights alone are: linear,relu,linear.",
    ),
)


def load_options(command: _F) -> _F:
    """Add the options of `tropnet.load` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def own_load_options(command: _F) -> _F:
    """Add `-a` and `-b`, which say how one of two files is read."""
    for name, which in (("b", "second"), ("a", "first")):
        command = click.option(
            f"-{name}",
            f"own_{name}",
            multiple=True,
            metavar="OPTION[=VALUE]",
            help=f"How to read the {which} model alone, such as -{name} key=state_dict.",
        )(command)
    return command


def load_network(
    source: str, given: Mapping[str, Any], own: Sequence[str] = (), flag: str = ""
) -> Network:
    """Load a model as the options say.

    Args:
        source: the path or example; a saved tropical map too.
        given: the values of `load_options`, by parameter.
        own: the values of this model's own option, which go before the others.
        flag: that option, for messages.

    Raises:
        click.UsageError: an own option that is none.
        TropnetError: as `tropnet.load`.

    Example:
        >>> from tropnet.cli.load_options import load_network
        >>> load_network("examples:moons_a", {}).architecture
        '2-8-8-1'
    """
    from tropnet.api.as_network import as_network
    from tropnet.io import load

    options: dict[str, Any] = {
        name: value for name, value in given.items() if value is not None and value is not False
    }
    for text in own:
        name, equals, value = text.partition("=")
        if name not in _NAMES or bool(equals) == (name == "normalise"):
            raise click.UsageError(
                f"{flag} {text}: give one of key=PATH, normalise, stop-before=NODE, "
                "architecture=LIST.",
                click.get_current_context(silent=True),
            )
        options[name.replace("-", "_")] = value if equals else True
    if isinstance(options.get("architecture"), str):
        options["architecture"] = [word.strip() for word in options["architecture"].split(",")]
    return load(source, **options) if options else as_network(source)
