"""The backend protocol: a backend holds the tables of a model and trains them on parts of an encoded corpus.

The trainer uses only this protocol. A backend may run on threads, other devices or other hosts, but it must honour or
reject every option.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables


class MachineWork(NamedTuple):
    """What one machine did during training."""

    words: int
    training_seconds: float
    seconds: float

    def plus(self, other: MachineWork) -> MachineWork:
        """Return the sums of words, training time and total time of this work and another."""
        return MachineWork(
            self.words + other.words, self.training_seconds + other.training_seconds, self.seconds + other.seconds
        )


def added(works: Iterable[Mapping[str, MachineWork]]) -> dict[str, MachineWork]:
    """Add up the work of each machine; ``works`` are mappings from the name of a machine to its work."""
    found: dict[str, MachineWork] = {}
    for name, work in (item for each in works for item in each.items()):
        found[name] = found[name].plus(work) if name in found else work
    return found


@dataclass(frozen=True, slots=True)
class SpanResult:
    """The result of training on a span, a stretch of consecutive corpus positions.

    Attributes
    ----------
    losses : sequence of float
        Summed loss of each shard in nats, over all objectives, in the order of the text. A shard is the piece of text
        that one thread trains at a time. Because there is one number for each shard, the sum over an epoch does not
        depend on how the epoch is divided into spans.
    examples : int
        Number of (input, output) pairs for skip-gram, of centres for CBOW.
    stop : int
        Corpus position where training stopped; all positions before it are done.
    machines : int, default 1
        Number of machines that took part.
    sent_bytes : int, default 0
        Bytes that the machines sent each other.
    work : mapping of str to MachineWork, default empty
        What each machine of a cluster did, by its name.
    """

    losses: Sequence[float]
    examples: int
    stop: int
    machines: int = 1
    sent_bytes: int = 0
    work: Mapping[str, MachineWork] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """Summed loss of the span, in nats."""
        return math.fsum(self.losses)


class Backend(Protocol):
    """Holds the tables of one model and trains them.

    :func:`wordkin.training.choose.open_backend` passes the initial tables to a backend, as pieces of (table, first row,
    rows). They are random, given, or those of the last checkpoint. A backend does not initialise tables itself.
    """

    @property
    def step_words(self) -> int:
        """Every span should start at a multiple of this number of words. The number depends only on the options."""

    def train_span(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        start: int,
        stop: int,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        """Train on the corpus positions ``start`` to ``stop - 1`` in epoch ``epoch``, counted from 0.

        ``should_stop`` is called often. When it returns True, the shards that threads are training are finished, and
        ``stop`` of the result is the position where training stopped.
        """

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """Mean loss per example of held-out text for the current tables, in nats; every call uses the same noise words.

        ``should_stop`` is called often. When it returns True, the result is None.
        """

    def tables(self) -> NamedTables:
        """Return the current tables, without copying them if possible."""

    def load_tables(self, tables: NamedTables) -> None:
        """Replace the values of all tables."""

    def close(self) -> None:
        """Release threads and memory."""
