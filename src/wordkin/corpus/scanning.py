"""One pass over the input: distinct words, their counts, and the text as provisional ids ready to be encoded."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import re
import time
import warnings
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordkin.config import Choice, Flag, Number, TokenizerName, usable_cores
from wordkin.corpus.encoded import CorpusWriter, EncodedCorpus
from wordkin.corpus.readers import (
    BLOCK_BYTES,
    Block,
    CorpusWarning,
    Source,
    TextFile,
    find_files,
    is_paths,
    read_blocks,
)
from wordkin.corpus.spool import Spool
from wordkin.corpus.tokenizers import Tokenizer, TokenWords, split_tokens_at_boundaries, whole_tokens
from wordkin.errors import ConfigError, CorpusError, EmptyVocabularyError, EncodingError

if TYPE_CHECKING:
    from wordkin.corpus.token_table import CountedText

_LINE_END = -1  # as in the kernels, which are not imported for lists of words
_SECONDS_BETWEEN_REPORTS = 0.1
_FLUSH_ENTRIES = 1 << 20
_SURROGATES = re.compile("[\ud800-\udfff]")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan has come.

    bytes_read, bytes_total : of the files as they are on disk; the total is ``None`` where it is not known.
    words : white-space tokens of text, or words of lists, so far.
    seconds : since the scan began.
    """

    bytes_read: int
    bytes_total: int | None
    words: int
    seconds: float


ProgressCallback = Callable[[ScanProgress], object]


class _Tokens:
    """Distinct tokens, their counts, and the text as token ids: what a pass over the input leaves.

    A segment of the spool holds ids of one of several tables (one per thread, so that threads need not
    wait for each other); ``token_of_id[table]`` maps them to the tokens.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.tokens: list[str] = []
        self.counts = np.empty(0, np.int64)
        self.table_of_segment: list[int] = []
        self.token_of_id: list[NDArray[np.int32]] = []
        self.sentences = 0
        self._line_is_open = False

    def add_segment(self, stream: NDArray[np.int32], words: int, table: int) -> None:
        """Append a segment with that many words among its entries; line ends never stand side by side in one."""
        if not len(stream):
            return
        self.spool.append(stream)
        self.table_of_segment.append(table)
        self.sentences += len(stream) - words - int(stream[0] == _LINE_END and not self._line_is_open)
        self._line_is_open = bool(stream[-1] != _LINE_END)


class Scan:
    """The result of :func:`scan`: words and counts at once, ids when the vocabulary is chosen.

    Attributes
    ----------
    words : distinct words, after decoding, splitting and lower-casing, in the order of the text.
    counts : int64 [words], how often each was seen.
    sentences : number of lines, or lists, with a word.

    It holds the text as provisional ids, in a temporary file when large, until it is closed.
    """

    def __init__(
        self, tokens: _Tokens, token_words: TokenWords, threads: int, spool_directory: str | Path | None
    ) -> None:
        self.words = token_words.words
        self.counts = token_words.counts(tokens.counts)
        self.sentences = tokens.sentences
        self._tokens, self._token_words = tokens, token_words
        self._threads, self._spool_directory = threads, spool_directory

    @property
    def total_words(self) -> int:
        """Number of words in the text."""
        return int(self.counts.sum())

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digest of the distinct words in the order of the text, their counts and the number of sentences.

        The digest of the text itself, order included, is :attr:`EncodedCorpus.fingerprint`.
        """
        digest = hashlib.sha256("\n".join(self.words).encode())
        digest.update(np.append(self.counts, self.sentences).astype("<i8").data)
        return digest.hexdigest()[:32]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the text and remove its temporary file; words and counts stay."""
        self._tokens.spool.close()

    def encode(self, new_ids: NDArray[np.int32], *, path: str | Path | None = None) -> EncodedCorpus:
        """The text as ids.

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
        expected = int(self.counts[new_ids >= 0].sum())
        encoder = _Encoder(self._tokens, self._token_words, new_ids)
        with (
            CorpusWriter(path, spool_directory=self._spool_directory, expected_words=expected) as writer,
            ThreadPoolExecutor(self._threads, "wordkin-encode") as pool,
        ):
            last_end = 0
            for ids, ends in _in_order(pool, encoder.encode, range(len(self._tokens.spool)), 2 * self._threads):
                ends += writer.words
                writer.add_ids(ids)
                if len(ends):
                    writer.add_ends(ends[int(ends[0] == last_end) :])
                    last_end = int(ends[-1])
            if writer.words > last_end:
                writer.add_ends(np.array([writer.words], np.int64))
            return writer.finish()


