"""Progress reports of a scan."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wordkin.corpus.readers.pieces import Tally
from wordkin.corpus.sources import Source

_SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """The progress of a scan.

    Attributes
    ----------
    bytes_read : int
        Bytes of the files read so far, before decompression.
    bytes_total : int or None
        Total size of the files; None if unknown.
    words : int
        White-space tokens of text, or words of lists, so far.
    seconds : float
        Time since the start of the scan.
    readers : mapping of str to Tally
        Statistics of each reader so far: files, records, skipped records by reason, replaced tokens.
    """

    bytes_read: int
    bytes_total: int | None
    words: int
    seconds: float
    readers: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def skipped(self) -> int:
        """Number of records without text, which were skipped, so far."""
        return sum(tally.skipped.total() for tally in self.readers.values())

    @property
    def replaced(self) -> int:
        """Number of words with invalid bytes so far. Those of UTF-8 text are counted only at the end."""
        return sum(tally.replaced for tally in self.readers.values())


ProgressCallback = Callable[[ScanProgress], object]


class Reporter:
    """Collects statistics of a scan, and reports them to a callback a few times a second.

    Parameters
    ----------
    callback : callable or None
        Called with a :class:`ScanProgress`; None for no reports.
    source : Source
        The source that will be read.
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
        """The statistics of a reader, which the reader updates; created on first use."""
        return self.tallies.setdefault(reader, Tally())

    def add(self, bytes_read: int | None, words: int) -> None:
        """Add ``words`` to the number of words read; report if the last report is long enough ago.

        ``bytes_read`` is the number of bytes read so far, or None if it is not known.
        """
        self._bytes_read = self._bytes_read if bytes_read is None else bytes_read
        self._words += words
        if time.perf_counter() - self._reported >= _SECONDS_BETWEEN_REPORTS:
            self.report()

    def report(self) -> None:
        """Report the progress now."""
        self._reported = time.perf_counter()
        if self._callback is not None:
            seconds = self._reported - self._started
            self._callback(ScanProgress(self._bytes_read, self._bytes_total, self._words, seconds, self.tallies))
