"""One pass over the input: words and counts at once, and the text ready to be encoded when the vocabulary is chosen."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
from collections.abc import Callable, Container, Mapping, Sequence
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

_TABLES_AT_HAND = 2 * 17  # those that threads count in at a time, and as many that follow
_NOTHING_KEPT = "keep leaves no word of the text: a pattern must match words as a whole, as they are after lower-casing"
_MOST_WORKERS = 16  # one reading thread cannot feed more, and each keeps a table of its own


class Scan:
    """The result of :func:`scan`.

    Attributes
    ----------
    words : distinct words, after decoding, splitting and lower-casing, in the order of the text; or whole numbers.
    counts : int64 [words], how often each was seen.
    sentences : number of lines, or lists, that are not empty.

    integers : whether the words are whole numbers.
    readers : by reader, what it met; see :class:`wordkin.corpus.readers.pieces.Tally`.

    It holds the text as provisional ids, in a temporary file when large, until it is closed.
    """

    phrases = None  # as of wordkin.corpus.phrases.CountedText: nothing was joined
    dropped: Dropped | None = None
    """What ``max_types`` came to; None where it left all words in."""

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
        """Hexadecimal digest of the words in the order of the text, their counts and the number of sentences.

        The digest of the encoded text itself is :attr:`EncodedCorpus.fingerprint`.
        """
        return words_fingerprint(self.words, self.counts, self.sentences)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the text and remove its temporary file; words and counts stay."""
        self._text.close()

    def encode(self, new_ids: NDArray[np.int32], *, path: str | Path | None = None) -> EncodedCorpus:
        """The text as ids. May be called again, with other ids, until the scan is closed.

        Parameters
        ----------
        new_ids : int32 [words]; the id of each of :attr:`words`, or -1 to drop it. Sentences left empty go too.
        path : directory to save the result in; otherwise it lives in memory when small, and in nameless
            temporary files when not.

        Raises :class:`OutputError` when the disk is full or the place unwritable.
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
    """Hexadecimal digest of words in an order, of their counts and of the number of sentences."""
    integers = bool(words) and not isinstance(words[0], str)
    digest = hashlib.sha256(b"whole numbers\n" if integers else b"")
    last = b""
    for lines in packed(words).lines():
        digest.update(last + lines[:-1])
        last = b"\n"
    digest.update(np.append(counts, sentences).astype("<i8").data)
    return digest.hexdigest()[:32]


class _Encoder:
    """Maps segments of token ids to word ids; used by several threads at once."""

    def __init__(self, text: TokenText, token_words: TokenWords, new_ids: NDArray[np.int32]) -> None:
        from wordkin.corpus.scanning.kernels import map_tokens

        self._map_tokens = map_tokens
        self._text = text
        of_token = token_words.word_of_token
        ids = np.where(of_token >= 0, new_ids[np.maximum(of_token, 0)], of_token)
        self._id_of_token = np.append(ids, np.int32(-1))  # of a dropped token, -1, too
        # A segment is mostly of the table of the segments before it; there may be many tables of many ids.
        self._ids_of_table = functools.lru_cache(_TABLES_AT_HAND)(self._ids_of)
        self._offsets = token_words.expansion_offsets
        self._expansions = new_ids[token_words.expansions]
        self._expansion_lengths = np.diff(self._offsets)

    def _ids_of(self, table: int) -> NDArray[np.int32]:
        return self._id_of_token[self._text.token_of_id[table]]

    def encode(self, segment: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Word ids of a segment, and the positions among them at which lines end."""
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
    """Read a corpus once: count its words and keep it as provisional ids.

    Parameters
    ----------
    source : what :func:`wordkin.corpus.sources.resolve` made of a corpus. A line of a file is a sentence. Files
        ending in .gz, .bz2, .xz and .zst are decompressed. An iterable of lists of words is read exactly once.
    tokenizer : ``"whitespace"`` splits as :meth:`str.split` does, ``"words"`` further at Unicode word
        boundaries, ``"jieba"``, ``"kiwi"`` and ``"sudachi"`` by a dictionary; a callable gets each line and returns
        its words.
    lowercase : lower-case every word, by the rules of a language where one is named.
    normalize : normal form of Unicode that text and words are brought to.
    keep : a pattern that words must match as a whole, or a function that must be true for them; asked last.
    encoding_errors : ``"replace"`` or ``"ignore"`` bytes that are not UTF-8, with a warning, or be ``"strict"``.
    max_types : number of distinct tokens that are counted at once; rare ones are dropped as
        :mod:`wordkin.corpus.scanning.bounds` says, with a warning. All when ``None``.
    always : words that ``max_types`` never drops.
    threads : workers beside the calling thread, which reads and decompresses; all usable cores when ``None``.
        More than 16 are not used.
    spool_directory : where the ids go when they exceed 4 MiB; the temporary directory when ``None``.
    on_progress : called with a :class:`ScanProgress` up to ten times a second, and at the end.

    The result does not depend on the number of threads. Memory grows with the number of distinct words only,
    or with ``max_types``.

    Raises
    ------
    CorpusNotFoundError, EncodingError, EmptyVocabularyError, CorpusError : the text cannot be used.
    ConfigError : an option is not legal. MissingExtraError : a tokenizer is not installed.
    OutputError : the disk is full.
    """
    _check_options(tokenizer, lowercase, normalize, keep, encoding_errors, max_types, threads)
    if not works_on_tokens(tokenizer):
        line_tokenizer(tokenizer)  # what is not installed fails before anything is read
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
    """The bound on distinct tokens, of which those that stand for one of the words ``always`` stay."""
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
    """Fill ``text`` with the tokens of a source, by the way that source and tokenizer ask for."""

    def refuse() -> None:
        spelling.refuse_integers()
        if bound is not None:
            raise ConfigError(
                "max_types", "is for words: leave it out where the items are whole numbers", bound.max_types
            )

    if source.kind == "sentences":
        _refuse_to_split_lists(tokenizer)
        reporter.tally("sentences")
        lists = checked_sentences(source.items, sets=source.reading.sets)
        count_sentences(lists, text, reporter, encoding_errors, bound=bound, refuse_integers=refuse)
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
    """Warn of words that are sentences; whole numbers are none."""
    if not text.integers:
        warn_of_sentences(text.tokens, text.counts)


def _refuse_to_split_lists(tokenizer: Tokenizer) -> None:
    if tokenizer != "whitespace":
        raise ConfigError("tokenizer", 'must be left at "whitespace" for lists of words', tokenizer)


def _judge_invalid(source: Source, text: TokenText, reporter: Reporter, encoding_errors: str) -> None:
    """Warn of what was not valid in its encoding; raise :class:`EncodingError` where it was too much."""
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
    if not source.files:
        return "the corpus yielded no words: a generator can be read only once, so pass a list or a new generator"
    names = ", ".join(repr(file.name) for file in source.files[:3]) + (", …" if len(source.files) > 3 else "")
    return f"no words in {names}: the text is empty or white space only"
