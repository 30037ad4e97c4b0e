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


CONTRAST = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const luminance = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0.5) return c; } return [255, 255, 255, 1]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    const shown = !['SCRIPT', 'STYLE'].includes(e.tagName) && e.checkVisibility({visibilityProperty: true});
    if (!text || !shown) continue;
    if (e.closest('.nicegui-error-popup, .q-icon, [disabled], .disabled')) continue;
    const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([text.slice(0, 40), ratio]);
  }
  return found;
}"""


@pytest.mark.parametrize("page", SHOWN, ids=[page.path for page in SHOWN])
def test_each_page_is_marked_in_the_navigation_readable_and_fits_a_phone(studio, new_tab, page):
    tab = new_tab(studio, f"{page.path}?theme=light")
    assert tab.page.get_attribute("nav a[aria-current=page]", "href").split("?")[0] == page.path
    assert tab.page.title().endswith("· wordkin")
    assert tab.page.evaluate(CONTRAST) == []
    tab.page.evaluate("Quasar.Dark.set(true)")
    tab.page.wait_for_function(f"({CONTRAST})().length === 0", timeout=5000)  # colours change gradually
    tab.page.set_viewport_size({"width": 360, "height": 740})
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
