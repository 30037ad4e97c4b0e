"""The controls above every page of the lesson: architecture, objective, step, text and options."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from nicegui import ui

from wordkin.lesson import PRESETS
from wordkin.studio.lesson.choices import MOST_CHARACTERS, NUMBERS, WORDS
from wordkin.studio.lesson.flow import strip_html
from wordkin.studio.lesson.parts import symbols
from wordkin.studio.lesson.tab import SPEEDS, Tab, Update
from wordkin.studio.live import LiveHtml
from wordkin.studio.widgets import button, marked, notice, select


def build_controls(tab: Tab) -> Update:
    """Build the controls. Return a function that updates them to the current step."""
    with marked("section", "lesson-top", label=tab.text("controls")):
        with marked("div", "line"):
            _choice(tab, "architecture")
            _choice(tab, "objective")
            names = {name: tab.text(f"notation.{name}") for name in WORDS["notation"]}
            select(names, tab.choices.notation, tab.text("notation"), lambda value: tab.change(notation=value))
            unfold = button(tab.text("options"), lambda: fold(), "quiet")
        if tab.error:
            notice(tab.error, bad=True)
        with marked("div", "lesson-options") as options:
            _options(tab)
    update = _player(tab)
    strip = LiveHtml()

    def fold() -> None:
        tab.options_open = not tab.options_open
        show_options()

    def show_options() -> None:
        options.set_visibility(tab.options_open)
        unfold.props["aria-expanded"] = "true" if tab.options_open else "false"

    show_options()

    def show() -> None:
        update()
        strip.show(strip_html(tab))

    return show


def _choice(tab: Tab, field: str) -> None:
    """Add a button for each value of an option; the button of the current value is marked."""
    current = getattr(tab.choices, field)
    with marked("div", "line", label=tab.text(field)) as group:
        group.props["role"] = "group"
        for value in WORDS[field]:
            made = button(
                tab.text(f"{field}.{value}"), _changing(tab, field, value), "" if value == current else "quiet"
            )
            made.props["aria-pressed"] = "true" if value == current else "false"


def _changing(tab: Tab, field: str, value: str) -> Callable[[], Any]:
    return lambda: tab.change(**{field: value})


def _player(tab: Tab) -> Update:
    with marked("div", "line lesson-player"):
        button("|◀", lambda: tab.go(1), "quiet", label=tab.text("to_first"))
        button("◀", lambda: tab.go(tab.number - 1), "quiet", label=tab.text("back"))
        play = button(tab.text("play"), lambda: tab.pause() if tab.playing else tab.play())
        button("▶", lambda: tab.go(tab.number + 1), "quiet", label=tab.text("forward"))
        button("+20", lambda: tab.go(tab.number + 20), "quiet", label=tab.text("forward20"))
        now = LiveHtml("span").classes("step-now")
        now.props["aria-live"] = "polite"
        to_step = ui.number(tab.text("to_step"), min=1, max=tab.steps, step=1, precision=0)
        to_step.props("outlined dense").style("width:6.5rem")
        to_step.on("keydown.enter", lambda: _go_to(tab, to_step.value))
        button(tab.text("go"), lambda: _go_to(tab, to_step.value), "quiet")
        _begin(tab)
        names = {str(speed): tab.text("per_second", count=speed) for speed in SPEEDS}
        select(names, str(tab.speed), tab.text("speed"), lambda value: _speed(tab, int(value)))

    def update() -> None:
        now.show(escape(tab.text("step_of", number=f"{tab.number:,}", steps=f"{tab.steps:,}")))
        play.text = tab.text("pause") if tab.playing else tab.text("play")

    return update


def _go_to(tab: Tab, number: float | None) -> None:
    if number is not None:
        tab.go(int(number))


def _begin(tab: Tab) -> None:
    """Add a field for the number of steps before the first step shown. An empty field stands for the usual number."""
    made = ui.number(tab.text("begin"), value=tab.first - 1, min=0, max=tab.steps - 1, step=1, precision=0)
    made.props("outlined dense").style("width:9.5rem")

    def take() -> None:
        count = None if made.value is None else int(made.value)
        if count != tab.first - 1:
            tab.begin_after(count)
            made.value = tab.first - 1

    made.on("blur", take)
    made.on("keydown.enter", take)


def _speed(tab: Tab, speed: int) -> None:
    playing = tab.playing
    tab.pause()
    tab.speed = speed
    if playing:
        tab.play()


def _options(tab: Tab) -> None:
    choices = tab.choices
    with marked("div", "stack"):
        with marked("div", "line"):
            titles = {"": tab.text("own_text"), **{name: preset.title for name, preset in PRESETS.items()}}
            select(titles, choices.preset, tab.text("preset"), lambda name: _preset(tab, name)).style("min-width:16rem")
        typed, noise_typed = tab.draft or (choices.text, choices.noise)
        text = ui.textarea(tab.text("text"), value=typed).props(f"outlined maxlength={MOST_CHARACTERS} counter")
        text.props(f"rows={min(8, max(2, typed.count(chr(10)) + 1))}")
        noise = ui.input(tab.text("noise_by_hand"), value=noise_typed).props("outlined dense maxlength=200")
        noise.props(f'hint="{tab.text("noise_hint")}"').classes("hinted")
        for typed_in in (text, noise):
            typed_in.on_value_change(lambda: keep())

        def keep() -> None:
            """Keep the text typed so far. If another option changes, the fields are created again with this text."""
            tab.draft = text.value or "", noise.value or ""

        with marked("div", "line"):
            button(tab.text("use_text"), lambda: tab.choose_text(text.value or "", noise.value or ""))
        with marked("div", "line"):
            for field, (low, high) in NUMBERS.items():
                _number(tab, field, low, high)
            _number(tab, "subsample", 0.0, 1.0)
        with marked("div", "line"):
            for field in ("cbow_gradient", "tree", "order"):
                names = {value: tab.text(f"{field}.{value}") for value in WORDS[field]}
                select(names, getattr(choices, field), tab.text(field), _setter(tab, field)).style("min-width:12rem")
            windows = {"0": tab.text("window.fixed"), "1": tab.text("window.drawn")}
            select(
                windows, str(int(choices.dynamic_window)), tab.text("dynamic_window"),
                lambda value: tab.change(dynamic_window=value == "1"),
            ).style("min-width:12rem")  # fmt: skip


def _setter(tab: Tab, field: str) -> Callable[[str], Any]:
    return lambda value: tab.change(**{field: value})


def _preset(tab: Tab, name: str) -> Any:
    if name not in PRESETS:
        return None
    return tab.choose_preset(name)


def _number(tab: Tab, field: str, low: float, high: float) -> None:
    whole = field not in ("learning_rate", "subsample")
    made = ui.number(tab.text(f"number.{field}", **symbols(tab)), value=getattr(tab.choices, field), min=low, max=high)
    made.props(f"outlined dense step={'1' if whole else 'any'}").style("width:9rem")
    limits = tab.text("from_to", low=f"{low:g}", high=f"{high:g}")
    made.validation = {
        limits: lambda value: value is not None and low <= value <= high and (not whole or value % 1 == 0)
    }

    async def take() -> None:
        value = made.value
        if value is not None and low <= value <= high and (not whole or value % 1 == 0):
            await tab.change(**{field: int(value) if whole else float(value)})

    made.on("blur", take)
    made.on("keydown.enter", take)
