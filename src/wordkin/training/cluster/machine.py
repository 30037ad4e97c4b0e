"""What one machine holds and does: some of the replicas, and the rows as they were when they were last merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.merging import ChangedRows, MergedRows, Merger, Rows, stripe_of
from wordkin.training.cluster.replica import Replica
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import TablePiece


class Machine:
    """Trains replicas one after the other, each with all threads, and takes part in merging them.

    Attributes
    ----------
    replicas : by number.
    merged : float32 [rows, row_size] of each table: the rows as last merged, the same on every machine.

    Parameters
    ----------
    config, counts, start, text_counts : as of :class:`~wordkin.training.cpu.backend.CpuBackend`.
    numbers : which replicas this machine trains; at least one.
    """

    def __init__(
        self,
        config: TrainingConfig,
        counts: NDArray[np.int64],
        start: Iterable[TablePiece],
        numbers: Sequence[int],
        *,
        text_counts: NDArray[np.int64] | None = None,
    ) -> None:
        def open_replica(pieces: Iterable[TablePiece]) -> Replica:
            return Replica(CpuBackend(config, counts, pieces, text_counts=text_counts))

        first, *others = numbers
        self.replicas = {first: open_replica(start)}
        self.merged: tuple[Rows, ...] = tuple(rows.copy() for rows in self.replicas[first].rows)
        for number in others:
            self.replicas[number] = open_replica(())
            self.replicas[number].restart_from(self.merged)
        self.frequent = frequent_rows(config, counts, [len(rows) for rows in self.merged])
        layout = self.replicas[first].backend.layout
        self._merger = Merger(layout, [len(rows) for rows in self.merged], config.replicas)
        self._undo: list[tuple[Rows, NDArray[np.int32], Rows]] = []  # merged rows as they were when the period began

    def train(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        blocks: Sequence[range],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> dict[int, SpanResult]:
        """Train each replica of this machine on its block of a round."""
        return {
            number: replica.train(corpus, epoch, blocks[number], schedule, should_stop)
            for number, replica in self.replicas.items()
        }

    def changes(self, stripe: int, *, all_rows: bool) -> dict[int, list[ChangedRows]]:
        """What each replica of this machine changed in a stripe: of all rows, or of the frequent ones."""
        among = None if all_rows else self.frequent
        return {number: replica.changes(stripe, among) for number, replica in self.replicas.items()}

    def merge(self, stripe: int, changes: dict[int, list[ChangedRows]]) -> list[MergedRows]:
        """The changes of all replicas to a stripe, merged; nothing on this machine changes."""
        before = [stripe_of(rows, stripe) for rows in self.merged]
        return self._merger.merge(before, [changes[number] for number in sorted(changes)])

    def take(self, stripe: int, merged: Sequence[MergedRows], *, all_rows: bool) -> None:
        """Set the rows of a stripe to what was merged, in every replica; with ``all_rows``, for good."""
        for number, (ids, rows) in enumerate(merged):
            before = stripe_of(self.merged[number], stripe)
            if not all_rows:
                self._undo.append((before, ids, before[ids]))
            before[ids] = rows
            for replica in self.replicas.values():
                stripe_of(replica.rows[number], stripe)[ids] = rows
                stripe_of(replica.pulls[number], stripe)[ids] = 0.0

    def end_period(self) -> None:
        """To be called when all rows were merged: there is no way back behind this."""
        self._undo.clear()

    def restart_period(self) -> None:
        """Have all rows as they were when the period began."""
        while self._undo:
            rows, ids, before = self._undo.pop()
            rows[ids] = before
        for replica in self.replicas.values():
            replica.restart_from(self.merged)

    def restart_with(self, rows: Sequence[Rows]) -> None:
        """Have all rows as they are elsewhere."""
        for own, others in zip(self.merged, rows, strict=True):
            own[...] = others
        self._undo.clear()
        self.restart_period()

    def close(self) -> None:
        for replica in self.replicas.values():
            replica.backend.close()


def frequent_rows(
    config: TrainingConfig, counts: NDArray[np.int64], rows: Sequence[int]
) -> tuple[NDArray[np.bool_], ...]:
    """Which rows of each table are merged after every round: bool [rows].

    Of words the most frequent ones, of nodes of the tree those nearest to the root, which come first.
    """
    common = np.zeros(len(counts), np.bool_)
    common[np.argsort(-counts, kind="stable")[: config.frequent_rows]] = True
    nodes = np.arange(len(counts) - 1) < config.frequent_rows
    outputs = (nodes if each == "hierarchical-softmax" else common for each in config.objectives)
    return (common, np.ones(rows[1], np.bool_), *outputs)
