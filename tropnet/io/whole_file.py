"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tropnet.errors import FormatError


def write_whole(content: bytes, path: str | os.PathLike[str]) -> Path:
    """Write a file: all of it, or nothing.

    The bytes go to a temporary file in the same folder, which then takes the name; an existing file
    is replaced.

    Args:
        content: the bytes.
        path: where to.

    Returns:
        The path.

    Raises:
        FormatError: the folder is missing or cannot be written.

    Example:
        >>> import tempfile
        >>> from tropnet.io.whole_file import write_whole
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_whole(b"all", f"{folder}/x").read_bytes()
        b'all'
    """
    target = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as stream:
            temporary = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{target} cannot be written: {reason}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
