"""Threads that work side by side: who gets what, when they meet, and what happens when one of them fails."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np
import pytest

from wordkin.training.cpu import crew as module
from wordkin.training.cpu.crew import Crew, Queue
from wordkin.training.cpu.waiting import reaches

ROUNDS = 50


@pytest.fixture(params=[0, 500_000], ids=["asleep", "awake"])
def looks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Whether workers that wait go to sleep at once."""
    monkeypatch.setattr(module, "LOOKS", request.param)
    return int(request.param)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_nobody_goes_on_before_all_have_come(size: int, looks: int) -> None:
    crew = Crew(range(size))
    reached = [0] * size

    def work(worker: int) -> None:
        for number in range(1, ROUNDS + 1):
            reached[worker] = number
            crew.meet()
            assert min(reached) >= number
            crew.meet()

    for _ in range(2):
        crew.work(work)
    assert reached == [ROUNDS] * size
    crew.close()


def test_all_learn_what_one_decided(looks: int) -> None:
    crew = Crew(range(3))
    answers = iter([False, True, False, True])
    learned: list[list[bool]] = [[], [], []]

    def work(worker: int) -> None:
        for _ in range(4):
            learned[worker].append(crew.meet(lambda: next(answers)))

    crew.work(work)
    assert learned == [[False, True, False, True]] * 3
    crew.close()


def test_those_who_wait_for_one_that_fails_are_let_go(looks: int) -> None:
    crew = Crew(range(3))

    def work(worker: int) -> None:
        crew.meet()
        if worker == 1:
            raise MemoryError("no room")
        crew.meet()

    for _ in range(2):  # the crew works on
        with pytest.raises(MemoryError, match="no room"):
            crew.work(work)
    crew.work(lambda _: crew.meet())
    crew.close()


def test_a_failure_to_decide_is_one_of_the_worker(looks: int) -> None:
    crew = Crew(range(2))
    with pytest.raises(ZeroDivisionError):
        crew.work(lambda _: crew.meet(lambda: bool(1 // 0)))
    crew.close()


def test_each_item_is_taken_once_and_in_order() -> None:
    crew = Crew(range(4))
    queue = Queue(range(1000))
    taken: list[list[int]] = [[] for _ in range(4)]

    def work(worker: int) -> None:
        for item in queue:
            taken[worker].append(item)

    crew.work(work)
    assert sorted(itertools.chain(*taken)) == list(range(1000))
    assert all(each == sorted(each) for each in taken)
    crew.close()


def test_a_queue_ends_when_it_should() -> None:
    answers = iter([False, False, True, False])
    queue = Queue("abcd", lambda: next(answers))
    assert list(queue) == ["a", "b"]


def test_a_number_that_another_thread_counts_up_is_seen() -> None:
    counter = np.zeros(1, np.int64)
    assert not reaches(counter, 1, 1000)
    reaches(counter, 0, 0)

    def count() -> None:
        time.sleep(0.01)
        counter[0] = 1

    thread = threading.Thread(target=count)
    thread.start()
    while not reaches(counter, 1, 10_000_000):
        pass
    thread.join()
