"""Vocabularies: an immutable one-to-one mapping between words and ids, with counts.

Words are stored as packed UTF-8 bytes and offsets. A vocabulary of millions of words can therefore stay in a
memory-mapped file and be searched there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wordkin.errors import ConfigError, EmptyVocabularyError, FormatError, UnknownWordError
from wordkin.items import Item, any_item, are_integers, checked_item, is_integer
from wordkin.storage.packed_words import PackedWords, are_utf8, packed, taken
from wordkin.vocabulary.packing import (
    are_decimal,
    is_permutation,
    is_strictly_sorted,
    matching_ids,
    offsets_fit,
    sorted_ids,
)
from wordkin.vocabulary.spelling import nearest_spellings

# A binary search takes about as long as adding this many words to a dict. After V / 64 searches, the dict is cheaper.
_WORDS_PER_SEARCH = 64
_LEAST_TO_MATCH = 1024  # packed words from which matching them all at once is faster than looking up each
_SCANS = 8  # linear scans, used without a sort order, before building the dict becomes cheaper


class Vocabulary:
    """V distinct words with ids 0 to V - 1 and, optionally, their counts.

    Parameters
    ----------
    words : sequence of str, or of int
        Distinct words, or distinct whole numbers; the index is the id.
    counts : sequence of int, default None
        Count of each word, nonnegative; None if unknown.

    Raises
    ------
    ConfigError
        A word is repeated or cannot be encoded as UTF-8, words and whole numbers are mixed, or the counts do not fit
        the words.

    >>> vocabulary = Vocabulary(["the", "cat"], counts=[7, 2])
    >>> vocabulary.id_of("cat"), vocabulary.word(0), "dog" in vocabulary, len(vocabulary)
    (1, 'the', False, 2)
    """

    __slots__ = ("_counts", "_ids", "_order", "_order_is_known_good", "_searches", "_words")

    def __init__(self, words: Iterable[Item], counts: ArrayLike | None = None) -> None:
        listed = [each if isinstance(each, str) else any_item(each) for each in words]
        self._words = _pack(listed)
        ids = dict(zip(listed, range(len(listed)), strict=True))
        if len(ids) != len(listed):
            raise ConfigError("words", "must be distinct", next(_repeated(listed)), "remove the repeated word")
        self._counts = _checked_counts(counts, len(listed))
        self._ids: dict[Any, int] | None = ids
        self._order: NDArray[np.int32] | None = None
        self._order_is_known_good = True
        self._searches = 0

    @classmethod
    def from_packed(
        cls,
        utf8: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        order: NDArray[np.int32] | None = None,
        counts: NDArray[np.int64] | None = None,
        *,
        integers: bool = False,
    ) -> Vocabulary:
        """Wrap arrays that may be memory-mapped, without copying them.

        Parameters
        ----------
        utf8 : ndarray of shape (bytes,), uint8
            The bytes of all words.
        offsets : ndarray of shape (V + 1,), int64
            Start of each word in ``utf8``; the last entry is the total length.
        order : ndarray of shape (V,), int32, default None
            The ids sorted by the bytes of the words. If None, it is computed when needed.
        counts : ndarray of shape (V,), int64, default None
            Count of each word.
        integers : bool, default False
            Whether the words are whole numbers in decimal text.

        Returns
        -------
        Vocabulary
            A vocabulary that shares the memory of the arrays.

        Raises
        ------
        FormatError
            The arrays do not fit together, or a word is not valid UTF-8. That ``order`` sorts the words and that they
            are distinct is checked only when a look-up depends on it.
        """
        size = len(offsets) - 1
        if not offsets_fit(offsets, len(utf8)):
            raise FormatError("the word offsets must increase from 0 to the number of bytes of the words")
        if counts is not None and (len(counts) != size or (size and counts.min() < 0)):
            raise FormatError("the counts must hold one nonnegative number for each word")
        if not are_utf8(utf8, offsets):
            raise FormatError("the words must be valid UTF-8")
        if integers and not are_decimal(utf8, offsets):
            raise FormatError("the words must be 64-bit whole numbers")
        if order is not None and not is_permutation(order, size):
            raise FormatError("the word order must hold each word id exactly once")
        vocabulary = cls.__new__(cls)
        vocabulary._words = PackedWords(_frozen(utf8), _frozen(offsets), integers=integers)
        vocabulary._order = None if order is None else _frozen(order)
        vocabulary._counts = None if counts is None else _frozen(counts)
        vocabulary._ids = None
        vocabulary._order_is_known_good = False
        vocabulary._searches = 0
        return vocabulary

    @classmethod
    def from_counts(
        cls,
        words: Sequence[Item],
        counts: ArrayLike,
        *,
        min_count: int = 1,
        max_vocabulary: int | None = None,
    ) -> Vocabulary:
        """Build a vocabulary from counted words, with ids by descending count.

        Words with equal counts are sorted by code point, and whole numbers with equal counts by value.

        Parameters
        ----------
        words : sequence of str
            Distinct words.
        counts : array_like of int
            Count of each word.
        min_count : int, default 1
            Drop words with a lower count.
        max_vocabulary : int, default None
            Keep at most this many of the most frequent words.

        Returns
        -------
        Vocabulary
            The selected words.

        Raises
        ------
        EmptyVocabularyError
            No word is left.

        >>> Vocabulary.from_counts(["b", "a", "c"], [2, 2, 9]).words
        ['c', 'a', 'b'] (3 words)
        """
        return cls.choose(words, counts, min_count=min_count, max_vocabulary=max_vocabulary)[0]

    @classmethod
    def choose(
        cls,
        words: Sequence[Item],
        counts: ArrayLike,
        *,
        min_count: int = 1,
        max_vocabulary: int | None = None,
        keep_words: Collection[Item] = (),
    ) -> tuple[Vocabulary, NDArray[np.int32]]:
        """Build a vocabulary like :meth:`from_counts`, but keep given words; also return the id of each word.

        Parameters
        ----------
        words : sequence of str
            Distinct words.
        counts : array_like of int
            Count of each word.
        min_count : int, default 1
            Drop words with a lower count.
        max_vocabulary : int, default None
            Keep at most this many of the most frequent words.
        keep_words : collection of str, default ()
            Words to keep whatever their count.

        Returns
        -------
        vocabulary : Vocabulary
            The selected words.
        ids : ndarray of int32
            Id of each entry of ``words``; -1 for dropped words.

        Raises
        ------
        EmptyVocabularyError
            No word is left.
        ConfigError
            ``keep_words`` holds more words than ``max_vocabulary``.

        >>> Vocabulary.choose(["b", "a", "c"], [2, 1, 9], min_count=2)[1]
        array([ 1, -1,  0], dtype=int32)
        """
        seen = _checked_counts(counts, len(words))
        if seen is None:
            raise ConfigError("counts", "must be given", counts)
        asked = np.zeros(len(words), np.bool_)
        if keep_words:
            wanted = frozenset(keep_words)
            asked = np.fromiter((word in wanted for word in words), np.bool_, len(words))
        kept = np.flatnonzero((seen >= min_count) | asked)
        if max_vocabulary is not None and np.count_nonzero(asked) > max_vocabulary:
            raise ConfigError(
                "max_vocabulary", f"must be at least {np.count_nonzero(asked):,}, the number of keep_words",
                max_vocabulary)  # fmt: skip
        if not len(kept):
            most = f"the highest count is {seen.max():,}" if len(words) else "the text holds no word"
            raise EmptyVocabularyError(f"no word reached min_count={min_count:,} ({most}): lower min_count")
        by_word = kept[_order_of(words, kept)]
        by_count = np.argsort(-seen[by_word], kind="stable")
        if max_vocabulary is not None:
            first = np.argsort(~asked[by_word[by_count]], kind="stable")[:max_vocabulary]  # keep_words come first
            by_count = by_count[np.sort(first)]
        chosen = by_word[by_count]
        # No dict is built here: the sort order is known, and a binary search is enough for a few look-ups.
        own = _pack(taken(words, chosen))
        order = None if own.integers else np.argsort(by_count).astype(np.int32)  # integers do not sort like their text
        vocabulary = cls.from_packed(own.utf8, own.offsets, order, seen[chosen], integers=own.integers)
        if not is_strictly_sorted(own.utf8, own.offsets, vocabulary.order):
            raise ConfigError("words", "must be distinct", next(_repeated(words)), "remove the repeated word")
        vocabulary._order_is_known_good = True
        ids = np.full(len(words), -1, np.int32)
        ids[chosen] = np.arange(len(chosen), dtype=np.int32)
        return vocabulary, ids

    @classmethod
    def of_distinct(cls, words: Sequence[Item], counts: NDArray[np.int64]) -> Vocabulary:
        """Build a vocabulary of words that are known to be distinct, without building a dict.

        Parameters
        ----------
        words : sequence of str
            The words, in order of their ids.
        counts : ndarray of int64
            Count of each word.

        Returns
        -------
        Vocabulary
            The vocabulary; ids follow the order of ``words``.
        """
        own = _pack(words)
        checked = _checked_counts(counts, len(words))
        return cls.from_packed(own.utf8, own.offsets, None, checked, integers=own.integers)

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read a file of ``word count`` lines; ids follow the order of the lines.

        Parameters
        ----------
        path : str or Path
            A UTF-8 file. The last number of each line is the count.

        Returns
        -------
        Vocabulary
            The words with their counts.

        Raises
        ------
        FormatError
            A line has no count, or a word is repeated.
        CorpusNotFoundError
            There is no such file.
        """
        from wordkin.vocabulary.files import load_vocabulary

        return load_vocabulary(path)

    def save(self, path: str | Path) -> None:
        """Write one ``word count`` line per word, as UTF-8, in order of the ids.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        ConfigError
            The vocabulary has no counts, or a word contains a line break.
        OutputError
            The file cannot be written.
        """
        from wordkin.vocabulary.files import save_vocabulary

        save_vocabulary(self, path)

    def merge(self, other: Vocabulary) -> Vocabulary:
        """Merge two vocabularies: sum the counts of their words, and give the words ids by descending count.

        Words with equal counts are sorted by code point.

        Parameters
        ----------
        other : Vocabulary
            The vocabulary to merge with.

        Returns
        -------
        Vocabulary
            A new vocabulary.

        Raises
        ------
        ConfigError
            One of the two has no counts, or one holds words and the other whole numbers.

        >>> Vocabulary(["a", "b"], [3, 1]).merge(Vocabulary(["b", "c"], [4, 1])).words
        ['b', 'a', 'c'] (3 words)
        """
        if not isinstance(other, Vocabulary):
            raise ConfigError("other", "must be a Vocabulary", other, "pass Vocabulary(words, counts)")
        if self._counts is None or other._counts is None:
            which = "the vocabulary to merge into" if self._counts is None else "other"
            raise ConfigError(
                "counts", f"must be present in both vocabularies to merge them, but {which} has none", None,
                "pass counts, as in Vocabulary(words, counts)")  # fmt: skip
        if self and other and self.integers != other.integers:
            kind = "whole numbers" if self.integers else "words"
            raise ConfigError("other", f"must hold {kind}, like the vocabulary to merge into", other)
        ids = other.find_ids(self._words)
        counts = self._counts.copy()
        counts[ids >= 0] += other._counts[ids[ids >= 0]]
        if len(counts) and counts.min() < 0:
            raise ConfigError("counts", "must have sums below 2**63", self.word(int(counts.argmin())))
        new = np.setdiff1d(np.arange(len(other)), ids)
        words = [*self._words, *(other._words[index] for index in new.tolist())]
        if not words:
            return self
        return Vocabulary.choose(words, np.concatenate((counts, other._counts[new])), min_count=0)[0]

    @property
    def words(self) -> PackedWords:
        """All words, in order of their ids."""
        return self._words

    @property
    def integers(self) -> bool:
        """Whether the items are whole numbers instead of words."""
        return self._words.integers

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """Count of each word, shape (V,), read-only; None if unknown."""
        return self._counts

    @property
    def order(self) -> NDArray[np.int32]:
        """The ids in the order of the UTF-8 bytes of their words, shape (V,), read-only."""
        if self._order is None:
            self._order = _frozen(sorted_ids(self._words.utf8, self._words.offsets))
        return self._order

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __contains__(self, word: object) -> bool:
        if self.integers:
            return is_integer(word) and self._find(int(word)) >= 0
        return isinstance(word, str) and self._find(word) >= 0

    def word(self, word_id: int) -> str:
        """The word with a given id.

        Parameters
        ----------
        word_id : int
            Id from 0 to V - 1.

        Returns
        -------
        str
            The word.

        Raises
        ------
        IndexError
            The id is out of range.
        """
        if word_id < 0:
            raise IndexError(f"word id {word_id} is outside 0 to {len(self) - 1}")
        return self._words[word_id]

    def id_of(self, word: Item) -> int:
        """The id of a word.

        Parameters
        ----------
        word : str
            The word.

        Returns
        -------
        int
            Its id, from 0 to V - 1.

        Raises
        ------
        UnknownWordError
            The word is not in the vocabulary; the message suggests similar spellings.
        """
        item = self._own(word)
        word_id = self._find(item)
        if word_id < 0:
            if not isinstance(item, str):
                raise UnknownWordError(item)
            text = item  # lets type checkers know that the lambda captures a str
            raise UnknownWordError(text, lambda: nearest_spellings(self._words.utf8, self._words.offsets, text))
        return word_id

    def _own(self, word: object) -> Item:
        """Return an item as a plain str or int; raise :class:`ConfigError` if this vocabulary holds the other kind."""
        if type(word) is str and not self.integers:
            return word
        return any_item(word) if not len(self) else checked_item(word, integers=self.integers)

    def ids_of(self, words: Iterable[Item]) -> NDArray[np.int64]:
        """The ids of several words.

        Parameters
        ----------
        words : iterable of str
            The words.

        Returns
        -------
        ndarray of int64
            One id per word.

        Raises
        ------
        UnknownWordError
            A word is not in the vocabulary.
        """
        return np.fromiter(map(self.id_of, word_list("words", words)), dtype=np.int64)

    def find_ids(self, words: Iterable[Item]) -> NDArray[np.int64]:
        """The ids of several words; the id of an unknown word is -1.

        Parameters
        ----------
        words : iterable of str
            The words.

        Returns
        -------
        ndarray of int64
            One id per word; -1 for words that are not in the vocabulary.
        """
        if isinstance(words, Vocabulary):
            words = words.words
        if isinstance(words, PackedWords) and words.integers == self.integers:  # do not list millions of words
            if len(words) >= max(_LEAST_TO_MATCH, len(self) / _WORDS_PER_SEARCH) and len(self):
                ids = matching_ids(self._words.utf8, self._words.offsets, words.utf8, words.offsets)
                if ids is not None:
                    return ids
            return np.fromiter(map(self._find, words), np.int64, len(words))
        return np.fromiter(map(self._find, map(self._own, word_list("words", words))), dtype=np.int64)

    def first(self, count: int) -> Vocabulary:
        """A vocabulary of the first ``count`` words.

        Parameters
        ----------
        count : int
            Number of words.

        Returns
        -------
        Vocabulary
            A view that shares the memory of the words.
        """
        if count >= len(self):
            return self
        offsets = self._words.offsets[: count + 1]
        order = None if self._order is None else self._order[self._order < count]
        counts = None if self._counts is None else self._counts[:count]
        return Vocabulary.from_packed(self._words.utf8[: offsets[-1]], offsets, order, counts, integers=self.integers)

    def _find(self, word: Item) -> int:
        affordable = _SCANS if self._order is None else len(self) / _WORDS_PER_SEARCH
        if self._ids is None and self._searches >= affordable:
            self._ids = self._build_ids()
        if self._ids is not None:
            return self._ids.get(word, -1)
        self._searches += 1
        wanted = str(word).encode("utf-8", "surrogatepass")
        if self._order is None:
            return self._scan(wanted)
        found = self._search(wanted)
        # A hit was compared with the word, so it is right. A miss is reliable only if the order really sorts the words.
        if found < 0 and not self._order_is_known_good:
            if not is_strictly_sorted(self._words.utf8, self._words.offsets, self.order):
                raise FormatError("the word order of the vocabulary does not sort its words, or a word is repeated")
            self._order_is_known_good = True
        return found

    def _build_ids(self) -> dict[Any, int]:
        ids = dict(zip(self._words, range(len(self)), strict=True))
        if len(ids) != len(self):
            twice = next(word for position, word in enumerate(self._words) if ids[word] != position)
            raise FormatError(f"the word {twice!r} is repeated in the vocabulary")
        return ids

    def _scan(self, wanted: bytes) -> int:
        offsets, utf8 = self._words.offsets, self._words.utf8
        ids = np.flatnonzero(np.diff(offsets) == len(wanted))
        for index in reversed(range(len(wanted))):
            ids = ids[utf8[offsets[ids] + index] == wanted[index]]
        if len(ids) > 1:
            raise FormatError(f"the word {wanted.decode()!r} is repeated in the vocabulary")
        return int(ids[0]) if len(ids) else -1

    def _search(self, wanted: bytes) -> int:
        order, encoded = self.order, self._words.encoded
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            if encoded(int(order[middle])) < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(order) or encoded(int(order[low])) != wanted:
            return -1
        if low + 1 < len(order) and encoded(int(order[low + 1])) == wanted:
            raise FormatError(f"the word {wanted.decode()!r} is repeated in the vocabulary")
        return int(order[low])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        if self._counts is None or other._counts is None:
            return self._counts is other._counts and self._words == other._words
        return np.array_equal(self._counts, other._counts) and self._words == other._words

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        items = "whole numbers" if self.integers else "words"
        return f"Vocabulary({len(self):,} {items}{'' if self._counts is None else ' with counts'})"


