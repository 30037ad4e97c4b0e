"""Measure the studio in a browser: start, search, a map of 100,000 words, panning, playback of the lesson.

    benchmarks/studio.py [--words N] [--elements] [--fresh]

The script needs Playwright for Python and an installed Chromium. Before measuring, it checks that the page shows the
neighbours that the library finds, and that the map contains every word. Each result is the median of a few attempts and
is shown with its target. Results are stored in benchmarks/results; report.py copies them to docs/studio.md.
``--elements`` also measures alternatives for the map that were rejected: ECharts' scatter in large mode, its scatterGL,
and Plotly's scattergl, each with all words.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from harness import Results, show, significant, table, values

import wordkin
from wordkin.embeddings import Embeddings
from wordkin.studio.explore.umap_process import MOST_WORDS as MOST_BY_UMAP
from wordkin.vocabulary import Vocabulary

# Each new window of Chromium loads a page of its own for the address bar, with 400 files. The other features are those
# that Playwright switches off by default, as far as they concern pages on this machine.
NO_FEATURES = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "AimEnabled", "HttpsUpgrades", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
)  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
    f"--disable-features={','.join(NO_FEATURES)}",
]  # fmt: skip
SIZE, TRIES, PANNING_SECONDS, PLAYING_SECONDS = 100, 5, 3.0, 10.0
ELEMENTS = ("large", "scatterGL", "scattergl")
# Counts redraws of the map, of an ECharts chart, or of a Plotly plot.
COUNT_REDRAWS = """() => {
  window.redraws = 0;
  const count = () => { window.redraws++; };
  const map = document.querySelector('.word-map'), chart = document.querySelector('.nicegui-echart');
  if (map) { const draw = map.wordMap.draw.bind(map.wordMap); map.wordMap.draw = () => { draw(); count(); }; }
  else if (chart) getElement(+chart.id.slice(1)).chart.on('rendered', count);
  else document.querySelector('.js-plotly-plot').on('plotly_relayouting', count);
}"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def make_vectors(path: Path, words: int) -> Embeddings:
    """Make vectors in forty clusters."""
    generator = np.random.default_rng(0)
    centres, groups = generator.normal(size=(40, SIZE)), generator.integers(0, 40, words)
    rows = centres[groups] + 0.8 * generator.normal(size=(words, SIZE))
    vocabulary = Vocabulary([f"word{number}" for number in range(words)], list(range(words, 0, -1)))
    vectors = Embeddings(vocabulary, rows.astype(np.float32))
    vectors.save(path)
    return vectors


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[tuple[str, float]]:
    """Run a server in its own process; yield its address and the seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    environment = {**os.environ, "PORT": str(port)}
    process = subprocess.Popen(
        [part.replace("PORT", str(port)) for part in command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}", time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(timeout=30)


Figures = dict[str, tuple[float, str, str]]  # name: value, unit, target


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    found = {what: figure for part in values(content).values() for what, figure in part.items()}
    lines = [(what, f"{significant(value)} {unit}", aim) for what, (value, unit, aim) in found.items()]
    return {"figures": table(("measured in Chromium, without a GPU", "median", "aim"), lines)} if lines else {}


def measure_start(browser: Any, folder: Path) -> Figures:
    """Measure the time from the command until the first page is shown in a running browser with an empty cache."""
    starts, pages = [], []
    for _ in range(TRIES):
        page = browser.new_context().new_page()
        page.wait_for_timeout(500)  # until the window is complete
        began = time.perf_counter()
        with served([sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", "PORT"], folder) as (url, _):
            asked = time.perf_counter()
            page.goto(url, wait_until="commit")
            page.wait_for_selector("main h1")
            pages.append(time.perf_counter() - asked)
            starts.append(time.perf_counter() - began)
            page.context.close()
    return {
        "command to first page": (statistics.median(starts), "s", "under 2 s"),
        "first page, once the server answers": (statistics.median(pages), "s", ""),
    }


def measure_search(page: Any, vectors: Embeddings) -> Figures:
    """Measure the time from pressing Enter until the new neighbours are shown."""
    took = []
    for number in range(5, 5 + 4 * TRIES):
        word = f"word{number}"
        page.get_by_label("Word", exact=True).fill(word)
        page.wait_for_timeout(100)
        took.append(
            page.evaluate(
                """async word => {
                  const field = document.querySelector('input[aria-label="Word"]'), began = performance.now();
                  field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
                  while (!document.querySelector('section h2').textContent.endsWith(word))
                    await new Promise(done => setTimeout(done, 1));
                  return performance.now() - began;
                }""",
                word,
            )
        )
        shown = page.locator("ol.words li button").all_inner_texts()
        assert shown == [near for near, _ in vectors.most_similar(word, topn=20)], "the page shows other neighbours"
    return {
        f"search among {len(vectors):,} words": (statistics.median(took), "ms", "under 100 ms"),
        f"search, the slowest of {len(took)} instead of the median": (max(took), "ms", ""),
    }


def measure_panning(page: Any, what: str, aim: str) -> Figures:
    """Count redraws while the mouse drags the map."""
    page.evaluate(COUNT_REDRAWS)
    canvas = page.locator(".word-map canvas, .nicegui-echart canvas, .js-plotly-plot .nsewdrag").first
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    if "ECharts" in what:  # it can pan only after zooming
        for _ in range(3):
            page.mouse.wheel(0, -200)
        page.wait_for_timeout(500)
    page.mouse.down()
    page.evaluate("window.redraws = 0")
    began = time.perf_counter()
    step = 0
    while time.perf_counter() - began < PANNING_SECONDS:
        step += 1
        page.mouse.move(x + 60 * np.sin(step / 10), y + 40 * np.cos(step / 10))
    redraws, seconds = page.evaluate("window.redraws"), time.perf_counter() - began
    page.mouse.up()
    return {f"{what}: redraws while panning": (redraws / seconds, "a second", aim)}


def measure_lesson(browser: Any, folder: Path) -> Figures:
    """Measure the steps shown per second in playback at 30 steps per second, on the page of tables."""
    command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", "PORT"]
    with served(command, folder) as (url, _):
        page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.goto(f"{url}/lesson?topic=update&architecture=cbow&epochs=100&step=1&lang=en")
        page.wait_for_selector(".lesson-flow table")
        page.get_by_label("Speed").click()
        page.get_by_role("option", name="30 steps per second").click()
        page.evaluate(
            """() => {
              window.steps = 0;
              const count = new MutationObserver(() => { window.steps++; });
              const now = document.querySelector('.step-now');
              count.observe(now, {childList: true, characterData: true, subtree: true});
            }"""
        )
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(1000)
        steps, seconds = page.evaluate(
            """async seconds => {
              const before = window.steps, began = performance.now();
              await new Promise(done => setTimeout(done, 1000 * seconds));
              return [window.steps - before, (performance.now() - began) / 1000];
            }""",
            PLAYING_SECONDS,
        )
        page.context.close()
    return {"lesson in play at 30 steps a second: steps shown": (steps / seconds, "a second", "30 a second")}


def measure_studio(browser: Any, folder: Path, words: int) -> Figures:
    """Measure search and map with one file."""
    vectors = make_vectors(folder / "many.safetensors", words)
    command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", "PORT"]
    with served(command, folder) as (url, _):
        draws = []
        for _ in range(3):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
            page.set_default_timeout(120_000)
            began = time.perf_counter()
            page.goto(f"{url}/explore?vectors=many.safetensors")
            page.wait_for_function("+document.querySelector('.word-map canvas')?.dataset.labels > 0")
            draws.append(time.perf_counter() - began)
            held = page.evaluate("document.querySelector('.word-map').wordMap.data.words.length")
            assert held == min(words, 100_000), "the map lacks words"
            if len(draws) < 3:
                page.context.close()
        drawn = f"from requesting the page to the map of {words:,} words, with reading and PCA"
        return {
            drawn: (statistics.median(draws), "s", "under 4 s"),
            **measure_panning(page, "the map", "at least 20 a second"),
            **measure_search(page, vectors),
        }


def measure_umap(browser: Any, folder: Path) -> Figures:
    """From asking for the page to a map by UMAP of as many words as it takes, with its compilation."""
    words = 2 * MOST_BY_UMAP
    make_vectors(folder / "umap.safetensors", words)
    command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", "PORT"]
    with served(command, folder) as (url, _):
        page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
        page.set_default_timeout(240_000)
        began = time.perf_counter()
        page.goto(f"{url}/explore?vectors=umap.safetensors&method=umap")
        page.wait_for_function("+document.querySelector('.word-map canvas')?.dataset.labels > 0")
        took = time.perf_counter() - began
        held = page.evaluate("document.querySelector('.word-map').wordMap.data.words.length")
        assert held == MOST_BY_UMAP, "the map lacks words"
        page.context.close()
    return {f"UMAP of {held:,} words, in the background": (took, "s", "")}


APPLICATION = """
import os, sys
import numpy as np
from nicegui import ui
kind, count = sys.argv[1], int(sys.argv[2])
places = np.random.default_rng(0).normal(size=(count, 2)).round(4)
style = "width: 1300px; height: 800px"

