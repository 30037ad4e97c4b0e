"""Train a model with gensim's interface: convert its parameters and tables, and call its callbacks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.errors import ConfigError
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordkin.compat.gensim.building import Model
    from wordkin.corpus.encoded import EncodedCorpus
    from wordkin.training.progress import TrainingReport

logger = logging.getLogger(__name__)

_GENSIM_NAMES = {
    "learning_rate": "alpha", "min_learning_rate": "min_alpha", "threads": "workers", "subsample": "sample",
    "noise_exponent": "ns_exponent", "dynamic_window": "shrink_windows",
}  # fmt: skip


class CallbackAny2Vec:
    """Base class of callbacks. Subclasses override methods, which are called with the model."""

    def on_epoch_begin(self, model: Any) -> None:
        """Called before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """Called after each epoch. Vectors and loss of the model are those at the end of the epoch."""

    def on_train_begin(self, model: Any) -> None:
        """Called before training."""

    def on_train_end(self, model: Any) -> None:
        """Called after training."""


def call(callbacks: Iterable[Any], hook: str, model: Any) -> None:
    """Call the method named ``hook`` of each callback with the model."""
    for callback in callbacks:
        getattr(callback, hook)(model)


def config_of(
    model: Model, *, epochs: int | None = None, alpha: float | None = None, min_alpha: float | None = None
) -> TrainingConfig:
    """Return the training options that correspond to the parameters of a model."""
    objectives = tuple(
        name for name, trained in (("hierarchical-softmax", model.hs), ("negative-sampling", model.negative)) if trained
    )
    options: dict[str, Any] = {
        "architecture": "skip-gram" if model.sg else "cbow",
        "objective": objectives,
        "vector_size": model.vector_size,
        "window": model.window,
        "dynamic_window": bool(model.shrink_windows),
        "noise_exponent": model.ns_exponent,
        "cbow_combine": "mean" if model.cbow_mean else "sum",
        "min_count": 1,
        "subsample": model.sample,
        "epochs": model.epochs if epochs is None else epochs,
        "learning_rate": model.alpha if alpha is None else alpha,
        "min_learning_rate": model.min_alpha if min_alpha is None else min_alpha,
        "threads": model.workers,
        "seed": model.seed,
    }
    if model.negative:
        options["negative"] = model.negative
    try:
        return TrainingConfig.from_options(**options)
    except ConfigError as error:
        name = _GENSIM_NAMES.get(error.parameter, error.parameter)
        rule = error.rule
        for ours, theirs in _GENSIM_NAMES.items():
            rule = re.sub(rf"\b{ours}\b", theirs, rule)
        raise ConfigError(name, rule, error.value, error.remedy) from error


def vocabulary_of(model: Model) -> Vocabulary:
    """Return the words and counts of a model as a vocabulary."""
    return Vocabulary(model.wv.index_to_key, model.wv.expandos["count"].astype(np.int64))


def drawn_rows(model: Model, first: int) -> NDArray[np.float32]:
    """Return random initial vectors for the rows from number ``first`` on, shape (V - first, N)."""
    from wordkin.training.tables import initial_input_rows

    config, size = config_of(model), len(model.wv)
    pieces = [rows for _, rows in initial_input_rows(config, size)]
    return np.concatenate([np.empty((0, model.vector_size), np.float32), *pieces])[first:]


def named_tables(model: Model) -> dict[str, NDArray[Any]]:
    """Return views of the tables of a model, as a dict with the names that :mod:`wordkin.training.tables` uses."""
    tables: dict[str, NDArray[Any]] = {"input": model.wv.vectors}
    if model.hs:
        tables["output/hierarchical-softmax"] = model.syn1[: len(model.wv) - 1]
    if model.negative:
        tables["output/negative-sampling"] = model.syn1neg
    return tables


