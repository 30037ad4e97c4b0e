"""Text in, word vectors out: joins corpus, vocabulary, training and embeddings.

This is the one module that knows all of them.
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
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from wordkin.corpus.phrases import Phrases
    from wordkin.corpus.scanning.progress import ScanProgress
    from wordkin.runs.directory import RunDirectory
    from wordkin.runs.record import Run
    from wordkin.text import Text
    from wordkin.training.cluster.ray_cluster import RayCluster
    from wordkin.training.display import Watched
    from wordkin.training.probability import Prediction, Predictor, Probability
    from wordkin.training.progress import Callback
    from wordkin.training.state import RunState
    from wordkin.training.tables import NamedTables
    from wordkin.vectors import WordVectors
    from wordkin.vocabulary.selection import Known

Part = TypeVar("Part")


class RunOptions(TypedDict, total=False):
    """Keyword arguments of a run that :func:`train` shares with :func:`resume`; see :func:`train`."""

    texts: Iterable[str] | None
    output: str | Path | None
    log: str | Path | None
    checkpoint_every: str | float | None
    callbacks: Sequence[Callback]
    on_scan: Callable[[ScanProgress], None] | None
    progress: bool | None
    cluster: str | None


class UpdateOptions(RunOptions, total=False):
    """Keyword arguments of a run that :meth:`Word2Vec.fit` shares with :meth:`Word2Vec.update`; see :func:`train`."""

    validation: Corpus | None
    checkpoint: str | Path | None
    spool_directory: str | Path | None
    freeze: str | Path | Iterable[str] | None


class ReplayOptions(UpdateOptions, total=False):
    """Keyword arguments of :meth:`Word2Vec.update` but for options of training."""

    replay: float | None
    replay_from: Corpus | None


class FitOptions(UpdateOptions, total=False):
    """Keyword arguments of :meth:`Word2Vec.fit`; see :func:`train`."""

    vocabulary: str | Path | Mapping[str, int] | Vocabulary | None
    init: str | Path | WordVectors | None


class TrainOptions(FitOptions, TrainingOptions, total=False):
    """Keyword arguments of :func:`train`."""


class ResumeOptions(RunOptions, TrainingOptions, total=False):
    """Keyword arguments of :func:`resume`."""


def train(corpus: Corpus | None = None, **options: Unpack[TrainOptions]) -> Embeddings:
    """Train word vectors on a corpus.

    Ctrl-C and SIGTERM stop training within a span of text, after a last checkpoint where one was asked
    for, and are then raised as ever.

    Parameters
    ----------
    corpus : path, sequence of paths or iterable of lists of words
        A path, glob, directory or address, several of them, ``"-"`` for standard input, or any iterable of
        lists of words (read exactly once). With the option ``field``: files of records, dicts, a dataset or
        a data frame; ``docs/corpora.md`` has an example of each.
    texts : iterable of str, default None
        In place of a corpus, such as a pandas Series; split as lines of a file are.
    output : path, default None
        Where to save the vectors; checked before training begins, as are the words where the suffix asks for a
        format without room for white space in them. The suffix gives the format.
    validation : as corpus, default None
        Held-out text; its loss is measured after each epoch.
    log : path, default None
        A file for a JSON object about once a second: words, loss, learning rate and so on.
    checkpoint : path, default None
        A directory to keep the run in while it goes on, so that :func:`resume` can go on with it.
    checkpoint_every : float or str, default "10m"
        Time between checkpoints: seconds, or text such as ``"10m"``.
    callbacks : sequence of functions, default ()
        Each is called with a :class:`TrainingReport` several times a second; returning True stops.
        An exception in one ends training, after a last checkpoint, and is raised.
    on_scan : function, default None
        Called with a :class:`ScanProgress` while the corpus is read.
    progress : bool, default False
        Show a bar while the corpus is read and trained on: below the cell of a notebook, or on standard error where
        that is a terminal; plain lines, one an epoch and every 30 seconds, where standard error is anything else.
    cluster : str, default None
        Train on the machines of a Ray cluster (extra ``cluster``): ``"auto"`` for the one that this machine belongs
        to, or its address, as ``"HOST:PORT"``. One replica on each unless ``replicas`` is given; see
        ``docs/machines.md``.
    spool_directory : path, default None
        Where temporary files go that hold what exceeds memory; the system's directory unless set.
    vocabulary : path, mapping or Vocabulary, default None
        The words to learn with their counts, in place of those counted in the text: a file of ``word count`` lines,
        counts by word, or a vocabulary. ``min_count``, ``max_vocabulary``, ``keep_words`` and ``max_types`` do not go
        with it.
    init : path or Embeddings, default None
        Vectors to start from, in any format that :func:`load` reads. Other words are drawn at the same scale.
    freeze : str, path or iterable of str, default None
        With ``init``, words whose vectors stay as they start: a regular expression that a word matches as a whole
        (``".*"`` for all that have one), a file with a word on each line (as a ``Path``), or the words.
    **options
        Any option of :class:`TrainingConfig`.

    Returns
    -------
    Embeddings
        The vectors, float32 [V, vector_size], with their vocabulary.

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
        if name not in known and _FIT_NAMES.intersection(near):  # others are told of with the options of training
            raise ConfigError(name, "is not an option of training", value, f"did you mean {' or '.join(near)}?")
    return Word2Vec(**training).fit(corpus, **run).embeddings