def _frozen(array: NDArray[np.generic]) -> NDArray:  # type: ignore[type-arg]
    """Return a read-only view of an array as a plain ndarray.

    Indexing a memmap object is ten times slower.
    """
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def word_list(parameter: str, words: object) -> list[Item]:
    """Convert an argument that lists words; raise :class:`ConfigError` for a single string or anything but a list.

    ``parameter`` is the name of the argument. A mapping stands for its keys. Whole numbers are accepted; the vocabulary
    checks whether it holds them.
    """
    if isinstance(words, str | bytes) or not isinstance(words, Iterable) or getattr(words, "ndim", 1) == 0:
        raise ConfigError(parameter, "must be a list of words", words)
    return [word if type(word) is str else any_item(word) for word in words]


def _repeated(words: Iterable[Item]) -> Iterator[Item]:
    """Yield the words that occur more than once."""
    met: set[Item] = set()
    for word in words:
        if word in met:
            yield word
        met.add(word)


def _order_of(words: Sequence[Item], indices: NDArray[np.int64]) -> NDArray[np.integer]:
    """Return the permutation that sorts the words at these indices by code point, the order of both UTF-8 and str.

    A mix of strings and integers gets an arbitrary order; it raises an error later.
    """
    if isinstance(words, PackedWords) and not words.integers:
        some = words.take(indices)
        return sorted_ids(some.utf8, some.offsets)
    listed = indices.tolist()
    try:
        return np.array(sorted(range(len(listed)), key=lambda position: words[listed[position]]), dtype=np.int64)
    except TypeError:
        return np.arange(len(listed))


def _pack(words: Sequence[Item]) -> PackedWords:
    integers = words.integers if isinstance(words, PackedWords) else are_integers(words)
    try:
        own = packed(words)
    except UnicodeEncodeError as error:
        raise ConfigError("words", "must be valid Unicode", error.object, "remove the lone surrogate") from error
    return PackedWords(_frozen(own.utf8), _frozen(own.offsets), integers=integers)


def _checked_counts(counts: ArrayLike | None, size: int) -> NDArray[np.int64] | None:
    if counts is None:
        return None
    given = np.asarray(counts)
    if given.shape != (size,):
        raise ConfigError("counts", f"must hold one number for each of the {size:,} words", given.shape)
    if size and given.dtype.kind not in "iu":
        raise ConfigError("counts", "must be whole numbers from 0 up", given.dtype.name)
    if size and given.min() < 0:
        raise ConfigError("counts", "must be whole numbers from 0 up", given.min().item())
    return _frozen(given.astype(np.int64))
