"""The .nnet text format: numbers, normalisation, counts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.io.models import (
    assert_within_bound,
    dense_arrays,
    network,
    nnet_text,
    points_and_kinks,
)
from tests.oracles.numpy_forward import nnet_forward
from tropnet.errors import DomainError, FormatError, TropnetError
from tropnet.io import load

_LAYERS = dense_arrays([3, 5, 4, 2], dtype="float64")
_SCALED = {"means": "0.1,-2,3,7.5,", "ranges": "3,0.7,10,373.9,"}


def _written(tmp_path: Path, text: str, name: str = "f.nnet") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_numbers_are_the_float64_of_the_decimals(tmp_path: Path) -> None:
    f = load(_written(tmp_path, nnet_text(_LAYERS)))
    assert f == network(_LAYERS, "float64")
    assert f.dtype == "float64"
    assert "float64 nearest to the decimals" in f.notes[0]


def test_clipping_is_stated_and_not_applied(tmp_path: Path) -> None:
    f = load(_written(tmp_path, nnet_text(_LAYERS, lows="-1,-2,-3,", highs="1,2,3,")))
    assert "clips inputs to [-1, 1] x [-2, 2] x [-3, 3]; this is not part" in f.notes[1]
    assert f == network(_LAYERS, "float64")
    g = load(_written(tmp_path, nnet_text(_LAYERS)))
    assert "[-9, 9]^3" in g.notes[1]


@pytest.mark.parametrize("normalise", [False, True])
def test_against_the_second_reader(tmp_path: Path, normalise: bool) -> None:
    path = _written(tmp_path, nnet_text(_LAYERS, **_SCALED))
    f = load(path, normalise=normalise)
    points = points_and_kinks(load(path))
    assert_within_bound(f, points, nnet_forward(path, points, normalise=normalise))
    assert ("not applied" in f.notes[2]) is not normalise


def test_normalisation_is_exact(tmp_path: Path) -> None:
    one = [(np.array([[1.0]]), np.array([0.0]))]
    text = nnet_text(one, means="0.1,5,", ranges="3,2,")
    f = load(_written(tmp_path, text), normalise=True)
    x = Fraction(1, 7)
    assert f.exact([x])[0, 0] == (x - Fraction(0.1)) / 3 * 2 + 5


def test_known_by_content(tmp_path: Path) -> None:
    for name in ("f.txt", "f"):
        assert load(_written(tmp_path, nnet_text(_LAYERS), name)).n_inputs == 3
    bare = "\n".join(nnet_text(_LAYERS).splitlines()[1:])
    assert load(_written(tmp_path, bare, "f.txt")).n_inputs == 3


def test_commas_at_the_end_of_lines_are_optional(tmp_path: Path) -> None:
    text = "\r\n".join(line.rstrip(",") for line in nnet_text(_LAYERS).splitlines())
    assert load(_written(tmp_path, text)) == network(_LAYERS, "float64")


def test_a_header_of_other_counts_is_left_aside_or_refused(tmp_path: Path) -> None:
    path = _written(tmp_path, nnet_text(_LAYERS, means="0,0,0,0,0,0,"))
    f = load(path)
    assert f == network(_LAYERS, "float64")
    assert "6 means and 4 ranges for 3 inputs and the output; it is left aside" in f.notes[1]
    with pytest.raises(FormatError, match=r"6 means and 4 ranges.*normalise=False"):
        load(path, normalise=True)


def _line(text: str, number: int, new: str | None) -> str:
    lines = text.splitlines()
    lines[number : number + 1] = [] if new is None else [new]
    return "\n".join(lines) + "\n"


_TEXT = nnet_text(_LAYERS)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("// only a comment\n", FormatError, "ends before its header"),
        (_line(_TEXT, 1, "3,3,2,"), FormatError, "3 numbers for the four sizes, expected 4"),
        (_line(_TEXT, 1, "4,3,2,5,"), FormatError, "4 numbers for the layer sizes, expected 5"),
        (
            _line(_TEXT, 1, "3,9,2,5,"),
            FormatError,
            "9 inputs and 2 outputs, its layer sizes 3 and 2",
        ),
        (_line(_TEXT, 1, "3,3,2.5,5,"), FormatError, "not positive integers"),
        (_line(_TEXT, 1, "0,3,2,5,"), FormatError, "not positive integers"),
        (_line(_TEXT, 1, "1000000,3,2,5,"), FormatError, "1000000 layers"),
        (_line(_TEXT, 2, "3,10000000000,4,2,"), FormatError, "expected|lines|numbers"),
        (_line(_TEXT, 9, "1,2,"), FormatError, "2 numbers for weights of layer 1, expected 3"),
        (_line(_TEXT, 9, "1,2,x,"), FormatError, "line 10: weights of layer 1 are no numbers"),
        (_line(_TEXT, 9, "1,2,nan,"), DomainError, "not all finite"),
        (_line(_TEXT, 9, "1,2,1e999,"), DomainError, "not all finite"),
        (_line(_TEXT, 9, None), FormatError, "1 numbers for weights of layer 1, expected 3"),
        (_TEXT + "1,\n", FormatError, "more numbers than the header announces"),
        (_TEXT.rsplit("\n", 3)[0], FormatError, "ends before the biases of layer 3"),
        ("// ümlaut\n", FormatError, "not plain text"),
    ],
)
def test_wrong_counts_and_numbers(
    tmp_path: Path, text: str, error: type[TropnetError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        load(_written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_range_of_zero(tmp_path: Path) -> None:
    path = _written(tmp_path, nnet_text(_LAYERS, ranges="1,0,1,1,"))
    assert load(path).n_inputs == 3
    with pytest.raises(DomainError, match="range of zero"):
        load(path, normalise=True)


def test_other_formats_have_no_normalisation() -> None:
    with pytest.raises(FormatError, match="has no use for normalise="):
        load("examples:moons_a", normalise=True)
