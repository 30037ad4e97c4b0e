"""Trials of a search: trains vectors and scores them, and measures the time of both."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Sequence

import numpy as np

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ConfigError, DivergenceError
from wordkin.runs.record import Run
from wordkin.runs.run import train_run
from wordkin.text.read import Text
from wordkin.text.sampling import sample_corpus
from wordkin.training.progress import Callback, TrainingReport
from wordkin.training.tables import result_vectors
from wordkin.tuning.scoring import Benchmark, refuse_unknown, scores_of
from wordkin.tuning.search import Limits
from wordkin.tuning.space import Space
from wordkin.tuning.trials import Step, Trial
from wordkin.vectors import WordVectors

_WARM_UP_WORDS = 20_000
_SURE_SECONDS = 2.0  # after this time, the speed of a run is known well enough


class Runner:
    """Makes the trials of a search one after the other, each with all threads.

    Raises :class:`ConfigError` if no item of a benchmark has all its words in the vocabulary.
    """

    def __init__(
        self,
        text: Text,
        space: Space,
        benchmarks: Sequence[Benchmark],
        limits: Limits,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self._text, self._space, self._benchmarks, self._limits = text, space, benchmarks, limits
        self._callbacks = callbacks
        self._sample: EncodedCorpus | None = None
        config = space.config({})
        self._threads, self._first_seed = config.worker_threads, config.seed
        matrix = np.random.default_rng(0).standard_normal((len(text.vocabulary), 2), np.float32)
        refuse_unknown(WordVectors(text.vocabulary, matrix), benchmarks, self._threads)

    def make(self, step: Step, number: int) -> Trial:
        """Train the vectors of a trial and score them.

        A few words are trained first, so that kernels are compiled before the time is measured.
        """
        config = self._space.config({**step.settings, "seed": step.seed})
        corpus = self._text.corpus if step.share == 1.0 else self._share(step.share)
        made = Trial(step.stage, step.settings, step.share, step.seed, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about slow settings: their time is being measured
            self._train(_first_words(corpus), dataclasses.replace(config, epochs=1), ())
            began = time.perf_counter()
            try:
                vectors, train_seconds = self._train(corpus, config, [*self._told(), *self._watch(number)])
            except DivergenceError as error:
                seconds = time.perf_counter() - began
                return dataclasses.replace(made, train_seconds=seconds, seconds=seconds, failure=str(error))
            scores, score = scores_of(vectors, self._benchmarks, self._threads)
        seconds = time.perf_counter() - began
        return dataclasses.replace(made, scores=scores, score=score, train_seconds=train_seconds, seconds=seconds)

    def _share(self, share: float) -> EncodedCorpus:
        if self._sample is None:
            self._sample = sample_corpus(self._text.corpus, share, self._first_seed)
        return self._sample

    def _train(
        self, corpus: EncodedCorpus, config: TrainingConfig, callbacks: Sequence[Callback]
    ) -> tuple[WordVectors, float]:
        """Train vectors; return them and the training time in seconds."""
        state, tables = train_run(Run(config), self._text.vocabulary, corpus, None, callbacks=callbacks)
        return WordVectors(self._text.vocabulary, result_vectors(config, tables)), state.seconds

    def _told(self) -> list[Callback]:
        """Return the callbacks of the caller, wrapped so that their results cannot stop a trial."""

        def telling(callback: Callback) -> Callback:
            def tell(report: TrainingReport) -> None:
                callback(report)

            return tell

        return [telling(each) for each in self._callbacks]

    def _watch(self, number: int) -> list[Callback]:
        """Return a callback that raises an error if the trial is going to take longer than the budget.

        Only the first trial is watched; for others, the result is empty.
        """

        def watch(report: TrainingReport) -> None:
            needed = report.seconds + (report.seconds_left or 0.0)
            if report.seconds >= min(_SURE_SECONDS, self._limits.seconds) and needed > self._limits.seconds:
                raise ConfigError(
                    "time", f"must be enough for several trials of about {needed:.0f} s each", self._limits.seconds,
                    "raise time, or pass only a part of the text")  # fmt: skip

        return [watch] if number == 1 else []


def _first_words(corpus: EncodedCorpus) -> EncodedCorpus:
    """Return the first words of a corpus as views, without copying them."""
    words = min(_WARM_UP_WORDS, corpus.words)
    sentences = int(np.searchsorted(corpus.offsets, words))
    return EncodedCorpus(corpus.ids[:words], np.append(corpus.offsets[:sentences], words), corpus.fingerprint)
