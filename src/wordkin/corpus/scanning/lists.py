"""Count lists of words, whether they come from the caller or from a callable tokenizer, one after another."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from wordkin.errors import CorpusError, CorpusWarning, warn
from wordkin.items import is_integer
from wordkin.storage.utf8 import is_utf8

_SEGMENT_ENTRIES = 1 << 20
_NOTHING = object()


class _WordIndex(dict[str, int]):
    """Numbers words in the order they are first asked for; refuses what is not a string."""

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
    """Fill ``text`` with the words of sentences, each of which is read once, whatever its length.

    Where the first item is a whole number, all must be; ``refuse_integers`` is called then, and may raise. Empty words
    are left out, with a :class:`CorpusWarning`. Raises :class:`CorpusError` for an item of another kind, and
    :class:`EncodingError` for a word that UTF-8 cannot hold under ``encoding_errors="strict"``.
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
        warn(f"left out empty words, {empty:,} of them", CorpusWarning)


class _ListCounter:
    """Numbers and counts words that come in lists. With a bound, the words are pruned as tokens of text are."""

    def __init__(self, text: TokenText, reporter: Reporter, segment_entries: int, bound: Bound | None) -> None:
        self._text, self._reporter, self._segment_entries, self._bound = text, reporter, segment_entries, bound
        self._index = _WordIndex()
        self._counts = np.zeros(0, np.int64)
        self._stream = array("i")
        self._left = 0 if bound is None else bound.piece_words

    def add(self, sentence: Iterable[str]) -> None:
        """Take the words of a sentence."""
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
        """Take what a tokenizer made of some lines."""
        ids = np.frombuffer(batch.ids, np.int32)
        if self._bound is not None:
            for is_end, line in itertools.groupby(ids.tolist(), LINE_END.__eq__):
                if not is_end:
                    self.add(batch.words[number] for number in line)
            return
        numbers = np.fromiter(map(self._index.__getitem__, batch.words), np.int32, len(batch.words))
        self._stream.frombytes(np.append(numbers, np.int32(LINE_END))[ids].tobytes())  # LINE_END, -1, is the last
        if len(self._stream) >= self._segment_entries:
            self._end_segment()

    def _add_in_pieces(self, sentence: Iterable[str]) -> bool:
        """Take the words of a sentence, pruning wherever a piece of the text ends; whether there was one."""
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
        """Move the ids to the spool and add to the counts."""
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
        """Give the text its tokens and their counts; returns how many empty words were met."""
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
    """The first item of all sentences, None where there is none, and the sentences as they were."""
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
    """Append the ids of words, which are some of ``sentence`` or all of it."""
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
    """The lists of words of an iterable; raises :class:`CorpusError` where one is something else.

    Where ``sets`` are sentences, their words are sorted.
    """
    for number, sentence in enumerate(sentences):
        if sets and isinstance(sentence, set | frozenset):
            yield sorted_items(sentence)
            continue
        if isinstance(sentence, str | bytes | Mapping | set | frozenset) or not isinstance(sentence, Iterable):
            raise _not_a_sentence(number, sentence)
        yield sentence


def _not_a_sentence(number: int, sentence: object) -> CorpusError:
    if isinstance(sentence, Mapping):
        fields = ", ".join(map(repr, list(sentence)[:6]))
        remedy = (
            f"name the field with text or words, as in field={next(iter(sentence), 'text')!r} (there are: {fields})"
        )
    elif isinstance(sentence, set | frozenset):
        remedy = (
            "a set has no order that stays: pass a list, as in sorted(sentence), or "
            'window="sentence", for which order means nothing'
        )
    elif isinstance(sentence, str):
        remedy = "split it into words first, as in sentence.split(), pass strings as texts=[...], or paths as a list"
    else:
        remedy = "split it into words first, as in sentence.split(), or pass paths as a list"
    return CorpusError(
        f"sentence {number} is {sentence!r:.60} ({type(sentence).__name__}), not a list of words: {remedy}"
    )


def count_batches(
    batches: Iterable[Batch],
    text: TokenText,
    reporter: Reporter,
    encoding_errors: str,
    segment_entries: int = _SEGMENT_ENTRIES,
    bound: Bound | None = None,
) -> None:
    """Fill ``text`` with what a tokenizer made of lines; blank words, which were left out, give one warning."""
    counter = _ListCounter(text, reporter, segment_entries, bound)
    blank = 0
    for batch in batches:
        counter.add_batch(batch)
        blank += batch.blank
    counter.finish(encoding_errors)
    if blank:
        warn(f"left out words of the tokenizer that are empty or white space, {blank:,} of them", CorpusWarning)


def decoded_lines(blocks: Iterable[Block], encoding_errors: str, reporter: Reporter) -> Iterator[str]:
    """The lines of a text without their ends."""
    invalid = 0
    for line, name, position in _lines(blocks, reporter):
        if not is_utf8(line):
            invalid += 1
        yield decode(line, encoding_errors, name, position).removesuffix("\r")
    if invalid:
        warn_of_invalid(invalid, "lines", encoding_errors)


def _lines(blocks: Iterable[Block], reporter: Reporter) -> Iterator[tuple[bytes, str, int]]:
    """Lines without the line feed, with the file each is from and the byte at which it begins there."""
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
