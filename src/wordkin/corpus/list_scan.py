"""Count lists of words, whether they come from the caller or from a callable tokenizer, one after another."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.corpus.integer_scan import count_integers, mixed_items, not_an_item
from wordkin.corpus.progress import Reporter
from wordkin.corpus.readers.encodings import decode, replace_surrogates, warn_of_invalid
from wordkin.corpus.readers.pieces import Block
from wordkin.corpus.readers.records import sorted_items
from wordkin.corpus.token_text import LINE_END, TokenText
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
    index = _WordIndex()
    counts = np.zeros(0, np.int64)
    stream = array("i")
    for sentence in sentences:
        before = len(stream)
        _append_ids(sentence, index, stream)
        if len(stream) > before:
            stream.append(LINE_END)
        if len(stream) >= segment_entries:
            counts = _add_segment(stream, counts, index, text, reporter)
            stream = array("i")
    counts = _add_segment(stream, counts, index, text, reporter)
    _finish(text, index, counts, encoding_errors)
    if "" in index:
        warn(f"left out empty words, {int(counts[index['']]):,} of them", CorpusWarning)


def _finish(text: TokenText, index: _WordIndex, counts: NDArray[np.int64], encoding_errors: str) -> None:
    """Give a text its tokens and their counts."""
    text.token_of_id = [np.arange(len(index), dtype=np.int32)]
    text.counts = counts
    text.tokens = list(index)
    changed = replace_surrogates(text.tokens, counts, encoding_errors)
    text.unique = not changed and "" not in index


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


def _append_ids(sentence: Iterable[str], index: _WordIndex, stream: array[int]) -> None:
    try:
        stream.extend(map(index.__getitem__, sentence))
    except TypeError as error:
        if isinstance(sentence, Sequence | np.ndarray):
            for word in sentence:
                if not isinstance(word, str):
                    raise not_an_item(word) from error
        raise


def _add_segment(
    stream: array[int], counts: NDArray[np.int64], index: _WordIndex, text: TokenText, reporter: Reporter
) -> NDArray[np.int64]:
    """Move the ids to the spool and return the counts with them added."""
    if not stream:
        return counts
    segment = np.frombuffer(stream, np.int32)
    ids = segment[segment != LINE_END]
    total = np.bincount(ids, minlength=len(index))
    total[: len(counts)] += counts
    text.add_segment(segment, len(ids), 0)
    reporter.add(None, len(ids))
    return total


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
) -> None:
    """Fill ``text`` with what a tokenizer made of lines; blank words, which were left out, give one warning."""
    index = _WordIndex()
    counts = np.zeros(0, np.int64)
    stream = array("i")
    blank = 0
    for batch in batches:
        numbers = np.fromiter(map(index.__getitem__, batch.words), np.int32, len(batch.words))
        ids = np.frombuffer(batch.ids, np.int32)
        stream.frombytes(np.append(numbers, np.int32(LINE_END))[ids].tobytes())  # LINE_END, -1, is the last of them
        blank += batch.blank
        if len(stream) >= segment_entries:
            counts = _add_segment(stream, counts, index, text, reporter)
            stream = array("i")
    counts = _add_segment(stream, counts, index, text, reporter)
    _finish(text, index, counts, encoding_errors)
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
