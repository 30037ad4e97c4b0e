"""The transport of a Ray cluster. Machines send rows to each other directly, not through the driver."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.errors import ClusterError
from wordkin.training.backend import SpanResult
from wordkin.training.cluster.links import TOKEN_BYTES
from wordkin.training.cluster.ray_cluster import RayCluster, RayMachine, gather, share
from wordkin.training.cluster.transport import MachineLostError, dealt, period_result
from wordkin.training.schedule import Schedule
from wordkin.training.tables import PIECE_ROWS, NamedTables, pieces_of, table_shapes

PIECES_AT_A_TIME = 16  # of tables, fetched with concurrent calls
MOST_BROKEN = 20  # failed attempts at a period before the run fails
_TICKETS = itertools.count()  # unique in this process, because machines can serve several runs


def pieces_of_block(corpus: EncodedCorpus, block: range) -> list[Any]:
    """Return the text of a block in pieces; if machines store the text, return references to the pieces."""
    if isinstance(corpus, RemoteText):
        return corpus.references(block)
    return [corpus.piece(block)]


def is_available(corpus: EncodedCorpus, block: range) -> bool:
    """Whether the text of a block can be had at once, without a machine having to read it again."""
    return not isinstance(corpus, RemoteText) or corpus.is_available(block)


@runtime_checkable
class RemoteText(Protocol):
    """A corpus whose word ids are stored on the machines of the cluster."""

    def references(self, positions: range) -> list[Any]:
        """Return references to one or more pieces of text that contain the given positions, in order.

        If a machine that stored a piece was lost, this part of the text is read again first.
        """

    def is_available(self, positions: range) -> bool:
        """Whether all of the text at the given positions is stored, so that none must be read again."""


class FetchedText(NamedTuple):
    """The text of a period that machines are fetching or have fetched.

    Attributes
    ----------
    corpus : EncodedCorpus
        The whole text.
    rounds : sequence of sequence of range
        For each round of the period, the block of text of each replica.
    members : list of RayMachine
        The machines that fetch the text.
    key : int
        Identifies the text on these machines.
    done : list of reference
        For each machine, a Ray reference that is ready once the machine has the text.
    """

    corpus: EncodedCorpus
    rounds: Sequence[Sequence[range]]
    members: list[RayMachine]
    key: int
    done: list[Any]


class RayTransport:
    """A :class:`~wordkin.training.cluster.transport.Transport` for the machines of a Ray cluster.

    The *members* are the machines that hold replicas: all machines of the cluster, but at most one per replica. Each
    row of a table has one member as its owner. Members send the rows that they changed to the owners, which merge the
    rows and send them to all members. The driver, the process of the user, makes one call per member and period. A
    period is complete when all members have trained it.

    Parameters
    ----------
    cluster : RayCluster
        The machines.
    config : TrainingConfig
        The options; ``threads`` is per machine.
    counts, text_counts
        See :class:`~wordkin.training.cpu.backend.CpuBackend`.
    start : NamedTables or None
        The initial tables. If None, each machine draws them itself.
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
        self._have_met = False
        self._fetched: FetchedText | None = None  # the text of the next period
        self._broken = 0  # consecutive attempts at a period that failed
        self._settling: list[tuple[RayMachine, Any]] = []  # pending calls that end the last period
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
        with contextlib.suppress(MachineLostError):  # if one is lost, the first period is trained without it
            self._meet(lambda: False)

    def _open(
        self, machines: Sequence[RayMachine], numbers: Sequence[Sequence[int]], drawn: bool, pieces: Sequence[Any]
    ) -> None:
        """Allocate the tables on machines. ``numbers`` gives the replicas of each machine.

        If ``drawn``, each machine draws the random initial tables; otherwise ``pieces`` holds them.
        """
        calls = []
        for machine, own in zip(machines, numbers, strict=True):
            config = dataclasses.replace(self._config, threads=self._config.threads or machine.threads)
            arguments = (config, self._counts, self._text_counts, list(own), drawn, *pieces)
            calls.append((machine, machine.call("open", *arguments)))
        gather(calls)

    def _deal(self, method: str) -> None:
        gather([(each, each.call(method, list(own))) for each, own in zip(self._members, self._dealt(), strict=True)])

    @property
    def size(self) -> int:
        """The number of machines that hold replicas."""
        return len(self._members)

    def begin_period(self) -> None:
        """Give replicas to machines that have joined the cluster, as long as each machine gets one."""
        self._cluster.look()
        room = self._config.replicas - len(self._members)
        joining = [each for each in self._cluster.machines if each not in self._members][:room]
        if joining:
            members = [*self._members, *joining]
            numbers = dealt(self._config.replicas, len(members))[len(self._members) :]
            pieces = [self._members[0].call("table_piece", *where) for where in self._pieces()]
            self._open(joining, numbers, False, pieces)
            self._members = members
            self._have_met = False
            self._deal("train_replicas")

    def _pieces(self) -> list[tuple[str, int]]:
        return [(name, first) for name, shape in self._shapes.items() for first in range(0, shape[0], PIECE_ROWS)]

    def _meet(self, should_stop: Callable[[], bool]) -> None:
        """Connect the members to each other, if members joined or left or a connection broke since the last time."""
        if self._have_met:
            return
        try:
            for machine in self._members:
                if machine.listening is None:
                    (machine.listening,) = gather([(machine, machine.call("listen", machine.address))])
            addresses = [machine.listening for machine in self._members]
            token = secrets.token_bytes(TOKEN_BYTES)
            arguments = [(self._ticket, token, index, addresses) for index in range(self.size)]
            calls = [(each, each.call("meet", *own)) for each, own in zip(self._members, arguments, strict=True)]
            gather(calls, poll=self._stopping(should_stop), when_lost=self._stop)
        except ClusterError:
            self._cluster.drop_lost()
            if all(machine in self._cluster.machines for machine in self._members):
                raise
            raise MachineLostError from None
        self._have_met = True

    def train_period(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        rounds: Sequence[Sequence[range]],
        schedule: Schedule,
        should_stop: Callable[[], bool],
        following: Sequence[Sequence[range]] = (),
    ) -> SpanResult | None:
        if should_stop():
            return None
        self._tables = None
        self._ticket = next(_TICKETS)
        self._meet(should_stop)
        text, self._fetched = self._fetched, None
        if text is None or (text.corpus is not corpus or text.rounds != rounds or text.members != self._members):
            text = self._fetch_text(corpus, rounds)
        calls = []
        for machine, own, done in zip(self._members, self._dealt(), text.done, strict=True):
            blocks = [{number: of_round[number] for number in own} for of_round in rounds]
            call = machine.call("train_period", self._ticket, epoch, schedule, blocks, text.key, done)
            calls.append((machine, call))
        if all(is_available(corpus, block) for blocks in following for block in blocks):
            self._fetched = self._fetch_text(corpus, following) if following else None
        settling, self._settling = self._settling, []
        parts = gather([*settling, *calls], poll=self._stopping(should_stop), when_lost=self._stop)[len(settling) :]
        if any(part is None for part in parts):
            return None
        self._settling = [(machine, machine.call("settle")) for machine in self._members]
        self._broken = 0
        trained = [
            {number: each for found in of_round for number, each in found.items()}
            for of_round in zip(*(part.results for part in parts), strict=True)
        ]
        work = {machine.name: part.work for machine, part in zip(self._members, parts, strict=True)}
        return period_result(trained, rounds, self.size, sum(part.sent_bytes for part in parts), work)

    def _dealt(self) -> list[range]:
        """Return the numbers of the replicas that each member trains."""
        return dealt(self._config.replicas, len(self._members))

    def _fetch_text(self, corpus: EncodedCorpus, rounds: Sequence[Sequence[range]]) -> FetchedText:
        """Ask the members to fetch the text of a period, and return without waiting for it."""
        texts = [[pieces_of_block(corpus, block) for block in blocks] for blocks in rounds]
        key = next(_TICKETS)
        done = []
        for machine, own in zip(self._members, self._dealt(), strict=True):
            counts = [{number: len(of_round[number]) for number in own} for of_round in texts]
            pieces = [piece for of_round in texts for number in own for piece in of_round[number]]
            done.append(machine.text("fetch", key, counts, *pieces))
        return FetchedText(corpus, rounds, list(self._members), key, done)

    def _stop(self) -> None:
        for machine in self._members:
            machine.control("stop", self._ticket)

    def _stopping(self, should_stop: Callable[[], bool]) -> Callable[[], None]:
        """Return a function to call repeatedly, which stops the machines once ``should_stop`` returns True."""
        told = False

        def poll() -> None:
            nonlocal told
            if not told and should_stop():
                told = True
                self._stop()

        return poll

    def restart_period(self) -> None:
        self._have_met = False
        self._fetched = None
        self._settling = []
        self._broken += 1
        if self._broken > MOST_BROKEN:
            raise ClusterError(
                f"training up to the next merge of all rows failed {self._broken} times in a row, because connections "
                "between machines broke or machines died: see the logs of Ray"
            )
        while True:
            self._cluster.drop_lost()
            self._members = [each for each in self._members if each in self._cluster.machines]
            if not self._members:
                raise ClusterError(
                    "all machines that held the tables are lost: start the run again, or resume it from its last "
                    "checkpoint"
                )
            try:
                self._deal("restart_period")
            except MachineLostError:
                continue
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
        """Return the tables, copied from one machine. The copy is cached until training continues."""
        while self._tables is None:
            tables = {name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()}
            settling, self._settling = self._settling, []
            try:
                gather(settling)
                self._fetch(self._members[0], tables)
            except MachineLostError:
                self.restart_period()
            else:
                self._tables = tables
        return self._tables

    def _fetch(self, machine: RayMachine, tables: NamedTables) -> None:
        """Copy the tables of a machine into the arrays of ``tables``."""
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
        """Release the tables and connections of the members. The cluster itself stays open; the caller closes it."""
        self._members = []
