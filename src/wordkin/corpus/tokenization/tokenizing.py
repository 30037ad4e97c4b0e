"""Tokenization of lines in batches: first in this process and then, if it takes long, in several processes.

The batches are in the order of the lines and depend only on the lines, so the result is the same for any number of
processes. Processes are spawned, because forking is unsafe with threads. They do not import the main module, because
that would run a script again that has no ``if __name__ == "__main__"``. A tokenizer defined in the main module
therefore runs only in this process.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import multiprocessing.context
import os
import signal
import sys
import threading
import time
import types
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

from wordkin.corpus.scanning.token_text import LINE_END
from wordkin.corpus.tokenization.named_tokenizers import LineTokenizer, line_tokenizer, name_of
from wordkin.corpus.tokenization.tokenizers import Tokenizer
from wordkin.errors import CorpusError, CorpusWarning, WordkinError, shown, warn

PATIENCE_SECONDS = 1.0
"""Tokenization time after which processes are started; starting them takes about a second."""

_BATCH_CHARACTERS = 1 << 16
_NO_LISTS = (str, bytes, set, frozenset, Mapping)  # iterables that are not ordered lists of words


class Batch(NamedTuple):
    """The words of some lines.

    Attributes
    ----------
    words : list of str
        The distinct words in order of first occurrence.
    ids : bytes
        Indices of words as C ints, with LINE_END after each line that has words.
    blank : int
        Number of empty or white-space words, which were dropped.
    """

    words: list[str]
    ids: bytes
    blank: int


class _Cannot(Exception):
    """Raised if a tokenizer cannot be sent to another process."""


def tokenized(lines: Iterable[str], tokenizer: Tokenizer, workers: int) -> Iterator[Batch]:
    """Tokenize lines and yield their words in batches, in the order of the lines.

    ``workers`` is the number of processes to use if the work takes long. Raises :class:`CorpusError` if the tokenizer
    fails, does not return a list of strings, or ends its process.
    """
    split, name = line_tokenizer(tokenizer), name_of(tokenizer)
    texts = _texts(lines)
    spent = 0.0
    for text in texts:
        began = time.perf_counter()
        batch = split_text(split, text, name)
        spent += time.perf_counter() - began
        yield batch
        if spent > PATIENCE_SECONDS:
            break
    else:
        return
    data = _pickled(tokenizer) if workers > 1 else None
    if data is None:
        yield from (split_text(split, text, name) for text in texts)
    else:
        yield from _in_processes(texts, split, name, data, workers)


def split_text(split: LineTokenizer, text: str, name: str) -> Batch:
    """Tokenize each line of a text, and return the words as a batch.

    ``split`` is the function of the tokenizer, ``name`` its name for errors.
    """
    index: dict[str, int] = {}
    ids = array("i")
    blank = 0
    for line in text.split("\n"):
        words = _words_of_line(split, line, name)
        before = len(ids)
        for word in words:
            if not isinstance(word, str):
                raise CorpusError(
                    f"the tokenizer {name} must return a list of strings; one item is {shown(word)} "
                    f"({type(word).__name__})"
                )
            if word and not word.isspace():
                ids.append(
                    index.setdefault(str.__str__(word), len(index))
                )  # plain str: a subclass may not be picklable
            else:
                blank += 1
        if len(ids) > before:
            ids.append(LINE_END)
    return Batch(list(index), ids.tobytes(), blank)


def _words_of_line(split: LineTokenizer, line: str, name: str) -> Sequence[object]:
    """Tokenize a line; raise :class:`CorpusError` if the tokenizer fails or does not return a list."""
    try:
        words: object = split(line)
        if isinstance(words, Iterable) and not isinstance(words, _NO_LISTS):
            return words if isinstance(words, list) else list(words)
    except (WordkinError, MemoryError):
        raise
    except Exception as error:  # a tokenizer may raise any exception, including ones that cannot be pickled
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise CorpusError(f"the tokenizer {name} failed for the line {shown(line)}: {reason}") from error
    raise CorpusError(f"the tokenizer {name} must return a list of words; got {shown(words)} ({type(words).__name__})")


def _texts(lines: Iterable[str]) -> Iterator[str]:
    """Join lines to texts of bounded length. A text is longer only if it is a single line."""
    waiting: list[str] = []
    length = 0
    for line in lines:
        waiting.append(line)
        length += len(line) + 1
        if length >= _BATCH_CHARACTERS:
            yield "\n".join(waiting)
            waiting, length = [], 0
    if waiting:
        yield "\n".join(waiting)


def _pickled(tokenizer: Tokenizer) -> bytes | None:
    """Pickle a tokenizer for other processes; warn and return None if that is impossible."""
    if multiprocessing.current_process().daemon:  # daemonic processes cannot have children
        return None
    try:
        data = bytes(ForkingPickler.dumps(tokenizer))
    except Exception as error:  # noqa: BLE001  (objects may raise any exception when they are pickled)
        _warn_of_one_process(f"{type(error).__name__}: {error}")
        return None
    if b"__main__" in data:
        _warn_of_one_process("it is defined in the main module, which other processes do not import")
        return None
    return data


def _warn_of_one_process(reason: str) -> None:
    warn(
        "the tokenizer runs in one process, because the tokenizer cannot be sent to other processes "
        f"({' '.join(reason.split())}): to use more processes, pass a function of an importable module; threads=1 "
        "disables this warning",
        CorpusWarning,
    )


class _Spawning(multiprocessing.context.SpawnContext):
    """A multiprocessing context that spawns processes and records them, so that all of them can be killed."""

    def __init__(self) -> None:
        self.started: list[multiprocessing.process.BaseProcess] = []

    def Process(self, *args: Any, **options: Any) -> multiprocessing.context.SpawnProcess:  # type: ignore[override]
        process = multiprocessing.context.SpawnProcess(*args, **options)
        self.started.append(process)
        return process

    def end(self) -> None:
        """Kill all processes, because a tokenizer that blocks or has a running thread would keep its process alive."""
        for process in self.started:
            if process.is_alive():
                process.kill()

    def ending(self) -> str:
        """Describe, for an error message, how the first process that ended by itself ended."""
        codes = [process.exitcode for process in self.started]
        own = [code for code in codes if code not in (None, 0, -signal.SIGTERM)]  # the pool terminates the others
        if not own or own[0] is None:
            return "ended"
        if own[0] < 0:
            return f"was killed by signal {-own[0]}, possibly because it ran out of memory"
        return f"ended with exit code {own[0]}"


def _in_processes(texts: Iterator[str], split: LineTokenizer, name: str, data: bytes, workers: int) -> Iterator[Batch]:
    """Tokenize texts in ``workers`` other processes; yield the batches in the order of the texts.

    ``data`` is the pickled tokenizer. At most two texts per process are in flight.
    """
    waiting: deque[tuple[str, Future[Batch]]] = deque()
    context = _Spawning()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(data, name))
    try:
        for text in texts:
            with _without_main_module():
                waiting.append((text, pool.submit(_split_here, text)))
            if len(waiting) >= 2 * workers:
                yield waiting[0][1].result()
                waiting.popleft()
        while waiting:
            yield waiting[0][1].result()
            waiting.popleft()
    except _Cannot as error:
        _warn_of_one_process(str(error))
        for text in itertools.chain([text for text, _ in waiting], texts):
            yield split_text(split, text, name)
    except BrokenProcessPool as error:
        pool.shutdown(wait=True)  # wait for the exit codes
        raise CorpusError(
            f"a process of the tokenizer {name} {context.ending()}: use fewer threads, or threads=1 to debug the "
            "tokenizer in this process"
        ) from error
    finally:
        context.end()
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """Context manager that keeps processes spawned inside it from importing the main module."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class _Here:
    """Global state of a worker process: its tokenizer and the name of the tokenizer."""

    data = b""
    name = ""
    split: LineTokenizer | None = None


def _begin(data: bytes, name: str) -> None:
    """Initialise a worker process with the pickled tokenizer ``data`` and its ``name``.

    The process ignores Ctrl-C, because its parent stops it. It exits when its parent does.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Here.data, _Here.name = data, name
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _split_here(text: str) -> Batch:
    if _Here.split is None:
        try:
            tokenizer: Tokenizer = ForkingPickler.loads(_Here.data)
        except Exception as error:
            raise _Cannot(f"{type(error).__name__}: {error}") from error
        _Here.split = line_tokenizer(tokenizer)
    return split_text(_Here.split, text, _Here.name)
