"""Phrases: words that occur together far more often than by chance are joined to one word ("new_york").

Phrases are learned from an encoded text in one or more passes. Each pass joins two words, with optional connectors such
as "of" between them. A later pass can join the results of an earlier one. There are two scores:

- ``word2phrase`` (Mikolov et al. 2013b): (count(ab) - min_count) · n / (count(a) · count(b)), where n is the number of
  distinct words and n-grams. gensim calls it "default".
- ``npmi`` (Bouma 2009): ln(p(ab) / (p(a) · p(b))) / -ln p(ab), from -1 to 1.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.config import Choice, Number, check
from wordkin.corpus.encoded import CorpusWriter, EncodedCorpus
from wordkin.corpus.ordered_threads import in_order
from wordkin.corpus.readers.pieces import Tally
from wordkin.corpus.scanning.bounds import Dropped
from wordkin.corpus.scanning.scan import Scan, words_fingerprint
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError, shown, warn
from wordkin.storage.files import check_writable, reason, replacing

Scoring = Literal["word2phrase", "npmi"]
OnPass = Callable[[int, int], None]
"""Called after each pass with its number, from 1, and the number of phrases it found."""

FORMAT_NAME = "wordkin phrases"
FORMAT_VERSION = 1
# Articles, prepositions and conjunctions that may occur inside an English phrase.
ENGLISH_CONNECTORS = (
    "a", "an", "the", "and", "or", "as", "at", "by", "for", "from", "in", "of", "on", "per", "to", "with", "without",
)  # fmt: skip

_KEYS_AT_A_TIME = 4096
_FIRST_BITS, _MOST_FILLED = 12, 0.6
_PIECE_WORDS = 1 << 19


class PhraseWarning(UserWarning):
    """Some phrases may not have been found; the message says why."""


@dataclass(frozen=True)
class PhraseOptions:
    """Options for learning phrases.

    Parameters
    ----------
    min_count : int, default 5
        Ignore n-grams with a lower count. The score ``word2phrase`` also subtracts it from the count.
    threshold : float, default None
        Join words whose score exceeds this. If None, 10 for ``word2phrase`` and 0.5 for ``npmi``.
    scoring : {"word2phrase", "npmi"}, default "word2phrase"
        The score; see :mod:`wordkin.corpus.phrases`.
    connector_words : sequence of str, default ()
        Words allowed inside a phrase, but not as its first or last word.
    delimiter : str, default "_"
        String that joins the words of a phrase.
    max_ngrams : int, default 20_000_000
        Maximum number of distinct n-grams in memory, at 16 to 27 bytes each. If a text has more, the rarest are
        dropped, as in word2phrase, and a warning gives the number of lost occurrences.

    Raises
    ------
    ConfigError
        A value is illegal.
    """

    min_count: int = 5
    threshold: float | None = None
    scoring: Scoring = "word2phrase"
    connector_words: Sequence[str] = ()
    delimiter: str = "_"
    max_ngrams: int = 20_000_000

    def __post_init__(self) -> None:
        npmi = self.scoring == "npmi"
        rules: dict[str, Number | Choice] = {
            "min_count": Number(1, integer=True),
            "scoring": Choice(("word2phrase", "npmi")),
            "threshold": Number(-1, 1, optional=True) if npmi else Number(0, optional=True),
            "max_ngrams": Number(100_000, 2**31, integer=True),
        }
        for name, rule in rules.items():
            check(f"phrase {name}", rule, getattr(self, name))
        if not isinstance(self.delimiter, str) or not self.delimiter or any(map(str.isspace, self.delimiter)):
            raise ConfigError("phrase delimiter", "must be text without white space", self.delimiter)
        words = self.connector_words
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise ConfigError("phrase connector_words", "must be a list of words", words)
        object.__setattr__(self, "connector_words", tuple(dict.fromkeys(words)))

    @property
    def effective_threshold(self) -> float:
        """The option ``threshold``; if it is None, 10 for ``word2phrase`` and 0.5 for ``npmi``."""
        if self.threshold is not None:
            return self.threshold
        return 0.5 if self.scoring == "npmi" else 10.0


@dataclass(frozen=True)
class PhrasePass:
    """The phrases that one pass joins.

    Attributes
    ----------
    phrases : mapping of tuple of str to float
        Maps the words of each phrase, including connectors, to the score of the phrase.
    connector_words : frozenset of str, default frozenset()
        The words that were treated as connectors.
    """

    phrases: Mapping[tuple[str, ...], float]
    connector_words: frozenset[str] = frozenset()

    def join(self, words: Sequence[str], delimiter: str) -> list[str]:
        """Join the phrases of this pass in a sentence, from left to right, and return the new list of words."""
        joined: list[str] = []
        start: int | None = None
        for position, word in enumerate(words):
            if word in self.connector_words:
                if start is None:
                    joined.append(word)
                continue
            if start is not None:
                phrase = tuple(words[start : position + 1])
                if phrase in self.phrases:
                    joined.append(delimiter.join(phrase))
                    start = None
                    continue
                joined += words[start:position]
            start = position
        return joined if start is None else joined + list(words[start:])


@dataclass(frozen=True)
class Phrases:
    """Learned phrases, pass by pass.

    >>> pairs = PhrasePass({("new", "york"): 31.0, ("bank", "of", "america"): 12.0}, frozenset({"of"}))
    >>> Phrases((pairs,)).join("the bank of america in new york".split())
    ['the', 'bank_of_america', 'in', 'new_york']
    """

    passes: tuple[PhrasePass, ...]
    delimiter: str = "_"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(each.phrases) for each in self.passes)

    def join(self, words: Sequence[str]) -> list[str]:
        """Join the phrases of all passes in a sentence, pass by pass, and return the new list of words."""
        joined = list(words)
        for each in self.passes:
            joined = each.join(joined, self.delimiter)
        return joined

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the phrases to a JSON file, as ``docs/phrases.md`` specifies; raise :class:`OutputError` on failure."""
        check_writable(Path(path))
        with replacing(Path(path)) as stream:
            stream.write(self.to_json())

    def to_json(self) -> bytes:
        """The content of the file that :meth:`save` writes."""
        passes = [
            {
                "connector_words": sorted(each.connector_words),
                "phrases": [[*words, score] for words, score in each.phrases.items()],
            }
            for each in self.passes
        ]
        document = {
            "format": FORMAT_NAME,
            "version": FORMAT_VERSION,
            "wordkin": __version__,
            "delimiter": self.delimiter,
            "options": dict(self.options),
            "passes": passes,
        }
        return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Phrases:
        """Read a file that :meth:`save` wrote.

        Raises :class:`CorpusNotFoundError` if there is no such file, and :class:`FormatError` if it holds no phrases.
        """
        try:
            text = Path(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise CorpusNotFoundError(f"there is no file {str(path)!r}: check the path") from None
        except OSError as error:
            raise FormatError(f"cannot read {str(path)!r}: {reason(error)}") from error
        try:
            return cls.from_json(text)
        except FormatError as error:
            raise FormatError(f"{str(path)!r} holds no phrases: {error}") from error

    @classmethod
    def from_json(cls, text: bytes) -> Phrases:
        """Inverse of :meth:`to_json`; raises :class:`FormatError` for invalid content."""
        try:
            return cls._of_document(json.loads(text))
        except FormatError:
            raise
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise FormatError(f"it is not JSON, or an entry is missing or wrong ({error!r})") from error

    @classmethod
    def _of_document(cls, document: Any) -> Phrases:
        if not isinstance(document, dict) or document.get("format") != FORMAT_NAME:
            raise FormatError(f'its format is not "{FORMAT_NAME}"')
        if document.get("version") != FORMAT_VERSION:
            raise FormatError(
                f"its format version is {document.get('version')!r}, but this wordkin reads version {FORMAT_VERSION}"
            )
        passes = []
        for each in document["passes"]:
            phrases: dict[tuple[str, ...], float] = {}
            for *words, score in each["phrases"]:
                if len(words) < 2 or not all(isinstance(word, str) for word in words):
                    raise FormatError(f"{shown(words)} is not a list of two or more words")
                phrases[tuple(words)] = float(score)
            passes.append(PhrasePass(phrases, frozenset(map(str, each["connector_words"]))))
        return cls(tuple(passes), str(document["delimiter"]), dict(document["options"]))


@dataclass
class CountedText:
    """A text as word ids, with all its words and their counts; phrases are learned from it and joined in it.

    It has the method ``encode`` of :class:`wordkin.corpus.Scan`, so it can take the place of a scan.

    Attributes
    ----------
    corpus : EncodedCorpus
        The text; ids are indices of ``words``.
    words : sequence of str
        The distinct words.
    counts : ndarray of shape (words,), int64
        Count of each word.
    phrases : Phrases or None, default None
        The phrases that were joined.
    spool_directory : Path or None, default None
        Directory for temporary files.
    dropped : Dropped or None, default None
        What ``max_types`` dropped; None if it dropped nothing.
    readers : mapping of str to Tally
        Statistics of each reader.
    """

    corpus: EncodedCorpus
    words: Sequence[str]
    counts: NDArray[np.int64]
    phrases: Phrases | None = None
    spool_directory: Path | None = None
    dropped: Dropped | None = None
    readers: Mapping[str, Tally] = field(default_factory=dict)

    @classmethod
    def of_scan(cls, scanned: Scan, spool_directory: str | os.PathLike[str] | None = None) -> CountedText:
        """Encode the text of a scan with all its words, in the order of the scan, and close the scan."""
        with scanned:
            corpus = scanned.encode(np.arange(len(scanned.words), dtype=np.int32))
        directory = None if spool_directory is None else Path(spool_directory)
        return cls(corpus, scanned.words, scanned.counts, None, directory, scanned.dropped, scanned.readers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.corpus.close()

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digest of the words, their counts and the number of sentences, like that of a scan."""
        return words_fingerprint(self.words, self.counts, self.corpus.sentences)

    def encode(self, new_ids: NDArray[np.int32], *, path: str | Path | None = None) -> EncodedCorpus:
        """Encode the text with new ids, one for each of ``words``; -1 drops a word.

        See :meth:`wordkin.corpus.Scan.encode`.
        """
        size = int(self.counts[new_ids >= 0].sum()) * new_ids.itemsize + self.corpus.offsets.nbytes
        with CorpusWriter(path, spool_directory=self.spool_directory, expected_bytes=size) as writer:
            for piece in _pieces(self.corpus):
                bounds = self.corpus.offsets[piece.start : piece.stop + 1]
                ids = new_ids[self.corpus.ids[bounds[0] : bounds[-1]]]
                kept = ids >= 0
                written = np.concatenate(([0], np.cumsum(kept)))[bounds - bounds[0]]
                ends = written[1:][np.diff(written) > 0] + writer.words
                writer.add_ids(ids[kept])
                writer.add_ends(ends)
            return writer.finish()


def learn_phrases(
    text: CountedText,
    passes: int,
    options: PhraseOptions,
    *,
    workers: int = 1,
    on_pass: OnPass | None = None,
) -> tuple[Phrases, CountedText]:
    """Learn phrases from a text, and join them in it.

    Parameters
    ----------
    text : CountedText
        The text. This function closes its corpus, so use the returned text afterwards.
    passes : int
        Number of passes, from 1 to 16. A pass can also join phrases of earlier passes.
    options : PhraseOptions
        Options for learning phrases.
    workers : int, default 1
        Number of threads; the result does not depend on it.
    on_pass : callable, default None
        Called after each pass.

    Returns
    -------
    phrases : Phrases
        The learned phrases.
    text : CountedText
        The text, with each joined phrase as one word.

    Raises
    ------
    ConfigError
        ``passes`` is illegal.
    """
    check("phrases", Number(1, 16, integer=True), passes)
    learned: list[PhrasePass] = []
    for number in range(1, passes + 1):
        found = _learn_pass(text, options, workers)
        learned.append(found)
        if on_pass is not None:
            on_pass(number, len(found.phrases))
        text = _join_pass(text, found, options.delimiter, workers)
    recorded = {
        "min_count": options.min_count, "threshold": options.effective_threshold, "scoring": options.scoring,
        "max_ngrams": options.max_ngrams,
    }  # fmt: skip
    text.phrases = Phrases(tuple(learned), options.delimiter, recorded)
    return text.phrases, text


def join_phrases(text: CountedText, phrases: Phrases, *, workers: int = 1) -> CountedText:
    """Join phrases learned before in a text; return the new text and close the corpus of the old one."""
    for each in phrases.passes:
        text = _join_pass(text, each, phrases.delimiter, workers)
    text.phrases = phrases
    return text


def _connector_flags(words: Sequence[str], connectors: frozenset[str]) -> NDArray[np.bool_]:
    """Return a boolean array of shape (words,): whether each word is a connector."""
    if not connectors:
        return np.zeros(len(words), np.bool_)
    return np.fromiter((word in connectors for word in words), np.bool_, len(words))


def _learn_pass(text: CountedText, options: PhraseOptions, workers: int) -> PhrasePass:
    """Count the n-grams of a text and select those whose score exceeds the threshold."""
    connectors = frozenset(options.connector_words)
    flags = _connector_flags(text.words, connectors)
    tables = _count(text, flags, options, workers)
    different = int(np.count_nonzero(text.counts[~flags])) + sum(int(table.used.sum()) for table in tables)
    keys, counts = _pairs(tables, max(options.min_count, 1))
    scorer = _Scorer(options, text.counts, different)
    return PhrasePass(_choose(text, flags, keys, counts, scorer), connectors)


def count_candidates(
    text: CountedText, options: PhraseOptions, *, workers: int = 1
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield each n-gram that can become a phrase, as a tuple of words, with its count, in arbitrary order.

    Of ``options``, only ``connector_words`` and ``max_ngrams`` are used.
    """
    flags = _connector_flags(text.words, frozenset(options.connector_words))
    keys, counts = _pairs(_count(text, flags, options, workers), 1)
    pairs, words = keys < 1 << 63, text.words
    first, last = _members(keys[pairs])
    for start, end, count in zip(first.tolist(), last.tolist(), counts[pairs].tolist(), strict=True):
        yield (words[start], words[end]), count
    for ids, count in _with_connectors(text, flags, keys[~pairs], counts[~pairs]):
        yield tuple(words[each] for each in ids.tolist()), count


def _count(text: CountedText, flags: NDArray[np.bool_], options: PhraseOptions, workers: int) -> list[_NgramTable]:
    """Count all n-grams of a text, and return one table for each thread.

    Warns if n-grams were dropped because there were more than ``max_ngrams``.
    """
    from wordkin.corpus.phrase_kernels import REGIONS

    shares = np.array_split(np.arange(REGIONS), min(workers, REGIONS))
    tables = [_NgramTable(range(int(each[0]), int(each[-1]) + 1), options.max_ngrams) for each in shares]
    with ThreadPoolExecutor(len(tables), "wordkin-phrases") as pool:
        for counting in [pool.submit(table.count, text.corpus, flags) for table in tables]:
            counting.result()
    lost = sum(table.dropped for table in tables)
    if lost:
        warn(
            f"the text has more distinct n-grams than max_ngrams={options.max_ngrams:,}: the rarest were dropped, "
            f"with {lost:,} occurrences; rare phrases may be missing",
            PhraseWarning,
        )
    return tables


def _pairs(tables: list[_NgramTable], least: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the keys and the counts of the n-grams that occur at least ``least`` times, from all tables."""
    keys, counts = (np.concatenate(each) for each in zip(*(table.pairs(least) for table in tables), strict=True))
    return keys, counts


def _members(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split keys of two adjacent words into the ids of the first words and of the second words."""
    first = (keys >> np.uint64(32)).astype(np.int64) - 1
    return first, (keys & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1


class _NgramTable:
    """Counts the n-grams whose hashed keys fall into some regions of the hash table.

    The table grows as needed. When a region would hold too many n-grams, the rarest in it are dropped.
    """

    def __init__(self, regions: range, max_ngrams: int) -> None:
        from wordkin.corpus.phrase_kernels import REGIONS

        self._regions = regions
        self._most_in_region = max_ngrams // REGIONS
        self._bits = _FIRST_BITS
        self._slots = self._empty(self._bits)
        self.used = np.zeros(len(regions), np.int64)
        self._least = np.ones(len(regions), np.int64)  # minimum count to survive the next pruning, minus 1
        self.dropped = 0

    def _empty(self, bits: int) -> NDArray[np.uint64]:
        return np.zeros(2 * len(self._regions) << bits, np.uint64)

    def count(self, corpus: EncodedCorpus, connector: NDArray[np.bool_]) -> None:
        from wordkin.corpus.phrase_kernels import count_ngrams

        keys = np.empty(_KEYS_AT_A_TIME, np.uint64)
        state = np.array([0, 0, -1, 0], np.int64)
        while True:
            most = min(int(_MOST_FILLED * (1 << self._bits)), self._most_in_region)
            count_ngrams(
                corpus.ids, corpus.offsets, connector, state, keys, self._slots, self._bits, self._regions.start,
                self.used, most,
            )  # fmt: skip
            if state[0] >= corpus.words:
                return
            self._make_room()

    def _make_room(self) -> None:
        """Drop rare n-grams from full regions; if no region has reached its limit, double the size of the table."""
        from wordkin.corpus.phrase_kernels import move_pairs

        full = self.used + _KEYS_AT_A_TIME > self._most_in_region
        least = np.where(full, self._least + 1, 0)
        self._least = np.maximum(self._least, least)
        bits = self._bits if full.any() else self._bits + 1
        larger = self._empty(bits)
        self.dropped += move_pairs(self._slots, self._bits, larger, bits, self._regions.start, self.used, least)
        self._slots, self._bits = larger, bits

    def pairs(self, least: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the keys and the counts of the n-grams in this table that occur at least ``least`` times."""
        keys, counts = self._slots[0::2], self._slots[1::2].astype(np.int64)
        kept = np.flatnonzero(counts >= least)
        return keys[kept], counts[kept]


class _Scorer:
    """Computes the scores of n-grams from their counts and the counts of their words."""

    def __init__(self, options: PhraseOptions, counts: NDArray[np.int64], different: int) -> None:
        self._options, self._counts, self._different = options, counts, different
        self._total = int(counts.sum())
        self.threshold = options.effective_threshold

    def scores(
        self, counts: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Compute the scores of n-grams.

        ``counts`` holds the count of each n-gram, ``first`` and ``last`` the ids of its first and its last word.
        """
        firsts, lasts = self._counts[first].astype(np.float64), self._counts[last].astype(np.float64)
        if self._options.scoring == "word2phrase":
            scores = (counts - self._options.min_count) / (firsts * lasts) * self._different
        else:
            seen = counts / self._total
            with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 for a text of a single n-gram, set to 1 below
                scores = np.log(seen * self._total / firsts * self._total / lasts) / -np.log(seen)
            scores = np.where(seen == 1, 1.0, scores)
        return np.asarray(scores, np.float64)


def _choose(
    text: CountedText,
    flags: NDArray[np.bool_],
    keys: NDArray[np.uint64],
    counts: NDArray[np.int64],
    scorer: _Scorer,
) -> dict[tuple[str, ...], float]:
    """Select the n-grams whose score exceeds the threshold; return them with their scores, best first.

    N-grams with equal scores are sorted by code point.
    """
    chosen: dict[tuple[str, ...], float] = {}
    words = text.words
    pairs = keys < 1 << 63
    first, last = _members(keys[pairs])
    scores = scorer.scores(counts[pairs], first, last)
    for index in np.flatnonzero(scores > scorer.threshold).tolist():
        chosen[words[first[index]], words[last[index]]] = float(scores[index])
    for ids, count in _with_connectors(text, flags, keys[~pairs], counts[~pairs]):
        score = float(scorer.scores(np.array([count]), ids[:1], ids[-1:])[0])
        if score > scorer.threshold:
            chosen[tuple(words[each] for each in ids.tolist())] = score
    return dict(sorted(chosen.items(), key=lambda item: (-item[1], item[0])))


def _with_connectors(
    text: CountedText, flags: NDArray[np.bool_], keys: NDArray[np.uint64], counts: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], int]]:
    """Find the words of n-grams with connectors; return the word ids and the count of each n-gram.

    The keys of these n-grams are hashes, so each n-gram is searched for in the text.
    """
    if not len(keys):
        return []
    from wordkin.corpus.phrase_kernels import locate_ngrams

    table, bits = _table_of(keys)
    positions, lengths = np.full(len(keys), -1, np.int64), np.zeros(len(keys), np.int64)
    locate_ngrams(text.corpus.ids, text.corpus.offsets, flags, table, bits, positions, lengths)
    return [
        (text.corpus.ids[position : position + length].astype(np.int64), count)
        for position, length, count in zip(positions.tolist(), lengths.tolist(), counts.tolist(), strict=True)
        if position >= 0
    ]


def _table_of(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], int]:
    """Make a hash table that maps each key to its index in ``keys``. Return the table and ``bits``.

    Each region of the table has ``2**bits`` pairs.
    """
    from wordkin.corpus.phrase_kernels import REGIONS, fill_table

    bits = max(4, math.ceil(math.log2(max(1, len(keys)))))  # a region gets about an eighth of the keys
    slots = np.zeros(2 * REGIONS << bits, np.uint64)
    fill_table(keys, np.arange(len(keys), dtype=np.uint64), slots, bits)
    return slots, bits


def _join_pass(text: CountedText, found: PhrasePass, delimiter: str, workers: int) -> CountedText:
    """Replace each phrase that one pass found by a single word, and count the words again."""
    from wordkin.corpus.phrase_kernels import join_phrases, ngram_keys

    ids_of_word = {word: number for number, word in enumerate(text.words)}
    known = [phrase for phrase in found.phrases if all(word in ids_of_word for word in phrase)]
    if not known:
        return text
    members = np.array([ids_of_word[word] for phrase in known for word in phrase], np.int32)
    starts = np.concatenate(([0], np.cumsum([len(phrase) for phrase in known])))
    keys = np.empty(len(known), np.uint64)
    ngram_keys(members, starts, keys)
    table, bits = _table_of(keys)
    joined_ids = np.array(
        [ids_of_word.setdefault(delimiter.join(phrase), len(ids_of_word)) for phrase in known], np.int32
    )
    flags = _connector_flags(text.words, found.connector_words)
    counts = np.zeros(len(ids_of_word), np.int64)
    corpus = text.corpus
    size = corpus.ids.nbytes + corpus.offsets.nbytes
    writer = CorpusWriter(spool_directory=text.spool_directory, expected_bytes=size)

    def join(piece: range) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        joined = np.empty(int(corpus.offsets[piece.stop] - corpus.offsets[piece.start]), np.int32)
        ends = np.empty(len(piece), np.int64)
        written = join_phrases(
            corpus.ids, corpus.offsets, piece.start, piece.stop, flags, table, bits, joined_ids, joined, ends
        )
        return joined[:written], ends

    with writer, ThreadPoolExecutor(workers, "wordkin-phrases") as pool:
        for ids, ends in in_order(pool, join, _pieces(corpus), 2 * workers):
            ends += writer.words
            writer.add_ids(ids)
            writer.add_ends(ends)
            counts += np.bincount(ids, minlength=len(counts))
        joined = writer.finish()
    corpus.close()
    return dataclasses.replace(text, corpus=joined, words=list(ids_of_word), counts=counts)


def _pieces(corpus: EncodedCorpus) -> list[range]:
    """Split a corpus into ranges of consecutive sentences with about ``_PIECE_WORDS`` words each."""
    targets = np.arange(_PIECE_WORDS, corpus.words, _PIECE_WORDS)
    cuts = np.unique(np.concatenate(([0], np.searchsorted(corpus.offsets, targets), [corpus.sentences])))
    return [range(int(start), int(stop)) for start, stop in itertools.pairwise(cuts)]
