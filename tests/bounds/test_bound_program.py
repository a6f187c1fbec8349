"""Boxes bounded elsewhere are bounded as they are here, whatever becomes of the workers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

import tropnet
from tests.bounds.joint_pairs import random_box, random_pair
from tropnet.bounds import JointBounds
from tropnet.checker.joint_program import JointProgram


class Unreliable(Executor):
    """Answers every second task by something else than what was asked."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.tasks = 0

    def submit(self, task: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.tasks += 1
        future: Future[Any] = Future()
        try:
            future.set_result(task(*args) if self.tasks % 2 else self.answer())
        except Exception as error:
            future.set_exception(error)
        return future


def killed() -> Any:
    raise BrokenPipeError("the worker is gone")


def bounds(executor: Executor | None) -> list[list[float]]:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(3):
        f, g, pairs = random_pair(rng)
        boxes = np.array([random_box(rng, f.n_inputs) for _ in range(300)])
        program = JointProgram.of(f, g, pairs)
        found.append(JointBounds(program, "inf", threads=1, executor=executor)(boxes).upper)
    return [row.tolist() for row in found]


def test_threads_and_processes_find_the_same() -> None:
    here = bounds(None)
    with ThreadPoolExecutor(3) as threads:
        assert bounds(threads) == here
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert bounds(processes) == here


@pytest.mark.parametrize(
    "answer", [killed, lambda: None, lambda: (np.zeros((1, 2)), np.zeros((3, 4)))]
)
def test_what_is_not_finished_is_bounded_here(answer: Callable[[], Any]) -> None:
    executor = Unreliable(answer)
    assert bounds(executor) == bounds(None)
    assert executor.tasks > 3


def test_an_executor_that_was_shut_down_only_costs_time() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    assert bounds(executor) == bounds(None)


def test_a_comparison_takes_an_executor() -> None:
    rng = np.random.default_rng(0)
    f = tropnet.Network.from_dense([rng.normal(size=(6, 3)), rng.normal(size=(2, 6))])
    g = tropnet.Network.from_dense(
        [a.terms[0][1].values.astype(np.float16).astype(float) for a in f.affines]
    )
    box = tropnet.Box.cube(3)
    with ThreadPoolExecutor(2) as threads:
        verdict = tropnet.compare(f, g, box, atol="0.02", executor=threads)
    assert verdict.word == tropnet.compare(f, g, box, atol="0.02").word == "Equivalent"
    assert tropnet.check(verdict.certificate, f, g)
