"""Train on a short text, one gradient step at a time, with the reference implementation.

Windows, initial tables and learning rates are the same as in training. :mod:`wordkin.objectives.reference` computes
losses and gradients. In CBOW, a step trains on one centre word and its window. In skip-gram, a step trains on one
(input, output) pair, with its own noise words. But if full softmax is the only objective of skip-gram, a step trains on
all pairs of one centre word, because one softmax is computed for all its context words. If there are several
objectives, a step updates the tables of all of them.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wordkin.config import FROM_1_OR_NONE, TrainingConfig, check
from wordkin.errors import ConfigError, CorpusError
from wordkin.lesson import depict
from wordkin.lesson.gradient_step import Taken, initial_tables, take_step
from wordkin.lesson.text import ChosenNoise, Example, Text, checked_noise, examples, read_text, windows
from wordkin.lesson.views import LabelledPair, Overview, State, Step, WindowPair
from wordkin.objectives.reference import Tables

_MOST_STORED = 256  # stored tables, from which earlier steps are recomputed


class Course:
    """All steps of training on a text. Steps can be read in any order, by number.

    Parameters
    ----------
    text : str
        The text, one sentence per line.
    config : TrainingConfig
        The options, made by :func:`lesson_config`. The seed determines initial tables, windows and noise words.
    noise : sequence of str, or mapping of (str, str) to sequence of str, default None
        Noise words to use: a sequence for all outputs, or a mapping from each (input, output) pair of skip-gram to its
        noise words. None draws them at random.
    order : {"count", "appearance"}, default "count"
        Order of the word ids: by decreasing count, as in training, or by first appearance in the text.
    tree : {"huffman", "complete", "full", "fibonacci"}, default "huffman"
        The tree of hierarchical softmax; see :func:`wordkin.lesson.trees.build_tree`.

    Raises
    ------
    ConfigError
        An option has no effect in a lesson, the text has more than 500 different words, or a noise word is not in the
        text.
    EmptyVocabularyError
        The text has no word.
    """

    def __init__(
        self,
        text: str,
        config: TrainingConfig,
        *,
        noise: ChosenNoise | None = None,
        order: str = "count",
        tree: str = "huffman",
    ) -> None:
        self.text: Text = read_text(text, config, noise=noise, order=order, tree=tree)
        self._every = examples(self.text)
        self._examples: list[Example] = []
        self._stored: dict[int, dict[str, Tables]] = {0: initial_tables(self.text)}
        self._spacing = 16
        self._last = (0, self._stored[0])

    @property
    def config(self) -> TrainingConfig:
        """The options of the lesson."""
        return self.text.config

    def overview(self) -> Overview:
        """Return the state before training: sentences, vocabulary, one-hot vectors, tree and input table.

        Returns
        -------
        Overview
            The state.
        """
        text = self.text
        input_vectors = self._stored[0][self.config.objectives[0]].input_vectors
        one_hot = np.eye(len(text.vocabulary), dtype=np.int64)
        lengths = np.sqrt((one_hot * one_hot).sum(axis=1))
        return Overview(
            config=self.config.to_dict(),
            sentences=text.sentences,
            words=depict.word_rows(text),
            one_hot=one_hot.tolist(),
            cosines=(one_hot @ one_hot.T / np.outer(lengths, lengths)).tolist(),
            products=(one_hot @ input_vectors).tolist(),
            input_vectors=input_vectors.tolist(),
            tree=depict.tree_nodes(text.vocabulary, text.counts, text.tree),
        )

    # -- how many steps ----------------------------------------------------------------------------

    def has(self, number: int) -> bool:
        """Return whether there are at least ``number`` steps, faster than by :meth:`count`, which computes all steps.

        Parameters
        ----------
        number : int
            Number of steps.

        Returns
        -------
        bool
            Whether there are at least ``number`` steps.
        """
        self._examples += itertools.islice(self._every, max(0, number - len(self._examples)))
        return len(self._examples) >= number

    def count(self) -> int:
        """Return the number of steps of all epochs together.

        Returns
        -------
        int
            The number of steps.

        Raises
        ------
        CorpusError
            There are no steps, because no sentence has two words.
        ConfigError
            There are no steps, because subsampling dropped nearly every word.
        """
        self._examples += self._every
        self._require_steps()
        return len(self._examples)

    def warm_start(self) -> int:
        """Return the number of a step at which scores are no longer all 0: the first one after a quarter of the epochs.

        Returns
        -------
        int
            Number of the step, from 1. It is 1 for a very small number of epochs.
        """
        warm = self.config.epochs // 4
        self._require_steps()
        number = 1
        while self.has(number) and self._examples[number - 1].where.epoch < warm:
            number += 1
        return number if self.has(number) else 1

    def _require_steps(self) -> None:
        if self.has(1):
            return
        if self.config.subsample and any(len(sentence) > 1 for sentence in self.text.sentences):
            raise ConfigError(
                "subsample",
                "must keep at least two words of a sentence, but drops nearly every word",
                self.config.subsample,
                "set a larger threshold, or 0 to keep every word",
            )
        raise CorpusError("no sentence of the text has two words: pass a sentence of at least two words")

    # -- one step ----------------------------------------------------------------------------------

    def step(self, number: int) -> Step:
        """Return one step, with all numbers that a lesson shows.

        Parameters
        ----------
        number : int
            Number of the step, from 1.

        Returns
        -------
        Step
            The step.

        Raises
        ------
        ConfigError
            There is no such step, or subsampling dropped nearly every word.
        CorpusError
            The text has no steps, because no word has another in its window.
        """
        return depict.step(self.text, number, self.taken(number))

    def taken(self, number: int) -> Taken:
        """Return one step as arrays. :meth:`step` returns the same step as a view of lists and words.

        Parameters
        ----------
        number : int
            Number of the step, from 1.

        Returns
        -------
        Taken
            The tables before and after the step, and the values computed between them.

        Raises
        ------
        ConfigError
            There is no such step, or subsampling dropped nearly every word.
        CorpusError
            The text has no steps, because no word has another in its window.
        """
        self._require(number, lowest=1)
        step = take_step(self.text, self._tables(number - 1), self._examples[number - 1])
        self._keep(number, step.after)
        return step

    def sampled_step(self, number: int, noise: Sequence[str] | None = None) -> Step:
        """Return the step that negative sampling would take at this point, from the tables of the lesson.

        It changes nothing in the lesson: the next step starts from the same tables as before. If the lesson trains the
        full softmax only, the scores are computed from its output table. If the step has several outputs, only the
        first one is used.

        Parameters
        ----------
        number : int
            Number of the step, from 1.
        noise : sequence of str, default None
            Noise words to use; None for those of the lesson.

        Returns
        -------
        Step
            The step.

        Raises
        ------
        ConfigError
            There is no such step, a noise word is not in the text, or the lesson trains neither negative sampling nor
            full softmax: the output rows of a tree belong to inner nodes, not to words.
        CorpusError
            The text has no steps, because no word has another in its window.
        """
        self._require(number, lowest=1)
        objective = next((each for each in ("negative-sampling", "softmax") if each in self.config.objectives), None)
        if objective is None:
            raise ConfigError(
                "objective", "must have an output row for each word", self.config.objectives,
                'use "negative-sampling" or "softmax"',
            )  # fmt: skip
        checked_noise(noise, self.text.vocabulary)
        example = self._examples[number - 1]
        word_ids = example.noise[0] if noise is None else [self.text.vocabulary.id_of(word) for word in noise]
        alone = dataclasses.replace(
            example, outputs=example.outputs[:1], noise=[word_ids], pairs=example.pairs[:1],
            noise_is_chosen=noise is not None or example.noise_is_chosen,
        )  # fmt: skip
        tables = {"negative-sampling": self._tables(number - 1)[objective]}
        return depict.step(self.text, number, take_step(self.text, tables, alone))

    def state(self, steps: int = 0) -> State:
        """Return all tables after a number of steps as a view, with the cosines of their rows.

        Parameters
        ----------
        steps : int, default 0
            Number of steps taken; 0 for the tables before training.

        Returns
        -------
        State
            The tables.

        Raises
        ------
        ConfigError
            There are fewer steps, or subsampling dropped nearly every word.
        CorpusError
            The text has no steps, because no word has another in its window.
        """
        self._require(steps, lowest=0)
        return depict.state(self.text.vocabulary, steps, self._tables(steps))

    def tables(self, steps: int = 0) -> dict[str, Tables]:
        """Return the arrays of all tables after a number of steps.

        Parameters
        ----------
        steps : int, default 0
            Number of steps taken; 0 for the tables before training.

        Returns
        -------
        dict of str to Tables
            The tables of each objective. All objectives share W and b.

        Raises
        ------
        ConfigError
            There are fewer steps, or subsampling dropped nearly every word.
        CorpusError
            The text has no steps, because no word has another in its window.
        """
        self._require(steps, lowest=0)
        return self._tables(steps)

    def _require(self, number: int, *, lowest: int) -> None:
        self._require_steps()
        if number < lowest or not self.has(number):
            raise ConfigError("step", f"must be a whole number from {lowest} to {self.count()}", number)

    def _tables(self, steps: int) -> dict[str, Tables]:
        begin, tables = self._last
        if begin > steps:
            begin = max(stored for stored in self._stored if stored <= steps)
            tables = self._stored[begin]
        for number in range(begin + 1, steps + 1):
            tables = take_step(self.text, tables, self._examples[number - 1]).after
            self._keep(number, tables)
        self._last = (steps, tables)
        return tables

    def _keep(self, steps: int, tables: dict[str, Tables]) -> None:
        if steps % self._spacing == 0:
            self._stored[steps] = tables
        if len(self._stored) > _MOST_STORED:
            self._spacing *= 2
            self._stored = {number: kept for number, kept in self._stored.items() if number % self._spacing == 0}

    # -- tables of training pairs ------------------------------------------------------------------

    def labelled_pairs(self, centres: list[str] | None = None) -> list[LabelledPair]:
        """Return the training pairs of the first epoch, grouped by centre.

        A pair of the text has label 1. If ``noise`` of the course names noise words for the pair, each pair of the same
        input and a noise word follows, with label 0.

        Parameters
        ----------
        centres : list of str, default None
            Return only the pairs of these centre words; None for all.

        Returns
        -------
        list of LabelledPair
            The pairs.
        """
        text, word = self.text, self.text.vocabulary.word
        rows = []
        for each in windows(text, 0):
            if centres is not None and word(each.window.centre_id) not in centres:
                continue
            for input_id, output_id in each.window.pairs():
                rows.append(LabelledPair(word(input_id), word(output_id), 1))
                noise = text.chosen_noise
                chosen = noise.get((word(input_id), word(output_id)), ()) if isinstance(noise, Mapping) else noise or ()
                rows += [LabelledPair(word(input_id), noise_word, 0) for noise_word in chosen]
        return rows

    def window_pairs(self, number: int) -> list[WindowPair]:
        """Return the training pairs of the window of a step, each with the noise words that its own step uses.

        Parameters
        ----------
        number : int
            Number of the step, from 1.

        Returns
        -------
        list of WindowPair
            The pairs, in the order in which they are trained.

        Raises
        ------
        ConfigError
            There is no such step, or subsampling dropped nearly every word.
        CorpusError
            The text has no steps, because no word has another in its window.
        """
        self._require(number, lowest=1)
        where = self._examples[number - 1].where
        first = number
        while first > 1 and self._examples[first - 2].where is where:
            first -= 1
        pairs, word = [], self.text.vocabulary.word
        while self.has(first) and self._examples[first - 1].where is where:
            example = self._examples[first - 1]
            inputs = [word(word_id) for word_id in example.inputs]
            for output_id, noise in zip(example.outputs, example.noise, strict=True):
                used = [word(noise_id) for noise_id in noise if noise_id != output_id]
                pairs.append(WindowPair(first, inputs, word(output_id), used))
            first += 1
        return pairs


def overview(text: str, config: TrainingConfig) -> Overview:
    """Return the state before training on a text; see :meth:`Course.overview`.

    Parameters
    ----------
    text : str
        The text, one sentence per line.
    config : TrainingConfig
        The options, made by :func:`lesson_config`.

    Returns
    -------
    Overview
        Sentences, vocabulary, one-hot vectors, tree and input table.

    Raises
    ------
    ConfigError
        An option has no effect in a lesson, or the text has more than 500 different words.
    EmptyVocabularyError
        The text has no word.
    """
    return Course(text, config).overview()


def steps(text: str, config: TrainingConfig, *, first: int = 1, limit: int | None = None) -> Iterator[Step]:
    """Yield the gradient steps of training on a text, in order.

    Parameters
    ----------
    text : str
        The text, one sentence per line.
    config : TrainingConfig
        The options, made by :func:`lesson_config`.
    first : int, default 1
        Number of the first step to yield.
    limit : int or None, default None
        Maximum number of steps; None for all steps of all epochs.

    Returns
    -------
    iterator of Step
        The steps.

    Raises
    ------
    ConfigError
        The text has more than 500 different words, subsampling dropped nearly every word, ``limit`` is below 1, or
        there is no step ``first``.
    EmptyVocabularyError
        The text has no word.
    CorpusError
        No sentence has two words, so there are no steps.
    """
    check("limit", FROM_1_OR_NONE, limit)
    course = Course(text, config)
    found = course.step(first)
    return itertools.chain([found], _later_steps(course, first, limit))


def _later_steps(course: Course, first: int, limit: int | None) -> Iterator[Step]:
    for number in itertools.count(first + 1):
        if (limit is not None and number >= first + limit) or not course.has(number):
            return
        yield course.step(number)