@ui.page("/")
def page():
    if kind == "scattergl":
        trace = {"type": "scattergl", "mode": "markers", "x": places[:, 0].tolist(), "y": places[:, 1].tolist()}
        ui.plotly({"data": [{**trace, "marker": {"size": 3}}], "layout": {"dragmode": "pan"}}).style(style)
        return
    zoom = [{"type": "inside", axis: 0, "filterMode": "none", "throttle": 0} for axis in ("xAxisIndex", "yAxisIndex")]
    series = {"data": places.tolist(), "symbolSize": 3, "type": "scatterGL" if kind == "scatterGL" else "scatter"}
    if kind == "large":
        series |= {"large": True, "largeThreshold": 1}
    options = {"animation": False, "xAxis": {}, "yAxis": {}, "dataZoom": zoom, "series": [series]}
    ui.echart(options, enable_3d=kind == "scatterGL").style(style)

ui.run(host="127.0.0.1", port=int(os.environ["PORT"]), show=False, reload=False, show_welcome_message=False)
"""


def measure_elements(browser: Any, folder: Path, words: int) -> Figures:
    """Measure NiceGUI's own chart elements with as many points."""
    program = folder / "elements.py"
    program.write_text(APPLICATION)
    libraries = {"large": "ECharts", "scatterGL": "ECharts", "scattergl": "Plotly"}
    found: Figures = {}
    for kind in ELEMENTS:
        with served([sys.executable, str(program), kind, str(words)], folder) as (url, _):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
            page.set_default_timeout(180_000)
            began = time.perf_counter()
            page.goto(url)
            page.wait_for_selector("canvas")
            page.evaluate(TWO_FRAMES)
            name = f"for comparison, {libraries[kind]} in its mode {kind}"
            found[f"{name}: drawn"] = (time.perf_counter() - began, "s", "")
            found |= measure_panning(page, name, "")
            page.context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--elements", action="store_true", help="measure NiceGUI's own elements too")
    parser.add_argument("--fresh", action="store_true", help="discard earlier measurements")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    compileall.compile_dir(Path(wordkin.__file__).parent, quiet=1)  # as pip does when it installs
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        about = {"browser": f"Chromium {browser.version}, no GPU", "words": arguments.words}
        results = Results("studio", about, fresh=arguments.fresh, sources=("studio", "plots", "queries", "lesson"))
        results.measured("start", {}, lambda: measure_start(browser, Path(name)))
        results.measured("map and search", {}, lambda: measure_studio(browser, Path(name), arguments.words))
        results.measured("lesson", {}, lambda: measure_lesson(browser, Path(name)))
        if find_spec("umap") is not None:
            results.measured("umap", {}, lambda: measure_umap(browser, Path(name)))
        if arguments.elements:
            results.measured("elements", {}, lambda: measure_elements(browser, Path(name), arguments.words))
        browser.close()
    show(blocks(results.content))


if __name__ == "__main__":
    main()
