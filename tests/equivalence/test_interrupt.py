"""Ctrl-C ends a comparison with what is known, and only that."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from tests.hard_pairs import two_norms
from tropnet.checker import Certificate, check_networks
from tropnet.domains import Box
from tropnet.equivalence import Undecided
from tropnet.equivalence.compare import compare_networks
from tropnet.equivalence.interrupt import stopping_at_interrupt


@contextmanager
def interrupt_after(seconds: float) -> Iterator[None]:
    """Send this process a Ctrl-C after so many seconds."""
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(seconds, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Let each test begin with Python's own handler, and see that it is there again."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_first_sets_the_event_and_the_second_raises() -> None:
    stop = threading.Event()
    with stopping_at_interrupt(stop):
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_after_the_work_it_raises_as_ever() -> None:
    stop = threading.Event()
    with stopping_at_interrupt(stop):
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert not stop.is_set()


def test_an_error_inside_gives_the_handler_back() -> None:
    with pytest.raises(ZeroDivisionError), stopping_at_interrupt(threading.Event()):
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_program_is_left_alone() -> None:
    seen: list[int] = []

    def mine(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    signal.signal(signal.SIGINT, mine)
    stop = threading.Event()
    try:
        with stopping_at_interrupt(stop):
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is mine
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert seen == [signal.SIGINT]
    assert not stop.is_set()


@pytest.mark.parametrize("own", [signal.SIG_IGN, signal.SIG_DFL])
def test_a_program_that_ignores_it_goes_on_doing_so(own: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, own)
    try:
        with stopping_at_interrupt(threading.Event()):
            assert signal.getsignal(signal.SIGINT) is own
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_other_threads_change_nothing() -> None:
    found: list[object] = []

    def work() -> None:
        with stopping_at_interrupt(threading.Event()):
            found.append(signal.getsignal(signal.SIGINT))

    _in_a_thread(work)
    assert found == [signal.default_int_handler]


def test_a_comparison_in_another_thread_works() -> None:
    a, _ = two_norms()
    found: list[str] = []
    _in_a_thread(lambda: found.append(compare_networks(a, a).word))
    assert found == ["Equivalent"]


def test_a_comparison_ends_with_what_is_known() -> None:
    a, b = two_norms()
    start = time.perf_counter()
    with interrupt_after(0.7):
        verdict = compare_networks(a, b, Box.cube(7), time_limit=60)
    assert time.perf_counter() - start < 15
    assert isinstance(verdict, Undecided)
    assert verdict.interrupted
    assert "interrupted" in verdict.reason
    assert 0 <= verdict.lower <= verdict.upper < 100
    certificate = Certificate.from_json(verdict.certificate.to_json())
    assert check_networks(certificate, a, b).valid
    again = compare_networks(a, b, Box.cube(7), time_limit=5, evidence=certificate)
    assert not again.interrupted
    assert again.upper <= verdict.upper
    assert check_networks(again.certificate, a, b).valid


def test_a_second_one_ends_it_at_once() -> None:
    a, b = two_norms()
    told: list[str] = []

    def progress(word: str, share: float | None) -> None:
        told.append(word)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        compare_networks(a, b, Box.cube(7), time_limit=5, progress=progress)
    assert len(told) == 1


def test_no_stage_begins_after_the_first() -> None:
    a, b = two_norms()
    told: list[str] = []

    def progress(word: str, share: float | None) -> None:
        told.append(word)
        signal.raise_signal(signal.SIGINT)

    verdict = compare_networks(a, b, Box.cube(7), time_limit=5, progress=progress)
    assert isinstance(verdict, Undecided)
    assert verdict.interrupted
    assert len(told) == 1
    assert check_networks(verdict.certificate, a, b).valid


def _in_a_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
