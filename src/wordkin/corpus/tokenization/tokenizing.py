"""Lines through a tokenizer, in batches: in this process, and in others when that takes long.

Batches come out in the order of the lines and depend on nothing but the lines, so the corpus is the same for any number
of processes. Processes are spawned, since those that are forked may not use threads. They never import the main module
again: a script without ``if __name__ == "__main__"`` would run twice. A function defined there stays in this process.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.reduction import ForkingPickler
from typing import NamedTuple

from wordkin.corpus.token_text import LINE_END
from wordkin.corpus.tokenization.named_tokenizers import LineTokenizer, line_tokenizer
from wordkin.corpus.tokenization.tokenizers import Tokenizer
from wordkin.errors import CorpusError, CorpusWarning, warn

PATIENCE_SECONDS = 1.0
"""Processes are started when tokenizing has taken so long in this one: they take a second to start."""

_BATCH_CHARACTERS = 1 << 16


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

    Raises :class:`CorpusError` where it returns no list of strings, and what the tokenizer raises.
    """
    split = line_tokenizer(tokenizer)
    texts = _texts(lines)
    spent = 0.0
    for text in texts:
        began = time.perf_counter()
        batch = split_text(split, text)
        spent += time.perf_counter() - began
        yield batch
        if spent > PATIENCE_SECONDS:
            break
    else:
        return
    data = _pickled(tokenizer) if workers > 1 else None
    if data is None:
        yield from (split_text(split, text) for text in texts)
    else:
        yield from _in_processes(texts, split, data, workers)


def split_text(split: LineTokenizer, text: str) -> Batch:
    """The words of lines that are joined by line feeds."""
    index: dict[str, int] = {}
    ids = array("i")
    blank = 0
    for line in text.split("\n"):
        words = split(line)
        if isinstance(words, str | bytes) or not isinstance(words, Iterable):
            raise CorpusError(f"the tokenizer must return a list of words; got {words!r:.60} ({type(words).__name__})")
        before = len(ids)
        for word in words:
            if not isinstance(word, str):
                raise CorpusError(
                    f"the tokenizer must return a list of strings; got {word!r:.60} ({type(word).__name__}) in it"
                )
            if word and not word.isspace():
                ids.append(index.setdefault(str(word), len(index)))
            else:
                blank += 1
        if len(ids) > before:
            ids.append(LINE_END)
    return Batch(list(index), ids.tobytes(), blank)


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


def _in_processes(texts: Iterator[str], split: LineTokenizer, data: bytes, workers: int) -> Iterator[Batch]:
    """Batches made by other processes, with at most two for each under way."""
    waiting: deque[tuple[str, Future[Batch]]] = deque()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(data,))
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
            yield split_text(split, text)
    except BrokenProcessPool as error:
        raise CorpusError(
            "a process of the tokenizer ended without a word, perhaps for want of memory: pass fewer threads"
        ) from error
    finally:
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
    split: LineTokenizer | None = None


def _begin(data: bytes) -> None:
    """Make a process of the pool ready: it is stopped by its parent, not by Ctrl-C, and ends when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Here.data = data
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
        except (ImportError, AttributeError) as error:
            raise _Cannot(f"{type(error).__name__}: {error}") from error
        _Here.split = line_tokenizer(tokenizer)
    return split_text(_Here.split, text)
