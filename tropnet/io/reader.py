"""What every reader is: it recognises its kind of source or refuses with a reason, and reads it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, final

if TYPE_CHECKING:
    from tropnet.io.model_file import ModelFile
    from tropnet.network import Network


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error: another reader is asked next
    """A reader's answer to a source that is not its kind; the text is the reason, in short."""


@final
@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may say beside the source.

    Attributes:
        architecture: how stored weights are used: a `torch.nn.Module` to load them into, or a list
            of `"linear"`, `"relu"`, `"identity"` and names of stored layers.
        example_input: a tensor or an array of the shape the model takes, a tuple or a dict of them.
        key: dotted path of the weights inside a checkpoint.
        normalise: apply the normalisation that the file states.
        stop_before: name or operation of the node before which to stop.
    """

    architecture: Any = None
    example_input: Any = None
    key: str | None = None
    normalise: bool = False
    stop_before: str | None = None

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that are not at their defaults.

        Example:
            >>> from tropnet.io import Options
            >>> sorted(Options(key="model", normalise=True).given)
            ['key', 'normalise']
        """
        return frozenset(f.name for f in fields(self) if getattr(self, f.name) is not f.default)


class Reader(ABC):
    """Reads one kind of source.

    `load` asks every reader in turn to `recognise` the source, by its content rather than by its
    name, and lets the first that does not refuse `read` it.
    """

    #: What an error message calls the kind.
    name: ClassVar[str]
    #: The options that mean something for this kind; `load` refuses the others.
    options: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def read(self, source: Any, options: Options) -> Network:
        """Return the network.

        Raises:
            TropnetError: the source is of this kind, and broken, unsafe or not supported.
        """


class FileReader(Reader):
    """Reads one kind of file."""

    #: Where no reader recognises a file, the one its name belongs to says what is wrong with it.
    suffixes: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def recognise(self, file: ModelFile) -> None:
        """Return if the file is of this kind.

        Raises:
            Refusal: it is not.
        """


class ObjectReader(Reader):
    """Reads one kind of live object."""

    @abstractmethod
    def recognise(self, source: object) -> None:
        """Return if the object is of this kind; the object's library is not imported for it.

        Raises:
            Refusal: it is not.
        """


def bases(source: object) -> frozenset[str]:
    """Return the full names of an object's classes, so that no library is imported to look.

    Example:
        >>> from tropnet.io.reader import bases
        >>> sorted(bases(True))
        ['builtins.bool', 'builtins.int', 'builtins.object']
    """
    return frozenset(f"{c.__module__}.{c.__qualname__}" for c in type(source).__mro__)
