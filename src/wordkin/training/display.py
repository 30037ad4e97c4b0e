"""Progress display: a bar in a terminal or a notebook, and plain lines of text elsewhere."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

from wordkin.errors import ConfigError
from wordkin.training.progress import Callback, MachineProgress, TrainingReport
from wordkin.training.state import RunState, rising_loss_note

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from wordkin.corpus.scanning.progress import ScanProgress

    OnScan = Callable[[ScanProgress], None]

SECONDS_BETWEEN_PLAIN_LINES = 30.0
MOST_MACHINES_SHOWN = 8
_SECONDS_BETWEEN_UPDATES = 0.125  # of the bar in a notebook


class ReadingReport(Protocol):
    """The attributes of a report about reading that :class:`ProgressDisplay` uses."""

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


@dataclass(frozen=True)
class Watched:
    """The callbacks of a training run, and its progress display.

    Attributes
    ----------
    callbacks : sequence of functions
        The callbacks of the caller, and the display if there is one.
    on_scan : function or None
        Called while the text is read.
    display : ProgressDisplay or None, default None
        The display; None if progress is not shown.
    """

    callbacks: Sequence[Callback]
    on_scan: OnScan | None
    display: ProgressDisplay | None = None

    def ended(self, state: RunState, epochs: int) -> None:
        """Show which epoch the vectors come from and, if the training loss rose, explain why."""
        if self.display is not None:
            for line in (state.ending(epochs), rising_loss_note(state.losses, state.validation_losses)):
                if line:
                    self.display.say(line)


@contextlib.contextmanager
def watching(progress: object, callbacks: Sequence[Callback], on_scan: OnScan | None) -> Iterator[Watched]:
    """Context manager: add a progress display to the callbacks if ``progress`` is True.

    The display is a bar below the cell in a notebook, a bar on standard error in a terminal, and plain lines on
    standard error otherwise. Raises :class:`ConfigError` if ``progress`` is not True, False or None.
    """
    if progress is None or progress is False:
        yield Watched(callbacks, on_scan)
        return
    if progress is not True:
        raise ConfigError("progress", "must be True or False", progress, "pass functions as callbacks instead")
    from wordkin.training.cpu.compiling import announcing_compilation

    with ProgressDisplay(sys.stderr, notebook=_display_of_notebook()) as display:

        def reading(report: ScanProgress) -> None:
            if on_scan is not None:
                on_scan(report)
            display.reading(report)

        with announcing_compilation(display.compiling):
            yield Watched([*callbacks, display], reading, display)


class ProgressDisplay:
    """Shows the progress of reading and training: a live bar in a terminal or a notebook, plain lines elsewhere.

    Use it as a context manager, which restores the terminal at the end. Pass the display itself as a training callback
    and :meth:`reading` as the callback of the scan. If the stream fails, such as a pipe without a reader, the display
    ends and the run continues.

    Parameters
    ----------
    stream : text file object
        The stream to write to, usually standard error.
    notebook : callable, default None
        ``IPython.display.display`` inside a notebook. An HTML bar is then shown and nothing is written to ``stream``.
    """

    def __init__(self, stream: IO[str], *, notebook: Callable[..., Any] | None = None) -> None:
        self._stream, self._failed = stream, False
        self._bar: _Bar | None = None
        if notebook is not None:
            self._bar = _NotebookBar(notebook)
        elif stream.isatty():
            self._bar = _TerminalBar(stream)
        self._next_line = {"reading": SECONDS_BETWEEN_PLAIN_LINES, "training": SECONDS_BETWEEN_PLAIN_LINES}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the display: its last line stays on the screen, and the terminal is restored. May be called twice."""
        if self._bar is not None:
            self._bar.close()

    def compiling(self) -> None:
        """Show that kernels are being compiled, which delays a first run by some seconds."""
        self.say("Compiling for this processor; this happens once.")

    def say(self, line: str) -> None:
        """Show a line of text above the bar, where it remains."""
        if self._bar is not None:
            self._bar.say(line)
        else:
            self._write(line)

    def _write(self, line: str) -> None:
        if not self._failed:
            try:
                print(line, file=self._stream, flush=True)
            except OSError:
                self._failed = True

    def reading(self, report: ReadingReport) -> None:
        """Show the progress of reading the text."""
        megabytes_per_second = report.bytes_read / report.seconds / 1e6 if report.seconds > 0 else 0.0
        facts = f"{_count(report.words)} words"
        if report.bytes_read:
            facts += f", {megabytes_per_second:.0f} MB/s"
        if report.skipped:
            facts += f", {report.skipped:,} records skipped"
        if report.replaced:
            facts += f", {report.replaced:,} words replaced"
        if self._bar is not None:
            self._bar.show("reading", report.bytes_total, report.bytes_read, facts)
        elif self._time_for_a_line("reading", report.seconds):
            share = f", {report.bytes_read / report.bytes_total:.0%}" if report.bytes_total else ""
            self._write(f"reading{share}: {facts}, {_clock(report.seconds)}")

    def __call__(self, report: TrainingReport) -> None:
        """Show the progress of training. Returns None, so that training goes on."""
        facts = f"{_count(report.words_per_second)} words/s, loss {report.loss:.4f}"
        if report.validation_loss is not None:
            facts += f", held-out {report.validation_loss:.4f}"
        if report.machines > 1:
            facts += f", {report.machines} machines"
        label = f"epoch {report.epoch}/{report.epochs}"
        machines = lines_of_machines(report.progress_of_machines)
        if self._bar is not None:
            left = report.seconds_left
            eta = "" if left is None else f", ETA {_clock(left)}"
            self._bar.show(label, report.total_words, report.words, facts + eta, machines)
        elif self._time_for_a_line("training", report.seconds) or report.epoch_finished:
            share = report.words / report.total_words if report.total_words else 1.0
            line = f"{label}, {share:.0%}: {facts}, learning rate {report.learning_rate:.3g}, {_clock(report.seconds)}"
            self._next_line["training"] = report.seconds + SECONDS_BETWEEN_PLAIN_LINES
            for each in (line, *(f"  {each}" for each in machines)):
                self._write(each)

    def _time_for_a_line(self, phase: str, seconds: float) -> bool:
        if seconds < self._next_line[phase]:
            return False
        self._next_line[phase] = seconds + SECONDS_BETWEEN_PLAIN_LINES
        return True


