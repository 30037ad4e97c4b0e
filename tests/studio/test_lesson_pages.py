"""The lesson in a browser: its pages, controls, formulas and exercises."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from wordkin.lesson.equations import equations

pytest.importorskip("nicegui")
from wordkin.studio.catalogue import Texts
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.lesson.explain import equation_key
from wordkin.studio.lesson.topics import TOPICS

EXPLAINED = {"cost": ["cost.overfit"], "skip_gram": ["skipgram.product_text"]}  # paragraphs that a page must show
HOSTILE = "<img src=x onerror=alert(1)>"


def test_each_page_shows_something_in_both_languages(lesson, assert_readable):
    tab = lesson(objective="hierarchical-softmax", epochs=3)
    for language, topics in (("en", list(TOPICS)), ("ko", ["why", "cbow", "sampling", "tables"])):
        if language == "ko":
            tab.open("/lesson?lang=ko&objective=negative-sampling&epochs=3")
            tab.page.wait_for_selector(".lesson-flow table")
        texts = Texts(language)
        for topic in topics:
            title = texts[f"lesson.topic.{topic}"]
            tab.page.locator(".lesson-topics button", has_text=title).first.press("Enter")
            panel = tab.page.locator(f"section.lesson-topic[aria-label='{title}']")
            panel.wait_for()
            panel.locator("table, svg, button, math").first.wait_for()
            for said in EXPLAINED.get(topic, ()):
                panel.get_by_text(texts[f"lesson.{said}"]).wait_for()
            assert tab.page.evaluate("document.querySelectorAll('.lesson-flow table').length") >= 4
            for dark in ("true", "false") if language == "en" else ():
                tab.page.evaluate(f"document.body.classList.toggle('body--dark', {dark})")
                assert_readable(
                    tab.page, "body" if topic == topics[0] else "section.lesson-topic"
                )  # the rest is as it was


def test_formulas_end_in_the_number_of_the_step_and_follow_what_is_chosen_above_every_page(lesson):
    page = lesson(topic="cost", step=90).page
    for each in page.locator(".lesson-flow .q-expansion-item").all():
        each.click()
    page.wait_for_selector("[data-equation=input_update]")
    choices = Choices.of_state({}, "en")
    for each in equations(choices.course().step(90), choices.objective):
        values = page.locator(f".q-expansion-item [data-equation={each.name}]").first.locator("mn[data-value]").all()
        assert float(values[-1].get_attribute("data-value")) == pytest.approx(each.value, abs=1e-9)
    page.get_by_role("button", name="CBOW", exact=True).click()
    page.locator("button[aria-pressed=true]", has_text="CBOW").wait_for()
    page.get_by_role("button", name="Full softmax").click()
    page.locator("button[aria-pressed=true]", has_text="Full softmax").wait_for()
    page.wait_for_url("**architecture=cbow**objective=softmax**")
    page.locator(".lesson-flow .q-expansion-item").first.click()
    page.wait_for_selector("[data-equation=hidden] math mn[data-value]")
    page.get_by_label("Notation").click()
    page.get_by_role("option", name="θ and x").click()
    page.wait_for_url("**notation=theta**")


def wait_for_value(number: Any, value: float, key: str) -> None:
    """Wait until a number of the page has a value: for a moment, the page may show the equation before."""
    for _ in range(100):
        if float(number.get_attribute("data-value")) == pytest.approx(value, abs=1e-9):
            return
        number.page.wait_for_timeout(50)
    pytest.fail(f"{key} shows {number.get_attribute('data-value')} instead of {value}")


def test_numbers_open_their_equations_mark_where_they_came_from_and_are_walked_by_arrow_keys(lesson):
    page = lesson(step=90, topic="why").page
    first = page.locator(".lesson-flow tr[data-row=h] td").first
    source = page.locator(f".lesson-flow tr[data-row={first.get_attribute('data-from').split()[0]}]").first
    style = "each => getComputedStyle(each).outlineStyle"
    assert source.evaluate(style) == "none"
    first.hover()
    assert source.evaluate(style) == "solid"
    popover = page.locator(".explanation")
    step = Choices.of_state({}, "en").course().step(90)
    row = next(index for index, each in enumerate(step.objectives[0].rows) if not each.times and not each.ignored)
    outputs, inputs = (each.changes for each in reversed(step.tables))
    moved = next(index for index, each in enumerate(step.objectives[0].rows) if each.row_id == outputs[-1].row_id)
    for key, value in (
        (equation_key("hidden", component=1), step.hidden[1]),
        (equation_key("probability", row=row), step.objectives[0].rows[row].probability),
        (equation_key("hidden_gradient", component=2), step.hidden_gradient[2]),
        (equation_key("output_update", row=moved, component=3), outputs[-1].after[3]),
        (equation_key("input_update", component=3), inputs[0].after[3]),
    ):
        page.locator(f"td[data-equation-of='{key}']").last.hover()
        last = popover.locator(f"[data-equation={key.split(':')[0]}] mn[data-value]").last
        wait_for_value(last, value, key)
    page.get_by_label("One step forward", exact=True).hover()
    popover.wait_for(state="hidden")
    page.locator("#flow-scores td[tabindex='0']").focus()
    focused = "document.activeElement.dataset.equationOf"
    assert page.evaluate(focused) == "score:0:0:0:0"
    page.locator(".explanation [data-equation=score]").wait_for()
    for key, name in (("ArrowRight", "probability:0"), ("ArrowDown", "probability:1"), ("ArrowLeft", "score:1")):
        page.keyboard.press(key)
        assert page.evaluate(focused) == f"{name}:0:0:0"
    page.keyboard.press("Escape")
    page.locator(".explanation").wait_for(state="hidden")
    assert page.locator("#flow-scores td[tabindex='0']").count() == 1  # one stop of the Tab key


def test_the_flow_is_summed_up_above_every_page(lesson):
    page = lesson(step=90, topic="why").page
    step = Choices.of_state({}, "en").course().step(90)
    strip = page.locator(".flow-strip")
    assert f"E = {step.loss:.3f}" in strip.inner_text()
    strip.locator("a[href='#flow-update']").click()
    page.wait_for_function("document.querySelector('#flow-update').getBoundingClientRect().top < innerHeight")
    stuck = page.locator(".lesson-player").bounding_box()
    assert stuck["y"] == pytest.approx(0, abs=1) and stuck["height"] < 90
    page.get_by_label("To the first step").click()
    page.get_by_text("Step 1 of").wait_for()


def test_noise_words_are_chosen_by_hand(lesson):
    page = lesson(topic="sampling", step=90).page
    drawn = page.locator("section.lesson-topic table").first.locator("tbody th").all_inner_texts()
    page.locator("section.lesson-topic").get_by_label("Noise words chosen by hand").click()
    page.get_by_role("option", name="pizza").click()
    page.get_by_role("option", name="computer").click()
    page.keyboard.press("Escape")
    rows = page.locator("section.lesson-topic table").first.locator("tbody th")
    page.get_by_role("button", name="Only this step").click()
    page.get_by_text("These words are tried in this step only").wait_for()
    assert rows.all_inner_texts()[1:] == ["pizza", "computer"]
    rows.page.locator("section.lesson-topic td[data-equation-of='score:1:0:0:0']").first.hover()
    page.locator(".lesson-topic .explanation [data-equation=score]").wait_for()
    page.get_by_role("button", name="Draw them").click()
    page.get_by_text("The noise words were drawn.").wait_for()
    assert rows.all_inner_texts() == drawn
    for word in ("pizza", "computer"):
        page.locator("section.lesson-topic").get_by_label("Noise words chosen by hand").click()
        page.get_by_role("option", name=word).click()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Use in every step").click()
    page.get_by_text("The noise words were chosen by hand.").wait_for()
    assert rows.all_inner_texts()[1:] == ["pizza", "computer"]
    page.wait_for_url("**noise=**")
    page.get_by_role("button", name="Draw them").click()
    page.get_by_text("The noise words were drawn.").wait_for()
    page.get_by_role("button", name="To the next step with a skipped draw").click()
    page.locator("section.lesson-topic tr.ignored").first.wait_for()


def test_a_leaf_of_the_tree_shows_its_path(lesson):
    page = lesson(topic="tree", step=90, objective="hierarchical-softmax", preset="weather").page
    page.locator("svg [data-leaf='3']").first.click()
    page.get_by_text("The path to “fog”").wait_for()
    page.wait_for_url("**leaf=fog**")
    page.locator("td[data-equation-of='path_leaf:3:0:0:0']").hover()
    page.locator(".explanation [data-equation=leaf]").wait_for()


def test_exercises_are_checked(lesson):
    page = lesson(topic="exercises", step=90, objective="softmax").page
    assert not page.locator("#flow-scores").is_visible()
    answers = page.locator("section.lesson-topic .panel")
    answers.first.wait_for()
    course = dataclasses.replace(Choices.of_state({}, "en"), objective="softmax").course()
    value = course.step(90).loss
    loss = answers.filter(has=page.get_by_label("Check: loss"))
    for given, said in (
        ("9", "Not yet"),
        (f"{-value:.4f}", "the sign is not"),
        ("x", "Type a number"),
        (f"{value:.4f}", "Right"),
    ):
        loss.get_by_label("Your answer").fill(given)
        loss.get_by_label("Check: loss").click()
        loss.get_by_text(said).wait_for()
    later = answers.filter(has=page.get_by_label("Check: probability"))
    later.get_by_text("They appear here when").wait_for()
    answers.filter(has=page.get_by_label("Check: score")).get_by_label("Show: score").click()
    later.get_by_text("They appear here when").wait_for(state="hidden")
    for topic in ("Negative sampling", "Exercises"):
        page.locator(".lesson-topics button", has_text=topic).click()
        page.locator(f"section.lesson-topic[aria-label='{topic}']").wait_for()
    loss.get_by_label("Your answer").wait_for()
    assert loss.get_by_label("Your answer").input_value() == f"{value:.4f}"


def test_a_text_of_ones_own_is_shown_as_text_and_bounded(lesson):
    page = lesson(topic="tables", text=f"{HOSTILE} 서울 東京 says hello", step=3).page
    assert page.locator("main img").count() == 0
    assert "onerror" in page.locator(".lesson-flow .sentence").inner_text()
    page.get_by_role("button", name="Text and options").click()
    page.get_by_label("Text, one sentence per line").fill("alone")
    page.get_by_role("button", name="Use this text").click()
    page.locator("[role=alert]", has_text="no sentence of the text has two words").wait_for()
    assert "onerror" in page.locator(".lesson-flow .sentence").inner_text()


def test_the_length_of_one_hot_vectors_follows_the_slider_and_the_url_is_plain(lesson):
    page = lesson(topic="one_hot", step=12, vector_size=3).page
    assert json.loads(page.evaluate("JSON.stringify(Object.fromEntries(new URLSearchParams(location.search)))")) == {
        "topic": "one_hot", "step": "12", "vector_size": "3",
    }  # fmt: skip
    page.get_by_text("V = 10:").wait_for()
    page.locator(".q-slider[aria-label=V] [tabindex]").press("ArrowRight")
    page.get_by_text("V = 13:").wait_for()
    page.get_by_text("12 zeros").wait_for()


CURRENT_TOPIC_IN_VIEW = """() => {
  const box = document.querySelector('.lesson-topics .current').getBoundingClientRect();
  return box.left >= 0 && box.right <= innerWidth;
}"""


def test_pages_fit_a_phone_and_go_back(lesson):
    page = lesson(topic="update", objective="softmax").page
    page.set_viewport_size({"width": 360, "height": 740})
    for topic in ("tree", "sampling", "six"):
        page.locator(".lesson-topics button", has_text=Texts("en")[f"lesson.topic.{topic}"]).click()
        page.wait_for_url(f"**topic={topic}**")
        page.wait_for_function("document.documentElement.scrollWidth <= 360")
        page.wait_for_function(CURRENT_TOPIC_IN_VIEW)
    page.go_back()
    page.locator("section.lesson-topic[aria-label='Negative sampling']").wait_for()
