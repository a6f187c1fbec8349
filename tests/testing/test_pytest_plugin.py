"""The plugin, in test runs of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# The runs below share this process: what they import has to be here before and after them.
import tropnet.api
import tropnet.equivalence
import tropnet.testing.certificate_store
import tropnet.testing.failure_message
import tropnet.testing.replay_verdict  # noqa: F401
from tropnet.testing import pytest_plugin

pytest_plugins = ["pytester"]

NETWORKS = """
    from tropnet import Box, Network
    from tropnet.testing import assert_equivalent, assert_within

    F = Network.from_dense([[[1], [-1]], [[1, 1]]])
    COPY = Network.from_dense([[[-2], [1]], [["1/2", 1]]])
    NEAR = Network.from_dense([[[1], [-1]], [[1, "1.25"]]])
    BOX = Box([-1], [1])
"""
PASSING = (
    NETWORKS
    + """
    def test_copy():
        assert_equivalent(F, COPY)

    def test_near():
        assert_within(F, NEAR, BOX, "0.25")
"""
)


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", *options)


def _line(result: pytest.RunResult) -> str:
    lines = [line for line in result.outlines if line.startswith("tropnet: ")]
    return lines[-1].rpartition(" (")[0] if lines else ""


def test_proven_once_and_replayed_then(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    first = _run(pytester)
    first.assert_outcomes(passed=2)
    assert _line(first) == "tropnet: 2 proven"
    kept = _kept(pytester.path / ".tropnet")
    assert len(kept) == 2
    again = _run(pytester)
    again.assert_outcomes(passed=2)
    assert _line(again) == "tropnet: 2 replayed"
    assert _kept(pytester.path / ".tropnet") == kept


def test_reprove(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    _run(pytester)
    assert _line(_run(pytester, "--tropnet-reprove")) == "tropnet: 2 proven"


def test_other_weights_are_proven_anew(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    _run(pytester)
    pytester.makepyfile(PASSING.replace("1.25", "1.24"))
    assert _line(_run(pytester)) == "tropnet: 1 proven, 1 replayed"


def test_where_the_certificates_lie(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    pytester.makeini("[pytest]\ntropnet_store = proofs/here\n")
    below = pytester.mkdir("below")
    _run(pytester)
    assert len(_kept(pytester.path / "proofs" / "here")) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(below)
        _run(pytester, "--tropnet-store", "there", "..")
    assert len(_kept(below / "there")) == 2
    assert not (pytester.path / ".tropnet").exists()


@pytest.mark.parametrize("way", ["ini", "option"])
def test_off(pytester: pytest.Pytester, way: str) -> None:
    pytester.makepyfile(PASSING)
    if way == "ini":
        pytester.makeini("[pytest]\ntropnet_store = off\n")
    options = ["--tropnet-store", "off"] if way == "option" else []
    for _ in range(2):
        assert _line(_run(pytester, *options)) == "tropnet: 2 proven"
    assert not (pytester.path / ".tropnet").exists()
    assert not (pytester.path / "off").exists()


def test_without_the_plugin_the_assertions_prove(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    result = _run(pytester, "-p", "no:tropnet")
    result.assert_outcomes(passed=2)
    assert _line(result) == ""
    assert not (pytester.path / ".tropnet").exists()


def test_a_run_that_uses_nothing_of_it_sees_nothing_of_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    result = _run(pytester, "-v")
    result.assert_outcomes(passed=1)
    assert "tropnet" not in "".join(
        line for line in result.outlines if not line.startswith(("plugins: ", "rootdir: "))
    )
    assert not (pytester.path / ".tropnet").exists()


def test_the_failure_is_shown_at_the_callers_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        NETWORKS + "\n    def test_near():\n        assert_equivalent(F, NEAR, BOX)\n"
    )
    result = _run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">       assert_equivalent(F, NEAR, BOX)",
            "E       *DifferentAssertionError: The models are different.",
            "E         x:         (-1)",
            "E         f(x):      (1)",
            "E         g(x):      (1.25)",
            "E         proven:    0.25 <= sup|f-g| <= 0.25",
            "test_the_failure_is_shown_at_the_callers_line.py:*: DifferentAssertionError",
            "tropnet: 1 different (*",
        ]
    )
    assert "settle.py" not in result.stdout.str()


def test_undecided_is_counted_and_skips_if_told_to(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        NETWORKS
        + """
    def test_hard():
        assert_equivalent(F, COPY, BOX, time_limit=1e-6, undecided="skip")
"""
    )
    result = _run(pytester, "-rs")
    result.assert_outcomes(skipped=1)
    assert _line(result) == "tropnet: 1 undecided"
    result.stdout.fnmatch_lines(["SKIPPED * undecided: *(proven: 0 <= *"])


def test_each_assertion_with_v(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    result = _run(pytester, "-v")
    name = "test_each_assertion_with_v.py"
    result.stdout.fnmatch_lines(
        [
            f"tropnet:   *.?? s proven: {name}::test_copy",
            f"tropnet:   *.?? s proven: {name}::test_near",
        ]
    )


def test_a_certificate_that_is_not_used_is_told_of(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PASSING)
    _run(pytester)
    for path in _kept(pytester.path / ".tropnet"):
        path.write_text("garbage")
    result = _run(pytester)
    result.assert_outcomes(passed=2)
    assert _line(result) == "tropnet: 2 proven"
    result.stdout.fnmatch_lines(["tropnet: stored certificate * was not used: *no sound JSON*"])
    assert _line(_run(pytester)) == "tropnet: 2 replayed"


def test_many_certificates_that_are_not_used_are_told_of_in_short(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        NETWORKS
        + """
    def test_many():
        for k in range(1, 7):
            assert_within(F, NEAR, Box([0], [k]), 2)
"""
    )
    _run(pytester)
    for path in _kept(pytester.path / ".tropnet"):
        path.write_text("garbage")
    result = _run(pytester)
    assert sum("was not used" in line for line in result.outlines) == 3
    result.stdout.fnmatch_lines(["tropnet: * 3 more with -v", "tropnet: 6 proven (*"])


def test_several_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        NETWORKS
        + """
    import pytest

    @pytest.mark.parametrize("k", range(8))
    def test_same(k):
        assert_equivalent(F, COPY)
"""
    )
    first = pytester.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")
    first.assert_outcomes(passed=8)
    assert "proven" in _line(first)
    assert sum(int(word) for word in _line(first).split() if word.isdigit()) == 8
    assert _line(_run(pytester)) == "tropnet: 8 replayed"
    assert len(_kept(pytester.path / ".tropnet")) == 1


def test_its_import_loads_nothing_that_pytest_has_not_loaded() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import tropnet.testing.pytest_plugin; "
        "print(*(name for name in set(sys.modules) - before if not name.startswith('tropnet')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []


def test_it_is_loaded_in_this_run_and_keeps_nothing(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.get_plugin("tropnet") is pytest_plugin
    assert pytestconfig.getini("tropnet_store") == "off"
