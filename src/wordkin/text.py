"""A source and options in, vocabulary and encoded corpus out.

Whoever needs text goes through here: :func:`read_text` for a whole run, :func:`scan_text` and the functions below it
for the single steps.
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
from wordkin.corpus.tokenization.word_checks import warn_of_unnormalised
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

_OF_TRAINING = ("subsample", "subsample_formula", "rare_counts")  # options of text that apply in training
_SPLIT = 2  # path below VALIDATION; 0 and 1 are the streams of windows and noise
_PIECE_WORDS = 1 << 20


@dataclass(frozen=True)
class Text:
    """A corpus read, counted and encoded.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words, by id.
    corpus : EncodedCorpus
        The text to train on.
    validation : EncodedCorpus or None
        The text held out.
    fingerprint : str
        The same for the same words in the same order, read with the same options.
    config : TrainingConfig
        The options of the run; those of an encoded text are as it was made.
    phrases : Phrases or None
        The phrases that were joined.
    selection : Selection or None
        How the vocabulary was chosen; it also holds the counts of rarer words.
    reading : mapping or None
        What was met in the text: ``readers``, by reader, and ``dropped``, what ``max_types`` came to, if anything;
        with old text mixed in also ``replay``: its ``share``, and how many ``sentences`` and ``words`` that came to.
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
    """Text that a model has learned, of which sentences are mixed into the text of an update.

    Attributes
    ----------
    source : Source
        The old text.
    share : float
        Share of its sentences.
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
    """Read a text once: its vocabulary, and the ids to train on and to hold out.

    Parameters
    ----------
    source : Source
        The text.
    config : TrainingConfig
        How it is split, which words are kept and what share of the sentences is held out.
    validation : Source or None, default None
        A text to hold out instead of a share of the first.
    vocabulary : Vocabulary or None, default None
        The words to encode with; chosen from the counts of the text unless given.
    known : Known or None, default None
        The words of a model that is to learn more: they stay, and new ones join them.
    replay : Replay or None, default None
        With ``known``, old text to mix into the text to train on. It adds to no count of words.
    phrases : Phrases or None, default None
        What to join instead of the phrases that the options learn or name.
    paths : pair of Path or None, default None
        Directories for the two encoded corpora; without them they live in memory or in nameless temporary files.
    spool_directory : path or None, default None
        Where temporary files go.
    on_scan : callable or None, default None
        Called with a :class:`ScanProgress` while the text is read.

    Raises
    ------
    CorpusError
        The text cannot be used, there is nothing to hold out, or the model has not learned the text to replay.
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
            reading = _met(scanned)
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
        assert known is not None and selection.text_counts is not None, "only an update replays"
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
    """A share of the sentences of old text, in their order, as ids of a vocabulary."""

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
                f"replay={replay.share:g} draws none of the {whole.sentences:,} sentences of the old text: raise it"
            )
    return chosen


def _met(scanned: Scan | CountedText) -> dict[str, Any]:
    """What was met in a text, as plain values."""
    return {
        "readers": {name: tally.to_dict() for name, tally in scanned.readers.items()},
        "dropped": None if scanned.dropped is None else scanned.dropped.to_dict(),
    }


def source_of(corpus: object, config: TrainingConfig, *, texts: object = None) -> Source:
    """What a corpus argument means under the options; see :func:`wordkin.corpus.sources.resolve`."""
    reading = Reading(config.field, config.reader, config.encoding, config.whole_sentences, config.delimiter)
    return resolve(corpus, reading, texts=texts)


