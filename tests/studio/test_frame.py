"""The frame around every page: navigation, language, theme, keyboard, phone."""

from __future__ import annotations

import pytest

from wordkin.studio.pages import PAGES

SHOWN = [page for page in PAGES if page.in_navigation]


def test_language_and_theme_are_in_the_url_and_kept_by_links(studio, new_tab):
    tab = new_tab(studio, "/?lang=ko&theme=dark")
    assert tab.page.inner_text("h1") == "시작"
    assert tab.page.get_attribute("html", "lang") == "ko-KR"
    assert tab.page.locator("body.body--dark").count() == 1
    tab.page.click("nav a >> nth=2")
    tab.page.wait_for_url("**/explore?**")
    assert tab.page.inner_text("h1") == "탐색"
    assert tab.page.locator("body.body--dark").count() == 1


def test_the_language_of_the_browser_is_the_default(studio, new_tab):
    assert new_tab(studio, "/", locale="ko-KR").page.inner_text("h1") == "시작"
    assert new_tab(studio, "/", locale="fr-FR").page.inner_text("h1") == "Start"


def test_language_and_theme_are_chosen_in_the_header(studio, new_tab):
    tab = new_tab(studio, "/explore")
    tab.page.get_by_label("Language").click()
    tab.page.get_by_role("option", name="한국어").click()
    tab.page.wait_for_url("**/explore?lang=ko")
    tab.page.get_by_label("테마").click()
    tab.page.get_by_role("option", name="어둡게").click()
    tab.page.wait_for_url("**/explore?lang=ko&theme=dark")


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


@pytest.mark.parametrize("address", ["/explore?file=towns.safetensors", "/train", "/lesson?topic=exercises&epochs=3"])
def test_tab_reaches_every_control_and_shows_where_it_is(studio, new_tab, address):
    page = new_tab(studio, address).page
    page.locator(READY[address.split("?")[0]]).first.wait_for()
    wanted = page.evaluate(CONTROLS)
    unseen = []
    for _ in range(wanted + 30):
        page.keyboard.press("Tab")
        told = page.evaluate(VISIT)
        if told is None:
            break
        if not told[1]:
            unseen.append(told[0])
    assert unseen == []  # where the focus is can be seen
    assert page.evaluate(MISSED) == []


# What stands on a page once all of it is there.
READY = {"/explore": "ol.words li", "/train": "button:has-text('Start training')", "/lesson": ".lesson-flow table"}
# What can be used: counted; then the focused one is ticked off; then those left.
USABLE = """[...document.querySelectorAll('a[href], button, input, textarea, select, [tabindex="0"]')].filter(e =>
  e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0
  && !e.closest('[aria-hidden=true]'))"""
CONTROLS = f"() => {{ window.visited = new Set(); return {USABLE}.length; }}"
MISSED = f"() => {USABLE}.filter(e => !visited.has(e)).map(e => e.outerHTML.slice(0, 120))"
VISIT = """() => {
  const at = document.activeElement;
  if (at === document.body || visited.has(at)) return null;
  visited.add(at);
  let marked = false;
  for (let e = at, up = 0; e && up < 6; e = e.parentElement, up++) {
    const style = getComputedStyle(e);
    marked ||= style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  }
  return [at.outerHTML.slice(0, 120), marked];
}"""


@pytest.mark.parametrize("page", SHOWN, ids=[page.path for page in SHOWN])
def test_each_page_is_marked_in_the_navigation_readable_and_fits_a_phone(studio, new_tab, page, low_contrast):
    tab = new_tab(studio, f"{page.path}?theme=light")
    assert tab.page.get_attribute("nav a[aria-current=page]", "href").split("?")[0] == page.path
    assert tab.page.title().endswith("· wordkin")
    assert tab.page.evaluate(low_contrast) == []
    tab.page.evaluate("Quasar.Dark.set(true)")
    tab.page.wait_for_function(f"({low_contrast})().length === 0", timeout=5000)  # colours change gradually
    tab.page.set_viewport_size({"width": 360, "height": 740})
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
