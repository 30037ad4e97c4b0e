"""The page Explore in a browser: search, walk, map, questions, comparison, card."""

from __future__ import annotations

import re

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.plots.html import write_map
from wordkin.studio.explore.compare import aligned
from wordkin.studio.explore.exploration import words_of
from wordkin.vocabulary import Vocabulary

MANY = 100_000


def explore(studio, new_tab, query: str = "", **options):
    tab = new_tab(studio, f"/explore?vectors=towns.safetensors{query}", **options)
    tab.page.wait_for_selector("ol.words li")
    return tab


def heading(page) -> str:
    return page.inner_text("section.panel h2 >> nth=0")


def nearest(page) -> str:
    return page.inner_text("ol.words li button >> nth=0")


def search(page, word: str) -> None:
    page.get_by_label("Word", exact=True).fill(word)
    page.keyboard.press("Enter")


def test_search_completes_shows_neighbours_and_walks_back(studio, new_tab):
    page = explore(studio, new_tab).page
    field = page.get_by_label("Word", exact=True)
    field.fill("")
    field.press_sequentially("wor")
    page.wait_for_function("document.querySelector('datalist option')?.value === 'word0'")
    assert page.locator("datalist option").count() > 3
    search(page, "rome")
    page.wait_for_url("**word=rome*")
    page.wait_for_selector("h2:has-text('Nearest to rome')")
    first = nearest(page)
    assert first in ("paris", "oslo", "berlin")
    page.click("ol.words li button >> nth=0")
    page.wait_for_selector(f"h2:has-text('Nearest to {first}')")
    assert page.evaluate("document.activeElement.closest('ol.words') !== null")  # the focus stays in the list
    page.locator("nav button", has_text="rome").click()
    page.wait_for_selector("h2:has-text('Nearest to rome')")
    page.go_back()
    page.wait_for_selector(f"h2:has-text('Nearest to {first}')")
    page.get_by_role("button", name="← Back").click()
    page.wait_for_selector("h2:has-text('Nearest to rome')")
    page.reload()
    page.wait_for_selector("h2:has-text('Nearest to rome')")
    search(page, "rmoe")
    page.wait_for_selector("text=The word rmoe is not in this file.")
    page.get_by_role("button", name="rome", exact=True).wait_for()


def test_words_are_shown_and_never_run(studio, new_tab, hostile):
    tab = explore(studio, new_tab)
    page = tab.page
    search(page, hostile)
    page.wait_for_function("word => document.querySelector('section h2').textContent.includes(word)", arg=hostile)
    for tab_name in ("Similarities", "Compare files", "Map", "Analogy"):
        page.get_by_role("tab", name=tab_name).click()
        page.locator(f"section.panel[aria-label='{tab_name}']").wait_for()
    page.goto(f"{studio.url}/explore?vectors=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&word=x")
    page.wait_for_selector(".notice.bad")
    assert page.locator("img[src=x]").count() == 0


def test_hangul_and_han_are_found_and_drawn(studio, new_tab):
    page = explore(studio, new_tab, "&word=서울").page
    assert heading(page) == "Nearest to 서울"
    assert {"부산", "東京"} & {nearest(page), page.inner_text("ol.words li button >> nth=1")}
    wide = page.evaluate("""() => { const c = document.createElement('canvas').getContext('2d');
        c.font = '20px system-ui, "Noto Sans CJK KR"'; return c.measureText('서울').width; }""")
    assert wide > 30


def wait_for_map(page) -> None:
    page.wait_for_function("+document.querySelector('.word-map canvas')?.dataset.labels > 0")


