"""The lesson in one tab: the course, where it stands, and what has to be drawn anew at each step."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

from nicegui import ui

from wordkin.errors import WordkinError
from wordkin.lesson import PRESETS, Course, Overview, Step, depict
from wordkin.lesson.gradient_step import Taken
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.view import View

Update = Callable[[], None]
SPEEDS = (1, 5, 30)


class Tab:
    """The state of the lesson in one tab.

    Attributes
    ----------
    view : View
        The tab of the studio.
    choices : Choices
        What was chosen.
    course : Course
        All steps.
    number : int
        The step shown, from 1.
    topic : str
        The page of the lesson shown.
    """

    def __init__(self, view: View, topics: tuple[str, ...]) -> None:
        self.view = view
        self.topics = topics
        self.choices = Choices.of_state(view.state, view.texts.language)
        wanted = view.state.get("topic", "")
        self.topic = wanted if wanted in topics else topics[0]
        self.course: Course
        self.overview: Overview
        self.number = 1
        self.steps = 1
        self.playing = False
        self.speed = 5
        self.error = ""
        self.options_open = False  # whether text and options are shown
        self.redraw: Update = lambda: None  # builds the page of the lesson anew
        self.refresh: Update = lambda: None  # shows another step on the page as it is
        self._shown: tuple[int, Step, Taken] | None = None
        self._timer: ui.timer | None = None

    def text(self, key: str, **values: object) -> str:
        """A text of the lesson in the language of the tab."""
        return self.view.text(f"lesson.{key}", **values)

    @property
    def title(self) -> str:
        """The title of the text."""
        return PRESETS[self.choices.preset].title if self.choices.preset else self.text("own_text")

    # -- the course --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Make the course of the URL, or of the default where its text cannot be used."""
        try:
            await self._make(self.choices)
        except WordkinError as error:
            self.error = str(error)
            self.choices = Choices.of_state({}, self.view.texts.language)
            await self._make(self.choices)
        wanted = self.view.state.get("step", "")
        self.number = int(wanted) if wanted.isdecimal() and 1 <= int(wanted) <= self.steps else self.number

    async def _make(self, choices: Choices) -> None:
        def make() -> tuple[Course, Overview, int, int]:
            course = choices.course()
            steps = choices.steps(course)
            return course, course.overview(), steps, _first_shown(course, steps)

        self.course, self.overview, self.steps, warm = await asyncio.to_thread(make)
        self.choices = choices
        self.number = warm
        self._shown = None

    async def change(self, **fields: object) -> None:
        """Choose something else; where it cannot be, what was chosen stays and the error is shown."""
        await self.choose(dataclasses.replace(self.choices, **fields))  # type: ignore[arg-type]

    async def choose(self, choices: Choices) -> None:
        """Take other choices; a change of notation keeps the step."""
        if choices == self.choices:
            return
        self.pause()
        same_course = dataclasses.replace(choices, notation=self.choices.notation) == self.choices
        try:
            self.error = ""
            if same_course:
                self.choices = choices
            else:
                await self._make(choices)
        except WordkinError as error:
            self.error = str(error)
        self.remember()
        self.redraw()

    # -- the step ----------------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The step shown."""
        return self._current()[0]

    @property
    def taken(self) -> Taken:
        """The arrays of the step shown."""
        return self._current()[1]

    def _current(self) -> tuple[Step, Taken]:
        if self._shown is None or self._shown[0] != self.number:
            taken = self.course.taken(self.number)
            self._shown = (self.number, depict.step(self.course.text, self.number, taken), taken)
        return self._shown[1], self._shown[2]

    def go(self, number: int) -> None:
        """Show a step; beyond the ends, the first or the last."""
        self.number = max(1, min(number, self.steps))
        self.refresh()
        if not self.playing:
            self.remember()

    def play(self) -> None:
        """Go forward by itself, until paused or at the end."""
        if self.number >= self.steps:
            self.number = 1
        self.playing = True
        self._timer = ui.timer(1 / self.speed, self._tick)
        self.refresh()

    def pause(self) -> None:
        """Stay where it is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.playing:
            self.playing = False
            self.refresh()
            self.remember()

    def _tick(self) -> None:
        if self.number >= self.steps:
            self.pause()
        else:
            self.go(self.number + 1)

    def show_topic(self, topic: str) -> None:
        """Show another page of the lesson."""
        if topic == self.topic:
            return
        self.topic = topic
        self.remember(as_step=True)
        self.redraw()

    def remember(self, *, as_step: bool = False) -> None:
        """Put everything into the URL."""
        state = {**self.choices.to_state(), "topic": self.topic, "step": str(self.number)}
        self.view.remember(as_step=as_step, **state)


def _first_shown(course: Course, steps: int) -> int:
    """A step that is good to begin with: scores are no longer 0, and the window is full on both sides."""
    warm = min(course.warm_start(), steps)
    full = 2 * course.config.reach
    near = range(warm, min(warm + 40, steps + 1))
    return next((number for number in near if len(course.taken(number).example.where.view.context) == full), warm)
