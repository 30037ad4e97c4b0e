"""One pass over a source: count its words and store the text, so that it can be encoded with a vocabulary later."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
from collections.abc import Callable, Container, Mapping, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Self, get_args

import numpy as np
from numpy.typing import NDArray

from wordkin.config import Choice, FlagOrLanguage, Number, OptionalChoice, PatternOrFunction, TokenizerName, check
from wordkin.cores import usable_cores
from wordkin.corpus.encoded import CorpusWriter, EncodedCorpus
from wordkin.corpus.ordered_threads import in_order
from wordkin.corpus.readers.encodings import means_utf8, refuse_too_many_invalid, warn_of_invalid
from wordkin.corpus.readers.pieces import Tally, WordLists
from wordkin.corpus.reading import blocks_of, lists_of, read
from wordkin.corpus.scanning.bounds import Bound, Dropped, stays_for
from wordkin.corpus.scanning.lists import checked_sentences, count_batches, count_sentences, decoded_lines
from wordkin.corpus.scanning.progress import ProgressCallback, Reporter
from wordkin.corpus.scanning.token_text import LINE_END, TokenText
from wordkin.corpus.sources import Source
from wordkin.corpus.tokenization.named_tokenizers import line_tokenizer, works_on_tokens
from wordkin.corpus.tokenization.spelling import Spelling
from wordkin.corpus.tokenization.tokenizers import (
    Tokenizer,
    TokenWords,
    split_tokens_at_boundaries,
    whole_tokens,
    words_of,
)
from wordkin.corpus.tokenization.tokenizing import tokenized
from wordkin.corpus.tokenization.word_checks import warn_of_sentences, warn_of_unsegmented
from wordkin.errors import ConfigError, CorpusWarning, EmptyVocabularyError, warn
from wordkin.options import Lowercase, Normalization
from wordkin.storage.packed_words import packed
from wordkin.storage.spool import Spool

_TABLES_AT_HAND = 2 * 17  # cache size: the tables in use by threads at a time, and as many that follow
_NOTHING_KEPT = "keep removes all words of the text: a pattern must match whole words, after lower-casing"
_MOST_WORKERS = 16  # a single reading thread cannot feed more, and each worker has its own table


class Scan:
    """The result of :func:`scan`: the words of a text, their counts, and the text itself as provisional ids.

    A large text is in a temporary file. :meth:`close` removes the text; words and counts remain.

    Attributes
    ----------
    words : sequence of str or int
        The distinct words after decoding, tokenizing and lower-casing, in order of first occurrence.
    counts : ndarray of shape (words,), int64
        Count of each word.
    sentences : int
        Number of nonempty lines or lists.
    integers : bool
        Whether the words are whole numbers.
    readers : mapping of str to Tally
        Statistics of each reader; see :class:`wordkin.corpus.readers.pieces.Tally`.
    """

    phrases = None  # same attribute as wordkin.corpus.phrases.CountedText; a scan joins no phrases
    dropped: Dropped | None = None
    """What ``max_types`` dropped; None if it dropped nothing."""

    def __init__(
        self,
        text: TokenText,
        token_words: TokenWords,
        workers: int,
        spool_directory: str | Path | None,
        readers: Mapping[str, Tally] = MappingProxyType({}),
    ) -> None:
        self.words = token_words.words
        self.counts = token_words.counts(text.counts)
        self.sentences = text.sentences
        self.integers = text.integers
        self.readers = readers
        self._text, self._token_words = text, token_words
        self._workers, self._spool_directory = workers, spool_directory

    @property
    def total_words(self) -> int:
        """Number of words in the text."""
        return int(self.counts.sum())

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digest of the words in order of first occurrence, their counts and the number of sentences.

        It can be computed before the text is encoded. :attr:`EncodedCorpus.fingerprint` is the digest of the whole
        text.
        """
        return words_fingerprint(self.words, self.counts, self.sentences)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the text, and its temporary file if there is one; words and counts remain."""
        self._text.close()

    def encode(self, new_ids: NDArray[np.int32], *, path: str | Path | None = None) -> EncodedCorpus:
        """Encode the text with given ids. May be called several times until the scan is closed.

        Parameters
        ----------
        new_ids : ndarray of shape (words,), int32
            Id of each of :attr:`words`; -1 drops the word. Sentences that become empty are dropped.
        path : path, default None
            Directory to save the result in. If None, it is kept in memory while small, and in unnamed temporary files
            otherwise.

        Returns
        -------
        EncodedCorpus
            The encoded text.

        Raises
        ------
        OutputError
            The disk is full or the directory is not writable.
        """
        new_ids = np.ascontiguousarray(new_ids, np.int32)
        if new_ids.shape != (len(self.words),):
            raise ValueError(f"new_ids must have one entry per word, {len(self.words)}; got shape {new_ids.shape}")
        words = int(self.counts[new_ids >= 0].sum())
        expected_bytes = 4 * words + 8 * min(words, self.sentences)
        encoder = _Encoder(self._text, self._token_words, new_ids)
        with (
            CorpusWriter(path, spool_directory=self._spool_directory, expected_bytes=expected_bytes) as writer,
            ThreadPoolExecutor(self._workers, "wordkin-encode") as pool,
        ):
            last_end = 0
            for ids, ends in in_order(pool, encoder.encode, range(len(self._text.spool)), 2 * self._workers):
                ends += writer.words
                writer.add_ids(ids)
                if len(ends):
                    writer.add_ends(ends[int(ends[0] == last_end) :])
                    last_end = int(ends[-1])
            return writer.finish()


def words_fingerprint(words: Sequence[str], counts: NDArray[np.int64], sentences: int) -> str:
    """Hexadecimal digest of words in the given order, their counts and the number of sentences."""
    integers = bool(words) and not isinstance(words[0], str)
    digest = hashlib.sha256(b"whole numbers\n" if integers else b"")
    last = b""
    for lines in packed(words).lines():
        digest.update(last + lines[:-1])
        last = b"\n"
    digest.update(np.append(counts, sentences).astype("<i8").data)
    return digest.hexdigest()[:32]


class _Encoder:
    """Maps segments of token ids to word ids. Several threads may call it at the same time."""

    def __init__(self, text: TokenText, token_words: TokenWords, new_ids: NDArray[np.int32]) -> None:
        from wordkin.corpus.scanning.kernels import map_tokens

        self._map_tokens = map_tokens
        self._text = text
        of_token = token_words.word_of_token
        ids = np.where(of_token >= 0, new_ids[np.maximum(of_token, 0)], of_token)
        self._id_of_token = np.append(ids, np.int32(-1))  # index -1 stands for dropped tokens
        # Consecutive segments mostly share a table, so a small cache suffices; there may be many large tables.
        self._ids_of_table = functools.lru_cache(_TABLES_AT_HAND)(self._ids_of)
        self._offsets = token_words.expansion_offsets
        self._expansions = new_ids[token_words.expansions]
        self._expansion_lengths = np.diff(self._offsets)

    def _ids_of(self, table: int) -> NDArray[np.int32]:
        return self._id_of_token[self._text.token_of_id[table]]

    def encode(self, segment: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the word ids of a segment, and the positions among these ids at which lines end."""
        stream = self._text.spool.array(segment)
        word_ids = self._ids_of_table(self._text.table_of_segment[segment])
        ids = np.empty(self._most_words(stream, word_ids), np.int32)
        ends = np.empty(len(stream), np.int64)
        written, sentences = self._map_tokens(stream, word_ids, self._offsets, self._expansions, ids, ends)
        return ids[:written], ends[:sentences].copy()

    def _most_words(self, stream: NDArray[np.int32], word_ids: NDArray[np.int32]) -> int:
        if not len(self._expansion_lengths):
            return len(stream)
        found = word_ids[stream[stream != LINE_END]]
        return len(stream) + int(self._expansion_lengths[-2 - found[found < -1]].sum())


