from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tropnet import examples
from tropnet.errors import FormatError, TropnetError
from tropnet.examples import shipped


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped folder that may be damaged, standing where the package's stood."""
    folder = tmp_path / "data"
    shutil.copytree(shipped.DATA, folder)
    monkeypatch.setattr(shipped, "DATA", folder)
    return folder


def test_every_name_leads_to_a_file() -> None:
    moons = ["moons_a", "moons_a_permuted", "moons_a_pruned", "moons_b", "moons_sparse"]
    assert examples.names() == moons
    for name in examples.names():
        assert examples.path(name).is_file()


def test_both_formats_are_shown() -> None:
    assert {examples.path(name).suffix for name in examples.names()} == {".pt", ".onnx"}


def test_every_file_that_ships_has_a_sum() -> None:
    listed = set(shipped.sums(shipped.DATA))
    assert {file.name for file in shipped.DATA.iterdir()} == listed | {shipped.SUMS}


def test_unknown_name() -> None:
    with pytest.raises(
        examples.UnknownExampleError,
        match=r"^no example is called 'moon'; there are: moons_a, moons_a_permuted, moons_a_pruned,"
        r" moons_b, moons_sparse$",
    ):
        examples.path("moon")


def test_unknown_name_is_a_tropnet_error_and_a_missing_file() -> None:
    with pytest.raises(TropnetError):
        examples.path("moons_a.pt")
    with pytest.raises(FileNotFoundError):
        examples.resolve("examples:")


def test_one_changed_bit_is_refused(copy: Path) -> None:
    file = copy / "moons_b.pt"
    content = bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(content)
    with pytest.raises(
        FormatError,
        match=r"^example 'moons_b': .*moons_b\.pt has SHA-256 [0-9a-f]{12}…, shipped was"
        r" [0-9a-f]{12}…; the file was changed or damaged; reinstall tropnet, or run `python -m"
        r" tropnet\.examples\.train`$",
    ):
        examples.path("moons_b")
    assert examples.path("moons_a") == copy / "moons_a.pt"


def test_a_missing_file_is_refused(copy: Path) -> None:
    (copy / "moons_a.pt").unlink()
    with pytest.raises(FormatError, match=r"^example 'moons_a': its file .* is missing; reinstall"):
        examples.path("moons_a")


def test_other_paths_are_left_alone() -> None:
    assert examples.resolve("models/examples:a") == Path("models/examples:a")
    assert examples.resolve(Path("examples:moons_a")) == Path("examples:moons_a")
    assert examples.resolve("examples:moons_a") == examples.path("moons_a")
