"""`load_complex`: polyhedral complexes back from the files that `save` writes."""

from __future__ import annotations

import os

from tropnet.geometry.polyhedral_complex import PolyhedralComplex
from tropnet.geometry.saved_complex import complex_from_json
from tropnet.io.json_file import read_json
from tropnet.io.model_file import ModelFile
from tropnet.io.one_line import one_line_errors


@one_line_errors()
def load_complex(source: str | os.PathLike[str]) -> PolyhedralComplex:
    """Read a complex from a JSON file that `save` wrote.

    The file holds the network, the domain and a digest of the cells. They are enumerated again, so
    what is loaded is proved like any other complex and a file cannot lie.

    Args:
        source: the path.

    Raises:
        FormatError: no such file, no complex in it, or its cells are others than it says.
        BudgetExceeded: there are more cells than it says.

    Cost: that of `linear_regions`.

    Example:
        >>> import tempfile, tropnet
        >>> moons = tropnet.load("examples:moons_a")
        >>> cells = tropnet.linear_regions(moons, tropnet.Box.cube(2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tropnet.save(cells, f"{folder}/cells.json")
        ...     tropnet.load_complex(f"{folder}/cells.json").n_cells == cells.n_cells
        True
    """
    return complex_from_json(read_json(ModelFile.open(source)))
