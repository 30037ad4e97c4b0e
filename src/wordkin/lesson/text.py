"""The text of a lesson, and the vocabulary, windows and noise words that follow from the text and the options."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordkin.config import Choice, TrainingConfig, check
from wordkin.corpus.tokenization.named_tokenizers import line_tokenizer
from wordkin.corpus.tokenization.spelling import Spelling
from wordkin.errors import ConfigError, EmptyVocabularyError
from wordkin.lesson.options import check_options
from wordkin.lesson.trees import build_tree
from wordkin.lesson.views import WindowView
from wordkin.objectives.reference import FloatArray, Window
from wordkin.training.schedule import Schedule
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import AliasTable, alias_table, noise_probabilities
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, WINDOWS, random_bits, stream_key
from wordkin.windows.windows import is_kept, keep_thresholds, reach_of, select_windows

MOST_WORDS = 500  # different words of a lesson, because one-hot vectors and tables are shown in full
ORDERS = ("count", "appearance")

ChosenNoise = Sequence[str] | Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """The text of a lesson, as ids, with what is computed from it. Arrays with one value per word have shape (V,)."""

    config: TrainingConfig
    sentences: list[list[str]]
    word_ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    vocabulary: Vocabulary
    counts: NDArray[np.int64]
    appearance: NDArray[np.int64]
    keep: FloatArray
    noise: FloatArray
    noise_table: AliasTable
    chosen_noise: ChosenNoise | None
    tree: HuffmanTree | None


def read_text(
    text: str,
    config: TrainingConfig,
    *,
    noise: ChosenNoise | None = None,
    order: str = "count",
    tree: str = "huffman",
) -> Text:
    """Split a text into sentences and words, and compute the vocabulary, probabilities and tree for training.

    Raises
    ------
    ConfigError
        The text has more than 500 different words, a noise word is not in the text, or an option is illegal.
    EmptyVocabularyError
        The text has no word.
    """
    check_options(config)
    check("order", Choice(ORDERS), order)
    sentences = [_split(line, config) for line in text.splitlines()]
    vocabulary, seen = _vocabulary(sentences, config, order)
    known = [[word for word in sentence if word in vocabulary] for sentence in sentences]
    known = [sentence for sentence in known if sentence]
    counts = np.array([seen[word] for word in vocabulary.words], dtype=np.int64)
    noise_share = noise_probabilities(counts, config.noise_exponent)
    ranks = {word: rank for rank, word in enumerate(dict.fromkeys(itertools.chain.from_iterable(known)))}
    return Text(
        config=config,
        sentences=known,
        word_ids=vocabulary.ids_of(itertools.chain.from_iterable(known)).astype(np.int32),
        offsets=np.cumsum([0, *map(len, known)], dtype=np.int64),
        vocabulary=vocabulary,
        counts=counts,
        appearance=np.array([ranks[word] for word in vocabulary.words], dtype=np.int64),
        keep=keep_probabilities(counts, config.subsample, config.subsample_formula),
        noise=noise_share,
        noise_table=alias_table(noise_share),
        chosen_noise=checked_noise(noise, vocabulary),
        tree=build_tree(tree, counts) if "hierarchical-softmax" in config.objectives else None,
    )


def _vocabulary(sentences: list[list[str]], config: TrainingConfig, order: str) -> tuple[Vocabulary, Counter[str]]:
    seen = Counter(itertools.chain.from_iterable(sentences))
    if not seen:
        raise EmptyVocabularyError("the text has no word: pass a sentence of at least two words")
    vocabulary = Vocabulary.from_counts(
        list(seen), list(seen.values()), min_count=config.min_count, max_vocabulary=config.max_vocabulary
    )
    if len(vocabulary) > MOST_WORDS:
        raise ConfigError(
            "text", f"must have at most {MOST_WORDS} different words in a lesson", len(vocabulary),
            "use a shorter text, or raise min_count",
        )  # fmt: skip
    if order == "appearance":
        words = [word for word in seen if word in vocabulary]
        vocabulary = Vocabulary(words, [seen[word] for word in words])
    return vocabulary, seen


def _split(line: str, config: TrainingConfig) -> list[str]:
    spelling = Spelling(config.lowercase, config.normalize, config.keep)
    return spelling.words(line_tokenizer(config.tokenizer)(spelling.line(line)))


def checked_noise(noise: ChosenNoise | None, vocabulary: Vocabulary) -> ChosenNoise | None:
    """Return ``noise`` as it is, after checking that all noise words are words of the text.

    Raises
    ------
    ConfigError
        A noise word is not a word of the text.
    """
    if noise is None:
        return None
    if isinstance(noise, str):
        raise ConfigError("noise", "must be a list of words, or such a list for each (input, output) pair", noise)
    lists = list(noise.values()) if isinstance(noise, Mapping) else [noise]
    for word in itertools.chain.from_iterable(lists):
        if word not in vocabulary:
            raise ConfigError("noise", "must be words of the text", word, "add a line with the word to the text")
    if not all(lists):
        raise ConfigError("noise", "must hold at least one word", [], "leave noise out to draw noise words at random")
    return noise


# -- windows and noise ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CentredWindow:
    """The window of a centre word, as word ids, and as positions in the sentence of the word."""

    epoch: int  # from 0
    words_before: int  # words of the run before this centre, those of earlier epochs included
    learning_rate: float
    window: Window
    view: WindowView


def windows(text: Text, epoch: int) -> Iterator[CentredWindow]:
    """Yield the window of each centre word in one epoch, in order of the text. Windows without context are left out."""
    config, size = text.config, len(text.word_ids)
    schedule = Schedule.of(config, size)
    key = np.uint64(stream_key(config.seed, WINDOWS, epoch))
    thresholds = keep_thresholds(text.keep)
    reach, dynamic = np.int64(config.reach), config.dynamic_window
    word_ids, starts, stops = (np.zeros(size + 2 * config.reach, dtype=np.int32) for _ in range(3))
    first, stop, _ = select_windows(
        text.word_ids, text.offsets, np.int64(0), np.int64(size), thresholds, key, reach, dynamic, False,
        word_ids, starts, stops,
    )  # fmt: skip
    bits = [np.uint64(random_bits(key, position)) for position in range(size)]
    kept = [position for position in range(size) if is_kept(bits[position], thresholds[text.word_ids[position]])]
    for centre in range(first, stop):
        context = [index for index in range(starts[centre], stops[centre]) if index != centre]
        if not context:
            continue
        position = kept[centre]
        sentence = int(np.searchsorted(text.offsets, position, side="right")) - 1
        begin, end = int(text.offsets[sentence]), int(text.offsets[sentence + 1])
        view = WindowView(
            sentence=text.sentences[sentence],
            centre=position - begin,
            context=[kept[index] - begin for index in context],
            dropped=sorted(set(range(end - begin)) - {index - begin for index in kept}),
            reach=int(reach_of(bits[position], reach, dynamic)),
        )
        window = Window(int(word_ids[centre]), [int(word_ids[index]) for index in context])
        before = epoch * size + position
        yield CentredWindow(epoch, before, schedule.at(before), window, view)


@dataclass(frozen=True, slots=True)
class Example:
    """What one step trains on: input words, output words, and the noise words of each output.

    ``pairs`` holds indices of (input, output) pairs of the window: those that the step trains on.
    """

    where: CentredWindow
    inputs: list[int]
    outputs: list[int]
    noise: list[list[int]]
    noise_is_chosen: bool
    pairs: list[int]


def examples(text: Text) -> Iterator[Example]:
    """Yield the :class:`Example` of each step of all epochs, in order."""
    config = text.config
    whole_window = config.architecture == "cbow" or config.objectives == ("softmax",)
    for epoch in range(config.epochs):
        draws = _draws(text, epoch)
        for where in windows(text, epoch):
            if whole_window:
                inputs, outputs = where.window.example(config.architecture)
                steps = [(inputs, outputs, list(range(len(outputs))))]
            else:
                pairs = enumerate(where.window.pairs())
                steps = [([input_id], [output_id], [index]) for index, (input_id, output_id) in pairs]
            for inputs, outputs, learned in steps:
                chosen = [_chosen(text, where.window, output_id) for output_id in outputs]
                noise = [list(itertools.islice(draws, config.negative)) if ids is None else ids for ids in chosen]
                yield Example(where, inputs, outputs, noise, chosen[0] is not None, learned)


def _draws(text: Text, epoch: int) -> Iterator[int]:
    """Yield the ids of random noise words for one epoch, without end."""
    key = np.uint64(stream_key(text.config.seed, NOISE, epoch))
    for count in itertools.count():
        yield int(text.noise_table.draw(np.array([random_bits(key, np.int64(count))], dtype=np.uint64))[0])


def _chosen(text: Text, window: Window, output_id: int) -> list[int] | None:
    """Return the ids of the noise words that were chosen for an output; None if noise words are drawn at random."""
    words: Sequence[str] | None
    if isinstance(text.chosen_noise, Mapping):
        words = text.chosen_noise.get((text.vocabulary.word(window.centre_id), text.vocabulary.word(output_id)))
    else:
        words = text.chosen_noise
    return None if words is None else [text.vocabulary.id_of(word) for word in words]