def further_source_of(text: object, config: TrainingConfig, *, texts: object = None) -> Source | None:
    """The same for a text beside the corpus, which is of the same kind: strings where that was ``texts``, or a path."""
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
    """Read a source once: its words counted, split and joined as the options say; see :func:`wordkin.corpus.scan`.

    ``phrases`` are joined instead of those that the options learn or name. ``max_types`` never drops the words
    ``always``, or ``keep_words`` where that is None.
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
        raise ConfigError("phrases", "are of words: leave it out where the items are whole numbers", config.phrases)
    text, workers = CountedText.of_scan(scanned, spool_directory), config.worker_threads
    if phrases is None and isinstance(config.phrases, int):
        return learn_phrases(text, config.phrases, phrase_options(config), workers=workers)[1]
    known = Phrases.load(str(config.phrases)) if phrases is None else phrases
    return join_phrases(text, known, workers=workers)


def learn_phrases_of(
    source: Source, config: TrainingConfig, *, spool_directory: str | Path | None = None, on_scan: OnScan | None = None
) -> Phrases:
    """The phrases of a source, learned as the options say; arguments as of :func:`scan_text`."""
    with scan_text(source, config, spool_directory=spool_directory, on_scan=on_scan) as text:
        assert text.phrases is not None, "the options ask for phrases"
        return text.phrases


def phrase_options(config: TrainingConfig) -> PhraseOptions:
    """How the options of training say that phrases are learned."""
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
    """The words of a text to learn, as options, ``vocabulary`` and ``known`` say; see :func:`read_text`."""
    for given in (vocabulary, None if known is None else known.vocabulary):
        if given is not None:
            refuse_other_items(words, given)
    if vocabulary is not None:
        return given_words(words, vocabulary)
    rules = Rules(
        config.min_count, config.max_vocabulary, config.keep_words, _most_rare(config) if config.rare_counts else 0
    )
    selection = choose_words(words, counts, rules) if known is None else grown_words(words, counts, known, rules)
    if config.normalize is None and not selection.vocabulary.integers:
        warn_of_unnormalised(selection.vocabulary.words)
    return selection


def _most_rare(config: TrainingConfig) -> int:
    """Of how many words outside the vocabulary the counts are kept at most."""
    return MOST_RARE_WORDS if config.max_types is None else config.max_types


def count_and_encode(
    scanned: Scan | CountedText, config: TrainingConfig, *, path: Path | None = None
) -> tuple[Vocabulary, EncodedCorpus]:
    """The vocabulary that the options choose, and the text as its ids; saved where a path is given."""
    selection = select_words(scanned.words, scanned.counts, dataclasses.replace(config, rare_counts=False))
    return selection.vocabulary, scanned.encode(selection.ids, path=path)


def encode(scanned: Scan | CountedText, vocabulary: Vocabulary, *, path: Path | None = None) -> EncodedCorpus:
    """The scanned text as ids of a vocabulary; words outside it are left out. Saved where a path is given."""
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
    """A text as ids of a vocabulary, and its fingerprint; words outside the vocabulary are left out.

    ``phrases`` and ``always`` are as of :func:`scan_text`. ``check`` is called with the words of the text and their
    counts, and may refuse them.
    """
    if source.kind == "encoded":
        opened = open_text(source.directories[0])
        _refuse_other_reading(opened, config, phrases)
        assert opened.vocabulary.counts is not None  # as its layout has them
        check(list(opened.vocabulary.words), opened.vocabulary.counts)
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
    """Read a text once and keep it as an encoded text in the directory ``output``.

    Raises :class:`ConfigError` where the output would be read as part of the source, and :class:`OutputError` where it
    cannot be written; what was there before is then still whole.
    """
    output = Path(output).absolute()
    if source.kind == "encoded":
        raise CorpusError(f"{str(source.directories[0])!r} is an encoded text already: encode the text it was made of")
    if source.reads(output) or source.would_read(output):
        raise ConfigError("output", "must not lie among the files of the text", str(output), "choose another directory")
    with saving_text(output) as directory:
        with scan_text(source, config, spool_directory=directory, on_scan=on_scan) as scanned:
            vocabulary, corpus = count_and_encode(scanned, config, path=directory)
            values = config.to_dict()
            description = Description(
                options={name: values[name] for name in text_options()},
                sources=described(source),
                **_met(scanned),
                text_words=int(scanned.counts.sum()),
                scan_fingerprint=scanned.fingerprint,
                content_fingerprint=content_fingerprint(vocabulary, corpus, config.worker_threads),
                phrases=scanned.phrases,
            )
        write_description(directory, vocabulary, corpus, description)
        corpus.close()
    return open_text(output)


def described(source: Source) -> list[dict[str, object]]:
    """What a source was, for the description of an encoded text."""
    if source.kind == "files":
        return [{"name": file.name, "bytes": file.size} for file in source.files]
    return [{"name": f"an iterable of {source.kind}", "bytes": None}]


def text_options() -> list[str]:
    """The options that an encoded text depends on."""
    fields = dataclasses.fields(TrainingConfig)
    return [each.name for each in fields if each.metadata["group"] == "Text" and each.name not in _OF_TRAINING]


def config_for(opened: EncodedText, config: TrainingConfig) -> TrainingConfig:
    """The options of a run on an encoded text: how the text was read, and what is asked for.

    Options left at their default are as the text was made. Raises :class:`ConfigError` for others that differ, but
    for a higher ``min_count`` and a lower ``max_vocabulary``.
    """
    made = opened.description.options
    changed: dict[str, object] = {}
    for each in dataclasses.fields(TrainingConfig):
        if each.name not in text_options():
            continue
        was, asked = made.get(each.name, each.default), config.to_dict()[each.name]
        a_function = each.name == "tokenizer" and not TokenizerName().accepts(was)  # functions are not stored
        a_function = a_function or isinstance(was, dict)
        if asked == was or (a_function and asked == each.default):
            continue
        if each.name in ("keep_words", "max_types"):  # of the words that it has, any can be kept, and as few
            continue
        if each.name == "min_count" and asked > was:
            continue
        if each.name == "max_vocabulary" and asked is not None and (was is None or asked < was):
            continue
        if asked != each.default:
            raise ConfigError(
                each.name, f"must be left out for a text that was encoded with {was!r}", asked, "encode the text again"
            )
        changed[each.name] = was
    return dataclasses.replace(config, **changed)  # type: ignore[arg-type]


def _select_of_encoded(
    opened: EncodedText, config: TrainingConfig, vocabulary: Vocabulary | None, known: Known | None
) -> Selection:
    """The words of an encoded text to learn; its own vocabulary, without a copy, where the options keep all of it."""
    own = opened.vocabulary
    counts = own.counts
    assert counts is not None  # as its layout has them
    if vocabulary is None and known is None:
        number = int(np.count_nonzero(counts >= config.min_count))
        if number == len(own) and (config.max_vocabulary is None or config.max_vocabulary >= number):
            return Selection(own, np.arange(len(own), dtype=np.int32))
    return select_words(list(own.words), counts, config, vocabulary=vocabulary, known=known)


def _refuse_other_reading(opened: EncodedText, config: TrainingConfig, phrases: Phrases | None) -> None:
    """Raise :class:`ConfigError` where the words of an encoded text were made in another way than those of a model."""
    asked, made = config.to_dict(), config_for(opened, config).to_dict()
    for name in ("tokenizer", "lowercase", "normalize", "keep"):
        if made[name] != asked[name]:
            raise ConfigError(
                name, f"must be the same in model ({asked[name]!r}) and encoded text", made[name],
                "encode the text again as the model reads text")  # fmt: skip
    contents = [None if each is None else each.to_json() for each in (opened.phrases, phrases)]
    if contents[0] != contents[1]:
        has = ["no phrases" if each is None else "phrases of its own" for each in contents]
        raise ConfigError(
            "phrases", f"must be the same in model ({has[1]}) and encoded text", has[0],
            "encode the text again with the phrases of the model (phrases.json)")  # fmt: skip


def _take_encoded(
    opened: EncodedText, vocabulary: Vocabulary, path: Path | None, spool_directory: str | Path | None
) -> EncodedCorpus:
    """The corpus of an encoded text in the ids of a vocabulary; as it lies there where that is its own."""
    if vocabulary is not opened.vocabulary:
        refuse_other_items(opened.vocabulary.words, vocabulary)
        new_ids = vocabulary.find_ids(list(opened.vocabulary.words)).astype(np.int32)
        return renumbered(opened.corpus, new_ids, path=path, spool_directory=spool_directory)
    if path is None:
        return opened.corpus
    opened.corpus.save(path)
    return EncodedCorpus.open(path)


def text_fingerprint(scanned: Scan | CountedText, encoded: EncodedCorpus) -> str:
    """A digest of all words of a text in their order, and of what was encoded of it."""
    return f"{scanned.fingerprint}-{encoded.fingerprint}"


def split_corpus(
    corpus: EncodedCorpus,
    fraction: float,
    seed: int,
    *,
    paths: tuple[Path | None, Path | None] = (None, None),
    spool_directory: str | Path | None = None,
) -> tuple[EncodedCorpus, EncodedCorpus]:
    """The sentences to train on and those held out, both in the order of the text.

    A sentence is held out where a hash of seed and number of the sentence says so, with probability
    ``fraction``: the same ones each time, on any machine.

    Parameters
    ----------
    paths : directories to save the two in; where one is None, in memory if small and in nameless files if not.

    Raises :class:`CorpusError` where one of the two would be empty.
    """
    held_out = _chosen(corpus.sentences, fraction, stream_key(seed, VALIDATION, _SPLIT))
    number = np.count_nonzero(held_out)
    if number in (0, len(held_out)):
        few = "no sentence" if number == 0 else "every sentence"
        raise CorpusError(
            f"validation_fraction={fraction:g} holds out {few} of {len(held_out):,}: name a file of held-out text "
            "instead (validation)"
        )
    train_path, held_out_path = paths
    size = corpus.ids.nbytes + corpus.offsets.nbytes
    with (
        CorpusWriter(train_path, spool_directory=spool_directory, expected_bytes=size) as training,
        CorpusWriter(held_out_path, spool_directory=spool_directory, expected_bytes=int(fraction * size)) as validation,
    ):
        for start in range(0, corpus.words, _PIECE_WORDS):
            stop = min(start + _PIECE_WORDS, corpus.words)
            _deal(corpus, start, stop, ~held_out, training)
            _deal(corpus, start, stop, held_out, validation)
        return training.finish(), validation.finish()


def sample_corpus(
    corpus: EncodedCorpus, fraction: float, seed: int, *, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """A share of the sentences in the order of the text, chosen as :func:`split_corpus` does."""
    return _sample(corpus, fraction, stream_key(seed, VALIDATION, _SPLIT), spool_directory=spool_directory)


def _chosen(sentences: int, fraction: float, key: int) -> NDArray[np.bool_]:
    """Which sentences the stream of a key chooses, each with probability ``fraction``."""
    chosen = np.empty(sentences, np.bool_)
    choose_at_random(np.uint64(key), np.uint64(fraction * 2.0**32), chosen)
    return chosen


def _sample(
    corpus: EncodedCorpus, fraction: float, key: int, *, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """The sentences that the stream of a key chooses, in the order of the text."""
    chosen = _chosen(corpus.sentences, fraction, key)
    size = int(fraction * (corpus.ids.nbytes + corpus.offsets.nbytes))
    with CorpusWriter(spool_directory=spool_directory, expected_bytes=size) as writer:
        for start in range(0, corpus.words, _PIECE_WORDS):
            _deal(corpus, start, min(start + _PIECE_WORDS, corpus.words), chosen, writer)
        return writer.finish()


def refuse_unmeasurable(held_out: EncodedCorpus) -> None:
    """Raise :class:`CorpusError` where a held-out text has nothing to predict: its loss would be 0."""
    if held_out.words == 0:
        raise CorpusError("the held-out text (validation) has no word of the vocabulary: choose text of the same kind")
    if np.diff(held_out.offsets).max() < 2:
        raise CorpusError(
            "no sentence of the held-out text (validation) has two words of the vocabulary: choose longer sentences"
        )


def _deal(corpus: EncodedCorpus, start: int, stop: int, chosen: NDArray[np.bool_], writer: CorpusWriter) -> None:
    """Hand a writer what belongs to the chosen sentences of corpus positions start … stop - 1."""
    first = int(np.searchsorted(corpus.offsets, start, side="right")) - 1
    last = int(np.searchsorted(corpus.offsets, stop, side="left"))
    ends = corpus.offsets[first + 1 : last + 1]
    here = chosen[first:last]
    lengths = np.diff(np.minimum(ends, stop), prepend=start)
    new_ends = writer.words + np.cumsum(lengths * here)
    writer.add_ids(corpus.ids[start:stop][np.repeat(here, lengths)])
    writer.add_ends(new_ends[here & (ends <= stop)])
