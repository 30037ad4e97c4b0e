"""Predictions of a trained model: likely centres and contexts, word probabilities, and the likelihood of a text.

Words are scored by the functions of :mod:`wordkin.objectives.reference`; the likelihood of a text is computed by the
training kernels with learning rate 0.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, overload

import numpy as np
from numpy.typing import NDArray

from wordkin.config import FROM_1, TrainingConfig, check
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ConfigError, CorpusError
from wordkin.items import Item, is_integer
from wordkin.objectives import reference
from wordkin.options import Objective
from wordkin.training.choose import open_backend
from wordkin.training.tables import NamedTables, pieces_of, table_shapes
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree

NORMALISED = ("softmax", "hierarchical-softmax")  # objectives that give probabilities, in order of preference
_WORDS_AT_A_TIME = 65_536  # tree paths processed per batch
_ANY_RATE = 1e-6  # the rate is 0 during scoring; a low configured rate allows the largest blocks


@dataclass(frozen=True, slots=True)
class Probability:
    """The probability of a word given other words. ``float()`` returns the attribute ``value``.

    Attributes
    ----------
    value : float
        The value, from 0 to 1.
    objective : str
        The objective whose output table was used.
    normalised : bool
        Whether the values of all words sum to 1. Under negative sampling they do not: the value is σ(score), the
        estimated probability that the pair comes from the text and not from the noise distribution.
    """

    value: float
    objective: str
    normalised: bool

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Prediction(Sequence[tuple[str, float]]):
    """Predicted words as a sequence of (word, value), highest value first.

    Attributes
    ----------
    ranked : tuple of (str, float)
        The words with their values.
    objective : str
        The objective whose output table was used.
    normalised : bool
        Whether the values are probabilities, as in :class:`Probability`.
    """

    ranked: tuple[tuple[str, float], ...]
    objective: str
    normalised: bool

    @overload
    def __getitem__(self, index: int) -> tuple[str, float]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[str, float], ...]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, float] | tuple[tuple[str, float], ...]:
        return self.ranked[index]

    def __len__(self) -> int:
        return len(self.ranked)


class Predictor:
    """Computes predictions and probabilities from trained tables.

    Parameters
    ----------
    config : TrainingConfig
        The configuration of the model.
    vocabulary : Vocabulary
        Its words, with counts.
    tables : mapping of str to ndarray
        The trained tables by name, as in :mod:`wordkin.training.tables`; they are not modified.
    """

    def __init__(self, config: TrainingConfig, vocabulary: Vocabulary, tables: NamedTables) -> None:
        self.tables = tables
        self._config = config
        self._vocabulary = vocabulary

    @functools.cached_property
    def _tree(self) -> HuffmanTree:
        counts = self._vocabulary.counts
        assert counts is not None  # a trained model has counts
        return HuffmanTree.from_counts(counts)

    def predict(self, words: str | Sequence[str], topn: int = 10, objective: str | None = None) -> Prediction:
        """Predict words; see :meth:`wordkin.Word2Vec.predict`."""
        check("topn", FROM_1, topn)
        chosen = self._choose(objective)
        values = self._values(self._input_ids("words", words), chosen)
        likeliest = np.argsort(-values, kind="stable")[:topn]
        ranked = tuple((self._vocabulary.word(int(each)), float(values[each])) for each in likeliest)
        return Prediction(ranked, chosen, chosen in NORMALISED)

    def probability(self, word: str, given: str | Sequence[str], objective: str | None = None) -> Probability:
        """Probability of one word; see :meth:`wordkin.Word2Vec.probability`."""
        chosen = self._choose(objective)
        word_id = self._vocabulary.id_of(word)
        input_ids = self._input_ids("given", given)
        if chosen == "hierarchical-softmax":  # only the path of this word is needed
            tables = self._reference_tables(chosen)
            hidden = reference.hidden_vector(tables, input_ids, self._config.cbow_combine)
            loss = reference.hierarchical_softmax(tables, hidden, *self._tree.path(word_id)).loss
            return Probability(float(np.exp(-loss)), chosen, True)
        return Probability(float(self._values(input_ids, chosen)[word_id]), chosen, chosen in NORMALISED)

    def mean_log_likelihood(self, corpus: EncodedCorpus, objective: str | None = None) -> float:
        """Mean log-likelihood of a text in nats per example; see :meth:`wordkin.Word2Vec.score`."""
        chosen = self._choose(objective)
        if chosen not in NORMALISED:
            raise ConfigError(
                "objective",
                'must include "softmax" or "hierarchical-softmax" to score a text, because other '
                "objectives give no probabilities",
                chosen,
            )
        if not np.any(np.diff(corpus.offsets) > 1):
            raise CorpusError("the text cannot be scored: no sentence has two words of the vocabulary")
        config = dataclasses.replace(
            self._config, objective=cast(Objective, chosen), vectors="input", subsample=0.0,
            dynamic_window=self._config.whole_sentences, learning_rate=_ANY_RATE, min_learning_rate=None,
            deterministic=False,
        )  # fmt: skip
        asked = {name: self.tables[name] for name in table_shapes(config, len(self._vocabulary))}
        backend = open_backend(config, self._vocabulary, pieces_of(asked))
        try:
            loss = backend.held_out_loss(corpus, lambda: False)
            assert loss is not None, "should_stop always returns False"
            return -loss
        finally:
            backend.close()

    def _choose(self, objective: str | None) -> str:
        """The objective to use: the given one or, if None, the first of the model that gives probabilities."""
        trained = self._config.objectives
        if objective is None:
            return next((each for each in NORMALISED if each in trained), trained[0])
        if objective not in trained:
            listed = " or ".join(f'"{each}"' for each in trained)
            raise ConfigError("objective", f"must be an objective of the model, {listed}", objective)
        return objective

    def _input_ids(self, parameter: str, words: str | Sequence[str]) -> list[int]:
        """Convert the input words to ids: one for skip-gram, one or more for CBOW."""
        listed: list[Item] = [words] if isinstance(words, str) or is_integer(words) else list(words)
        if not listed:
            raise ConfigError(parameter, "must name at least one word", listed)
        if self._config.architecture == "skip-gram" and len(listed) > 1:
            raise ConfigError(
                parameter,
                'must be one word with architecture="skip-gram", because only "cbow" predicts from several words',
                listed,
            )
        return [int(each) for each in self._vocabulary.ids_of(listed)]

    def _reference_tables(self, objective: str) -> reference.Tables:
        """The tables of one objective as a :class:`reference.Tables`, without copying them."""
        return reference.Tables(
            self.tables["input"],
            self.tables[f"output/{objective}"],
            self.tables.get("projection_bias"),
            self.tables.get(f"output_bias/{objective}"),
        )

    def _values(self, input_ids: list[int], objective: str) -> NDArray[np.float64]:
        """Return the probability of each of the V words given the input words; for negative sampling, σ(score)."""
        tables = self._reference_tables(objective)
        hidden = reference.hidden_vector(tables, input_ids, self._config.cbow_combine)
        rows = tables.output_vectors
        scores = (rows @ hidden.astype(rows.dtype)).astype(np.float64)
        if tables.output_bias is not None:
            scores += tables.output_bias
        if objective == "softmax":
            return reference.softmax(scores)
        if objective == "negative-sampling":
            return reference.sigmoid(scores)
        return np.exp(-_path_losses(scores, self._tree))


def _path_losses(scores: NDArray[np.float64], tree: HuffmanTree) -> NDArray[np.float64]:
    """Compute -log p of each of V words from the scores of the V - 1 inner nodes of the tree."""
    by_branch = np.stack([reference.negative_log_sigmoid(scores), reference.negative_log_sigmoid(-scores)])
    losses = np.zeros(len(tree))
    for first in range(0, len(tree), _WORDS_AT_A_TIME):
        stop = min(first + _WORDS_AT_A_TIME, len(tree))
        steps = slice(tree.offsets[first], tree.offsets[stop])
        words = np.repeat(np.arange(stop - first), tree.lengths[first:stop])
        taken = by_branch[tree.bits[steps], tree.node_ids[steps]]
        losses[first:stop] = np.bincount(words, weights=taken, minlength=stop - first)
    return losses
