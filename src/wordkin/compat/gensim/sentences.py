"""Classes of gensim that read sentences from files.

To train on a file, pass its path to ``Word2Vec`` as ``corpus_file``; this is faster than these classes.
"""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from wordkin.compat.gensim.errors import whole
from wordkin.corpus.sources import Source
from wordkin.errors import ConfigError, CorpusError, CorpusNotFoundError

if TYPE_CHECKING:
    from wordkin.corpus.scanning.scan import Scan

MAX_WORDS_IN_BATCH = 10000
_COMPRESSED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_PIECE = 1 << 16


def _open(path: Path) -> IO[bytes]:
    try:
        opened: IO[bytes] = _COMPRESSED.get(path.suffix, open)(path, "rb")
    except FileNotFoundError:
        raise CorpusNotFoundError(f"there is no file {str(path)!r}: check the path") from None
    return opened


def _cut(words: list[str], longest: int) -> Iterator[list[str]]:
    for start in range(0, len(words), longest):
        yield words[start : start + longest]


class LineSentence:
    """Sentences of a file with one sentence per line and white space between words.

    Parameters
    ----------
    source : path or open file
        A file, which may be compressed with gzip, bzip2 or xz, or an open file that supports ``seek``.
    max_sentence_length : int, default 10000
        Maximum number of words of a sentence. Longer lines are split.
    limit : int, default None
        Maximum number of lines to read; None for all.
    """

    def __init__(self, source: Any, max_sentence_length: int = MAX_WORDS_IN_BATCH, limit: int | None = None) -> None:
        self.source, self.max_sentence_length = source, whole("max_sentence_length", max_sentence_length, 1)
        self.limit = None if limit is None else whole("limit", limit, 0)

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, str | Path):
            with _open(Path(self.source)) as lines:
                yield from self._sentences(lines)
        elif hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self._sentences(self.source)
        else:
            raise TypeError(f"source must be a path or an open file; got {self.source!r:.60}: pass a list of "
                            "sentences directly to Word2Vec")  # fmt: skip

    def _sentences(self, lines: Iterable[Any]) -> Iterator[list[str]]:
        for line in itertools.islice(lines, self.limit):
            text = line if isinstance(line, str) else line.decode()
            yield from _cut(text.split(), self.max_sentence_length)


class PathLineSentences:
    """Sentences of one file, or of the files in a directory in the order of their names; see :class:`LineSentence`."""

    def __init__(self, source: Any, max_sentence_length: int = MAX_WORDS_IN_BATCH, limit: int | None = None) -> None:
        self.source, self.max_sentence_length = source, whole("max_sentence_length", max_sentence_length, 1)
        self.limit = None if limit is None else whole("limit", limit, 0)
        path = Path(source)
        if path.is_dir():
            self.input_files = [str(each) for each in sorted(path.iterdir()) if each.is_file()]
        elif path.is_file():
            self.input_files = [str(path)]
        else:
            raise CorpusNotFoundError(f"there is no file or directory {str(source)!r}: check the path")

    def __iter__(self) -> Iterator[list[str]]:
        for name in self.input_files:
            yield from LineSentence(name, self.max_sentence_length, self.limit)


class Text8Corpus:
    """Sentences of ``max_sentence_length`` words from a file without line ends, such as text8."""

    def __init__(self, fname: Any, max_sentence_length: int = MAX_WORDS_IN_BATCH) -> None:
        self.fname, self.max_sentence_length = fname, whole("max_sentence_length", max_sentence_length, 1)

    def __iter__(self) -> Iterator[list[str]]:
        words: list[str] = []
        rest = b""
        with _open(Path(self.fname)) as stream:
            while piece := stream.read(_PIECE):
                # The text after the last white space may continue in the next piece.
                whole, rest = _split_at_last_space(rest + piece)
                words += whole.decode().split()
                while len(words) >= self.max_sentence_length:
                    yield words[: self.max_sentence_length]
                    words = words[self.max_sentence_length :]
        words += rest.decode().split()
        yield from _cut(words, self.max_sentence_length)