def resume(directory: str | Path, corpus: Corpus | None = None, **options: Unpack[ResumeOptions]) -> Embeddings:
    """Go on with a run from its last checkpoint and return the vectors.

    Parameters
    ----------
    directory : str or Path
        What ``checkpoint`` was.
    corpus, texts : as for :func:`train`, default None
        Not needed; where one is given, it must be the text that the run began with.
    output, log, checkpoint_every : as for :func:`train`, default None
        As they were at the beginning, unless given.
    callbacks, on_scan, progress, cluster : as for :func:`train`
        Not kept by the run; give them again.
    **options
        Options of :class:`TrainingConfig`, as for :meth:`Word2Vec.resume`.

    Returns
    -------
    Embeddings
        The vectors, float32, shape (V, vector_size).

    Raises
    ------
    CheckpointError
        There is no run, another process has it, or corpus or options are not its own.
    FormatError
        A file of it is damaged.
    """
    return Word2Vec.resume(directory, corpus, **options).embeddings


class Word2Vec:
    """A word2vec model: its configuration, vocabulary, trained tables and loss history.

    Parameters
    ----------
    config : TrainingConfig, default None
        All options at once, in place of those below.
    recipe : str, default None
        A named set of values for options; options given by hand win.
    **options
        Options of :class:`TrainingConfig`.

    Raises
    ------
    ConfigError
        An option is not legal, or two do not go together.

    >>> model = Word2Vec(vector_size=10, min_count=1, epochs=2, subsample=0)
    >>> model.fit([["you", "say", "goodbye"], ["i", "say", "hello"]]).vocabulary.words[0]
    'say'
    """

    def __init__(self, config: TrainingConfig | None = None, /, **options: Unpack[TrainingOptions]) -> None:
        if config is None:
            config = TrainingConfig.from_options(**options)
        elif not isinstance(config, TrainingConfig):
            raise ConfigError("config", "must be a TrainingConfig", config, "give the text to fit")
        elif options:
            raise ConfigError("config", "must be left out where options are given", config, "use dataclasses.replace")
        self.config = config
        self._given: Mapping[str, Any] | None = options or None  # by hand: where a recipe may depend on the text
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
        """Count, encode and train from the beginning.

        Parameters
        ----------
        corpus, texts, output, validation, log, checkpoint, checkpoint_every, callbacks, on_scan : as for :func:`train`
            What to read and what to write.
        progress, cluster, spool_directory, vocabulary, init, freeze : as for :func:`train`
            How to show it, where to train, where temporary files go, what to start from and what to leave as it is.

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
            raise ConfigError("freeze", "needs vectors to start from", freeze, "give init, or update a model")
        places: ReplayOptions = {
            "texts": texts, "output": output, "validation": validation, "log": log, "checkpoint": checkpoint,
            "checkpoint_every": checkpoint_every, "callbacks": callbacks, "on_scan": on_scan,
            "progress": progress, "cluster": cluster, "spool_directory": spool_directory, "freeze": freeze,
        }  # fmt: skip

        def tables_for(chosen: Vocabulary) -> NamedTables | None:
            if vectors is None:
                return None
            from wordkin.training.growing import tables_from_vectors

            tables, self._words_from_init = tables_from_vectors(self.config, vectors.vocabulary, vectors.matrix, chosen)
            return tables

        has_vectors = None if vectors is None else vectors.vocabulary
        self._learn(self.config, corpus, places, tables_for, vocabulary=words, has_vectors=has_vectors)
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
        **options: Unpack[TrainingOptions],
    ) -> Word2Vec:
        """Learn from new text: old words keep their vectors and counts, new ones join.

        A word of the new text joins when it was seen ``min_count`` times in all text together, as far as the model
        kept the counts of rare words. ``docs/growing.md`` gives the rules. Where training fails or is stopped, the
        model is as it was.

        Parameters
        ----------
        corpus, texts : as for :func:`train`
            The new text alone.
        output, validation, log, checkpoint, checkpoint_every : as for :func:`train`, default None
            ``checkpoint`` is a directory of its own.
        callbacks, on_scan, progress, cluster, spool_directory : as for :func:`train`
            How to follow it, where to train and where temporary files go.
        freeze : str, path or iterable of str, default None
            Words of the model whose vectors stay as they are, as in :func:`train`; ``".*"`` for all of them.
        replay : float, default None
            Share of the sentences of ``replay_from`` to mix into the new text, above 0, at most 1: the model forgets
            less and learns more, in more time. Which ones they are depends on ``seed``. They add to no count of words.
        replay_from : as corpus, default None
            With ``replay``, text that the model has learned before, such as an encoded text: a model does not keep its
            text. Strings where the new text is ``texts``, or a path.
        **options
            Options of :class:`TrainingConfig` that shall differ from those of the model, such as ``epochs``.
            ``learning_rate`` has a default of its own, whatever that of the model was; ``docs/growing.md`` has it.

        Returns
        -------
        Word2Vec
            The model itself.

        Raises
        ------
        NotTrainedError
            The model has not been trained.
        ConfigError
            An option would change what the tables mean, or the model has hierarchical softmax.
        CorpusError
            As for :func:`train`, or ``replay_from`` is not text that the model has learned.
        OutputError, CheckpointError, DivergenceError
            As for :func:`train`.
        """
        from wordkin.training.growing import check_replay, grown_tables, update_config
        from wordkin.vocabulary.selection import Known

        old, tables = self.vocabulary, self._trained(self._tables)
        config = update_config(self.config, options, has_validation=validation is not None)
        check_replay(replay, replay_from)
        places: ReplayOptions = {
            "texts": texts, "output": output, "validation": validation, "log": log, "checkpoint": checkpoint,
            "checkpoint_every": checkpoint_every, "callbacks": callbacks, "on_scan": on_scan,
            "progress": progress, "cluster": cluster, "spool_directory": spool_directory, "freeze": freeze,
            "replay": replay, "replay_from": replay_from,
        }  # fmt: skip

        def tables_for(grown: Vocabulary) -> NamedTables:
            return grown_tables(config, tables, old, grown)

        self._learn(config, corpus, places, tables_for, known=Known(old, self._rare), has_vectors=old)
        return self

    def _learn(
        self,
        config: TrainingConfig,
        corpus: Corpus | None,
        options: ReplayOptions,
        tables_for: Callable[[Vocabulary], NamedTables | None],
        *,
        vocabulary: Vocabulary | None = None,
        known: Known | None = None,
        has_vectors: Vocabulary | None = None,
    ) -> None:
        """Read a text and train on it, from the tables that ``tables_for`` makes for its words.

        ``has_vectors`` are the words that may be frozen.
        """
        from wordkin.embeddings.formats import check_items
        from wordkin.runs.checkpoints import DEFAULT_CHECKPOINT_EVERY, seconds_of
        from wordkin.runs.directory import RunDirectory
        from wordkin.runs.places import at_places
        from wordkin.runs.record import Run
        from wordkin.text import Replay, further_source_of, read_text, source_of
        from wordkin.training.display import watching

        validation, checkpoint, texts = options.get("validation"), options.get("checkpoint"), options.get("texts")
        every, callbacks, spool = options.get("checkpoint_every"), options["callbacks"], options.get("spool_directory")
        _check_validation(config, validation)
        _check_callbacks(callbacks)
        freeze = options.get("freeze")
        _check_freeze(config, freeze, options.get("cluster"))
        if checkpoint is None and every is not None:
            raise ConfigError(
                "checkpoint_every", "needs a place for checkpoints", every, "name a directory as checkpoint"
            )
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
            run = at_places(run, options.get("output"), options.get("log"), sources, checkpoint)
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
            run = _on_text(dataclasses.replace(run, config=text.config), text)
            frozen = None
            if freeze is not None and has_vectors is not None:
                from wordkin.training.growing import frozen_ids

                frozen = frozen_ids(freeze, has_vectors, text.vocabulary)
            self._train(run, text, directory, watched, spool, tables_for(text.vocabulary), frozen, cluster)

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
        """Go on with a run from its last checkpoint, to the model that :meth:`fit` would have made.

        With one thread, or ``deterministic=True``, it is the same to the bit. A run that had reached its
        end is loaded, and its vectors saved again.

        Parameters
        ----------
        directory : str or Path
            What ``checkpoint`` was.
        corpus, texts : as for :func:`train`, default None
            Not needed; where one is given, it must be the text that the run began with.
        output, log, checkpoint_every : as for :func:`train`, default None
            As they were at the beginning, unless given.
        callbacks, on_scan, progress, cluster : as for :func:`train`
            Not kept by the run; give them again.
        **options
            Options of :class:`TrainingConfig`. Not needed; those given must be as they were at the beginning, but for
            ``threads``.

        Returns
        -------
        Word2Vec
            The trained model.

        Raises
        ------
        CheckpointError
            There is no run, another process has it, or corpus or options are not its own.
        FormatError
            A file of it is damaged.
        CorpusError, OutputError, DivergenceError
            As for :func:`train`.
        """
        from wordkin.runs.checkpoints import seconds_of
        from wordkin.runs.directory import RunDirectory
        from wordkin.runs.places import at_places
        from wordkin.runs.record import with_options
        from wordkin.text import Text, source_of
        from wordkin.training.display import watching

        _check_callbacks(callbacks)
        with contextlib.ExitStack() as closing:
            watched = closing.enter_context(watching(progress, callbacks, on_scan))
            opened = closing.enter_context(RunDirectory.open(directory, lock=True))
            run = with_options(opened.record.run, options)
            given = corpus is not None or texts is not None
            source = source_of(corpus, run.config, texts=texts) if given else None
            run = at_places(run, output, log, [] if source is None else [source], directory)
            if checkpoint_every is not None:
                run = dataclasses.replace(run, checkpoint_seconds=seconds_of(checkpoint_every))
            if source is not None:
                _refuse_other_text(source, run, opened, watched.on_scan)
            opened.go_on_as(run)
            model = cls(run.config)
            if opened.record.finished:
                model._take(opened, output=run.output)
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
        """A model that :meth:`save` wrote, or a run as its last checkpoint has it; tables are memory-mapped.

        Parameters
        ----------
        directory : str or Path
            Where it was saved.

        Returns
        -------
        Word2Vec
            A trained model.

        Raises
        ------
        CheckpointError
            The directory holds no model, or one not trained yet.
        FormatError
            A file of it is damaged.
        """
        from wordkin.runs.directory import RunDirectory

        with RunDirectory.open(directory) as opened:
            model = cls(opened.record.run.config)
            model._take(opened, output=None)
        return model

    def save(self, directory: str | Path) -> None:
        """Write configuration, vocabulary, tables and losses, in the format of a checkpoint.

        Parameters
        ----------
        directory : str or Path
            Made if need be. A model saved there before is replaced as a whole.

        Raises
        ------
        OutputError
            The directory cannot be written.
        CheckpointError
            The directory holds a run with checkpoints.
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
        start: NamedTables | None = None,
        frozen: NDArray[np.int64] | None = None,
        cluster: RayCluster | None = None,
    ) -> None:
        """Train on a text; the model changes when that has ended well."""
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
            frozen=frozen,
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

    def _take(self, opened: RunDirectory, output: str | None) -> None:
        """Become the model of a directory; save its vectors."""
        tables = opened.tables()
        if tables is None:
            raise CheckpointError(f"the run in {str(opened.path)!r} has no trained tables yet: resume it")
        self._vocabulary, self._tables, self._state = opened.vocabulary, tables, opened.record.state
        self._phrases, self._rare, self._reading = opened.phrases(), opened.rare(), opened.record.run.reading
        self._save_vectors(output)

    def _save_vectors(self, output: str | None) -> None:
        self._output = output
        if output is not None:
            self.embeddings.save(output)

    @property
    def output(self) -> str | None:
        """Where :meth:`fit` or :meth:`resume` saved the vectors, as an absolute path; None where nowhere."""
        return self._output

    @property
    def vocabulary(self) -> Vocabulary:
        """Words and their counts."""
        return self._trained(self._vocabulary)

    @property
    def embeddings(self) -> Embeddings:
        """The word vectors."""
        if self._embeddings is None:
            from wordkin.runs.record import FREE_TO_CHANGE
            from wordkin.training.tables import result_vectors

            matrix = result_vectors(self.config, self._trained(self._tables))
            # The same vectors make the same file, so what does not decide them stays out of it.
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
        """The phrases that the text was joined by, for text to predict or score; None without the option."""
        return self._phrases

    @property
    def rare(self) -> Vocabulary | None:
        """Words too rare for the vocabulary with their counts, for :meth:`update`; None where none are kept."""
        self._trained(self._vocabulary)
        return self._rare

    @property
    def words_from_init(self) -> int:
        """Number of words whose training started from a vector of ``init``."""
        return self._words_from_init

    @property
    def forgotten(self) -> int:
        """Number of rare words whose counts were not kept when the text had been counted: more than ``max_types``."""
        return self._forgotten

    @property
    def replayed(self) -> Mapping[str, float] | None:
        """What the last update replayed: ``share``, ``sentences`` and ``words`` of old text; None for nothing."""
        self._trained(self._vocabulary)
        found: Mapping[str, float] | None = None if self._reading is None else self._reading.get("replay")
        return found

    @property
    def losses(self) -> list[float]:
        """Mean loss per training example of each epoch, in nats."""
        return list(self._trained(self._state).losses)

    @property
    def validation_losses(self) -> list[float]:
        """Mean loss per example of held-out text after each epoch, in nats; empty where none was held out."""
        return list(self._trained(self._state).validation_losses)

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, that the vectors are of: with ``patience`` the one of the lowest held-out loss.

        Without it the last one; 0 before the first has ended.
        """
        return self._trained(self._state).kept_epoch(self.config.epochs)

    @property
    def ending(self) -> str:
        """Which epoch was kept and why, where that is not the last of all epochs; else ""."""
        return self._trained(self._state).ending(self.config.epochs)

    @property
    def stopped_early(self) -> bool:
        """Whether training ended before all epochs, since the held-out loss had not fallen for ``patience`` of them."""
        return self._trained(self._state).stopped_early

    def plot_losses(self, output: str | Path | None = None, **style: Any) -> Figure:
        """Draw training and held-out loss after each epoch (extra ``plot``).

        Parameters
        ----------
        output : str or path, optional
            A .png, .svg or .pdf file to write.
        **style
            ``title``, ``ax``, ``theme`` and ``font`` as of :func:`wordkin.plots.plot_losses`.

        Returns
        -------
        matplotlib Figure
            The figure drawn on.
        """
        from wordkin.plots import of_epochs, plot_losses

        state = self._trained(self._state)
        best = self.best_epoch if self.best_epoch != len(state.losses) else 0
        return plot_losses(of_epochs(state.losses, state.validation_losses, best_epoch=best), output, **style)

    def predict(self, words: str | Sequence[str], topn: int = 10, *, objective: str | None = None) -> Prediction:
        """The likeliest words: centres of a context for CBOW, context words of a centre for skip-gram.

        Parameters
        ----------
        words : str or sequence of str
            The context words, or the one centre.
        topn : int, default 10
            Number of words, from 1 up.
        objective : str, default None
            Which to ask where several were trained; one that gives probabilities unless set.

        Returns
        -------
        Prediction
            Pairs of word and value, the likeliest first, labelled with what the values are. Under full and
            hierarchical softmax they are probabilities. Under negative sampling they are not, and the label says so:
            each is the chance that the pair was seen in text rather than drawn as noise.

        Raises
        ------
        NotTrainedError
            The model has not been trained.
        UnknownWordError
            A word is not in the vocabulary.
        """
        return self._answers().predict(words, topn, objective)

    def probability(self, word: str, given: str | Sequence[str], *, objective: str | None = None) -> Probability:
        """How likely a word is as the centre of a context (CBOW) or in the context of a centre (skip-gram).

        Parameters
        ----------
        word : str
            The word.
        given : str or sequence of str
            The context words, or the one centre.
        objective : str, default None
            Which to ask where several were trained; one that gives probabilities unless set.

        Returns
        -------
        Probability
            A float with a label that says what it is, as in :meth:`predict`.

        Raises
        ------
        NotTrainedError
            The model has not been trained.
        UnknownWordError
            A word is not in the vocabulary.
        """
        return self._answers().probability(word, given, objective)

    def score(
        self, corpus: Corpus | None = None, *, texts: Iterable[str] | None = None, objective: str | None = None
    ) -> float:
        """Mean log-likelihood of a text: per (centre, context word) pair for skip-gram, per centre for CBOW.

        Windows are full and fixed and no word is left out, except those not in the vocabulary; with
        ``window="sentence"``, as in training, ``max_context`` words of longer sentences are drawn.

        Parameters
        ----------
        corpus : path, sequence of paths or iterable of lists of words, default None
            The text, as for :func:`train`.
        texts : iterable of str, default None
            In place of a corpus.
        objective : str, default None
            Which to ask where several were trained; one that gives probabilities unless set.

        Returns
        -------
        float
            In nats, 0 at most.

        Raises
        ------
        ConfigError
            The model has negative sampling alone, which gives no likelihood.
        CorpusError
            There is nothing to score.
        NotTrainedError
            The model has not been trained.
        """
        from wordkin.text import encode_source, source_of

        answers = self._answers()
        source, words = source_of(corpus, self.config, texts=texts), self.vocabulary
        with encode_source(source, self.config, words, phrases=self._phrases, always=words)[0] as encoded:
            return answers.mean_log_likelihood(encoded, objective)

    def _answers(self) -> Predictor:
        """What answers from the tables as they are now."""
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
    """The machines to train on, open until ``closing`` ends, and the configuration for them; None for this process."""
    if address is None:
        return None, config
    from wordkin.training.choose import config_for_machines, connect, refuse_for_machines

    refuse_for_machines(config)
    streamed = source is not None and any(file.name == STANDARD_INPUT for file in source.files)
    if source is not None and (streamed or source.kind not in ("files", "encoded")):
        what = "standard input" if streamed else f"an iterable of {source.kind}"
        raise ConfigError("cluster", "needs a corpus of files, which can be read again", what, "write it to a file")
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
    """The text, read by the machines; None where this process must read it, as for the options named in ``here``."""
    from wordkin.text_on_machines import can_read_on_machines, read_text_on_machines

    if not can_read_on_machines(source, config, others=here):
        return None
    return read_text_on_machines(cluster, source, config, vocabulary=vocabulary, on_scan=on_scan)


def _given_vocabulary(config: TrainingConfig, given: object) -> Vocabulary:
    """The vocabulary handed to training; :class:`ConfigError` where an option asks for another choice of words."""
    from wordkin.vocabulary.files import vocabulary_of

    for each in dataclasses.fields(TrainingConfig):
        value = getattr(config, each.name)
        if each.name in ("min_count", "max_vocabulary", "keep_words", "max_types") and value != each.default:
            raise ConfigError(
                each.name, "must be left out where a vocabulary is given", value, "all its words are learned"
            )
    return vocabulary_of(given)


def _vectors_to_start_from(config: TrainingConfig, given: object) -> WordVectors:
    """The vectors of a file or of an object; :class:`ConfigError` where they do not fit the options."""
    from wordkin.embeddings.formats import load_embeddings
    from wordkin.training.growing import check_init_size
    from wordkin.vectors import WordVectors

    vectors = load_embeddings(given) if isinstance(given, str | Path) else given
    if not isinstance(vectors, WordVectors):
        raise ConfigError("init", "must be a file of vectors or Embeddings", given)
    check_init_size(config, vectors.vector_size)
    return vectors


def _on_text(run: Run, text: Text) -> Run:
    """The run as one on this text."""
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
    """Raise :class:`CheckpointError` unless a text is the one a run began with."""
    from wordkin.text import encode_source

    if run.config.max_types is not None and "text" in opened.record.files:
        raise CheckpointError(
            f"the text cannot be compared with that of the update in {str(opened.path)!r}, since max_types dropped "
            "other words then: leave the corpus out to go on with the old one"
        )
    encoded, fingerprint = encode_source(
        source, run.config, opened.vocabulary, phrases=opened.phrases(), on_scan=on_scan
    )
    encoded.close()
    if fingerprint != run.text_fingerprint:
        raise CheckpointError(
            f"the text is not the one that the run in {str(opened.path)!r} began with, or is not read as it was: "
            "leave the corpus out to go on with the old one, or start a new run"
        )


def _check_validation(config: TrainingConfig, validation: object) -> None:
    """Raise :class:`ConfigError` where options and held-out text do not go together."""
    if validation is not None and config.validation_fraction is not None:
        raise ConfigError(
            "validation_fraction", "must be left unset where a held-out text (validation) is given",
            config.validation_fraction)  # fmt: skip
    if config.patience is not None and validation is None and config.validation_fraction is None:
        raise ConfigError(
            "patience", "needs held-out text", config.patience, "set validation_fraction, or name a text as validation"
        )


def _check_freeze(config: TrainingConfig, freeze: object, cluster: object) -> None:
    """Raise :class:`ConfigError` where frozen input rows would not be the vectors of the result, or not stay."""
    if freeze is not None and cluster is not None:
        raise ConfigError("freeze", "must be left out on a cluster", freeze, "machines move all rows")
    if freeze is not None and config.replicas != 1:
        raise ConfigError("freeze", f"needs replicas=1 (now {config.replicas})", freeze, "replicas move all rows")
    if freeze is not None and config.vectors != "input":
        raise ConfigError(
            "freeze", f'needs vectors="input" (now {config.vectors!r})', freeze, "output rows are not held fixed"
        )


def _check_callbacks(callbacks: object) -> None:
    """Raise :class:`ConfigError` before the work where a callback could not be called after it."""
    if not isinstance(callbacks, Sequence) or not all(map(callable, callbacks)):
        remedy = "put it in a list" if callable(callbacks) else "pass [] for none"
        raise ConfigError("callbacks", "must be a list of functions that take a TrainingReport", callbacks, remedy)


_FIT_NAMES = frozenset(FitOptions.__annotations__)


def _shown_with_options(function: Callable[..., object], own: Callable[..., object] | None = None) -> inspect.Signature:
    """The signature of a function with each option of training, and each of ``own``, under its name and default.

    For people: ``help()`` and editors that run the code show it. Type checkers see the written one.
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
