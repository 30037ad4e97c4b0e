"""The live view of a training run: numbers, curves, watched words, and buttons to control the run."""

from __future__ import annotations

from nicegui import ui

from wordkin.errors import WordkinError
from wordkin.studio.charts import line_chart
from wordkin.studio.train.runs import TrainingRun
from wordkin.studio.view import View
from wordkin.studio.widgets import button, fact, facts, heading, inline, marked, notice, panel, paragraph
from wordkin.studio.worker import MAX_WATCHED

_SECONDS_BETWEEN_UPDATES = 0.5
_UNKNOWN = "\N{EN DASH}"
_FIGURES = ("status", "epoch", "loss", "held_out", "speed", "rate", "left")


class LiveRun:
    """The part of the page that shows a run. The run continues even if no page shows it."""

    def __init__(self, view: View, run: TrainingRun) -> None:
        self._view, self._run = view, run
        self._shown_points = -1
        self._shown_words: object = None
        text = view.text
        with panel(run.name):
            with facts():
                self._figures = {name: fact(text(f"train.figure.{name}"), _UNKNOWN) for name in _FIGURES}
            self._bar = ui.linear_progress(value=0, show_value=False, size="0.7rem")
            self._bar.props["aria-label"] = text("train.progress")
            with marked("div", "line"):
                self._pause = button(text("train.pause"), self._toggle_pause, "quiet")
                self._stop = button(text("train.stop"), run.stop, "quiet")
                self._resume = button(text("train.resume"), self._go_on)
                self._open = button(text("train.open"), self._explore)
            self._trouble = marked("div", "stack")
            self._shown_trouble: tuple[str, str] = ("", "")
        with marked("div", "columns"):
            with panel(text("train.curves")):
                self._chart = line_chart(
                    [
                        {"name": text("train.loss"), "data": [], "showSymbol": False},
                        {"name": text("train.held_out"), "data": [], "symbolSize": 8},
                    ],
                    text("train.words"),
                    text("train.curves"),
                    "20rem",
                    type="value",
                    splitNumber=4,
                )
            with panel(text("train.watched")):
                self._make_watch()
        with panel(text("train.settings")):
            corpus = run.corpus or text("train.built_in")
            paragraph(f"{text('train.corpus')}: {corpus}", "small")
            with marked("div", "line"):
                for name, value in run.options.items():
                    inline(f"{name} = {value}", "small number")
        self._update()
        ui.timer(_SECONDS_BETWEEN_UPDATES, self._update)

    def _make_watch(self) -> None:
        text = self._view.text
        with marked("div", "line").style("flex-wrap: nowrap"):
            field = ui.input(text("train.watch"), value=" ".join(self._run.watch)).style("flex: 1")
            field.props("outlined dense spellcheck=false maxlength=500")
            button(text("train.watch_these"), lambda: self._set_watch(str(field.value or "")), "quiet")
            field.on("keydown.enter", lambda: self._set_watch(str(field.value or "")))
        paragraph(text("train.watch_help"), "muted small")
        self._words = marked("div", "watched")

    def _set_watch(self, words: str) -> None:
        self._run.set_watch(tuple(dict.fromkeys(words.replace(",", " ").split()))[:MAX_WATCHED])

    def _toggle_pause(self) -> None:
        self._run.pause(self._run.status != "paused")
        self._update()

    async def _go_on(self) -> None:
        try:
            await self._view.studio.runs.resume(self._run)
        except (WordkinError, OSError) as error:
            ui.notify(str(error), type="negative")
        self._update()

    def _explore(self) -> None:
        path = self._run.vectors
        if path is not None:
            name = path.relative_to(self._view.studio.workspace.folder).as_posix()
            ui.navigate.to(self._view.link("/explore", vectors=name))

    def _update(self) -> None:
        run, text = self._run, self._view.text
        self._show_figures()
        live = run.status in ("training", "paused")
        self._pause.set_text(text("train.go_on") if run.status == "paused" else text("train.pause"))
        for control, wanted in (
            (self._pause, live),
            (self._stop, run.running and run.status != "stopping"),
            (self._resume, run.resumable),
            (self._open, run.vectors is not None and not run.running),
        ):
            control.set_visibility(wanted)
        self._show_trouble()
        if len(run.points) + len(run.held_out) != self._shown_points:
            self._shown_points = len(run.points) + len(run.held_out)
            series = self._chart.options["series"]
            series[0]["data"] = [[words, loss] for words, loss, _ in run.points]
            series[1]["data"] = [list(point) for point in run.held_out]
            self._chart.update()
        if run.watched != self._shown_words:
            self._shown_words = dict(run.watched)
            self._show_words()

    def _show_figures(self) -> None:
        run, report = self._run, self._run.report
        shown = {"status": self._view.text(f"train.status.{run.status}")}
        if report:
            shown["epoch"] = f"{min(report['epoch'], report['epochs'])} / {report['epochs']}"
            shown["loss"] = f"{report['loss']:.4f}"
            shown["speed"] = f"{report['words_per_second']:,.0f}"
            shown["rate"] = f"{report['learning_rate']:.5f}"
            left = report["seconds_left"]
            shown["left"] = _UNKNOWN if left is None or not run.running else clock(left)
            self._bar.set_value(report["words"] / max(1, report["total_words"]))
        elif run.points:
            shown["loss"], shown["rate"] = f"{run.points[-1][1]:.4f}", f"{run.points[-1][2]:.5f}"
        elif run.status == "reading" and run.reading:
            shown["epoch"] = self._view.text("train.read", words=f"{run.reading['words']:,}")
        if run.held_out:
            shown["held_out"] = f"{run.held_out[-1][1]:.4f}"
        if run.status == "done":
            self._bar.set_value(1.0)
        for name, value in shown.items():
            if self._figures[name].text != value:
                self._figures[name].set_text(value)

    def _show_trouble(self) -> None:
        run = self._run
        trouble = (run.status, run.message)
        if trouble == self._shown_trouble:
            return
        self._shown_trouble = trouble
        self._trouble.clear()
        if not run.message:
            return
        with self._trouble:
            notice(run.message, bad=run.status == "failed")
            printed = run.log_tail() if run.status == "failed" else ""
            if printed:
                with ui.expansion(self._view.text("train.log")), marked("pre", "log"):
                    inline(printed)

    def _show_words(self) -> None:
        self._words.clear()
        with self._words:
            for word, near in self._run.watched.items():
                with marked("section", "stack"):
                    heading(word, 3)
                    if near is None:
                        paragraph(self._view.text("train.unknown"), "muted small")
                        continue
                    with marked("ol", "near"):
                        for neighbour, cosine in near:
                            with marked("li"):
                                inline(neighbour)
                                inline(f"{cosine:.2f}", "number muted")


def clock(seconds: float) -> str:
    """Format a duration as minutes and seconds, or as hours, minutes and seconds from one hour on.

    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