def scan(
    source: Source,
    *,
    tokenizer: Tokenizer = "whitespace",
    lowercase: Lowercase = False,
    normalize: Normalization | None = None,
    keep: str | Callable[[str], object] | None = None,
    encoding_errors: str = "replace",
    max_types: int | None = None,
    always: Container[object] = (),
    threads: int | None = None,
    spool_directory: str | Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> Scan:
    """Read a source once: count its words and store the text as provisional ids.

    The result does not depend on the number of threads. Memory grows only with the number of distinct words, or with
    ``max_types``.

    Parameters
    ----------
    source : Source
        A resolved corpus; see :func:`wordkin.corpus.sources.resolve`. Each line of a file is a sentence. Files ending
        in .gz, .bz2, .xz and .zst are decompressed. An iterable is read exactly once.
    tokenizer : str or callable, default "whitespace"
        ``"whitespace"`` splits like :meth:`str.split`; ``"words"`` also splits at Unicode word boundaries; ``"jieba"``,
        ``"kiwi"`` and ``"sudachi"`` use a dictionary. A function receives a line and returns its words.
    lowercase : bool or str, default False
        Lower-case all words; a language code selects its special rules.
    normalize : str, default None
        Unicode normal form of text and words.
    keep : str or callable, default None
        Keep only words that fully match this pattern, or for which this function returns True. Lower-casing and
        normalisation come before this filter.
    encoding_errors : {"replace", "ignore", "strict"}, default "replace"
        Replace or ignore invalid bytes with a warning, or raise :class:`EncodingError`.
    max_types : int, default None
        Limit on the distinct tokens counted at a time. Rare ones are dropped with a warning; see
        :mod:`wordkin.corpus.scanning.bounds`.
    always : container of str, default ()
        Words that ``max_types`` never drops.
    threads : int, default None
        Worker threads, in addition to the calling thread, which reads and decompresses. If None, all usable cores. At
        most 16 are used.
    spool_directory : path, default None
        Directory of the temporary file for ids that exceed 4 MiB. If None, the system's temporary directory.
    on_progress : callable, default None
        Called with a :class:`ScanProgress` up to ten times a second, and at the end.

    Returns
    -------
    Scan
        Words, counts and text.

    Raises
    ------
    CorpusNotFoundError, EncodingError, EmptyVocabularyError, CorpusError
        The text cannot be used.
    ConfigError
        An option is illegal.
    MissingExtraError
        The library of a tokenizer is not installed.
    OutputError
        The disk is full.
    """
    _check_options(tokenizer, lowercase, normalize, keep, encoding_errors, max_types, threads)
    if not works_on_tokens(tokenizer):
        line_tokenizer(tokenizer)  # raise MissingExtraError before anything is read
    spelling = Spelling(lowercase, normalize, keep)
    workers = min(usable_cores() if threads is None else threads, _MOST_WORKERS)
    reporter = Reporter(on_progress, source)
    bound = None if max_types is None else _bound(max_types, always, tokenizer, spelling)
    with contextlib.ExitStack() as on_error:
        text = TokenText(Spool(spool_directory))
        on_error.callback(text.close)
        _count(source, text, tokenizer, spelling, encoding_errors, reporter, workers, bound)
        if tokenizer == "words":
            token_words = split_tokens_at_boundaries(text.tokens, spelling)
        else:
            token_words = whole_tokens(text.tokens, spelling, text.unique)
        if not len(token_words.words):
            left_out = keep is not None and text.tokens
            raise EmptyVocabularyError(_NOTHING_KEPT if left_out else _nothing_found(source))
        reporter.report()
        scanned = Scan(text, token_words, workers, spool_directory, reporter.tallies)
        scanned.dropped = None if bound is None else bound.dropped()
        if scanned.dropped is not None:
            warn(str(scanned.dropped), CorpusWarning)
        on_error.pop_all()
        return scanned


def _bound(max_types: int, always: Container[object], tokenizer: Tokenizer, spelling: Spelling) -> Bound:
    """Make the bound for ``max_types``. Tokens that contain a word of ``always`` are never dropped."""
    if always == ():
        return Bound(max_types)
    if tokenizer == "words":
        return Bound(max_types, stays_for(always, lambda token: spelling.words(words_of(spelling.line(token)))))
    return Bound(max_types, stays_for(always, lambda token: spelling.words([token])))


def _check_options(
    tokenizer: object,
    lowercase: object,
    normalize: object,
    keep: object,
    encoding_errors: object,
    max_types: object,
    threads: object,
) -> None:
    rules: dict[str, tuple[TokenizerName | FlagOrLanguage | PatternOrFunction | Choice | Number, object]] = {
        "tokenizer": (TokenizerName(), tokenizer),
        "lowercase": (FlagOrLanguage(), lowercase),
        "normalize": (OptionalChoice(get_args(Normalization)), normalize),
        "keep": (PatternOrFunction(), keep),
        "encoding_errors": (Choice(("replace", "strict", "ignore")), encoding_errors),
        "max_types": (Number(1, integer=True, optional=True), max_types),
        "threads": (Number(1, 1024, integer=True, optional=True), threads),
    }
    for name, (rule, value) in rules.items():
        check(name, rule, value)


def _count(
    source: Source,
    text: TokenText,
    tokenizer: Tokenizer,
    spelling: Spelling,
    encoding_errors: str,
    reporter: Reporter,
    workers: int,
    bound: Bound | None,
) -> None:
    """Count the tokens of a source and store them in ``text``.

    Plain text, lists of words and lines for a tokenizer function are counted by different functions.
    """

    def refuse() -> None:
        spelling.refuse_integers()
        if bound is not None:
            raise ConfigError(
                "max_types", "needs a text of words, not of whole numbers", bound.max_types, "leave max_types out"
            )

    if source.kind == "sentences":
        _refuse_to_split_lists(tokenizer)
        reporter.tally("sentences")
        lists = checked_sentences(source.items, sets=source.reading.sets)
        count_sentences(lists, text, reporter, encoding_errors, bound=bound, refuse_integers=refuse)
        if not source.tokenized:
            _warn_of_sentences(text)
        return
    with contextlib.closing(read(source, encoding_errors, reporter)) as pieces:
        first = next(pieces, None)
        all_pieces = itertools.chain([] if first is None else [first], pieces)
        if isinstance(first, WordLists):
            _refuse_to_split_lists(tokenizer)
            lists = lists_of(all_pieces, reporter)
            count_sentences(lists, text, reporter, encoding_errors, bound=bound, refuse_integers=refuse)
            _warn_of_sentences(text)
        elif not works_on_tokens(tokenizer):
            lines = map(spelling.line, decoded_lines(blocks_of(all_pieces), encoding_errors, reporter))
            batches = tokenized(lines, tokenizer, workers)
            count_batches(batches, text, reporter, encoding_errors, bound=bound)
        else:
            from wordkin.corpus.scanning.text import count_text  # loads Numba, which lists of words do not need

            count_text(blocks_of(all_pieces), text, reporter, encoding_errors, workers, bound)
            if tokenizer == "whitespace":
                warn_of_unsegmented(text.tokens, text.counts)
    _judge_invalid(source, text, reporter, encoding_errors)


def _warn_of_sentences(text: TokenText) -> None:
    """Warn if the words of a text look like whole sentences. Texts of whole numbers are not checked."""
    if not text.integers:
        warn_of_sentences(text.tokens, text.counts)


def _refuse_to_split_lists(tokenizer: Tokenizer) -> None:
    if tokenizer != "whitespace":
        raise ConfigError(
            "tokenizer",
            'must be "whitespace" for lists of words, which are already tokenized',
            tokenizer,
            "leave tokenizer out",
        )


def _judge_invalid(source: Source, text: TokenText, reporter: Reporter, encoding_errors: str) -> None:
    """Warn of tokens that are invalid in their encoding, or raise :class:`EncodingError` if there are too many."""
    replaced = sum(tally.replaced for tally in reporter.tallies.values())
    encoding = source.reading.encoding
    if replaced + text.invalid:
        names = ", ".join(repr(file.name) for file in source.files[:3]) or "the corpus"
        tokens = int(text.counts.sum())
        refuse_too_many_invalid(replaced + text.invalid, tokens, text.invalid_sample, encoding, names)
        shown = "UTF-8" if means_utf8(encoding) else encoding
        warn_of_invalid(replaced + text.invalid, "words", encoding_errors, shown)
    if text.invalid:
        reporter.tally(next(iter(reporter.tallies))).replaced += text.invalid


def _nothing_found(source: Source) -> str:
    if not source.files and isinstance(source.items, Sized):
        return "the corpus holds no words: " + ("all its sentences are empty" if len(source.items) else "it is empty")
    if not source.files:
        return "the corpus yielded no words: a generator can be read only once; pass a list or a new generator"
    names = ", ".join(repr(file.name) for file in source.files[:3]) + (", …" if len(source.files) > 3 else "")
    return f"there are no words in {names}: the text is empty or only white space"
