"""The page Train: the form for a new run, or an existing run, which the URL names."""

from __future__ import annotations

from nicegui import ui

from wordkin.errors import WordkinError
from wordkin.studio.train.live import LiveRun
from wordkin.studio.train.options import OptionFields
from wordkin.studio.train.runs import TrainingRun
from wordkin.studio.view import View
from wordkin.studio.widgets import button, inline, marked, notice, panel, paragraph, select
from wordkin.studio.worker import CORPUS_OF_DOCSTRINGS, MAX_WATCHED

_BUILT_IN = "built-in"
_MOST_LISTED = 20


def build(view: View) -> None:
    """Build the content of the page."""
    name = view.state.get("run", "")
    if name:
        run = view.studio.runs.get(name)
        if run is None:
            notice(view.text("train.no_run", name=name), bad=True)
        else:
            LiveRun(view, run)
        with marked("div", "line"):
            ui.link(view.text("train.another"), view.link("/train"))
    else:
        paragraph(view.text("train.about"))
        _NewRun(view)
    _list_runs(view)


def status_text(view: View, run: TrainingRun) -> str:
    """Return the status of a run as text."""
    return view.text(f"train.status.{run.status}")


def _list_runs(view: View) -> None:
    runs = [run for run in view.studio.runs.all() if run.name != view.state.get("run")]
    if not runs:
        return
    with panel(view.text("train.runs")), marked("ul", "plain"):
        for run in runs[:_MOST_LISTED]:
            with marked("li", "line"):
                ui.link(run.name, view.link("/train", run=run.name))
                inline(status_text(view, run), "muted")


class _NewRun:
    """The form for a new run: its text and its options."""

    def __init__(self, view: View) -> None:
        self._view = view
        texts = view.studio.workspace.texts()
        corpora = {_BUILT_IN: view.text("train.built_in"), **{name: name for name in texts}}
        chosen = view.state.get("corpus", _BUILT_IN)
        with panel(view.text("train.new")):
            self._corpus = select(
                corpora,
                chosen if chosen in corpora else _BUILT_IN,
                view.text("train.corpus"),
                lambda name: view.remember(corpus=None if name == _BUILT_IN else name),
            )
            self._corpus.style("max-width: 34rem")
            if not texts:
                paragraph(view.text("train.no_texts"), "muted small")
            self._watch = ui.input(
                view.text("train.watch"),
                value=view.state.get("watch", ""),
                on_change=lambda event: view.remember(watch=str(event.value or "")[:500]),
            )
            self._watch.props("outlined dense spellcheck=false maxlength=500").style("max-width: 34rem")
            self._options = OptionFields(view)
            self._problem = marked("div", "stack")
            with marked("div", "line"):
                button(view.text("train.start"), self._start)

    async def _start(self) -> None:
        view = self._view
        self._problem.clear()
        corpus = CORPUS_OF_DOCSTRINGS if self._corpus.value == _BUILT_IN else str(self._corpus.value)
        watch = tuple(str(self._watch.value or "").replace(",", " ").split())[:MAX_WATCHED]
        try:
            run = await view.studio.runs.begin(corpus, self._options.values(), watch)
        except (WordkinError, OSError) as error:
            with self._problem:
                notice(view.text("train.cannot_start", error=error), bad=True)
            return
        ui.navigate.to(view.link("/train", run=run.name))
