"""What a backend is: something that holds the tables and trains them on spans of an encoded corpus.

The trainer knows only this protocol. It says nothing of threads or of one machine: a backend may
run on other devices or hosts, as long as it honours or refuses every option.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.schedule import Schedule
from wordkin.training.tables import NamedTables


@dataclass(frozen=True, slots=True)
class SpanResult:
    """What training on a span gave.

    losses : summed over the examples of each shard of the span, in the order of the text, nats, float64; with
        several objectives, the sum of theirs. One number for each shard, so that the sum over an epoch, taken
        shard by shard, does not depend on where spans begin and end.
    examples : (input, output) pairs for skip-gram, centres for CBOW.
    stop : corpus position up to which training went; all before it is done.
    machines, sent_bytes : how many machines took part, and what they sent each other.
    """

    losses: Sequence[float]
    examples: int
    stop: int
    machines: int = 1
    sent_bytes: int = 0

    @property
    def loss(self) -> float:
        """Summed over the whole span."""
        return math.fsum(self.losses)


class Backend(Protocol):
    """Holds the tables of one model and trains them.

    Whoever opens one (see :func:`wordkin.training.choose.open_backend`) hands it the tables to start from, as pieces
    of (table, first row, rows): drawn, given, or of the last checkpoint. A backend draws none.
    """

    @property
    def step_words(self) -> int:
        """Spans should begin at multiples of this many words; it depends on the configuration alone."""

    def train_span(
        self,
        corpus: EncodedCorpus,
        epoch: int,
        start: int,
        stop: int,
        schedule: Schedule,
        should_stop: Callable[[], bool],
    ) -> SpanResult:
        """Train on corpus positions start … stop - 1 of an epoch (from 0).

        ``should_stop`` is asked often; once it is true, work in hand is finished and the result says
        how far it went.
        """

    def held_out_loss(self, corpus: EncodedCorpus, should_stop: Callable[[], bool]) -> float | None:
        """Mean loss per example of unseen text at the tables as they are, with the same noise each time.

        ``should_stop`` is asked often; once it is true, measuring ends with None.
        """

    def tables(self) -> NamedTables:
        """The tables as they are now; views, not copies, where the backend can."""

    def load_tables(self, tables: NamedTables) -> None:
        """Set all tables."""

    def close(self) -> None:
        """Let go of threads and memory."""
