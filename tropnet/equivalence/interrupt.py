"""Ctrl-C as a wish to stop with what is known."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping_at_interrupt(stop: threading.Event) -> Iterator[None]:
    """Set an event at the first Ctrl-C instead of raising; the second one raises as ever.

    Work that looks at the event can end with what it has, in a state that makes sense. Outside the
    main thread, and where the program handles the signal itself, nothing is changed.

    Args:
        stop: the event.
    """
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
