"""The steps from a source of text to word ids: scanning, joining phrases, selecting the vocabulary, encoding."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.phrases import ENGLISH_CONNECTORS, CountedText, PhraseOptions, Phrases, join_phrases, learn_phrases
from wordkin.corpus.readers.pieces import Reading
from wordkin.corpus.scanning.progress import ScanProgress
from wordkin.corpus.scanning.scan import Scan, scan
from wordkin.corpus.sources import Source, resolve
from wordkin.corpus.tokenization.word_checks import warn_of_byte_order_marks, warn_of_unnormalised
from wordkin.errors import ConfigError
from wordkin.items import Item
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.selection import (
    MOST_RARE_WORDS,
    Known,
    Rules,
    Selection,
    choose_words,
    given_words,
    grown_words,
    refuse_other_items,
)

OnScan = Callable[[ScanProgress], None]


def source_of(corpus: object, config: TrainingConfig, *, texts: object = None) -> Source:
    """Resolve a corpus argument or ``texts`` with the reading options; see :func:`wordkin.corpus.sources.resolve`."""
    reading = Reading(
        config.field, config.reader, config.encoding, config.whole_sentences, config.delimiter, config.quoting
    )
    return resolve(corpus, reading, texts=texts)


def further_source_of(text: object, config: TrainingConfig, *, texts: object = None) -> Source | None:
    """Resolve a second text, such as the held-out text; return None if ``text`` is None.

    If the first text was given as ``texts``, the second one must be a path or an iterable of strings.
    """
    if text is None:
        return None
    if texts is None or isinstance(text, str | Path):
        return source_of(text, config)
    return source_of(None, config, texts=text)


def scan_text(
    source: Source,
    config: TrainingConfig,
    *,
    phrases: Phrases | None = None,
    always: Container[object] | None = None,
    spool_directory: str | Path | None = None,
    on_scan: OnScan | None = None,
) -> Scan | CountedText:
    """Read a source once: tokenize it, join phrases and count the words; see :func:`wordkin.corpus.scanning.scan.scan`.

    ``phrases`` are joined instead of those that the options specify. ``max_types`` never drops the words in ``always``
    or, if it is None, those in the option ``keep_words``.
    """
    scanned = scan(
        source,
        tokenizer=config.tokenizer,
        lowercase=config.lowercase,
        normalize=config.normalize,
        keep=config.keep,
        encoding_errors=config.encoding_errors,
        max_types=config.max_types,
        always=config.keep_words if always is None else always,
        threads=config.worker_threads,
        spool_directory=spool_directory,
        on_progress=on_scan,
    )
    if phrases is None and config.phrases is None:
        return scanned
    if scanned.integers:
        scanned.close()
        raise ConfigError("phrases", "needs a text of words, not of whole numbers", config.phrases, "leave phrases out")
    text, workers = CountedText.of_scan(scanned, spool_directory), config.worker_threads
    if phrases is None and isinstance(config.phrases, int):
        return learn_phrases(text, config.phrases, phrase_options(config), workers=workers)[1]
    known = Phrases.load(str(config.phrases)) if phrases is None else phrases
    return join_phrases(text, known, workers=workers)


def learn_phrases_of(
    source: Source, config: TrainingConfig, *, spool_directory: str | Path | None = None, on_scan: OnScan | None = None
) -> Phrases:
    """Learn phrases from a source with the options for phrases; other arguments as for :func:`scan_text`."""
    with scan_text(source, config, spool_directory=spool_directory, on_scan=on_scan) as text:
        assert text.phrases is not None, "config.phrases must be set"
        return text.phrases


def phrase_options(config: TrainingConfig) -> PhraseOptions:
    """The options for learning phrases, taken from the training options."""
    named = ENGLISH_CONNECTORS if tuple(config.phrase_connectors) == ("english",) else config.phrase_connectors
    return PhraseOptions(
        min_count=config.phrase_min_count,
        threshold=config.phrase_threshold,
        scoring=config.phrase_scoring,
        connector_words=named,
        delimiter=config.phrase_delimiter,
    )


def select_words(
    words: Sequence[Item],
    counts: NDArray[np.int64],
    config: TrainingConfig,
    *,
    vocabulary: Vocabulary | None = None,
    known: Known | None = None,
) -> Selection:
    """Select the words to learn from the words of a text and their counts.

    The words of ``vocabulary`` are used if it is given. If ``known`` is given, its words are extended by new words.
    Otherwise the options select the words.
    """
    for given in (vocabulary, None if known is None else known.vocabulary):
        if given is not None:
            refuse_other_items(words, given)
    if vocabulary is not None:
        return given_words(words, vocabulary)
    rules = Rules(
        config.min_count, config.max_vocabulary, config.keep_words, most_rare(config) if config.rare_counts else 0
    )
    selection = choose_words(words, counts, rules) if known is None else grown_words(words, counts, known, rules)
    if not selection.vocabulary.integers:
        warn_of_byte_order_marks(selection.vocabulary.words)
        if config.normalize is None:
            warn_of_unnormalised(selection.vocabulary.words)
    return selection


def most_rare(config: TrainingConfig) -> int:
    """Maximum number of words outside the vocabulary whose counts a model stores."""
    return MOST_RARE_WORDS if config.max_types is None else config.max_types


def count_and_encode(
    scanned: Scan | CountedText, config: TrainingConfig, *, path: Path | None = None
) -> tuple[Vocabulary, EncodedCorpus]:
    """Select the vocabulary of a scanned text and encode the text with it.

    ``path`` is the directory to save the encoded text in, if it is not None.
    """
    selection = select_words(scanned.words, scanned.counts, dataclasses.replace(config, rare_counts=False))
    return selection.vocabulary, scanned.encode(selection.ids, path=path)


def encode(scanned: Scan | CountedText, vocabulary: Vocabulary, *, path: Path | None = None) -> EncodedCorpus:
    """Encode a scanned text with a vocabulary; words outside it are dropped.

    ``path`` is the directory to save the encoded text in, if it is not None.
    """
    refuse_other_items(scanned.words, vocabulary)
    ids = vocabulary.find_ids(scanned.words).astype(np.int32)
    return scanned.encode(ids, path=path)


def text_fingerprint(scan_fingerprint: str, encoded: EncodedCorpus) -> str:
    """Return the fingerprint of a scanned text, joined to that of the corpus encoded from it."""
    return f"{scan_fingerprint}-{encoded.fingerprint}"