def train_tables(model: Model, corpus: EncodedCorpus, config: TrainingConfig, callbacks: Sequence[Any]) -> None:
    """Train the tables of a model on an encoded corpus, and call its callbacks."""
    from wordkin.runs.signals import StopSignals
    from wordkin.training.choose import open_backend
    from wordkin.training.tables import pieces_of
    from wordkin.training.trainer import Trainer

    own = named_tables(model)
    backend = open_backend(config, vocabulary_of(model), pieces_of(own), frozen=locked_rows(model))

    def take() -> None:
        for name, table in backend.tables().items():
            own[name][...] = table
        model.wv.fill_norms(force=True)

    try:
        with StopSignals() as signals:
            told = [_teller(model, take, callbacks)]
            trainer = Trainer(config, backend, corpus, callbacks=told, should_stop=signals.received)
            model.latest_losses = []
            trainer.run()
            take()
            model.total_train_time += trainer.state.seconds
    finally:
        backend.close()


def _teller(
    model: Model, take: Callable[[], None], callbacks: Sequence[Any]
) -> Callable[[TrainingReport], bool | None]:
    """Return a training callback that stores the loss and calls gensim's callbacks after each epoch.

    ``take`` copies the trained tables to the model. It is called before gensim's callbacks.
    """

    def tell(report: TrainingReport) -> None:
        if not report.epoch_finished:
            return
        model.latest_losses.append(report.loss)
        model.running_training_loss = report.loss
        model.min_alpha_yet_reached = report.learning_rate
        logger.info("epoch %i of %i: loss %.4f, %.0f words/s", report.epoch, report.epochs, report.loss,
                    report.words_per_second)  # fmt: skip
        if callbacks:
            take()
            call(callbacks, "on_epoch_end", model)
            if report.epoch < report.epochs:
                call(callbacks, "on_epoch_begin", model)

    return tell


def locked_rows(model: Model) -> NDArray[np.int64] | None:
    """Return the numbers of the rows with lock factor 0, which training must not change; None if there are none.

    If there are fewer factors than rows, they are repeated, so a single factor applies to all rows. Raises
    :class:`ConfigError` for a factor other than 0 and 1.
    """
    locks = np.asarray(model.wv.vectors_lockf)
    partly = locks[(locks != 0) & (locks != 1)]
    if locks.ndim != 1 or not len(locks) or len(partly):
        found: Any = locks.shape if locks.ndim != 1 or not len(locks) else float(partly[0])
        remedy = "use 0 for rows that must not change, and 1 for the others"
        raise ConfigError(
            "vectors_lockf", "must hold one 0 or 1 for each word, or a single value for all words", found, remedy
        )
    locked = np.flatnonzero(np.resize(locks, len(model.wv)) == 0)
    return locked if len(locked) else None


def empty_corpus() -> EncodedCorpus:
    """Return an encoded text without sentences."""
    from wordkin.corpus.encoded import EncodedCorpus

    return EncodedCorpus.of_arrays(np.empty(0, np.int32), np.zeros(1, np.int64))


def sentence_scores(model: Model, sentences: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
    """Return the log-likelihood of each sentence in nats, shape (sentences,).

    It is computed by hierarchical softmax, with windows of full width. A sentence of fewer than two words has 0.
    """
    import dataclasses

    from wordkin.corpus.encoded import EncodedCorpus
    from wordkin.training.choose import open_backend
    from wordkin.training.tables import pieces_of

    config = dataclasses.replace(
        config_of(model), objective="hierarchical-softmax", dynamic_window=False, subsample=0.0, threads=1
    )
    tables = named_tables(model)
    asked = {name: tables[name] for name in ("input", "output/hierarchical-softmax")}
    backend = open_backend(config, vocabulary_of(model), pieces_of(asked))
    scores = np.zeros(len(sentences), dtype=np.float32)
    try:
        for number, ids in enumerate(sentences):
            if len(ids) < 2:
                continue
            sentence = EncodedCorpus.of_arrays(ids, np.array([0, len(ids)]))
            loss = backend.held_out_loss(sentence, lambda: False)
            assert loss is not None, "should_stop always returns False"
            scores[number] = -loss * _examples(len(ids), model)
    finally:
        backend.close()
    return scores


def _examples(words: int, model: Model) -> int:
    """Return how many training examples a sentence of ``words`` words has if all windows have full width.

    For CBOW, an example is a centre; for skip-gram, it is a pair.
    """
    if not model.sg:
        return words
    places = np.arange(words)
    return int((np.minimum(places + model.window, words - 1) - np.maximum(places - model.window, 0)).sum())
