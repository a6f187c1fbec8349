"""A page that tells what a simplification did, for people and for archives."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tropnet.network import Network

if TYPE_CHECKING:
    from tropnet.simplification.simplification import Simplification


def html_report(
    found: Simplification[Any], title: str = "Simplification", command: str | None = None
) -> str:
    """Return an HTML page: sizes, layers, the signs of units, all steps, the evidence replayed.

    The page stands by itself: no scripts, no files besides. The evidence is replayed while it is
    written, so that the page says what came of it.

    Args:
        found: what was simplified.
        title: the heading.
        command: the command that replays the certificate, if there is one.

    Cost: that of `found.replay()`.

    Example:
        >>> import tropnet
        >>> from tropnet.simplification.html_report import html_report
        >>> f = tropnet.Network.from_dense([[[1], [2]], [[1, 1]]])
        >>> page = html_report(tropnet.simplify(f), "max(x, 0) + max(2x, 0)")
        >>> page.count("<h2>"), "valid: equivalent" in page
        (4, True)
    """
    from jinja2 import Environment, PackageLoader

    pages = Environment(
        loader=PackageLoader("tropnet.simplification"), autoescape=True, trim_blocks=True
    )
    layers: list[tuple[str, list[tuple[str, str, str, str]]]] = []
    if isinstance(found.original, Network):
        layers = [
            ("before, " + found.original.architecture, found.original.rows()),
            ("after, " + found.result.architecture, found.result.rows()),
        ]
    signs = () if found.signs is None else found.signs.kinds
    return pages.get_template("report.html.jinja").render(
        title=title,
        found=found,
        place="on all of Rⁿ" if found.domain is None else f"on {found.domain!r}",
        layers=layers,
        signs=signs,
        counts=[_counted(kinds) for kinds in signs],
        replay=found.replay(),
        command=command,
        version=version("tropnet"),
    )


def _counted(kinds: tuple[str, ...]) -> str:
    words = {"active": "always on", "affine": "without ReLU"}
    return ", ".join(f"{n} {words.get(kind, kind)}" for kind, n in Counter(kinds).most_common())
