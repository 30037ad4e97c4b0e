"""The state of the lesson in one tab: the course, the current step, and functions that redraw the page."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from nicegui import ui

from wordkin.errors import ConfigError, CorpusError, WordkinError
from wordkin.lesson import PRESETS, Course, Overview, Step, depict
from wordkin.lesson.gradient_step import Taken
from wordkin.lesson.text import Example
from wordkin.studio.lesson.choices import MOST_CHARACTERS, MOST_WORDS, Choices
from wordkin.studio.view import View

T = TypeVar("T")
Update = Callable[[], None]
_NODE = re.compile(r"node (\d+)")  # name of an inner node in the data; no word of a text contains a space
SPEEDS = (1, 5, 30)
_MOST_DELAY = 0.2  # seconds that steps in play may be late and are then shown sooner one after another


class Tab:
    """The state of the lesson in one tab.

    Attributes
    ----------
    view : View
        The tab of the studio.
    choices : Choices
        The chosen text and options.
    course : Course
        All steps of the training.
    number : int
        Number of the current step, from 1.
    topic : str
        The current page of the lesson.
    begin : int or None
        Number of steps before the first step shown, if the user chose one. If it is None, :func:`_first_shown` chooses
        the first step shown.
    first : int
        Number of the step that is shown first.
    leaf : str
        The word whose path the page of the tree shows; "" for the true word of the step.
    """

    def __init__(self, view: View, topics: tuple[str, ...]) -> None:
        self.view = view
        self.topics = topics
        self.choices = Choices.of_state(view.state, view.texts.language)
        wanted = view.state.get("topic", "")
        self.topic = wanted if wanted in topics else topics[0]
        self.leaf = view.state.get("leaf", "")
        begin = view.state.get("begin", "")
        self.begin = int(begin) if begin.isdecimal() and len(begin) < 6 else None
        self.course: Course
        self.overview: Overview
        self.number = self.first = 1
        self.steps = 1
        self.playing = False
        self.speed = 5
        self.error = ""
        self.draft: tuple[str, str] | None = None  # text and noise words that were typed, but not used yet
        self.answers: dict[tuple[Choices, int, str], str] = {}  # what was typed, by choices, step and exercise
        self.solved: set[tuple[Choices, int, str]] = set()  # exercises that were solved or whose answer was shown
        self.answers_shown = False  # whether the page of exercises shows the blocks of the step that hold the answers
        self.options_open = False  # whether the fields for text and options are visible
        self.redraw: Update = lambda: None  # rebuilds the page
        self.refresh: Update = lambda: None  # updates the page to the current step
        self._waiting: list[Callable[[Choices], Choices]] = []  # changes of the choices that are not yet in effect
        self._turn = asyncio.Lock()  # held while a course is made
        self._shown: tuple[int, Step, Taken] | None = None
        self._timer: ui.timer | None = None
        self._due = 0.0  # the time at which the timer shows the next step

    def text(self, key: str, **values: object) -> str:
        """Return a text of the lesson in the language of the tab."""
        return self.view.text(f"lesson.{key}", **values)

    def named(self, view: T) -> T:
        """Return a copy of a view of :mod:`wordkin.lesson` whose inner nodes have names in the language of the tab."""
        plain: Callable[[str], str] = lambda number: self.text("node", number=number)  # noqa: E731
        return view if plain("0") == "node 0" else _renamed(view, plain)

    def explained(self, error: WordkinError) -> str:
        """Return the message of an error in the language of the tab."""
        match error:
            case ConfigError(parameter="noise"):
                return self.text("error.noise", word=error.value)
            case ConfigError(parameter="subsample"):
                return self.text("error.subsample", value=error.value)
            case ConfigError(parameter="text") if "characters" in error.rule:
                return self.text("error.characters", most=MOST_CHARACTERS, count=error.value)
            case ConfigError(parameter="text"):
                return self.text("error.words", most=MOST_WORDS, count=error.value)
            case CorpusError():
                return self.text("error.two_words")
        return str(error)

    @property
    def title(self) -> str:
        """The title of the text of the lesson."""
        return PRESETS[self.choices.preset].title if self.choices.preset else self.text("own_text")

    # -- the course --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Create the course that the URL describes. If its text cannot be used, create the default course."""
        try:
            await self._make(self.choices)
        except WordkinError as error:
            self.error = self.explained(error)
            self.choices = Choices.of_state({}, self.view.texts.language)
            await self._make(self.choices)
        wanted = self.view.state.get("step", "")
        self.number = int(wanted) if wanted.isdecimal() and 1 <= int(wanted) <= self.steps else self.number

    async def _make(self, choices: Choices) -> None:
        def make() -> tuple[Course, Overview, int, int]:
            course = choices.course()
            steps = choices.steps(course)
            return course, course.overview(), steps, self._first(course, steps)

        course, self.overview, steps, self.first = await asyncio.to_thread(make)
        same_steps = hasattr(self, "course") and (choices.text, steps) == (self.choices.text, self.steps)
        self.course, self.choices, self.steps = course, choices, steps
        self.number = self.number if same_steps else self.first
        if self.leaf not in course.text.vocabulary:
            self.leaf = ""
        self._shown = None

    def _first(self, course: Course, steps: int) -> int:
        """Return the number of the step to show first, as the user chose it or as :func:`_first_shown` does."""
        return _first_shown(course, steps) if self.begin is None else min(self.begin + 1, steps)

    async def change(self, **fields: object) -> None:
        """Change some choices. If they are not legal, keep the previous ones and show the error."""
        await self._choose(lambda kept: dataclasses.replace(kept, **fields))  # type: ignore[arg-type]

    async def choose_preset(self, name: str) -> None:
        """Use the text and the options of an example, and keep the other choices."""
        await self._choose(lambda kept: Choices.of_preset(PRESETS[name], kept))

    async def choose_text(self, text: str, noise: str) -> None:
        """Use a text and noise words that the user has typed."""

        def make(kept: Choices) -> Choices:
            preset = kept.preset if text == kept.text else ""
            return dataclasses.replace(kept, text=text, preset=preset, noise=noise)

        await self._choose(make)

    @property
    def wanted(self) -> Choices:
        """The choices as they will be when all waiting changes have been made."""
        choices = self.choices
        for make in self._waiting:
            choices = make(choices)
        return choices

    async def _choose(self, make: Callable[[Choices], Choices]) -> None:
        """Replace all choices by those that ``make`` returns for the current ones.

        If only the notation changes, the lesson stays at the same step. Otherwise a course must be made, which takes a
        moment. A change that the user makes meanwhile waits, and is then applied to the new choices, so that no change
        is lost. The URL holds all changes at once, in case the page is loaded again meanwhile.
        """
        if make(self.wanted) == self.wanted:
            return
        self.pause()
        self._waiting.append(make)
        self.remember()
        try:
            async with self._turn:
                await self._take(make(self.choices))
        finally:
            self._waiting.remove(make)
        self.remember()
        self.redraw()

    async def _take(self, choices: Choices) -> None:
        before = self.choices.preset
        same_course = dataclasses.replace(choices, notation=self.choices.notation) == self.choices
        try:
            self.error = ""
            if same_course:
                self.choices = choices
            else:
                await self._make(choices)
                if (choices.text, choices.noise) == self.draft or choices.preset != before:
                    self.draft = None
        except WordkinError as error:
            self.error = self.explained(error)

    # -- the step ----------------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The current step."""
        return self._current()[0]

    @property
    def taken(self) -> Taken:
        """The arrays of the current step."""
        return self._current()[1]

    def _current(self) -> tuple[Step, Taken]:
        if self._shown is None or self._shown[0] != self.number:
            taken = self.course.taken(self.number)
            step = self.named(depict.step(self.course.text, self.number, taken))
            self._shown = (self.number, step, taken)
        return self._shown[1], self._shown[2]

    def go(self, number: int) -> None:
        """Show a step. Numbers out of range select the first or the last step."""
        self.number = max(1, min(number, self.steps))
        self.refresh()
        if not self.playing:
            self.remember()

    def begin_after(self, count: int | None) -> None:
        """Show the step after ``count`` steps, now and whenever the text changes; None for the usual first step."""
        self.begin = None if count is None else max(0, min(count, self.steps - 1))
        self.first = self._first(self.course, self.steps)
        self.pause()
        self.go(self.first)

    def play(self) -> None:
        """Show one step after another until :meth:`pause` is called or the last step is reached."""
        if self.number >= self.steps:
            self.number = 1
        self.playing = True
        self._due = time.monotonic()
        self._timer = ui.timer(1 / self.speed, self._tick)
        self.refresh()

    def pause(self) -> None:
        """Stop :meth:`play` at the current step."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.playing:
            self.playing = False
            self.refresh()
            self.remember()

    def _tick(self) -> None:
        assert self._timer is not None
        # The timer waits from now on, and is always a little late; delays must not add up.
        now = time.monotonic()
        self._due = max(self._due + 1 / self.speed, now - _MOST_DELAY)
        self._timer.interval = max(0.0, self._due - now)
        if self.number >= self.steps:
            self.pause()
        else:
            self.go(self.number + 1)

    def show_topic(self, topic: str) -> None:
        """Show another page of the lesson."""
        if topic == self.topic:
            return
        self.topic, self.answers_shown = topic, False
        self.remember(as_step=True)
        self.redraw()

    def remember(self, *, as_step: bool = False) -> None:
        """Store choices, topic and step in the URL."""
        step = None if self._waiting else str(self.number)  # the number is that of the choices in effect
        state = {**self.wanted.to_state(), "topic": self.topic, "step": step, "leaf": self.leaf or None}
        state["begin"] = None if self.begin is None else str(self.begin)
        self.view.remember(as_step=as_step, **state)


def _renamed(value: Any, name: Callable[[str], str]) -> Any:
    """Return a copy of a view in which ``name`` has replaced the name of each inner node."""
    if isinstance(value, str):
        found = _NODE.fullmatch(value)
        return name(found[1]) if found else value
    if isinstance(value, list):
        return value if value and isinstance(value[0], float) else [_renamed(each, name) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: _renamed(getattr(value, each.name), name) for each in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


def _first_shown(course: Course, steps: int) -> int:
    """Return the number of a step to begin with, at which scores are no longer 0.

    If possible, the window of this step is full on both sides or, with subsampling, its sentence has a dropped word.
    Among such steps, those with the most usual noise words (see :func:`_usual_noise`) are preferred, and the first of
    them is returned.
    """
    warm = min(course.warm_start(), steps)
    full, fitting = 2 * course.config.reach, []
    for number in range(warm, min(warm + 40, steps + 1)):
        example = course.taken(number).example
        view = example.where.view
        if view.dropped if course.config.subsample else len(view.context) == full:
            fitting.append((_usual_noise(example), -number))
    return -max(fitting)[1] if fitting else warm


def _usual_noise(example: Example) -> int:
    """Return how usual the noise words of a step are: 2, 1 or 0.

    It is 0 if two noise words are equal or one of them is the output word, 1 if one of them is another word of the
    window, and 2 otherwise.
    """
    noise = example.noise[0]
    if len(set(noise)) < len(noise) or example.outputs[0] in noise:
        return 0
    return 1 if {example.where.window.centre_id, *example.where.window.context_ids} & set(noise) else 2
