"""The Python interface to training: :func:`train`, :func:`resume` and :class:`Word2Vec`.

This module connects corpus, vocabulary, training, runs and embeddings.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack, cast

from wordkin.config import TrainingConfig, config_for_words
from wordkin.corpus.readers.files import STANDARD_INPUT
from wordkin.corpus.sources import Corpus, Source
from wordkin.embeddings import Embeddings, check_words
from wordkin.errors import CheckpointError, ConfigError, NotTrainedError
from wordkin.options import TrainingOptions
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wordkin.corpus.phrases import Phrases
    from wordkin.corpus.scanning.progress import ScanProgress
    from wordkin.runs.directory import RunDirectory
    from wordkin.runs.record import Run
    from wordkin.text.read import Text
    from wordkin.training.cluster.ray_cluster import RayCluster
    from wordkin.training.display import Watched
    from wordkin.training.probability import Prediction, Predictor, Probability
    from wordkin.training.progress import Callback
    from wordkin.training.state import RunState
    from wordkin.training.tables import NamedTables, Start
    from wordkin.vectors import WordVectors
    from wordkin.vocabulary.selection import Known

Part = TypeVar("Part")


class RunOptions(TypedDict, total=False):
    """Keyword arguments that :func:`train` and :func:`resume` both take; see :func:`train`."""

    texts: Iterable[str] | None
    output: str | Path | None
    log: str | Path | None
    checkpoint_every: str | float | None
    callbacks: Sequence[Callback]
    on_scan: Callable[[ScanProgress], None] | None
    progress: bool | None
    cluster: str | None


class UpdateOptions(RunOptions, total=False):
    """Keyword arguments that :meth:`Word2Vec.fit` and :meth:`Word2Vec.update` both take; see :func:`train`."""

    validation: Corpus | None
    checkpoint: str | Path | None
    spool_directory: str | Path | None
    freeze: str | Path | Iterable[str] | None


class ReplayOptions(UpdateOptions, total=False):
    """Keyword arguments of :meth:`Word2Vec.update` that are not training options."""

    replay: float | None
    replay_from: Corpus | None
    old_weight: float | None


class FitOptions(UpdateOptions, total=False):
    """Keyword arguments of :meth:`Word2Vec.fit`; see :func:`train` for their meaning."""

    vocabulary: str | Path | Mapping[str, int] | Vocabulary | None
    init: str | Path | WordVectors | None


class TrainOptions(FitOptions, TrainingOptions, total=False):
    """Keyword arguments of :func:`train`."""


class ResumeOptions(RunOptions, TrainingOptions, total=False):
    """Keyword arguments of :func:`resume`."""


def train(corpus: Corpus | None = None, **options: Unpack[TrainOptions]) -> Embeddings:
    """Train word vectors on a corpus.

    Ctrl-C and SIGTERM stop training at the next progress report. If ``checkpoint`` is set, a last checkpoint is
    written. The interrupt is then raised as usual.

    Parameters
    ----------
    corpus : path, sequence of paths or iterable of lists of words
        A path, glob, directory or URL, a list of them, ``"-"`` for standard input, or any iterable of lists of words.
        An iterable is read exactly once. With the option ``field``, the corpus may also be files of records, an
        iterable of dicts, a dataset or a data frame. ``docs/corpora.md`` has an example of each.
    texts : iterable of str, default None
        Strings to train on instead of ``corpus``, such as a pandas Series. They are tokenized like lines of a file.
    output : path, default None
        File to save the vectors to. The suffix selects the format. Before training, wordkin checks that the file can be
        written and that its format can store the words: some formats cannot store words with white space.
    validation : same types as corpus, default None
        Held-out text. Its loss is measured after each epoch.
    log : path, default None
        File for progress records: about one JSON object per second, with words read, loss, learning rate and so on.
    checkpoint : path, default None
        Directory for the checkpoints of the run. :func:`resume` continues from it.
    checkpoint_every : float or str, default "10m"
        Time between checkpoints: a number of seconds, or text such as ``"10m"``.
    callbacks : sequence of functions, default ()
        Functions that are called with a :class:`TrainingReport` several times a second. If one returns True, training
        stops. If one raises an exception, a last checkpoint is written and the exception propagates.
    on_scan : function, default None
        Called with a :class:`ScanProgress` while the corpus is read.
    progress : bool, default False
        Show a progress bar for reading and training. It appears below the cell in a notebook and on standard error in
        a terminal. If standard error is not a terminal, plain lines are printed instead: one per epoch and one every
        30 seconds.
    cluster : str, default None
        Train on the machines of a Ray cluster (extra ``cluster``). ``"auto"`` selects the cluster that this machine
        belongs to; ``"HOST:PORT"`` is the address of another. Each machine trains one replica unless ``replicas`` is
        set. See ``docs/machines.md``.
    spool_directory : path, default None
        Directory for temporary files, which hold data too large for memory. If None, that of the system.
    vocabulary : path, mapping or Vocabulary, default None
        The words to learn and their counts, which replace those of the text: a file of ``word count`` lines, a
        mapping from word to count, or a :class:`Vocabulary`. It cannot be combined with ``min_count``,
        ``max_vocabulary``, ``keep_words`` or ``max_types``.
    init : path or Embeddings, default None
        Vectors to start from, in any format that :func:`load` reads. Words of the text that have no vector in ``init``
        start from random vectors of the same scale.
    freeze : str, path or iterable of str, default None
        Words whose vectors from ``init`` must not change: a regular expression that matches the whole word (``".*"``
        for all words of ``init``), a ``Path`` of a file with one word per line, or the words themselves.
    **options
        Any option of :class:`TrainingConfig`.

    Returns
    -------
    Embeddings
        The V words and their float32 vectors, a matrix of shape (V, vector_size).

    Raises
    ------
    ConfigError, CorpusError, OutputError, CheckpointError, DivergenceError
        See :mod:`wordkin.errors`.
    """
    run = cast(FitOptions, {name: value for name, value in options.items() if name in _FIT_NAMES})
    training = cast(TrainingOptions, {name: value for name, value in options.items() if name not in _FIT_NAMES})
    known = [each.name for each in dataclasses.fields(TrainingConfig)]
    for name, value in training.items():
        near = difflib.get_close_matches(name, [*_FIT_NAMES, *known], n=3, cutoff=0.75)
        if name not in known and _FIT_NAMES.intersection(near):  # TrainingConfig reports all other unknown names
            raise ConfigError(name, "is not an option of training", value, f"did you mean {' or '.join(near)}?")
    return Word2Vec(**training).fit(corpus, **run).embeddings


def resume(directory: str | Path, corpus: Corpus | None = None, **options: Unpack[ResumeOptions]) -> Embeddings:
    """Continue a run from its last checkpoint and return the vectors.

    Parameters
    ----------
    directory : str or Path
        The ``checkpoint`` directory of the run.
    corpus, texts : as for :func:`train`, default None
        Not needed. If one is given, it must be the text that the run started with.
    output, log, checkpoint_every : as for :func:`train`, default None
        If None, the values that the run started with.
    callbacks, on_scan, progress, cluster : as for :func:`train`
        Not stored with the run; pass them again.
    **options
        Options of :class:`TrainingConfig`, as for :meth:`Word2Vec.resume`.

    Returns
    -------
    Embeddings
        The V words and their float32 vectors, a matrix of shape (V, vector_size).

    Raises
    ------
    CheckpointError
        The directory holds no run, another process is using it, or the corpus or an option differs from the run's.
    FormatError
        A file of the run is damaged.
    """
    return Word2Vec.resume(directory, corpus, **options).embeddings


class Word2Vec:
    """A word2vec model: its configuration, vocabulary, trained tables and loss history.

    Parameters
    ----------
    config : TrainingConfig, default None
        All options in one object, instead of the keyword options.
    recipe : str, default None
        A named set of option values. Explicit options take precedence.
    **options
        Options of :class:`TrainingConfig`.

    Raises
    ------
    ConfigError
        An option has an illegal value, or two options exclude each other.

    >>> model = Word2Vec(vector_size=8, min_count=1, epochs=2, subsample=0)
    >>> model.fit([["you", "say", "goodbye"], ["i", "say", "hello"]]).vocabulary.words[0]
    'say'
    """

    def __init__(self, config: TrainingConfig | None = None, /, **options: Unpack[TrainingOptions]) -> None:
        if config is None:
            config = TrainingConfig.from_options(**options)
        elif not isinstance(config, TrainingConfig):
            raise ConfigError(
                "config", "must be a TrainingConfig", config, "pass the text to the method fit, and options by name"
            )
        elif options:
            raise ConfigError(
                "config",
                "cannot be combined with keyword options",
                config,
                "set these options in config, with dataclasses.replace",
            )
        self.config = config
        # The recipe's values depend on the length of the text, but must not override explicit options.
        self._given: Mapping[str, Any] | None = options or None
        self._vocabulary: Vocabulary | None = None
        self._tables: NamedTables | None = None
        self._embeddings: Embeddings | None = None
        self._state: RunState | None = None
        self._phrases: Phrases | None = None
        self._rare: Vocabulary | None = None
        self._reading: Mapping[str, Any] | None = None
        self._forgotten = self._words_from_init = 0
        self._output: str | None = None
        self._predictor: Predictor | None = None

    def __repr__(self) -> str:
        options = {each.name: each.default for each in dataclasses.fields(self.config)}
        values = {name: getattr(self.config, name) for name in options}
        facts = [f"{name}={value!r}" for name, value in values.items() if value != options[name]]
        facts.append("not trained" if self._vocabulary is None else f"{len(self._vocabulary):,} words")
        if self._state is not None and self._state.losses:
            facts.append(f"loss {self._state.losses[self.best_epoch - 1]:.4f}")
        return f"Word2Vec({', '.join(facts)})"

    def fit(
        self,
        corpus: Corpus | None = None,
        *,
        texts: Iterable[str] | None = None,
        output: str | Path | None = None,
        validation: Corpus | None = None,
        log: str | Path | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: str | float | None = None,
        callbacks: Sequence[Callback] = (),
        on_scan: Callable[[ScanProgress], None] | None = None,
        progress: bool | None = False,
        cluster: str | None = None,
        spool_directory: str | Path | None = None,
        vocabulary: str | Path | Mapping[str, int] | Vocabulary | None = None,
        init: str | Path | WordVectors | None = None,
        freeze: str | Path | Iterable[str] | None = None,
    ) -> Word2Vec:
        """Train from scratch: count the words of the text, encode it and train on it.

        Parameters
        ----------
        corpus, texts, output, validation, log, checkpoint, checkpoint_every, callbacks, on_scan : as for :func:`train`
            Input, output, and functions to call.
        progress, cluster, spool_directory, vocabulary, init, freeze : as for :func:`train`
            Progress display, machines, temporary files, and vectors to start from.

        Returns
        -------
        Word2Vec
            The model itself.

        Raises
        ------
        ConfigError, CorpusError, OutputError, CheckpointError, DivergenceError
            As for :func:`train`.
        """
        self._words_from_init = 0
        words = None if vocabulary is None else _given_vocabulary(self.config, vocabulary)
        vectors = None if init is None else _vectors_to_start_from(self.config, init)
        if freeze is not None and vectors is None:
            raise ConfigError(
                "freeze", "needs vectors to start from", freeze, "pass init, or call update on a trained model"
            )
        run_options: ReplayOptions = {
            "texts": texts, "output": output, "validation": validation, "log": log, "checkpoint": checkpoint,
            "checkpoint_every": checkpoint_every, "callbacks": callbacks, "on_scan": on_scan,
            "progress": progress, "cluster": cluster, "spool_directory": spool_directory, "freeze": freeze,
        }  # fmt: skip

        def start_for(chosen: Vocabulary) -> Start | None:
            if vectors is None:
                return None
            from wordkin.training.growing import frozen_ids, tables_from_vectors
            from wordkin.training.tables import Start

            frozen = None if freeze is None else frozen_ids(freeze, vectors.vocabulary, chosen)
            tables, self._words_from_init = tables_from_vectors(self.config, vectors.vocabulary, vectors.matrix, chosen)
            return Start(tables, frozen)

        self._learn(self.config, corpus, run_options, start_for, vocabulary=words)
        return self

    def update(
        self,
        corpus: Corpus | None = None,
        *,
        texts: Iterable[str] | None = None,
        output: str | Path | None = None,
        validation: Corpus | None = None,
        log: str | Path | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: str | float | None = None,
        callbacks: Sequence[Callback] = (),
        on_scan: Callable[[ScanProgress], None] | None = None,
        progress: bool | None = False,
        cluster: str | None = None,
        spool_directory: str | Path | None = None,
        freeze: str | Path | Iterable[str] | None = None,
        replay: float | None = None,
        replay_from: Corpus | None = None,
        old_weight: float | None = None,
        **options: Unpack[TrainingOptions],
    ) -> Word2Vec:
        """Continue training on new text: known words start from their vectors and counts, and new words are added.

        A word of the new text is added if its count in all text so far reaches ``min_count``. For this the model
        stores the counts of rare words. ``docs/growing.md`` gives the rules. If training fails or is stopped, the
        model is unchanged.

        Parameters
        ----------
        corpus, texts : as for :func:`train`
            The new text only.
        output, validation, log, checkpoint, checkpoint_every : as for :func:`train`, default None
            ``checkpoint`` must not be the directory of the first run.
        callbacks, on_scan, progress, cluster, spool_directory : as for :func:`train`
            Functions to call, progress display, machines and temporary files.
        freeze : str, path or iterable of str, default None
            Words of the model whose vectors must not change, as in :func:`train`; ``".*"`` selects all of them.
        replay : float, default None
            Fraction of the sentences of ``replay_from`` to mix into the new text, above 0 and at most 1. The model then
            forgets less of the old text, and training takes longer. The sentences are drawn at random; the draw depends
            on ``seed``. The counts of words do not include these sentences a second time.
        replay_from : same types as corpus, default None
            Text that the model was trained on before, such as an encoded text; needed with ``replay``, because a model
            does not store its text. If the new text is passed as ``texts``, this must be a path or an iterable of str.
        old_weight : float, default None
            Weight w of the old vectors, from 0 to 1. For each word that the model already had, the update ends by
            setting its vectors to w · (vector before the update) + (1 - w) · (vector after training). The default is
            the share of the old text in all text so far, at most 0.65.
        **options
            Options of :class:`TrainingConfig` to change for this update, such as ``epochs``. Other options keep the
            values of the model, except ``learning_rate``; ``docs/growing.md`` gives its default.

        Returns
        -------
        Word2Vec
            The model itself.

        Raises
        ------
        NotTrainedError
            The model has not been trained.
        ConfigError
            An option that defines the tables, such as ``vector_size``, was changed, or the model was trained with
            hierarchical softmax.
        CorpusError
            As for :func:`train`, or ``replay_from`` is not text that the model was trained on.
        OutputError, CheckpointError, DivergenceError
            As for :func:`train`.
        """
        from wordkin.training.growing import (
            check_old_weight,
            check_replay,
            frozen_ids,
            grown_tables,
            old_weights,
            update_config,
        )
        from wordkin.training.tables import Start
        from wordkin.vocabulary.selection import Known

        old, tables = self.vocabulary, self._trained(self._tables)
        config = update_config(self.config, options, has_validation=validation is not None)
        check_replay(replay, replay_from)
        check_old_weight(old_weight)
        run_options: ReplayOptions = {
            "texts": texts, "output": output, "validation": validation, "log": log, "checkpoint": checkpoint,
            "checkpoint_every": checkpoint_every, "callbacks": callbacks, "on_scan": on_scan,
            "progress": progress, "cluster": cluster, "spool_directory": spool_directory, "freeze": freeze,
            "replay": replay, "replay_from": replay_from, "old_weight": old_weight,
        }  # fmt: skip

        def start_for(grown: Vocabulary) -> Start:
            frozen = None if freeze is None else frozen_ids(freeze, old, grown)
            return Start(grown_tables(config, tables, old, grown), frozen, old_weights(old_weight, old, grown))

        self._learn(config, corpus, run_options, start_for, known=Known(old, self._rare))
        return self

    def _learn(
        self,
        config: TrainingConfig,
        corpus: Corpus | None,
        options: ReplayOptions,
        start_for: Callable[[Vocabulary], Start | None],
        *,
        vocabulary: Vocabulary | None = None,
        known: Known | None = None,
    ) -> None:
        """Read a text and train on it.

        ``start_for`` takes the vocabulary of the text and returns the initial tables, or None for random ones.
        """
        from wordkin.embeddings.formats import check_items
        from wordkin.runs.checkpoints import DEFAULT_CHECKPOINT_EVERY, seconds_of
        from wordkin.runs.directory import RunDirectory
        from wordkin.runs.paths import with_paths
        from wordkin.runs.record import Run
        from wordkin.text.read import Replay, read_text
        from wordkin.text.steps import further_source_of, source_of
        from wordkin.training.display import watching

        validation, checkpoint, texts = options.get("validation"), options.get("checkpoint"), options.get("texts")
        every, callbacks, spool = options.get("checkpoint_every"), options["callbacks"], options.get("spool_directory")
        _check_options(config, options)
        seconds = seconds_of(DEFAULT_CHECKPOINT_EVERY if every is None else every)
        with contextlib.ExitStack() as closing:
            watched = closing.enter_context(watching(options.get("progress"), callbacks, options.get("on_scan")))
            source = source_of(corpus, config, texts=texts)
            cluster, config = _machines_for(options.get("cluster"), config, source, closing)
            run = Run(config, checkpoint_seconds=seconds)
            held_out = further_source_of(validation, config, texts=texts)
            old = further_source_of(options.get("replay_from"), config, texts=texts)
            replay = None if old is None else Replay(old, cast(float, options.get("replay")))
            sources = [each for each in (source, held_out, old) if each is not None]
            run = with_paths(run, options.get("output"), options.get("log"), sources, checkpoint)
            for chosen in (vocabulary, None if known is None else known.vocabulary):
                if run.output is not None and chosen is not None:
                    check_words(run.output, chosen)
            directory = None if checkpoint is None else closing.enter_context(RunDirectory.create(checkpoint))
            text = None
            if cluster is not None and known is None:
                others = {"checkpoint": checkpoint, "validation": validation}
                here = [name for name, value in others.items() if value is not None]
                text = _text_on(cluster, source, config, vocabulary, watched.on_scan, here)
            if text is None:
                text = read_text(
                    source,
                    config,
                    validation=held_out,
                    vocabulary=vocabulary,
                    known=known,
                    replay=replay,
                    phrases=None if known is None else self._phrases,
                    paths=None if directory is None else directory.text_paths,
                    spool_directory=spool,
                    on_scan=watched.on_scan,
                )
            closing.enter_context(text)
            if run.output is not None:
                check_items(run.output, text.vocabulary, "output")
            if self._given is not None and known is None:
                text = dataclasses.replace(text, config=config_for_words(text.config, self._given, text.corpus.words))
            run = _with_text(dataclasses.replace(run, config=text.config), text)
            start = start_for(text.vocabulary)
            if start is not None and start.old_weights is not None:
                run = dataclasses.replace(run, reading={**(run.reading or {}), "old_weight": start.old_weight})
            self._train(run, text, directory, watched, spool, start, cluster)

    @classmethod
    def resume(
        cls,
        directory: str | Path,
        corpus: Corpus | None = None,
        *,
        texts: Iterable[str] | None = None,
        output: str | Path | None = None,
        log: str | Path | None = None,
        checkpoint_every: str | float | None = None,
        callbacks: Sequence[Callback] = (),
        on_scan: Callable[[ScanProgress], None] | None = None,
        progress: bool | None = False,
        cluster: str | None = None,
        **options: Unpack[TrainingOptions],
    ) -> Word2Vec:
        """Continue a run from its last checkpoint.

        With one thread or ``deterministic=True``, the result is bit-identical to that of an uninterrupted run. A
        finished run is loaded and its vectors are saved again.

        Parameters
        ----------
        directory : str or Path
            The ``checkpoint`` directory of the run.
        corpus, texts : as for :func:`train`, default None
            Not needed. If one is given, it must be the text that the run started with.
        output, log, checkpoint_every : as for :func:`train`, default None
            If None, the values that the run started with.
        callbacks, on_scan, progress, cluster : as for :func:`train`
            Not stored with the run; pass them again.
        **options
            Options of :class:`TrainingConfig`. Not needed. Each must equal the value that the run started with, except
            ``threads``, which may change.

        Returns
        -------
        Word2Vec
            The trained model.

        Raises
        ------
        CheckpointError
            The directory holds no run, another process is using it, or the corpus or an option differs from the run's.
        FormatError
            A file of the run is damaged.
        CorpusError, OutputError, DivergenceError
            As for :func:`train`.
        """
        from wordkin.runs.checkpoints import seconds_of
        from wordkin.runs.directory import RunDirectory
        from wordkin.runs.paths import with_paths
        from wordkin.runs.record import with_options
        from wordkin.text.read import Text
        from wordkin.text.steps import source_of
        from wordkin.training.display import watching

        _check_callbacks(callbacks)
        with contextlib.ExitStack() as closing:
            watched = closing.enter_context(watching(progress, callbacks, on_scan))
            opened = closing.enter_context(RunDirectory.open(directory, lock=True))
            run = with_options(opened.record.run, options)
            given = corpus is not None or texts is not None
            source = source_of(corpus, run.config, texts=texts) if given else None
            run = with_paths(run, output, log, [] if source is None else [source], directory)
            if checkpoint_every is not None:
                run = dataclasses.replace(run, checkpoint_seconds=seconds_of(checkpoint_every))
            if source is not None:
                _refuse_other_text(source, run, opened, watched.on_scan)
            opened.continue_as(run)
            model = cls(run.config)
            if opened.record.finished:
                model._load_from(opened, output=run.output)
                watched.ended(opened.record.state, run.config.epochs)
                return model
            ids = closing.enter_context(opened.open_corpus())
            held_out = opened.open_validation()
            if held_out is not None:
                closing.enter_context(held_out)
            fingerprint = run.text_fingerprint or ""
            text = Text(opened.vocabulary, ids, held_out, fingerprint, run.config, opened.phrases())
            machines, _ = _machines_for(cluster, run.config, None, closing)
            model._train(run, text, opened, watched, None, cluster=machines)
        return model

    @classmethod
    def load(cls, directory: str | Path) -> Word2Vec:
        """Load a saved model, or the last checkpoint of a run. Tables are memory-mapped.

        Parameters
        ----------
        directory : str or Path
            A directory written by :meth:`save`, or the ``checkpoint`` directory of a run.

        Returns
        -------
        Word2Vec
            The trained model.

        Raises
        ------
        CheckpointError
            The directory holds no model, or a model without trained tables.
        FormatError
            A file of the model is damaged.
        """
        from wordkin.runs.directory import RunDirectory

        with RunDirectory.open(directory) as opened:
            model = cls(opened.record.run.config)
            model._load_from(opened, output=None)
        return model

    def save(self, directory: str | Path) -> None:
        """Save configuration, vocabulary, tables and losses, in the checkpoint format.

        Parameters
        ----------
        directory : str or Path
            Created if needed. A model saved there before is replaced atomically.

        Raises
        ------
        OutputError
            The directory cannot be written.
        CheckpointError
            The directory holds the checkpoints of a run.
        """
        from wordkin.runs.directory import RunDirectory
        from wordkin.runs.record import Run

        vocabulary, tables, state = self.vocabulary, self._trained(self._tables), self._trained(self._state)
        with RunDirectory.create(directory, replace=True) as target:
            target.begin(
                Run(self.config, reading=self._reading), vocabulary, state, tables, finished=True,
                phrases=self._phrases, rare=self._rare,
            )  # fmt: skip

    def _train(
        self,
        run: Run,
        text: Text,
        directory: RunDirectory | None,
        watched: Watched,
        spool_directory: str | Path | None,
        start: Start | None = None,
        cluster: RayCluster | None = None,
    ) -> None:
        """Train on a text. The model changes only after training has succeeded."""
        from wordkin.runs.run import train_run

        if run.output is not None:
            check_words(run.output, text.vocabulary)
        state, tables = train_run(
            run,
            text.vocabulary,
            text.corpus,
            text.validation,
            callbacks=watched.callbacks,
            directory=directory,
            start=start,
            phrases=text.phrases,
            selection=text.selection,
            spool_directory=spool_directory,
            cluster=cluster,
        )
        if text.selection is not None:
            self._rare, self._forgotten = text.selection.rare, text.selection.forgotten
        elif directory is not None:
            self._rare = directory.rare()
        self.config, self._state, self._tables, self._phrases = run.config, state, tables, text.phrases
        self._vocabulary, self._embeddings, self._reading = text.vocabulary, None, run.reading
        watched.ended(state, run.config.epochs)
        self._save_vectors(run.output)

    def _load_from(self, opened: RunDirectory, output: str | None) -> None:
        """Set this model to the state saved in a run directory; save its vectors to ``output`` unless it is None."""
        tables = opened.tables()
        if tables is None:
            raise CheckpointError(f"the run in {str(opened.path)!r} has no trained tables yet: continue it with resume")
        self._vocabulary, self._tables, self._state = opened.vocabulary, tables, opened.record.state
        self._phrases, self._rare, self._reading = opened.phrases(), opened.rare(), opened.record.run.reading
        self._save_vectors(output)

    def _save_vectors(self, output: str | None) -> None:
        self._output = output
        if output is not None:
            self.embeddings.save(output)

    @property
    def output(self) -> str | None:
        """Absolute path of the file that the vectors were saved to; None if they were not saved."""
        return self._output

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the model, with their ids and counts."""
        return self._trained(self._vocabulary)

    @property
    def embeddings(self) -> Embeddings:
        """The word vectors with their vocabulary."""
        if self._embeddings is None:
            from wordkin.runs.record import FREE_TO_CHANGE
            from wordkin.training.tables import result_vectors

            matrix = result_vectors(self.config, self._trained(self._tables))
            # Equal vectors must give equal files, so options that do not affect them are left out of the metadata.
            decisive = {name: each for name, each in self.config.to_dict().items() if name not in FREE_TO_CHANGE}
            metadata = {name: str(value) for name, value in decisive.items() if value is not None}
            if self.replayed is not None:
                metadata["replay"] = json.dumps(self.replayed)
            if self.ending:
                metadata |= {"best_epoch": str(self.best_epoch), "ending": self.ending}
            for name, losses in (("losses", self.losses), ("validation_losses", self.validation_losses)):
                if losses:
                    metadata[name] = json.dumps([float(f"{loss:.6g}") for loss in losses])
            self._embeddings = Embeddings(self.vocabulary, matrix, metadata)
        return self._embeddings

    @property
    def phrases(self) -> Phrases | None:
        """The phrases that were joined in the text; None without the option ``phrases``."""
        return self._phrases

    @property
    def rare(self) -> Vocabulary | None:
        """Words too rare for the vocabulary, with their counts, for :meth:`update`; None if none are stored."""
        self._trained(self._vocabulary)
        return self._rare

    @property
    def words_from_init(self) -> int:
        """Number of words that started from a vector of ``init``."""
        return self._words_from_init

    @property
    def forgotten(self) -> int:
        """Number of rare words whose counts were discarded, because there were more than a model stores."""
        return self._forgotten

    @property
    def replayed(self) -> Mapping[str, float] | None:
        """What ``replay`` added to the last update: ``share``, ``sentences`` and ``words``; None without ``replay``."""
        self._trained(self._vocabulary)
        found: Mapping[str, float] | None = None if self._reading is None else self._reading.get("replay")
        return found

    @property
    def losses(self) -> list[float]:
        """Mean loss per training example of each epoch, in nats."""
        return list(self._trained(self._state).losses)

    @property
    def validation_losses(self) -> list[float]:
        """Mean loss per example of the held-out text after each epoch, in nats; empty without held-out text."""
        return list(self._trained(self._state).validation_losses)

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, that the vectors come from.

        With ``patience``, the epoch with the lowest held-out loss; otherwise the last one. 0 before the first epoch has
        ended.
        """
        return self._trained(self._state).kept_epoch(self.config.epochs)

    @property
    def ending(self) -> str:
        """One line that says which epoch the vectors come from, and why; empty for the last planned epoch."""
        return self._trained(self._state).ending(self.config.epochs)

    @property
    def stopped_early(self) -> bool:
        """Whether training stopped because the held-out loss had not fallen for ``patience`` epochs."""
        return self._trained(self._state).stopped_early

    def plot_losses(self, output: str | Path | None = None, **style: Any) -> Figure:
        """Plot the training and held-out loss of each epoch (extra ``plot``).

        Parameters
        ----------
        output : str or path, default None
            A .png, .svg or .pdf file to write.
        **style
            ``title``, ``ax``, ``theme`` and ``font``, as for :func:`wordkin.plots.plot_losses`.

        Returns
        -------
        matplotlib Figure
            The figure.
        """
        from wordkin.plots import of_epochs, plot_losses

        state = self._trained(self._state)
        best = self.best_epoch if self.best_epoch != len(state.losses) else 0
        return plot_losses(of_epochs(state.losses, state.validation_losses, best_epoch=best), output, **style)

    def predict(self, words: str | Sequence[str], topn: int = 10, *, objective: str | None = None) -> Prediction:
        """Predict words: the centre word of a context for CBOW, the context words of a centre for skip-gram.

        Parameters
        ----------
        words : str or sequence of str
            The context words (CBOW) or the centre word (skip-gram).
        topn : int, default 10
            Number of words to return, at least 1.
        objective : str, default None
            The objective to use if several were trained. If None, one that gives probabilities, if possible.

        Returns
        -------
        Prediction
            Pairs of word and value, highest value first. Full and hierarchical softmax give probabilities. Negative
            sampling does not: its value is the estimated probability that the pair comes from the text and not from the
            noise distribution. The attribute ``objective`` names the objective, and ``normalised`` says whether the
            values are probabilities.

        Raises
        ------
        NotTrainedError
            The model has not been trained.
        UnknownWordError
            A word is not in the vocabulary.
        """
        return self._current_predictor().predict(words, topn, objective)

    def probability(self, word: str, given: str | Sequence[str], *, objective: str | None = None) -> Probability:
        """Probability of a word as the centre of a context (CBOW) or as a context word of a centre (skip-gram).

        Parameters
        ----------
        word : str
            The word to score.
        given : str or sequence of str
            The context words (CBOW) or the centre word (skip-gram).
        objective : str, default None
            The objective to use if several were trained. If None, one that gives probabilities, if possible.

        Returns
        -------
        Probability
            The ``value``, with the attributes ``objective`` and ``normalised`` as for :meth:`predict`.

        Raises
        ------
        NotTrainedError
            The model has not been trained.
        UnknownWordError
            A word is not in the vocabulary.
        """
        return self._current_predictor().probability(word, given, objective)

    def score(
        self, corpus: Corpus | None = None, *, texts: Iterable[str] | None = None, objective: str | None = None
    ) -> float:
        """Mean log-likelihood of a text: per (centre, context word) pair for skip-gram, per centre for CBOW.

        Every window has its full width, no word is dropped by subsampling, and words outside the vocabulary are
        removed. With ``window="sentence"``, ``max_context`` context words are drawn from longer sentences, as in
        training.

        Parameters
        ----------
        corpus : path, sequence of paths or iterable of lists of words, default None
            The text, as for :func:`train`.
        texts : iterable of str, default None
            Strings to score instead of ``corpus``.
        objective : str, default None
            The objective to use if several were trained. If None, one that gives probabilities.

        Returns
        -------
        float
            Mean log-likelihood in nats, at most 0.

        Raises
        ------
        ConfigError
            The model was trained with negative sampling only, which gives no likelihood.
        CorpusError
            No sentence of the text has two words of the vocabulary.
        NotTrainedError
            The model has not been trained.
        """
        from wordkin.text.read import encode_source
        from wordkin.text.steps import source_of

        predictor = self._current_predictor()
        source, words = source_of(corpus, self.config, texts=texts), self.vocabulary
        with encode_source(source, self.config, words, phrases=self._phrases, always=words)[0] as encoded:
            return predictor.mean_log_likelihood(encoded, objective)

    def _current_predictor(self) -> Predictor:
        """Return a predictor for the current tables. It is cached until the tables change."""
        from wordkin.training.probability import Predictor

        tables = self._trained(self._tables)
        if self._predictor is None or self._predictor.tables is not tables:
            self._predictor = Predictor(self.config, self.vocabulary, tables)
        return self._predictor

    def _trained(self, part: Part | None) -> Part:
        if part is None:
            raise NotTrainedError("the model has not been trained: call fit(corpus) first")
        return part


def _machines_for(
    address: str | None, config: TrainingConfig, source: Source | None, closing: contextlib.ExitStack
) -> tuple[RayCluster | None, TrainingConfig]:
    """Connect to the cluster at ``address``; return it with the training options for that many machines.

    ``closing`` closes the connection. If ``address`` is None, returns None and ``config`` unchanged: training then runs
    in this process.
    """
    if address is None:
        return None, config
    from wordkin.training.choose import config_for_machines, connect, refuse_for_machines

    refuse_for_machines(config)
    streamed = source is not None and any(file.name == STANDARD_INPUT for file in source.files)
    if source is not None and (streamed or source.kind not in ("files", "encoded")):
        given = "standard input" if streamed else f"an iterable of {source.kind}"
        raise ConfigError("cluster", "needs a corpus of files", given, "save the text to a file first")
    cluster = closing.enter_context(connect(address))
    return cluster, config_for_machines(config, len(cluster.machines))


def _text_on(
    cluster: RayCluster,
    source: Source,
    config: TrainingConfig,
    vocabulary: Vocabulary | None,
    on_scan: Callable[[ScanProgress], None] | None,
    here: Sequence[str],
) -> Text | None:
    """Read the text on the machines of the cluster; return None if it must be read in this process.

    ``here`` names the options of the call, such as "checkpoint", that need the text in this process.
    """
    from wordkin.text.on_machines import can_read_on_machines, read_text_on_machines

    if not can_read_on_machines(source, config, others=here):
        return None
    return read_text_on_machines(cluster, source, config, vocabulary=vocabulary, on_scan=on_scan)


def _given_vocabulary(config: TrainingConfig, given: object) -> Vocabulary:
    """Convert the ``vocabulary`` argument; raise :class:`ConfigError` if an option such as ``min_count`` is set."""
    from wordkin.vocabulary.files import vocabulary_of

    for each in dataclasses.fields(TrainingConfig):
        value = getattr(config, each.name)
        if each.name in ("min_count", "max_vocabulary", "keep_words", "max_types") and value != each.default:
            raise ConfigError(
                each.name,
                "cannot be combined with vocabulary, because all words of vocabulary are learned",
                value,
                f"leave {each.name} out",
            )
    return vocabulary_of(given)


def _vectors_to_start_from(config: TrainingConfig, given: object) -> WordVectors:
    """Load the vectors of the ``init`` argument; raise :class:`ConfigError` if their size differs from the options."""
    from wordkin.embeddings.formats import load_for
    from wordkin.training.growing import check_init_size
    from wordkin.vectors import WordVectors

    vectors = load_for("init", given) if isinstance(given, str | Path) else given
    if not isinstance(vectors, WordVectors):
        raise ConfigError("init", "must be the path of a file of vectors, or an Embeddings object", given)
    check_init_size(config, vectors.vector_size)
    return vectors


def _with_text(run: Run, text: Text) -> Run:
    """Return a copy of ``run`` with the fingerprints of the text and of the held-out text that were read."""
    return dataclasses.replace(
        run,
        text_fingerprint=text.fingerprint,
        reading=text.reading,
        corpus_fingerprint=text.corpus.fingerprint,
        validation_fingerprint=None if text.validation is None else text.validation.fingerprint,
    )


def _refuse_other_text(
    source: Source, run: Run, opened: RunDirectory, on_scan: Callable[[ScanProgress], None] | None
) -> None:
    """Raise :class:`CheckpointError` unless ``source`` is the text that the run started with.

    The text is read and encoded again, and its fingerprint is compared with the one in the record of the run.
    """
    from wordkin.text.read import encode_source

    if run.config.max_types is not None and "text" in opened.record.files:
        raise CheckpointError(
            f"the text cannot be compared with that of the update in {str(opened.path)!r}, because max_types dropped "
            "different words in that update: leave the corpus out to continue with the stored text"
        )
    encoded, fingerprint = encode_source(
        source, run.config, opened.vocabulary, phrases=opened.phrases(), on_scan=on_scan
    )
    encoded.close()
    if fingerprint != run.text_fingerprint:
        raise CheckpointError(
            f"the text or its reading options differ from those at the start of the run in {str(opened.path)!r}: "
            "leave the corpus out to continue with the stored text, or start a new run"
        )


def _check_options(config: TrainingConfig, options: ReplayOptions) -> None:
    """Raise :class:`ConfigError` if an option is illegal, or two of them cannot be combined."""
    _check_validation(config, options.get("validation"))
    _check_callbacks(options.get("callbacks"))
    _check_freeze(config, options.get("freeze"), options.get("cluster"))
    every = options.get("checkpoint_every")
    if options.get("checkpoint") is None and every is not None:
        raise ConfigError("checkpoint_every", "needs a checkpoint directory", every, "pass the directory as checkpoint")


def _check_validation(config: TrainingConfig, validation: object) -> None:
    """Raise :class:`ConfigError` if options about held-out text contradict each other or need a text."""
    if validation is not None and config.validation_fraction is not None:
        raise ConfigError(
            "validation_fraction", "cannot be combined with a held-out text (validation)",
            config.validation_fraction, "leave out validation_fraction or validation")  # fmt: skip
    if config.patience is not None and validation is None and config.validation_fraction is None:
        raise ConfigError(
            "patience", "needs held-out text", config.patience, "set validation_fraction, or pass a text as validation"
        )


def _check_freeze(config: TrainingConfig, freeze: object, cluster: object) -> None:
    """Raise :class:`ConfigError` if ``freeze`` is combined with options that it does not support."""
    if freeze is not None and cluster is not None:
        raise ConfigError(
            "freeze",
            "cannot be combined with cluster, because merging the tables of the machines changes all rows",
            freeze,
            "leave out freeze or cluster",
        )
    if freeze is not None and config.replicas != 1:
        raise ConfigError(
            "freeze",
            f"needs replicas=1 (now {config.replicas}), because merging replicas changes all rows",
            freeze,
            "leave freeze out, or set replicas=1",
        )
    if freeze is not None and config.vectors != "input":
        raise ConfigError(
            "freeze",
            f'needs vectors="input" (now {config.vectors!r}), because only input rows can be frozen',
            freeze,
            'leave freeze out, or set vectors="input"',
        )


def _check_callbacks(callbacks: object) -> None:
    """Raise :class:`ConfigError` if ``callbacks`` is not a sequence of functions, before training starts."""
    if not isinstance(callbacks, Sequence) or not all(map(callable, callbacks)):
        remedy = "put it in a list" if callable(callbacks) else "pass [] for none"
        raise ConfigError("callbacks", "must be a list of functions that take a TrainingReport", callbacks, remedy)


_FIT_NAMES = frozenset(FitOptions.__annotations__)


def _shown_with_options(function: Callable[..., object], own: Callable[..., object] | None = None) -> inspect.Signature:
    """The signature of ``function`` with the names of all options instead of ``**options``, for ``help()`` and editors.

    The options are those of training and, if ``own`` is given, the keyword arguments of ``own``. Type checkers read the
    signature in the source instead.
    """
    plain = inspect.signature(function)
    named = [each for each in plain.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    if own is not None:
        given = {each.name for each in named}
        rest = inspect.signature(own).parameters.values()
        named += [each for each in rest if each.kind is inspect.Parameter.KEYWORD_ONLY and each.name not in given]
    named += [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in dataclasses.fields(TrainingConfig)
    ]
    return plain.replace(parameters=named)


_shown: tuple[tuple[Any, Callable[..., object] | None], ...] = (
    (train, Word2Vec.fit),
    (resume, Word2Vec.resume),
    (Word2Vec.__init__, None),
)
for _function, _own in _shown:
    _function.__signature__ = _shown_with_options(_function, _own)