def _split_at_last_space(data: bytes) -> tuple[bytes, bytes]:
    end = max(data.rfind(b" "), data.rfind(b"\n"))
    return data[: end + 1], data[end + 1 :]


class CountedIterable:
    """Wraps an iterable and counts its items. A wrapped list cannot be taken for a list of paths.

    Attributes
    ----------
    read : int
        Number of items that the last iteration returned, including empty ones.
    """

    def __init__(self, sentences: Iterable[Any]) -> None:
        self._sentences = sentences
        self.read = 0

    def __iter__(self) -> Iterator[Any]:
        self.read = 0
        for sentence in self._sentences:
            self.read += 1
            yield sentence


def source_of_sentences(corpus_iterable: Any, corpus_file: Any, config: Any, *, once: bool = False) -> Source:
    """Return a Source that reads ``corpus_iterable`` or ``corpus_file``; exactly one of them must be passed.

    Raises TypeError, as gensim does, if both or none are passed, if the path is of another type, or for a generator,
    unless it is read only ``once``.
    """
    from wordkin.text.steps import source_of

    if (corpus_iterable is None) == (corpus_file is None):
        raise TypeError("give either corpus_iterable (lists of words) or corpus_file (a path), not both")
    if corpus_file is not None:
        if not isinstance(corpus_file, str | Path):
            raise TypeError(
                f"corpus_file must be the path of a file with one sentence per line; got {corpus_file!r:.60}"
            )
        if not Path(corpus_file).is_file():
            raise CorpusNotFoundError(f"there is no file {str(corpus_file)!r}: check corpus_file")
        return source_of(corpus_file, config)
    if isinstance(corpus_iterable, str | bytes):
        raise TypeError(f"sentences must be an iterable of lists of words; got {corpus_iterable!r:.60}: for a file, "
                        "pass corpus_file=")  # fmt: skip
    if isinstance(corpus_iterable, Iterator) and not once:
        raise TypeError("sentences must be an iterable that can be read again, not a generator or iterator: make a "
                        "list of it, or a class with __iter__")  # fmt: skip
    if not isinstance(corpus_iterable, Iterable):
        raise TypeError(f"sentences must be an iterable of lists of words; got {type(corpus_iterable).__name__}")
    return source_of(CountedIterable(corpus_iterable), config)


def refuse_integers(scanned: Scan) -> None:
    """Raise ConfigError for sentences of whole numbers, because gensim's methods interpret a number as a row."""
    if scanned.integers:
        scanned.close()
        raise CorpusError(
            f"words must be strings; got {scanned.words[0]} (int): convert whole numbers with str(), or use "
            "wordkin.train"
        )


def refuse_strings(corpus_iterable: Any) -> None:
    """Raise ConfigError if the items of a list are not lists of words. Called before the list is read."""
    if not isinstance(corpus_iterable, list | tuple) or not corpus_iterable:
        return
    first = corpus_iterable[0]
    if isinstance(first, str):
        raise CorpusError("Each 'sentences' item should be a list of words; the first is the text "
                          f"{first[:40]!r}: split it into words, as in sentence.split()")  # fmt: skip
    if not isinstance(first, list | tuple) and (isinstance(first, Iterator) or not isinstance(first, Iterable)):
        raise TypeError(f"each sentence must be a list of words; the first is of type {type(first).__name__}")


def one_or_many(sentences: Any) -> tuple[bool, Any]:
    """Return (True, sentence) for one sentence, which is a list of strings, or (False, corpus) for several.

    An iterator is converted to a list.
    """
    if isinstance(sentences, str | bytes):
        raise ConfigError("sentence", "must be a list of words", sentences, "split it into words first")
    if isinstance(sentences, list | tuple):
        return not sentences or isinstance(sentences[0], str), sentences
    if isinstance(sentences, Iterator):
        sentences = list(sentences)
        return not sentences or isinstance(sentences[0], str), sentences
    first = next(iter(sentences), "")
    return isinstance(first, str), sentences
