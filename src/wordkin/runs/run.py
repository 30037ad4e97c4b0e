"""A complete training run: makes the initial tables, trains, writes checkpoints and the log."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.phrases import Phrases
from wordkin.errors import CheckpointError
from wordkin.runs.checkpoints import Checkpoints, RunBestTables, TemporaryBestTables
from wordkin.runs.directory import RunDirectory
from wordkin.runs.log import TrainingLog
from wordkin.runs.record import Run
from wordkin.runs.signals import StopSignals
from wordkin.training.choose import open_backend, open_on_machines
from wordkin.training.cost import warn_of_cost
from wordkin.training.persistence import BestTables
from wordkin.training.progress import Callback
from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables, Start, check_tables, compacted, first_pieces, pieces_of
from wordkin.training.trainer import Trainer
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.selection import Selection

if TYPE_CHECKING:
    from wordkin.training.cluster.ray_cluster import RayCluster


def train_run(
    run: Run,
    vocabulary: Vocabulary,
    corpus: EncodedCorpus,
    validation: EncodedCorpus | None,
    *,
    callbacks: Sequence[Callback] = (),
    directory: RunDirectory | None = None,
    start: Start | None = None,
    phrases: Phrases | None = None,
    selection: Selection | None = None,
    spool_directory: str | Path | None = None,
    cluster: RayCluster | None = None,
) -> tuple[RunState, NamedTables]:
    """Train from scratch or from the last checkpoint; return the final state and the tables.

    Ctrl-C and SIGTERM stop the run after a last checkpoint and are then raised as usual. Exceptions of callbacks
    propagate.

    Parameters
    ----------
    run : Run
        Configuration and paths.
    vocabulary : Vocabulary
        The words.
    corpus, validation : EncodedCorpus
        The training corpus and the held-out corpus; ``validation`` may be None.
    callbacks : sequence of functions, default ()
        Called with each report.
    directory : RunDirectory, default None
        The directory for checkpoints. The run is begun in it if it has not begun.
    phrases : Phrases, default None
        The phrases that were joined in the text; stored in the directory.
    selection : Selection, default None
        How the vocabulary was selected. The directory stores its counts of rarer words and, for an update, the word
        counts of its text.
    start : Start, default None
        Tables to start from, instead of random ones. The directory stores them, so that a run killed before its first
        checkpoint can be resumed.
    spool_directory : path, default None
        Directory for temporary files.
    cluster : RayCluster, default None
        Machines to train on, instead of this process.

    Raises
    ------
    ConfigError
        ``start`` does not fit the configuration.
    CheckpointError
        ``start`` was passed for a run that has already begun.
    DivergenceError, OutputError
        See :mod:`wordkin.errors`.
    """
    if start is not None:
        check_tables("start", start.tables, run.config, len(vocabulary))
    tables = None if start is None else start.tables
    frozen = None if start is None else start.frozen
    old_rows = None if start is None else start.old_rows
    state = RunState()
    text_counts = None if selection is None else selection.text_counts
    checkpoints: Checkpoints | None = None
    best: BestTables | None = None
    if directory is not None:
        if not directory.has_begun:
            rare = None if selection is None else selection.rare
            directory.begin(
                run, vocabulary, state, tables, finished=False, phrases=phrases, rare=rare, text_counts=text_counts,
                frozen=frozen, old_weights=None if start is None else start.old_weights,
            )  # fmt: skip
        elif start is not None:
            raise CheckpointError("a run that has begun continues from its own tables: leave start out")
        state, tables, text_counts = copy.deepcopy(directory.record.state), directory.tables(), directory.text_counts()
        frozen, old_rows = directory.frozen(), directory.old_rows()
        best = best_in_run = RunBestTables(directory, spool_directory)
        checkpoints = Checkpoints(directory, best_in_run)
    elif run.config.patience is not None:
        best = TemporaryBestTables(spool_directory)
    with contextlib.ExitStack() as closing:
        if run.log is not None:
            words = state.epoch * corpus.words + state.position
            if state.position == corpus.words:  # stopped while measuring: the end of this epoch is reported again
                words -= 1
            log = TrainingLog(run.log, reading=run.reading, words=words)
            closing.callback(log.close)
            callbacks = [log, *callbacks]
        warn_of_cost(run.config, len(vocabulary), corpus.words)
        if cluster is None:
            pieces = first_pieces(run.config, len(vocabulary)) if tables is None else pieces_of(tables)
            backend = open_backend(run.config, vocabulary, pieces, text_counts=text_counts, frozen=frozen)
        else:
            backend = open_on_machines(cluster, run.config, vocabulary, tables, text_counts=text_counts)
        closing.callback(backend.close)
        signals = closing.enter_context(StopSignals())  # before this point no training could be lost
        trainer = Trainer(
            run.config,
            backend,
            corpus,
            callbacks=callbacks,
            should_stop=signals.received,
            validation=validation,
            best_tables=best,
            checkpoints=checkpoints,
            state=state,
            vocabulary=vocabulary,
            old_rows=old_rows,
        )
        state = trainer.run()
        trained = backend.tables()
        del trainer, backend
    return state, compacted(trained)
