"""The transport between machines of a Ray cluster: rows go from machine to machine, not through the driver."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ClusterError
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.ray_cluster import RayCluster, RayMachine, gather, share
from wordkin.training.cluster.transport import MachineLostError, dealt
from wordkin.training.schedule import Schedule
from wordkin.training.tables import PIECE_ROWS, NamedTables, pieces_of, table_shapes

PIECES_AT_A_TIME = 16  # of tables that are fetched
_TICKETS = itertools.count()  # of this process: machines may be handed from one run to the next


def pieces_of_block(corpus: EncodedCorpus, block: range) -> list[Any]:
    """Pieces that hold a block, or references to them where the text is on the machines."""
    if isinstance(corpus, RemoteText):
        return corpus.references(block)
    return [corpus.piece(block)]


@runtime_checkable
class RemoteText(Protocol):
    """A corpus whose words are on the machines."""

    def references(self, positions: range) -> list[Any]:
        """References to pieces that together hold these positions, in their order; at least one."""


class RayTransport:
    """See :class:`~wordkin.training.cluster.transport.Transport`.

    The *members* are the machines that hold replicas: all of the cluster, or as many as there are replicas. What
    changes is sent to the owners of the rows, merged there and sent to all members; it is applied when all of them have
    received it, so that either all have merged or none.

    Parameters
    ----------
    cluster : the machines.
    config : what to train; its ``threads`` are those of a machine.
    counts, text_counts : as of :class:`~wordkin.training.cpu.backend.CpuBackend`.
    start : the tables to start from; None where they are drawn, which each machine does by itself.
    """

    def __init__(
        self,
        cluster: RayCluster,
        config: TrainingConfig,
        counts: NDArray[np.int64],
        start: NamedTables | None,
        *,
        text_counts: NDArray[np.int64] | None = None,
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._shapes = table_shapes(config, len(counts))
        self._counts, self._text_counts = share(counts), share(text_counts)
        self._ticket = next(_TICKETS)
        self._tables: NamedTables | None = None
        self._held_out: tuple[EncodedCorpus, tuple[Any, Any]] | None = None
        self._unsettled = False
        pieces = () if start is None else [share([piece]) for piece in pieces_of(start)]
        self._members: list[RayMachine] = []
        while not self._members:
            members = cluster.machines[: config.replicas]
            try:
                self._open(members, dealt(config.replicas, len(members)), start is None, pieces)
            except MachineLostError:
                cluster.drop_lost()
                cluster.refuse_none_left()
            else:
                self._members = members

    def _open(
        self, machines: Sequence[RayMachine], numbers: Sequence[Sequence[int]], drawn: bool, pieces: Sequence[Any]
    ) -> None:
        """Have machines hold the tables, each with some replicas."""
        calls = []
        for machine, own in zip(machines, numbers, strict=True):
            config = dataclasses.replace(self._config, threads=self._config.threads or machine.threads)
            arguments = (config, self._counts, self._text_counts, list(own), drawn, *pieces)
            calls.append((machine, machine.call("open", *arguments)))
        gather(calls)

    def _deal(self, method: str) -> None:
        numbers = dealt(self._config.replicas, len(self._members))
        gather([(each, each.call(method, list(own))) for each, own in zip(self._members, numbers, strict=True)])

    @property
    def size(self) -> int:
        """See :class:`~wordkin.training.cluster.transport.Transport`."""
        return len(self._members)

    def begin_period(self) -> None:
        """Take in machines that have come, as long as there is a replica for each."""
        if self._unsettled:
            self.restart_period()
        self._cluster.look()
        room = self._config.replicas - len(self._members)
        joining = [each for each in self._cluster.machines if each not in self._members][:room]
        if joining:
            members = [*self._members, *joining]
            numbers = dealt(self._config.replicas, len(members))[len(self._members) :]
            pieces = [self._members[0].call("table_piece", *where) for where in self._pieces()]
            self._open(joining, numbers, False, pieces)
            self._members = members
            self._deal("train_replicas")

    def _pieces(self) -> list[tuple[str, int]]:
        return [(name, first) for name, shape in self._shapes.items() for first in range(0, shape[0], PIECE_ROWS)]

    def train(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        blocks: Sequence[range],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> list[SpanResult]:
        if should_stop():
            return [SpanResult((), 0, block.start) for block in blocks]
        self._tables = None
        self._ticket = next(_TICKETS)
        texts = [pieces_of_block(corpus, block) for block in blocks]  # before a machine is busy, which may have some
        calls = []
        for machine, own in zip(self._members, dealt(len(blocks), len(self._members)), strict=True):
            pieces = [piece for number in own for piece in texts[number]]
            counts = {number: len(texts[number]) for number in own}
            of_machine = {number: blocks[number] for number in own}
            calls.append((machine, machine.call("train", self._ticket, epoch, schedule, of_machine, counts, *pieces)))
        results: dict[int, SpanResult] = {}
        for each in gather(calls, poll=self._stopping(should_stop), when_lost=self._stop):
            results |= each
        return [results[number] for number in sorted(results)]

    def _stop(self) -> None:
        for machine in self._members:
            machine.control("stop", self._ticket)

    def _stopping(self, should_stop: Callable[[], bool]) -> Callable[[], None]:
        """Passes on a wish to stop, once."""
        told = False

        def poll() -> None:
            nonlocal told
            if not told and should_stop():
                told = True
                self._stop()

        return poll

    def merge(self, *, all_rows: bool) -> int:
        members, owners = self._members, len(self._members)
        found = [each.call("changes", index, owners, all_rows, returns=owners) for index, each in enumerate(members)]
        changes = found if owners > 1 else [found]
        merged = [each.call("merge", owners, *(sent[owner] for sent in changes)) for owner, each in enumerate(members)]
        gather([(each, each.call("receive", *merged)) for each in members])
        try:
            return sum(gather([(each, each.call("take", all_rows)) for each in members]))
        except MachineLostError:
            if not all_rows:
                raise
            self._unsettled = True  # the others have all that was merged, and the period is over
            return 0

    def restart_period(self) -> None:
        while True:
            self._cluster.drop_lost()
            self._members = [each for each in self._members if each in self._cluster.machines]
            if not self._members:
                raise ClusterError(
                    "all machines that held the tables are gone: start the run again, or go on from its last "
                    "checkpoint with resume"
                )
            try:
                self._deal("restart_period")
            except MachineLostError:
                continue
            self._unsettled = False
            return

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        if self._held_out is None or self._held_out[0] is not corpus:
            self._held_out = corpus, (share(np.array(corpus.ids)), share(np.array(corpus.offsets)))
        ids, offsets = self._held_out[1]
        while True:
            self._ticket = next(_TICKETS)
            call = self._members[0].call("held_out_loss", self._ticket, ids, offsets, corpus.fingerprint)
            try:
                (loss,) = gather([(self._members[0], call)], poll=self._stopping(should_stop))
            except MachineLostError:
                self.restart_period()
            else:
                return loss  # type: ignore[no-any-return]

    def tables(self) -> NamedTables:
        """The tables of one machine, copied; the same arrays until training goes on."""
        while self._tables is None:
            tables = {name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()}
            try:
                self._fetch(self._members[0], tables)
            except MachineLostError:
                self.restart_period()
            else:
                self._tables = tables
        return self._tables

    def _fetch(self, machine: RayMachine, tables: NamedTables) -> None:
        """Copy the tables of a machine."""
        asked = self._pieces()
        for start in range(0, len(asked), PIECES_AT_A_TIME):
            calls = [(machine, machine.call("table_piece", *each)) for each in asked[start : start + PIECES_AT_A_TIME]]
            for pieces in gather(calls):
                for name, first, rows in pieces:
                    tables[name][first : first + len(rows)] = rows

    def load_tables(self, tables: NamedTables) -> None:
        pieces = [share([piece]) for piece in pieces_of(tables)]
        self._tables = None
        while True:
            try:
                gather([(each, each.call("load_tables", *pieces)) for each in self._members])
            except MachineLostError:
                self.restart_period()
            else:
                return

    def close(self) -> None:
        """See :class:`~wordkin.training.cluster.transport.Transport`; whoever opened the cluster closes it."""
        self._members = []
