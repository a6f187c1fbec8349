"""A certificate from its file, which may be anybody's."""

from __future__ import annotations

import os

from tropnet.checker import Certificate
from tropnet.errors import CertificateError, FormatError, UnsafeFileError
from tropnet.io.model_file import ModelFile
from tropnet.io.strict_json import strict_json

#: Larger texts are no certificates.
_MOST_BYTES = 2**30


def read_certificate(path: str | os.PathLike[str]) -> Certificate:
    """Read a certificate that `Certificate.save` wrote, with an eye on what the file would take.

    Args:
        path: the JSON file.

    Raises:
        CertificateError: no such file, a folder, a device, or no sound certificate.

    Example:
        >>> import tempfile, tropnet
        >>> from tropnet.api.read_certificate import read_certificate
        >>> verdict = tropnet.compare("examples:moons_a", "examples:moons_a_permuted")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     verdict.certificate.save(f"{folder}/c.json")
        ...     read_certificate(f"{folder}/c.json").claim
        'equivalent'
    """
    try:
        file = ModelFile.open(path)
        data = strict_json(file.text(_MOST_BYTES), str(file.path))
    except (FormatError, UnsafeFileError) as error:
        raise CertificateError(f"cannot read the certificate: {error}") from None
    return Certificate.from_json(data)
