"""What runs on each machine of a Ray cluster: an actor that holds a :class:`Machine` and answers the transport.

An actor does what it is told one call after another, but for the calls of the group ``CONTROL``, which it answers at
any time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import CorpusPiece, EncodedCorpus, read_only
from wordkin.objectives.cpu.registers import host_lanes
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.machine import Machine
from wordkin.training.cluster.memory import refuse_too_many_replicas
from wordkin.training.cluster.merging import ChangedRows, MergedRows
from wordkin.training.schedule import Schedule
from wordkin.training.tables import PIECE_ROWS, TablePiece, first_pieces

CONTROL = "control"


class Facts(NamedTuple):
    """What must be the same on all machines, since the bits depend on it."""

    wordkin: str
    numba: str
    lanes: int  # float32 numbers in a vector register

    @classmethod
    def here(cls) -> Facts:
        """Those of this process."""
        return cls(__version__, version("numba"), host_lanes())


class Host:
    """The actor of one machine."""

    def __init__(self) -> None:
        self._held: Machine | None = None
        self._merged: list[list[MergedRows]] = []
        self._stopped = -1
        self._sent_bytes = 0
        self._kept: dict[str, Any] = {}

    def facts(self) -> Facts:
        """See :class:`Facts`."""
        return Facts.here()

    def process(self) -> int:
        """The number of the process, as an answer that there is one; of the group CONTROL."""
        return os.getpid()

    def stop(self, ticket: int) -> None:
        """Have the call with this ticket, and those before it, end soon; of the group CONTROL."""
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
        """Hold some of the replicas; ``start``: several sequences of pieces, where the first tables are not drawn."""
        refuse_too_many_replicas(config, len(counts), len(numbers))
        given = (piece for some in start for piece in some)
        pieces = first_pieces(config, len(counts)) if drawn else given
        self.close()
        self._held = Machine(config, counts, pieces, numbers, text_counts=text_counts)

    def train_replicas(self, numbers: Sequence[int]) -> None:
        """See :meth:`Machine.train_replicas`."""
        self._machine.train_replicas(numbers)

    def train(
        self,
        ticket: int,
        epoch: int,
        schedule: Schedule,
        blocks: Mapping[int, range],
        pieces: Mapping[int, int],
        *texts: CorpusPiece,
    ) -> dict[int, SpanResult]:
        """Train a round; ``pieces``: how many of the ``texts`` belong to the block of each replica, in this order."""
        given = iter(texts)
        joined = {number: CorpusPiece.joined([next(given) for _ in range(count)]) for number, count in pieces.items()}
        return self._machine.train(joined, epoch, blocks, schedule, self._stops(ticket))

    def changes(self, index: int, owners: int, all_rows: bool) -> Any:
        """What changed here, for each of the owners; ``index``: which of them this machine is."""
        found = self._machine.changes(owners, all_rows=all_rows)
        self._sent_bytes += sum(
            array.nbytes
            for owner, changes in enumerate(found)
            for changed in changes.values()
            for arrays in changed
            for array in arrays
            if owner != index
        )
        return found if owners > 1 else found[0]

    def merge(self, owners: int, *changes: Mapping[int, list[ChangedRows]]) -> list[MergedRows]:
        """The changes of all machines to the rows that this one owns, merged; nothing changes yet."""
        merged = self._machine.merge({number: rows for each in changes for number, rows in each.items()})
        self._sent_bytes += (owners - 1) * sum(array.nbytes for arrays in merged for array in arrays)
        return merged

    def receive(self, *merged: list[MergedRows]) -> None:
        """Keep what the owners have merged until all machines have it."""
        self._merged = list(merged)

    def take(self, all_rows: bool) -> int:
        """Set the rows to what was received; returns the bytes that were sent to other machines since the last time."""
        for each in self._merged:
            self._machine.take(each, all_rows=all_rows)
        if all_rows:
            self._machine.end_period()
        self._merged = []
        sent_bytes, self._sent_bytes = self._sent_bytes, 0
        return sent_bytes

    def restart_period(self, numbers: Sequence[int]) -> None:
        """Have all rows as they were when the period began, and train these replicas from now on."""
        self._merged = []
        self._machine.restart_period()
        self._machine.train_replicas(numbers)

    def held_out_loss(
        self, ticket: int, words: NDArray[np.int32], offsets: NDArray[np.int64], fingerprint: str
    ) -> float | None:
        """See :class:`wordkin.training.backend.Backend`."""
        ids, offsets, _ = read_only(CorpusPiece(words, offsets, len(words)))
        return self._machine.held_out_loss(EncodedCorpus(ids, offsets, fingerprint), self._stops(ticket))

    def table_piece(self, name: str, first: int) -> list[TablePiece]:
        """``PIECE_ROWS`` rows of a table, or as many as there are."""
        return [(name, first, np.array(self._machine.tables()[name][first : first + PIECE_ROWS]))]

    def load_tables(self, *pieces: Iterable[TablePiece]) -> None:
        """Set rows of tables."""
        self._machine.load_tables(piece for some in pieces for piece in some)

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function with what this machine keeps for such functions, and arguments."""
        return function(self._kept, *arguments)

    def close(self) -> None:
        """Let go of threads and memory."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
