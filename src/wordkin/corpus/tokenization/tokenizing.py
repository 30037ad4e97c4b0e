"""Lines through a tokenizer, in batches: in this process, and in others when that takes long.

Batches come out in the order of the lines and depend on nothing but the lines, so the corpus is the same for any number
of processes. Processes are spawned, since those that are forked may not use threads. They never import the main module
again: a script without ``if __name__ == "__main__"`` would run twice. A function defined there stays in this process.
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
"""Processes are started when tokenizing has taken so long in this one: they take a second to start."""

_BATCH_CHARACTERS = 1 << 16
_NO_LISTS = (str, bytes, set, frozenset, Mapping)  # iterables, but without an order that stays, or not of words


class Batch(NamedTuple):
    """The words of some lines.

    Attributes
    ----------
    words : list of str
        The distinct words, in the order they are met.
    ids : bytes
        Indices of words, with LINE_END after each line that has words; C ints.
    blank : int
        Words of white space only, which were left out.
    """

    words: list[str]
    ids: bytes
    blank: int


class _Cannot(Exception):
    """Another process cannot have the tokenizer."""


def tokenized(lines: Iterable[str], tokenizer: Tokenizer, workers: int) -> Iterator[Batch]:
    """What a tokenizer makes of lines, in batches.

    Raises :class:`CorpusError` where it fails, returns no list of strings, or ends a process it works in.
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
    """The words of lines that are joined by line feeds; ``name`` is what errors call the tokenizer."""
    index: dict[str, int] = {}
    ids = array("i")
    blank = 0
    for line in text.split("\n"):
        words = _words_of_line(split, line, name)
        before = len(ids)
        for word in words:
            if not isinstance(word, str):
                raise CorpusError(
                    f"the tokenizer {name} must return a list of strings; got {shown(word)} ({type(word).__name__}) "
                    "in it"
                )
            if word and not word.isspace():
                ids.append(index.setdefault(str.__str__(word), len(index)))  # no subclass, which may not be pickled
            else:
                blank += 1
        if len(ids) > before:
            ids.append(LINE_END)
    return Batch(list(index), ids.tobytes(), blank)


def _words_of_line(split: LineTokenizer, line: str, name: str) -> Sequence[object]:
    """What a tokenizer makes of a line; :class:`CorpusError` where it raises an error or returns no list."""
    try:
        words: object = split(line)
        if isinstance(words, Iterable) and not isinstance(words, _NO_LISTS):
            return words if isinstance(words, list) else list(words)
    except (WordkinError, MemoryError):
        raise
    except Exception as error:  # a tokenizer may raise anything, also what cannot be sent from another process
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise CorpusError(f"the tokenizer {name} failed at the line {shown(line)}: {reason}") from error
    raise CorpusError(f"the tokenizer {name} must return a list of words; got {shown(words)} ({type(words).__name__})")


def _texts(lines: Iterable[str]) -> Iterator[str]:
    """Lines joined to texts of bounded length, but for a line that is longer."""
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
    """A tokenizer for other processes; None, with a warning, where it cannot be handed to them."""
    if multiprocessing.current_process().daemon:  # it may have no children
        return None
    try:
        data = bytes(ForkingPickler.dumps(tokenizer))
    except Exception as error:  # noqa: BLE001  (an object refuses to be pickled by any exception that it likes)
        _warn_of_one_process(f"{type(error).__name__}: {error}")
        return None
    if b"__main__" in data:
        _warn_of_one_process("it is defined in the main module, which other processes do not run again")
        return None
    return data


def _warn_of_one_process(reason: str) -> None:
    warn(
        f"the tokenizer runs in one process, as others cannot be given it ({' '.join(reason.split())}): to use more, "
        "pass a function of a module that can be imported, or threads=1 to be told nothing",
        CorpusWarning,
    )


class _Spawning(multiprocessing.context.SpawnContext):
    """Spawns processes and remembers them, so that they can be ended whatever a tokenizer does in them."""

    def __init__(self) -> None:
        self.started: list[multiprocessing.process.BaseProcess] = []

    def Process(self, *args: Any, **options: Any) -> multiprocessing.context.SpawnProcess:  # type: ignore[override]
        process = multiprocessing.context.SpawnProcess(*args, **options)
        self.started.append(process)
        return process

    def end(self) -> None:
        """End all processes at once: one in a call that does not return, or with a thread that stays, would not end."""
        for process in self.started:
            if process.is_alive():
                process.kill()

    def ending(self) -> str:
        """How the first process that ended by itself did."""
        codes = [process.exitcode for process in self.started]
        own = [code for code in codes if code not in (None, 0, -signal.SIGTERM)]  # the pool terminates the others
        if not own or own[0] is None:
            return "ended"
        if own[0] < 0:
            return f"was killed by signal {-own[0]}, perhaps for want of memory"
        return f"ended with exit code {own[0]}"


def _in_processes(texts: Iterator[str], split: LineTokenizer, name: str, data: bytes, workers: int) -> Iterator[Batch]:
    """Batches made by other processes, with at most two for each under way."""
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
        pool.shutdown(wait=True)  # their exit codes are known then
        raise CorpusError(
            f"a process of the tokenizer {name} {context.ending()}: pass fewer threads, or threads=1 to see it happen "
            "in this process"
        ) from error
    finally:
        context.end()
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """While processes are spawned in this block, they are not told of a main module to import."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class _Here:
    """What a process of the pool works with."""

    data = b""
    name = ""
    split: LineTokenizer | None = None


def _begin(data: bytes, name: str) -> None:
    """Make a process of the pool ready: it is stopped by its parent, not by Ctrl-C, and ends when that is killed."""
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
