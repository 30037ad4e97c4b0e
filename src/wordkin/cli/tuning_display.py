"""Progress of ``wordkin tune`` on standard error: a line for each trial and, in a terminal, a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from wordkin.training.display import ProgressDisplay
from wordkin.training.progress import TrainingReport

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from wordkin.tuning.trials import Step, Trial


class TuningDisplay:
    """Shows the progress of reading, of the search and of the current trial.

    It is a context manager, which restores the terminal at its end.

    Parameters
    ----------
    stream : file object
        The text stream to write to.
    quiet : bool
        Whether to show nothing.
    """

    def __init__(self, stream: IO[str], quiet: bool) -> None:
        self._stream, self._quiet = stream, quiet
        self._reading = ProgressDisplay(stream)
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._best: float | None = None

    def hooks(self) -> dict[str, Any]:
        """Return the arguments for callbacks of :func:`wordkin.tune`."""
        if self._quiet:
            return {}
        return {
            "on_scan": self._reading.reading, "on_step": self._begin, "on_trial": self._end, "callbacks": [self._report]
        }  # fmt: skip

    def _begin(self, step: Step, trials: Sequence[Trial]) -> None:
        self._reading.close()
        known = [each.score for each in trials if each.share == 1.0 and each.score is not None]
        self._best = max(known, default=None)
        if not self._stream.isatty():
            return
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._progress = Progress(
                TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:.0f}%"),
                console=Console(file=self._stream), transient=True,
            )  # fmt: skip
            self._progress.start()
            self._task = self._progress.add_task("", total=1.0)
        assert self._task is not None
        self._progress.reset(self._task, description=f"trial {len(trials) + 1}: {step.name}", total=1.0)

    def _report(self, report: TrainingReport) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=report.words / max(1, report.total_words))

    def _end(self, trial: Trial) -> None:
        line = trial_line(trial, self._best)
        if self._progress is not None:
            self._progress.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._stream, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reading.close()
        if self._progress is not None:
            self._progress.stop()


def trial_line(trial: Trial, best: float | None) -> str:
    """Format a trial as one line.

    ``best`` is the highest score on the whole text so far; None if no trial has been on the whole text.
    """
    where = "" if trial.share == 1.0 else f" on {trial.share:.0%} of the text"
    reached = "diverged" if trial.score is None else f"{trial.score:.4f}"
    ahead = trial.share == 1.0 and trial.score is not None and (best is None or trial.score > best)
    mark = ", the best yet" if ahead and best is not None else ""
    return (
        f"trial {trial.number}: {trial.stage}{where}, seed {trial.seed}: {reached}{mark}, "
        f"{trial.train_seconds:.1f} s of training; {trial.name}"
    )
