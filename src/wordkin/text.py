"""From a corpus and options to a vocabulary and an encoded corpus.

:func:`read_text` prepares the text of a whole run. :func:`scan_text` and the functions after it perform single steps.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TokenizerName, TrainingConfig
from wordkin.corpus.encoded import CorpusWriter, EncodedCorpus
from wordkin.corpus.phrases import (
    ENGLISH_CONNECTORS,
    CountedText,
    PhraseOptions,
    Phrases,
    join_phrases,
    learn_phrases,
)
from wordkin.corpus.readers.pieces import Reading
from wordkin.corpus.scanning.progress import ScanProgress
from wordkin.corpus.scanning.scan import Scan, scan
from wordkin.corpus.sources import Source, resolve
from wordkin.corpus.tokenization.word_checks import warn_of_byte_order_marks, warn_of_unnormalised
from wordkin.encoded_text import (
    Description,
    EncodedText,
    content_fingerprint,
    interleaved,
    open_text,
    renumbered,
    saving_text,
    write_description,
)
from wordkin.errors import ConfigError, CorpusError
from wordkin.items import Item
from wordkin.storage.memory import give_back_freed_memory
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
    refuse_unlearned,
)
from wordkin.windows.rng import REPLAY, VALIDATION, choose_at_random, stream_key

OnScan = Callable[[ScanProgress], None]

_OF_TRAINING = ("subsample", "subsample_formula", "rare_counts")  # options of the group "Text" that apply in training
_SPLIT = 2  # random stream below VALIDATION; streams 0 and 1 are windows and noise
_PIECE_WORDS = 1 << 20


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
        How the vocabulary was selected; it also holds the counts of rarer words.
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
    """Old text of a model, whose sentences are mixed into the text of an update.

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
            _refuse_other_reading(opened, config, phrases)
        config = config_for(opened, config)
        selection = _select_of_encoded(opened, config, vocabulary, known)
        encoded = _take_encoded(opened, selection.vocabulary, path, spool_directory)
        fingerprint = f"{opened.description.scan_fingerprint}-{encoded.fingerprint}"
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
            fingerprint = text_fingerprint(scanned, encoded)
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
    """The sampled sentences of the old text, in their order, encoded with ``vocabulary``."""

    def check(words: Sequence[Item], counts: NDArray[np.int64]) -> None:
        refuse_unlearned(words, counts, known, counts_are_exact=config.max_types is None, most_rare=_most_rare(config))

    always = frozenset(config.keep_words).union(vocabulary)
    encoded, _ = encode_source(
        replay.source, config, vocabulary, phrases=phrases, always=always, check=check,
        spool_directory=spool_directory, on_scan=on_scan,
    )  # fmt: skip
    with encoded as whole:
        key = stream_key(config.seed, REPLAY)
        chosen = _sample(whole, replay.share, key, spool_directory=spool_directory)
        if not chosen.sentences:
            raise CorpusError(
                f"replay={replay.share:g} selects none of the {whole.sentences:,} sentences of the old text: "
                "raise replay"
            )
    return chosen


def _reading_statistics(scanned: Scan | CountedText) -> dict[str, Any]:
    """Statistics of the readers and of ``max_types``, as JSON values."""
    return {
        "readers": {name: tally.to_dict() for name, tally in scanned.readers.items()},
        "dropped": None if scanned.dropped is None else scanned.dropped.to_dict(),
    }


def source_of(corpus: object, config: TrainingConfig, *, texts: object = None) -> Source:
    """Resolve a corpus argument with the reading options; see :func:`wordkin.corpus.sources.resolve`."""
    reading = Reading(
        config.field, config.reader, config.encoding, config.whole_sentences, config.delimiter, config.quoting
    )
    return resolve(corpus, reading, texts=texts)


