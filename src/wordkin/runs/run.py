"""A whole run, from a backend with its first or last tables to the final ones."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from pathlib import Path

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.runs.checkpoints import Checkpoints, RunBestTables, TemporaryBestTables
from wordkin.runs.directory import RunDirectory
from wordkin.runs.log import TrainingLog
from wordkin.runs.record import Run
from wordkin.runs.signals import StopSignals
from wordkin.training.choose import open_backend
from wordkin.training.cost import warn_of_cost
from wordkin.training.persistence import BestTables
from wordkin.training.progress import Callback
from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables, compacted
from wordkin.training.trainer import Trainer
from wordkin.vocabulary import Vocabulary


def train_run(
    run: Run,
    vocabulary: Vocabulary,
    corpus: EncodedCorpus,
    validation: EncodedCorpus | None,
    *,
    callbacks: Sequence[Callback] = (),
    directory: RunDirectory | None = None,
    spool_directory: str | Path | None = None,
) -> tuple[RunState, NamedTables]:
    """Train from where the directory stands, or from the beginning; return the last state and the tables.

    Ctrl-C and SIGTERM stop the run after a last checkpoint and are then raised as ever. Raises
    :class:`DivergenceError`, :class:`OutputError` and whatever a callback raises.
    """
    state, tables = RunState(), None
    checkpoints: Checkpoints | None = None
    best: BestTables | None = None
    if directory is not None:
        state, tables = copy.deepcopy(directory.record.state), directory.tables()
        best = best_in_run = RunBestTables(directory, spool_directory)
        checkpoints = Checkpoints(directory, best_in_run)
    elif run.config.patience is not None:
        best = TemporaryBestTables(spool_directory)
    with contextlib.ExitStack() as closing:
        if run.log is not None:
            words = state.epoch * corpus.words + state.position
            log = TrainingLog(run.log, words=words)
            closing.callback(log.close)
            callbacks = [log, *callbacks]
        warn_of_cost(run.config, len(vocabulary), corpus.words)
        backend = open_backend(run.config, vocabulary)
        closing.callback(backend.close)
        if tables is not None:
            backend.load_tables(tables)
        signals = closing.enter_context(StopSignals())  # until now nothing was trained that could be lost
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
        )
        state = trainer.run()
        tables = backend.tables()
        del trainer, backend
    return state, compacted(tables)
