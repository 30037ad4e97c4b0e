"""The page of the lesson: controls, the list of topics, the selected topic, and the flow of the step."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from nicegui import ui

from wordkin.studio.lesson.controls import build_controls
from wordkin.studio.lesson.flow import build_flow
from wordkin.studio.lesson.tab import Tab
from wordkin.studio.lesson.topics import TOPICS
from wordkin.studio.view import View
from wordkin.studio.widgets import button, heading, marked, notice

_FAST, _BLOCKS_EVERY = 30, 5  # from this many steps per second on, the blocks of the flow show only every fifth step

# On a phone, the list of topics is one line that scrolls.
_SHOW_CURRENT_TOPIC = """
const current = document.querySelector('.lesson-topics .current'), list = current?.parentElement;
if (list) list.scrollLeft = current.offsetLeft - list.offsetLeft - (list.clientWidth - current.clientWidth) / 2;
"""


# Marks the chosen page at once in the list; the server needs a moment to build it.
_MARK = """(event) => {
  const chosen = event.target.closest('button');
  for (const each of chosen.parentElement.children) each.classList.toggle('current', each === chosen);
}"""
# Scrolls the heading of a page to just below the controls, which may stick to the top.
_TO_HEADING = """setTimeout(() => {
  const page = document.querySelector('.lesson-topic');
  if (!page) return;
  const stuck = [...document.querySelectorAll('.lesson-top, .lesson-player')]
    .filter(each => getComputedStyle(each).position === 'sticky').map(each => each.offsetHeight);
  const top = page.getBoundingClientRect().top + scrollY - Math.max(0, ...stuck) - 8;
  if (top < scrollY) scrollTo({top});
}, 60)"""


def build(view: View) -> None:
    """Build the content of the page.

    The first lesson after an installation compiles a kernel, which takes seconds. The page is shown before that.
    """
    style = (files("wordkin.studio.lesson") / "lesson.css").read_text(encoding="utf-8")
    ui.add_head_html(f"<style>{style}</style>")
    tab = Tab(view, tuple(TOPICS))
    with marked("div", "stack") as place:
        notice(tab.text("preparing"))

    def redraw() -> None:
        tab.pause()
        place.clear()
        with place:
            _fill(tab)

    async def begin() -> None:
        await tab.start()
        redraw()

    tab.redraw = redraw
    ui.timer(0, begin, once=True)
    view.on_close(tab.pause)


def _fill(tab: Tab) -> None:
    updates = [build_controls(tab)]
    with marked("div", "lesson-body") as body:
        with marked("nav", "lesson-topics", label=tab.text("topics")):
            for number, topic in enumerate(TOPICS, 1):
                made = button(f"{number}. {tab.text(f'topic.{topic}')}", _showing(tab, topic), "word")
                made.on("click", js_handler=_MARK)
                if topic == tab.topic:
                    made.classes("current").props["aria-current"] = "true"
        with marked("div", "lesson-content"):
            with marked("section", f"panel lesson-topic {tab.topic}", label=tab.text(f"topic.{tab.topic}")):
                heading(tab.text(f"topic.{tab.topic}"), 2)
                updates.append(TOPICS[tab.topic](tab))
            updates.append(build_flow(tab))

    def refresh() -> None:
        # At 30 steps per second nobody can read the blocks of the flow; the line above the page shows every step.
        hurried = tab.playing and tab.speed >= _FAST and tab.number % _BLOCKS_EVERY
        for update in updates[:-1] if hurried else updates:
            update()
        if tab.playing != ("playing" in body.classes):
            body.classes(toggle="playing")

    tab.refresh = refresh
    refresh()
    ui.run_javascript(_SHOW_CURRENT_TOPIC)


def _showing(tab: Tab, topic: str) -> Callable[[], None]:
    def show() -> None:
        ui.run_javascript(_TO_HEADING)  # before the button is deleted, which this function belongs to
        tab.show_topic(topic)

    return show
