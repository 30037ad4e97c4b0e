"""Worker threads, with a work queue and a barrier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import numpy as np

from wordkin.cores import usable_cores
from wordkin.training.cpu.waiting import reaches

LOOKS = 500_000  # spins before a thread sleeps: 0.1 to 0.2 ms, because waking a thread takes about 0.5 ms

W = TypeVar("W")
T = TypeVar("T")


class Queue(Generic[T]):
    """A thread-safe work queue. Each thread takes items until the queue is empty or ``should_stop`` returns True."""

    def __init__(self, items: Sequence[T], should_stop: Callable[[], bool] = lambda: False) -> None:
        self._items = items
        self._should_stop = should_stop
        self._taken = 0
        self._taking = threading.Lock()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._taking:
                if self._taken == len(self._items) or self._should_stop():
                    return
                item = self._items[self._taken]
                self._taken += 1
            yield item


class Crew(Generic[W]):
    """A fixed set of workers, each of which runs on its own thread."""

    def __init__(self, workers: Sequence[W]) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(len(workers), thread_name_prefix="wordkin")
        self._changed = threading.Condition()
        self._arrivals = np.zeros(1, np.int64)
        self._broken = False
        self._decision = False

    def work(self, task: Callable[[W], Any]) -> None:
        """Call ``task`` with every worker, each on its own thread, and re-raise an exception of any of them.

        A single worker runs on the caller's thread, where signals can interrupt it.
        """
        if len(self.workers) == 1:
            task(self.workers[0])
            return
        self._broken = False
        self._arrivals[0] = 0

        def work(worker: W) -> None:
            try:
                task(worker)
            except BaseException:
                self._break()
                raise

        working = [self._pool.submit(work, worker) for worker in self.workers]
        errors = [each.exception() for each in working]
        for error in errors:
            if error is not None and not isinstance(error, threading.BrokenBarrierError):
                raise error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Context manager that reduces the crew to its first worker, whose tasks then run on the caller's thread."""
        everyone, self.workers = self.workers, self.workers[:1]
        try:
            yield
        finally:
            self.workers = everyone

    def meet(self, decide: Callable[[], bool] = lambda: False) -> bool:
        """Wait until all workers have called this (a barrier), and return the result of ``decide``.

        The last worker to arrive calls ``decide``, and all workers return its result. Raises
        :class:`threading.BrokenBarrierError` if a worker has failed.
        """
        with self._changed:
            arrived = int(self._arrivals[0]) + 1
            awaited = -(-arrived // len(self.workers)) * len(self.workers)
            if arrived == awaited:
                self._decision = decide()
                self._changed.notify_all()
            self._arrivals[0] = arrived
        looks = LOOKS if len(self.workers) <= usable_cores() else 0  # do not spin if other workers need the core
        if not reaches(self._arrivals, awaited, looks):
            with self._changed:
                self._changed.wait_for(lambda: self._broken or self._arrivals[0] >= awaited)
        if self._broken:
            raise threading.BrokenBarrierError
        return self._decision

    def _break(self) -> None:
        with self._changed:
            self._broken = True
            self._changed.notify_all()

    def close(self) -> None:
        self._pool.shutdown()
