"""The frame around every page: navigation, language, theme, keyboard, phone."""

from __future__ import annotations

import pytest

from wordkin.studio.pages import PAGES


def test_language_and_theme_are_in_the_url_kept_by_links_and_chosen_in_the_header(studio, new_tab):
    page = new_tab(studio, "/?lang=ko&theme=dark").page
    assert page.inner_text("h1") == "시작"
    assert page.get_attribute("html", "lang") == "ko-KR"
    page.wait_for_selector("body.body--dark")
    page.click("nav a >> nth=2")
    page.wait_for_url("**/explore?**")
    assert page.inner_text("h1") == "탐색"
    page.wait_for_selector("body.body--dark")
    page.get_by_label("언어").click()
    page.get_by_role("option", name="English").click()
    page.wait_for_url("**/explore?lang=en&theme=dark")
    page.get_by_label("Theme").click()
    page.get_by_role("option", name="Light").click()
    page.wait_for_url("**/explore?lang=en&theme=light")
    page.wait_for_selector("body.body--light")


def test_the_language_of_the_browser_is_the_default(studio, new_tab):
    assert new_tab(studio, locale="ko-KR").page.inner_text("h1") == "시작"


def test_the_keyboard_alone_reaches_everything(studio, new_tab):
    tab = new_tab(studio, "/")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.activeElement.tagName") == "MAIN"
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.tagName") == "A"
    outline = tab.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/lesson")


# What stands on a page once all of it is there.
READY = {
    "/": "main a[href]", "/lesson": ".lesson-flow table", "/explore": "ol.words li",
    "/train": "button:has-text('Start training')",
}  # fmt: skip
QUERY = {"/lesson": "&topic=exercises&epochs=3", "/explore": "&vectors=towns.safetensors"}
# What can be used.
USABLE = """[...document.querySelectorAll('a[href], button, input, textarea, select, [tabindex="0"]')].filter(e =>
  e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0
  && !e.closest('[aria-hidden=true]'))"""
MISSED = f"() => {USABLE}.filter(e => !visited.has(e)).map(e => e.outerHTML.slice(0, 120))"
# Before each key, notes the focused element, and whether something within reach of it shows the focus.
WATCH = f"""() => {{
  window.visited = new Map();
  document.addEventListener('keydown', () => {{
    const at = document.activeElement;
    let marked = false;
    for (let e = at, up = 0; e && up < 6; e = e.parentElement, up++) {{
      const style = getComputedStyle(e);
      marked ||= style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    }}
    if (at !== document.body) visited.set(at, marked);
  }}, true);
  return {USABLE}.length;
}}"""
UNSEEN = "() => [...visited].filter(([, marked]) => !marked).map(([e]) => e.outerHTML.slice(0, 120))"


@pytest.mark.parametrize("path", [page.path for page in PAGES if page.in_navigation])
def test_each_page_is_used_by_keyboard_readable_and_fits_a_phone(studio, new_tab, path, assert_readable):
    page = new_tab(studio, f"{path}?theme=light{QUERY.get(path, '')}").page
    page.locator(READY[path]).first.wait_for()
    assert page.get_attribute("nav a[aria-current=page]", "href").split("?")[0] == path
    assert page.title().endswith("· wordkin")
    assert_tab_reaches_every_control_and_shows_where_it_is(page)
    assert_readable(page)
    page.evaluate("Quasar.Dark.set(true)")
    assert_readable(page)
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("document.documentElement.scrollWidth <= 360")


def assert_tab_reaches_every_control_and_shows_where_it_is(page) -> None:
    wanted = page.evaluate(WATCH)
    for pressed in range(1, wanted + 30):
        page.keyboard.press("Tab")
        if pressed >= wanted and page.evaluate("document.activeElement === document.body"):
            break
    assert page.evaluate(UNSEEN) == []  # where the focus is can be seen
    assert page.evaluate(MISSED) == []
