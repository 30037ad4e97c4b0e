"""Walk through a short text, one gradient step at a time, with the reference implementation.

Windows, first tables and learning rates are those of training; losses and gradients come from
:mod:`wordkin.objectives.reference`. This file only walks from one to the next. Its steps are those of
plain word2vec: one (input, output) pair at a time in skip-gram, with noise words of its own; one centre
at a time in CBOW, and in skip-gram with the full softmax alone, whose one softmax serves all context
words. Several objectives take each step together.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.tokenizers import words_of
from wordkin.errors import ConfigError, CorpusError, EmptyVocabularyError
from wordkin.lesson import depict
from wordkin.lesson.views import Overview, Step, WindowView
from wordkin.objectives import reference
from wordkin.objectives.reference import FloatArray, Scored, Tables, Window
from wordkin.training.schedule import Schedule
from wordkin.training.tables import initial_input_rows, output_rows
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.noise import AliasTable, alias_table, noise_probabilities
from wordkin.vocabulary.subsampling import keep_probabilities
from wordkin.windows.rng import NOISE, WINDOWS, random_bits, stream_key
from wordkin.windows.windows import is_kept, keep_thresholds, reach_of, select_windows

MOST_WORDS = 500  # different words of a lesson: one-hot vectors and tables are shown whole

_LESSON_DEFAULTS: dict[str, Any] = {
    "vector_size": 5,
    "window": 2,
    "negative": 3,
    "tokenizer": "words",
    "min_count": 1,
    "subsample": 0.0,
    "epochs": 1,
    "learning_rate": 0.1,
}


def lesson_config(**options: Any) -> TrainingConfig:
    """Options of training with defaults for a text of a few words.

    Vectors of length 5, a window of 2, 3 noise words, every word kept, one epoch, and a learning rate of
    0.1 so that a single step shows.
    """
    return TrainingConfig.from_options(**{**_LESSON_DEFAULTS, **options})


def overview(text: str, config: TrainingConfig) -> Overview:
    """What training on a text starts from: sentences, vocabulary, one-hot vectors, tree, input table.

    Parameters
    ----------
    text : one sentence a line.
    config : as from :func:`lesson_config`.

    Raises
    ------
    ConfigError : the text has more than 500 different words.
    EmptyVocabularyError : it has none.
    """
    course = _prepare(text, config)
    input_vectors = _initial_tables(course)[config.objectives[0]].input_vectors
    one_hot = np.eye(len(course.vocabulary), dtype=np.int64)
    lengths = np.sqrt((one_hot * one_hot).sum(axis=1))
    return Overview(
        config=config.to_dict(),
        sentences=course.sentences,
        words=depict.word_rows(course.vocabulary, course.counts, course.keep, course.noise, course.tree),
        one_hot=one_hot.tolist(),
        cosines=(one_hot @ one_hot.T / np.outer(lengths, lengths)).tolist(),
        products=(one_hot @ input_vectors).tolist(),
        input_vectors=input_vectors.tolist(),
        tree=depict.tree_nodes(course.vocabulary, course.counts, course.tree),
    )


def steps(text: str, config: TrainingConfig, *, limit: int | None = None) -> Iterator[Step]:
    """Every gradient step of training on a text, or the first ``limit`` of them, one at a time.

    Parameters
    ----------
    text : one sentence a line.
    config : as from :func:`lesson_config`; the seed decides start, windows and noise.
    limit : at most so many steps; None for all of ``config.epochs``.

    Raises
    ------
    ConfigError : the text has more than 500 different words, or ``limit`` is below 1.
    EmptyVocabularyError : it has none.
    CorpusError : no word has another in its window, so there is nothing to learn.
    """
    if limit is not None and limit < 1:
        raise ConfigError("limit", "must be a whole number from 1 up, or None for all", limit)
    every = _walk(_prepare(text, config))
    first = next(every, None)
    if first is None:
        raise CorpusError("no word of the text has another beside it: give a sentence of two words or more")
    return itertools.islice(itertools.chain([first], every), limit)


# -- the text ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """A text, the options, and all that follows from both."""

    config: TrainingConfig
    sentences: list[list[str]]
    word_ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    vocabulary: Vocabulary
    counts: NDArray[np.int64]
    keep: FloatArray
    noise: FloatArray
    noise_table: AliasTable
    tree: HuffmanTree | None


def _prepare(text: str, config: TrainingConfig) -> _Course:
    sentences = [_split(line, config) for line in text.splitlines()]
    seen = Counter(itertools.chain.from_iterable(sentences))
    if not seen:
        raise EmptyVocabularyError("the text has no word: give a sentence of two words or more")
    vocabulary = Vocabulary.from_counts(
        list(seen), list(seen.values()), min_count=config.min_count, max_vocabulary=config.max_vocabulary
    )
    if len(vocabulary) > MOST_WORDS:
        raise ConfigError(
            "text", f"must have at most {MOST_WORDS} different words to be looked at", len(vocabulary),
            "take a shorter text, or raise min_count",
        )  # fmt: skip
    known = [[word for word in sentence if word in vocabulary] for sentence in sentences]
    known = [sentence for sentence in known if sentence]
    counts = np.array([seen[word] for word in vocabulary.words], dtype=np.int64)
    noise = noise_probabilities(counts, config.noise_exponent)
    return _Course(
        config=config,
        sentences=known,
        word_ids=vocabulary.ids_of(itertools.chain.from_iterable(known)).astype(np.int32),
        offsets=np.cumsum([0, *map(len, known)], dtype=np.int64),
        vocabulary=vocabulary,
        counts=counts,
        keep=keep_probabilities(counts, config.subsample, config.subsample_formula),
        noise=noise,
        noise_table=alias_table(noise),
        tree=HuffmanTree.from_counts(counts) if "hierarchical-softmax" in config.objectives else None,
    )


def _split(line: str, config: TrainingConfig) -> list[str]:
    if callable(config.tokenizer):
        words = list(config.tokenizer(line))
    else:
        words = words_of(line) if config.tokenizer == "words" else line.split()
    return [word.lower() for word in words] if config.lowercase else words


@dataclass(frozen=True, slots=True)
class _Place:
    """A centre in the text, its window in word ids and as seen in its sentence."""

    epoch: int  # from 0
    learning_rate: float
    window: Window
    view: WindowView


def _places(course: _Course, epoch: int) -> Iterator[_Place]:
    """All centres of an epoch that have a context, in order."""
    config, size = course.config, len(course.word_ids)
    schedule = Schedule.of(config, size)
    key = np.uint64(stream_key(config.seed, WINDOWS, epoch))
    thresholds = keep_thresholds(course.keep)
    reach, dynamic = np.int64(config.window), config.dynamic_window
    word_ids, starts, stops = (np.zeros(size + 2 * config.window, dtype=np.int32) for _ in range(3))
    first, stop, _ = select_windows(
        course.word_ids, course.offsets, np.int64(0), np.int64(size), thresholds, key, reach, dynamic,
        word_ids, starts, stops,
    )  # fmt: skip
    bits = [np.uint64(random_bits(key, place)) for place in range(size)]
    kept = [place for place in range(size) if is_kept(bits[place], thresholds[course.word_ids[place]])]
    for centre in range(first, stop):
        context = [place for place in range(starts[centre], stops[centre]) if place != centre]
        if not context:
            continue
        position = kept[centre]
        sentence = int(np.searchsorted(course.offsets, position, side="right")) - 1
        begin, end = int(course.offsets[sentence]), int(course.offsets[sentence + 1])
        view = WindowView(
            sentence=course.sentences[sentence],
            centre=position - begin,
            context=[kept[place] - begin for place in context],
            dropped=sorted(set(range(end - begin)) - {place - begin for place in kept}),
            reach=int(reach_of(np.uint64(random_bits(key, position)), reach, dynamic)),
        )
        window = Window(int(word_ids[centre]), [int(word_ids[place]) for place in context])
        yield _Place(epoch, schedule.at(epoch * size + position), window, view)


# -- the steps -----------------------------------------------------------------------------------------


def _initial_tables(course: _Course) -> dict[str, Tables]:
    """The tables before training, by objective, as training starts them; W and b are shared."""
    config, size, length = course.config, len(course.vocabulary), course.config.vector_size
    input_vectors = np.concatenate([rows for _, rows in initial_input_rows(config, size)]).astype(np.float64)
    projection_bias = np.zeros(length) if config.projection_bias else None
    tables = {}
    for objective in config.objectives:
        rows = output_rows(objective, size)
        output_bias = np.zeros(rows) if config.output_bias else None
        tables[objective] = Tables(input_vectors, np.zeros((rows, length)), projection_bias, output_bias)
    return tables


def _walk(course: _Course) -> Iterator[Step]:
    tables = _initial_tables(course)
    numbers = itertools.count(1)
    for epoch in range(course.config.epochs):
        draws = _draws(course, epoch)
        for place in _places(course, epoch):
            for example in _examples(place.window, course.config, draws):
                step, tables = _take_step(course, tables, next(numbers), place, example)
                yield step


def _draws(course: _Course, epoch: int) -> Iterator[int]:
    """Noise words without end."""
    key = np.uint64(stream_key(course.config.seed, NOISE, epoch))
    for count in itertools.count():
        yield int(course.noise_table.draw(np.array([random_bits(key, np.int64(count))], dtype=np.uint64))[0])


@dataclass(frozen=True, slots=True)
class _Example:
    """Input and output words of one step, and noise words drawn for each output.

    ``pairs`` are the places of what is learned among the (input, label) rows of the window.
    """

    inputs: list[int]
    outputs: list[int]
    noise: list[list[int]]
    pairs: list[int]


def _examples(window: Window, config: TrainingConfig, draws: Iterator[int]) -> Iterator[_Example]:
    if config.architecture == "cbow" or config.objectives == ("softmax",):
        inputs, outputs = window.example(config.architecture)
        noise = [list(itertools.islice(draws, config.negative)) for _ in outputs]
        yield _Example(inputs, outputs, noise, list(range(len(outputs))))
        return
    for place, (input_id, output_id) in enumerate(window.pairs()):
        yield _Example([input_id], [output_id], [list(itertools.islice(draws, config.negative))], [place])


def _take_step(
    course: _Course, tables: dict[str, Tables], number: int, place: _Place, example: _Example
) -> tuple[Step, dict[str, Tables]]:
    """One step from the tables as they are, and the tables after it."""
    config, vocabulary = course.config, course.vocabulary
    shared = tables[config.objectives[0]]
    hidden = reference.hidden_vector(shared, example.inputs, config.cbow_combine)
    scored = {objective: _score(course, objective, tables[objective], hidden, example) for objective in tables}
    exact = _together(
        {name: reference.direction(tables[name], example.inputs, scored[name], config.cbow_combine) for name in tables}
    )
    towards = _together(
        {
            name: reference.direction(
                tables[name], example.inputs, scored[name], config.cbow_combine, config.cbow_gradient
            )
            for name in tables
        }
    )
    after = {name: tables[name].moved(towards[name], place.learning_rate) for name in tables}
    towards_hidden = [reference.hidden_direction(tables[name], scored[name]) for name in tables]
    judged = next((tables[name] for name in tables if name != "hierarchical-softmax"), None)
    step = Step(
        number=number,
        epoch=place.epoch + 1,
        learning_rate=place.learning_rate,
        window=place.view,
        pairs=depict.input_targets(vocabulary, place.window, config.architecture, example.pairs),
        inputs=depict.input_rows(vocabulary, shared, example.inputs),
        hidden=hidden.tolist(),
        objectives=[
            depict.objective(vocabulary, name, scored[name], example.outputs, example.noise[0], course.tree)
            for name in tables
        ],
        hidden_gradient=(0.0 - np.sum(towards_hidden, axis=0)).tolist(),
        loss=sum(each.loss for each in scored.values()),
        comparisons=[
            depict.comparison(vocabulary, judged, hidden, output_id, drawn, course.noise)
            for output_id, drawn in zip(example.outputs, example.noise, strict=True)
            if judged is not None
        ],
        tables=depict.tables(vocabulary, tables, exact, after),
    )
    return step, after


def _score(course: _Course, objective: str, tables: Tables, hidden: FloatArray, example: _Example) -> Scored:
    if objective == "softmax":
        return reference.full_softmax(tables, hidden, example.outputs)
    if objective == "negative-sampling":
        return reference.negative_sampling(tables, hidden, example.outputs[0], example.noise[0])
    assert course.tree is not None  # built for this objective
    return reference.hierarchical_softmax(tables, hidden, *course.tree.path(example.outputs[0]))


def _together(towards: dict[str, Tables]) -> dict[str, Tables]:
    """Directions of each objective, where what all share goes in the sum of their directions."""
    input_vectors = np.sum([each.input_vectors for each in towards.values()], axis=0)
    biases = [each.projection_bias for each in towards.values() if each.projection_bias is not None]
    projection_bias = np.sum(biases, axis=0) if biases else None
    return {
        name: dataclasses.replace(each, input_vectors=input_vectors, projection_bias=projection_bias)
        for name, each in towards.items()
    }