def lines_of_machines(machines: Sequence[MachineProgress]) -> list[str]:
    """Return a line of text about the progress of each machine; if there are many, only of the slowest."""
    shown = sorted(machines, key=lambda each: each.words_per_second)[:MOST_MACHINES_SHOWN]
    lines = [
        f"{each.name}: {_count(each.words_per_second)} words/s, {each.training_share:.0%} training, "
        f"{_count(each.words)} words"
        for each in machines
        if each in shown
    ]
    if len(shown) < len(machines):
        lines.append(f"the slowest {len(shown)} of {len(machines)} machines")
    return lines


class _Bar(Protocol):
    """A bar that shows the current progress. It has lines below it that change, and lines above it that remain."""

    def show(self, label: str, total: int | None, done: int, facts: str, below: Sequence[str] = ()) -> None: ...
    def say(self, line: str) -> None: ...
    def close(self) -> None: ...


class _TerminalBar:
    """A bar on the last line of a terminal."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._below: list[str] = []

    def show(self, label: str, total: int | None, done: int, facts: str, below: Sequence[str] = ()) -> None:
        self._below[:] = below
        if self._progress is None or self._task is None:
            self._progress = _rich_progress(self._stream, self._below)
            self._task = self._progress.add_task(label, total=total, completed=done, facts=facts)
            self._progress.start()
        else:
            self._progress.update(self._task, description=label, total=total, completed=done, facts=facts)

    def say(self, line: str) -> None:
        if self._progress is not None:
            self._progress.console.print(line, highlight=False, markup=False)
        else:
            print(line, file=self._stream, flush=True)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = self._task = None


@dataclass
class _NotebookState:
    """What the bar in a notebook shows, which can be rendered as HTML or as plain text."""

    label: str = ""
    total: int | None = None
    done: int = 0
    facts: str = ""
    below: Sequence[str] = ()
    lines: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return "\n".join([f"{self.label}{self._share(', ')}: {self.facts}"] * bool(self.label) + self._lines())

    def _lines(self) -> list[str]:
        return [*self.below, *self.lines]

    def _repr_html_(self) -> str:
        value = f' max="{self.total}" value="{self.done}"' if self.total else ""
        bar = (
            '<div style="display: flex; gap: 0.8em; align-items: center; font-variant-numeric: tabular-nums">'
            f'<span>{html.escape(self.label)}</span><progress style="width: 16em"{value}></progress>'
            f"<span>{self._share()}</span><span>{html.escape(self.facts)}</span></div>"
        )
        return bar * bool(self.label) + "".join(f"<div>{html.escape(line)}</div>" for line in self._lines())

    def _share(self, before: str = "") -> str:
        return f"{before}{self.done / self.total:.0%}" if self.total else ""


class _NotebookBar:
    """A bar below the cell of a notebook: a single output, which is replaced at most a few times a second."""

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._handle: Any = None
        self._state = _NotebookState()
        self._updated = 0.0
        self._pending = False

    def show(self, label: str, total: int | None, done: int, facts: str, below: Sequence[str] = ()) -> None:
        self._state.label, self._state.total, self._state.done, self._state.facts = label, total, done, facts
        self._state.below = below
        self._pending = True
        if time.monotonic() - self._updated >= _SECONDS_BETWEEN_UPDATES:
            self._update()

    def say(self, line: str) -> None:
        self._state.lines.append(line)
        self._update()

    def close(self) -> None:
        if self._pending:
            self._update()

    def _update(self) -> None:
        self._updated, self._pending = time.monotonic(), False
        if self._handle is None:
            self._handle = self._display(self._state, display_id=True)
        else:
            self._handle.update(self._state)


def _display_of_notebook() -> Callable[..., Any] | None:
    """Return ``IPython.display.display`` if this process is a notebook kernel, otherwise None."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.display import display

    return display if hasattr(get_ipython(), "kernel") else None


def _rich_progress(stream: IO[str], below: Sequence[str]) -> Progress:
    """Make a bar of rich; the lines in ``below`` are shown below it, and read again whenever it is drawn."""
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.text import Text

    class WithLines(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            yield from super().get_renderables()
            yield from (Text(f"  {line}", no_wrap=True, overflow="ellipsis") for line in list(below))

    facts = TextColumn("{task.fields[facts]}")
    columns = TextColumn("{task.description}"), BarColumn(None), TaskProgressColumn(), facts
    return WithLines(*columns, console=Console(file=stream), expand=True, refresh_per_second=8)


def _count(number: float) -> str:
    """Format a number of words with about three digits: 812, 34.5 k, 7.13 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.0f}"


def _clock(seconds: float) -> str:
    """Format a duration in seconds as M:SS, or as H:MM:SS from one hour up."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