def further_source_of(text: object, config: TrainingConfig, *, texts: object = None) -> Source | None:
    """Resolve a second text, such as the held-out one: a path, or strings if the first text was ``texts``."""
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
    """Read a source once: tokenize it, join phrases and count the words; see :func:`wordkin.corpus.scan`.

    ``phrases`` replaces the phrases that the options specify. ``max_types`` never drops the words in ``always``; if
    ``always`` is None, those in ``keep_words``.
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
    """Learn the phrases of a source with the phrase options; the arguments are those of :func:`scan_text`."""
    with scan_text(source, config, spool_directory=spool_directory, on_scan=on_scan) as text:
        assert text.phrases is not None, "config.phrases must be set"
        return text.phrases


def phrase_options(config: TrainingConfig) -> PhraseOptions:
    """The phrase options of a training configuration."""
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
    """Select the words to learn by the options, ``vocabulary`` and ``known``; see :func:`read_text`."""
    for given in (vocabulary, None if known is None else known.vocabulary):
        if given is not None:
            refuse_other_items(words, given)
    if vocabulary is not None:
        return given_words(words, vocabulary)
    rules = Rules(
        config.min_count, config.max_vocabulary, config.keep_words, _most_rare(config) if config.rare_counts else 0
    )
    selection = choose_words(words, counts, rules) if known is None else grown_words(words, counts, known, rules)
    if not selection.vocabulary.integers:
        warn_of_byte_order_marks(selection.vocabulary.words)
        if config.normalize is None:
            warn_of_unnormalised(selection.vocabulary.words)
    return selection


def _most_rare(config: TrainingConfig) -> int:
    """Maximum number of words outside the vocabulary whose counts are stored."""
    return MOST_RARE_WORDS if config.max_types is None else config.max_types


def count_and_encode(
    scanned: Scan | CountedText, config: TrainingConfig, *, path: Path | None = None
) -> tuple[Vocabulary, EncodedCorpus]:
    """Select the vocabulary and encode the text with it; saved to ``path`` if it is set."""
    selection = select_words(scanned.words, scanned.counts, dataclasses.replace(config, rare_counts=False))
    return selection.vocabulary, scanned.encode(selection.ids, path=path)


def encode(scanned: Scan | CountedText, vocabulary: Vocabulary, *, path: Path | None = None) -> EncodedCorpus:
    """Encode a scanned text with a vocabulary, dropping words outside it; saved to ``path`` if it is set."""
    refuse_other_items(scanned.words, vocabulary)
    ids = vocabulary.find_ids(scanned.words).astype(np.int32)
    return scanned.encode(ids, path=path)


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
    """Read and encode a text with a given vocabulary, dropping words outside it; also return its fingerprint.

    ``phrases`` and ``always`` are those of :func:`scan_text`. ``check`` is called with the words of the text and their
    counts, and may raise an error.
    """
    if source.kind == "encoded":
        opened = open_text(source.directories[0])
        _refuse_other_reading(opened, config, phrases)
        assert opened.vocabulary.counts is not None  # an encoded text always stores counts
        check(opened.vocabulary.words, opened.vocabulary.counts)
        encoded = _take_encoded(opened, vocabulary, path, spool_directory)
        return encoded, f"{opened.description.scan_fingerprint}-{encoded.fingerprint}"
    with scan_text(
        source, config, phrases=phrases, always=always, spool_directory=spool_directory, on_scan=on_scan
    ) as scanned:
        check(scanned.words, scanned.counts)
        encoded = encode(scanned, vocabulary, path=path)
        return encoded, text_fingerprint(scanned, encoded)


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
    """The files or the kind of a source, for the description of an encoded text."""
    if source.kind == "files":
        return [{"name": file.name, "bytes": file.size} for file in source.files]
    return [{"name": f"an iterable of {source.kind}", "bytes": None}]


def text_options() -> list[str]:
    """Names of the options that an encoded text depends on."""
    fields = dataclasses.fields(TrainingConfig)
    return [each.name for each in fields if each.metadata["group"] == "Text" and each.name not in _OF_TRAINING]


def config_for(opened: EncodedText, config: TrainingConfig) -> TrainingConfig:
    """Return the training options for a run on an encoded text.

    Options with their default value are replaced by those that the text was made with. Raises :class:`ConfigError` for
    an explicit option that differs, except ``keep_words``, ``max_types``, a higher ``min_count`` and a lower
    ``max_vocabulary``.
    """
    made = opened.description.options
    changed: dict[str, object] = {}
    for each in dataclasses.fields(TrainingConfig):
        if each.name not in text_options():
            continue
        was, asked = made.get(each.name, each.default), config.to_dict()[each.name]
        was_function = each.name == "tokenizer" and not TokenizerName().accepts(was)  # functions are not stored
        was_function = was_function or isinstance(was, dict)
        if asked == was or (was_function and asked == each.default):
            continue
        if each.name in ("keep_words", "max_types"):  # these can only narrow the stored words
            continue
        if each.name == "min_count" and asked > was:
            continue
        if each.name == "max_vocabulary" and asked is not None and (was is None or asked < was):
            continue
        if asked != each.default:
            raise ConfigError(
                each.name,
                f"must be left out, because the text was encoded with {was!r}",
                asked,
                "encode the text again",
            )
        changed[each.name] = was
    return dataclasses.replace(config, **changed)  # type: ignore[arg-type]


def _select_of_encoded(
    opened: EncodedText, config: TrainingConfig, vocabulary: Vocabulary | None, known: Known | None
) -> Selection:
    """Select the words of an encoded text to learn; its vocabulary is not copied if the options keep all of it."""
    own = opened.vocabulary
    counts = own.counts
    assert counts is not None  # an encoded text always stores counts
    if vocabulary is None and known is None:
        number = int(np.count_nonzero(counts >= config.min_count))
        if number == len(own) and (config.max_vocabulary is None or config.max_vocabulary >= number):
            return Selection(own, np.arange(len(own), dtype=np.int32))
    return select_words(list(own.words), counts, config, vocabulary=vocabulary, known=known)


def _refuse_other_reading(opened: EncodedText, config: TrainingConfig, phrases: Phrases | None) -> None:
    """Raise :class:`ConfigError` if an encoded text was read with other options than those of a model."""
    asked, made = config.to_dict(), config_for(opened, config).to_dict()
    for name in ("tokenizer", "lowercase", "normalize", "keep"):
        if made[name] != asked[name]:
            raise ConfigError(
                name, f"of the encoded text must be {asked[name]!r}, as in the model", made[name],
                "encode the text again with the options of the model")  # fmt: skip
    contents = [None if each is None else each.to_json() for each in (opened.phrases, phrases)]
    if contents[0] != contents[1]:
        rule = "of the encoded text must be none" if phrases is None else "of the encoded text must be the same phrases"
        raise ConfigError(
            "phrases", f"{rule}, as in the model", "no phrases" if opened.phrases is None else "other phrases",
            "encode the text again with the phrases of the model (phrases.json)")  # fmt: skip


def _take_encoded(
    opened: EncodedText, vocabulary: Vocabulary, path: Path | None, spool_directory: str | Path | None
) -> EncodedCorpus:
    """The corpus of an encoded text with the ids of ``vocabulary``; not copied if that is its own vocabulary."""
    if vocabulary is not opened.vocabulary:
        refuse_other_items(opened.vocabulary.words, vocabulary)
        new_ids = vocabulary.find_ids(opened.vocabulary.words).astype(np.int32)
        return renumbered(opened.corpus, new_ids, path=path, spool_directory=spool_directory)
    if path is None:
        return opened.corpus
    opened.corpus.save(path)
    return EncodedCorpus.open(path)


def text_fingerprint(scanned: Scan | CountedText, encoded: EncodedCorpus) -> str:
    """Digest of all words of a text in their order, and of the encoded corpus."""
    return f"{scanned.fingerprint}-{encoded.fingerprint}"


def split_corpus(
    corpus: EncodedCorpus,
    fraction: float,
    seed: int,
    *,
    paths: tuple[Path | None, Path | None] = (None, None),
    spool_directory: str | Path | None = None,
) -> tuple[EncodedCorpus, EncodedCorpus]:
    """Split a corpus into sentences to train on and held-out sentences; both keep the order of the text.

    Each sentence is held out with probability ``fraction``. A hash of the seed and the sentence number decides, so the
    split is the same on every machine.

    Parameters
    ----------
    corpus : EncodedCorpus
        The corpus to split.
    fraction : float
        Probability of holding out a sentence.
    seed : int
        Seed of the hash.
    paths : pair of Path or None, default (None, None)
        Directories to save the two corpora in. If None, a corpus is kept in memory or in an unnamed temporary file.
    spool_directory : path, default None
        Directory for temporary files.

    Raises
    ------
    CorpusError
        One of the two would be empty.
    """
    held_out = _chosen(corpus.sentences, fraction, stream_key(seed, VALIDATION, _SPLIT))
    number = np.count_nonzero(held_out)
    if number in (0, len(held_out)):
        few = "no sentence" if number == 0 else "every sentence"
        raise CorpusError(
            f"validation_fraction={fraction:g} holds out {few} of {len(held_out):,}: pass a separate held-out text "
            "(validation) instead"
        )
    train_path, held_out_path = paths
    size = corpus.ids.nbytes + corpus.offsets.nbytes
    with (
        CorpusWriter(train_path, spool_directory=spool_directory, expected_bytes=size) as training,
        CorpusWriter(held_out_path, spool_directory=spool_directory, expected_bytes=int(fraction * size)) as validation,
    ):
        for start in range(0, corpus.words, _PIECE_WORDS):
            stop = min(start + _PIECE_WORDS, corpus.words)
            _copy_chosen(corpus, start, stop, ~held_out, training)
            _copy_chosen(corpus, start, stop, held_out, validation)
        return training.finish(), validation.finish()


def sample_corpus(
    corpus: EncodedCorpus, fraction: float, seed: int, *, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """Sample a fraction of the sentences, in the order of the text; selects the same ones as :func:`split_corpus`."""
    return _sample(corpus, fraction, stream_key(seed, VALIDATION, _SPLIT), spool_directory=spool_directory)


def _chosen(sentences: int, fraction: float, key: int) -> NDArray[np.bool_]:
    """Mask of the sentences that the random stream ``key`` selects, each with probability ``fraction``."""
    chosen = np.empty(sentences, np.bool_)
    choose_at_random(np.uint64(key), np.uint64(fraction * 2.0**32), chosen)
    return chosen


def _sample(
    corpus: EncodedCorpus, fraction: float, key: int, *, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """The sentences that the random stream ``key`` selects, in the order of the text."""
    chosen = _chosen(corpus.sentences, fraction, key)
    size = int(fraction * (corpus.ids.nbytes + corpus.offsets.nbytes))
    with CorpusWriter(spool_directory=spool_directory, expected_bytes=size) as writer:
        for start in range(0, corpus.words, _PIECE_WORDS):
            _copy_chosen(corpus, start, min(start + _PIECE_WORDS, corpus.words), chosen, writer)
        return writer.finish()


def refuse_unmeasurable(held_out: EncodedCorpus) -> None:
    """Raise :class:`CorpusError` if no sentence of a held-out text has two words to predict from each other."""
    if held_out.words == 0:
        raise CorpusError("the held-out text (validation) has no word of the vocabulary: choose text of the same kind")
    if np.diff(held_out.offsets).max() < 2:
        raise CorpusError(
            "no sentence of the held-out text (validation) has two words of the vocabulary: choose longer sentences"
        )


def _copy_chosen(corpus: EncodedCorpus, start: int, stop: int, chosen: NDArray[np.bool_], writer: CorpusWriter) -> None:
    """Write the words at positions start … stop - 1 that belong to chosen sentences."""
    first = int(np.searchsorted(corpus.offsets, start, side="right")) - 1
    last = int(np.searchsorted(corpus.offsets, stop, side="left"))
    ends = corpus.offsets[first + 1 : last + 1]
    here = chosen[first:last]
    lengths = np.diff(np.minimum(ends, stop), prepend=start)
    new_ends = writer.words + np.cumsum(lengths * here)
    writer.add_ids(corpus.ids[start:stop][np.repeat(here, lengths)])
    writer.add_ends(new_ends[here & (ends <= stop)])