def test_the_map_marks_the_word_hovers_clicks_and_obeys_the_keyboard(studio, new_tab):
    page = explore(studio, new_tab, "&word=paris&colour=cluster").page
    wait_for_map(page)
    page.wait_for_function("document.querySelector('.word-map').wordMap.marked.near.length > 10")
    assert page.locator(".legend li").count() == 8
    x, y = page.evaluate("(() => { const m = document.querySelector('.word-map').wordMap; return m.toPixel(5); })()")
    canvas = page.locator(".word-map canvas")
    canvas.hover(position={"x": x, "y": y})
    page.wait_for_function("document.querySelector('.word-map canvas').dataset.hovered >= 0")
    canvas.click(position={"x": x, "y": y})
    page.wait_for_url(re.compile("word=(?!paris)"))
    before = page.evaluate("document.querySelector('.word-map').wordMap.scale")
    canvas.focus()
    page.keyboard.press("+")
    assert page.evaluate("document.querySelector('.word-map').wordMap.scale") > before
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the map as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_map_of_100_000_words_is_drawn_and_panned(studio, new_tab, folder):
    generator = np.random.default_rng(0)
    path = folder / "many.safetensors"
    words = [f"word{number}" for number in range(MANY)]
    Embeddings(Vocabulary(words), generator.normal(size=(MANY, 8)).astype(np.float32)).save(path)
    page = new_tab(studio, "/explore?vectors=many.safetensors").page
    wait_for_map(page)
    assert page.evaluate("document.querySelector('.word-map').wordMap.data.words.length") == MANY
    draws = "+document.querySelector('.word-map canvas').dataset.draws"
    before = page.evaluate(draws)
    box = page.locator(".word-map canvas").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    for step in range(5):
        page.mouse.move(box["x"] + 200 + 10 * step, box["y"] + 200)
    page.mouse.up()
    page.wait_for_function(f"{draws} > {before}")


def test_analogy_heatmap_and_odd_one_out(studio, new_tab):
    page = explore(studio, new_tab, "&tab=analogy&a=paris&b=rome&c=bread").page
    page.wait_for_selector("h3:has-text('paris is to rome as bread is to')")
    assert page.locator("ol.words").count() == 2
    page.get_by_role("tab", name="Odd one out").click()
    page.get_by_label("Words, between commas or spaces").fill("paris, rome oslo cheese")
    page.keyboard.press("Enter")
    page.wait_for_selector("h3:has-text('The odd one out is cheese')")
    page.get_by_role("tab", name="Similarities").click()
    page.wait_for_selector(".nicegui-echart canvas")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the similarities as CSV").click()
    assert saved.value.path().read_bytes().startswith(b"\xef\xbb\xbf,")


def test_two_files_side_by_side_and_the_model_card(studio, new_tab):
    page = explore(studio, new_tab, "&tab=compare&other=other.safetensors&word=paris").page
    page.wait_for_selector("text=of the 20 nearest words of paris are the same in both files")
    assert page.inner_text("table.aligned th >> nth=2") == "other.safetensors"
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the comparison as CSV").click()
    head, first = saved.value.path().read_text("utf-8-sig").splitlines()[:2]
    assert head == "word,towns.safetensors,other.safetensors,near in first,near in second"
    assert re.fullmatch(r"\w+,0\.\d+,-?0\.\d+,1,1", first)
    page.get_by_role("tab", name="Model card").click()
    page.wait_for_selector("th:has-text('window')")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    assert saved.value.path().read_text("utf-8-sig").startswith("rank,word,cosine\n1,")


def test_two_tabs_do_not_disturb_each_other(studio, new_tab):
    first, second = (explore(studio, new_tab, f"&word={word}").page for word in ("paris", "bread"))
    search(second, "wine")
    second.wait_for_selector("h2:has-text('Nearest to wine')")
    assert heading(first) == "Nearest to paris"


@pytest.mark.parametrize(
    ("name", "message"),
    [("broken.bin", "broken.bin"), ("../secret.bin", "must be a file in the folder"), ("gone.bin", "no such file")],
)
def test_a_bad_file_is_told_of(studio, new_tab, name, message):
    page = new_tab(studio, f"/explore?vectors={name}").page
    assert message in page.inner_text(".notice.bad")


def test_neighbours_of_two_files_are_aligned():
    words = ["a", "b", "c", "d"]
    first = Embeddings(Vocabulary(words), np.float32([[1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]]))
    second = Embeddings(Vocabulary(["a", "d", "c"]), np.float32([[1, 0], [0.9, 0.1], [0, 1]]))
    rows = aligned("a", first, second, topn=2)
    assert [(row[0], row[3], row[4]) for row in rows] == [("c", True, True), ("b", True, False), ("d", False, True)]
    assert rows[1][2] is None


def test_words_of_a_list():
    assert words_of(" a, b,,c  b\n서울") == ["a", "b", "c", "서울"]


def test_a_map_in_a_file_of_its_own_asks_nobody(browser, tmp_path, hostile):
    words = ["paris", "rome", "서울", hostile]
    vectors = Embeddings(Vocabulary(words), np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
    write_map(vectors, tmp_path / "map.html", title=hostile)
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_function("+document.querySelector('canvas')?.dataset.labels > 0")
    assert page.locator("img").count() == 0
    assert (len(asked), said) == (1, [])
    page.close()
