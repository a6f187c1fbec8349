"""The pytest plugin `tropnet`: proofs are kept, and replayed instead of being found again.

Inside pytest the assertions of `tropnet.testing` keep the certificate of each proof in a folder,
`.tropnet` beside the ini file, under a digest of the question: both networks, the domain, the
relation and the tolerance. In the next run a certificate of the same question is replayed by the
exact checker; if it proves the claim, nothing is searched. A certificate that was changed, is
damaged, or speaks of something else is not used: the comparison runs again, and the summary says
so.

Options: `--tropnet-store DIR` and the ini option `tropnet_store` choose the folder (`off`: none);
`--tropnet-reprove` ignores what is stored and replaces it; `-p no:tropnet` leaves the plugin out.

pytest imports this module at each start, in projects too that use nothing of it: it imports nothing
but what pytest has loaded already.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest

from tropnet.testing.proof_session import ProofSession, begin, end

_SESSION: Final = pytest.StashKey[ProofSession]()
_DEFAULT: Final = ".tropnet"
_OFF: Final = "off"
#: Under this key a pytest-xdist worker hands its assertions to the controller.
_OUTPUT: Final = "tropnet"
#: Notes that are printed without -v.
_FEW: Final = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("tropnet", "proofs about networks")
    group.addoption(
        "--tropnet-store",
        metavar="DIR",
        help=f"folder where tropnet keeps certificates ('{_OFF}': none; default: {_DEFAULT})",
    )
    group.addoption(
        "--tropnet-reprove",
        action="store_true",
        help="prove again what tropnet has certificates of, and replace them",
    )
    parser.addini(
        "tropnet_store",
        f"folder where tropnet keeps certificates, relative to the root folder ('{_OFF}': none)",
        default=_DEFAULT,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin a session; no folder is made before the first certificate is kept."""
    session = ProofSession(_folder(config), bool(config.getoption("--tropnet-reprove")))
    config.stash[_SESSION] = session
    begin(session)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        end(session)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's assertions to the controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = session.config.stash[_SESSION].to_json()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add a worker's assertions; one that crashed has handed over nothing."""
    output = getattr(node, "workeroutput", None) or {}
    node.config.stash[_SESSION].add_json(output.get(_OUTPUT, []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many assertions were proven and replayed; with -v each one with its time."""
    session = config.stash[_SESSION]
    if not session.settled:
        return
    counts = {outcome: count for outcome, count in session.counts().items() if count}
    text = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    seconds = sum(each.seconds for each in session.settled)
    colour = "red" if "different" in counts else "yellow" if "undecided" in counts else "green"
    verbose = terminalreporter.verbosity > 0
    if verbose:
        for each in session.settled:
            where = each.test or "outside of a test"
            terminalreporter.write_line(f"tropnet: {each.seconds:6.2f} s {each.outcome}: {where}")
    notes = list(dict.fromkeys(each.note for each in session.settled if each.note))
    shown = notes if verbose else notes[:_FEW]
    for note in shown:
        terminalreporter.write_line(f"tropnet: {note}", yellow=True)
    if len(shown) < len(notes):
        terminalreporter.write_line(f"tropnet: … {len(notes) - len(shown)} more with -v")
    if terminalreporter.verbosity > -2:
        terminalreporter.write_line(f"tropnet: {text} ({seconds:.2f} s)", **{colour: True})


def _folder(config: pytest.Config) -> Path | None:
    """Return the folder that is asked for: an option's from here, the ini file's from its root."""
    given, ini = config.getoption("--tropnet-store"), str(config.getini("tropnet_store"))
    if _OFF in (given, None if given else ini):
        return None
    if given:
        return Path(os.path.abspath(config.invocation_params.dir / given))  # noqa: PTH100
    return config.rootpath / (ini or _DEFAULT)
