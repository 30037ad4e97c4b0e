"""The Ray actor of each machine: holds a :class:`Machine`, and handles calls from the process that controls the run.

An actor handles one call at a time. Calls of the Ray concurrency groups ``CONTROL`` and ``TEXT`` do not wait for these:
one call of each group is handled at any time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import CorpusPiece, EncodedCorpus
from wordkin.objectives.cpu.registers import host_lanes
from wordkin.training.backend import MachineWork, SpanResult
from wordkin.training.cluster.buffers import Buffer
from wordkin.training.cluster.links import Address, Links, Memory, PeerLostError, StoppedError
from wordkin.training.cluster.machine import Machine
from wordkin.training.cluster.memory import refuse_too_many_replicas
from wordkin.training.cluster.merging import ChangedRows, MergedRows, owned_rows
from wordkin.training.cluster.transport import dealt
from wordkin.training.schedule import Schedule
from wordkin.training.tables import PIECE_ROWS, TablePiece, first_pieces

CONTROL = "control"
TEXT = "text"
MOST_RESERVED_BYTES = 1 << 30  # buffers that need more grow with the messages
EXTRA_BYTES = 16  # of a row in a message, for its id and pull, and to align arrays
KEPT_TEXTS = 2  # of periods: the one that is trained, and the next


class Facts(NamedTuple):
    """Properties of a machine that must be equal on all machines, because the result depends on them."""

    wordkin: str
    numba: str
    lanes: int  # float32 numbers in a vector register

    @classmethod
    def here(cls) -> Facts:
        """Return the properties of the machine of this process."""
        return cls(__version__, version("numba"), host_lanes())


class PeriodPart(NamedTuple):
    """What one machine has trained in a period, the text between two merges of all rows.

    Attributes
    ----------
    results : list of dict of int to SpanResult
        For each round, the result of each replica of the machine.
    sent_bytes : int
        Bytes that it sent to other machines.
    work : MachineWork
        The words that it trained, and its time.
    """

    results: list[dict[int, SpanResult]]
    sent_bytes: int
    work: MachineWork


class Host:
    """The Ray actor of one machine, which trains some of the replicas."""

    def __init__(self) -> None:
        self._held: Machine | None = None
        self._merging: Future[list[list[MergedRows]]] | None = None  # the rows to take, of all owners
        self._background = ThreadPoolExecutor(1, "merge")
        self._changes_memory, self._merged_memory = Memory(Buffer), Memory(Buffer)
        self._stopped = -1
        self._links: Links | None = None
        self._kept: dict[str, Any] = {}
        self._texts: dict[int, list[dict[int, CorpusPiece]]] = {}  # of periods, by key

    def facts(self) -> Facts:
        """Return the :class:`Facts` of this machine."""
        return Facts.here()

    def process(self) -> int:
        """Return the process id, as a sign that the process is alive. Ray concurrency group CONTROL."""
        return os.getpid()

    def stop(self, ticket: int) -> None:
        """Ask the call with the number ``ticket``, and all calls with lower numbers, to stop.

        Ray concurrency group CONTROL.
        """
        self._stopped = max(self._stopped, ticket)

    def _stops(self, ticket: int) -> Callable[[], bool]:
        return lambda: self._stopped >= ticket

    @property
    def _machine(self) -> Machine:
        assert self._held is not None, "the transport opens it first"
        return self._held

    def open(
        self,
        config: TrainingConfig,
        counts: NDArray[np.int64],
        text_counts: NDArray[np.int64] | None,
        numbers: Sequence[int],
        drawn: bool,
        *start: Iterable[TablePiece],
    ) -> None:
        """Allocate the tables of the replicas with the given ``numbers``.

        If ``drawn``, the initial tables are random and drawn here; otherwise ``start`` holds them in pieces.
        """
        refuse_too_many_replicas(config, len(counts), len(numbers))
        given = (piece for some in start for piece in some)
        pieces = first_pieces(config, len(counts)) if drawn else given
        self.close()
        self._held = Machine(config, counts, pieces, numbers, text_counts=text_counts)

    def train_replicas(self, numbers: Sequence[int]) -> None:
        """Train the replicas with the given ``numbers`` from now on; see :meth:`Machine.train_replicas`."""
        self._machine.train_replicas(numbers)

    def listen(self, address: str) -> Address:
        """Listen for connections of other machines at an address of this machine; return the address with the port."""
        self._links = Links(address)
        return self._links.address

    def meet(self, ticket: int, token: bytes, index: int, addresses: Sequence[Address]) -> None:
        """Connect this machine to all others; see :meth:`Links.meet`.

        Raises :class:`PeerLostError` if :meth:`stop` is called for ``ticket`` meanwhile.
        """
        assert self._links is not None, "the transport calls listen first"
        try:
            self._links.meet(token, index, addresses, self._stops(ticket))
        except StoppedError as error:
            raise PeerLostError("stopped while it waited for other machines") from error
        self._reserve(self._links, index)

    def _reserve(self, links: Links, index: int) -> None:
        """Allocate the memory that merges and messages need if all rows change, unless it is too large.

        Without this, the first merges would take several times as long as later ones. Nothing is allocated if more than
        ``MOST_RESERVED_BYTES`` would be needed. ``index`` is the index of this machine.
        """
        machine, others = self._machine, links.others
        rooms = [owned_rows(len(table), links.machines) for table in machine.merged]
        of_owner = [sum(of_table) for of_table in zip(*rooms, strict=True)]
        replicas = [len(numbers) for numbers in dealt(machine.config.replicas, links.machines)]
        changes = {peer: replicas[peer] * of_owner[index] * (machine.row_bytes + EXTRA_BYTES) for peer in others}
        merged = {peer: of_owner[peer] * (machine.row_bytes + EXTRA_BYTES) for peer in others}
        copied = replicas[index] * sum(merged.values()) + of_owner[index] * machine.row_bytes
        if sum(changes.values()) + sum(merged.values()) + copied > MOST_RESERVED_BYTES:
            return
        machine.reserve(rooms, index, others)
        for peer in others:
            self._changes_memory[peer].reserve(changes[peer])
            self._merged_memory[peer].reserve(merged[peer])

    def fetch(self, key: int, counts: Sequence[Mapping[int, int]], *pieces: CorpusPiece) -> None:
        """Store the text of a period on this machine until :meth:`train_period` needs it. Ray concurrency group TEXT.

        Parameters
        ----------
        key : int
            Identifies the text.
        counts : sequence of mapping of int to int
            For each round, a mapping from each replica to the number of ``pieces`` of its block. The pieces follow each
            other in the order of these numbers.
        *pieces : CorpusPiece
            The pieces of text of all blocks. Ray fetches them from other machines before it makes the call.
        """
        given = iter(pieces)
        self._texts[key] = [
            {number: CorpusPiece.joined([next(given) for _ in range(count)]) for number, count in of_round.items()}
            for of_round in counts
        ]
        for old in list(self._texts)[:-KEPT_TEXTS]:
            self._texts.pop(old, None)

    def train_period(
        self, ticket: int, epoch: int, schedule: Schedule, rounds: Sequence[Mapping[int, range]], key: int, _: None
    ) -> PeriodPart | None:
        """Train the rounds of a period and merge after each.

        After the last round, the merged rows are kept aside until :meth:`settle` writes them to the tables.

        Parameters
        ----------
        ticket : int
            Number of the call, for :meth:`stop`.
        epoch : int
            Index of the epoch.
        schedule : Schedule
            The learning rates of the run.
        rounds : sequence of mapping of int to range
            For each round, the block of text of each replica of this machine.
        key : int
            Identifies the text of these rounds.
        _ : None
            The result of :meth:`fetch`. Ray makes this call after it is available.

        Returns
        -------
        PeriodPart or None
            None if the call is stopped.

        Raises
        ------
        PeerLostError
            Another machine was lost, or stopped before this one was asked to stop.
        """
        assert self._links is not None, "the transport calls listen first"
        texts = self._texts.pop(key)
        should_stop = self._stops(ticket)
        sent_bytes = self._links.sent_bytes
        results = []
        began, training_seconds = time.perf_counter(), 0.0
        try:
            for number, (blocks, of_round) in enumerate(zip(rounds, texts, strict=True), 1):
                start = time.perf_counter()
                results.append(self._train_round(of_round, epoch, blocks, schedule, should_stop))
                training_seconds += time.perf_counter() - start
                self._merge(self._links, should_stop, all_rows=number == len(rounds))
        except BaseException as error:
            self._links.break_off()
            self._drop_merged()
            if isinstance(error, StoppedError) or (isinstance(error, PeerLostError) and should_stop()):
                return None
            raise
        words = sum(len(block) for blocks in rounds for block in blocks.values())
        work = MachineWork(words, training_seconds, time.perf_counter() - began)
        return PeriodPart(results, self._links.sent_bytes - sent_bytes, work)

    def _train_round(
        self,
        texts: Mapping[int, CorpusPiece],
        epoch: int,
        blocks: Mapping[int, range],
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> dict[int, SpanResult]:
        results = self._machine.train(texts, epoch, blocks, schedule, should_stop)
        if any(result.stop < blocks[number].stop for number, result in results.items()):
            raise StoppedError
        return results

    def _merge(self, links: Links, should_stop: Callable[[], bool], *, all_rows: bool) -> None:
        """Merge the rows that replicas changed on all machines.

        If rows are merged late, the next call writes the merged rows to the tables.
        """
        self._take_merged(all_rows=False)
        changes = self._machine.changes(links.machines, all_rows=all_rows, elsewhere=links.others)
        self._merging = self._background.submit(self._exchanged, links, changes, should_stop)
        if all_rows:
            self._merging.result()  # taken by settle, once all machines have trained the period
        elif not self._machine.merges_late(all_rows=all_rows):
            self._take_merged(all_rows=False)

    def _exchanged(
        self, links: Links, changes: Sequence[Mapping[int, Sequence[ChangedRows]]], should_stop: Callable[[], bool]
    ) -> list[list[MergedRows]]:
        """Exchange changed rows for merged ones.

        Each row has one machine as its owner. This machine sends its changed rows to their owners, merges the rows that
        it owns, and sends the merged rows to all machines.
        """
        found = links.exchange(changes, should_stop, self._changes_memory)
        merged = self._machine.merge({number: rows for each in found for number, rows in each.items()})
        return links.exchange([merged] * links.machines, should_stop, self._merged_memory)

    def settle(self) -> None:
        """End a period that all machines have trained: write the merged rows to the tables of all replicas."""
        self._take_merged(all_rows=True)
        self._machine.end_period()

    def _take_merged(self, *, all_rows: bool) -> None:
        merging, self._merging = self._merging, None
        if merging is not None:
            self._machine.take(merging.result(), all_rows=all_rows)

    def _drop_merged(self) -> None:
        merging, self._merging = self._merging, None
        if merging is not None:
            wait([merging])

    def restart_period(self, numbers: Sequence[int]) -> None:
        """Undo a period that was not completed, and train the replicas with the given ``numbers`` from now on."""
        self._drop_merged()
        self._machine.restart_period()
        self._machine.train_replicas(numbers)

    def held_out_loss(
        self, ticket: int, words: NDArray[np.int32], offsets: NDArray[np.int64], fingerprint: str
    ) -> float | None:
        """Mean loss per example of a text for the current tables; see :class:`wordkin.training.backend.Backend`."""
        return self._machine.held_out_loss(EncodedCorpus.of_arrays(words, offsets, fingerprint), self._stops(ticket))

    def table_piece(self, name: str, first: int) -> list[TablePiece]:
        """Return ``PIECE_ROWS`` rows of a table from row ``first`` on, or fewer at its end."""
        return [(name, first, np.array(self._machine.tables()[name][first : first + PIECE_ROWS]))]

    def load_tables(self, *pieces: Iterable[TablePiece]) -> None:
        """Set the rows of tables that are in the pieces, each (name of the table, first row, rows)."""
        self._machine.load_tables(piece for some in pieces for piece in some)

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call ``function(kept, *arguments)``; ``kept`` is a dict that this machine keeps between calls."""
        return function(self._kept, *arguments)

    def close(self) -> None:
        """Release threads and memory."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
