"""Reading of the text of a run: from a corpus argument and options to a vocabulary and an encoded corpus."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.phrases import CountedText, Phrases
from wordkin.corpus.scanning.scan import Scan
from wordkin.corpus.sources import Source
from wordkin.errors import ConfigError, CorpusError
from wordkin.items import Item
from wordkin.storage.memory import give_back_freed_memory
from wordkin.text.encoded_source import config_for, refuse_other_reading, select_of_encoded, take_encoded, text_options
from wordkin.text.encoded_text import (
    Description,
    EncodedText,
    content_fingerprint,
    interleaved,
    open_text,
    saving_text,
    write_description,
)
from wordkin.text.sampling import refuse_unmeasurable, sample, split_corpus
from wordkin.text.steps import OnScan, count_and_encode, encode, most_rare, scan_text, select_words, text_fingerprint
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.selection import Known, Selection, refuse_unlearned
from wordkin.windows.rng import REPLAY, stream_key


@dataclass(frozen=True)
class Text:
    """A text that was read, counted and encoded.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words.
    corpus : EncodedCorpus
        The text to train on.
    validation : EncodedCorpus or None
        The held-out text.
    fingerprint : str
        Digest of the words of the text, in order, and of the encoded text. Equal for equal text and options.
    config : TrainingConfig
        The options of the run. For an encoded text, the reading options are those it was made with.
    phrases : Phrases or None, default None
        The phrases that were joined.
    selection : Selection or None, default None
        How the vocabulary was selected, with the counts of words that are too rare for it.
    reading : mapping or None, default None
        Statistics of reading: ``readers`` holds the statistics of each reader and ``dropped`` those of ``max_types``,
        if it dropped words. In an update with ``replay``, the entry ``replay`` holds the ``share``, ``sentences`` and
        ``words`` of the old text that was mixed in.
    """

    vocabulary: Vocabulary
    corpus: EncodedCorpus
    validation: EncodedCorpus | None
    fingerprint: str
    config: TrainingConfig
    phrases: Phrases | None = None
    selection: Selection | None = None
    reading: Mapping[str, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.corpus.close()
        if self.validation is not None:
            self.validation.close()


@dataclass(frozen=True)
class Replay:
    """Old text of a model, of which some sentences are mixed into the text of an update.

    Attributes
    ----------
    source : Source
        The old text.
    share : float
        Fraction of its sentences to mix in.
    """

    source: Source
    share: float


def read_text(
    source: Source,
    config: TrainingConfig,
    *,
    validation: Source | None = None,
    vocabulary: Vocabulary | None = None,
    known: Known | None = None,
    replay: Replay | None = None,
    phrases: Phrases | None = None,
    paths: tuple[Path, Path] | None = None,
    spool_directory: str | Path | None = None,
    on_scan: OnScan | None = None,
) -> Text:
    """Read a text once: select its vocabulary, encode it and split off held-out sentences.

    Parameters
    ----------
    source : Source
        The text.
    config : TrainingConfig
        Options for tokenization, for the selection of words and for the fraction of sentences to hold out.
    validation : Source or None, default None
        A separate held-out text, instead of a fraction of ``source``.
    vocabulary : Vocabulary or None, default None
        The words to encode with. If None, they are selected from the counts of the text.
    known : Known or None, default None
        The words of a trained model. They keep their ids, and new words are appended.
    replay : Replay or None, default None
        With ``known``, old text to mix into the training text. Its words do not change any count.
    phrases : Phrases or None, default None
        Phrases to join, instead of those that the options specify.
    paths : pair of Path or None, default None
        Directories for the training and the held-out corpus. If None, they are kept in memory or in unnamed temporary
        files.
    spool_directory : path or None, default None
        Directory for temporary files.
    on_scan : callable or None, default None
        Called with a :class:`ScanProgress` while the text is read.

    Raises
    ------
    CorpusError
        The text cannot be used, there is nothing to hold out, or the model was not trained on the text to replay.
    OutputError
        The disk is full.
    """
    corpus_path, validation_path = (None, None) if paths is None else paths
    fraction = config.validation_fraction
    path = corpus_path if fraction is None and replay is None else None
    if source.kind == "encoded":
        opened = open_text(source.directories[0])
        if known is not None:
            refuse_other_reading(opened, config, phrases)
        config = config_for(opened, config)
        selection = select_of_encoded(opened, config, vocabulary, known)
        encoded = take_encoded(opened, selection.vocabulary, path, spool_directory)
        fingerprint = text_fingerprint(opened.description.scan_fingerprint, encoded)
        phrases = opened.phrases
        reading = {"readers": dict(opened.description.readers), "dropped": opened.description.dropped}
    else:
        always = config.keep_words if known is None else frozenset(config.keep_words).union(known.vocabulary)
        scanning = scan_text(
            source, config, phrases=phrases, always=always, spool_directory=spool_directory, on_scan=on_scan
        )
        with scanning as scanned:
            selection = select_words(scanned.words, scanned.counts, config, vocabulary=vocabulary, known=known)
            encoded = scanned.encode(selection.ids, path=path)
            fingerprint = text_fingerprint(scanned.fingerprint, encoded)
            phrases = scanned.phrases
            reading = _reading_statistics(scanned)
        del scanned, scanning
        give_back_freed_memory()
    vocabulary = selection.vocabulary
    held_out = None
    if fraction is not None:
        with encoded as whole:
            parts = (corpus_path if replay is None else None, validation_path)
            encoded, held_out = split_corpus(whole, fraction, config.seed, paths=parts, spool_directory=spool_directory)
    elif validation is not None:
        held_out, _ = encode_source(
            validation, config, vocabulary, phrases=phrases, always=vocabulary, path=validation_path,
            spool_directory=spool_directory,
        )  # fmt: skip
    if held_out is not None:
        refuse_unmeasurable(held_out)
    if replay is not None:
        assert known is not None and selection.text_counts is not None, "replay requires an update"
        with (
            encoded as new,
            _replayed(
                replay, config, known, vocabulary, phrases, spool_directory=spool_directory, on_scan=on_scan
            ) as old,
        ):
            encoded = interleaved(new, old, path=corpus_path, spool_directory=spool_directory)
            reading["replay"] = {"share": replay.share, "sentences": old.sentences, "words": old.words}
            text_counts = selection.text_counts + np.bincount(old.ids, minlength=len(vocabulary))
            selection = dataclasses.replace(selection, text_counts=text_counts)
    return Text(vocabulary, encoded, held_out, fingerprint, config, phrases, selection, reading)


def _replayed(
    replay: Replay,
    config: TrainingConfig,
    known: Known,
    vocabulary: Vocabulary,
    phrases: Phrases | None,
    *,
    spool_directory: str | Path | None,
    on_scan: OnScan | None,
) -> EncodedCorpus:
    """Return the old sentences that are mixed into an update, encoded, in the order of the old text."""

    def check(words: Sequence[Item], counts: NDArray[np.int64]) -> None:
        refuse_unlearned(words, counts, known, counts_are_exact=config.max_types is None, most_rare=most_rare(config))

    always = frozenset(config.keep_words).union(vocabulary)
    encoded, _ = encode_source(
        replay.source, config, vocabulary, phrases=phrases, always=always, check=check,
        spool_directory=spool_directory, on_scan=on_scan,
    )  # fmt: skip
    with encoded as whole:
        key = stream_key(config.seed, REPLAY)
        chosen = sample(whole, replay.share, key, spool_directory=spool_directory)
        if not chosen.sentences:
            raise CorpusError(
                f"replay={replay.share:g} selects none of the {whole.sentences:,} sentences of the old text: "
                "raise replay"
            )
    return chosen


def encode_source(
    source: Source,
    config: TrainingConfig,
    vocabulary: Vocabulary,
    *,
    phrases: Phrases | None = None,
    always: Container[object] | None = None,
    check: Callable[[Sequence[Item], NDArray[np.int64]], None] = lambda words, counts: None,
    path: Path | None = None,
    spool_directory: str | Path | None = None,
    on_scan: OnScan | None = None,
) -> tuple[EncodedCorpus, str]:
    """Read a text and encode it with a given vocabulary; also return the fingerprint of the text.

    Words outside the vocabulary are dropped. ``phrases`` are joined instead of those of the options. ``max_types``
    never drops the words in ``always``. ``check`` is called with the words of the text and their counts, and may raise
    an error. ``path`` is the directory to save the result in, if it is not None.
    """
    if source.kind == "encoded":
        opened = open_text(source.directories[0])
        refuse_other_reading(opened, config, phrases)
        assert opened.vocabulary.counts is not None  # an encoded text always stores counts
        check(opened.vocabulary.words, opened.vocabulary.counts)
        encoded = take_encoded(opened, vocabulary, path, spool_directory)
        return encoded, text_fingerprint(opened.description.scan_fingerprint, encoded)
    with scan_text(
        source, config, phrases=phrases, always=always, spool_directory=spool_directory, on_scan=on_scan
    ) as scanned:
        check(scanned.words, scanned.counts)
        encoded = encode(scanned, vocabulary, path=path)
        return encoded, text_fingerprint(scanned.fingerprint, encoded)


def save_encoded(
    source: Source, config: TrainingConfig, output: str | Path, *, on_scan: OnScan | None = None
) -> EncodedText:
    """Read a text once and save it as an encoded text in the directory ``output``.

    Raises :class:`ConfigError` if ``output`` would be read as part of the source, and :class:`OutputError` if it cannot
    be written. On an error, an encoded text that already exists there is unchanged.
    """
    output = Path(output).absolute()
    if source.kind == "encoded":
        raise CorpusError(f"{str(source.directories[0])!r} is already encoded: pass the text it was made from")
    if source.reads(output) or source.would_read(output):
        raise ConfigError(
            "output", "must not be a directory that is read as text", str(output), "choose another directory"
        )
    with saving_text(output) as directory:
        with scan_text(source, config, spool_directory=directory, on_scan=on_scan) as scanned:
            vocabulary, corpus = count_and_encode(scanned, config, path=directory)
            values = config.to_dict()
            description = Description(
                options={name: values[name] for name in text_options()},
                sources=described(source),
                **_reading_statistics(scanned),
                text_words=int(scanned.counts.sum()),
                scan_fingerprint=scanned.fingerprint,
                content_fingerprint=content_fingerprint(vocabulary, corpus, config.worker_threads),
                phrases=scanned.phrases,
            )
        write_description(directory, vocabulary, corpus, description)
        corpus.close()
    return open_text(output)


def described(source: Source) -> list[dict[str, object]]:
    """Describe the files of a source, or what kind of iterable it is, for the record of an encoded text."""
    if source.kind == "files":
        return [{"name": file.name, "bytes": file.size} for file in source.files]
    return [{"name": f"an iterable of {source.kind}", "bytes": None}]


def _reading_statistics(scanned: Scan | CountedText) -> dict[str, Any]:
    """The statistics of the readers, and of the words that ``max_types`` dropped, as JSON values."""
    return {
        "readers": {name: tally.to_dict() for name, tally in scanned.readers.items()},
        "dropped": None if scanned.dropped is None else scanned.dropped.to_dict(),
    }
