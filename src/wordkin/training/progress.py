"""What a training run tells while it runs, and the display that shows it in a terminal.

A callback is any callable that takes a :class:`TrainingReport`; returning ``True`` asks training to
stop. :class:`ProgressDisplay` is one: a live bar where a person watches, and plain lines where the
output goes to a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

from wordkin.training.snapshot import Snapshot

SECONDS_BETWEEN_PLAIN_LINES = 30.0


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Where a training run stands; immutable, handed to every callback.

    Attributes
    ----------
    epoch : the epoch under way, from 1.
    epochs : how many the run will make.
    epoch_finished : whether this is the last report of ``epoch``.
    words : words of the text passed so far, all epochs together, subsampled ones included.
    total_words : the same at the end of the run: words of the text times ``epochs``.
    words_per_second : ``words`` (of this process, after a resume) by time spent training.
    loss : mean loss per training example since the epoch began, in nats.
    learning_rate : the rate in use now.
    validation_loss : mean held-out loss per example after the epoch, in nats; None where none was measured.
    seconds : time spent training.
    snapshot : reads vectors as they are now, during the callback only; see :class:`Snapshot`, which says what
        that costs.
    """

    epoch: int
    epochs: int
    epoch_finished: bool
    words: int
    total_words: int
    words_per_second: float
    loss: float
    learning_rate: float
    validation_loss: float | None
    seconds: float
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)

    @property
    def seconds_left(self) -> float | None:
        """Time to the end of the run at the speed so far; None before there is a speed."""
        if self.words_per_second <= 0:
            return None
        return max(0, self.total_words - self.words) / self.words_per_second


Callback = Callable[[TrainingReport], bool | None]


class ReadingReport(Protocol):
    """What :class:`ProgressDisplay` needs to know while the text is being read."""

    @property
    def bytes_read(self) -> int: ...
    @property
    def bytes_total(self) -> int | None: ...
    @property
    def words(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def skipped(self) -> int: ...
    @property
    def replaced(self) -> int: ...


class ProgressDisplay:
    """Shows reading and training on a stream: a live bar in a terminal, plain lines elsewhere.

    Use it as a context manager, so that the terminal is put right again however the run ends.
    Pass the display itself as a training callback and :meth:`reading` as the callback of the scan.

    Parameters
    ----------
    stream : where to write; standard error where results go to standard output.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._next_plain_line = SECONDS_BETWEEN_PLAIN_LINES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the last state on the screen and put the terminal right; calling it twice is harmless."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = self._task = None

    def compiling(self) -> None:
        """Say that kernels are being compiled, which explains the first seconds of a first run."""
        notice = "Compiling for this processor; this happens once."
        if self._progress is not None:
            self._progress.console.print(notice)
        else:
            print(notice, file=self._stream, flush=True)

    def reading(self, report: ReadingReport) -> None:
        """Show how far the scan of the text has come."""
        if self._live:
            megabytes_per_second = report.bytes_read / report.seconds / 1e6 if report.seconds > 0 else 0.0
            facts = f"{_count(report.words)} words, {megabytes_per_second:.0f} MB/s"
            if report.skipped:
                facts += f", {report.skipped:,} records left out"
            if report.replaced:
                facts += f", {report.replaced:,} words replaced"
            self._show("reading", report.bytes_total, report.bytes_read, facts)

    def __call__(self, report: TrainingReport) -> None:
        """Show how far training has come; never asks to stop."""
        facts = f"{_count(report.words_per_second)} words/s, loss {report.loss:.4f}"
        if report.validation_loss is not None:
            facts += f", held-out {report.validation_loss:.4f}"
        label = f"epoch {report.epoch}/{report.epochs}"
        if self._live:
            left = report.seconds_left
            eta = "" if left is None else f", ETA {_clock(left)}"
            self._show(label, report.total_words, report.words, facts + eta)
        elif report.epoch_finished or report.seconds >= self._next_plain_line:
            self._next_plain_line = report.seconds + SECONDS_BETWEEN_PLAIN_LINES
            share = report.words / report.total_words if report.total_words else 1.0
            line = f"{label}, {share:.0%}: {facts}, learning rate {report.learning_rate:.3g}, {_clock(report.seconds)}"
            print(line, file=self._stream, flush=True)

    def _show(self, label: str, total: int | None, done: int, facts: str) -> None:
        if self._progress is None or self._task is None:
            self._progress = _new_bar(self._stream)
            self._task = self._progress.add_task(label, total=total, completed=done, facts=facts)
            self._progress.start()
        else:
            self._progress.update(self._task, description=label, total=total, completed=done, facts=facts)


def _new_bar(stream: IO[str]) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    facts = TextColumn("{task.fields[facts]}")
    columns = TextColumn("{task.description}"), BarColumn(None), TaskProgressColumn(), facts
    return Progress(*columns, console=Console(file=stream), expand=True, refresh_per_second=8)


def _count(number: float) -> str:
    """A number of words in three digits or so: 812, 34.5 k, 7.13 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.0f}"


def _clock(seconds: float) -> str:
    """A duration as minutes and seconds, or with hours where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
