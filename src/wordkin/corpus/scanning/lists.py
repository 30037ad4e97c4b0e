"""Counting of lists of words, from the caller or from a tokenizer function."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan
from os import PathLike
from typing import Any

import numpy as np

from wordkin.corpus.readers.encodings import decode, replace_surrogates, warn_of_invalid
from wordkin.corpus.readers.pieces import Block
from wordkin.corpus.readers.records import sorted_items
from wordkin.corpus.scanning.bounds import Bound
from wordkin.corpus.scanning.integers import count_integers, mixed_items, not_an_item
from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.scanning.token_text import LINE_END, TokenText
from wordkin.corpus.tokenization.tokenizing import Batch
from wordkin.errors import CorpusError, CorpusWarning, shown, warn
from wordkin.items import is_integer
from wordkin.storage.utf8 import is_utf8

_SEGMENT_ENTRIES = 1 << 20
_NOTHING = object()
_NO_SENTENCES = (str, bytes, bytearray, Mapping, set, frozenset)  # iterables that are not ordered lists of words


class _WordIndex(dict[str, int]):
    """Numbers words in the order in which they are looked up; items that are not strings raise an error."""

    def __missing__(self, word: object) -> int:
        if not isinstance(word, str):
            if self and is_integer(word):
                raise mixed_items(next(iter(self)), word)
            raise not_an_item(word)
        number = self[str(word)] = len(self)
        return number


def count_sentences(
    sentences: Iterable[Iterable[str]],
    text: TokenText,
    reporter: Reporter,
    encoding_errors: str,
    segment_entries: int = _SEGMENT_ENTRIES,
    *,
    bound: Bound | None = None,
    refuse_integers: Callable[[], None] = lambda: None,
) -> None:
    """Count the words of sentences, and store the text in ``text``. Each sentence is read once.

    If the first item is a whole number, all items must be; ``refuse_integers`` is then called and may raise. Empty
    words are dropped with a :class:`CorpusWarning`. Raises :class:`CorpusError` for items of another type, and
    :class:`EncodingError` for words that UTF-8 cannot represent under ``encoding_errors="strict"``.
    """
    first, sentences = _peeked(sentences)
    if is_integer(first):
        refuse_integers()
        count_integers(sentences, text, reporter, segment_entries)
        return
    counter = _ListCounter(text, reporter, segment_entries, bound)
    for sentence in sentences:
        counter.add(sentence)
    empty = counter.finish(encoding_errors)
    if empty:
        warn(f"skipped {empty:,} empty words", CorpusWarning)


class _ListCounter:
    """Numbers and counts the words of lists. With a ``bound``, drops rare words to limit memory."""

    def __init__(self, text: TokenText, reporter: Reporter, segment_entries: int, bound: Bound | None) -> None:
        self._text, self._reporter, self._segment_entries, self._bound = text, reporter, segment_entries, bound
        self._index = _WordIndex()
        self._counts = np.zeros(0, np.int64)
        self._stream = array("i")
        self._left = 0 if bound is None else bound.piece_words

    def add(self, sentence: Iterable[str]) -> None:
        """Count the words of a sentence, and append their ids to the current segment."""
        if self._bound is None:
            before = len(self._stream)
            _append_ids(sentence, self._index, self._stream)
            any_words = len(self._stream) > before
        else:
            any_words = self._add_in_pieces(sentence)
        if any_words:
            self._stream.append(LINE_END)
        if len(self._stream) >= self._segment_entries:
            self._end_segment()

    def add_batch(self, batch: Batch) -> None:
        """Count the words of a batch of tokenized lines."""
        ids = np.frombuffer(batch.ids, np.int32)
        if self._bound is not None:
            for is_end, line in itertools.groupby(ids.tolist(), LINE_END.__eq__):
                if not is_end:
                    self.add(batch.words[number] for number in line)
            return
        numbers = np.fromiter(map(self._index.__getitem__, batch.words), np.int32, len(batch.words))
        self._stream.frombytes(np.append(numbers, np.int32(LINE_END))[ids].tobytes())  # index -1 maps to LINE_END, -1
        if len(self._stream) >= self._segment_entries:
            self._end_segment()

    def _add_in_pieces(self, sentence: Iterable[str]) -> bool:
        """Count the words of a sentence; after every ``piece_words`` words of the text, drop rare words.

        Returns whether the sentence had any word.
        """
        assert self._bound is not None
        words, any_words = iter(sentence), False
        while True:
            before, asked = len(self._stream), self._left
            _append_ids(itertools.islice(words, asked), self._index, self._stream, sentence)
            met = len(self._stream) - before
            self._left -= met
            any_words = any_words or met > 0
            if self._left == 0:
                self._end_segment()
                self._prune()
                self._left = self._bound.piece_words
            if met < asked:
                return any_words

    def _prune(self, *, at_end: bool = False) -> None:
        assert self._bound is not None
        words = list(self._index)
        kept = self._bound.kept(self._counts, lambda some: [words[each] for each in some.tolist()], at_end=at_end)
        if kept is not None:
            self._index = _WordIndex(zip([words[each] for each in kept.tolist()], range(len(kept)), strict=True))
            self._counts = self._counts[kept]

    def _end_segment(self) -> None:
        """Move the ids collected since the last segment to ``text``, and update the counts."""
        if not self._stream:
            return
        segment = np.frombuffer(self._stream, np.int32)
        ids = segment[segment != LINE_END]
        total = np.bincount(ids, minlength=len(self._index))
        total[: len(self._counts)] += self._counts
        self._counts = total
        if self._bound is None:
            self._text.add_segment(segment, len(ids), 0)
        else:
            generation = self._bound.generation
            self._text.add_segment(self._bound.numbered(segment, len(self._index)), len(ids), generation)
        self._reporter.add(None, len(ids))
        self._stream = array("i")

    def finish(self, encoding_errors: str) -> int:
        """Store the words and their counts in the text; return how often the empty word occurred."""
        self._end_segment()
        if self._bound is not None:
            self._prune(at_end=True)
        text, index = self._text, self._index
        text.token_of_id = (
            [np.arange(len(index), dtype=np.int32)] if self._bound is None else self._bound.tokens_of_numbers()
        )
        text.counts = self._counts
        tokens = list(index)
        changed = replace_surrogates(tokens, text.counts, encoding_errors)
        text.tokens, text.unique = tokens, not changed and "" not in index
        return int(text.counts[index[""]]) if "" in index else 0


def _peeked(sentences: Iterable[Iterable[Any]]) -> tuple[object, Iterable[Iterable[Any]]]:
    """Return the first item of the first nonempty sentence, and an iterable of all sentences that includes it.

    The item is None if all sentences are empty.
    """
    rest = iter(sentences)
    for sentence in rest:
        if isinstance(sentence, list | tuple | np.ndarray):
            first: object = sentence[0] if len(sentence) else _NOTHING
        else:
            items = iter(sentence)
            first = next(items, _NOTHING)
            sentence = itertools.chain([first], items)
        if first is not _NOTHING:
            return first, itertools.chain([sentence], rest)
    return None, ()


def _append_ids(
    words: Iterable[str], index: _WordIndex, stream: array[int], sentence: Iterable[str] | None = None
) -> None:
    """Append the ids of ``words`` to ``stream``.

    ``sentence`` is the sentence that the words are part of; None if they are the whole sentence. It is used for the
    error about an item that is not a string.
    """
    try:
        stream.extend(map(index.__getitem__, words))
    except TypeError as error:
        whole = words if sentence is None else sentence
        if isinstance(whole, Sequence | np.ndarray):
            for word in whole:
                if not isinstance(word, str):
                    raise not_an_item(word) from error
        raise


def checked_sentences(sentences: Iterable[object], *, sets: bool = False) -> Iterator[Iterable[str]]:
    """Yield the sentences of an iterable; raise :class:`CorpusError` for one that is not a list of words.

    If ``sets`` is true, a set of words is also a sentence; its words are sorted.
    """
    for number, sentence in enumerate(sentences):
        if sets and isinstance(sentence, set | frozenset):
            yield sorted_items(sentence)
            continue
        if isinstance(sentence, _NO_SENTENCES) or not isinstance(sentence, Iterable):
            raise _not_a_sentence(number, sentence)
        yield sentence


def _not_a_sentence(number: int, sentence: object) -> CorpusError:
    if isinstance(sentence, Mapping):
        fields = ", ".join(map(repr, list(sentence)[:6]))
        remedy = f"name the field with text or words, such as field={next(iter(sentence), 'text')!r} (fields: {fields})"
    elif isinstance(sentence, set | frozenset):
        remedy = (
            "pass a list, such as sorted(sentence), because a set has no fixed order, or set "
            'window="sentence", which ignores the order'
        )
    elif isinstance(sentence, str):
        remedy = "split it into words, such as sentence.split(), or pass strings as texts=[...] and paths as a list"
    elif isinstance(sentence, bytes | bytearray):
        remedy = "decode it, and split it into words, such as sentence.decode().split(); pass files as paths"
    elif isinstance(sentence, PathLike):
        remedy = "pass paths as a list"
    elif is_integer(sentence):
        remedy = "put the whole numbers of each sentence in a list of their own"
    elif sentence is None or (isinstance(sentence, float) and isnan(sentence)):
        remedy = "leave this sentence out"
    else:
        remedy = "split it into words"
    return CorpusError(
        f"sentence {number} is {shown(sentence)} ({type(sentence).__name__}), not a list of words: {remedy}"
    )


def count_batches(
    batches: Iterable[Batch],
    text: TokenText,
    reporter: Reporter,
    encoding_errors: str,
    segment_entries: int = _SEGMENT_ENTRIES,
    bound: Bound | None = None,
) -> None:
    """Count the words of batches of tokenized lines, and store the text in ``text``.

    Issues one warning if the tokenizer returned blank words, which were dropped.
    """
    counter = _ListCounter(text, reporter, segment_entries, bound)
    blank = 0
    for batch in batches:
        counter.add_batch(batch)
        blank += batch.blank
    counter.finish(encoding_errors)
    if blank:
        warn(f"skipped {blank:,} words of the tokenizer that are empty or white space", CorpusWarning)


def decoded_lines(blocks: Iterable[Block], encoding_errors: str, reporter: Reporter) -> Iterator[str]:
    """Decode blocks of text and yield their lines, without line ends."""
    invalid = 0
    for line, name, position in _lines(blocks, reporter):
        if not is_utf8(line):
            invalid += 1
        yield decode(line, encoding_errors, name, position).removesuffix("\r")
    if invalid:
        warn_of_invalid(invalid, "lines", encoding_errors)


def _lines(blocks: Iterable[Block], reporter: Reporter) -> Iterator[tuple[bytes, str, int]]:
    """Yield each line without its line feed, the name of its file, and the byte position of the line in it."""
    pieces: list[bytes] = []
    for block in blocks:
        reporter.add(block.bytes_read, 0)
        position = block.position - sum(map(len, pieces))
        first, *others = block.text.split(b"\n")
        pieces.append(first)
        if others:
            lines = [b"".join(pieces), *others]
            pieces = [lines.pop()]
            for line in lines:
                yield line, block.name, position
                position += len(line) + 1