class _Encoder:
    """Maps segments of token ids to word ids; used by several threads at once."""

    def __init__(self, tokens: _Tokens, token_words: TokenWords, new_ids: NDArray[np.int32]) -> None:
        from wordkin.corpus.kernels import map_tokens

        self._map_tokens = map_tokens
        self._tokens = tokens
        of_token = token_words.word_of_token
        id_of_token = np.where(of_token >= 0, new_ids[of_token], of_token)
        self._offsets = token_words.expansion_offsets
        self._expansions = new_ids[token_words.expansions]
        self._longest = np.diff(self._offsets)
        self._ids = [id_of_token[each] for each in tokens.token_of_id]

    def encode(self, segment: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Word ids of a segment, and the positions among them at which lines end."""
        stream = self._tokens.spool.array(segment)
        word_ids = self._ids[self._tokens.table_of_segment[segment]]
        ids = np.empty(self._room(stream, word_ids), np.int32)
        ends = np.empty(len(stream), np.int64)
        written, sentences = self._map_tokens(stream, word_ids, self._offsets, self._expansions, ids, ends)
        return ids[:written], ends[:sentences]

    def _room(self, stream: NDArray[np.int32], word_ids: NDArray[np.int32]) -> int:
        """At least as many entries as the segment has words."""
        if not len(self._longest):
            return len(stream)
        mapped = word_ids[stream[stream != _LINE_END]]
        return len(stream) + int(self._longest[-2 - mapped[mapped < -1]].sum())


def scan(
    source: Source,
    *,
    tokenizer: Tokenizer = "whitespace",
    lowercase: bool = False,
    encoding_errors: str = "replace",
    threads: int | None = None,
    spool_directory: str | Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> Scan:
    """Read a corpus once: count its words and keep it as provisional ids.

    Parameters
    ----------
    source : a path, address, pattern, directory or ``"-"`` (standard input), or a list of them; or an
        iterable of lists of words, which is read exactly once. A line of a file is a sentence. Files
        ending in .gz, .bz2, .xz and .zst are decompressed.
    tokenizer : ``"whitespace"`` splits as :meth:`str.split` does, ``"words"`` further at Unicode word
        boundaries, a callable gets each line and returns its words.
    lowercase : lower-case every word.
    encoding_errors : ``"replace"`` or ``"ignore"`` bytes that are not UTF-8, with a warning, or be ``"strict"``.
    threads : workers beside the calling thread, which reads and decompresses; all usable cores when ``None``.
    spool_directory : where the ids go when they exceed 64 MiB; the temporary directory when ``None``.
    on_progress : called with a :class:`ScanProgress` up to ten times a second, and at the end.

    The result does not depend on the number of threads. Memory grows with the number of distinct words only.

    Raises
    ------
    CorpusNotFoundError, EncodingError, EmptyVocabularyError, CorpusError : the text cannot be used.
    ConfigError : an option is not legal. OutputError : the disk is full.
    """
    _check_options(tokenizer, lowercase, encoding_errors, threads)
    workers = usable_cores() if threads is None else threads
    with contextlib.ExitStack() as on_error:
        tokens = _Tokens(on_error.enter_context(Spool(spool_directory)))
        files = find_files(source) if is_paths(source) else None
        reporter = _Reporter(on_progress, files)
        if files is None:
            if tokenizer != "whitespace":
                raise ConfigError("tokenizer", 'must be left at "whitespace" for lists of words', tokenizer)
            _collect_sentences(_checked_sentences(source), tokens, reporter, encoding_errors)
        elif callable(tokenizer):
            lines = _tokenized_lines(files, tokenizer, encoding_errors, reporter)
            _collect_sentences(lines, tokens, reporter, encoding_errors)
        else:
            _collect_text(files, tokens, reporter, encoding_errors, workers)
        split = split_tokens_at_boundaries if tokenizer == "words" else whole_tokens
        result = Scan(tokens, split(tokens.tokens, lowercase), workers, spool_directory)
        if not result.words:
            raise EmptyVocabularyError(_nothing_found(source, files))
        reporter.report(final=True)
        on_error.pop_all()
    return result


def _check_options(tokenizer: object, lowercase: object, encoding_errors: object, threads: object) -> None:
    rules: dict[str, tuple[TokenizerName | Flag | Choice | Number, object]] = {
        "tokenizer": (TokenizerName(), tokenizer),
        "lowercase": (Flag(), lowercase),
        "encoding_errors": (Choice(("replace", "strict", "ignore")), encoding_errors),
        "threads": (Number(1, 1024, integer=True, optional=True), threads),
    }
    for name, (rule, value) in rules.items():
        if not rule.accepts(value):
            raise ConfigError(name, str(rule), value)


def _nothing_found(source: object, files: list[TextFile] | None) -> str:
    if files is None:
        return "the corpus yielded no words: a generator can be read only once, so pass a list or a new generator"
    names = ", ".join(repr(file.name) for file in files[:3]) + (", …" if len(files) > 3 else "")
    return f"no words in {names}: the text is empty or white space only"


class _Reporter:
    """Calls back with the progress, but not too often."""

    def __init__(self, callback: ProgressCallback | None, files: list[TextFile] | None) -> None:
        self._callback = callback
        sizes = [file.size for file in files] if files is not None else [None]
        self._total = None if None in sizes else sum(size for size in sizes if size is not None)
        self._started = self._last = time.perf_counter()
        self.bytes_read = self.words = 0

    def report(self, *, final: bool = False) -> None:
        if self._callback is None:
            return
        now = time.perf_counter()
        if final or now - self._last >= _SECONDS_BETWEEN_REPORTS:
            self._last = now
            self._callback(ScanProgress(self.bytes_read, self._total, self.words, now - self._started))


def _in_order(
    pool: ThreadPoolExecutor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """Results of a function in the order of the items, with at most ``ahead`` of them under way."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class _TableCounter:
    """Counts blocks in tables of their own, one per thread, and merges what is new, in the order of the text."""

    def __init__(self, threads: int) -> None:
        from wordkin.corpus.token_table import PADDING, TokenTable

        self._padding = PADDING
        self._tables = [TokenTable() for _ in range(threads)]
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for table in range(threads):
            self._free.put(table)
        self._merged = TokenTable()
        self._merged_ids: list[list[NDArray[np.int32]]] = [[] for _ in range(threads)]

    def count(self, block: Block) -> tuple[Block, int, CountedText]:
        """Count one block in a table no other thread uses meanwhile; to be called from worker threads."""
        table = self._free.get()
        try:
            return block, table, self._tables[table].count(block.text + self._padding)
        finally:
            self._free.put(table)

    def merge(self, table: int, new_tokens: bytes) -> None:
        """Enter tokens that are new to a table into the merged one. Order of the text in, order of the text out."""
        if new_tokens:
            ids_and_line_ends = self._merged.count(new_tokens + self._padding).stream
            self._merged_ids[table].append(ids_and_line_ends[::2])

    def finish(self, tokens: _Tokens, encoding_errors: str) -> None:
        """Hand over tokens, counts and maps."""
        tokens.token_of_id = [np.concatenate([np.empty(0, np.int32), *parts]) for parts in self._merged_ids]
        tokens.counts = np.zeros(len(self._merged), np.int64)
        for table, merged_ids in zip(self._tables, tokens.token_of_id, strict=True):
            tokens.counts[merged_ids] += table.counts
        tokens.tokens = _decoded_tokens(self._merged.joined_tokens(), tokens.counts, encoding_errors)


def _collect_text(
    files: list[TextFile], tokens: _Tokens, reporter: _Reporter, encoding_errors: str, threads: int
) -> None:
    """Split and count files in the worker threads, while this one reads, decompresses and merges."""
    counter = _TableCounter(threads)
    blocks = read_blocks(files, BLOCK_BYTES)
    if encoding_errors == "strict":
        blocks = _strictly_decodable(blocks)
    with ThreadPoolExecutor(threads, "wordkin-scan") as pool:
        for block, table, counted in _in_order(pool, counter.count, blocks, 2 * threads):
            counter.merge(table, counted.new_tokens)
            tokens.add_segment(counted.stream, counted.words, table)
            reporter.bytes_read = block.bytes_read
            reporter.words += counted.words
            reporter.report()
    counter.finish(tokens, encoding_errors)


def _strictly_decodable(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        _decode(block.text, "strict", block.file.name, block.position)
        yield block


def _decode(text: bytes, encoding_errors: str, name: str, position: int) -> str:
    try:
        return text.decode("utf-8", encoding_errors)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{name!r} is not valid UTF-8 at byte {position + error.start:,} (0x{text[error.start]:02x}): "
            'convert the file, or pass encoding_errors="replace"'
        ) from error


def _decoded_tokens(joined: bytes, counts: NDArray[np.int64], encoding_errors: str) -> list[str]:
    """Tokens as strings, with a warning that counts those with invalid UTF-8."""
    try:
        text = joined.decode()
    except UnicodeDecodeError:
        raw = joined.split(b"\n")[:-1]
        invalid = sum(int(count) for token, count in zip(raw, counts, strict=True) if not _is_utf8(token))
        _warn_of_invalid(invalid, "words", encoding_errors)
        text = joined.decode("utf-8", encoding_errors)
    return text.split("\n")[:-1]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _warn_of_invalid(number: int, what: str, encoding_errors: str) -> None:
    action = "replaced by U+FFFD" if encoding_errors == "replace" else "ignored"
    warnings.warn(
        f"{number:,} {what} held bytes that are not valid UTF-8, which were {action}; "
        'encoding_errors="strict" would stop there',
        CorpusWarning,
        stacklevel=4,
    )


class _WordIndex(dict[str, int]):
    """Numbers words in the order they are first asked for; refuses what is not a string."""

    def __missing__(self, word: object) -> int:
        if not isinstance(word, str):
            raise CorpusError(
                f"words must be strings; got {word!r:.60} ({type(word).__name__}): convert them with str()"
            )
        number = self[str(word)] = len(self)
        return number


def _collect_sentences(
    sentences: Iterable[Iterable[str]], tokens: _Tokens, reporter: _Reporter, encoding_errors: str
) -> None:
    """Count lists of words in Python, one after another."""
    index = _WordIndex()
    counts = np.zeros(0, np.int64)
    stream = array("i")

    def flush() -> None:
        nonlocal counts, stream
        segment = np.frombuffer(stream, np.int32) if stream else np.empty(0, np.int32)
        ids = segment[segment != _LINE_END]
        seen = np.bincount(ids, minlength=len(index))
        seen[: len(counts)] += counts
        counts = seen
        tokens.add_segment(segment, len(ids), 0)
        reporter.words += len(ids)
        stream = array("i")

    for sentence in sentences:
        before = len(stream)
        stream.extend(map(index.__getitem__, sentence))
        if len(stream) > before:
            stream.append(_LINE_END)
        if len(stream) >= _FLUSH_ENTRIES:
            flush()
            reporter.report()
    flush()
    tokens.token_of_id = [np.arange(len(index), dtype=np.int32)]
    tokens.counts = counts
    tokens.tokens = _encodable_tokens(list(index), counts, encoding_errors)


def _checked_sentences(source: object) -> Iterator[Iterable[str]]:
    """The lists of words of an iterable, each checked to be one."""
    if not isinstance(source, Iterable):
        raise CorpusError(
            f"a corpus is a path, a list of paths or an iterable of lists of words; got {source!r:.60} "
            f"({type(source).__name__})"
        )
    for number, sentence in enumerate(source):
        if isinstance(sentence, str | bytes) or not isinstance(sentence, Iterable):
            raise CorpusError(
                f"sentence {number} is {sentence!r:.60} ({type(sentence).__name__}) where a list of words was "
                "expected: split it into words first, or pass paths as a list"
            )
        yield sentence


def _tokenized_lines(
    files: list[TextFile], tokenizer: Callable[[str], Sequence[str]], encoding_errors: str, reporter: _Reporter
) -> Iterator[Sequence[str]]:
    """What a callable tokenizer makes of each line."""
    invalid = 0
    pieces: list[bytes] = []
    for block in read_blocks(files):
        reporter.bytes_read = block.bytes_read
        lines = block.text.split(b"\n")
        position = block.position - sum(map(len, pieces))
        lines[0] = b"".join([*pieces, lines[0]])
        pieces = [lines.pop()]
        for line in lines:
            if not _is_utf8(line):
                invalid += 1
            words = tokenizer(_decode(line, encoding_errors, block.file.name, position).removesuffix("\r"))
            if isinstance(words, str) or not isinstance(words, Iterable):
                raise CorpusError(
                    f"the tokenizer must return a list of words; got {words!r:.60} ({type(words).__name__})"
                )
            yield words
            position += len(line) + 1
    if invalid:
        _warn_of_invalid(invalid, "lines", encoding_errors)


def _encodable_tokens(tokens: list[str], counts: NDArray[np.int64], encoding_errors: str) -> list[str]:
    """Words that UTF-8 can hold and that are not empty, with a warning that counts the others."""
    if "" in tokens:
        warnings.warn(f"left out {int(counts[tokens.index('')]):,} empty words", CorpusWarning, stacklevel=4)
    invalid = [i for i, token in enumerate(tokens) if _SURROGATES.search(token)] if not _are_encodable(tokens) else []
    if invalid and encoding_errors == "strict":
        raise EncodingError(
            f"the word {tokens[invalid[0]]!r} holds a lone surrogate, which UTF-8 cannot: "
            'clean the words, or pass encoding_errors="replace"'
        )
    if invalid:
        _warn_of_invalid(int(counts[invalid].sum()), "words", encoding_errors)
        for i in invalid:
            tokens[i] = _SURROGATES.sub("\ufffd" if encoding_errors == "replace" else "", tokens[i])
    return tokens


def _are_encodable(tokens: list[str]) -> bool:
    try:
        "".join(tokens).encode()
    except UnicodeEncodeError:
        return False
    return True
