"""How far a scan has come, told now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wordkin.corpus.readers.pieces import Tally
from wordkin.corpus.sources import Source

_SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan has come.

    bytes_read, bytes_total : of the files as they are on disk; the total is ``None`` where it is not known.
    words : white-space tokens of text, or words of lists, so far.
    seconds : since the scan began.
    readers : what each reader met so far: files, records, records skipped by reason, tokens replaced.
    """

    bytes_read: int
    bytes_total: int | None
    words: int
    seconds: float
    readers: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def skipped(self) -> int:
        """Records left out so far, for want of text."""
        return sum(tally.skipped.total() for tally in self.readers.values())

    @property
    def replaced(self) -> int:
        """Words so far in which something was not valid in their encoding; of UTF-8 text known at the end only."""
        return sum(tally.replaced for tally in self.readers.values())


ProgressCallback = Callable[[ScanProgress], object]


class Reporter:
    """Keeps the figures and passes them on, but not too often.

    Parameters
    ----------
    callback : gets a :class:`ScanProgress`; ``None`` to report nothing.
    source : what will be read.
    """

    def __init__(self, callback: ProgressCallback | None, source: Source) -> None:
        self._callback = callback
        sizes = [file.size for file in source.files] or [None]
        known = [size for size in sizes if size is not None]
        self._bytes_total = sum(known) if len(known) == len(sizes) else None
        self._started = self._reported = time.perf_counter()
        self._bytes_read = self._words = 0
        self.tallies: dict[str, Tally] = {}

    def tally(self, reader: str) -> Tally:
        """The counts of a reader, which it goes on with."""
        return self.tallies.setdefault(reader, Tally())

    def add(self, bytes_read: int | None, words: int) -> None:
        """Take note of words, and of the bytes read so far if they are known; report if it is time."""
        self._bytes_read = self._bytes_read if bytes_read is None else bytes_read
        self._words += words
        if time.perf_counter() - self._reported >= _SECONDS_BETWEEN_REPORTS:
            self.report()

    def report(self) -> None:
        """Report now."""
        self._reported = time.perf_counter()
        if self._callback is not None:
            seconds = self._reported - self._started
            self._callback(ScanProgress(self._bytes_read, self._bytes_total, self._words, seconds, self.tallies))
